// SPDX-License-Identifier: Apache-2.0
#include "services/audit/log_verify.hpp"

#include <map>

#include "ledger/commitment.hpp"
#include "proto/canonical.hpp"
#include "services/audit/log_views.hpp"

namespace consilium::services::audit {
namespace {

constexpr std::size_t kPage = 256;
// How often rows are read again that came meanwhile.
constexpr int kRoundsMax = 8;

struct Anchor {
    v1::AnchoredHead row;
    v1::AccessLogHead head;
};

class Verification {
 public:
    Verification(const vault::Vault& vault, const LogName& log, const Reads& reads)
        : vault_(vault), log_(log), reads_(reads), hash_(empty_log_hash(log)) {}

    [[nodiscard]] Result<LogReport, LogVerifyError> run() {
        if (!read_anchors()) return fail(LogVerifyError::kVault);
        // It was there before the first head with a root was.
        const auto salts = vault_.row(view_salts_key());
        if (!salts) return fail(LogVerifyError::kVault);
        if (*salts) salts_ = **salts;
        if (!read_rows()) return fail(LogVerifyError::kVault);
        if (auto compared = compare_ledger(); !compared) return fail(compared.error());
        return std::move(report_);
    }

 private:
    void found(LogFault fault, std::uint64_t sequence, std::uint64_t until = 0,
               std::uint32_t version = 0) {
        if (report_.findings.size() < kFindingsMax)
            report_.findings.push_back({fault, sequence, until, version});
    }

    [[nodiscard]] bool take_anchor(const Bytes& bytes, std::uint32_t version) {
        Anchor anchor;
        const bool good = proto::parse_canonical(bytes, anchor.row) &&
                          proto::parse_canonical(anchor.row.head(), anchor.head) &&
                          anchor.row.version() == version && anchor.head.member() == log_.member;
        if (!good) return false;
        if (report_.record_sequence == 0) report_.record_sequence = anchor.row.record_sequence();
        by_sequence_.emplace(anchor.head.sequence(), version);
        anchors_[version] = std::move(anchor);
        return true;
    }

    [[nodiscard]] bool read_anchors() {
        Bytes after;
        while (true) {
            const auto rows = vault_.rows(anchor_prefix(), after, kPage);
            if (!rows) return false;
            for (const vault::Row& row : *rows) {
                const auto version = parse_anchor_key(row.key);
                if (!version || !take_anchor(*row.value, *version))
                    found(LogFault::kAnchorAltered, 0, 0, version.value_or(0));
            }
            if (rows->size() < kPage) break;
            after = rows->back().key;
        }
        // One that the ledger has taken, and whose answer was not heard yet.
        const auto under_way = vault_.row(under_way_key());
        if (!under_way) return false;
        v1::AnchoredHead row;
        if (*under_way && proto::parse_canonical(**under_way, row)) {
            under_way_ = row.version();
            if (anchors_.count(row.version()) == 0) (void)take_anchor(**under_way, row.version());
        }
        return true;
    }

    // The views of the row are leaves of the tree whose root the heads have.
    void grow_tree(std::uint64_t sequence, const v1::LoggedRow& row,
                   const v1::LoggedAccess& access) {
        for (int i = 0; has_views(access) && i < access.patients_size(); ++i) {
            v1::LoggedView view = view_of(salts_, sequence, UnixMs{row.at_unix_ms()}, access,
                                          static_cast<std::uint32_t>(i));
            std::uint64_t& newest = views_[access.patients(i)];
            view.set_before(newest);
            tree_.add(view_leaf(log_, proto::encode(view)));
            newest = tree_.size();
        }
    }

    void check_index(std::uint64_t sequence, const v1::LoggedRow& row) {
        v1::LoggedAccess access;
        if (!proto::parse_canonical(row.access(), access)) {
            found(LogFault::kRowUnreadable, sequence);
            rows_good_ = false;
            return;
        }
        grow_tree(sequence, row, access);
        for (const std::string& patient : access.patients()) {
            const auto index = vault_.row(patient_key(patient, sequence));
            if (!index || !*index) {
                found(LogFault::kIndexMissing, sequence);
                return;
            }
        }
    }

