// SPDX-License-Identifier: Apache-2.0
#include "contracts/identity/tables.hpp"

#include "consilium/v1/identity.pb.h"
#include "contracts/sdk/record_keys.hpp"

namespace consilium::contracts::identity {
namespace {

using sdk::FieldKind;
using sdk::IdentityTable;
using sdk::KeyField;

constexpr KeyField kByNumber[] = {{"link", FieldKind::kId16}, {"number", FieldKind::kU32}};
constexpr KeyField kByLink[] = {{"link", FieldKind::kId16}};

sdk::TableInfo info(IdentityTable table, std::string_view name, std::span<const KeyField> fields,
                    const google::protobuf::Descriptor* value) {
    return {ledger::ContractId::kIdentity, static_cast<std::uint8_t>(table), name, fields, value};
}

}  // namespace

std::span<const sdk::TableInfo> tables() {
    static const sdk::TableInfo all[] = {
        info(IdentityTable::kConsent, "identity/consent", kByNumber, v1::Consent::descriptor()),
        info(IdentityTable::kGate, "identity/gate", kByLink, v1::ConsentGate::descriptor()),
    };
    return all;
}

}  // namespace consilium::contracts::identity
