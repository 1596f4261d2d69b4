// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "http/token.hpp"
#include "services/ehr/call.hpp"
#include "services/ehr/exchange/cards.hpp"
#include "services/ehr/exchange/requester.hpp"
#include "services/ehr/store.hpp"

namespace consilium::services::ehr::exchange {

// Reads through our own FHIR API of patients whose chart lies at another member, by the card that
// we keep: GET Patient/{id}, Patient/{id}/$everything, Patient/{id}/{type}, and {type}?patient=ID
// or subject=Patient/ID. Ids are the custodian's and no byte of a resource is changed. Purpose and
// clearance are the token's. What we store ourselves is never asked for elsewhere. Thread-safe.
class RemoteReads {
 public:
    using Read = std::function<void(const Question&, Requester::ReadDone)>;

    RemoteReads(const Store& store, const Cards& cards, Read read,
                std::function<std::string()> base)
        : store_(store), cards_(cards), read_(std::move(read)), base_(std::move(base)) {}

    // False when the call is not about such a patient; then nothing tells whether anybody else
    // has them. Otherwise `done` is called once, here or later. Reads the vault.
    [[nodiscard]] bool take(const Call& call, const http::Principal& principal,
                            std::function<void(Reply)> done) const;

 private:
    const Store& store_;
    const Cards& cards_;
    const Read read_;
    const std::function<std::string()> base_;
};

// What a call asks of which patient, if it names one in those ways. Pure.
struct RemoteAsk {
    std::string patient;
    v1::ExchangeAsk ask;
    bool instance = false;  // GET Patient/{id}: the resource itself, no Bundle
};
[[nodiscard]] std::optional<RemoteAsk> remote_ask(const Call& call);

// v3-PurposeOfUse code to the ledger's; nothing for one that it does not know. Pure.
[[nodiscard]] std::optional<v1::PurposeOfUse> purpose_of(std::string_view code);

// What FHIR says of an outcome. Pure.
[[nodiscard]] Reply reply_of(const ReadOutcome& outcome, const RemoteAsk& ask,
                             const std::string& base, const http::Scopes& scopes);

}  // namespace consilium::services::ehr::exchange