    void check_row(std::uint64_t sequence, const Bytes& bytes) {
        if (sequence > last_ + 1) {
            found(LogFault::kRowMissing, last_ + 1, sequence - 1);
            hash_.reset();
            rows_good_ = false;
        }
        last_ = sequence;
        ++report_.rows;
        v1::LoggedRow row;
        if (!proto::parse_canonical(bytes, row) || row.sequence() != sequence) {
            found(LogFault::kRowUnreadable, sequence);
            hash_.reset();
            rows_good_ = false;
            return;
        }
        // Nothing comes before the first: then it is itself what was altered.
        if (hash_ && row.previous() != hash_->bytes()) {
            found(LogFault::kRowAltered, std::max<std::uint64_t>(1, sequence - 1));
            rows_good_ = false;
        }
        check_index(sequence, row);
        hash_ = row_hash(log_, bytes);
        const auto [begin, end] = by_sequence_.equal_range(sequence);
        for (auto at = begin; at != end; ++at) {
            if (anchors_[at->second].head.hash() == hash_->bytes()) {
                fitting_[at->second] = true;
                const v1::AccessLogHead& head = anchors_[at->second].head;
                // Heads of before there was a tree have no root; of other rows than those that
                // were anchored the tree is another.
                if (rows_good_ && !head.root().empty() &&
                    (head.views() != tree_.size() || head.root() != tree_.root().bytes()))
                    found(LogFault::kViewsAltered, sequence, 0, at->second);
            } else {
                found(LogFault::kRewritten, sequence, 0, at->second);
                rows_good_ = false;
            }
        }
    }

    [[nodiscard]] bool read_rows() {
        for (int round = 0; round < kRoundsMax; ++round) {
            while (true) {
                const auto rows =
                    vault_.rows(log_prefix(), last_ == 0 ? Bytes() : log_key(last_), kPage);
                if (!rows) return false;
                for (const vault::Row& row : *rows) {
                    const auto sequence = parse_log_key(row.key);
                    if (sequence) check_row(*sequence, *row.value);
                }
                if (rows->size() < kPage) break;
            }
            // Rows may have come since; then the head is further too.
            const auto next = vault_.row(log_key(last_ + 1));
            if (!next) return false;
            const auto head = vault_.row(head_key());
            if (!head) return false;
            if (*next && round + 1 < kRoundsMax) continue;
            check_head(*head);
            break;
        }
        report_.sequence = last_;
        return true;
    }

    void check_head(const std::optional<Bytes>& bytes) {
        v1::AccessLogHead head;
        if (!bytes) {
            if (last_ > 0) found(LogFault::kHeadMissing, 0);
            return;
        }
        if (!proto::parse_canonical(*bytes, head)) {
            found(LogFault::kHeadMissing, 0);
            return;
        }
        if (head.sequence() > last_) {
            // Unless it came after the rows were read.
            const auto there = vault_.row(log_key(last_ + 1));
            if (!there || !*there) found(LogFault::kTailCut, last_ + 1, head.sequence());
        } else if (head.sequence() < last_) {
            found(LogFault::kHeadBehind, head.sequence());
        } else if (hash_ && head.hash() != hash_->bytes()) {
            found(LogFault::kRowAltered, last_);
        }
    }

    [[nodiscard]] Result<std::optional<Hash32>, ReadError> commitment_of(const LedgerLog& ledger,
                                                                         std::uint32_t version) {
        if (version == ledger.version) return std::optional<Hash32>(ledger.commitment);
        return read_version(reads_, log_, ledger.sequence, version);
    }

