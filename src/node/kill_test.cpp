// SPDX-License-Identifier: Apache-2.0
// kill -9 in a loop, under load, on RocksDB: a child process hosts four members and takes
// transactions; the parent kills it at a random moment, opens the same ledgers and compares them
// with what the child had been told was committed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>

#include "consilium/v1/receipt.pb.h"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "node/consortium_fixture.hpp"
#include "node/node.hpp"
#include "proto/canonical.hpp"

namespace consilium::node {
namespace {

using testing::Consortium;
using testing::TemporaryDirectory;

constexpr int kRounds = 50;

// What the child was told: member, number of the transaction, height. One write each, below the
// size that a pipe keeps whole.
struct Told {
    std::uint32_t member = 0;
    std::uint32_t refused = 0;
    std::uint64_t number = 0;
    std::uint64_t height = 0;
};

Bytes transaction(const Consortium& consortium, std::uint32_t member, std::uint64_t number) {
    return consortium.open_chart(member, number);
}

// Submits until it is killed. `first` is a number that was never used.
[[noreturn]] void run_child(const Consortium& consortium, const std::filesystem::path& root,
                            int pipe, std::uint64_t first) {
    auto host = Host::open(consortium.host_options(root));
    if (!host || !(*host)->start()) ::_exit(3);
    std::atomic<int> in_flight{0};
    for (std::uint64_t number = first;; ++number) {
        while (in_flight.load() > 300)
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        const auto member = static_cast<std::uint32_t>(number % 4);
        in_flight.fetch_add(1);
        (*host)
            ->submit(consortium.ids[member])
            .submit(transaction(consortium, member, number), [=, &in_flight](
                                                                 Result<services::Committed,
                                                                        services::SubmitError>
                                                                     answer) {
                Told told{member, answer.ok() ? 0U : 1U, number, answer.ok() ? answer->height : 0};
                if (::write(pipe, &told, sizeof told) != sizeof told) ::_exit(4);
                in_flight.fetch_sub(1);
            });
    }
}

// How often each transaction was executed, from the stored blocks of one member.
std::map<ledger::TransactionId, int> executed(const Consortium& consortium,
                                              const services::Reads& reads) {
    std::map<ledger::TransactionId, int> times;
    for (Height height = 1; height <= reads.status().height; ++height) {
        v1::StoredBlock block;
        const auto bytes = reads.block(height);
        EXPECT_TRUE(bytes.ok() && proto::parse_canonical(*bytes, block).ok());
        for (const Bytes& item : block.items()) {
            const auto bundle = ledger::decode_item(item);
            for (const BytesView of : bundle->transactions) {
                const auto id =
                    ledger::transaction_id(consortium.genesis.network_id, bundle->member_id, of);
                // A bundle that was refused whole has no outcomes.
                const auto outcome = reads.outcome(id);
                if (outcome.ok() && outcome->height == height) ++times[id];
            }
        }
    }
    return times;
}

TEST(Kill, NothingAnsweredIsLostAndNothingAppliesTwice) {
    const TemporaryDirectory directory;
    const Consortium consortium(consensus::system_clock().wall());
    std::mt19937 random(20261123);
    std::map<ledger::TransactionId, Height> answered;
    for (int round = 0; round < kRounds; ++round) {
        int pipes[2];
        ASSERT_EQ(::pipe(pipes), 0);
        const std::uint64_t first = static_cast<std::uint64_t>(round + 1) * 1'000'000;
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::close(pipes[0]);
            run_child(consortium, directory.path(), pipes[1], first);
        }
        ::close(pipes[1]);
        const auto note = [&](const Told& told) {
            ASSERT_EQ(told.refused, 0U);
            const auto id =
                consortium.id_of(told.member, transaction(consortium, told.member, told.number));
            ASSERT_TRUE(answered.emplace(id, told.height).second);
        };
        // Every fifth round dies while it starts, the others under load after some answers.
        Told told;
        if (round % 5 == 4) {
            const int wait_ms = std::uniform_int_distribution<int>(1, 60)(random);
            std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
        } else {
            const int answers = std::uniform_int_distribution<int>(1, 400)(random);
            for (int i = 0; i < answers && ::read(pipes[0], &told, sizeof told) == sizeof told; ++i)
                note(told);
        }
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
        while (::read(pipes[0], &told, sizeof told) == sizeof told)
            note(told);
        ::close(pipes[0]);
    }

    auto host = Host::open(consortium.host_options(directory.path()));
    ASSERT_TRUE(host.ok()) << host.error().message;
    const services::Reads& first = (*host)->reads(consortium.ids[0]);
    for (const auto& member : consortium.ids) {
        const services::Reads& reads = (*host)->reads(member);
        EXPECT_EQ(reads.status().state_root, first.status().state_root);
        EXPECT_EQ(reads.status().height, first.status().height);
        for (const auto& [id, height] : answered) {
            const auto outcome = reads.outcome(id);
            ASSERT_TRUE(outcome.ok()) << "answered at height " << height << " and lost";
            EXPECT_EQ(outcome->height, height);
        }
    }
    const auto times = executed(consortium, first);
    for (const auto& [id, count] : times)
        EXPECT_EQ(count, 1);
    EXPECT_GE(times.size(), answered.size());
    EXPECT_GT(answered.size(), 1000U);
    ASSERT_TRUE((*host)->start().ok());
    (*host)->stop();
}

}  // namespace
}  // namespace consilium::node
