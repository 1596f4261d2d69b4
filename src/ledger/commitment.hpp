// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "crypto/hash.hpp"
#include "ledger/ids.hpp"

// The salted commitments of the document plane, as their makers and checkers compute them. A salt
// is 32 random bytes, used once, and never on the ledger. Pure; thread-safe.
namespace consilium::ledger {

// H("consilium/document/1", salt, payload): over the stored bytes of one document version.
[[nodiscard]] Hash32 document_commitment(BytesView salt, BytesView payload);
// The same over a payload of `size` bytes that comes in pieces; size below 2^32.
[[nodiscard]] crypto::TaggedHashStream document_commitment_stream(BytesView salt,
                                                                  std::uint64_t size);

// H("consilium/link-slot/1", salt, chart, link).
[[nodiscard]] Hash32 link_slot_commitment(BytesView salt, const ChartId& chart, const LinkId& link);

// H("consilium/shared-record/1", salt, list, sequence, version): `list` as record_list makes it,
// sequence as u64 and version as u32, big-endian.
[[nodiscard]] Hash32 shared_record_commitment(BytesView salt, BytesView list,
                                              std::uint64_t sequence, std::uint32_t version);

// H("consilium/manifest-leaf/1", record, commitment).
[[nodiscard]] Hash32 manifest_leaf(const RecordId& record, const Hash32& commitment);

// How a list is named in state keys and commitments: 'c' and the chart id, or 'm', the member id
// and a zero byte.
[[nodiscard]] Bytes record_list(const ChartId& chart);
[[nodiscard]] Bytes record_list(BytesView member_id);

}  // namespace consilium::ledger
