// SPDX-License-Identifier: Apache-2.0
#include "node/node.hpp"

#include <gtest/gtest.h>

#include <future>

#include "consilium/v1/receipt.pb.h"
#include "contracts/registry/registry.hpp"
#include "ledger/outcome.hpp"
#include "node/consortium_fixture.hpp"
#include "proto/canonical.hpp"
#include "state/memory_disk.hpp"
#include "verify/receipt.hpp"

namespace consilium::node {
namespace {

using services::Committed;
using services::SubmitError;
using testing::Consortium;
using testing::TemporaryDirectory;

UnixMs now() {
    return consensus::system_clock().wall();
}

HostOptions in_memory(HostOptions options) {
    options.open_disk =
        [](const std::filesystem::path&) -> Result<std::unique_ptr<state::Disk>, state::DiskError> {
        return std::unique_ptr<state::Disk>(std::make_unique<state::MemoryDisk>());
    };
    return options;
}

Result<Committed, SubmitError> submit(Host& host, const ledger::MemberId& member,
                                      const Bytes& transaction) {
    std::promise<Result<Committed, SubmitError>> answered;
    auto answer = answered.get_future();
    host.submit(member).submit(transaction, [&](Result<Committed, SubmitError> result) {
        answered.set_value(std::move(result));
    });
    return answer.get();
}

// Asks again while the proof block is on its way.
template <typename Ask>
auto eventually(Ask ask) {
    for (int i = 0;; ++i) {
        auto answer = ask();
        if (answer.ok() || answer.error() != services::ReadError::kNotYet || i > 5000) {
            return answer;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

ledger::Outcome outcome_of(const Committed& committed) {
    return *ledger::decode_outcome(committed.outcome);
}

TEST(Node, FromSubmissionToReceipt) {
    const Consortium consortium(now());
    auto host = Host::open(in_memory(consortium.host_options("/nowhere")));
    ASSERT_TRUE(host.ok()) << host.error().message;
    ASSERT_TRUE((*host)->start().ok());

    const auto chart = Consortium::chart(1);
    const auto opened = submit(**host, "hospital", consortium.open_chart(1, 1));
    ASSERT_TRUE(opened.ok());
    EXPECT_TRUE(outcome_of(*opened).applied()) << outcome_of(*opened).code;
    const Bytes anchor = consortium.anchor(1, chart, 2);
    const auto anchored = submit(**host, "hospital", anchor);
    ASSERT_TRUE(anchored.ok());
    EXPECT_TRUE(outcome_of(*anchored).applied()) << outcome_of(*anchored).code;
    EXPECT_GT(anchored->height, opened->height);
    EXPECT_EQ(anchored->id, consortium.id_of(1, anchor));

    // A retry is answered with the outcome that there is.
    const auto again = submit(**host, "hospital", anchor);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->height, anchored->height);

    // Every member has the receipt, and it verifies offline from the genesis alone.
    const auto genesis = verify::read_genesis(consortium.genesis.app_state);
    ASSERT_TRUE(genesis.ok());
    const auto trust = verify::Trust::make(*genesis, {}, {});
    ASSERT_TRUE(trust.ok());
    for (const auto& member : (*host)->members()) {
        const auto receipt =
            eventually([&] { return (*host)->reads(member).outcome_receipt(anchored->id); });
        ASSERT_TRUE(receipt.ok()) << services::to_string(receipt.error());
        const auto verified =
            verify::verify_outcome_receipt(*receipt, *trust, {now(), std::nullopt});
        EXPECT_TRUE(verified.ok()) << verify::to_string(verified.error());
    }
    (*host)->stop();
}

}  // namespace
}  // namespace consilium::node
