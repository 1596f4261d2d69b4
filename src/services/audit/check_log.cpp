// SPDX-License-Identifier: Apache-2.0
#include "services/audit/check_log.hpp"

#include "base/rfc3339.hpp"
#include "consilium/v1/documents.pb.h"
#include "contracts/sdk/record_keys.hpp"
#include "crypto/merkle.hpp"
#include "ledger/commitment.hpp"
#include "proto/canonical.hpp"
#include "services/audit/ledger_heads.hpp"
#include "services/audit/log_json.hpp"
#include "services/audit/log_views.hpp"

namespace consilium::services::audit {
namespace {

constexpr const char* kFile = "log.json";
constexpr const char* kProof = "proofs/log.receipt";

class Checker {
 public:
    Checker(const LogName& log, const std::string& patient, Proofs& proofs, Finding& finding)
        : log_(log), patient_(patient), proofs_(proofs), finding_(finding) {}

    std::optional<LogExcerpt> check(LogExcerpt excerpt) {
        check_head(excerpt);
        bool readable = true;
        for (const ShownView& shown : excerpt.views)
            readable = check_view(shown) && readable;
        if (!readable) return std::nullopt;
        finding_.log_rows = excerpt.views.size();
        tell(excerpt);
        return excerpt;
    }

 private:
    void fault(const std::string& row, std::string what) {
        proofs_.fault(kFile, row, std::move(what));
    }

    // The log's record in the custodian's own list, which is proven complete.
    void check_head(const LogExcerpt& excerpt) {
        const Bytes prefix(
            contracts::sdk::record_list_rows(ledger::record_list(log_.member)).view());
        const auto rows = proofs_.list(kProof, prefix);
        if (!rows) return;
        std::optional<v1::Record> found;
        std::uint64_t sequence = 0;
        for (const auto& [key, value] : *rows) {
            v1::Record record;
            if (key.size() != prefix.size() + 8 || !proto::parse_canonical(value, record))
                return proofs_.fault(kProof, {}, "a row of the list is none of its table");
            if (record.record_id() != log_record(log_).bytes()) continue;
            if (found)
                fault(path(sequence),
                      "the ledger has more than one record of this log: it "
                      "was begun anew");
            if (found) continue;
            sequence = read_be64(BytesView(key).substr(prefix.size()));
            found = record;
        }
        if (!found) {
            if (excerpt.version != 0) fault({}, "the ledger has no head of the log");
            return;
        }
        if (excerpt.version != found->version() || excerpt.record != sequence)
            return fault(path(sequence), "the ledger has head " + std::to_string(found->version()) +
                                             " of the log, and the package does not show it");
        v1::AccessLogHead head;
        if (ledger::document_commitment(excerpt.salt, excerpt.head).view() != found->commitment() ||
            !proto::parse_canonical(excerpt.head, head) || head.member() != log_.member)
            return fault(path(sequence),
                         "the head shown is not the one that the ledger has a "
                         "commitment to");
        head_ = std::move(head);
    }

    [[nodiscard]] std::string path(std::uint64_t sequence) const {
        return "documents/record/member:" + log_.member + "/" + std::to_string(sequence);
    }

    bool check_view(const ShownView& shown) {
        v1::LoggedView view;
        v1::LoggedAccess access;
        if (!proto::parse_canonical(shown.view, view) ||
            !proto::parse_canonical(view.access(), access)) {
            fault({}, "view " + std::to_string(shown.number) + " is none of a log");
            return false;
        }
        const std::string row =
            "access-log/" + std::to_string(view.sequence()) + "/" + std::to_string(view.place());
        if (access.patients_size() != 1 || access.patients(0) != patient_)
            fault(row, "the row is about another patient");
        check_before(shown, view, row);
        const bool anchored = shown.number < head_.views();
        if (anchored) {
            const auto root = crypto::merkle_root_from_path(
                view_leaf(log_, shown.view), shown.number, head_.views(), shown.path);
            if (!root || root->view() != head_.root())
                fault(row,
                      "the row is not the one in the log whose head is on the ledger: it was "
                      "altered");
            ++anchored_;
        } else if (!shown.path.empty()) {
            fault(row, "its path leads to no head");
        } else if (view.at_unix_ms() < head_.at_unix_ms()) {
            fault(row,
                  "the row says that it is older than the head on the ledger, which does not "
                  "have it");
        }
        next_ = shown.number + 1;
        return true;
    }

    // Each view names the patient's one before: none between two that are shown is left out.
    void check_before(const ShownView& shown, const v1::LoggedView& view, const std::string& row) {
        if (next_ != 0 && shown.number < next_)
            fault(row, "the rows are not in the order of the log, or one is shown twice");
        if (view.before() == next_) return;
        if (view.before() > next_)
            fault(row, "rows of this patient's before this one are left out");
        else
            fault(row, "it does not follow the row that is shown before it");
    }

    void tell(const LogExcerpt& excerpt) {
        const std::size_t newer = excerpt.views.size() - anchored_;
        std::string text = "What " + log_.member + " says of accesses at its own node (" +
                           std::to_string(excerpt.views.size()) + " rows) is its own word. ";
        if (head_.sequence() == 0) {
            text += "The ledger has no head of its log, and proves nothing of it.";
        } else {
            text += "The ledger proves that " + std::to_string(anchored_) +
                    " of them were in its log by " + to_rfc3339({head_.at_unix_ms()}) +
                    ", unaltered, and that none before one of them is left out; not that there is "
                    "none after the last one, nor that every access was logged.";
            if (newer != 0)
                text += " " + std::to_string(newer) + (newer == 1 ? " is" : " are") +
                        " newer than the newest head on the ledger.";
        }
        finding_.notes.push_back(std::move(text));
    }

    const LogName& log_;
    const std::string& patient_;
    Proofs& proofs_;
    Finding& finding_;
    v1::AccessLogHead head_;
    std::uint64_t next_ = 0;  // the number of the last view shown, and 1
    std::size_t anchored_ = 0;
};

}  // namespace

std::optional<LogExcerpt> check_log(const PackageFiles& files, const ledger::NetworkId& network,
                                    const ledger::MemberId& custodian, const std::string& patient,
                                    Proofs& proofs, Finding& finding) {
    const LogName log{network, custodian};
    proofs.use(kFile);
    const auto text = files.find(kFile);
    if (text == files.end()) {
        proofs.use(kProof);
        proofs.fault(kFile, {}, "the file is missing");
        return std::nullopt;
    }
    auto excerpt = read_log_json(text->second);
    if (!excerpt) {
        proofs.use(kProof);
        proofs.fault(kFile, {}, excerpt.error());
        return std::nullopt;
    }
    return Checker(log, patient, proofs, finding).check(std::move(excerpt).value());
}

}  // namespace consilium::services::audit
