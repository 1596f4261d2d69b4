// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/clients.hpp"

#include "base/assert.hpp"
#include "ledger/hashes.hpp"

namespace consilium::sim {

using services::SubmitError;

Clients::Clients(World& world, Consortium& consortium, Timeline& timeline, Trace& trace,
                 Checker& checker, Random random, const Faults& faults)
    : world_(world),
      consortium_(consortium),
      timeline_(timeline),
      trace_(trace),
      checker_(checker),
      random_(random),
      faults_(faults),
      workload_(world, random_.fork()) {}

void Clients::begin_one() {
    auto request = std::make_shared<Request>();
    request->planned = workload_.next(timeline_.wall());
    const std::size_t member = request->planned.member;
    request->id = ledger::transaction_id(world_.genesis.network_id, world_.members[member].id,
                                         request->planned.transaction);
    requests_.push_back(request);
    ++open_;
    trace_.add("want " + brief(request->id.view()) + " at " + world_.members[member].id);
    send(request);
}

void Clients::send(const std::shared_ptr<Request>& request) {
    ++request->attempts;
    const int copies = strikes(faults_.request_twice) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        if (strikes(faults_.request_lost)) continue;
        timeline_.after(delay_us(), [this, request] { arrive(request); });
    }
    if (request->settled) return;
    timeline_.after(random_.between(200'000, 4'000'000), [this, request] {
        if (!request->settled) send(request);
    });
}

void Clients::arrive(const std::shared_ptr<Request>& request) {
    // Nobody listening is noticed by the client's own timer.
    (void)consortium_.submit(request->planned.member, request->planned.transaction,
                             [this, request](Result<services::Committed, SubmitError> result) {
                                 if (strikes(faults_.answer_lost)) return;
                                 timeline_.after(delay_us(),
                                                 [this, request, result = std::move(result)] {
                                                     answer(request, result);
                                                 });
                             });
}

void Clients::settle(Request& request) {
    if (request.settled) return;
    request.settled = true;
    --open_;
}

void Clients::answer(const std::shared_ptr<Request>& request,
                     const Result<services::Committed, SubmitError>& result) {
    const std::string name = brief(request->id.view());
    if (!result) {
        switch (result.error()) {
            case SubmitError::kMalformed:
            case SubmitError::kTooLarge:
                if (!request->planned.garbage)
                    checker_.fail("a good transaction was refused: " + name);
                settle(*request);
                return;
            case SubmitError::kExpired:
            case SubmitError::kExpiredInQueue:
                trace_.add("expired " + name);
                if (request->settled) return;
                if (faults_.expiry_is_final()) checker_.refused(request->id);
                ++expired_;
                settle(*request);
                return;
            case SubmitError::kOverloaded:
            case SubmitError::kStopping:
            case SubmitError::kDisk:
                return;  // the same bytes again, when the timer says so
        }
    }
    if (request->planned.garbage || result->id != request->id) {
        checker_.fail("an answer about another transaction than " + name);
        return;
    }
    checker_.answered(*result);
    const auto outcome = ledger::decode_outcome(result->outcome);
    CONSILIUM_ASSERT(outcome.ok());
    trace_.add("answer " + name + " block " + std::to_string(result->height) + " code " +
               std::to_string(outcome->contract) + "/" + std::to_string(outcome->code));
    if (!request->settled) {
        ++answered_;
        Workload::learned(request->planned, *outcome);
        settle(*request);
    }
    // Asked again much later, the answer must be the same.
    if (random_.chance(150)) {
        timeline_.after(random_.between(1'000, 5'000'000), [this, request] { send(request); });
    }
}

std::string Clients::oldest_open() const {
    for (const auto& request : requests_) {
        if (!request->settled) {
            return brief(request->id.view()) + " at " + world_.members[request->planned.member].id +
                   " after " + std::to_string(request->attempts) + " attempts";
        }
    }
    return "none";
}

}  // namespace consilium::sim
