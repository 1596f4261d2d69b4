// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/model.hpp"

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "crypto/sign.hpp"
#include "ledger/hashes.hpp"
#include "proto/canonical.hpp"

namespace consilium::sim {
namespace {

using ledger::Rejection;

constexpr std::uint32_t kMembership = 2;
constexpr std::uint32_t kCharts = 3;
constexpr std::uint32_t kDocuments = 4;
constexpr std::uint32_t kIdentity = 5;
constexpr std::uint32_t kEhr = 6;
constexpr std::uint32_t kMalformed = 1;  // in every contract

bool verify(v1::Algorithm algorithm, BytesView key, BytesView message, BytesView signature) {
    const auto known = crypto::algorithm_from_id(static_cast<std::uint32_t>(algorithm));
    return known && crypto::verify(*known, key, message, signature);
}

ledger::Outcome rejected(std::uint32_t contract, std::uint32_t code, std::size_t command) {
    ledger::Outcome out;
    out.contract = contract;
    out.code = code;
    out.command_index = static_cast<std::uint32_t>(command);
    return out;
}

// What kinds of membership commands a transaction consists of.
enum class Renewal { kNone, kKeysOnly, kKeysAndUsers };

Renewal renewal_of(const ledger::TransactionView& transaction) {
    Renewal out = Renewal::kKeysOnly;
    for (const ledger::CommandView& command : transaction.commands) {
        v1::MembershipCommand message;
        if (command.contract != kMembership || !proto::parse_canonical(command.payload, message))
            return Renewal::kNone;
        if (message.has_register_key()) continue;
        if (!message.has_register_users()) return Renewal::kNone;
        out = Renewal::kKeysAndUsers;
    }
    return out;
}

}  // namespace

Model::Model(const v1::GenesisState& genesis, const ledger::NetworkId& network)
    : network_(network),
      genesis_time_{genesis.time_unix_ms()},
      protocol_version_(genesis.protocol_version()),
      ehr_parameters_(genesis.ehr()),
      time_{genesis.time_unix_ms()} {
    for (const v1::GenesisMember& member : genesis.members()) {
        state_.members[member.member_id()] = member.member();
        state_.nodes[member.member_id()] = member.node();
        for (const v1::GenesisKey& key : member.keys()) {
            v1::MemberKey row;
            row.set_algorithm(key.algorithm());
            row.set_public_key(key.public_key());
            row.set_not_after_unix_ms(key.not_after_unix_ms());
            auto& keys = state_.keys[member.member_id()];
            keys.push_back({row, std::nullopt});
            v1::KeyUse& use = state_.key_uses[key.public_key()];
            use.set_member_id(member.member_id());
            use.set_key_id(static_cast<std::uint32_t>(keys.size()));
        }
        for (const v1::UserDay& day : member.users())
            CONSILIUM_ASSERT(add_user(member.member_id(), day) == 0);
    }
}

std::vector<Model::ItemOutcomes> Model::apply_block(Height height, UnixMs time,
                                                    std::span<const Bytes> items) {
    CONSILIUM_ASSERT(height == height_ + 1 && time > time_);
    height_ = height;
    time_ = time;
    const std::size_t replays = replays_.size();
    std::vector<ItemOutcomes> out;
    for (const Bytes& item : items)
        out.push_back(apply_item(item));
    std::size_t removable = limits::kReplayDigestsRemovedPerBlock + 2 * (replays_.size() - replays);
    while (!replays_.empty() && replays_.begin()->first < time.value && removable-- > 0)
        replays_.erase(replays_.begin());
    return out;
}

Model::ItemOutcomes Model::apply_item(BytesView item) {
    const auto bundle = ledger::decode_item(item);
    if (!bundle) return std::nullopt;
    const auto keys = state_.keys.find(Bytes(bundle->member_id));
    if (keys == state_.keys.end() || bundle->key_id > keys->second.size()) return std::nullopt;
    const Key& key = keys->second[bundle->key_id - 1];
    // A key signs from the block after the one that registered it.
    if (key.row.registered_height() == height_) return std::nullopt;
    if (!verify(key.row.algorithm(), key.row.public_key(),
                ledger::bundle_digest(network_, bundle->header).view(), bundle->signature))
        return std::nullopt;
    if (bundle->not_after < time_) return std::nullopt;
    const v1::Member& member = state_.members[Bytes(bundle->member_id)];
    if (member.status() != v1::MEMBER_STATUS_ACTIVE || key.retired) return std::nullopt;
    Window& window = windows_[{Bytes(bundle->member_id), bundle->key_id}];
    const std::uint64_t sequence = bundle->sequence;
    const bool fits = sequence + limits::kReplayWindow > window.top &&
                      sequence <= window.top + limits::kReplayWindow &&
                      !window.used.contains(sequence);
    if (!fits) return std::nullopt;
    window.used.insert(sequence);
    window.top = std::max(window.top, sequence);
    std::vector<ledger::Outcome> outcomes;
    for (const BytesView transaction : bundle->transactions)
        outcomes.push_back(apply_transaction(*bundle, transaction));
    return outcomes;
}

std::optional<Rejection> Model::judge(const ledger::BundleView& bundle,
                                      const ledger::TransactionView& transaction,
                                      const Hash32& digest) const {
    const Bytes member(bundle.member_id);
    const Renewal renewal = renewal_of(transaction);
    if (transaction.not_after < time_) return Rejection::kExpired;
    const Key& key = state_.keys.at(member)[bundle.key_id - 1];
    if (key.row.not_after_unix_ms() < time_.value && renewal != Renewal::kKeysOnly)
        return Rejection::kKeyExpired;
    for (const ledger::PersonalSignatureView& signature : transaction.personal_signatures) {
        if (!crypto::verify(signature.algorithm, signature.public_key, digest.view(),
                            signature.signature))
            return Rejection::kPersonalSignature;
    }
    if (!transaction.personal_signatures.empty()) {
        if (transaction.not_after.value > time_.value + limits::kPersonalNotAfterMsMax)
            return Rejection::kPersonalNotAfter;
        if (replays_.contains({transaction.not_after.value, digest.bytes()}))
            return Rejection::kPersonalReplayed;
    }
    const auto found = state_.users.find({member, Bytes(transaction.user)});
    if (found == state_.users.end()) return Rejection::kUserUnknown;
    const v1::User& user = found->second;
    if (user.revoked()) return Rejection::kUserRevoked;
    if (user.role() != transaction.role) return Rejection::kUserRole;
    if (time_.value < user.valid_from_unix_ms()) return Rejection::kUserNotValidNow;
    const bool may_renew = user.role() == v1::ROLE_ADMINISTRATOR && renewal != Renewal::kNone;
    if (time_.value > user.valid_until_unix_ms() && !may_renew) return Rejection::kUserNotValidNow;
    return std::nullopt;
}

ledger::Outcome Model::apply_transaction(const ledger::BundleView& bundle, BytesView bytes) {
    const auto transaction = ledger::decode_transaction(bytes);
    CONSILIUM_ASSERT(transaction.ok());
    const Hash32 digest = ledger::personal_digest(network_, bundle.member_id, transaction->body);
    if (const auto rejection = judge(bundle, *transaction, digest))
        return rejected(1, static_cast<std::uint32_t>(*rejection), 0);
    Actor actor{
        Bytes(bundle.member_id), bundle.key_id, Bytes(transaction->user), transaction->role, {}};
    for (const ledger::PersonalSignatureView& signature : transaction->personal_signatures) {
        actor.signers.emplace_back(static_cast<v1::Algorithm>(signature.algorithm),
                                   Bytes(signature.public_key));
    }
    const State before = state_;
    assigned_.clear();
    asked_.clear();
    ledger::Outcome outcome = run(*transaction, actor);
    if (!outcome.applied()) {
        state_ = before;
    } else if (!actor.signers.empty()) {
        replays_.emplace(transaction->not_after.value, digest.bytes());
    }
    return outcome;
}

ledger::Outcome Model::run(const ledger::TransactionView& transaction, const Actor& actor) {
    const auto& commands = transaction.commands;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        if (commands[i].contract < kMembership || commands[i].contract > kEhr)
            return rejected(1, static_cast<std::uint32_t>(Rejection::kUnknownContract), i);
        if (const Code code = check(commands[i].contract, commands[i].payload); code != 0)
            return rejected(commands[i].contract, code, i);
    }
    for (std::size_t i = 0; i < commands.size(); ++i) {
        if (const Code code = apply(commands[i].contract, commands[i].payload, actor); code != 0)
            return rejected(commands[i].contract, code, i);
    }
    // CloseLink wants a person's word, and consents without paper: that of the link's patient.
    for (const auto& signer : actor.signers) {
        if (!asked_.contains(signer))
            return rejected(1, static_cast<std::uint32_t>(Rejection::kPersonalUnasked), 0);
    }
    ledger::Outcome out;
    out.assigned = assigned_;
    return out;
}

