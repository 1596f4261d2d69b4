// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/audit/check_package.hpp"

namespace consilium::services::audit {

using ProvenRows = std::vector<std::pair<Bytes, Bytes>>;

// The receipts of a package, checked one by one as they are asked for; what is asked for is used,
// and what nobody asks for is told at the end. Not thread-safe.
class Proofs {
 public:
    // State proofs must be of the state after block `height`.
    Proofs(const PackageFiles& files, const verify::Trust& trust,
           const verify::Freshness& freshness, Finding& finding)
        : files_(files), trust_(trust), freshness_(freshness), finding_(finding) {}

    void set_height(Height height) { height_ = height; }

    // All rows of a list, proven complete; nothing, and a fault, otherwise.
    [[nodiscard]] std::optional<ProvenRows> list(const std::string& file, BytesView prefix);
    // One row, or none of that key: proven either way.
    [[nodiscard]] std::optional<ProvenRows> row(const std::string& file, BytesView key);
    // A transaction's receipt; the caller says what it is for.
    [[nodiscard]] std::optional<verify::VerifiedOutcome> outcome(const std::string& file);

    // The moment from which the state shown stood: block `height`'s time, once a proof has told.
    [[nodiscard]] std::optional<UnixMs> time() const { return time_; }

    void use(const std::string& file) { used_.insert(file); }
    // A fault for every file that nothing used.
    void report_unused();
    void fault(const std::string& file, const std::string& row, std::string what) {
        finding_.faults.push_back({file, row, std::move(what)});
    }

 private:
    [[nodiscard]] const Bytes* file(const std::string& name, const char* what);
    [[nodiscard]] std::optional<ProvenRows> state(const std::string& file, BytesView subject,
                                                  verify::StateQuestion::Kind kind);

    const PackageFiles& files_;
    const verify::Trust& trust_;
    const verify::Freshness& freshness_;
    Finding& finding_;
    verify::HeaderCache cache_;
    std::set<std::string> used_;
    Height height_ = 0;
    std::optional<UnixMs> time_;
};

}  // namespace consilium::services::audit
