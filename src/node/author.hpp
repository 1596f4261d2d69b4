// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <mutex>

#include "consensus/embedded/clock.hpp"
#include "ledger/transaction.hpp"
#include "node/users.hpp"
#include "services/port/author.hpp"

namespace consilium::node {

// A transaction with a fresh nonce that may apply for kAuthoredLifeMs from `now`.
[[nodiscard]] Result<Bytes, ledger::TransactionError> compose_transaction(
    const ledger::NetworkId& network, const ledger::MemberId& member, const ledger::UserId& user,
    v1::Role role, const std::vector<v1::Command>& commands, UnixMs now);

// Speaks for the users of a list file, which it reads again when the file has changed.
class FileAuthor final : public services::Author {
 public:
    FileAuthor(const ledger::NetworkId& network, ledger::MemberId member,
               std::filesystem::path users, const consensus::Clock& clock);
    [[nodiscard]] Result<Bytes, services::AuthorError> compose(
        v1::Role role, const std::vector<v1::Command>& commands) override;
    [[nodiscard]] Result<std::vector<ledger::UserId>, services::AuthorError> users(
        v1::Role role) override;
    [[nodiscard]] Result<Bytes, services::AuthorError> compose_as(
        const ledger::UserId& user, v1::Role role,
        const std::vector<v1::Command>& commands) override;

 private:
    [[nodiscard]] Status<services::AuthorError> refresh();
    [[nodiscard]] Result<ledger::UserId, services::AuthorError> user(v1::Role role, UnixMs now);

    const ledger::NetworkId network_;
    const ledger::MemberId member_;
    const std::filesystem::path file_;
    const consensus::Clock& clock_;
    std::mutex mutex_;
    std::filesystem::file_time_type read_at_;
    std::vector<UserEntry> users_;
};

}  // namespace consilium::node
