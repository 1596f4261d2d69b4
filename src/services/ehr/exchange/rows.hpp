// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "ledger/ids.hpp"
#include "proto/canonical.hpp"

// Keys of the exchange's rows in the vault: docs/formats/exchange.md, "Rows". Values are canonical
// messages of exchange.proto. Pure; thread-safe.
namespace consilium::services::ehr::exchange {

inline constexpr std::size_t kEntriesPerPage = 128;

// v1.ChartCard, by the patient that it is about.
[[nodiscard]] Bytes card_key(std::string_view patient);
[[nodiscard]] Bytes card_prefix();

// v1.IssuedCard, by the link.
[[nodiscard]] Bytes issued_key(BytesView link);

// v1.Asking, by the request's commitment; and that commitment by the request's row on the ledger.
[[nodiscard]] Bytes asking_key(const Hash32& commitment);
[[nodiscard]] Bytes asking_prefix();
[[nodiscard]] Bytes asked_key(BytesView id, std::uint32_t number);

// v1.Serving and its v1.JudgedPage by the request's row on the ledger.
[[nodiscard]] Bytes serving_key(BytesView id, std::uint32_t number);
[[nodiscard]] Bytes serving_prefix();
[[nodiscard]] Bytes judged_prefix(BytesView id, std::uint32_t number);
[[nodiscard]] Bytes judged_key(BytesView id, std::uint32_t number, std::uint32_t page);

// v1.Receiving and its v1.ReceivedPage by the disclosure's row on the ledger.
[[nodiscard]] Bytes receiving_key(BytesView link, std::uint32_t disclosure);
[[nodiscard]] Bytes receiving_prefix();
[[nodiscard]] Bytes received_prefix(BytesView link, std::uint32_t disclosure);
[[nodiscard]] Bytes received_key(BytesView link, std::uint32_t disclosure, std::uint32_t page);

// v1.Offering by the record of our own document; and that record by the contribution's row on the
// ledger.
[[nodiscard]] Bytes offering_key(const ledger::RecordId& document);
[[nodiscard]] Bytes offering_prefix();
[[nodiscard]] Bytes offer_name_key(BytesView link, std::uint32_t number);

// `1`, of an offered_key() on which staff have to decide.
[[nodiscard]] Bytes waiting_key(BytesView link, std::uint32_t number);
[[nodiscard]] Bytes waiting_prefix();

// v1.SlotRefill, by the FHIR id of the chart's Patient.
[[nodiscard]] Bytes refill_key(BytesView patient);
[[nodiscard]] Bytes refill_prefix();

// The record of our own document that was offered last as a correction of that version.
[[nodiscard]] Bytes corrected_key(BytesView link, std::string_view type, std::string_view id,
                                  std::uint32_t version);

// v1.Offered by the contribution's row on the ledger.
[[nodiscard]] Bytes offered_key(BytesView link, std::uint32_t number);
[[nodiscard]] Bytes offered_prefix();

// v1.Lawful by the order's id; and that id by the disclosure's row on the ledger.
[[nodiscard]] Bytes lawful_key(BytesView order);
[[nodiscard]] Bytes lawful_prefix();
[[nodiscard]] Bytes lawful_order_key(BytesView link, std::uint32_t disclosure);
[[nodiscard]] Bytes lawful_order_prefix(BytesView link);

// v1.Expected by the disclosure's row on the ledger.
[[nodiscard]] Bytes expected_key(BytesView link, std::uint32_t disclosure);
[[nodiscard]] Bytes expected_prefix();

// v1.ClearedUser, by the subject.
[[nodiscard]] Bytes cleared_key(std::string_view subject);
[[nodiscard]] Bytes cleared_prefix();

// v1.Reviewing, by the reviewed request's row on the ledger.
[[nodiscard]] Bytes review_key(BytesView id, std::uint32_t number);
[[nodiscard]] Bytes review_prefix();

// Empty, by a resource that came here, for each patient of whom it did: it is found again by id.
[[nodiscard]] Bytes seen_key(std::string_view type, std::string_view id, std::string_view patient);
[[nodiscard]] Bytes seen_prefix(std::string_view type, std::string_view id);

// v1.Erasure by its id, and v1.HeldCopy by that and its number; both begin with erasures_prefix().
[[nodiscard]] Bytes erasures_prefix();
[[nodiscard]] Bytes erasure_key(BytesView id);
[[nodiscard]] Bytes erasure_prefix();
[[nodiscard]] Bytes copy_key(BytesView erasure, std::uint32_t number);
[[nodiscard]] Bytes copy_prefix();

// v1.Shedding by erasure and number.
[[nodiscard]] Bytes shedding_key(BytesView erasure, std::uint32_t number);
[[nodiscard]] Bytes shedding_prefix();

// v1.Hold by the disclosure's row on the ledger.
[[nodiscard]] Bytes hold_key(BytesView link, std::uint32_t disclosure);
[[nodiscard]] Bytes hold_prefix();

// What is not finished: an empty row per key of a row that is still to be worked on.
[[nodiscard]] Bytes todo_prefix();
[[nodiscard]] Bytes todo_key(BytesView of);
[[nodiscard]] BytesView todo_of(BytesView key);  // the key that it stands for

// Id and number at the end of a key that has them.
[[nodiscard]] std::optional<std::pair<Bytes, std::uint32_t>> parse_numbered(BytesView key,
                                                                            BytesView prefix);
[[nodiscard]] std::optional<Hash32> parse_asking(BytesView key);

template <typename Message>
[[nodiscard]] std::optional<Message> decode_row(BytesView bytes) {
    Message out;
    if (!proto::parse_canonical(bytes, out)) return std::nullopt;
    return out;
}

}  // namespace consilium::services::ehr::exchange