    [[nodiscard]] Status<LogVerifyError> compare_ledger() {
        // The whole list: a log that was begun anew has a second record.
        const auto ledger = read_log(reads_, log_, std::nullopt);
        if (!ledger) return fail(LogVerifyError::kLedger);
        const std::uint32_t newest = *ledger ? (*ledger)->version : 0;
        if (*ledger) report_.record_sequence = (*ledger)->sequence;
        if (*ledger && (*ledger)->records > 1) found(LogFault::kBegunAnew, 0);
        for (std::uint32_t version = 1; version <= newest; ++version) {
            const auto anchor = anchors_.find(version);
            if (anchor == anchors_.end()) {
                // Its row may have been written since the others were read.
                const auto late = vault_.row(anchor_key(version));
                const bool is_late = late && *late && version > newest_known();
                if (!is_late) found(LogFault::kAnchorMissing, 0, 0, version);
                continue;
            }
            const auto commitment = commitment_of(**ledger, version);
            if (!commitment) return fail(LogVerifyError::kLedger);
            const auto& row = anchor->second.row;
            if (*commitment != ledger::document_commitment(row.salt(), row.head())) {
                found(LogFault::kAnchorAltered, 0, 0, version);
                continue;
            }
            const std::uint64_t sequence = anchor->second.head.sequence();
            if (sequence > last_) found(LogFault::kTailCut, last_ + 1, sequence, version);
            if (fitting_.count(version) == 0) continue;
            ++report_.anchors;
            report_.anchored_sequence = std::max(report_.anchored_sequence, sequence);
        }
        for (const auto& [version, anchor] : anchors_) {
            if (version > newest && version != under_way_)
                found(LogFault::kNotOnLedger, 0, 0, version);
        }
        return Done{};
    }

    [[nodiscard]] std::uint32_t newest_known() const {
        return anchors_.empty() ? 0 : anchors_.rbegin()->first;
    }

    const vault::Vault& vault_;
    const LogName& log_;
    const Reads& reads_;
    std::map<std::uint32_t, Anchor> anchors_;
    std::multimap<std::uint64_t, std::uint32_t> by_sequence_;
    std::map<std::uint32_t, bool> fitting_;  // versions whose head is that of the rows
    std::uint32_t under_way_ = 0;
    Bytes salts_;
    GrowingTree tree_;
    bool rows_good_ = true;  // those read yet: what they give is the tree that was anchored
    std::map<std::string, std::uint64_t> views_;  // of a patient: the newest one's number and 1
    std::uint64_t last_ = 0;
    std::optional<Hash32> hash_;  // of the row before; nothing when that cannot be read
    LogReport report_;
};

}  // namespace

const char* to_string(LogFault fault) {
    switch (fault) {
        case LogFault::kRowMissing:
            return "row-missing";
        case LogFault::kRowUnreadable:
            return "row-unreadable";
        case LogFault::kRowAltered:
            return "row-altered";
        case LogFault::kIndexMissing:
            return "index-missing";
        case LogFault::kTailCut:
            return "tail-cut";
        case LogFault::kHeadMissing:
            return "head-missing";
        case LogFault::kHeadBehind:
            return "head-behind";
        case LogFault::kRewritten:
            return "rewritten";
        case LogFault::kAnchorMissing:
            return "anchor-missing";
        case LogFault::kAnchorAltered:
            return "anchor-altered";
        case LogFault::kNotOnLedger:
            return "not-on-ledger";
        case LogFault::kBegunAnew:
            return "begun-anew";
        case LogFault::kViewsAltered:
            return "views-altered";
    }
    return "unknown";
}

const char* describe(LogFault fault) {
    switch (fault) {
        case LogFault::kRowMissing:
            return "Rows were left out";
        case LogFault::kRowUnreadable:
            return "The row is not one of this log";
        case LogFault::kRowAltered:
            return "The row is not the one that was chained";
        case LogFault::kIndexMissing:
            return "The row would not be found by one of its patients";
        case LogFault::kTailCut:
            return "The newest rows were cut off";
        case LogFault::kHeadMissing:
            return "The log's head is missing";
        case LogFault::kHeadBehind:
            return "The log's head is older than its newest row";
        case LogFault::kRewritten:
            return "The log up to this row is not the one that was anchored";
        case LogFault::kAnchorMissing:
            return "The ledger has a head that the vault does not know: an older vault was put "
                   "back";
        case LogFault::kAnchorAltered:
            return "The vault's head is not the one that the ledger has a commitment to";
        case LogFault::kNotOnLedger:
            return "The vault has a head that the ledger does not know";
        case LogFault::kBegunAnew:
            return "The log was begun anew";
        case LogFault::kViewsAltered:
            return "What patients are shown of the log is not what was anchored";
    }
    return "";
}

Result<LogReport, LogVerifyError> verify_log(const vault::Vault& vault, const LogName& log,
                                             const Reads& reads) {
    return Verification(vault, log, reads).run();
}

}  // namespace consilium::services::audit
