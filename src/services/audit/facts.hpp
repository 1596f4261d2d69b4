// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consilium/v1/membership.pb.h"
#include "ledger/ids.hpp"

// What the ledger says of one patient's chart, and what is needed to read it: the input of the
// reports. docs/accounting.md. Plain data.
namespace consilium::services::audit {

inline constexpr std::size_t kSaltBytes = 32;

// What a slot of a chart on the ledger opens to.
struct SlotOpening {
    ledger::LinkId link;
    Bytes salt;
};

struct ChartOpening {
    ledger::ChartId chart;
    std::vector<SlotOpening> slots;  // in the order of the slots on the ledger
};

// The tables under a link that the reports list.
enum class RowKind : std::uint8_t {
    kLink,  // the link itself: no number
    kConsent,
    kRequest,
    kDisclosure,
    kAccountable,
    kContribution,
    kShare,
};
inline constexpr std::array kRowKinds{
    RowKind::kLink,        RowKind::kConsent,      RowKind::kRequest, RowKind::kDisclosure,
    RowKind::kAccountable, RowKind::kContribution, RowKind::kShare};

// "request", as reports and file names have it; "ehr/request", as docs/formats/tables.md has it.
[[nodiscard]] std::string_view name_of(RowKind kind);
[[nodiscard]] std::string_view table_of(RowKind kind);

struct LedgerRow {
    RowKind kind = RowKind::kLink;
    ledger::LinkId link;
    std::uint32_t number = 0;
    Bytes value;
    friend bool operator==(const LedgerRow&, const LedgerRow&) = default;
};
// "ehr/request/HEX/3".
[[nodiscard]] std::string path_of(const LedgerRow& row);

// The key of a row, and the prefix of its list; of kLink both are the key.
[[nodiscard]] Bytes row_key(RowKind kind, const ledger::LinkId& link, std::uint32_t number);
[[nodiscard]] Bytes list_prefix(RowKind kind, const ledger::LinkId& link);
// A row out of a list; nothing when the key is no row of it.
[[nodiscard]] std::optional<LedgerRow> read_row(RowKind kind, const ledger::LinkId& link,
                                                BytesView key, BytesView value);

// What a disclosure's commitment opens to: docs/formats/exchange.md.
struct DisclosureOpening {
    ledger::LinkId link;
    std::uint32_t number = 0;
    Bytes salt;
    Bytes header;                // v1.DisclosureHeader
    std::vector<Bytes> entries;  // v1.DisclosedDocument, as sent
};
// Whether salt and header give `commitment`, and the entries are those of the header.
[[nodiscard]] bool opens(const DisclosureOpening& opening, BytesView commitment);

// A transaction that made a row or changed it.
struct Trace {
    std::string did;  // "requested", "granted", ...
    ledger::TransactionId transaction;
    ledger::MemberId member;  // who submitted it
    Height height = 0;
    bool held =
        true;  // false: its block is pruned at the custodian's node, and only `did` is known
};

struct TracedRow {
    LedgerRow row;
    std::vector<Trace> traces;  // in the order of the acts of acts_of()
};

// A patient's view of a row of the custodian's access log (log_views.hpp).
struct ShownView {
    std::uint64_t number = 0;  // in the tree of views, from 0
    Bytes view;                // v1.LoggedView
    std::vector<Hash32> path;  // in the tree of the head; empty: it is newer than the head
};

// What a custodian shows of its access log about one patient.
struct LogExcerpt {
    std::uint64_t record = 0;      // where the log's heads are, in the member's own list
    std::uint32_t version = 0;     // of the head; 0: the ledger has none
    Bytes salt;                    // they open the ledger's commitment
    Bytes head;                    // v1.AccessLogHead
    std::vector<ShownView> views;  // ascending
};

struct Facts {
    ledger::MemberId custodian;
    std::string patient;  // FHIR id at the custodian
    Height height = 0;    // the state is that after this block
    UnixMs time;          // of that block
    std::vector<TracedRow> rows;
    std::map<ledger::MemberId, v1::Member> members;  // custodian and counterparties
    std::map<ledger::LinkId, ledger::MemberId> counterparties;
    std::map<std::pair<ledger::LinkId, std::uint32_t>, DisclosureOpening> disclosures;
    LogExcerpt own;  // of the custodian's access log
};

}  // namespace consilium::services::audit
