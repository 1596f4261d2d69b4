// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/token.hpp"
#include "services/ehr/call.hpp"
#include "services/ehr/exchange/cards.hpp"
#include "services/ehr/exchange/contributor.hpp"
#include "services/ehr/store.hpp"

namespace consilium::services::ehr::exchange {

// Writes through our own FHIR API about patients whose chart lies at another member, by the card
// that we keep: POST {type}, and PUT {type}/{id} of a resource that came here in a disclosure. They
// become contributions: our own document, answered 201, and a Task that tells how the offer goes
// (Link, rel="status"). docs/exchange.md, "Contributing". Thread-safe.
class RemoteWrites {
 public:
    using Offer = std::function<Result<OfferKept, Problem>(const OfferOrder&)>;

    RemoteWrites(const Store& store, const Cards& cards, Offer offer)
        : store_(store), cards_(cards), offer_(std::move(offer)) {}

    // False when the call is not about such a patient. Otherwise `done` is called once, here.
    [[nodiscard]] bool take(const Call& call, const http::Principal& principal,
                            const std::function<void(Reply)>& done) const;

 private:
    [[nodiscard]] std::optional<v1::ChartCard> card_of(const Call& call) const;
    [[nodiscard]] Reply answer(const Call& call, const http::Principal& principal,
                               const v1::ChartCard& card) const;
    // The version of the custodian's resource that came here last.
    [[nodiscard]] Result<std::optional<std::uint32_t>, vault::VaultError> received_version(
        const v1::ChartCard& card, std::string_view type, std::string_view id) const;

    const Store& store_;
    const Cards& cards_;
    const Offer offer_;
};

// The ids of Patients that a text mentions, each once, at most kMentionsMax. Pure.
inline constexpr std::size_t kMentionsMax = 8;
[[nodiscard]] std::vector<std::string> mentioned_patients(std::string_view text);

}  // namespace consilium::services::ehr::exchange
