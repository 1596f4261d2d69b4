// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/token.hpp"
#include "services/ehr/call.hpp"
#include "services/ehr/exchange/cards.hpp"
#include "services/ehr/exchange/remote_view.hpp"
#include "services/ehr/exchange/requester.hpp"
#include "services/ehr/store.hpp"

namespace consilium::services::ehr::exchange {

// Reads through our own FHIR API of patients whose chart lies at another member, by the card that
// we keep: GET Patient/{id}, Patient/{id}/$everything, Patient/{id}/{type}, {type}?patient=ID or
// subject=Patient/ID; and {type}/{id} of what was disclosed to us before, or with ?patient=ID. Each
// is a request of its own on the ledger, but the further pages of an answer. Ids are the
// custodian's and no byte of a resource is changed, unless _summary or _elements ask for a part.
// Purpose and clearance are the token's. What we store ourselves is never asked for elsewhere.
// Thread-safe.
class RemoteReads {
 public:
    using Read = std::function<void(const Question&, Requester::ReadDone)>;
    using Received = std::function<Result<std::vector<DisclosedResource>, vault::VaultError>(
        BytesView link, std::uint32_t disclosure)>;

    RemoteReads(Store& store, const Cards& cards, Read read, Received received,
                std::function<std::string()> base)
        : store_(store),
          cards_(cards),
          read_(std::move(read)),
          received_(std::move(received)),
          base_(std::move(base)),
          cursors_(std::make_shared<ViewCursors>(store)) {}

    // False when the call is not about such a patient; then nothing tells whether anybody else
    // has them. Otherwise `done` is called once, here or later. Reads the vault.
    [[nodiscard]] bool take(const Call& call, const http::Principal& principal,
                            std::function<void(Reply)> done) const;

 private:
    // A further page of an answer; false for every other call.
    [[nodiscard]] bool take_page(const Call& call, const http::Principal& principal,
                                 const std::function<void(Reply)>& done) const;
    // Whose card it takes; nothing when the call is about nobody elsewhere.
    [[nodiscard]] std::optional<v1::ChartCard> card_of(const RemoteAsk& ask) const;
    [[nodiscard]] std::optional<std::string> patient_of(std::string_view type,
                                                        std::string_view id) const;
    [[nodiscard]] Result<Question, Problem> question_of(const Call& call, const RemoteAsk& ask,
                                                        const http::Principal& principal) const;

    Store& store_;
    const Cards& cards_;
    const Read read_;
    const Received received_;
    const std::function<std::string()> base_;
    // Answers that come later use it, too.
    const std::shared_ptr<ViewCursors> cursors_;
};

// What a call asks of whom. Pure.
[[nodiscard]] std::optional<RemoteAsk> remote_ask(const Call& call);

// v3-PurposeOfUse code to the ledger's; nothing for one that it does not know. Pure.
[[nodiscard]] std::optional<v1::PurposeOfUse> purpose_of(std::string_view code);

// The role in which the ledger's rules let a purpose be asked for. Pure.
[[nodiscard]] v1::Role role_of(v1::PurposeOfUse purpose);

// What FHIR says of an outcome. Pure.
[[nodiscard]] Reply reply_of(const ReadOutcome& outcome, const RemoteAsk& ask,
                             const formats::fhir::Query& view, const ViewPorts& ports);

}  // namespace consilium::services::ehr::exchange
