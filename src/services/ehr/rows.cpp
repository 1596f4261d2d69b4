// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/rows.hpp"

#include <cstring>

namespace consilium::services::ehr {
namespace {

// First bytes of the keys. They are the format's and never change.
constexpr char kResource = 'r';
constexpr char kChart = 'c';
constexpr char kAnchor = 'a';
constexpr char kPendingRow = 'p';
constexpr char kSubmission = 's';
constexpr char kLeaves = 'm';
constexpr char kPatient = 't';
constexpr char kImport = 'i';
constexpr char kQuarantine = 'q';
constexpr char kCursor = 'k';
constexpr char kContent = 'b';

constexpr char kFormat = 1;  // of every value

// The vault keeps the rows of services apart by their names.
Bytes begin_key(char kind) {
    Bytes key("fhir/");
    key += kind;
    return key;
}

class Reader {
 public:
    explicit Reader(BytesView bytes) : rest_(bytes) {}
    bool format() { return u8() == kFormat; }
    std::uint8_t u8() {
        const BytesView part = take(1);
        return part.empty() ? 0 : static_cast<std::uint8_t>(part[0]);
    }
    std::uint32_t u32() {
        const BytesView part = take(4);
        return part.empty() ? 0 : read_be32(part);
    }
    std::uint64_t u64() {
        const BytesView part = take(8);
        return part.empty() ? 0 : read_be64(part);
    }
    template <std::size_t N>
    void fixed(FixedBytes<N>& to) {
        if (!assign(to, take(N))) failed_ = true;
    }
    template <std::size_t N>
    void array(std::array<std::uint8_t, N>& to) {
        const BytesView part = take(N);
        if (!part.empty()) std::memcpy(to.data(), part.data(), N);
    }
    BytesView take(std::size_t size) {
        if (failed_ || rest_.size() < size) {
            failed_ = true;
            return {};
        }
        const BytesView part = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return part;
    }
    BytesView rest() { return take(rest_.size()); }
    [[nodiscard]] bool good() const { return !failed_; }
    [[nodiscard]] bool done() const { return !failed_ && rest_.empty(); }

