// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/index_keys.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "formats/fhir/search_index.hpp"
#include "vault/rows.hpp"

namespace consilium::services::ehr {
namespace {

// First bytes of the keys. They are the format's and never change; search-index.md has others.
constexpr char kType = 'T';
constexpr char kCompartment = 'P';

constexpr std::size_t kHashBytes = 16;
constexpr std::size_t kShortHashBytes = 8;
// Of its own search terms a resource keeps at least so many.
constexpr std::size_t kTermsMin = 16;

void append_hash(Bytes& out, BytesView text, std::size_t bytes) {
    out += crypto::tagged_hash("consilium/fhir-index/1", {text}).view().substr(0, bytes);
}

}  // namespace

Bytes type_key(std::string_view type) {
    Bytes key(1, kType);
    append_hash(key, type, kHashBytes);
    return key;
}

Bytes compartment_prefix(std::string_view patient) {
    Bytes key(1, kCompartment);
    append_hash(key, patient, kHashBytes);
    return key;
}

Bytes compartment_key(std::string_view patient, std::string_view type) {
    Bytes key = compartment_prefix(patient);
    append_hash(key, type, kShortHashBytes);
    return key;
}

std::vector<Bytes> index_keys(const formats::json::Value& resource, std::string_view type,
                              const std::vector<std::string_view>& patients) {
    formats::fhir::IndexOptions options;
    // Terms give way to compartments: what has no key for a term is looked at by its searches.
    const std::size_t taken = std::min(patients.size() + 1, vault::kIndexKeysMax - kTermsMin);
    options.limit = std::min(options.limit, vault::kIndexKeysMax - taken);
    std::vector<Bytes> keys = formats::fhir::index_keys(resource, options);
    keys.push_back(type_key(type));
    for (const std::string_view patient : patients) {
        if (keys.size() == vault::kIndexKeysMax) break;
        keys.push_back(compartment_key(patient, type));
    }
    return keys;
}

}  // namespace consilium::services::ehr