Model::Code Model::check(std::uint32_t contract, BytesView payload) const {
    const auto judge = [&](auto message) {
        return proto::parse_canonical(payload, message) ? check(message) : kMalformed;
    };
    switch (contract) {
        case kMembership:
            return judge(v1::MembershipCommand());
        case kCharts:
            return judge(v1::ChartsCommand());
        case kDocuments:
            return judge(v1::DocumentsCommand());
        case kIdentity:
            return judge(v1::IdentityCommand());
        default:
            return judge(v1::EhrCommand());
    }
}

Model::Code Model::apply(std::uint32_t contract, BytesView payload, const Actor& actor) {
    const auto carry_out = [&](auto message) {
        CONSILIUM_ASSERT(proto::parse_canonical(payload, message).ok());
        return apply(message, actor);
    };
    switch (contract) {
        case kMembership:
            return carry_out(v1::MembershipCommand());
        case kCharts:
            return carry_out(v1::ChartsCommand());
        case kDocuments:
            return carry_out(v1::DocumentsCommand());
        case kIdentity:
            return carry_out(v1::IdentityCommand());
        default:
            return carry_out(v1::EhrCommand());
    }
}

std::string compare_rows(const Rows& expected, const Rows& found) {
    for (const auto& [key, value] : expected) {
        const auto row = found.find(key);
        if (row == found.end()) return "the row " + to_hex(key) + " is missing";
        if (row->second != value) {
            return "the row " + to_hex(key) + " is " + to_hex(row->second) + ", not " +
                   to_hex(value);
        }
    }
    for (const auto& [key, value] : found) {
        if (!expected.contains(key)) return "the row " + to_hex(key) + " should not be there";
    }
    return "same";
}

}  // namespace consilium::sim
