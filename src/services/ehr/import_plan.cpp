// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/import_plan.hpp"

#include <algorithm>
#include <deque>
#include <set>

#include "services/ehr/names.hpp"
#include "services/ehr/resource_text.hpp"

namespace consilium::services::ehr {
namespace {

using Faults = std::map<std::size_t, Fault>;

// A reference of one entry to another, with its place.
struct Edge {
    std::size_t from = 0;
    std::size_t to = 0;
    std::string path;
};

// Who refers to whom among an import's entries.
class References {
 public:
    References(const Import& import, const ImportPorts& ports) : ports_(ports) {
        for (std::size_t i = 0; i < import.entries.size(); ++i) {
            if (import.entries[i]) name(*import.entries[i], i);
        }
        for (std::size_t i = 0; i < import.entries.size(); ++i) {
            const auto& entry = import.entries[i];
            if (!entry || entry->step.resource == nullptr) continue;
            for_each_reference(*entry->step.resource, entry->step.at,
                               [this, i](std::string_view text, const std::string& path) {
                                   if (const auto to = find(text); to && *to != i)
                                       edges_.push_back({i, *to, path});
                               });
        }
        by_target_ = edges_;
        std::stable_sort(by_target_.begin(), by_target_.end(),
                         [](const Edge& a, const Edge& b) { return a.to < b.to; });
    }

    // Ascending by their place.
    template <typename Each>
    void for_each_from(std::size_t entry, Each each) const {
        const auto first =
            std::lower_bound(edges_.begin(), edges_.end(), entry,
                             [](const Edge& edge, std::size_t from) { return edge.from < from; });
        for (auto edge = first; edge != edges_.end() && edge->from == entry; ++edge)
            each(*edge);
    }
    template <typename Each>
    void for_each_to(std::size_t entry, Each each) const {
        const auto first =
            std::lower_bound(by_target_.begin(), by_target_.end(), entry,
                             [](const Edge& edge, std::size_t to) { return edge.to < to; });
        for (auto edge = first; edge != by_target_.end() && edge->to == entry; ++edge)
            each(*edge);
    }

 private:
    void name(const Entry& entry, std::size_t index) {
        const bool named = entry.step.verb == Verb::kPut && !entry.step.id.empty();
        // What is stored already is there whatever becomes of the entry.
        const bool stored = named && ports_.stored(entry.step.type, entry.step.id);
        if (!entry.full_url.empty() && !(stored && entry.full_url.substr(0, 4) == "http"))
            names_.emplace(entry.full_url, index);
        if (named && !stored) names_.emplace(entry.step.type + '/' + entry.step.id, index);
    }

    [[nodiscard]] std::optional<std::size_t> find(std::string_view text) const {
        auto found = names_.find(text);
        if (found == names_.end()) {
            const auto parsed = parse_reference(text, ports_.base);
            if (!parsed) return std::nullopt;
            found = names_.find(std::string(parsed->type) + '/' + std::string(parsed->id));
        }
        if (found == names_.end()) return std::nullopt;
        return found->second;
    }

    const ImportPorts& ports_;
    std::map<std::string, std::size_t, std::less<>> names_;
    std::vector<Edge> edges_;
    std::vector<Edge> by_target_;
};

// One attempt with all entries that have no fault so far. Faults that it finds.
Result<Faults, Problem> attempt(Import& import, Work& work) {
    Faults found;
    std::optional<Problem> end;
    auto entries = import.entries;
    const auto each = [&](auto what) {
        for (int rank = 0; rank <= 2; ++rank) {
            for (std::size_t i = 0; i < entries.size() && !end; ++i) {
                if (import.faults.count(i) != 0 || found.count(i) != 0 ||
                    rank_of(*entries[i]) != rank)
                    continue;
                if (auto done = what(*entries[i]); !done) {
                    if (done.error().status >= 500) end = done.error();
                    found[i] = {std::nullopt, done.error().issues};
                }
                import.entries[i]->step.checked = entries[i]->step.checked;
            }
        }
    };
    each([&work](Entry& entry) -> Status<Problem> {
        if (auto resolved = work.resolve(entry.step); !resolved) return resolved;
        return work.bind(entry.full_url, entry.step);
    });
    each([&work](Entry& entry) { return work.write(entry.step); });
    if (end) return fail(*end);
    return found;
}

// Whether all that is wrong with the entry is that it refers to faulty ones.
bool only_refers(const Fault& fault, std::size_t entry, const References& references,
                 const Faults& known, const Faults& found) {
    std::set<std::string> paths;
    references.for_each_from(entry, [&](const Edge& edge) {
        if (known.count(edge.to) != 0 || found.count(edge.to) != 0) paths.insert(edge.path);
    });
    return !paths.empty() &&
           std::all_of(fault.issues.begin(), fault.issues.end(), [&](const Issue& issue) {
               return issue.severity != "error" || paths.count(issue.expression) != 0;
           });
}

// From those that are themselves at fault to all that refer to them, and so on: breadth first, so
// that the cause is the nearest.
void spread(Import& import, Faults found, const References& references) {
    std::deque<std::size_t> next;
    std::set<std::size_t> fresh;
    for (auto& [index, fault] : found) {
        if (only_refers(fault, index, references, import.faults, found)) continue;
        import.faults.emplace(index, std::move(fault));
    }
    for (const auto& [index, fault] : import.faults)
        next.push_back(index);
    while (!next.empty()) {
        const std::size_t cause = next.front();
        next.pop_front();
        references.for_each_to(cause, [&](const Edge& edge) {
            const bool first = import.faults.count(edge.from) == 0;
            if (first) {
                import.faults[edge.from].cause = cause;
                fresh.insert(edge.from);
                next.push_back(edge.from);
            }
            if (fresh.count(edge.from) == 0 || import.faults[edge.from].cause != cause) return;
            import.faults[edge.from].issues.push_back(
                {"error", "not-found", "The reference names an entry that is not taken",
                 edge.path});
        });
    }
    // Whatever else was found stands for itself.
    for (auto& [index, fault] : found)
        import.faults.emplace(index, std::move(fault));
}

}  // namespace

Status<Problem> plan_import(Import& import, const ImportPorts& ports, std::optional<Work>& work) {
    std::optional<References> references;
    if (!import.faults.empty()) {
        references.emplace(import, ports);
        spread(import, {}, *references);
    }
    for (;;) {
        ports.begin(work);
        auto found = attempt(import, *work);
        if (!found) return fail(found.error());
        if (found->empty()) return Done{};
        if (!references) references.emplace(import, ports);
        spread(import, std::move(*found), *references);
    }
}

}  // namespace consilium::services::ehr
