// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_vault.hpp"

#include <boost/json.hpp>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "crypto/random.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kSaltBytes = 32;

void draw_slots(DemoList& list) {
    for (std::size_t i = 0; i < limits::kLinkSlotsPerCommand; ++i)
        list.slots.push_back(
            {crypto::random_bytes(kSaltBytes), crypto::random_id<ledger::LinkId>()});
}

// Real leaves and random ones, sorted by record id: nobody can tell them apart.
void build_leaves(DemoList& list) {
    for (const auto& document : list.documents)
        list.leaves.push_back({document.record, document.commitment()});
    for (std::size_t n = ledger::Manifest::padding(list.documents.size()); n > 0; --n)
        list.leaves.push_back({crypto::random_id<ledger::RecordId>(), crypto::random_id<Hash32>()});
    const auto manifest = ledger::Manifest::build(list.leaves);
    CONSILIUM_ASSERT(manifest.has_value());
    list.leaves = manifest->entries();
    for (auto& document : list.documents)
        document.leaf_index = manifest->index_of(document.record).value();
}

}  // namespace

ledger::Manifest DemoList::manifest() const {
    auto built = ledger::Manifest::build(leaves);
    CONSILIUM_ASSERT(built.has_value());
    return std::move(built).value();
}

DemoVault make_demo_vault(FhirInput input) {
    DemoVault vault;
    vault.lists.resize(input.patients + 1);
    for (std::size_t i = 0; i < input.patients; ++i) {
        vault.lists[i].chart = crypto::random_id<ledger::ChartId>();
        draw_slots(vault.lists[i]);
    }
    vault.lists.back().own = true;
    for (auto& resource : input.resources) {
        DemoDocument document;
        document.type = resource.type;
        document.record = crypto::random_id<ledger::RecordId>();
        document.salt = crypto::random_bytes(kSaltBytes);
        document.payload = std::move(resource.payload);
        vault.lists[resource.patient.value_or(input.patients)].documents.push_back(
            std::move(document));
    }
    if (vault.lists.back().documents.empty()) vault.lists.pop_back();
    for (auto& list : vault.lists)
        build_leaves(list);
    return vault;
}

std::string format_demo_vault(const DemoVault& vault) {
    json::array lists;
    for (const auto& list : vault.lists) {
        json::array documents;
        for (const auto& document : list.documents) {
            documents.push_back(json::object{{"type", document.type},
                                             {"record_id", to_hex(document.record.view())},
                                             {"leaf_index", document.leaf_index},
                                             {"sequence", document.sequence},
                                             {"version", document.version},
                                             {"shredded", document.shredded},
                                             {"salt", to_hex(document.salt)},
                                             {"payload", document.payload}});
        }
        json::array slots;
        for (const auto& slot : list.slots) {
            slots.push_back(
                json::object{{"salt", to_hex(slot.salt)}, {"link_id", to_hex(slot.link.view())}});
        }
        lists.push_back(json::object{{"list", list.own ? "own" : to_hex(list.chart.view())},
                                     {"manifest_sequence", list.manifest_sequence},
                                     {"slots", slots},
                                     {"documents", documents}});
    }
    return json::serialize(json::object{{"lists", lists}}) + '\n';
}

}  // namespace consilium::cli
