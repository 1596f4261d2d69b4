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

bool is_erased(const v1::Erasure& erasure, std::uint32_t version) {
    const auto& all = erasure.versions();
    return std::find(all.begin(), all.end(), version) != all.end();
}

struct Sent {
    std::string holder;
    Bytes link;
    std::uint32_t disclosure = 0;
};

// Whether it is one of the erased versions, and not one that stayed at home.
bool left(const v1::Erasure& erasure, const v1::JudgedVersion& judged) {
    return judged.verdict() == v1::VERDICT_SEND &&
           judged.document().record_id() == erasure.record_id() &&
           is_erased(erasure, judged.document().version());
}

void add(const v1::Erasure& erasure, const Sent& sent, const v1::DisclosedDocument& document,
         Found& found) {
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

// What was served on request over a link.
Status<vault::VaultError> add_served(const vault::Vault& vault, const ledger::LinkId& link,
                                     const v1::Erasure& erasure, Found& found, bool& under_way) {
    return for_each_row(
        vault, serving_prefix() + link.bytes(),
        [&](const vault::Row& row) -> Status<vault::VaultError> {
            const auto serving = decode_row<v1::Serving>(*row.value);
            const auto header =
                serving ? decode_row<v1::DisclosureHeader>(serving->header()) : std::nullopt;
            const auto name = parse_numbered(row.key, serving_prefix());
            if (!serving || !name) return fail(vault::VaultError::kDamaged);
            // What was sealed before the document was erased may be on its way to the ledger.
            const bool committing = serving->state() == v1::SERVE_STATE_COMMITTING;
            if ((!committing && serving->state() != v1::SERVE_STATE_SENT) || !header) return Done{};
            const Sent sent{serving->requester(), header->link_id(), serving->disclosure()};
            std::uint32_t seen = 0;
            for (std::uint32_t page = 0; seen < serving->judged(); ++page) {
                const auto judged =
                    get_row<v1::JudgedPage>(vault, judged_key(name->first, name->second, page));
                if (!judged) return fail(judged.error());
                if (!*judged || (*judged)->versions().empty())
                    return fail(vault::VaultError::kDamaged);
                for (const v1::JudgedVersion& version : (*judged)->versions()) {
                    if (!left(erasure, version)) continue;
                    if (committing) under_way = true;
                    if (!committing) add(erasure, sent, version.document(), found);
                }
                seen += static_cast<std::uint32_t>((*judged)->versions_size());
            }
            return Done{};
        });
}

// What was disclosed by law over a link: a disclosure has its name there before anything of it is
// sealed.
Status<vault::VaultError> add_lawful(const vault::Vault& vault, const ledger::LinkId& link,
                                     const v1::Erasure& erasure, Found& found, bool& under_way) {
    return for_each_row(
        vault, lawful_order_prefix(link.view()),
        [&](const vault::Row& row) -> Status<vault::VaultError> {
            const auto read = get_row<v1::Lawful>(vault, lawful_key(*row.value));
            if (!read) return fail(read.error());
            if (!*read) return fail(vault::VaultError::kDamaged);
            const v1::Lawful& lawful = **read;
            const auto order = decode_row<v1::LawfulOrder>(lawful.order());
            if (!order) return fail(vault::VaultError::kDamaged);
            const bool sending = lawful.state() == v1::LAWFUL_STATE_SENDING;
            if (!sending && lawful.state() != v1::LAWFUL_STATE_SENT) return Done{};
            const Sent sent{order->recipient(), lawful.link_id(), lawful.disclosure()};
            for (const v1::JudgedVersion& version : lawful.judged()) {
                if (!left(erasure, version)) continue;
                if (sending) under_way = true;
                if (!sending) add(erasure, sent, version.document(), found);
            }
            return Done{};
        });
}

// What was accepted of a contribution: its contributor has the document that it offered.
Status<vault::VaultError> add_contributed(const vault::Vault& vault, const ledger::LinkId& link,
                                          const v1::Erasure& erasure,
                                          std::vector<v1::HeldCopy>& out) {
    return for_each_row(vault, offered_prefix() + link.bytes(),
                        [&](const vault::Row& row) -> Status<vault::VaultError> {
                            const auto offered = decode_row<v1::Offered>(*row.value);
                            if (!offered) return fail(vault::VaultError::kDamaged);
                            if (offered->state() != v1::OFFERED_STATE_ACCEPTED ||
                                offered->record_id() != erasure.record_id() ||
                                !is_erased(erasure, offered->version()))
                                return Done{};
                            v1::HeldCopy copy;
                            copy.set_state(v1::COPY_STATE_SHARING);
                            copy.set_holder(offered->contributor());
                            copy.set_link_id(offered->link_id());
                            copy.set_contribution(offered->number());
                            copy.set_record_id(offered->record_id());
                            copy.set_version(offered->version());
                            copy.set_commitment(offered->commitment());
                            copy.set_basis(erasure.basis());
                            copy.set_since_unix_ms(erasure.ordered_unix_ms());
                            out.push_back(std::move(copy));
                            return Done{};
                        });
}

}  // namespace

Result<std::optional<std::vector<v1::HeldCopy>>, vault::VaultError> find_sent(
    const vault::Vault& vault, const v1::Erasure& erasure,
    const std::vector<ledger::LinkId>& links) {
    Found found;
    std::vector<v1::HeldCopy> out;
    bool under_way = false;
    for (const ledger::LinkId& link : links) {
        if (const auto read = add_served(vault, link, erasure, found, under_way); !read)
            return fail(read.error());
        if (const auto read = add_lawful(vault, link, erasure, found, under_way); !read)
            return fail(read.error());
        if (const auto read = add_contributed(vault, link, erasure, out); !read)
            return fail(read.error());
    }
    if (under_way) return std::optional<std::vector<v1::HeldCopy>>();
    for (auto& [name, copy] : found)
        out.push_back(std::move(copy));
    return std::optional<std::vector<v1::HeldCopy>>(std::move(out));
}

}  // namespace consilium::services::ehr::exchange
