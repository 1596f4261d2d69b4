// SPDX-License-Identifier: Apache-2.0
#include "services/audit/check_package.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "contracts/sdk/record_keys.hpp"
#include "formats/json/parse.hpp"
#include "ledger/commitment.hpp"
#include "proto/canonical.hpp"
#include "services/audit/acts.hpp"
#include "services/audit/check_documents.hpp"
#include "services/audit/check_log.hpp"
#include "services/audit/compare_reports.hpp"
#include "services/audit/package_json.hpp"
#include "services/audit/proofs.hpp"
#include "services/audit/tar.hpp"

namespace consilium::services::audit {
namespace {

namespace sdk = contracts::sdk;

constexpr const char* kPackage = "package.json";
constexpr const char* kOpenings = "openings.json";
constexpr const char* kAccounting = "reports/accounting.json";
constexpr const char* kAccess = "reports/access-report.json";
constexpr const char* kHistory = "validators.history";

std::string counted(std::size_t count, const char* one, const char* many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

class Checker {
 public:
    Checker(const PackageFiles& files, const verify::Trust& trust,
            const verify::Freshness& freshness)
        : files_(files), trust_(trust), proofs_(files, trust, freshness, finding_) {}

    Finding check() {
        if (read_files()) {
            check_chart();
            read_receipts();
            check_slots();
            check_rows();
            check_members();
            check_disclosures();
            own_ =
                check_log(files_, head_.network, head_.custodian, head_.patient, proofs_, finding_);
            trace();
            check_reports();
            if (head_.documents) {
                check_documents(
                    {files_, head_.chart, head_.patient, head_.for_patient, facts_.disclosures},
                    proofs_, finding_);
            } else {
                finding_.notes.push_back(
                    "No documents are in the package: that the chart is this patient's, and what "
                    "is in it, is the custodian's own word.");
            }
            proofs_.report_unused();
            tell();
        }
        return std::move(finding_);
    }

 private:
    bool read_files() {
        for (const char* name : {kPackage, kOpenings, kAccounting, kAccess}) {
            proofs_.use(name);
            if (files_.count(name) == 0) proofs_.fault(name, {}, "the file is missing");
        }
        proofs_.use(kHistory);
        if (!finding_.good()) return false;
        auto head = read_package_json(files_.at(kPackage));
        if (!head) return refuse(kPackage, head.error());
        auto openings = read_openings_json(files_.at(kOpenings));
        if (!openings) return refuse(kOpenings, openings.error());
        head_ = std::move(head).value();
        openings_ = std::move(openings).value();
        if (head_.network != trust_.genesis().network_id)
            return refuse(kPackage, "the package is from another network than the genesis given");
        proofs_.set_height(head_.height);
        finding_.custodian = facts_.custodian = head_.custodian;
        finding_.patient = facts_.patient = head_.patient;
        finding_.height = facts_.height = head_.height;
        finding_.time = facts_.time = head_.time;
        return true;
    }

    bool refuse(const char* file, std::string what) {
        proofs_.fault(file, {}, std::move(what));
        return false;
    }

    void check_chart() {
        const auto rows = proofs_.row("proofs/chart.receipt", sdk::chart_row(head_.chart.view()));
        if (!rows) return;
        v1::Chart chart;
        if (rows->empty() || !proto::parse_canonical(rows->front().second, chart) ||
            chart.custodian() != head_.custodian)
            return proofs_.fault("proofs/chart.receipt", {},
                                 "the custodian that the package names has no such chart");
        if (proofs_.time() && *proofs_.time() != head_.time)
            proofs_.fault(kPackage, {},
                          "the time of block " + std::to_string(head_.height) + " is " +
                              to_rfc3339(*proofs_.time()) + ", and the package says " +
                              to_rfc3339(head_.time));
    }

    void read_receipts() {
        for (const auto& [name, bytes] : files_) {
            if (!name.starts_with("receipts/")) continue;
            auto outcome = proofs_.outcome(name);
            if (!outcome) continue;
            ++finding_.receipts;
            transactions_.push_back({outcome->transaction_id, outcome->member_id,
                                     std::move(outcome->transaction), outcome->outcome,
                                     outcome->height});
        }
        // Of two that could be an act, the first is it.
        std::stable_sort(transactions_.begin(), transactions_.end(),
                         [](const auto& a, const auto& b) { return a.height < b.height; });
    }

    void check_slots() {
        constexpr const char* kSlots = "proofs/slots.receipt";
        const Bytes prefix(sdk::slot_list(head_.chart.view()).view());
        const auto rows = proofs_.list(kSlots, prefix);
        if (!rows) return;
        if (rows->size() != openings_.slots.size())
            proofs_.fault(kOpenings, {},
                          "the chart has " + counted(rows->size(), "slot", "slots") +
                              " on the ledger, and there are openings for " +
                              std::to_string(openings_.slots.size()));
        const std::string path = "charts/slot/" + to_hex(head_.chart.view()) + "/";
        for (std::size_t i = 0; i < std::min(rows->size(), openings_.slots.size()); ++i) {
            const SlotOpening& opening = openings_.slots[i];
            v1::LinkSlot slot;
            const bool good =
                proto::parse_canonical((*rows)[i].second, slot) &&
                opening.salt.size() == kSaltBytes &&
                ledger::link_slot_commitment(opening.salt, head_.chart, opening.link).view() ==
                    slot.commitment();
            if (!good)
                proofs_.fault(kOpenings, path + std::to_string(i + 1),
                              "the slot does not open with the link and salt given for it");
        }
        slots_ = rows->size();
    }

    void check_rows() {
        for (const SlotOpening& slot : openings_.slots) {
            std::size_t here = 0;
            for (const RowKind kind : kRowKinds) {
                const std::string file = proof_name(kind, slot.link);
                const Bytes subject = list_prefix(kind, slot.link);
                const auto rows = kind == RowKind::kLink ? proofs_.row(file, subject)
                                                         : proofs_.list(file, subject);
                if (!rows) continue;
                here += rows->size();
                for (const auto& [key, value] : *rows)
                    add_row(file, kind, slot.link, key, value);
            }
            if (facts_.counterparties.count(slot.link) != 0) {
                ++links_;
            } else if (here != 0) {
                proofs_.fault(proof_name(RowKind::kLink, slot.link), {},
                              "rows stand under a link that is not on the ledger");
            }
        }
    }

    void add_row(const std::string& file, RowKind kind, const ledger::LinkId& link, BytesView key,
                 BytesView value) {
        auto row = read_row(kind, link, key, value);
        if (!row || !acts_of(*row))
            return proofs_.fault(file, {}, "a proven row is none of its table");
        if (kind == RowKind::kLink) {
            v1::Link opened;
            (void)proto::parse_canonical(value, opened);
            facts_.counterparties[link] = opened.counterparty();
            if (opened.custodian() != head_.custodian)
                proofs_.fault(file, path_of(*row), "the link is another custodian's");
        }
        if (const auto fresh = fresh_id_of(*row)) check_fresh(*row, *fresh);
        facts_.rows.push_back({std::move(*row), {}});
    }

    // A request that was filed without a card: its row under the fresh id leads here.
    void check_fresh(const LedgerRow& row, const Bytes& fresh) {
        const std::string file = fresh_proof_name(fresh);
        const auto rows = proofs_.list(file, sdk::request_list(fresh));
        if (!rows) return;
        v1::AccessRequest filed;
        if (rows->size() != 1 || !proto::parse_canonical(rows->front().second, filed) ||
            filed.link_id() != row.link.view() || filed.number() != row.number)
            proofs_.fault(file, path_of(row), "what was filed under the fresh id leads elsewhere");
    }

    void check_members() {
        std::set<ledger::MemberId> ids{head_.custodian};
        for (const auto& [link, member] : facts_.counterparties)
            ids.insert(member);
        for (const auto& id : ids) {
            const std::string file = member_proof_name(id);
            const auto rows = proofs_.row(file, sdk::member_row(id));
            if (!rows) continue;
            v1::Member member;
            if (rows->empty() || !proto::parse_canonical(rows->front().second, member)) {
                proofs_.fault(file, {}, "the ledger has no such member");
                continue;
            }
            facts_.members[id] = member;
        }
    }

    void check_disclosures() {
        std::map<std::pair<ledger::LinkId, std::uint32_t>, Bytes> sent;
        for (const TracedRow& traced : facts_.rows) {
            if (traced.row.kind != RowKind::kDisclosure) continue;
            v1::Disclosure row;
            (void)proto::parse_canonical(traced.row.value, row);
            sent[{traced.row.link, traced.row.number}] = row.commitment();
        }
        for (const DisclosureOpening& opening : openings_.disclosures) {
            const auto name = std::pair(opening.link, opening.number);
            const std::string path =
                path_of({RowKind::kDisclosure, opening.link, opening.number, {}});
            const auto row = sent.find(name);
            if (row == sent.end()) {
                proofs_.fault(kOpenings, path, "there is an opening, and no such disclosure");
            } else if (!opens(opening, row->second)) {
                proofs_.fault(kOpenings, path,
                              "what is said to have been disclosed is not what the ledger's "
                              "commitment is for");
            } else if (!facts_.disclosures.emplace(name, opening).second) {
                proofs_.fault(kOpenings, path, "the disclosure is opened twice");
            }
        }
        for (const auto& [name, commitment] : sent) {
            if (facts_.disclosures.count(name) != 0) continue;
            const std::string path = path_of({RowKind::kDisclosure, name.first, name.second, {}});
            // 45 CFR 164.528(b)(2)(iii): the accounting says what was disclosed.
            if (is_accountable(name)) {
                proofs_.fault(kOpenings, path,
                              "it is in the accounting of disclosures, and nothing shows what was "
                              "disclosed");
            } else {
                finding_.notes.push_back("Nothing shows what was sent with " + path + ".");
            }
        }
    }

    [[nodiscard]] bool is_accountable(
        const std::pair<ledger::LinkId, std::uint32_t>& disclosure) const {
        return std::any_of(facts_.rows.begin(), facts_.rows.end(), [&](const TracedRow& traced) {
            v1::AccountableDisclosure row;
            return traced.row.kind == RowKind::kAccountable &&
                   traced.row.link == disclosure.first &&
                   proto::parse_canonical(traced.row.value, row) &&
                   row.disclosure() == disclosure.second;
        });
    }

    // The transactions behind each row, out of the receipts alone.
    void trace() {
        if (auto report = formats::json::parse(files_.at(kAccess), kPackageBytesMax); report)
            shown_report_.emplace(std::move(report).value());
        for (TracedRow& traced : facts_.rows) {
            const auto acts = acts_of(traced.row);
            const std::uint32_t request = request_behind(traced.row, facts_.rows);
            for (const Act act : *acts) {
                const auto found = std::find_if(
                    transactions_.begin(), transactions_.end(), [&](const auto& transaction) {
                        return is_act(act, traced.row, transaction, request);
                    });
                if (found == transactions_.end() &&
                    is_not_held(path_of(traced.row), std::string(name_of(act)))) {
                    Trace trace;
                    trace.did = name_of(act);
                    trace.held = false;
                    traced.traces.push_back(std::move(trace));
                    ++not_held_;
                    continue;
                }
                if (found == transactions_.end()) {
                    report_untraced(path_of(traced.row), std::string(name_of(act)));
                    continue;
                }
                proofs_.use(receipt_name(found->id));
                traced.traces.push_back(
                    {std::string(name_of(act)), found->id, found->member, found->height});
            }
        }
    }

    // The receipt is named as the package's own report names it, where it does.
    void report_untraced(const std::string& row, const std::string& did) {
        untraced_.insert(row);
        const auto name = shown_receipt(row, did);
        if (!name) {
            proofs_.fault("receipts/", row,
                          "no receipt shows the transaction by which it was " + did);
        } else if (files_.count(*name) == 0) {
            proofs_.fault(*name, row,
                          "the receipt of the transaction by which it was " + did + " is missing");
        } else {
            proofs_.use(*name);
            proofs_.fault(*name, row, "it does not show the transaction by which it was " + did);
        }
    }

    // What the package's own report says of an act: the member `what` of it.
    [[nodiscard]] std::optional<std::string> shown_of_act(const std::string& row,
                                                          const std::string& did,
                                                          const char* what) const {
        const auto* rows = shown_report_ ? shown_report_->root().find("rows") : nullptr;
        if (rows == nullptr || !rows->is_array()) return std::nullopt;
        const auto says = [](const formats::json::Value& of, const char* name,
                             const std::string& text) {
            const auto* value = of.find(name);
            return value != nullptr && value->is_string() && value->string() == text;
        };
        for (const auto& shown : rows->array()) {
            const auto* made = shown.find("transactions");
            if (!says(shown, "row", row) || made == nullptr || !made->is_array()) continue;
            for (const auto& one : made->array()) {
                const auto* said = one.find(what);
                if (says(one, "did", did) && said != nullptr && said->is_string())
                    return std::string(said->string());
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] bool is_not_held(const std::string& row, const std::string& did) const {
        const auto note = shown_of_act(row, did, "note");
        return note.has_value() && *note == kNotHeld;
    }

    [[nodiscard]] std::optional<std::string> shown_receipt(const std::string& row,
                                                           const std::string& did) const {
        auto name = shown_of_act(row, did, "receipt");
        if (name && !is_package_name(*name)) name.reset();
        return name;
    }

    void check_reports() {
        const auto compare = [&](const char* file, const std::string& proven) {
            const Bytes& shown = files_.at(file);
            for (Fault& fault : compare_reports(file, proven, shown, untraced_))
                finding_.faults.push_back(std::move(fault));
        };
        // What of it is not readable is a fault already, and shows nothing to compare with.
        if (own_) {
            facts_.own = *own_;
            compare(kAccess, access_report(facts_));
        }
        compare(kAccounting, accounting_report(facts_, head_.period));
        finding_.access_rows = facts_.rows.size();
        finding_.accounting_rows = static_cast<std::size_t>(
            std::count_if(facts_.rows.begin(), facts_.rows.end(), [&](const TracedRow& traced) {
                if (traced.row.kind != RowKind::kAccountable) return false;
                const UnixMs time = *time_of(traced.row);
                return head_.period.from <= time && time <= head_.period.to;
            }));
    }

    void tell() {
        auto& checked = finding_.checked;
        if (not_held_ != 0)
            finding_.notes.push_back(
                "Of " + counted(not_held_, "transaction", "transactions") +
                " behind the rows the package has no receipt: the custodian says that it has "
                "pruned their blocks. The rows are proven all the same; who made them what they "
                "are, a node that keeps all blocks can show.");
        if (!finding_.good()) return;
        const std::vector<std::string> all{
            "The package tells how things stood after block " + std::to_string(head_.height) +
                ", " + to_rfc3339(head_.time) + ", and not what came after",
            "The chart's list of slots is whole: all " + std::to_string(slots_) + " slots open; " +
                counted(links_, "link is", "links are") +
                " in use, the others are proven not to be on the ledger",
            counted(finding_.proofs, "proof holds", "proofs hold") +
                ": under every link each list is complete, or proven empty",
            counted(finding_.receipts, "receipt holds", "receipts hold") +
                (not_held_ == 0 ? ": every transaction behind every row was applied, and says what "
                                  "the row says"
                                : ": each transaction shown was applied, and says what its row "
                                  "says"),
            "The access report has exactly the " + counted(finding_.access_rows, "row", "rows") +
                " that are on the ledger, field by field",
            "The accounting of disclosures from " + to_rfc3339(head_.period.from) + " to " +
                to_rfc3339(head_.period.to) + " has exactly the " +
                counted(finding_.accounting_rows, "accountable row", "accountable rows")};
        checked.insert(checked.begin(), all.begin(), all.end());
    }

    const PackageFiles& files_;
    const verify::Trust& trust_;
    Finding finding_;
    Proofs proofs_;
    PackageHead head_;
    Openings openings_;
    Facts facts_;
    std::optional<LogExcerpt> own_;
    std::vector<AppliedTransaction> transactions_;
    std::set<std::string> untraced_;  // rows without the receipts of all their transactions
    std::optional<formats::json::Document> shown_report_;  // to name what is wrong
    std::size_t not_held_ = 0;  // acts whose blocks the custodian has pruned
    std::size_t slots_ = 0;
    std::size_t links_ = 0;
};

}  // namespace

Finding check_package(const PackageFiles& files, const verify::Trust& trust,
                      const verify::Freshness& freshness) {
    return Checker(files, trust, freshness).check();
}

}  // namespace consilium::services::audit
