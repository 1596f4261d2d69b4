// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "cli/doctor.hpp"
#include "cli/output.hpp"
#include "state/ledger_state.hpp"
#include "store/rocks_disk.hpp"
#include "verify/state_proof.hpp"

// The audit of a ledger copy: every row is proven complete against the stored root, so that a
// broken link, a changed value or a lost row is found wherever it is.
namespace consilium::cli {
namespace {

// Proves all rows under a prefix, or under its 256 longer ones where they are too many.
class Audit {
 public:
    explicit Audit(const state::StateSnapshot& snapshot) : snapshot_(snapshot) {}

    // Empty when all is well; else what is not.
    std::string run(const Bytes& prefix) {
        const auto proof =
            snapshot_.prove({verify::StateQuestion::Kind::kPrefix, prefix, std::nullopt});
        if (proof) return check(*proof);
        if (proof.error() != state::StateError::kTooMany) {
            return std::string("rows cannot be proven: ") + state::to_string(proof.error());
        }
        for (unsigned byte = 0; byte < 256; ++byte) {
            std::string wrong = run(prefix + static_cast<char>(byte));
            if (!wrong.empty()) return wrong;
        }
        return {};
    }
    [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
    std::string check(const Bytes& proof) {
        const auto proven = verify::check_state_proof(proof, snapshot_.root(), snapshot_.height());
        if (!proven) {
            return std::string("stored entries do not lead to the root: ") +
                   verify::to_string(proven.error());
        }
        rows_ += proven->rows.size();
        return {};
    }
    const state::StateSnapshot& snapshot_;
    std::uint64_t rows_ = 0;
};

constexpr const char* kRestore =
    "Move the data folder away and start the node: it copies the ledger from the others.";

}  // namespace

void examine_ledger(const node::NodeConfig& node, const node::Genesis&,
                    std::vector<Finding>& findings) {
    const std::string subject = node.member + ": ledger";
    const std::filesystem::path folder = std::filesystem::path(node.data) / "ledger";
    std::error_code error;
    if (!std::filesystem::exists(folder, error)) {
        findings.push_back(good(subject, "none yet; the node makes it when it starts"));
        return;
    }
    store::RocksOptions options;
    options.create = false;
    auto disk = store::open_rocks_disk(folder, options);
    if (!disk) {
        const bool damaged = disk.error().error == state::DiskError::kCorruption;
        findings.push_back(damaged ? fault(subject, disk.error().detail, kRestore)
                                   : warning(subject, "not audited: " + disk.error().detail,
                                             "Stop the node to have its ledger audited."));
        return;
    }
    const auto ledger = state::LedgerState::open(**disk);
    if (!ledger) {
        findings.push_back(fault(subject, state::to_string(ledger.error()), kRestore));
        return;
    }
    if (!(*ledger)->height()) {
        findings.push_back(good(subject, "empty; the genesis is applied when the node starts"));
        return;
    }
    const auto snapshot = (*ledger)->newest();
    Audit audit(*snapshot);
    const std::string wrong = audit.run({});
    if (!wrong.empty()) {
        findings.push_back(fault(subject, wrong, kRestore));
        return;
    }
    findings.push_back(good(subject, "block " + grouped(snapshot->height()) + ", " +
                                         counted(audit.rows(), "row", "rows") + " in " +
                                         counted(snapshot->entry_count(), "entry", "entries") +
                                         ", all links closed and leading to root " +
                                         to_hex(snapshot->root().view()).substr(0, 16)));
}

}  // namespace consilium::cli
