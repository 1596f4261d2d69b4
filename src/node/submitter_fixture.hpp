// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "consensus/embedded/core.hpp"
#include "node/consortium_fixture.hpp"
#include "node/ledger_application.hpp"
#include "node/metrics.hpp"
#include "node/submitter.hpp"
#include "state/memory_disk.hpp"

namespace consilium::node::testing {

inline constexpr UnixMs kSubmitterGenesis{1'795'000'000'000};
using Answer = Result<services::Committed, services::SubmitError>;

// Two members on one core, in one thread with a clock of its own. Member 0 submits; what it sends
// can be held back as a slow network would. A crash throws away everything but the disks.
class Rig : public consensus::Engine {
 public:
    Consortium consortium{kSubmitterGenesis, 2};
    std::array<std::unique_ptr<state::MemoryDisk>, 2> disks;
    std::unique_ptr<state::MemoryDisk> outbox = std::make_unique<state::MemoryDisk>();
    std::array<std::unique_ptr<LedgerApplication>, 2> applications;
    std::unique_ptr<consensus::embedded::Core> core;
    std::unique_ptr<Submitter> submitter;
    Metrics metrics;
    SubmitterLimits limits;
    UnixMs wall{kSubmitterGenesis.value + 1000};
    std::uint64_t now_us = 1;
    bool holds = false;  // items do not reach the engine
    std::vector<Bytes> held;
    std::function<bool(SubmitStep)> dies_after;

    Rig();
    ~Rig() override;
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    void crash();
    void start();
    [[nodiscard]] Status<consensus::EngineError> submit_item(const Bytes& item) override;
    void submit(const Bytes& transaction, std::vector<Answer>& answers);
    // Makes one block of what waits and publishes it.
    void make_block();
    void turn();
    void turns(int count);
    // How often each transaction was executed, over the whole chain, as member 1 has it.
    [[nodiscard]] std::map<ledger::TransactionId, int> executed() const;
    [[nodiscard]] Bytes anchor(std::uint64_t number) const;
    [[nodiscard]] ledger::TransactionId id(const Bytes& transaction) const;

 private:
    void make_submitter();

    const crypto::SigningKey bundle_key_ = consortium.bundle_key(0);
    const std::array<crypto::SigningKey, 2> validator_keys_{consortium.validator_key(0),
                                                            consortium.validator_key(1)};
};

[[nodiscard]] bool applied(const Answer& answer);

enum class Disks { kBoth, kLedger, kOutbox };

class SubmitterTest : public ::testing::Test {
 protected:
    void submit(const Bytes& transaction) { rig.submit(transaction, answers); }
    // Chart 1 is on the ledger afterwards.
    void open_chart();
    // The bundle that opens chart 1 is stored and sent, and does not arrive.
    void hold_chart();
    // Member 0's ledger copy and outbox as they are, and a start with such a copy of both or one.
    struct Backup {
        std::unique_ptr<state::MemoryDisk> ledger;
        std::unique_ptr<state::MemoryDisk> outbox;
    };
    [[nodiscard]] Backup backup() const;
    void put_back(Backup old, Disks which = Disks::kBoth);

    Rig rig;
    std::vector<Answer> answers;
    const Bytes chart = rig.consortium.open_chart(0, 1);
};

}  // namespace consilium::node::testing
