// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "ledger/ids.hpp"
#include "proto/canonical.hpp"
#include "vault/batch.hpp"

// Keys of delivery's rows in the vault: docs/formats/peer.md, "Rows". Pure.
namespace consilium::vault::delivery {

inline constexpr BytesView kOutgoingRows = "delivery/out/";
inline constexpr BytesView kSentRows = "delivery/sent/";
inline constexpr BytesView kIncomingRows = "delivery/in/";
inline constexpr BytesView kDoomedRows = "delivery/doomed/";

// Rows of one member lie together; its id has no zero byte.
[[nodiscard]] inline Bytes member_rows(BytesView rows, BytesView member) {
    Bytes key(rows);
    key.append(member).push_back('\0');
    return key;
}
// Messages leave in the order of `number`.
[[nodiscard]] inline Bytes outgoing_key(BytesView to, std::uint64_t number) {
    Bytes key = member_rows(kOutgoingRows, to);
    append_be64(key, number);
    return key;
}
[[nodiscard]] inline Bytes sent_key(BytesView to, BytesView name) {
    return member_rows(kSentRows, to).append(name);
}
[[nodiscard]] inline Bytes incoming_key(BytesView from, BytesView name) {
    return member_rows(kIncomingRows, from).append(name);
}
// Pieces of that record are to be destroyed, now or after a crash.
[[nodiscard]] inline Bytes doomed_key(BytesView record) {
    return Bytes(kDoomedRows).append(record);
}

template <typename Message>
[[nodiscard]] std::optional<Message> decode_row(BytesView value) {
    Message message;
    if (!proto::parse_canonical(value, message)) return std::nullopt;
    return message;
}

}  // namespace consilium::vault::delivery
