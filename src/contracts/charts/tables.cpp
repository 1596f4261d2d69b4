// SPDX-License-Identifier: Apache-2.0
#include "contracts/charts/tables.hpp"

#include "consilium/v1/charts.pb.h"
#include "crypto/hash.hpp"

namespace consilium::contracts::charts {
namespace {

using ledger::ContractId;
using sdk::FieldKind;
using sdk::KeyField;
using sdk::StateKey;

constexpr KeyField kByChart[] = {{"chart", FieldKind::kId16}};
constexpr KeyField kBySlot[] = {{"chart", FieldKind::kId16}, {"number", FieldKind::kU32}};
constexpr KeyField kByLink[] = {{"link", FieldKind::kId16}};
constexpr KeyField kByHash[] = {{"public_key_sha256", FieldKind::kHash32}};

StateKey row(Table table) {
    return {ContractId::kCharts, static_cast<std::uint8_t>(table)};
}

sdk::TableInfo info(Table table, std::string_view name, std::span<const KeyField> fields,
                    const google::protobuf::Descriptor* value) {
    return {ContractId::kCharts, static_cast<std::uint8_t>(table), name, fields, value};
}

}  // namespace

std::span<const sdk::TableInfo> tables() {
    static const sdk::TableInfo all[] = {
        info(Table::kChart, "charts/chart", kByChart, v1::Chart::descriptor()),
        info(Table::kSlot, "charts/slot", kBySlot, v1::LinkSlot::descriptor()),
        info(Table::kLink, "charts/link", kByLink, v1::Link::descriptor()),
        info(Table::kPatientKey, "charts/patient-key", kByHash, v1::PatientKeyUse::descriptor()),
    };
    return all;
}

StateKey chart_key(BytesView chart_id) {
    return row(Table::kChart).raw(chart_id);
}

StateKey slot_prefix(BytesView chart_id) {
    return row(Table::kSlot).raw(chart_id);
}

StateKey slot_key(BytesView chart_id, std::uint32_t number) {
    return slot_prefix(chart_id).u32(number);
}

StateKey link_key(BytesView link_id) {
    return row(Table::kLink).raw(link_id);
}

StateKey patient_key_key(BytesView public_key) {
    return row(Table::kPatientKey).id(crypto::sha256(public_key));
}

}  // namespace consilium::contracts::charts
