// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "services/ehr/bundle_entry.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/resource_text.hpp"

// $import, an operation of ours (docs/fhir.md): a transaction that is taken once, whatever becomes
// of the answer, and that may take what is valid and put the rest into quarantine.
namespace consilium::services::ehr {

// Why an entry is not taken.
struct Fault {
    std::optional<std::size_t> cause;
    std::vector<Issue> issues;
};

struct Import {
    Bytes key;
    bool quarantine = false;
    std::vector<std::optional<Entry>> entries;
    std::map<std::size_t, Fault> faults;  // by entry
};

namespace {

using formats::json::Value;
using formats::json::Writer;

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kItemsPerScan = 256;
constexpr std::size_t kIssuesPerItem = 20;

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

// The entry whose fault makes a reference of this one dangle.
std::optional<std::size_t> cause_of(const Import& import, const Entry& entry) {
    std::optional<std::size_t> cause;
    if (entry.step.resource == nullptr) return cause;
    for_each_reference(*entry.step.resource, {}, [&](std::string_view text, const std::string&) {
        if (cause) return;
        for (const auto& [index, fault] : import.faults) {
            const auto& other = import.entries[index];
            if (other && !other->full_url.empty() && other->full_url == text) cause = index;
        }
    });
    return cause;
}

// One attempt with all entries that have no fault so far. New faults are added.
bool plan_once(Import& import, Work& work) {
    const std::size_t before = import.faults.size();
    auto entries = import.entries;
    const auto each = [&](auto what) {
        for (int rank = 0; rank <= 2; ++rank) {
            for (std::size_t i = 0; i < import.entries.size(); ++i) {
                if (import.faults.count(i) != 0 || rank_of(*entries[i]) != rank) continue;
                if (auto done = what(*entries[i]); !done)
                    import.faults[i] = {cause_of(import, *entries[i]), done.error().issues};
                import.entries[i]->step.checked = entries[i]->step.checked;
            }
        }
    };
    each([&work](Entry& entry) -> Status<Problem> {
        if (auto resolved = work.resolve(entry.step); !resolved) return resolved;
        return work.bind(entry.full_url, entry.step);
    });
    each([&work](Entry& entry) { return work.write(entry.step); });
    return import.faults.size() == before;
}

Bytes entry_text(const Value* array, std::size_t index) {
    return formats::json::write(array->array()[index]);
}

// The documents and rows of what is not taken. `texts` keeps the documents' bytes.
void add_quarantine(const Import& import, const Value* array, std::vector<Bytes>& texts,
                    Extra& extra) {
    texts.reserve(import.faults.size());
    for (const auto& [index, fault] : import.faults) {
        texts.push_back(entry_text(array, index));
        QuarantineRow row;
        row.record = crypto::random_id<ledger::RecordId>();
        row.entry = static_cast<std::uint32_t>(index);
        if (fault.cause) row.cause = static_cast<std::uint32_t>(*fault.cause);
        std::vector<Issue> issues = fault.issues;
        if (issues.size() > kIssuesPerItem) issues.resize(kIssuesPerItem);
        row.outcome = operation_outcome(issues);
        vault::NewDocument document;
        document.name = {row.record, 1};
        document.payload = texts.back();
        extra.documents.push_back(std::move(document));
        extra.rows.push_back({quarantine_key(import.key, row.entry), encode(row)});
    }
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
    const auto known = store_.vault().row(import_key(import->key));
    if (!known) return fail(store_problem(to_store_error(known.error())));
    if (*known) {
        const auto row = decode_import(**known);
        if (!row) return fail(store_problem(StoreError::kDisk));
        return report(store_.vault(), import->key, *row, true);
    }
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
    return import_entries(*import, array, call.scopes);
}

// What is left when no attempt finds a new fault is stored, in one step with what is not taken.
Reply Fhir::import_entries(Import& import, const Value* array, const http::Scopes* scopes) {
    const std::lock_guard turn(conditional_);
    std::optional<Work> work;
    do {
        work.emplace(store_, searcher_, options_, scopes);
    } while (!plan_once(import, *work));
    if (!import.faults.empty() && !import.quarantine) {
        Problem problem;
        problem.status = 422;
        for (const auto& [index, fault] : import.faults)
            problem.issues.insert(problem.issues.end(), fault.issues.begin(), fault.issues.end());
        return fail(problem);
    }
    ImportRow row;
    row.stored = static_cast<std::uint32_t>(work->changes().size());
    row.quarantined = static_cast<std::uint32_t>(import.faults.size());
    row.unchanged =
        static_cast<std::uint32_t>(import.entries.size()) - row.stored - row.quarantined;
    Extra extra;
    std::vector<Bytes> texts;
    add_quarantine(import, array, texts, extra);
    extra.rows.push_back({import_key(import.key), encode(row)});
    extra.expected.push_back({import_key(import.key), std::nullopt});
    if (auto committed = work->commit(std::move(extra)); !committed)
        return fail(store_problem(committed.error()));
    return report(store_.vault(), import.key, row, false);
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
