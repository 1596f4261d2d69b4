// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "services/ehr/exchange/rows.hpp"
#include "vault/vault.hpp"

namespace consilium::services::ehr::exchange {

// A row as its message; kDamaged when it is none.
template <typename Message>
[[nodiscard]] Result<std::optional<Message>, vault::VaultError> get_row(const vault::Vault& vault,
                                                                        BytesView key) {
    const auto bytes = vault.row(key);
    if (!bytes) return fail(bytes.error());
    if (!*bytes) return std::optional<Message>();
    auto message = decode_row<Message>(**bytes);
    if (!message) return fail(vault::VaultError::kDamaged);
    return std::optional<Message>(std::move(*message));
}

template <typename Message>
[[nodiscard]] vault::Row row_of(const Bytes& key, const Message& message) {
    return {key, proto::encode(message)};
}
[[nodiscard]] inline vault::Row no_row(const Bytes& key) {
    return {key, std::nullopt};
}
[[nodiscard]] inline vault::Row todo(const Bytes& of) {
    return {todo_key(of), Bytes("1")};
}
[[nodiscard]] inline vault::Row no_todo(const Bytes& of) {
    return {todo_key(of), std::nullopt};
}

}  // namespace consilium::services::ehr::exchange
