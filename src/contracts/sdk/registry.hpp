// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/sdk/contract.hpp"
#include "contracts/sdk/key.hpp"
#include "contracts/sdk/lookups.hpp"

namespace consilium::contracts::sdk {

// The contracts of one protocol version and how they see each other. Built once by
// contracts/registry, then read-only.
class Registry {
 public:
    // `contracts` ascending by id, from 2 on; the ledger itself is 1. No pointer is null. Contracts
    // and lookups outlive the registry.
    Registry(std::vector<const Contract*> contracts, Lookups lookups);

    [[nodiscard]] const Contract* find(std::uint32_t contract_id) const {
        return contract_id < by_id_.size() ? by_id_[contract_id] : nullptr;
    }
    [[nodiscard]] const std::vector<const Contract*>& contracts() const { return contracts_; }
    [[nodiscard]] const Lookups& lookups() const { return lookups_; }

    // For tools. All tables, the ledger's own included, in key order.
    [[nodiscard]] const std::vector<TableInfo>& tables() const { return tables_; }
    [[nodiscard]] const TableInfo* table_of_key(BytesView key) const;
    [[nodiscard]] const TableInfo* table_named(std::string_view name) const;
    // "documents/record/chart:HEX/7" to key bytes (or, with fewer fields, a prefix).
    [[nodiscard]] std::optional<Bytes> key_from_path(std::string_view path) const;
    // The opposite, also for prefixes that end with a field; hexadecimal with a leading "0x" for
    // what is neither.
    [[nodiscard]] std::string path_of_key(BytesView key) const;
    // Name and text of a rejection, the ledger's own included; null name when there is none such.
    [[nodiscard]] ledger::RejectionText describe(std::uint32_t contract_id, Code code) const;

 private:
    std::vector<const Contract*> contracts_;
    std::vector<const Contract*> by_id_;
    Lookups lookups_;
    std::vector<TableInfo> tables_;
};

}  // namespace consilium::contracts::sdk
