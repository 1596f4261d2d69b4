// SPDX-License-Identifier: Apache-2.0
#include "state/meta.hpp"

#include "state/entry.hpp"

namespace consilium::state {

Bytes height_key(Height height) {
    return numbered_key('h', height);
}
Bytes journal_key(std::uint64_t number) {
    return numbered_key('j', number);
}

Bytes encode_meta(const Meta& meta) {
    Bytes out;
    for (const std::uint64_t v :
         {Meta::kFormat, meta.height, meta.appended, meta.retained, meta.count})
        append_be64(out, v);
    out += meta.root.view();
    return out;
}

Result<std::optional<Meta>, DiskError> read_meta(const DiskReader& disk) {
    const auto stored = disk.get(Space::kMeta, kMetaKey);
    if (!stored) return fail(stored.error());
    if (!*stored) return std::optional<Meta>();
    const BytesView in = **stored;
    Meta meta;
    if (in.size() != 72 || read_be64(in) != Meta::kFormat) return fail(DiskError::kCorruption);
    meta.height = read_be64(in.substr(8));
    meta.appended = read_be64(in.substr(16));
    meta.retained = read_be64(in.substr(24));
    meta.count = read_be64(in.substr(32));
    const bool whole = assign(meta.root, in.substr(40)) && meta.count > 0 &&
                       meta.count <= verify::kEntriesMax && meta.appended <= meta.height;
    if (!whole) return fail(DiskError::kCorruption);
    return std::optional<Meta>(meta);
}

Result<std::uint64_t, DiskError> count_at(const DiskReader& disk, Height height) {
    const auto cursor = disk.cursor(Space::kMeta);
    cursor->seek_for_prev(height_key(height));
    if (cursor->error()) return fail(*cursor->error());
    if (!cursor->valid() || cursor->key().substr(0, 1) != "h" || cursor->value().size() != 8)
        return fail(DiskError::kCorruption);
    return read_be64(cursor->value());
}

}  // namespace consilium::state
