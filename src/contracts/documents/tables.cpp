// SPDX-License-Identifier: Apache-2.0
#include "contracts/documents/tables.hpp"

#include "consilium/v1/documents.pb.h"

namespace consilium::contracts::documents {
namespace {

using ledger::ContractId;
using sdk::FieldKind;
using sdk::KeyField;
using sdk::StateKey;

constexpr KeyField kByRecord[] = {{"list", FieldKind::kRecordList}, {"sequence", FieldKind::kU64}};
constexpr KeyField kByVersion[] = {
    {"list", FieldKind::kRecordList}, {"sequence", FieldKind::kU64}, {"version", FieldKind::kU32}};
constexpr KeyField kByLeaf[] = {
    {"list", FieldKind::kRecordList}, {"manifest", FieldKind::kU64}, {"leaf", FieldKind::kU32}};
constexpr KeyField kByShare[] = {{"link", FieldKind::kId16}, {"number", FieldKind::kU32}};

StateKey row(Table table) {
    return {ContractId::kDocuments, static_cast<std::uint8_t>(table)};
}

sdk::TableInfo info(Table table, std::string_view name, std::span<const KeyField> fields,
                    const google::protobuf::Descriptor* value) {
    return {ContractId::kDocuments, static_cast<std::uint8_t>(table), name, fields, value};
}

}  // namespace

std::span<const sdk::TableInfo> tables() {
    static const sdk::TableInfo all[] = {
        info(Table::kRecord, "documents/record", kByRecord, v1::Record::descriptor()),
        info(Table::kVersion, "documents/version", kByVersion, v1::RecordVersion::descriptor()),
        info(Table::kTouched, "documents/touched", kByLeaf, v1::TouchedLeaf::descriptor()),
        info(Table::kShare, "documents/share", kByShare, v1::Share::descriptor()),
    };
    return all;
}

StateKey record_prefix(BytesView list) {
    return row(Table::kRecord).raw(list);
}

StateKey record_key(BytesView list, std::uint64_t sequence) {
    return record_prefix(list).u64(sequence);
}

StateKey version_key(BytesView list, std::uint64_t sequence, std::uint32_t version) {
    return row(Table::kVersion).raw(list).u64(sequence).u32(version);
}

StateKey touched_key(BytesView list, std::uint64_t manifest, std::uint32_t leaf_index) {
    return row(Table::kTouched).raw(list).u64(manifest).u32(leaf_index);
}

StateKey share_prefix(BytesView link_id) {
    return row(Table::kShare).raw(link_id);
}

StateKey share_key(BytesView link_id, std::uint32_t number) {
    return share_prefix(link_id).u32(number);
}

}  // namespace consilium::contracts::documents
