// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "services/ehr/import_plan.hpp"
#include "services/ehr/names.hpp"
#include "vault/document_writer.hpp"

// $import, an operation of ours (docs/fhir.md): a transaction that is taken once, whatever becomes
// of the answer, and that may take what is valid and put the rest into quarantine.
namespace consilium::services::ehr {
namespace {

using formats::json::Value;
using formats::json::Writer;

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kItemsPerScan = 256;
constexpr std::size_t kIssuesPerItem = 20;
constexpr std::size_t kOutcomeBytesMax = 32'768;  // a row of the vault has 64 KiB
constexpr int kTriesMax = 8;

Result<Import, Problem> read_parameters(const Call& call) {
    Import out;
    for (const auto& [name, value] : call.parameters) {
        if (name == "key") out.key = from_hex(value).value_or(Bytes());
        if (name == "quarantine") out.quarantine = value == "true";
    }
    if (out.key.size() != kKeyBytes) {
        return fail(
            problem_of(400, "required", "An import needs a key: 64 hexadecimal digits, its own"));
    }
    return out;
}

Bytes entry_text(const Value* array, std::size_t index) {
    return formats::json::write(array->array()[index]);
}

// What a row can hold of an entry's issues.
Bytes outcome_of(std::vector<Issue> issues) {
    if (issues.size() > kIssuesPerItem) issues.resize(kIssuesPerItem);
    Bytes out = operation_outcome(issues);
    for (; out.size() > kOutcomeBytesMax && issues.size() > 1; out = operation_outcome(issues))
        issues.pop_back();
    return out;
}

// The same entry of the same import has the same id, so that what an attempt left that was cut off
// is what the next one finds.
ledger::RecordId quarantined_id(const Bytes& key, std::size_t index, BytesView text) {
    Bytes entry;
    append_be32(entry, static_cast<std::uint32_t>(index));
    ledger::RecordId out;
    CONSILIUM_ASSERT(
        assign(out, crypto::tagged_hash("consilium/fhir-quarantine/1", {key, entry, text})
                        .view()
                        .substr(0, ledger::RecordId::kSize)));
    return out;
}

// A document too long for a step with others: alone, before. Should the step then fail, the import
// that is tried again finds it.
Status<StoreError> put_alone(vault::Vault& vault, const vault::NewDocument& document) {
    auto writer = vault.begin(document.name, document.payload.size());
    if (!writer && writer.error() == vault::VaultError::kExists) {
        // By another attempt at the same import, which may be under way still.
        if (vault.info(document.name)) return Done{};
        return fail(StoreError::kConflict);
    }
    if (!writer) return fail(to_store_error(writer.error()));
    if (auto written = (*writer)->update(document.payload); !written)
        return fail(to_store_error(written.error()));
    if (auto committed = (*writer)->commit({}); !committed)
        return fail(to_store_error(committed.error()));
    return Done{};
}

// The documents and rows of what is not taken. `texts` keeps the documents' bytes.
Status<StoreError> add_quarantine(vault::Vault& vault, const Import& import, const Value* array,
                                  std::vector<Bytes>& texts, Extra& extra) {
    texts.reserve(import.faults.size());
    for (const auto& [index, fault] : import.faults) {
        texts.push_back(entry_text(array, index));
        QuarantineRow row;
        row.record = quarantined_id(import.key, index, texts.back());
        row.entry = static_cast<std::uint32_t>(index);
        if (fault.cause) row.cause = static_cast<std::uint32_t>(*fault.cause);
        row.outcome = outcome_of(fault.issues);
        vault::NewDocument document;
        document.name = {row.record, 1};
        document.payload = texts.back();
        if (document.payload.size() <= vault::kInlineBytesMax) {
            extra.documents.push_back(std::move(document));
        } else if (auto put = put_alone(vault, document); !put) {
            return put;
        }
        extra.rows.push_back({quarantine_key(import.key, row.entry), encode(row)});
    }
    return Done{};
}

Result<ImportRow, StoreError> store_import(Store& store, const Import& import, const Value* array,
                                           Work& work) {
    ImportRow row;
    row.stored = static_cast<std::uint32_t>(work.changes().size());
    row.quarantined = static_cast<std::uint32_t>(import.faults.size());
    row.unchanged =
        static_cast<std::uint32_t>(import.entries.size()) - row.stored - row.quarantined;
    Extra extra;
    std::vector<Bytes> texts;
    if (auto added = add_quarantine(store.vault(), import, array, texts, extra); !added)
        return fail(added.error());
    extra.rows.push_back({import_key(import.key), encode(row)});
    extra.expected.push_back({import_key(import.key), std::nullopt});
    if (auto committed = work.commit(std::move(extra)); !committed) return fail(committed.error());
    return row;
}

Result<std::optional<ImportRow>, Problem> known_import(const Store& store, const Bytes& key) {
    const auto known = store.vault().row(import_key(key));
    if (!known) return fail(store_problem(to_store_error(known.error())));
    if (!*known) return std::optional<ImportRow>();
    auto row = decode_import(**known);
    if (!row) return fail(store_problem(StoreError::kDisk));
    return row;
}

Problem refusal_of(const Import& import) {
    Problem problem;
    problem.status = 422;
    for (const auto& [index, fault] : import.faults)
        problem.issues.insert(problem.issues.end(), fault.issues.begin(), fault.issues.end());
    return problem;
}

void write_number(Writer& out, std::string_view name, std::uint64_t value) {
    out.begin_object();
    out.member("name", name);
    out.name("valueInteger");
    out.number(std::to_string(value));
    out.end_object();
}

// One item of the worklist: {"name":"quarantined","part":[import, entry, cause, document, outcome]}
void write_item(Writer& out, BytesView key, const QuarantineRow& row) {
    out.begin_object();
    out.member("name", "quarantined");
    out.name("part");
    out.begin_array();
    const auto text = [&out](std::string_view name, const std::string& value) {
        out.begin_object();
        out.member("name", name);
        out.member("valueString", value);
        out.end_object();
    };
    text("import", to_hex(key));
    write_number(out, "entry", row.entry);
    if (row.cause) write_number(out, "cause", *row.cause);
    text("document", to_hex(row.record.view()));
    out.begin_object();
    out.member("name", "outcome");
    out.name("resource");
    out.raw(row.outcome);
    out.end_object();
    out.end_array();
    out.end_object();
}

Status<Problem> write_items(Writer& out, const vault::Vault& vault, const Bytes& prefix) {
    Bytes after;
    while (true) {
        const auto rows = vault.rows(prefix, after, kItemsPerScan);
        if (!rows) return fail(store_problem(to_store_error(rows.error())));
        for (const auto& row : *rows) {
            const auto item = decode_quarantine(*row.value);
            if (!item) return fail(store_problem(StoreError::kDisk));
            const std::size_t at = quarantine_prefix().size();
            write_item(out, BytesView(row.key).substr(at, kKeyBytes), *item);
        }
        if (rows->size() < kItemsPerScan) return Done{};
        after = rows->back().key;
    }
}

Reply report(const vault::Vault& vault, const Bytes& key, const ImportRow& row, bool repeated) {
    Answer answer;
    Writer out(answer.body);
    out.begin_object();
    out.member("resourceType", "Parameters");
    out.name("parameter");
    out.begin_array();
    write_number(out, "stored", row.stored);
    write_number(out, "unchanged", row.unchanged);
    write_number(out, "quarantined", row.quarantined);
    out.begin_object();
    out.member("name", "repeated");
    out.name("valueBoolean");
    out.boolean(repeated);
    out.end_object();
    if (auto written = write_items(out, vault, quarantine_prefix(key)); !written)
        return fail(written.error());
    out.end_array();
    out.end_object();
    return answer;
}

// A Bundle of any type whose entries say what they are, or of resources alone: those go in under
// their own ids.
Result<Entry, Problem> read_any_entry(const Value& value, const std::string& at, const Call& call,
                                      const std::string& base) {
    if (value.find("request") != nullptr) return read_entry(value, at, call, base);
    const Value* resource = value.find("resource");
    const std::string_view type = text_of(resource, "resourceType");
    const std::string_view id = text_of(resource, "id");
    if (!is_resource_type(type) || !formats::fhir::is_logical_id(id)) {
        return fail(problem_of(400, "invalid", "The entry has no resource with a type and an id",
                               at + ".resource"));
    }
    if (auto allowed = allow(call, type, 'u'); !allowed) return fail(allowed.error());
    Entry entry;
    entry.full_url = text_of(&value, "fullUrl");
    entry.step.verb = Verb::kPut;
    entry.step.type = type;
    entry.step.id = id;
    entry.step.at = at + ".resource";
    entry.step.resource = resource;
    return entry;
}

}  // namespace

Reply Fhir::import(Call& call) {
    auto import = read_parameters(call);
    if (!import) return fail(import.error());
    if (auto allowed = allow(call, "Import", 'c'); !allowed) return fail(allowed.error());
    const auto known = known_import(store_, import->key);
    if (!known) return fail(known.error());
    if (*known) return report(store_.vault(), import->key, **known, true);
    auto document = formats::json::parse(std::move(call.body), kBodyBytesMax);
    if (!document || text_of(&document->root(), "resourceType") != "Bundle")
        return fail(problem_of(400, "structure", "The body is not a Bundle in JSON"));
    const Value* array = document->root().find("entry");
    if (array != nullptr && (!array->is_array() || array->array().size() > kBundleEntriesMax))
        return fail(problem_of(413, "too-long", "Bundle.entry has too many entries"));
    const std::size_t count = array == nullptr ? 0 : array->array().size();
    const std::string base = options_.base();
    for (std::size_t i = 0; i < count; ++i) {
        auto entry = read_any_entry(array->array()[i], place_of(i), call, base);
        if (entry && entry->get)
            entry = fail(problem_of(400, "invalid", "An import takes no reads", place_of(i)));
        if (!entry && entry.error().status == 403) return fail(entry.error());
        import->entries.emplace_back();
        if (entry) {
            import->entries.back() = std::move(entry).value();
        } else {
            import->faults[i] = {std::nullopt, entry.error().issues};
        }
    }
    return import_entries(*import, array, call);
}

// What no attempt finds a fault with is stored, in one step with what is not taken.
Reply Fhir::import_entries(Import& import, const Value* array, const Call& call) {
    const bool conditional =
        std::any_of(import.entries.begin(), import.entries.end(),
                    [](const auto& entry) { return entry && entry->step.conditional; });
    for (auto& entry : import.entries) {
        // The long part of the work, before others have to wait.
        if (entry && entry->step.resource != nullptr) (void)check_resource(entry->step, options_);
    }
    std::unique_lock<std::mutex> turn;
    if (conditional) turn = std::unique_lock(conditional_);
    const ImportPorts ports{[&](std::optional<Work>& work) {
                                work.emplace(store_, searcher_, options_, call,
                                             Work::Kind::kTogether);
                            },
                            [this](std::string_view type, std::string_view id) {
                                const auto row = store_.find(type, id);
                                return row && *row && !(*row)->deleted;
                            },
                            options_.base()};
    for (int tries = 1;; ++tries) {
        Import plan = import;
        std::optional<Work> work;
        if (auto planned = plan_import(plan, ports, work); !planned) return fail(planned.error());
        if (!plan.faults.empty() && !plan.quarantine) return fail(refusal_of(plan));
        auto stored = store_import(store_, plan, array, *work);
        if (stored) return report(store_.vault(), plan.key, *stored, false);
        if (stored.error() != StoreError::kConflict || tries == kTriesMax)
            return fail(store_problem(stored.error()));
        // Somebody else was faster: with one of the resources, or with this import.
        if (auto known = known_import(store_, plan.key); !known || *known)
            return known ? report(store_.vault(), plan.key, **known, true) : fail(known.error());
    }
}

Reply Fhir::worklist(const Call& call) {
    if (auto allowed = allow(call, "Import", 'r'); !allowed) return fail(allowed.error());
    Answer answer;
    Writer out(answer.body);
    out.begin_object();
    out.member("resourceType", "Parameters");
    out.name("parameter");
    out.begin_array();
    if (auto written = write_items(out, store_.vault(), quarantine_prefix()); !written)
        return fail(written.error());
    out.end_array();
    out.end_object();
    return answer;
}

}  // namespace consilium::services::ehr
