// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services/audit/access_log.hpp"
#include "services/audit/ports.hpp"

namespace consilium::services::audit {

// A patient's rows of this member's access log, each with the proof that it is in the log whose
// head is on the ledger.
class OwnLog final : public OwnWord {
 public:
    // Both outlive it.
    OwnLog(ChainedLog& log, const Reads& reads) : log_(log), reads_(reads) {}
    [[nodiscard]] Result<LogExcerpt, LogError> excerpt(std::string_view patient,
                                                       Height height) const override;

 private:
    // The head that was the newest on the ledger after that block.
    [[nodiscard]] Status<LogError> find_head(Height height, LogExcerpt& out) const;

    ChainedLog& log_;
    const Reads& reads_;
};

}  // namespace consilium::services::audit
