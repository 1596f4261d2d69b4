// SPDX-License-Identifier: Apache-2.0
#include "formats/json/parse.hpp"
#include "services/ehr/bundle_entry.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/resource_text.hpp"

// Batch and transaction: FHIR R4 http, section 3.1.0.11.
namespace consilium::services::ehr {
namespace {

using formats::json::Value;

// One answer names all that is wrong with a Bundle, up to this many issues.
constexpr std::size_t kIssuesMax = 1000;

// Resolves all entries, then turns all into changes, each in FHIR's order.
Status<Problem> plan(std::vector<Entry>& entries, Work& work) {
    Problem problem;
    const auto each = [&](auto what) {
        for (int rank = 0; rank <= 2; ++rank) {
            for (Entry& entry : entries) {
                if (rank_of(entry) != rank || problem.issues.size() >= kIssuesMax) continue;
                if (auto done = what(entry); !done) append_issues(problem, done.error());
            }
        }
    };
    each([&work](Entry& entry) -> Status<Problem> {
        if (auto resolved = work.resolve(entry.step); !resolved) return resolved;
        return work.bind(entry.full_url, entry.step);
    });
    if (problem.issues.empty()) each([&work](Entry& entry) { return work.write(entry.step); });
    if (!problem.issues.empty()) return fail(problem);
    return Done{};
}

bool has_conditional_reference(const Value& resource) {
    bool found = false;
    for_each_reference(resource, {}, [&found](std::string_view text, const std::string&) {
        found = found || parse_conditional_reference(text).has_value();
    });
    return found;
}

constexpr std::size_t kBatchStepMax = 2000;
constexpr int kTriesMax = 8;

// What the reads of one Bundle may answer together.
class ReadRoom {
 public:
    // The answer of `read`, unless what was read before it, or itself, is too much.
    template <typename Read>
    Answer take(const Read& read) {
        if (!full_) {
            Answer answer = answer_of(read());
            if (answer.body.size() <= left_) {
                left_ -= answer.body.size();
                return answer;
            }
            full_ = true;
        }
        return answer_of(
            fail(problem_of(413, "too-costly",
                            "The Bundle reads more than one answer holds: ask for less at once")));
    }

 private:
    std::size_t left_ = kBodyBytesMax;
    bool full_ = false;
};

}  // namespace

// A batch's writes, stored in groups. A group ends before an entry that looks at what is stored, so
// that the entry sees those before it.
class Batch {
 public:
    Batch(Store& store, Searcher& searcher, const FhirOptions& options, const Call& call,
          std::size_t count)
        : work_(store, searcher, options, call, Work::Kind::kTogether), answers_(count) {}

    void set(std::size_t index, Answer answer) { answers_[index] = std::move(answer); }

    void add(std::size_t index, Entry& entry) {
        Step& step = entry.step;
        const bool looks = step.conditional ||
                           (step.resource != nullptr && has_conditional_reference(*step.resource));
        if (looks || open_.size() >= kBatchStepMax || !claims_.insert(name_of(step)).second)
            flush();
        claims_.insert(name_of(step));
        auto done = work_.resolve(step);
        if (done) done = work_.write(step);
        if (!done) {
            work_.release(step);
            set(index, answer_of(fail(done.error())));
        } else if (step.unchanged) {
            set(index, work_.answer(step));
        } else {
            open_.emplace_back(index, std::move(step));
        }
    }

    void flush() {
        const auto committed = work_.commit();
        for (auto& [index, step] : open_) {
            set(index,
                committed ? work_.answer(step) : answer_of(fail(store_problem(committed.error()))));
        }
        work_.clear();
        open_.clear();
        claims_.clear();
    }

    [[nodiscard]] const std::vector<Answer>& answers() const { return answers_; }

 private:
    // Entries without an id never meet.
    std::string name_of(const Step& step) {
        return step.id.empty() ? std::to_string(++unnamed_) : step.type + '/' + step.id;
    }

