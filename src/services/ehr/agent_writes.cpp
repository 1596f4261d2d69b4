// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/agent_writes.hpp"

#include "base/assert.hpp"
#include "services/ehr/work.hpp"

namespace consilium::services::ehr {

AgentWrites::AgentWrites(Store& store, FhirOptions options)
    : store_(store), options_(std::move(options)), searcher_(store, options_.base) {}

Result<std::vector<AgentVersion>, Problem> AgentWrites::write(
    const std::vector<AgentEntry>& entries, const AgentExtra& extra) {
    // Nobody's token: what it writes is the node's own.
    const Call call;
    Work work(store_, searcher_, options_, call, Work::Kind::kAlone);
    std::vector<Step> steps;
    for (const AgentEntry& entry : entries) {
        CONSILIUM_ASSERT(entry.resource != nullptr && !entry.id.empty());
        Step& step = steps.emplace_back();
        // The id is ours to give, whatever the resource says of itself.
        step.verb = Verb::kPost;
        step.type = entry.type;
        step.id = entry.id;
        step.resource = entry.resource;
        step.at = entry.type;
        if (entry.replaces) step.if_match = etag_of(*entry.replaces);
        step.foreign = entry.foreign;
    }
    for (Step& step : steps)
        if (auto resolved = work.resolve(step); !resolved) return fail(resolved.error());
    for (Step& step : steps)
        if (auto written = work.write(step); !written) return fail(written.error());
    std::vector<AgentVersion> out;
    for (const Change& change : work.changes()) {
        out.push_back(
            {{change.after.record, change.after.version}, change.after.updated, change.stored});
    }
    auto more = extra(out);
    if (!more) return fail(more.error());
    if (const auto committed = work.commit(std::move(more).value()); !committed)
        return fail(store_problem(committed.error()));
    return out;
}

}  // namespace consilium::services::ehr
