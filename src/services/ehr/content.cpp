// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/content.hpp"

#include "crypto/random.hpp"

namespace consilium::services::ehr {

Result<std::unique_ptr<Content>, StoreError> Content::begin(Store& store,
                                                            std::optional<std::uint64_t> size) {
    const auto record = crypto::random_id<ledger::RecordId>();
    auto writer = store.vault().begin({record, 1}, size);
    if (!writer) return fail(to_store_error(writer.error()));
    return std::unique_ptr<Content>(new Content(record, std::move(*writer)));
}

Status<StoreError> Content::update(BytesView bytes) {
    size_ += bytes.size();
    hash_.update(bytes);
    if (auto written = writer_->update(bytes); !written)
        return fail(to_store_error(written.error()));
    return Done{};
}

void Content::finish() {
    sha256_ = hash_.finish();
}

}  // namespace consilium::services::ehr