    Work work_;
    std::vector<Answer> answers_;
    std::vector<std::pair<std::size_t, Step>> open_;
    std::set<std::string> claims_;
    std::size_t unnamed_ = 0;
};

Reply Fhir::batch(const Value& bundle, const Call& call) {
    const std::string base = options_.base();
    const Value* array = bundle.find("entry");
    const std::size_t count = array == nullptr ? 0 : array->array().size();
    Batch work(store_, searcher_, options_, call, count);
    std::unique_lock<std::mutex> turn;
    ReadRoom room;
    for (std::size_t i = 0; i < count; ++i) {
        auto entry = read_entry(array->array()[i], place_of(i), call, base);
        if (!entry) {
            work.set(i, answer_of(fail(entry.error())));
        } else if (entry->get) {
            work.flush();
            work.set(i, room.take([&] { return handle(std::move(*entry->get)); }));
        } else {
            if (entry->step.conditional && !turn) turn = std::unique_lock(conditional_);
            work.add(i, *entry);
        }
    }
    work.flush();
    BundleText out("batch-response");
    for (const Answer& answer : work.answers())
        out.response(answer, base);
    Answer answer;
    answer.body = std::move(out).finish();
    return answer;
}

Reply Fhir::bundle(Call& call) {
    auto document = formats::json::parse(std::move(call.body), kBodyBytesMax);
    if (!document || !document->root().is_object()) {
        return fail(
            problem_of(400, "structure", "The body is not a JSON object as RFC 8259 has it"));
    }
    const Value& root = document->root();
    const std::string_view type = text_of(&root, "type");
    if (text_of(&root, "resourceType") != "Bundle")
        return fail(problem_of(400, "structure", "Only a Bundle is taken at this address"));
    const Value* entries = root.find("entry");
    if (entries != nullptr &&
        (!entries->is_array() || entries->array().size() > kBundleEntriesMax)) {
        return fail(
            problem_of(413, "too-long", "Bundle.entry has too many entries", "Bundle.entry"));
    }
    if (type == "transaction") return transaction(root, call);
    if (type == "batch") return batch(root, call);
    return fail(
        problem_of(400, "value", "The Bundle is neither a transaction nor a batch", "Bundle.type"));
}

Reply Fhir::transaction(const Value& bundle, const Call& call) {
    const std::string base = options_.base();
    std::vector<Entry> entries;
    Problem problem;
    const Value* array = bundle.find("entry");
    const std::size_t count = array == nullptr ? 0 : array->array().size();
    for (std::size_t i = 0; i < count; ++i) {
        auto entry = read_entry(array->array()[i], place_of(i), call, base);
        if (!entry) {
            append_issues(problem, entry.error());
            continue;
        }
        entries.push_back(std::move(entry).value());
    }
    if (!problem.issues.empty()) return fail(problem);
    const bool conditional = std::any_of(entries.begin(), entries.end(),
                                         [](const Entry& entry) { return entry.step.conditional; });
    std::unique_lock<std::mutex> turn;
    if (conditional) {
        for (Entry& entry : entries) {
            // The long part of the work, before others have to wait.
            if (entry.step.resource != nullptr) (void)check_resource(entry.step, options_);
        }
        turn = std::unique_lock(conditional_);
    }
    std::optional<Work> work;
    std::vector<Entry> planned;
    for (int tries = 1;; ++tries) {
        planned = entries;
        work.emplace(store_, searcher_, options_, call, Work::Kind::kTogether);
        if (auto done = plan(planned, *work); !done) return fail(done.error());
        const auto committed = work->commit();
        if (committed) break;
        // Somebody else was faster with one of the resources.
        if (committed.error() != StoreError::kConflict || tries == kTriesMax)
            return fail(store_problem(committed.error()));
    }
    if (turn) turn.unlock();
    BundleText out("transaction-response");
    ReadRoom room;
    for (Entry& entry : planned) {
        out.response(entry.get ? room.take([&] { return handle(std::move(*entry.get)); })
                               : work->answer(entry.step),
                     base);
    }
    Answer answer;
    answer.body = std::move(out).finish();
    return answer;
}

}  // namespace consilium::services::ehr
