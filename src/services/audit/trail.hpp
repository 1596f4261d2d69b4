// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "services/audit/acts.hpp"
#include "services/port/port.hpp"

namespace consilium::services::audit {

// Finds the transactions behind rows: the block in which an act first shows is found by asking for
// the row as of earlier heights, and its transactions are looked through. Of the blocks that were
// read those transactions are kept that name one of the chart's links or requests, as all behind
// its rows do, so one finder serves all rows of a report. Not thread-safe.
class Trail {
 public:
    // Rows are those after block `height`. `subjects`: the ids of all links of the chart, and those
    // under which requests to it were filed.
    Trail(const Reads& reads, const ledger::NetworkId& network, Height height,
          std::vector<Bytes> subjects)
        : reads_(reads), network_(network), height_(height), subjects_(std::move(subjects)) {}

    // The traces of a row; of an act whose block this node no longer holds it is told that it does
    // not. An error is the node's disk.
    [[nodiscard]] Result<std::vector<Trace>, ReadError> traces(const LedgerRow& row,
                                                               std::uint32_t request);

 private:
    using Block = std::vector<AppliedTransaction>;
    struct First {
        Height height = 0;    // the first after which the act shows; 0: it never does
        bool pruned = false;  // or an earlier one, of which this node holds nothing any more
    };
    [[nodiscard]] Result<First, ReadError> first_height(Act act, RowKind kind,
                                                        const Bytes& key) const;
    [[nodiscard]] bool names_a_subject(BytesView transaction) const;
    [[nodiscard]] Result<const Block*, ReadError> block(Height height);
    [[nodiscard]] Result<std::optional<Trace>, ReadError> find(Act act, const LedgerRow& row,
                                                               const Bytes& key,
                                                               std::uint32_t request);

    const Reads& reads_;
    const ledger::NetworkId network_;
    const Height height_;
    const std::vector<Bytes> subjects_;
    std::map<Height, Block> blocks_;
};

}  // namespace consilium::services::audit
