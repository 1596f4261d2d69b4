// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "consilium/v1/ehr.pb.h"
#include "ledger/outcome.hpp"
#include "services/ehr/exchange/ports.hpp"

namespace consilium::services::ehr::exchange {

// Where one of our transactions stands.
struct Settlement {
    enum class State : std::uint8_t {
        kWaiting,   // with the ledger; or the node cannot tell now
        kApplied,   // `outcome`
        kRejected,  // `outcome`
        kLapsed,    // no block took it in time, and none will: a new one is needed
    };
    State state = State::kWaiting;
    ledger::Outcome outcome;
};

// Asks the ledger, and hands the same bytes in (again) when it does not know them. `woken` is
// called, on a thread that it must not hold up, when there is something to know; never under a lock
// of the caller's.
[[nodiscard]] Settlement settle(const Ports& ports, const Bytes& transaction,
                                std::function<void()> woken);

// A transaction with one command of ehr. Nothing when there is no user to give it; the log says so.
[[nodiscard]] std::optional<Bytes> compose(const Ports& ports, v1::Role role,
                                           const v1::EhrCommand& command);
// By that user id of today.
[[nodiscard]] std::optional<Bytes> compose_as(const Ports& ports, const ledger::UserId& user,
                                              v1::Role role, const v1::EhrCommand& command);

}  // namespace consilium::services::ehr::exchange
