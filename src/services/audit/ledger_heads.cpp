// SPDX-License-Identifier: Apache-2.0
#include "services/audit/ledger_heads.hpp"

#include "consilium/v1/documents.pb.h"
#include "contracts/sdk/record_keys.hpp"
#include "crypto/hash.hpp"
#include "ledger/commitment.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::audit {
namespace {

using contracts::sdk::StateKey;

constexpr std::uint8_t kVersionTable = 2;  // docs/formats/tables.md, documents/version
constexpr std::size_t kPage = 500;

StateKey list_key(const LogName& log) {
    return contracts::sdk::record_list_rows(ledger::record_list(log.member));
}

bool is_log(const v1::Record& record, const LogName& log) {
    return record.record_id() == log_record(log).bytes();
}

Status<ReadError> take(BytesView key, BytesView value, const LogName& log,
                       std::optional<LedgerLog>& out) {
    v1::Record record;
    if (key.size() < 8 || !proto::parse_canonical(value, record)) return fail(ReadError::kDisk);
    if (!is_log(record, log)) return Done{};
    const std::uint32_t before = out ? out->records : 0;
    if (!out) {
        out.emplace();
        out->sequence = read_be64(key.substr(key.size() - 8));
        out->version = record.version();
        if (!assign(out->commitment, record.commitment())) return fail(ReadError::kDisk);
    }
    out->records = before + 1;
    return Done{};
}

}  // namespace

ledger::RecordId log_record(const LogName& log) {
    const Hash32 hash =
        crypto::tagged_hash("consilium/access-log-record/1", {log.network.view(), log.member});
    ledger::RecordId out;
    (void)assign(out, hash.view().substr(0, ledger::RecordId::kSize));
    return out;
}

Result<std::optional<LedgerLog>, ReadError> read_log(const Reads& reads, const LogName& log,
                                                     std::optional<std::uint64_t> sequence) {
    std::optional<LedgerLog> out;
    if (sequence) {
        StateKey key = list_key(log);
        key.u64(*sequence);
        const auto answer = reads.state(key, std::nullopt, false);
        if (!answer) return fail(answer.error());
        if (!answer->value) return out;
        if (auto taken = take(key.view(), *answer->value, log, out); !taken)
            return fail(taken.error());
        return out;
    }
    const StateKey prefix = list_key(log);
    Bytes from;
    while (true) {
        const auto page = reads.state_list(prefix, from, kPage, std::nullopt, false);
        if (!page) return fail(page.error());
        for (const auto& [key, value] : page->entries) {
            if (auto taken = take(key, value, log, out); !taken) return fail(taken.error());
        }
        if (!page->more || page->entries.empty()) return out;
        from = page->entries.back().first + '\0';
    }
}

Result<std::optional<Hash32>, ReadError> read_version(const Reads& reads, const LogName& log,
                                                      std::uint64_t sequence,
                                                      std::uint32_t version) {
    StateKey key(ledger::ContractId::kDocuments, kVersionTable);
    key.raw(ledger::record_list(log.member)).u64(sequence).u32(version);
    const auto answer = reads.state(key, std::nullopt, false);
    if (!answer) return fail(answer.error());
    if (!answer->value) return std::optional<Hash32>();
    v1::RecordVersion row;
    Hash32 out;
    if (!proto::parse_canonical(*answer->value, row) || !assign(out, row.commitment()))
        return fail(ReadError::kDisk);
    return std::optional<Hash32>(out);
}

}  // namespace consilium::services::audit
