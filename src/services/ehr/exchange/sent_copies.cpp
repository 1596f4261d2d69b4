// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "services/ehr/exchange/erasures.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using Found = std::map<std::pair<Bytes, std::uint32_t>, v1::HeldCopy>;  // by link and version

// All rows below a prefix, page by page, until `take` says no.
template <typename Take>
Status<vault::VaultError> for_each_row(const vault::Vault& vault, const Bytes& prefix,
                                       const Take& take) {
    constexpr std::size_t kPage = 256;
    Bytes after;
    for (;;) {
        const auto rows = vault.rows(prefix, after, kPage);
        if (!rows) return fail(rows.error());
        for (const vault::Row& row : *rows)
            if (const auto taken = take(row); !taken) return taken;
        if (rows->size() < kPage) return Done{};
        after = rows->back().key;
    }
}

struct Sent {
    std::string holder;
    Bytes link;
    std::uint32_t disclosure = 0;
};

void add(const v1::Erasure& erasure, const Sent& sent, const v1::JudgedVersion& judged,
         Found& found) {
    const v1::DisclosedDocument& document = judged.document();
    if (judged.verdict() != v1::VERDICT_SEND || document.record_id() != erasure.record_id() ||
        std::find(erasure.versions().begin(), erasure.versions().end(), document.version()) ==
            erasure.versions().end())
        return;
    v1::HeldCopy copy;
    copy.set_state(v1::COPY_STATE_SHARING);
    copy.set_holder(sent.holder);
    copy.set_link_id(sent.link);
    copy.set_disclosure(sent.disclosure);
    copy.set_record_id(document.record_id());
    copy.set_version(document.version());
    copy.set_commitment(document.commitment());
    copy.set_basis(erasure.basis());
    copy.set_since_unix_ms(erasure.ordered_unix_ms());
    const auto [known, first] = found.emplace(std::pair(sent.link, document.version()), copy);
    if (!first && known->second.disclosure() > sent.disclosure) known->second = copy;
}

// What was served on request.
Status<vault::VaultError> add_served(const vault::Vault& vault, const v1::Erasure& erasure,
                                     Found& found, bool& under_way) {
    return for_each_row(
        vault, serving_prefix(), [&](const vault::Row& row) -> Status<vault::VaultError> {
            const auto serving = decode_row<v1::Serving>(*row.value);
            const auto header =
                serving ? decode_row<v1::DisclosureHeader>(serving->header()) : std::nullopt;
            const auto name = parse_numbered(row.key, serving_prefix());
            if (!serving || !name) return fail(vault::VaultError::kDamaged);
            // What was sealed before the document was erased may be on its way to the ledger.
            if (serving->state() == v1::SERVE_STATE_COMMITTING) under_way = true;
            if (serving->state() != v1::SERVE_STATE_SENT || !header) return Done{};
            const Sent sent{serving->requester(), header->link_id(), serving->disclosure()};
            std::uint32_t seen = 0;
            for (std::uint32_t page = 0; seen < serving->judged(); ++page) {
                const auto judged =
                    get_row<v1::JudgedPage>(vault, judged_key(name->first, name->second, page));
                if (!judged) return fail(judged.error());
                if (!*judged || (*judged)->versions().empty())
                    return fail(vault::VaultError::kDamaged);
                for (const v1::JudgedVersion& version : (*judged)->versions())
                    add(erasure, sent, version, found);
                seen += static_cast<std::uint32_t>((*judged)->versions_size());
            }
            return Done{};
        });
}

// What was disclosed by law.
Status<vault::VaultError> add_lawful(const vault::Vault& vault, const v1::Erasure& erasure,
                                     Found& found, bool& under_way) {
    return for_each_row(
        vault, lawful_prefix(), [&](const vault::Row& row) -> Status<vault::VaultError> {
            const auto lawful = decode_row<v1::Lawful>(*row.value);
            const auto order = lawful ? decode_row<v1::LawfulOrder>(lawful->order()) : std::nullopt;
            if (!lawful || !order) return fail(vault::VaultError::kDamaged);
            if (lawful->state() == v1::LAWFUL_STATE_SENDING) under_way = true;
            if (lawful->state() != v1::LAWFUL_STATE_SENT) return Done{};
            const Sent sent{order->recipient(), lawful->link_id(), lawful->disclosure()};
            for (const v1::JudgedVersion& version : lawful->judged())
                add(erasure, sent, version, found);
            return Done{};
        });
}

}  // namespace

Result<std::optional<std::vector<v1::HeldCopy>>, vault::VaultError> find_sent(
    const vault::Vault& vault, const v1::Erasure& erasure) {
    Found found;
    bool under_way = false;
    if (const auto served = add_served(vault, erasure, found, under_way); !served)
        return fail(served.error());
    if (const auto lawful = add_lawful(vault, erasure, found, under_way); !lawful)
        return fail(lawful.error());
    if (under_way) return std::optional<std::vector<v1::HeldCopy>>();
    std::vector<v1::HeldCopy> out;
    for (auto& [name, copy] : found)
        out.push_back(std::move(copy));
    return std::optional<std::vector<v1::HeldCopy>>(std::move(out));
}

}  // namespace consilium::services::ehr::exchange
