// SPDX-License-Identifier: Apache-2.0
#include "cli/record_ids.hpp"

#include <map>

#include "base/hex.hpp"
#include "cli/names.hpp"
#include "cli/output.hpp"
#include "consilium/v1/documents.pb.h"
#include "contracts/registry/registry.hpp"
#include "proto/canonical.hpp"

namespace consilium::cli {
namespace {

constexpr std::size_t kNumberBytes = 8;  // the end of a record's key

struct Carriers {
    Bytes list;  // the key without the number
    Bytes record_id;
    std::vector<std::uint64_t> numbers;
};

std::string sentence(const Carriers& carriers) {
    std::vector<std::string> numbers;
    for (const std::uint64_t number : carriers.numbers)
        numbers.push_back(grouped(number));
    return "records " + joined(numbers) + " of " +
           contracts::registry().path_of_key(carriers.list) + " carry the same record id, " +
           to_hex(carriers.record_id) + ": they are " + std::to_string(numbers.size()) +
           " records, which the custodian should have told apart";
}

}  // namespace

std::vector<std::string> repeated_record_ids(const std::vector<std::pair<Bytes, Bytes>>& rows) {
    const auto* records = contracts::registry().table_named("documents/record");
    std::map<std::pair<Bytes, Bytes>, std::size_t> known;  // list and id -> its place
    std::vector<Carriers> found;
    for (const auto& [key, value] : rows) {
        if (contracts::registry().table_of_key(key) != records || key.size() <= kNumberBytes)
            continue;
        v1::Record record;
        // A manifest's row has no id of its own.
        if (!proto::parse_canonical(value, record) || record.record_id().empty()) continue;
        const Bytes list = key.substr(0, key.size() - kNumberBytes);
        const auto [at, first] = known.emplace(std::pair(list, record.record_id()), found.size());
        if (first) found.push_back({list, record.record_id(), {}});
        const BytesView number = BytesView(key).substr(list.size());
        found[at->second].numbers.push_back(read_be64(number));
    }
    std::vector<std::string> out;
    for (const Carriers& carriers : found) {
        if (carriers.numbers.size() > 1) out.push_back(sentence(carriers));
    }
    return out;
}

}  // namespace consilium::cli
