// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>

#include "state/view.hpp"

namespace consilium::execution::testing {

// The state as an ordered map in memory, slow and obvious, with a disk that can be made to fail.
class MemoryView final : public state::StateView {
 public:
    using Rows = std::map<Bytes, Bytes, std::less<>>;

    [[nodiscard]] Result<std::optional<Bytes>, state::DiskError> get(BytesView key) const override;
    [[nodiscard]] Result<std::optional<state::KeyValue>, state::DiskError> last(
        BytesView prefix) const override;
    [[nodiscard]] Result<std::vector<state::KeyValue>, state::DiskError> scan(
        BytesView prefix, BytesView from, std::size_t limit) const override;

    void apply(const state::StateDiff& diff);
    [[nodiscard]] const Rows& rows() const { return rows_; }
    // Every read after the next `reads` fails with `error`.
    void fail_after(std::uint64_t reads, state::DiskError error);
    void mend() { failing_ = false; }
    [[nodiscard]] std::uint64_t reads() const { return reads_; }
    [[nodiscard]] std::uint64_t rows_scanned() const { return rows_scanned_; }

 private:
    [[nodiscard]] bool fails() const;

    Rows rows_;
    mutable std::atomic<std::uint64_t> reads_ = 0;
    mutable std::atomic<std::uint64_t> rows_scanned_ = 0;
    std::uint64_t reads_max_ = 0;
    bool failing_ = false;
    state::DiskError error_ = state::DiskError::kIo;
};

}  // namespace consilium::execution::testing
