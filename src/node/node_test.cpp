// SPDX-License-Identifier: Apache-2.0
#include "node/node.hpp"

#include <gtest/gtest.h>

#include <future>

#include "base/hex.hpp"
#include "contracts/registry/registry.hpp"
#include "ledger/outcome.hpp"
#include "node/borrowed_disk_testing.hpp"
#include "node/consortium_fixture.hpp"
#include "node/faulty_disk_testing.hpp"
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

// One in-memory disk per directory that outlives the hosts which open it.
class Disks {
 public:
    [[nodiscard]] HostOptions with(HostOptions options) {
        options.open_disk = [this](const std::filesystem::path& directory)
            -> Result<std::unique_ptr<state::Disk>, state::DiskError> {
            auto& disk = disks_[directory.string()];
            if (!disk) disk = std::make_unique<state::MemoryDisk>();
            return std::unique_ptr<state::Disk>(std::make_unique<BorrowedDisk>(*disk));
        };
        return options;
    }

 private:
    std::map<std::string, std::unique_ptr<state::MemoryDisk>> disks_;
};

struct Verifier {
    explicit Verifier(const Consortium& consortium)
        : trust(*verify::Trust::make(*verify::read_genesis(consortium.genesis.app_state), {}, {})) {
    }
    verify::Trust trust;

    [[nodiscard]] Result<verify::VerifiedState, verify::Refusal> state(const Bytes& receipt) const {
        return verify::verify_state_receipt(receipt, trust, {now(), std::nullopt});
    }
};

