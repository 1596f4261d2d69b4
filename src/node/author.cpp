// SPDX-License-Identifier: Apache-2.0
#include "node/author.hpp"

#include "crypto/random.hpp"
#include "ledger/transaction.hpp"
#include "node/text_file.hpp"

namespace consilium::node {
namespace {

constexpr std::size_t kNonceBytes = 16;
constexpr std::size_t kUserListBytesMax = 16U << 20U;

}  // namespace

Result<Bytes, ledger::TransactionError> compose_transaction(
    const ledger::NetworkId& network, const ledger::MemberId& member, const ledger::UserId& user,
    v1::Role role, const std::vector<v1::Command>& commands, UnixMs now) {
    v1::Body body;
    body.mutable_actor()->set_user(user.bytes());
    body.mutable_actor()->set_role(role);
    body.set_nonce(crypto::random_bytes(kNonceBytes));
    body.set_not_after_unix_ms(now.value + services::kAuthoredLifeMs);
    for (const auto& command : commands)
        *body.add_commands() = command;
    Bytes transaction = ledger::make_transaction(network, member, body);
    if (const auto checked = ledger::decode_transaction(transaction); !checked) {
        return fail(checked.error());
    }
    return transaction;
}

FileAuthor::FileAuthor(const ledger::NetworkId& network, ledger::MemberId member,
                       std::filesystem::path users, const consensus::Clock& clock)
    : network_(network), member_(std::move(member)), file_(std::move(users)), clock_(clock) {}

Result<Bytes, services::AuthorError> FileAuthor::compose(v1::Role role,
                                                         const std::vector<v1::Command>& commands) {
    const auto speaker = user(role, clock_.wall());
    if (!speaker) return fail(speaker.error());
    return compose_as(*speaker, role, commands);
}

Result<Bytes, services::AuthorError> FileAuthor::compose_as(
    const ledger::UserId& user, v1::Role role, const std::vector<v1::Command>& commands) {
    auto transaction = compose_transaction(network_, member_, user, role, commands, clock_.wall());
    if (!transaction) return fail(services::AuthorError::kMalformed);
    return std::move(transaction).value();
}

// Under the lock.
Status<services::AuthorError> FileAuthor::refresh() {
    std::error_code error;
    const auto changed = std::filesystem::last_write_time(file_, error);
    if (error) return fail(services::AuthorError::kUserList);
    if (changed == read_at_ && !users_.empty()) return Done{};
    const auto text = read_text_file(file_, kUserListBytesMax);
    if (!text) return fail(services::AuthorError::kUserList);
    auto users = parse_users(*text);
    if (!users) return fail(services::AuthorError::kUserList);
    users_ = std::move(users).value();
    read_at_ = changed;
    return Done{};
}

Result<ledger::UserId, services::AuthorError> FileAuthor::user(v1::Role role, UnixMs now) {
    const std::lock_guard lock(mutex_);
    if (auto read = refresh(); !read) return fail(read.error());
    const UserEntry* entry = user_at(users_, role, now);
    if (entry == nullptr) return fail(services::AuthorError::kNoUser);
    return entry->user;
}

Result<std::vector<ledger::UserId>, services::AuthorError> FileAuthor::users(v1::Role role) {
    const UnixMs now = clock_.wall();
    const std::lock_guard lock(mutex_);
    if (auto read = refresh(); !read) return fail(read.error());
    std::vector<ledger::UserId> out;
    for (const UserEntry& entry : users_) {
        if (entry.role == role && entry.valid_from <= now && now <= entry.valid_until)
            out.push_back(entry.user);
    }
    return out;
}

}  // namespace consilium::node
