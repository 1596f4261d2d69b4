// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/result.hpp"
#include "http/client.hpp"
#include "vault/delivery/protocol.hpp"
#include "vault/vault.hpp"

namespace consilium::vault::delivery {

inline constexpr std::string_view kPeerPath = "/v1/peer";

enum class TransferEnd : std::uint8_t {
    kTaken,
    kRefused,
    kLater,        // the recipient is there, but wants it later
    kUnreachable,  // nobody there, or nobody whom we trust
    kStrange,      // it answers what no recipient answers
    kDisk,         // our own copy cannot be read
    kInterrupted,
};
[[nodiscard]] const char* to_string(TransferEnd end);

struct Transfer {
    TransferEnd end = TransferEnd::kUnreachable;
    v1::PeerRefusal refusal = v1::PEER_REFUSAL_UNSPECIFIED;  // with kRefused
    std::uint64_t sent_bytes = 0;                            // of the message, in this attempt
};

// The piece at an offset.
using PieceSource = std::function<Result<Bytes, VaultError>(std::uint64_t offset)>;
// One exchange with the recipient.
using Exchange =
    std::function<Result<http::HttpReply, http::ClientFailure>(const http::HttpRequest& request)>;

// Brings one message to its recipient, from where it came to last time when it was `tried` before.
// Blocking.
[[nodiscard]] Transfer transfer(const v1::PeerHeader& header, bool tried, const PieceSource& piece,
                                const Exchange& exchange);

}  // namespace consilium::vault::delivery