TEST(Node, ListsAreProvenCompleteNowAndAsOfAnEarlierMoment) {
    const Consortium consortium(now());
    auto host = Host::open(in_memory(consortium.host_options("/nowhere")));
    ASSERT_TRUE(host.ok()) << host.error().message;
    ASSERT_TRUE((*host)->start().ok());
    const auto chart = Consortium::chart(1);
    ASSERT_TRUE(submit(**host, "hospital", consortium.open_chart(1, 1)).ok());
    const auto third = [&] {
        for (std::uint64_t i = 10; i < 12; ++i)
            EXPECT_TRUE(submit(**host, "hospital", consortium.anchor(1, chart, i)).ok());
        return submit(**host, "hospital", consortium.anchor(1, chart, 12));
    }();
    ASSERT_TRUE(third.ok());
    for (std::uint64_t i = 20; i < 25; ++i)
        ASSERT_TRUE(submit(**host, "hospital", consortium.anchor(1, chart, i)).ok());

    const auto prefix =
        contracts::registry().key_from_path("documents/record/chart:" + to_hex(chart.view()));
    ASSERT_TRUE(prefix);
    const Verifier verifier(consortium);
    services::Reads& reads = (*host)->reads("insurer");
    const auto listed = [&](std::optional<Height> at) {
        std::size_t rows = 0;
        for (int i = 0; i < 5000; ++i) {
            const auto list =
                eventually([&] { return reads.state_list(*prefix, {}, 100, at, true); });
            EXPECT_TRUE(list.ok()) << services::to_string(list.error());
            if (!list) return rows;
            const auto verified = verifier.state(list->receipt);
            EXPECT_TRUE(verified.ok()) << verify::to_string(verified.error());
            if (!verified) return rows;
            EXPECT_EQ(verified->proven.rows, list->entries);
            EXPECT_EQ(verified->proven.question.subject, *prefix);
            EXPECT_EQ(verified->height >= list->height, true);
            rows = list->entries.size();
            // The newest provable state may still be the one before the last block.
            if (at || rows == 8) return rows;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return rows;
    };
    EXPECT_EQ(listed(std::nullopt), 8U);
    EXPECT_EQ(listed(third->height), 3U);
    EXPECT_EQ(listed(third->height - 1), 2U);
    // Unproven reads agree, and paging goes on from the last key.
    const auto page = reads.state_list(*prefix, {}, 5, std::nullopt, false);
    ASSERT_TRUE(page.ok() && page->more);
    const auto rest =
        reads.state_list(*prefix, page->entries.back().first + '\0', 5, std::nullopt, false);
    ASSERT_TRUE(rest.ok());
    EXPECT_EQ(rest->entries.size(), 3U);
    EXPECT_FALSE(rest->more);
    // Absence, of a key below that no block wrote.
    const Bytes absent = page->entries.front().first + "x";
    const auto answer = eventually([&] { return reads.state(absent, std::nullopt, true); });
    ASSERT_TRUE(answer.ok());
    EXPECT_FALSE(answer->value);
    ASSERT_TRUE(verifier.state(answer->receipt).ok());
    EXPECT_TRUE(verifier.state(answer->receipt)->proven.rows.empty());
    // Heights and times.
    const Height height = reads.status().height;
    EXPECT_EQ(*reads.height_at(reads.status().block_time), height);
    EXPECT_EQ(*reads.height_at(consortium.genesis.time), 0U);
    EXPECT_EQ(reads.height_at({consortium.genesis.time.value - 1}).error(),
              services::ReadError::kNotFound);
    EXPECT_EQ(reads.state(absent, height + 1, false).error(), services::ReadError::kNotYet);
    EXPECT_EQ(reads.state({}, std::nullopt, false).error(), services::ReadError::kBadRequest);
    EXPECT_EQ(reads.block(height + 1).error(), services::ReadError::kNotFound);
}

TEST(Node, AMemberStopsAndReturnsWithTheSameState) {
    const Consortium consortium(now());
    auto host = Host::open(in_memory(consortium.host_options("/nowhere")));
    ASSERT_TRUE(host.ok()) << host.error().message;
    ASSERT_TRUE((*host)->start().ok());
    ASSERT_TRUE(submit(**host, "hospital", consortium.open_chart(1, 1)).ok());
    ASSERT_TRUE((*host)->stop_member("clinic").ok());
    EXPECT_EQ((*host)->state("clinic"), MemberState::kStopped);
    EXPECT_EQ(submit(**host, "clinic", consortium.open_chart(0, 2)).error(),
              SubmitError::kStopping);
    const auto second = (*host)->stop_member("insurer");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().error, NodeError::kQuorum);
    for (std::uint64_t i = 10; i < 20; ++i)
        ASSERT_TRUE(submit(**host, "hospital", consortium.anchor(1, Consortium::chart(1), i)).ok());
    EXPECT_LT((*host)->reads("clinic").status().height, (*host)->reads("hospital").status().height);
    ASSERT_TRUE((*host)->start_member("clinic").ok());
    EXPECT_EQ((*host)->state("clinic"), MemberState::kRunning);
    ASSERT_TRUE(submit(**host, "clinic", consortium.open_chart(0, 2)).ok());
    (*host)->stop();
    for (const auto& member : consortium.ids) {
        EXPECT_EQ((*host)->reads(member).status().state_root,
                  (*host)->reads("hospital").status().state_root);
    }
}

