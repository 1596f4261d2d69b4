// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "services/ehr/exchange/checks.hpp"
#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/ports.hpp"
#include "services/ehr/exchange/settle.hpp"

namespace consilium::services::ehr::exchange {

// The custodian's answer to a request that was filed without a card: finds the one patient that it
// names, and binds it to a link of that patient's with whoever asks, opening one where there is
// none; from there on it is a request like any other (Custodian). Whoever is not found, or not
// named well enough, or named as two, gets the same answer, that nobody here is meant. Only
// emergencies are looked for at all. Thread-safe.
class Binding {
 public:
    Binding(const Ports& ports, std::function<void(const Bytes& key)> poke);

    using Again = std::optional<std::chrono::milliseconds>;
    // Goes on with a row in state NAMED or BINDING; `check` is what is to be said of its request
    // now.
    [[nodiscard]] Again step(const Bytes& key, v1::Serving serving,
                             const v1::RequestOpening& opening, RequestCheck check);

 private:
    // Whom it means and the link that it goes on under.
    struct Target {
        std::string patient;
        SlotOpening slot;
        std::optional<v1::IssuedCard> issued;  // of a link that is to be opened
    };
    enum class Miss : std::uint8_t { kNobody, kNotNow, kNoSlot };

    [[nodiscard]] Again decide(const Bytes& key, v1::Serving serving,
                               const v1::RequestOpening& opening, RequestCheck check);
    [[nodiscard]] Again await(const Bytes& key, v1::Serving serving);
    [[nodiscard]] Again start_again(const Bytes& key, v1::Serving serving);
    [[nodiscard]] Again go_on(const Bytes& key, v1::Serving serving);
    [[nodiscard]] Again finish(const Bytes& key, v1::Serving serving, v1::ServeState state);
    [[nodiscard]] Result<Target, Miss> look_for(const v1::Serving& serving,
                                                const v1::RequestOpening& opening) const;
    [[nodiscard]] Result<Target, Miss> link_of(const std::string& patient,
                                               const std::string& requester) const;

    const Ports& ports_;
    LedgerView ledger_;
    const std::function<void(const Bytes& key)> poke_;
};

}  // namespace consilium::services::ehr::exchange
