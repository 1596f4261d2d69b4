// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/index_keys.hpp"

#include <algorithm>
#include <array>

#include "crypto/hash.hpp"
#include "services/ehr/names.hpp"
#include "vault/rows.hpp"

namespace consilium::services::ehr {
namespace {

using formats::json::Value;

// First bytes of the keys. They are the format's and never change.
constexpr char kType = 'T';
constexpr char kCompartment = 'P';
constexpr char kTerm = 'K';

constexpr std::size_t kHashBytes = 16;
constexpr std::size_t kShortHashBytes = 8;

void append_hash(Bytes& out, std::initializer_list<BytesView> parts, std::size_t bytes) {
    out += crypto::tagged_hash("consilium/fhir-index/1", parts).view().substr(0, bytes);
}

// Elements whose codes and identifiers are search parameters of the same name, over all types.
struct TokenElement {
    std::string_view element;
    std::string_view parameter;
    bool in_compartment;  // also findable within a Patient's compartment at once
};
constexpr std::array<TokenElement, 8> kTokens = {{
    {"category", "category", true},
    {"class", "class", false},
    {"code", "code", true},
    {"identifier", "identifier", false},
    {"status", "status", false},
    {"type", "type", false},
    {"vaccineCode", "vaccine-code", false},
    {"clinicalStatus", "clinical-status", false},
}};

class Keys {
 public:
    Keys(std::string_view type, const std::vector<std::string_view>& patients)
        : type_(type), patients_(patients) {}

    void add(Bytes key) {
        if (keys_.size() < vault::kIndexKeysMax &&
            std::find(keys_.begin(), keys_.end(), key) == keys_.end())
            keys_.push_back(std::move(key));
    }
    void term(std::string_view parameter, std::string_view value, bool in_compartment) {
        add(term_key(type_, {}, parameter, value));
        if (!in_compartment) return;
        for (const std::string_view patient : patients_)
            add(term_key(type_, patient, parameter, value));
    }
    void token(const TokenElement& element, std::string_view system, std::string_view code) {
        term(element.parameter, code, element.in_compartment);
        std::string both(system);
        both += '|';
        both += code;
        term(element.parameter, both, element.in_compartment);
    }
    // CodeableConcept, Coding, Identifier, code, and arrays of them.
    void tokens(const TokenElement& element, const Value& value) {
        if (value.is_array()) {
            for (const Value& item : value.array())
                tokens(element, item);
        } else if (value.is_string()) {
            token(element, {}, value.string());
        } else if (const Value* coding = value.find("coding")) {
            tokens(element, *coding);
        } else {
            const Value* code = value.find("code");
            if (code == nullptr) code = value.find("value");
            const Value* system = value.find("system");
            if (code != nullptr && code->is_string()) {
                token(element,
                      system != nullptr && system->is_string() ? system->string()
                                                               : std::string_view(),
                      code->string());
            }
        }
    }
    [[nodiscard]] std::vector<Bytes> take() { return std::move(keys_); }

 private:
    std::string_view type_;
    const std::vector<std::string_view>& patients_;
    std::vector<Bytes> keys_;
};

}  // namespace

Bytes type_key(std::string_view type) {
    Bytes key(1, kType);
    append_hash(key, {type}, kHashBytes);
    return key;
}

Bytes compartment_prefix(std::string_view patient) {
    Bytes key(1, kCompartment);
    append_hash(key, {patient}, kHashBytes);
    return key;
}

Bytes compartment_key(std::string_view patient, std::string_view type) {
    Bytes key = compartment_prefix(patient);
    append_hash(key, {type}, kShortHashBytes);
    return key;
}

Bytes term_key(std::string_view type, std::string_view patient, std::string_view parameter,
               std::string_view value) {
    Bytes key(1, kTerm);
    append_hash(key, {type, patient, parameter, value}, kHashBytes);
    return key;
}

std::vector<Bytes> index_keys(const Value& resource, std::string_view type,
                              const std::vector<std::string_view>& patients) {
    Keys keys(type, patients);
    keys.add(type_key(type));
    for (const std::string_view patient : patients)
        keys.add(compartment_key(patient, type));
    for (const std::string_view element : {"subject", "patient", "beneficiary"}) {
        const Value* at = resource.find(element);
        const Value* text = at == nullptr ? nullptr : at->find("reference");
        if (text == nullptr || !text->is_string()) continue;
        const auto reference = parse_reference(text->string(), {});
        if (reference && reference->type == "Patient") keys.term("patient", reference->id, false);
    }
    for (const TokenElement& element : kTokens) {
        if (const Value* value = resource.find(element.element)) keys.tokens(element, *value);
    }
    return keys.take();
}

}  // namespace consilium::services::ehr
