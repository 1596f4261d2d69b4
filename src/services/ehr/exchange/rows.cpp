// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

// They are the format's and never change.
constexpr std::string_view kCard = "exchange/c";
constexpr std::string_view kIssued = "exchange/l";
constexpr std::string_view kAsking = "exchange/a";
constexpr std::string_view kAsked = "exchange/n";
constexpr std::string_view kServing = "exchange/s";
constexpr std::string_view kJudged = "exchange/j";
constexpr std::string_view kReceiving = "exchange/r";
constexpr std::string_view kReceived = "exchange/d";
constexpr std::string_view kOffering = "exchange/k";
constexpr std::string_view kOfferName = "exchange/q";
constexpr std::string_view kOffered = "exchange/v";
constexpr std::string_view kWaiting = "exchange/m";
constexpr std::string_view kCorrected = "exchange/p";
constexpr std::string_view kLawful = "exchange/b";
constexpr std::string_view kLawfulOrder = "exchange/o";
constexpr std::string_view kExpected = "exchange/w";
constexpr std::string_view kCleared = "exchange/u";
constexpr std::string_view kReview = "exchange/x";
constexpr std::string_view kSeen = "exchange/f";
constexpr std::string_view kErasures = "exchange/e";
constexpr std::string_view kErasure = "exchange/ea";
constexpr std::string_view kCopy = "exchange/ec";
constexpr std::string_view kShedding = "exchange/g";
constexpr std::string_view kHold = "exchange/h";
constexpr std::string_view kRefill = "exchange/y";
constexpr std::string_view kTodo = "exchange/t";

Bytes numbered(std::string_view kind, BytesView id, std::uint32_t number) {
    Bytes key(kind);
    key += id;
    append_be32(key, number);
    return key;
}

Bytes paged(std::string_view kind, BytesView id, std::uint32_t number, std::uint32_t page) {
    Bytes key = numbered(kind, id, number);
    append_be32(key, page);
    return key;
}

}  // namespace

Bytes card_key(std::string_view patient) {
    return card_prefix() + Bytes(patient);
}
Bytes card_prefix() {
    return Bytes(kCard);
}

Bytes issued_key(BytesView link) {
    return Bytes(kIssued) + Bytes(link);
}

Bytes asking_key(const Hash32& commitment) {
    return asking_prefix() + commitment.bytes();
}
Bytes asking_prefix() {
    return Bytes(kAsking);
}
Bytes asked_key(BytesView id, std::uint32_t number) {
    return numbered(kAsked, id, number);
}

Bytes serving_key(BytesView id, std::uint32_t number) {
    return numbered(kServing, id, number);
}
Bytes serving_prefix() {
    return Bytes(kServing);
}
Bytes judged_prefix(BytesView id, std::uint32_t number) {
    return numbered(kJudged, id, number);
}
Bytes judged_key(BytesView id, std::uint32_t number, std::uint32_t page) {
    return paged(kJudged, id, number, page);
}

Bytes receiving_key(BytesView link, std::uint32_t disclosure) {
    return numbered(kReceiving, link, disclosure);
}
Bytes receiving_prefix() {
    return Bytes(kReceiving);
}
Bytes received_prefix(BytesView link, std::uint32_t disclosure) {
    return numbered(kReceived, link, disclosure);
}
Bytes received_key(BytesView link, std::uint32_t disclosure, std::uint32_t page) {
    return paged(kReceived, link, disclosure, page);
}

Bytes offering_key(const ledger::RecordId& document) {
    return offering_prefix() + document.bytes();
}
Bytes offering_prefix() {
    return Bytes(kOffering);
}
Bytes offer_name_key(BytesView link, std::uint32_t number) {
    return numbered(kOfferName, link, number);
}
Bytes corrected_key(BytesView link, std::string_view type, std::string_view id,
                    std::uint32_t version) {
    Bytes key = Bytes(kCorrected) + Bytes(link) + Bytes(type) + '/' + Bytes(id) + '/';
    append_be32(key, version);
    return key;
}
Bytes waiting_key(BytesView link, std::uint32_t number) {
    return numbered(kWaiting, link, number);
}
Bytes waiting_prefix() {
    return Bytes(kWaiting);
}
Bytes refill_key(BytesView patient) {
    return refill_prefix() + Bytes(patient);
}
Bytes refill_prefix() {
    return Bytes(kRefill);
}
Bytes offered_key(BytesView link, std::uint32_t number) {
    return numbered(kOffered, link, number);
}
Bytes offered_prefix() {
    return Bytes(kOffered);
}

Bytes lawful_key(BytesView order) {
    return lawful_prefix() + Bytes(order);
}
Bytes lawful_prefix() {
    return Bytes(kLawful);
}
Bytes lawful_order_key(BytesView link, std::uint32_t disclosure) {
    return numbered(kLawfulOrder, link, disclosure);
}

Bytes lawful_order_prefix(BytesView link) {
    return Bytes(kLawfulOrder) + Bytes(link);
}
Bytes expected_key(BytesView link, std::uint32_t disclosure) {
    return numbered(kExpected, link, disclosure);
}
Bytes expected_prefix() {
    return Bytes(kExpected);
}

Bytes cleared_key(std::string_view subject) {
    return cleared_prefix() + Bytes(subject);
}
Bytes cleared_prefix() {
    return Bytes(kCleared);
}

Bytes review_key(BytesView id, std::uint32_t number) {
    return numbered(kReview, id, number);
}
Bytes review_prefix() {
    return Bytes(kReview);
}

Bytes seen_prefix(std::string_view type, std::string_view id) {
    Bytes key(kSeen);
    key += type;
    key += '/';
    key += id;
    key += '/';
    return key;
}
Bytes seen_key(std::string_view type, std::string_view id, std::string_view patient) {
    return seen_prefix(type, id) + Bytes(patient);
}

Bytes erasures_prefix() {
    return Bytes(kErasures);
}
Bytes erasure_key(BytesView id) {
    return erasure_prefix() + Bytes(id);
}
Bytes erasure_prefix() {
    return Bytes(kErasure);
}
Bytes copy_key(BytesView erasure, std::uint32_t number) {
    return numbered(kCopy, erasure, number);
}
Bytes copy_prefix() {
    return Bytes(kCopy);
}

Bytes shedding_key(BytesView erasure, std::uint32_t number) {
    return numbered(kShedding, erasure, number);
}
Bytes shedding_prefix() {
    return Bytes(kShedding);
}

Bytes hold_key(BytesView link, std::uint32_t disclosure) {
    return numbered(kHold, link, disclosure);
}
Bytes hold_prefix() {
    return Bytes(kHold);
}

Bytes todo_prefix() {
    return Bytes(kTodo);
}
Bytes todo_key(BytesView of) {
    return todo_prefix() + Bytes(of);
}
BytesView todo_of(BytesView key) {
    return key.substr(kTodo.size());
}

std::optional<std::pair<Bytes, std::uint32_t>> parse_numbered(BytesView key, BytesView prefix) {
    constexpr std::size_t kId = 16;
    if (!key.starts_with(prefix) || key.size() != prefix.size() + kId + 4) return std::nullopt;
    const BytesView rest = key.substr(prefix.size());
    return std::pair(Bytes(rest.substr(0, kId)), read_be32(rest.substr(kId)));
}

std::optional<Hash32> parse_asking(BytesView key) {
    Hash32 out;
    if (!key.starts_with(kAsking) || !assign(out, key.substr(kAsking.size()))) return std::nullopt;
    return out;
}

}  // namespace consilium::services::ehr::exchange
