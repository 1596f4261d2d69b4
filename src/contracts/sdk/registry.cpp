// SPDX-License-Identifier: Apache-2.0
#include "contracts/sdk/registry.hpp"

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "contracts/sdk/ledger_tables.hpp"

namespace consilium::contracts::sdk {

Registry::Registry(std::vector<const Contract*> contracts, Lookups lookups)
    : contracts_(std::move(contracts)), lookups_(lookups) {
    CONSILIUM_ASSERT(lookups_.membership != nullptr && lookups_.charts != nullptr);
    CONSILIUM_ASSERT(lookups_.consents != nullptr);
    for (const TableInfo& table : ledger_tables())
        tables_.push_back(table);
    for (const Contract* contract : contracts_) {
        const auto id = static_cast<std::uint32_t>(contract->id());
        CONSILIUM_ASSERT(id >= by_id_.size() && id > 1 && id < 256);
        by_id_.resize(id + 1, nullptr);
        by_id_[id] = contract;
        for (const TableInfo& table : contract->tables()) {
            CONSILIUM_ASSERT(table.contract == contract->id());
            tables_.push_back(table);
        }
    }
}

const TableInfo* Registry::table_of_key(BytesView key) const {
    for (const TableInfo& table : tables_) {
        if (show_key_fields(table, key)) return &table;
    }
    return nullptr;
}

const TableInfo* Registry::table_named(std::string_view name) const {
    for (const TableInfo& table : tables_) {
        if (table.name == name) return &table;
    }
    return nullptr;
}

std::optional<Bytes> Registry::key_from_path(std::string_view path) const {
    const std::size_t first = path.find('/');
    if (first == std::string_view::npos) return std::nullopt;
    const TableInfo* table = table_named(path.substr(0, path.find('/', first + 1)));
    if (table == nullptr) return std::nullopt;
    return parse_key(*table, path);
}

std::string Registry::path_of_key(BytesView key) const {
    for (const TableInfo& table : tables_) {
        if (const auto path = show_key(table, key)) return *path;
    }
    return "0x" + to_hex(key);
}

ledger::RejectionText Registry::describe(std::uint32_t contract_id, Code code) const {
    if (contract_id == static_cast<std::uint32_t>(ledger::ContractId::kLedger))
        return ledger::describe_rejection(static_cast<ledger::Rejection>(code));
    const Contract* contract = find(contract_id);
    return contract == nullptr ? ledger::RejectionText{} : contract->describe(code);
}

}  // namespace consilium::contracts::sdk
