// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "state/view.hpp"

namespace consilium::node {

// The state after a block whose writes are still on their way to the disk: the state before it,
// under its changes. Reads as the written state will. Thread-safe.
class OverlayView final : public state::StateView {
 public:
    OverlayView(std::shared_ptr<const state::StateView> base,
                std::shared_ptr<const state::StateDiff> diff)
        : base_(std::move(base)), diff_(std::move(diff)) {}

    [[nodiscard]] Result<std::optional<Bytes>, state::DiskError> get(BytesView key) const override;
    [[nodiscard]] Result<std::optional<state::KeyValue>, state::DiskError> last(
        BytesView prefix) const override;
    [[nodiscard]] Result<std::vector<state::KeyValue>, state::DiskError> scan(
        BytesView prefix, BytesView from, std::size_t limit) const override;

 private:
    std::shared_ptr<const state::StateView> base_;
    std::shared_ptr<const state::StateDiff> diff_;
};

}  // namespace consilium::node
