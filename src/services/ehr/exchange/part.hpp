// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "services/ehr/exchange/ports.hpp"

namespace consilium::services::ehr::exchange {

// What crosses between members beside requests and their disclosures: messages and rows of its own,
// worked on by the exchange's threads. Thread-safe.
class Part {
 public:
    virtual ~Part() = default;
    // What the keys of its unfinished rows begin with; they are looked at after every block that
    // brought outcomes, too.
    [[nodiscard]] virtual Bytes prefix() const = 0;
    [[nodiscard]] bool owns(const Bytes& key) const { return key.starts_with(prefix()); }
    // Goes on with such a key; when to look again, or nothing when it is finished.
    [[nodiscard]] virtual std::optional<std::chrono::milliseconds> step(const Bytes& key) = 0;
    // Every ten seconds or so, on a thread that it may hold up for moments.
    virtual void tick() {}
    // A message that a member sent; nothing for one that is not this part's.
    [[nodiscard]] virtual std::optional<Handled> receive(const ledger::MemberId& from,
                                                         const v1::ExchangeMessage& message) = 0;
};

}  // namespace consilium::services::ehr::exchange