 private:
    BytesView rest_;
    bool failed_ = false;
};

template <typename Fixed>
Bytes key_of(char kind, const Fixed& id) {
    Bytes key = begin_key(kind);
    key += id.view();
    return key;
}

}  // namespace

Bytes resource_prefix(std::string_view type) {
    Bytes key = begin_key(kResource);
    key += type;
    key += '/';
    return key;
}

Bytes resource_key(std::string_view type, std::string_view id) {
    Bytes key = resource_prefix(type);
    key += id;
    return key;
}

Bytes chart_key(std::string_view patient_id) {
    Bytes key = begin_key(kChart);
    key += patient_id;
    return key;
}

Bytes anchor_key(const ledger::RecordId& record) {
    return key_of(kAnchor, record);
}

Bytes pending_prefix() {
    return begin_key(kPendingRow);
}

Bytes pending_prefix(const ledger::ChartId& chart) {
    return key_of(kPendingRow, chart);
}

Bytes pending_key(const Pending& pending) {
    Bytes key = pending_prefix(pending.chart);
    key += pending.record.view();
    append_be32(key, pending.version);
    return key;
}

Bytes submission_prefix() {
    return begin_key(kSubmission);
}

Bytes submission_key(const ledger::ChartId& chart) {
    return key_of(kSubmission, chart);
}

Bytes leaves_prefix(const ledger::ChartId& chart, std::uint64_t sequence) {
    Bytes key = key_of(kLeaves, chart);
    append_be64(key, sequence);
    return key;
}

Bytes leaves_key(const ledger::ChartId& chart, std::uint64_t sequence, std::uint32_t number) {
    Bytes key = leaves_prefix(chart, sequence);
    append_be32(key, number);
    return key;
}

Bytes patient_key(const ledger::ChartId& chart) {
    return key_of(kPatient, chart);
}

Bytes cursor_key() {
    return begin_key(kCursor);
}

Bytes import_key(BytesView key) {
    Bytes out = begin_key(kImport);
    out += key;
    return out;
}

Bytes quarantine_prefix() {
    return begin_key(kQuarantine);
}

Bytes quarantine_prefix(BytesView key) {
    Bytes out = begin_key(kQuarantine);
    out += key;
    return out;
}

Bytes quarantine_key(BytesView key, std::uint32_t entry) {
    Bytes out = quarantine_prefix(key);
    append_be32(out, entry);
    return out;
}

Bytes content_prefix() {
    return begin_key(kContent);
}

Bytes content_key(const vault::DocumentName& version) {
    Bytes key = key_of(kContent, version.record);
    append_be32(key, version.version);
    return key;
}

std::optional<vault::DocumentName> decode_content_key(BytesView key) {
    const Bytes prefix = content_prefix();
    if (key.substr(0, prefix.size()) != prefix) return std::nullopt;
    Reader in(key.substr(prefix.size()));
    vault::DocumentName name;
    in.fixed(name.record);
    name.version = in.u32();
    if (!in.done()) return std::nullopt;
    return name;
}

Bytes encode(const ContentRow& row) {
    Bytes out(1, kFormat);
    out += row.record.view();
    return out;
}

std::optional<ContentRow> decode_content(BytesView bytes) {
    Reader in(bytes);
    ContentRow row;
    if (!in.format()) return std::nullopt;
    in.fixed(row.record);
    if (!in.done()) return std::nullopt;
    return row;
}

Bytes encode(const ImportRow& row) {
    Bytes out(1, kFormat);
    append_be32(out, row.stored);
    append_be32(out, row.unchanged);
    append_be32(out, row.quarantined);
    return out;
}

std::optional<ImportRow> decode_import(BytesView bytes) {
    Reader in(bytes);
    ImportRow row;
    if (!in.format()) return std::nullopt;
    row.stored = in.u32();
    row.unchanged = in.u32();
    row.quarantined = in.u32();
    if (!in.done()) return std::nullopt;
    return row;
}

Bytes encode(const QuarantineRow& row) {
    Bytes out(1, kFormat);
    out += row.record.view();
    append_be32(out, row.entry);
    append_be32(out, row.cause ? *row.cause + 1 : 0);
    out += row.outcome;
    return out;
}

std::optional<QuarantineRow> decode_quarantine(BytesView bytes) {
    Reader in(bytes);
    QuarantineRow row;
    if (!in.format()) return std::nullopt;
    in.fixed(row.record);
    row.entry = in.u32();
    if (const std::uint32_t cause = in.u32(); cause != 0) row.cause = cause - 1;
    row.outcome = in.rest();
    if (!in.done() || row.outcome.empty()) return std::nullopt;
    return row;
}

Bytes encode(const ResourceRow& row) {
    Bytes out(1, kFormat);
    out += row.record.view();
    append_be32(out, row.version);
    out += static_cast<char>(row.deleted ? 1 : 0);
    append_be64(out, row.updated.value);
    if (!row.chart.is_zero()) out += row.chart.view();
    return out;
}

std::optional<ResourceRow> decode_resource(BytesView bytes) {
    Reader in(bytes);
    ResourceRow row;
    if (!in.format()) return std::nullopt;
    in.fixed(row.record);
    row.version = in.u32();
    const std::uint8_t deleted = in.u8();
    row.deleted = deleted == 1;
    row.updated.value = in.u64();
    if (in.good() && !in.done()) in.fixed(row.chart);
    if (!in.done() || deleted > 1 || row.version == 0) return std::nullopt;
    return row;
}

Bytes encode(const ChartRow& row) {
    Bytes out(1, kFormat);
    out += row.chart.view();
    out += static_cast<char>(row.opened ? 1 : 0);
    for (const SlotOpening& slot : row.slots) {
        out.append(reinterpret_cast<const char*>(slot.salt.data()), slot.salt.size());
        out += slot.link.view();
    }
    return out;
}

std::optional<ChartRow> decode_chart(BytesView bytes) {
    Reader in(bytes);
    ChartRow row;
    if (!in.format()) return std::nullopt;
    in.fixed(row.chart);
    const std::uint8_t opened = in.u8();
    row.opened = opened == 1;
    while (in.good() && !in.done()) {
        SlotOpening slot;
        in.array(slot.salt);
        in.fixed(slot.link);
        row.slots.push_back(slot);
    }
    if (!in.done() || opened > 1 || row.slots.empty() || row.slots.size() % kSlots != 0)
        return std::nullopt;
    return row;
}

Bytes encode(const AnchorRow& row) {
    Bytes out(1, kFormat);
    append_be64(out, row.manifest);
    append_be32(out, row.leaf);
    append_be64(out, row.sequence);
    append_be32(out, row.version);
    return out;
}

std::optional<AnchorRow> decode_anchor(BytesView bytes) {
    Reader in(bytes);
    AnchorRow row;
    if (!in.format()) return std::nullopt;
    row.manifest = in.u64();
    row.leaf = in.u32();
    row.sequence = in.u64();
    row.version = in.u32();
    if (!in.done() || row.version == 0) return std::nullopt;
    return row;
}

Bytes encode(const Submission& row) {
    Bytes out(1, kFormat);
    out += static_cast<char>(row.kind);
    out += static_cast<char>(row.opens_chart ? 1 : 0);
    append_be32(out, static_cast<std::uint32_t>(row.versions.size()));
    for (const Pending& pending : row.versions) {
        out += pending.chart.view();
        out += pending.record.view();
        append_be32(out, pending.version);
    }
    out += row.transaction;
    return out;
}

std::optional<Submission> decode_submission(BytesView bytes) {
    Reader in(bytes);
    Submission row;
    if (!in.format()) return std::nullopt;
    const std::uint8_t kind = in.u8();
    if (kind != 1 && kind != 2) return std::nullopt;
    row.kind = static_cast<Submission::Kind>(kind);
    row.opens_chart = in.u8() == 1;
    const std::uint32_t count = in.u32();
    for (std::uint32_t i = 0; i < count && in.good(); ++i) {
        Pending pending;
        in.fixed(pending.chart);
        in.fixed(pending.record);
        pending.version = in.u32();
        row.versions.push_back(pending);
    }
    row.transaction = in.rest();
    if (!in.done() || row.transaction.empty()) return std::nullopt;
    return row;
}

Bytes encode_leaves(const std::vector<ledger::ManifestEntry>& entries, std::size_t first,
                    std::size_t count) {
    Bytes out(1, kFormat);
    for (std::size_t i = first; i < first + count; ++i) {
        out += entries[i].record_id.view();
        out += entries[i].commitment.view();
    }
    return out;
}

bool decode_leaves(BytesView bytes, std::vector<ledger::ManifestEntry>& append_to) {
    Reader in(bytes);
    if (!in.format()) return false;
    while (in.good() && !in.done()) {
        ledger::ManifestEntry entry;
        in.fixed(entry.record_id);
        in.fixed(entry.commitment);
        append_to.push_back(entry);
    }
    return in.done();
}

std::optional<Pending> decode_pending_key(BytesView key) {
    Reader in(key);
    Pending pending;
    if (in.take(6) != pending_prefix()) return std::nullopt;
    in.fixed(pending.chart);
    in.fixed(pending.record);
    pending.version = in.u32();
    if (!in.done()) return std::nullopt;
    return pending;
}

std::optional<ledger::ChartId> decode_submission_key(BytesView key) {
    Reader in(key);
    ledger::ChartId chart;
    if (in.take(6) != submission_prefix()) return std::nullopt;
    in.fixed(chart);
    if (!in.done()) return std::nullopt;
    return chart;
}

}  // namespace consilium::services::ehr
