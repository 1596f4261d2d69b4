// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "tests/sim/consortium.hpp"
#include "tests/sim/workload.hpp"

namespace consilium::sim {

// The members' systems. Each wants its transactions done: it sends the same bytes again until it
// has an answer, and now and then once more to see that the answer stays the same.
class Clients {
 public:
    Clients(World& world, Consortium& consortium, Timeline& timeline, Trace& trace,
            Checker& checker, Random random, const Faults& faults);

    void begin_one();
    // From now on the way to the nodes is good.
    void heal() { healing_ = true; }
    [[nodiscard]] bool done() const { return open_ == 0; }
    [[nodiscard]] std::size_t begun() const { return requests_.size(); }
    [[nodiscard]] std::size_t answered() const { return answered_; }
    [[nodiscard]] std::size_t expired() const { return expired_; }
    // What waits longest, for a message.
    [[nodiscard]] std::string oldest_open() const;

 private:
    struct Request {
        Planned planned;
        ledger::TransactionId id;
        std::uint32_t attempts = 0;
        bool settled = false;
    };

    void send(const std::shared_ptr<Request>& request);
    void arrive(const std::shared_ptr<Request>& request);
    void answer(const std::shared_ptr<Request>& request,
                const Result<services::Committed, services::SubmitError>& result);
    void settle(Request& request);
    [[nodiscard]] std::uint64_t delay_us() { return random_.between(20, faults_.delay_us_max); }
    [[nodiscard]] bool strikes(std::uint64_t in_thousand) {
        return !healing_ && random_.chance(in_thousand);
    }

    World& world_;
    Consortium& consortium_;
    Timeline& timeline_;
    Trace& trace_;
    Checker& checker_;
    Random random_;
    const Faults faults_;
    Workload workload_;
    std::vector<std::shared_ptr<Request>> requests_;
    std::size_t open_ = 0;
    std::size_t answered_ = 0;
    std::size_t expired_ = 0;
    bool healing_ = false;
};

}  // namespace consilium::sim
