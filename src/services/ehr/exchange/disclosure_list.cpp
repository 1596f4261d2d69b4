// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/disclosure_list.hpp"

#include <algorithm>
#include <map>

#include "base/hex.hpp"
#include "consilium/v1/exchange.pb.h"
#include "proto/enum_names.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::size_t kPage = 128;

// Every row under the prefix; false when one cannot be read.
template <typename Each>
bool for_each_row(const vault::Vault& vault, const Bytes& prefix, const Each& each) {
    Bytes after;
    while (true) {
        const auto rows = vault.rows(prefix, after, kPage);
        if (!rows) return false;
        for (const vault::Row& row : *rows) {
            if (!each(row)) return false;
        }
        if (rows->size() < kPage) return true;
        after = rows->back().key;
    }
}

std::string code_of(v1::PurposeOfUse purpose) {
    constexpr std::string_view kPrefix = "PURPOSE_OF_USE_";
    const std::string name = v1::PurposeOfUse_Name(purpose);
    return purpose == v1::PURPOSE_OF_USE_UNSPECIFIED || name.size() < kPrefix.size()
               ? std::string()
               : name.substr(kPrefix.size());
}

class Listing {
 public:
    Listing(const vault::Vault& vault, const std::optional<std::string>& patient)
        : vault_(vault), patient_(patient) {}

    std::optional<std::vector<MemberDisclosure>> list() {
        const auto each = [this](const Bytes& prefix, bool (Listing::*add)(const vault::Row&)) {
            return for_each_row(vault_, prefix,
                                [&](const vault::Row& row) { return (this->*add)(row); });
        };
        const bool read = each(card_prefix(), &Listing::add_card) &&
                          each(asking_prefix(), &Listing::add_asking) &&
                          each(serving_prefix(), &Listing::add_sent) &&
                          each(lawful_prefix(), &Listing::add_lawful) &&
                          each(receiving_prefix(), &Listing::add_received);
        if (!read) return std::nullopt;
        std::stable_sort(
            out_.begin(), out_.end(),
            [](const MemberDisclosure& a, const MemberDisclosure& b) { return a.at < b.at; });
        return std::move(out_);
    }

 private:
    [[nodiscard]] bool is_wanted(const std::string& found) const {
        return !patient_ || *patient_ == found;
    }

    bool add_card(const vault::Row& row) {
        const auto card = decode_row<v1::ChartCard>(*row.value);
        if (card) carded_[card->link_id()] = card->patient();
        return card.has_value();
    }

    // What was asked for and came, by the disclosure: filed under the link or under a fresh id.
    bool add_asking(const vault::Row& row) {
        const auto asking = decode_row<v1::Asking>(*row.value);
        if (!asking) return false;
        if (asking->disclosure() == 0) return true;
        auto opening = decode_row<v1::RequestOpening>(asking->opening());
        if (!opening) return false;
        asked_[{asking->link_id(), asking->disclosure()}] = *std::move(opening);
        return true;
    }

    template <typename Versions>
    static void add_resources(const Versions& versions, MemberDisclosure& to) {
        for (const v1::JudgedVersion& judged : versions) {
            if (judged.verdict() != v1::VERDICT_SEND) continue;
            to.resources.emplace_back(judged.document().resource_type(),
                                      judged.document().resource_id());
        }
    }

    bool add_sent(const vault::Row& row) {
        const auto serving = decode_row<v1::Serving>(*row.value);
        if (!serving) return false;
        if (serving->state() != v1::SERVE_STATE_SENT) return true;
        const auto opening = decode_row<v1::RequestOpening>(serving->opening());
        const auto request = parse_numbered(row.key, serving_prefix());
        if (!opening || !request) return false;
        MemberDisclosure out;
        // In an emergency without a card: whom the custodian found.
        out.patient = opening->patient().empty() ? serving->patient() : opening->patient();
        if (!is_wanted(out.patient)) return true;
        out.counterparty = serving->requester();
        out.purpose = code_of(opening->purpose());
        out.link = to_hex(serving->link_id());
        out.number = serving->disclosure();
        out.at.value = serving->taken_unix_ms();
        const Bytes pages = judged_prefix(request->first, request->second);
        const bool read = for_each_row(vault_, pages, [&](const vault::Row& found) {
            const auto page = decode_row<v1::JudgedPage>(*found.value);
            if (page) add_resources(page->versions(), out);
            return page.has_value();
        });
        out_.push_back(std::move(out));
        return read;
    }

    bool add_lawful(const vault::Row& row) {
        const auto lawful = decode_row<v1::Lawful>(*row.value);
        if (!lawful) return false;
        if (lawful->state() != v1::LAWFUL_STATE_SENT) return true;
        const auto order = decode_row<v1::LawfulOrder>(lawful->order());
        if (!order) return false;
        if (!is_wanted(order->patient())) return true;
        MemberDisclosure out;
        out.patient = order->patient();
        out.counterparty = order->recipient();
        out.basis = proto::name_of(order->basis());
        out.link = to_hex(lawful->link_id());
        out.number = lawful->disclosure();
        out.at.value = lawful->ordered_unix_ms();
        add_resources(lawful->judged(), out);
        out_.push_back(std::move(out));
        return true;
    }

    bool add_received(const vault::Row& row) {
        const auto receiving = decode_row<v1::Receiving>(*row.value);
        if (!receiving) return false;
        MemberDisclosure out;
        out.incoming = true;
        out.counterparty = receiving->custodian();
        out.link = to_hex(receiving->link_id());
        out.number = receiving->disclosure();
        out.at.value = receiving->received_unix_ms();
        if (receiving->basis() != v1::LEGAL_BASIS_UNSPECIFIED)
            out.basis = proto::name_of(receiving->basis());
        const auto asked = asked_.find({receiving->link_id(), receiving->disclosure()});
        if (asked != asked_.end()) {
            out.patient = asked->second.patient();
            out.purpose = code_of(asked->second.purpose());
        }
        const auto card = carded_.find(receiving->link_id());
        if (out.patient.empty() && card != carded_.end()) out.patient = card->second;
        const Bytes pages = received_prefix(receiving->link_id(), receiving->disclosure());
        const bool read = for_each_row(vault_, pages, [&](const vault::Row& found) {
            const auto page = decode_row<v1::ReceivedPage>(*found.value);
            if (!page) return false;
            for (const v1::ReceivedDocument& document : page->documents()) {
                const auto entry = decode_row<v1::DisclosedDocument>(document.entry());
                if (!entry) return false;
                if (out.patient.empty() && entry->resource_type() == "Patient")
                    out.patient = entry->resource_id();
                out.resources.emplace_back(entry->resource_type(), entry->resource_id());
            }
            return true;
        });
        if (is_wanted(out.patient)) out_.push_back(std::move(out));
        return read;
    }

    const vault::Vault& vault_;
    const std::optional<std::string>& patient_;
    std::map<Bytes, std::string> carded_;  // patients, by the link of a card that is kept here
    std::map<std::pair<Bytes, std::uint32_t>, v1::RequestOpening> asked_;
    std::vector<MemberDisclosure> out_;
};

}  // namespace

std::optional<std::vector<MemberDisclosure>> DisclosureList::list(
    const std::optional<std::string>& patient) const {
    return Listing(vault_, patient).list();
}

}  // namespace consilium::services::ehr::exchange
