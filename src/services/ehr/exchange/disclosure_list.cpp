// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/disclosure_list.hpp"

#include <algorithm>

#include "base/hex.hpp"
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

bool is_wanted(const std::optional<std::string>& patient, const std::string& found) {
    return !found.empty() && (!patient || *patient == found);
}

std::string code_of(v1::PurposeOfUse purpose) {
    constexpr std::string_view kPrefix = "PURPOSE_OF_USE_";
    const std::string name = v1::PurposeOfUse_Name(purpose);
    return purpose == v1::PURPOSE_OF_USE_UNSPECIFIED || name.size() < kPrefix.size()
               ? std::string()
               : name.substr(kPrefix.size());
}

}  // namespace

bool DisclosureList::add_sent(const vault::Row& row, const std::optional<std::string>& patient,
                              List& to) const {
    const auto serving = decode_row<v1::Serving>(*row.value);
    if (!serving) return false;
    if (serving->state() != v1::SERVE_STATE_SENT) return true;
    const auto opening = decode_row<v1::RequestOpening>(serving->opening());
    if (!opening) return false;
    if (!is_wanted(patient, opening->patient())) return true;
    MemberDisclosure out;
    out.patient = opening->patient();
    out.counterparty = serving->requester();
    out.purpose = code_of(opening->purpose());
    out.link = to_hex(serving->link_id());
    out.number = serving->disclosure();
    out.at.value = serving->taken_unix_ms();
    const auto request = parse_numbered(row.key, serving_prefix());
    if (!request) return false;
    const Bytes pages = judged_prefix(request->first, request->second);
    const bool read = for_each_row(vault_, pages, [&](const vault::Row& found) {
        const auto page = decode_row<v1::JudgedPage>(*found.value);
        if (!page) return false;
        for (const v1::JudgedVersion& judged : page->versions()) {
            if (judged.verdict() != v1::VERDICT_SEND) continue;
            out.resources.emplace_back(judged.document().resource_type(),
                                       judged.document().resource_id());
        }
        return true;
    });
    to.push_back(std::move(out));
    return read;
}

bool DisclosureList::add_received(const vault::Row& row, const std::optional<std::string>& patient,
                                  List& to) const {
    const auto receiving = decode_row<v1::Receiving>(*row.value);
    if (!receiving) return false;
    // Without a request of ours it was a disclosure by law, which names no patient of ours.
    const auto commitment = vault_.row(asked_key(receiving->link_id(), receiving->request()));
    if (!commitment) return false;
    Hash32 request;
    if (!*commitment || !assign(request, **commitment)) return true;
    const auto asking = get_row<v1::Asking>(vault_, asking_key(request));
    if (!asking) return false;
    if (!*asking) return true;
    const auto opening = decode_row<v1::RequestOpening>((*asking)->opening());
    if (!opening) return false;
    if (!is_wanted(patient, opening->patient())) return true;
    MemberDisclosure out;
    out.incoming = true;
    out.patient = opening->patient();
    out.counterparty = receiving->custodian();
    out.purpose = code_of(opening->purpose());
    out.link = to_hex(receiving->link_id());
    out.number = receiving->disclosure();
    out.at.value = receiving->received_unix_ms();
    const Bytes pages = received_prefix(receiving->link_id(), receiving->disclosure());
    const bool read = for_each_row(vault_, pages, [&](const vault::Row& found) {
        const auto page = decode_row<v1::ReceivedPage>(*found.value);
        if (!page) return false;
        for (const v1::ReceivedDocument& document : page->documents()) {
            const auto entry = decode_row<v1::DisclosedDocument>(document.entry());
            if (!entry) return false;
            out.resources.emplace_back(entry->resource_type(), entry->resource_id());
        }
        return true;
    });
    to.push_back(std::move(out));
    return read;
}

std::optional<std::vector<MemberDisclosure>> DisclosureList::list(
    const std::optional<std::string>& patient) const {
    List out;
    const bool sent = for_each_row(vault_, serving_prefix(), [&](const vault::Row& row) {
        return add_sent(row, patient, out);
    });
    const bool received = for_each_row(vault_, receiving_prefix(), [&](const vault::Row& row) {
        return add_received(row, patient, out);
    });
    if (!sent || !received) return std::nullopt;
    std::stable_sort(
        out.begin(), out.end(),
        [](const MemberDisclosure& a, const MemberDisclosure& b) { return a.at < b.at; });
    return out;
}

}  // namespace consilium::services::ehr::exchange