// A disk of the outbox alone is full: the node says so in every way it has, its copy goes on.
TEST(Node, AnOutboxThatFailsAloneIsSeen) {
    const Consortium consortium(now());
    FaultyDisk outbox;
    auto options = in_memory(consortium.host_options("/m"));
    options.open_disk = [&, usual = options.open_disk,
                         path = options.members[1].data_dir](const std::filesystem::path& directory)
        -> Result<std::unique_ptr<state::Disk>, state::DiskError> {
        if (directory != path / "outbox") return usual(directory);
        return std::unique_ptr<state::Disk>(std::make_unique<BorrowedDisk>(outbox));
    };
    std::mutex mutex;
    std::vector<NodeFailure> failures;
    options.on_failure = [&](const NodeFailure& failure) {
        const std::lock_guard lock(mutex);
        failures.push_back(failure);
    };
    auto host = Host::open(std::move(options));
    ASSERT_TRUE(host.ok()) << host.error().message;
    ASSERT_TRUE((*host)->start().ok());
    ASSERT_TRUE(submit(**host, "hospital", consortium.open_chart(1, 1)).ok());
    EXPECT_FALSE((*host)->reads("hospital").status().failed);
    outbox.writes_fail = true;
    EXPECT_EQ(submit(**host, "hospital", consortium.open_chart(1, 2)).error(), SubmitError::kDisk);
    const auto reported = [&] {
        const std::lock_guard lock(mutex);
        return !failures.empty();
    };
    for (int i = 0; i < 5000 && !reported(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    {
        const std::lock_guard lock(mutex);
        ASSERT_EQ(failures.size(), 1U);
        EXPECT_EQ(failures[0].error, NodeError::kDisk);
        EXPECT_EQ(failures[0].member, "hospital");
        EXPECT_EQ((*host)->failure_reason("hospital"), failures[0].message);
        EXPECT_NE(failures[0].message.find("outbox"), std::string::npos) << failures[0].message;
    }
    EXPECT_EQ((*host)->state("hospital"), MemberState::kFailed);
    EXPECT_EQ((*host)->metrics("hospital").failed.load(), 1U);
    EXPECT_EQ((*host)->metrics("clinic").failed.load(), 0U);
    EXPECT_TRUE((*host)->reads("hospital").status().failed);
    EXPECT_EQ(submit(**host, "hospital", consortium.open_chart(1, 3)).error(), SubmitError::kDisk);

    const auto other = submit(**host, "clinic", consortium.open_chart(0, 4));
    ASSERT_TRUE(other.ok());
    for (int i = 0; i < 5000 && (*host)->reads("hospital").status().height < other->height; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ((*host)->reads("hospital").outcome(other->id)->height, other->height);

    outbox.writes_fail = false;
    ASSERT_TRUE((*host)->stop_member("hospital").ok());
    ASSERT_TRUE((*host)->start_member("hospital").ok());
    EXPECT_EQ((*host)->metrics("hospital").failed.load(), 0U);
    EXPECT_EQ((*host)->failure_reason("hospital"), "");
    EXPECT_TRUE(submit(**host, "hospital", consortium.open_chart(1, 2)).ok());
}

TEST(Node, FollowersResumeFromTheirCursor) {
    const Consortium consortium(now());
    Disks disks;
    std::vector<Height> heights;
    std::vector<ledger::TransactionId> ids;
    std::mutex mutex;
    const auto follow = [&](const Result<services::BlockEvent, services::ReadError>& event) {
        ASSERT_TRUE(event.ok());
        const std::lock_guard lock(mutex);
        heights.push_back(event->height);
        for (const auto& committed : event->outcomes)
            ids.push_back(committed.id);
    };
    const auto wait_for = [&](std::size_t count) {
        for (int i = 0; i < 5000; ++i) {
            {
                const std::lock_guard lock(mutex);
                if (ids.size() >= count) return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    };
    std::vector<ledger::TransactionId> expected;
    Height last = 0;
    {
        auto host = Host::open(disks.with(consortium.host_options("/m")));
        ASSERT_TRUE(host.ok()) << host.error().message;
        ASSERT_TRUE((*host)->start().ok());
        for (std::uint64_t i = 0; i < 3; ++i) {
            const auto committed = submit(**host, "hospital", consortium.open_chart(1, i));
            ASSERT_TRUE(committed.ok());
            expected.push_back(committed->id);
        }
        const auto subscription = (*host)->events("regulator").subscribe({}, follow);
        const auto committed = submit(**host, "clinic", consortium.open_chart(0, 3));
        ASSERT_TRUE(committed.ok());
        expected.push_back(committed->id);
        wait_for(4);
    }
    EXPECT_EQ(ids, expected);
    for (std::size_t i = 0; i < heights.size(); ++i)
        EXPECT_EQ(heights[i], i + 1) << "every block, in order, once";
    last = heights.back();
    // Another process reads on from the store, then live.
    auto host = Host::open(disks.with(consortium.host_options("/m")));
    ASSERT_TRUE(host.ok()) << host.error().message;
    ASSERT_TRUE((*host)->start().ok());
    const auto subscription = (*host)->events("regulator").subscribe({last + 1, 0}, follow);
    const auto committed = submit(**host, "clinic", consortium.open_chart(0, 4));
    ASSERT_TRUE(committed.ok());
    expected.push_back(committed->id);
    const auto has_all = [&] {
        const std::lock_guard lock(mutex);
        // Nodes that start again fence first: transactions that nobody here asked for.
        std::erase_if(ids, [&](const ledger::TransactionId& id) {
            return std::find(expected.begin(), expected.end(), id) == expected.end();
        });
        return ids.size() >= expected.size();
    };
    for (int i = 0; i < 5000 && !has_all(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::lock_guard lock(mutex);
    EXPECT_EQ(ids, expected);
    EXPECT_EQ(heights.at(last), last + 1);
}

TEST(Node, OpeningRefusesWrongKeysStrangersAndOtherNetworks) {
    const Consortium consortium(now());
    const auto error = [](HostOptions options) {
        const auto host = Host::open(std::move(options));
        return host ? std::optional<NodeError>{} : host.error().error;
    };
    auto options = in_memory(consortium.host_options("/nowhere"));
    options.members[2].validator_key = consortium.validator_key(0);
    EXPECT_EQ(error(std::move(options)), NodeError::kBadKey);
    options = in_memory(consortium.host_options("/nowhere"));
    options.members[2].bundle_key = consortium.bundle_key(0);
    EXPECT_EQ(error(std::move(options)), NodeError::kBadKey);
    options = in_memory(consortium.host_options("/nowhere"));
    options.members[2].member_id = "stranger";
    EXPECT_EQ(error(std::move(options)), NodeError::kUnknownMember);
    options = in_memory(consortium.host_options("/nowhere"));
    options.members.erase(options.members.begin(), options.members.begin() + 2);
    EXPECT_EQ(error(std::move(options)), NodeError::kQuorum) << "two of four";

    Disks disks;
    EXPECT_EQ(error(disks.with(consortium.host_options("/m"))), std::nullopt);
    const Consortium other({consortium.genesis.time.value + 1});
    EXPECT_EQ(error(disks.with(other.host_options("/m"))), NodeError::kOtherNetwork);
}

TEST(Node, ManySubmittersAtOnce) {
    const Consortium consortium(now());
    auto host = Host::open(in_memory(consortium.host_options("/nowhere")));
    ASSERT_TRUE(host.ok()) << host.error().message;
    ASSERT_TRUE((*host)->start().ok());
    std::atomic<int> applied{0};
    std::vector<std::thread> threads;
    for (std::size_t member = 0; member < 3; ++member) {
        threads.emplace_back([&, member] {
            std::vector<Bytes> batch;
            for (std::uint64_t i = 0; i < 200; ++i)
                batch.push_back(consortium.open_chart(member, member * 1000 + i));
            std::mutex mutex;
            std::condition_variable all;
            std::size_t answered = 0;
            (*host)
                ->submit(consortium.ids[member])
                .submit_batch(batch, [&](std::size_t, Result<Committed, SubmitError> result) {
                    if (result && outcome_of(*result).applied()) applied.fetch_add(1);
                    const std::lock_guard lock(mutex);
                    if (++answered == batch.size()) all.notify_all();
                });
            std::unique_lock lock(mutex);
            all.wait(lock, [&] { return answered == batch.size(); });
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(applied.load(), 600);
    const std::uint64_t counted = (*host)->metrics("regulator").transactions_applied_total.load();
    EXPECT_EQ(counted, 600U);
}

}  // namespace
}  // namespace consilium::node
