// SPDX-License-Identifier: Apache-2.0
#include "services/audit/read_chart.hpp"

#include <set>

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/receipt.pb.h"
#include "contracts/sdk/record_keys.hpp"
#include "ledger/commit.hpp"
#include "proto/canonical.hpp"
#include "services/audit/trail.hpp"

namespace consilium::services::audit {
namespace {

namespace sdk = contracts::sdk;

constexpr std::size_t kRowsMax = 100'000;  // of one list, as a proof of it may have

AuditError error_of(ReadError error) {
    return error == ReadError::kNotYet ? AuditError::kNotNow : AuditError::kDisk;
}

AuditError error_of(LogError error) {
    switch (error) {
        case LogError::kNotNow:
            return AuditError::kNotNow;
        case LogError::kTooLarge:
            return AuditError::kTooLarge;
        case LogError::kDisk:
            break;
    }
    return AuditError::kDisk;
}

class Reader {
 public:
    Reader(const Ports& ports, ChartRead& out) : ports_(ports), out_(out) {}

    Status<AuditError> read() {
        for (const SlotOpening& slot : out_.opening.slots) {
            for (const RowKind kind : kRowKinds) {
                if (auto added = add_rows(kind, slot.link); !added) return added;
            }
        }
        if (auto named = add_members(); !named) return named;
        if (auto opened = add_disclosures(); !opened) return opened;
        if (auto traced = trace(); !traced) return traced;
        auto own = ports_.own.excerpt(out_.facts.patient, out_.facts.height);
        if (!own) return fail(error_of(own.error()));
        out_.facts.own = std::move(own).value();
        return Done{};
    }

 private:
    Status<AuditError> add_rows(RowKind kind, const ledger::LinkId& link) {
        const Bytes prefix = list_prefix(kind, link);
        Bytes from;
        for (std::size_t read = 0;;) {
            const auto list =
                ports_.reads.state_list(prefix, from, kRowsMax, out_.facts.height, false);
            if (!list) return fail(error_of(list.error()));
            read += list->entries.size();
            if (read > kRowsMax) return fail(AuditError::kTooLarge);
            if (auto added = add_page(kind, link, list->entries); !added) return added;
            if (!list->more || list->entries.empty()) return Done{};
            from = list->entries.back().first + std::string(1, '\0');
        }
    }

    Status<AuditError> add_page(RowKind kind, const ledger::LinkId& link,
                                const std::vector<std::pair<Bytes, Bytes>>& entries) {
        for (const auto& [key, value] : entries) {
            auto row = read_row(kind, link, key, value);
            if (!row) return fail(AuditError::kDisk);
            if (kind == RowKind::kLink) {
                v1::Link opened;
                if (!proto::parse_canonical(value, opened)) return fail(AuditError::kDisk);
                out_.facts.counterparties[link] = opened.counterparty();
            }
            out_.facts.rows.push_back({std::move(*row), {}});
        }
        return Done{};
    }

    Status<AuditError> add_members() {
        std::set<ledger::MemberId> ids{out_.facts.custodian};
        for (const auto& [link, member] : out_.facts.counterparties)
            ids.insert(member);
        for (const auto& id : ids) {
            const auto row = ports_.reads.state(sdk::member_row(id), out_.facts.height, false);
            if (!row) return fail(error_of(row.error()));
            if (!row->value) continue;
            if (!proto::parse_canonical(*row->value, out_.facts.members[id]))
                return fail(AuditError::kDisk);
        }
        return Done{};
    }

    Status<AuditError> add_disclosures() {
        for (const TracedRow& traced : out_.facts.rows) {
            const LedgerRow& row = traced.row;
            if (row.kind != RowKind::kDisclosure) continue;
            v1::Disclosure sent;
            if (!proto::parse_canonical(row.value, sent)) return fail(AuditError::kDisk);
            auto opening = ports_.charts.disclosure(row.link, row.number, sent.request());
            if (!opening) return fail(AuditError::kDisk);
            // What does not open says nothing.
            if (*opening && opens(**opening, sent.commitment()))
                out_.facts.disclosures[{row.link, row.number}] = std::move(**opening);
        }
        return Done{};
    }

    Status<AuditError> trace() {
        std::vector<Bytes> subjects;
        for (const SlotOpening& slot : out_.opening.slots)
            subjects.emplace_back(slot.link.view());
        for (const TracedRow& row : out_.facts.rows) {
            if (auto fresh = fresh_id_of(row.row)) subjects.push_back(*std::move(fresh));
        }
        Trail trail(ports_.reads, ports_.network, out_.facts.height, std::move(subjects));
        for (TracedRow& row : out_.facts.rows) {
            auto traces = trail.traces(row.row, request_behind(row.row, out_.facts.rows));
            if (!traces) return fail(error_of(traces.error()));
            row.traces = std::move(traces).value();
        }
        return Done{};
    }

    const Ports& ports_;
    ChartRead& out_;
};

// The time of block `height`: that of its own header.
Result<UnixMs, AuditError> time_of_block(const Reads& reads, Height height) {
    const auto bytes = reads.block(height);
    if (!bytes) return fail(error_of(bytes.error()));
    v1::StoredBlock block;
    if (!proto::parse_canonical(*bytes, block)) return fail(AuditError::kDisk);
    const auto header = ledger::decode_signed_header(block.signed_header());
    if (!header) return fail(AuditError::kNotNow);
    return ledger::unix_ms(header->header.time);
}

}  // namespace

Result<ChartRead, AuditError> read_chart(const Ports& ports, std::string_view patient) {
    auto opening = ports.charts.chart(patient);
    if (!opening) return fail(AuditError::kDisk);
    if (!*opening) return fail(AuditError::kUnknownPatient);
    ChartRead out;
    out.opening = std::move(**opening);
    out.facts.custodian = ports.member;
    out.facts.patient = std::string(patient);
    // A proof without a height is of the newest state that a header proves.
    const auto chart =
        ports.reads.state(sdk::chart_row(out.opening.chart.view()), std::nullopt, true);
    if (!chart) return fail(error_of(chart.error()));
    if (!chart->value) return fail(AuditError::kUnknownPatient);
    out.facts.height = chart->height;
    const auto time = time_of_block(ports.reads, chart->height);
    if (!time) return fail(time.error());
    out.facts.time = *time;
    if (auto read = Reader(ports, out).read(); !read) return fail(read.error());
    return out;
}

}  // namespace consilium::services::audit
