// SPDX-License-Identifier: Apache-2.0
#include "services/audit/proofs.hpp"

#include "base/rfc3339.hpp"

namespace consilium::services::audit {

const Bytes* Proofs::file(const std::string& name, const char* what) {
    used_.insert(name);
    const auto found = files_.find(name);
    if (found != files_.end()) return &found->second;
    fault(name, {}, std::string(what) + " is missing");
    return nullptr;
}

std::optional<ProvenRows> Proofs::state(const std::string& name, BytesView subject,
                                        verify::StateQuestion::Kind kind) {
    const Bytes* bytes = file(name, "the proof");
    if (bytes == nullptr) return std::nullopt;
    auto checked = verify::verify_state_receipt(*bytes, trust_, freshness_, &cache_);
    if (!checked) {
        fault(name, {}, "the proof does not hold: " + verify::to_string(checked.error()));
        return std::nullopt;
    }
    const auto& question = checked->proven.question;
    if (question.kind != kind || question.subject != subject) {
        fault(name, {}, "it proves something, but not about the row or list that its name says");
        return std::nullopt;
    }
    const Height of = checked->as_of ? checked->as_of->height : checked->height;
    if (of != height_) {
        fault(name, {},
              "it proves how things stood after block " + std::to_string(of) +
                  ", and the package is of block " + std::to_string(height_));
        return std::nullopt;
    }
    if (checked->as_of) time_ = checked->as_of->from;
    ++finding_.proofs;
    return std::move(checked->proven.rows);
}

std::optional<ProvenRows> Proofs::list(const std::string& file, BytesView prefix) {
    return state(file, prefix, verify::StateQuestion::Kind::kPrefix);
}

std::optional<ProvenRows> Proofs::row(const std::string& file, BytesView key) {
    return state(file, key, verify::StateQuestion::Kind::kKey);
}

std::optional<verify::VerifiedOutcome> Proofs::outcome(const std::string& name) {
    const auto found = files_.find(name);
    if (found == files_.end()) return std::nullopt;
    auto checked = verify::verify_outcome_receipt(found->second, trust_, freshness_, &cache_);
    if (!checked) {
        used_.insert(name);
        fault(name, {},
              std::string("the receipt does not hold: ") + verify::to_string(checked.error()));
        return std::nullopt;
    }
    if (receipt_name(checked->transaction_id) != name) {
        used_.insert(name);
        fault(name, {}, "it is the receipt of another transaction than its name says");
        return std::nullopt;
    }
    if (checked->height > height_) {
        used_.insert(name);
        fault(name, {},
              "its transaction is of block " + std::to_string(checked->height) +
                  ", and the package is of block " + std::to_string(height_));
        return std::nullopt;
    }
    return std::move(checked).value();
}

void Proofs::report_unused() {
    for (const auto& [name, bytes] : files_) {
        if (used_.count(name) != 0) continue;
        fault(name, {},
              name.starts_with("receipts/") ? "no row of the chart names this transaction"
                                            : "this file belongs to no part of the package");
    }
}

}  // namespace consilium::services::audit
