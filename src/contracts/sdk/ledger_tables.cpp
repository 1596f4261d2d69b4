// SPDX-License-Identifier: Apache-2.0
#include "contracts/sdk/ledger_tables.hpp"

#include "consilium/v1/ledger.pb.h"

namespace consilium::contracts::sdk {
namespace {

using ledger::ContractId;

constexpr std::uint8_t kParameters = 1;
constexpr std::uint8_t kWindow = 2;
constexpr std::uint8_t kReplay = 3;

constexpr KeyField kWindowFields[] = {{"member", FieldKind::kText}, {"key", FieldKind::kU32}};
constexpr KeyField kReplayFields[] = {{"not_after", FieldKind::kU64},
                                      {"digest", FieldKind::kHash32}};

}  // namespace

std::span<const TableInfo> ledger_tables() {
    static const TableInfo tables[] = {
        {ContractId::kLedger,
         kParameters,
         "ledger/parameters",
         {},
         v1::LedgerParameters::descriptor()},
        {ContractId::kLedger, kWindow, "ledger/window", kWindowFields,
         v1::ReplayWindow::descriptor()},
        {ContractId::kLedger, kReplay, "ledger/replay", kReplayFields,
         v1::PersonalReplay::descriptor()},
    };
    return tables;
}

StateKey parameters_key() {
    return {ContractId::kLedger, kParameters};
}

StateKey window_key(BytesView member_id, std::uint32_t key_id) {
    return StateKey(ContractId::kLedger, kWindow).text(member_id).u32(key_id);
}

StateKey replay_prefix() {
    return {ContractId::kLedger, kReplay};
}

StateKey replay_key(UnixMs not_after, const Hash32& digest) {
    return replay_prefix().u64(not_after.value).id(digest);
}

}  // namespace consilium::contracts::sdk
