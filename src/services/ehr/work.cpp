// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/work.hpp"

#include "base/assert.hpp"
#include "crypto/random.hpp"
#include "formats/json/parse.hpp"
#include "services/ehr/access_notes.hpp"
#include "services/ehr/binary.hpp"
#include "services/ehr/compartment.hpp"
#include "services/ehr/index_keys.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/resource_text.hpp"

namespace consilium::services::ehr {
namespace {

using formats::json::Value;

std::string join(std::string_view type, std::string_view id) {
    std::string out(type);
    out += '/';
    out += id;
    return out;
}

}  // namespace

Work::Work(Store& store, Searcher& searcher, const FhirOptions& options, const Call& call,
           Kind kind)
    : store_(store),
      searcher_(searcher),
      options_(options),
      call_(call),
      scopes_(call.scopes),
      kind_(kind),
      notes_(call.notes),
      now_(options.now()) {}

Status<Problem> Work::bind(std::string_view full_url, const Step& step) {
    if (full_url.empty() || step.id.empty()) return Done{};
    const std::string target = join(step.type, step.id);
    if (const auto bound = bound_.emplace(full_url, target);
        !bound.second && bound.first->second != target) {
        return fail(problem_of(400, "duplicate", "Two entries have the same fullUrl", step.at));
    }
    // A relative reference is read against the entry's fullUrl (FHIR R4 bundle, section 2.36.4.1).
    const auto slash = full_url.rfind('/');
    if (full_url.substr(0, 4) == "http" && slash != std::string_view::npos)
        bound_.emplace(join(step.type, full_url.substr(slash + 1)), target);
    return Done{};
}

Result<std::string, Problem> Work::find_one(const Step& step) {
    if (scopes_ == nullptr || !scopes_->grants({step.type, 's'}))
        return fail(problem_of(403, "forbidden", "The access token does not grant this", step.at));
    const auto ids = searcher_.match(step.type, step.query, 2, &call_);
    if (!ids) return fail(ids.error());
    if (ids->size() > 1) {
        return fail(problem_of(412, "multiple-matches", "More than one resource fits the condition",
                               step.at));
    }
    return ids->empty() ? std::string() : ids->front();
}

Status<Problem> Work::check_match(const Step& step) const {
    if (step.if_match.empty()) return Done{};
    // RFC 9110 section 13.1.1: the asterisk wants that there is one, whichever it is.
    const bool any = step.if_match == "*";
    const auto wanted = version_of_etag(step.if_match);
    if (!wanted && !any) {
        return fail(problem_of(400, "value", "If-Match is not an ETag such as W/\"1\"", step.at));
    }
    if (step.before && !step.before->deleted && (any || step.before->version == *wanted))
        return Done{};
    return fail(problem_of(412, "conflict",
                           "The resource is not of the version that If-Match names", step.at));
}

// No two steps of one unit may be about the same resource (FHIR R4 http, section 3.1.0.11.2).
Status<Problem> Work::claim(const Step& step) {
    if (claimed_.insert(join(step.type, step.id)).second) return Done{};
    return fail(problem_of(400, "duplicate", "Two entries are about the same resource", step.at));
}

Status<Problem> Work::check_not_elsewhere(const Step& step) {
    if (step.type != "Patient" || !options_.elsewhere_key) return Done{};
    const auto row = store_.vault().row(options_.elsewhere_key(step.id));
    if (!row) return fail(store_problem(to_store_error(row.error())));
    if (!*row) return Done{};
    return fail(problem_of(422, "business-rule",
                           "The record of the patient with this id is at another member, whose "
                           "chart card is kept here: the Patient is not written here",
                           step.at));
}

Status<Problem> Work::resolve(Step& step) {
    if (step.conditional) {
        auto found = find_one(step);
        if (!found) return fail(found.error());
        if (!found->empty() && !step.id.empty() && step.id != *found) {
            return fail(problem_of(400, "invariant",
                                   "The resource's id is not that of the resource that fits",
                                   step.at));
        }
        if (!found->empty()) {
            step.id = *found;
            step.unchanged = step.verb == Verb::kPost;
        } else if (step.verb == Verb::kDelete || step.verb == Verb::kPatch) {
            if (step.verb == Verb::kPatch) {
                return fail(
                    problem_of(404, "not-found", "No resource fits the condition", step.at));
            }
            step.unchanged = true;
            return Done{};
        } else if (!claimed_.insert(step.type + '?' + step.query).second) {
            return fail(
                problem_of(400, "duplicate", "Two entries have the same condition", step.at));
        } else if (!step.id.empty()) {
            // An update whose condition fits nothing makes its id: it must be free.
            const auto taken = store_.find(step.type, step.id);
            if (!taken) return fail(store_problem(taken.error()));
            if (*taken && !(*taken)->deleted) {
                return fail(problem_of(
                    409, "conflict", "A resource with that id is there and does not fit", step.at));
            }
        }
    }
    if (step.id.empty()) {
        step.id = new_fhir_id();
    } else {
        if (auto here = check_not_elsewhere(step); !here) return here;
        auto row = store_.find(step.type, step.id);
        if (!row) return fail(store_problem(row.error()));
        step.before = *row;
    }
    if (auto matched = check_match(step); !matched) return matched;
    if (step.verb == Verb::kPatch && !step.before)
        return fail(problem_of(404, "not-found", "There is no such resource", step.at));
    // What was erased does not come back under its name, by an import that goes on, say.
    if (step.before && step.before->deleted) {
        const auto info = store_.vault().info({step.before->record, step.before->version});
        if (!info) return fail(store_problem(to_store_error(info.error())));
        if (info->state != vault::State::kStored) return fail(store_problem(StoreError::kErased));
    }
    if (step.verb == Verb::kPatch && step.before->deleted)
        return fail(problem_of(410, "deleted", "The resource was deleted", step.at));
    if (step.unchanged) {
        // What the condition found may have been deleted since.
        if (step.before && !step.before->deleted) return Done{};
        return fail(store_problem(StoreError::kConflict));
    }
    if (step.verb == Verb::kDelete) {
        removed_.insert(join(step.type, step.id));
        step.unchanged = !step.before || step.before->deleted;
    }
    if (step.verb != Verb::kDelete && step.type == "Patient") {
        const auto chart = store_.chart_of(step.id);
        if (!chart) return fail(store_problem(chart.error()));
        if (!*chart) charts_.emplace(step.id, new_chart());
    }
    return claim(step);
}

Status<Problem> check_resource(Step& step, const FhirOptions& options) {
    CONSILIUM_ASSERT(step.resource != nullptr);
    if (step.checked) return Done{};
    const Value& resource = *step.resource;
    const Value* type = resource.find("resourceType");
    if (type == nullptr || !type->is_string() || type->string() != step.type) {
        return fail(problem_of(400, "structure", "The resource is not of the type of the address",
                               step.at));
    }
    if (step.verb == Verb::kPut && !step.conditional) {
        const Value* id = resource.find("id");
        if (id == nullptr || !id->is_string() || id->string() != step.id) {
            return fail(problem_of(400, "invariant", "The resource's id is not that of the address",
                                   step.at + ".id"));
        }
    }
    Problem problem;
    problem.status = 422;
    problem.issues = options.validate(resource, step.at);
    for (const Issue& issue : problem.issues) {
        if (issue.severity == "error" || issue.severity == "fatal") return fail(problem);
    }
    step.checked = true;
    return Done{};
}

bool Work::exists(const std::string& type, const std::string& id) {
    const std::string name = join(type, id);
    if (removed_.count(name) != 0) return false;
    if (claimed_.count(name) != 0) return true;
    const auto known = known_.find(name);
    if (known != known_.end()) return known->second;
    const auto row = store_.find(type, id);
    return known_[name] = row && *row && !(*row)->deleted;
}

std::optional<std::string> Work::resolve_conditional(std::string_view text, const std::string& path,
                                                     std::vector<Issue>& issues) {
    const auto known = conditional_.find(text);
    if (known != conditional_.end()) return known->second;
    const auto parts = parse_conditional_reference(text);
    if (!parts) return std::nullopt;
    if (scopes_ == nullptr || !scopes_->grants({parts->type, 's'})) {
        issues.push_back({"error", "forbidden", "The access token does not grant this", path});
        return std::nullopt;
    }
    const auto ids = searcher_.match(parts->type, parts->query, 2, &call_);
    if (!ids) {
        for (Issue issue : ids.error().issues) {
            issue.expression = path;
            issues.push_back(std::move(issue));
        }
    } else if (ids->size() == 1) {
        return conditional_[std::string(text)] = join(parts->type, ids->front());
    } else {
        issues.push_back({"error", ids->empty() ? "not-found" : "multiple-matches",
                          ids->empty() ? "No resource fits the conditional reference"
                                       : "More than one resource fits the conditional reference",
                          path});
    }
    return std::nullopt;
}

std::optional<std::string> Work::resolve_reference(std::string_view text, const std::string& path,
                                                   std::vector<Issue>& issues) {
    if (text.empty() || text[0] == '#') return std::nullopt;
    const auto bound = bound_.find(text);
    if (bound != bound_.end()) return bound->second;
    if (text.substr(0, 9) == "urn:uuid:" || text.substr(0, 8) == "urn:oid:") {
        issues.push_back(
            {"error", "not-found", "The reference names no entry of the Bundle", path});
        return std::nullopt;
    }
    if (text.find('?') != std::string_view::npos) return resolve_conditional(text, path, issues);
    const auto reference = parse_reference(text, options_.base());
    if (!reference) return std::nullopt;
    const std::string type(reference->type);
    const std::string id(reference->id);
    if (!exists(type, id)) {
        issues.push_back(
            {"error", "not-found", "The reference names no resource that is stored here", path});
        return std::nullopt;
    }
    if (text.substr(0, type.size()) == type) return std::nullopt;
    std::string relative = join(type, id);
    if (!reference->version.empty()) relative += "/_history/" + std::string(reference->version);
    return relative;
}

Status<Problem> Work::check_references(const Step& step,
                                       std::map<std::string, std::string, std::less<>>& rewritten) {
    Problem problem;
    problem.status = 422;
    // A Bundle that is stored is a document: its entries speak among themselves.
    if (step.type == "Bundle" || step.foreign) return Done{};
    for_each_reference(*step.resource, step.at,
                       [&](std::string_view text, const std::string& path) {
                           if (auto instead = resolve_reference(text, path, problem.issues))
                               rewritten.emplace(text, *std::move(instead));
                       });
    if (!problem.issues.empty()) return fail(problem);
    return Done{};
}

Result<ledger::ChartId, Problem> Work::chart_for(const std::vector<std::string_view>& patients) {
    for (const std::string_view patient : patients) {
        const std::string id(patient);
        const auto fresh = charts_.find(id);
        if (fresh != charts_.end()) return fresh->second.chart;
        const auto known = chart_ids_.find(id);
        if (known != chart_ids_.end()) return known->second;
        const auto row = store_.chart_of(id);
        if (!row) return fail(store_problem(row.error()));
        if (*row) return chart_ids_[id] = (*row)->chart;
    }
    return ledger::ChartId{};
}

void Work::add_deletion(Step& step) {
    Change change;
    change.type = step.type;
    change.id = step.id;
    change.before = step.before;
    change.after = *step.before;
    change.after.version += 1;
    change.after.deleted = true;
    change.after.updated = std::max(now_, step.before->updated);
    change.stored =
        write_deletion(step.type, {step.id, change.after.version, change.after.updated});
    step.change = changes_.size();
    changes_.push_back(std::move(change));
}

Status<Problem> Work::write(Step& step) {
    if (step.unchanged) return Done{};
    if (step.verb == Verb::kDelete) {
        add_deletion(step);
        return Done{};
    }
    if (step.verb == Verb::kPatch) {
        if (auto patched = apply_patch(step); !patched) return patched;
    }
    std::map<std::string, std::string, std::less<>> rewritten;
    if (auto checked = check_resource(step, options_); !checked) return checked;
    if (auto checked = check_references(step, rewritten); !checked) return checked;
    if (step.type == "Binary" && step.content == nullptr && has_own_content(*step.resource)) {
        return fail(problem_of(422, "business-rule",
                               "The content of this Binary comes as its bytes alone", step.at));
    }
    Change change;
    change.type = step.type;
    change.id = step.id;
    change.before = step.before;
    change.after.version = step.before ? step.before->version + 1 : 1;
    change.after.updated = step.before ? std::max(now_, step.before->updated) : now_;
    change.after.record = step.before ? step.before->record : crypto::random_id<ledger::RecordId>();
    const auto rewrite = [&rewritten](std::string_view text) -> std::optional<std::string> {
        const auto found = rewritten.find(text);
        if (found == rewritten.end()) return std::nullopt;
        return found->second;
    };
    change.stored =
        write_resource(*step.resource, {step.id, change.after.version, change.after.updated},
                       rewritten.empty() ? RewriteReference() : rewrite);
    if (change.stored.size() > kResourceBytesMax)
        return fail(problem_of(413, "too-long", "The resource is too large", step.at));
    if (kind_ == Kind::kTogether && change.stored.size() > vault::kInlineBytesMax) {
        return fail(problem_of(413, "too-long", "An entry of a Bundle has at most 1 MiB", step.at));
    }
    // What is searched is what is stored: its references are resolved and its server fields set.
    auto stored = formats::json::parse(change.stored, change.stored.size());
    if (!stored) return fail(problem_of(400, "structure", "The resource nests too deep", step.at));
    auto patients = patients_of(stored->root(), step.type, step.id);
    if (step.foreign) patients.clear();
    auto chart = chart_for(patients);
    if (!chart) return fail(chart.error());
    // A record stays in the list in which its first version is anchored.
    if (step.before && step.before->chart != *chart) {
        return fail(problem_of(422, "business-rule",
                               "The resource would move to another patient's chart", step.at));
    }
    if (patients.size() > kCompartmentsMax) {
        return fail(problem_of(422, "too-costly", "The resource is of too many patients", step.at));
    }
    change.after.chart = *chart;
    change.index = index_keys(stored->root(), step.type, patients);
    step.change = changes_.size();
    changes_.push_back(std::move(change));
    return Done{};
}

Status<StoreError> Work::commit(Extra extra) {
    if (changes_.empty() && extra.rows.empty()) return Done{};
    // A chart opens with its Patient: one that was planned for a step that failed does not.
    std::map<std::string, ChartRow> charts;
    for (const Change& change : changes_) {
        const auto chart = charts_.find(change.id);
        if (change.type != "Patient") continue;
        if (chart != charts_.end()) charts.insert(*chart);
        // Nor was a card kept since the step was resolved.
        if (options_.elsewhere_key)
            extra.expected.push_back({options_.elsewhere_key(change.id), std::nullopt});
    }
    auto written = store_.write(changes_, charts, std::move(extra));
    if (written && notes_ != nullptr) note_changes();
    return written;
}

void Work::note_changes() const {
    for (const Change& change : changes_) {
        Interaction interaction = Interaction::kUpdate;
        if (change.after.deleted) interaction = Interaction::kDelete;
        if (!change.before) interaction = Interaction::kCreate;
        // A deletion does not say of whom it was: its chart does.
        Bytes patient;
        if (change.after.deleted && !change.after.chart.is_zero()) {
            if (auto row = store_.vault().row(patient_key(change.after.chart)); row && *row)
                patient = **row;
        }
        notes_->changed(change.stored, interaction, change.type, change.id, change.after.version,
                        patient);
    }
}

void Work::release(const Step& step) {
    claimed_.erase(join(step.type, step.id));
    removed_.erase(join(step.type, step.id));
}

void Work::clear() {
    changes_.clear();
    charts_.clear();
    claimed_.clear();
    removed_.clear();
    known_.clear();
}

Answer Work::answer(const Step& step) const {
    Answer out;
    if (step.verb == Verb::kDelete) {
        out.status = 204;
        if (step.change) out.version = changes_[*step.change].after.version;
        return out;
    }
    const Change* change = step.change ? &changes_[*step.change] : nullptr;
    const ResourceRow& row = change != nullptr ? change->after : *step.before;
    const bool created = change != nullptr && (!change->before || change->before->deleted);
    out.status = created ? 201 : 200;
    out.version = row.version;
    out.updated = row.updated;
    out.location = join(step.type, step.id) + "/_history/" + std::to_string(row.version);
    // What was there already is shown to those who may read it.
    const bool readable =
        change != nullptr || (scopes_ != nullptr && scopes_->grants({step.type, 'r'}));
    if (step.wanted == Return::kRepresentation && readable) {
        if (change != nullptr) {
            out.body = change->stored;
        } else if (auto stored = store_.read(row.record, row.version)) {
            out.body = *std::move(stored);
            if (notes_ != nullptr) notes_->shown(out.body, Interaction::kRead);
        }
        out.is_resource = !out.body.empty();
    } else if (step.wanted == Return::kOutcome) {
        out.body =
            operation_outcome({{"information",
                                "informational",
                                change != nullptr ? "The resource is stored, not yet anchored"
                                                  : "The resource was there already",
                                {}}});
    }
    return out;
}

}  // namespace consilium::services::ehr
