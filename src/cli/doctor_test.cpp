// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor.hpp"

#include <gtest/gtest.h>

#include <future>
#include <sstream>

#include "cli/home.hpp"
#include "cli/network.hpp"
#include "http/tls.hpp"
#include "node/consortium_fixture.hpp"
#include "node/key_file.hpp"
#include "node/node.hpp"

namespace consilium::cli {
namespace {

constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;

class DoctorTest : public ::testing::Test {
 protected:
    // What the examined part was found to be, worst last.
    [[nodiscard]] std::vector<Finding> found() { return std::exchange(findings_, {}); }
    static void expect(const std::vector<Finding>& findings, Finding::Level level,
                       std::string_view text) {
        ASSERT_EQ(findings.size(), 1U);
        EXPECT_EQ(findings[0].level, level) << findings[0].text;
        EXPECT_NE(findings[0].text.find(text), std::string::npos) << findings[0].text;
        EXPECT_EQ(findings[0].mend.empty(), level == Finding::Level::kGood);
    }

    node::testing::TemporaryDirectory folder_;
    std::ostringstream out_;
    std::ostringstream err_;
    Context context_{out_, err_};
    std::vector<Finding> findings_;
};

TEST_F(DoctorTest, CertificatesAreWarnedOfForThirtyDays) {
    const NetworkHome home{folder_.path() / "network"};
    NetworkPlan plan;
    plan.members = example_members();
    ASSERT_TRUE(make_network(home, plan, [] {}).ok());
    const auto config = node::load_config(home.config());
    const auto genesis = node::load_genesis(home.genesis());
    ASSERT_TRUE(config.ok() && genesis.ok());
    const node::NodeConfig& node = config->nodes.front();
    const auto examine = [&](std::uint64_t time) {
        examine_certificate(node, *genesis, UnixMs{time}, findings_);
        return found();
    };
    const auto times = http::certificate_times(*read_file(node.http.certificate));
    ASSERT_TRUE(times);
    const std::uint64_t last = times->not_after.value;
    expect(examine(now().value), Finding::Level::kGood, "valid until");
    expect(examine(last - 30 * kDayMs), Finding::Level::kGood, "valid until");
    expect(examine(last - 30 * kDayMs + 1), Finding::Level::kWarning, "expires at");
    expect(examine(last), Finding::Level::kWarning, "expires at");
    expect(examine(last + 1), Finding::Level::kFault, "expired at");
    expect(examine(times->not_before.value - 1), Finding::Level::kFault, "not valid before");

    // Another key's: said beside the expiry.
    const auto other = http::make_self_signed({"other", {}, {}, 29});
    std::ofstream(node.http.certificate, std::ios::trunc) << other->certificate_pem;
    expect(examine(now().value), Finding::Level::kFault, "is not the key of");
    std::ofstream(node.http.private_key, std::ios::trunc) << "nonsense";
    expect(examine(now().value), Finding::Level::kFault, "is not the key of");
    std::ofstream(node.http.private_key, std::ios::trunc) << other->private_key_pem;
    const auto both = examine(now().value);
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0].level, Finding::Level::kWarning);
    EXPECT_EQ(both[1].level, Finding::Level::kWarning);
    std::ofstream(node.http.certificate, std::ios::trunc) << "nonsense";
    expect(examine(now().value), Finding::Level::kFault, "not a certificate");
}

TEST_F(DoctorTest, UserIdsAreWarnedOfForSevenDays) {
    node::NodeConfig node;
    node.member = "hospital";
    const auto examine = [&](std::uint64_t time) {
        examine_users(node, UnixMs{time}, findings_);
        return found();
    };
    expect(examine(0), Finding::Level::kWarning, "can submit nothing");
    node.users = (folder_.path() / "users.json").string();
    expect(examine(0), Finding::Level::kFault, "does not exist");
    const auto users = make_users({100 * kDayMs}, 10, {v1::ROLE_SERVICE});
    ASSERT_TRUE(node::write_private_file(node.users, node::format_users(users), false).ok());
    const std::uint64_t last = 110 * kDayMs - 1;
    expect(examine(100 * kDayMs - 1), Finding::Level::kFault, "none for services");
    expect(examine(100 * kDayMs), Finding::Level::kGood, "for services until");
    expect(examine(last - 7 * kDayMs), Finding::Level::kGood, "for services until");
    expect(examine(last - 7 * kDayMs + 1), Finding::Level::kWarning, "end at");
    expect(examine(last + 1), Finding::Level::kFault, "none for services");
    const auto clerks = make_users({100 * kDayMs}, 10, {v1::ROLE_CLERK});
    ASSERT_TRUE(node::write_private_file(node.users, node::format_users(clerks), true).ok());
    expect(examine(100 * kDayMs), Finding::Level::kFault, "none for services");
    ASSERT_TRUE(node::write_private_file(node.users, "[{}]", true).ok());
    expect(examine(0), Finding::Level::kFault, "has an entry");
}

TEST_F(DoctorTest, AClockBehindTheNewestBlockIsWrong) {
    const node::testing::Consortium consortium(UnixMs{1'795'000'000'000});
    const std::uint64_t genesis = consortium.genesis.time.value;
    const auto examine = [&](std::optional<UnixMs> newest, std::uint64_t time) {
        examine_clock(consortium.genesis, newest, UnixMs{time}, findings_);
        return found();
    };
    expect(examine({}, genesis), Finding::Level::kGood, "after the genesis");
    expect(examine({}, genesis - 1), Finding::Level::kFault, "before the network's genesis");
    const UnixMs newest{genesis + 5 * kDayMs};
    expect(examine(newest, newest.value), Finding::Level::kGood, "after the genesis");
    expect(examine(newest, newest.value - 1), Finding::Level::kWarning, "before the newest block");
}

TEST_F(DoctorTest, ALedgerCopyIsAuditedAndTellsItsNewestTime) {
    const UnixMs begun = now();
    const node::testing::Consortium consortium(begun, 1);
    node::NodeConfig node;
    node.member = consortium.ids[0];
    node.data = (folder_.path() / node.member).string();
    EXPECT_FALSE(examine_ledger(node, context_, findings_));
    expect(found(), Finding::Level::kGood, "none yet");
    {
        auto host = node::Host::open(consortium.host_options(folder_.path()));
        ASSERT_TRUE(host.ok()) << host.error().message;
        ASSERT_TRUE((*host)->start().ok());
        std::promise<bool> answered;
        (*host)->submit(node.member).submit(consortium.open_chart(0, 1), [&](const auto& answer) {
            answered.set_value(answer.ok());
        });
        ASSERT_TRUE(answered.get_future().get());
        EXPECT_FALSE(examine_ledger(node, context_, findings_));
        expect(found(), Finding::Level::kWarning, "not audited");
    }
    const auto newest = examine_ledger(node, context_, findings_);
    expect(found(), Finding::Level::kGood, "all links closed");
    ASSERT_TRUE(newest);
    EXPECT_GT(*newest, begun);
}

}  // namespace
}  // namespace consilium::cli
