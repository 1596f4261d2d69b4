// SPDX-License-Identifier: Apache-2.0
#include "execution/run_transaction.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "contracts/sdk/ledger_tables.hpp"

namespace consilium::execution {
namespace {

namespace sdk = contracts::sdk;
using ledger::ContractId;
using ledger::Rejection;

constexpr Rejection kNone{};

bool all_commands(const CheckedTransaction& transaction, const auto& holds) {
    return std::all_of(transaction.commands.begin(), transaction.commands.end(),
                       [&](const CheckedCommand& command) {
                           return command.contract != nullptr && command.message != nullptr &&
                                  command.contract->id() == ContractId::kMembership &&
                                  holds(*command.message);
                       });
}

bool renews_keys_or_users(const sdk::Registry& registry, const CheckedTransaction& transaction) {
    const auto& membership = *registry.lookups().membership;
    return all_commands(transaction, [&](const google::protobuf::Message& command) {
        return membership.renews_key(command) || membership.renews_users(command);
    });
}

Rejection judge_times(const sdk::Registry& registry, const sdk::BlockFacts& block,
                      const CheckedBundle& bundle, const CheckedTransaction& transaction) {
    if (transaction.view.not_after < block.time) return Rejection::kExpired;
    if (bundle.key_not_after < block.time && !renews_key(registry, transaction))
        return Rejection::kKeyExpired;
    return kNone;
}

Rejection judge_persons(sdk::Overlay& state, const sdk::BlockFacts& block,
                        const CheckedTransaction& transaction) {
    if (transaction.view.personal_signatures.empty()) return kNone;
    if (!transaction.personal_signatures_right) return Rejection::kPersonalSignature;
    const UnixMs not_after = transaction.view.not_after;
    if (not_after.value - block.time.value > limits::kPersonalNotAfterMsMax)
        return Rejection::kPersonalNotAfter;
    if (state.get(sdk::replay_key(not_after, transaction.personal_digest)))
        return Rejection::kPersonalReplayed;
    return kNone;
}

Rejection judge_user(sdk::Overlay& state, const sdk::Registry& registry,
                     const sdk::BlockFacts& block, const sdk::TransactionFacts& facts,
                     const CheckedTransaction& transaction) {
    const auto user = registry.lookups().membership->user(state, facts.member_id, facts.user);
    if (!user) return Rejection::kUserUnknown;
    if (user->revoked()) return Rejection::kUserRevoked;
    if (user->role() != facts.role) return Rejection::kUserRole;
    if (block.time.value < user->valid_from_unix_ms()) return Rejection::kUserNotValidNow;
    if (block.time.value <= user->valid_until_unix_ms()) return kNone;
    // A member whose ids have all run out must be able to register new ones.
    const bool renewal =
        user->role() == v1::ROLE_ADMINISTRATOR && renews_keys_or_users(registry, transaction);
    return renewal ? kNone : Rejection::kUserNotValidNow;
}

ledger::Outcome rejected(std::uint32_t contract, std::uint32_t code, std::size_t command) {
    ledger::Outcome out;
    out.contract = contract;
    out.code = code;
    out.command_index = static_cast<std::uint32_t>(command);
    return out;
}

ledger::Outcome rejected(Rejection rejection, std::size_t command = 0) {
    return rejected(static_cast<std::uint32_t>(ContractId::kLedger),
                    static_cast<std::uint32_t>(rejection), command);
}

ledger::Outcome run_commands(const CheckedTransaction& transaction, sdk::Context& context) {
    for (std::size_t i = 0; i < transaction.commands.size(); ++i) {
        const CheckedCommand& command = transaction.commands[i];
        if (command.contract == nullptr) return rejected(Rejection::kUnknownContract, i);
        if (command.code != 0)
            return rejected(static_cast<std::uint32_t>(command.contract->id()), command.code, i);
    }
    for (std::size_t i = 0; i < transaction.commands.size(); ++i) {
        const CheckedCommand& command = transaction.commands[i];
        sdk::Code code = command.contract->authorize(*command.message, context);
        if (code == 0) code = command.contract->apply(*command.message, context);
        if (code != 0) return rejected(static_cast<std::uint32_t>(command.contract->id()), code, i);
    }
    if (!context.all_signers_asked()) return rejected(Rejection::kPersonalUnasked);
    ledger::Outcome out;
    out.assigned = std::move(context.assigned());
    return out;
}

// A contract writes rows of its own only, and what it says of them must hold.
bool invariants_hold(const CheckedTransaction& transaction, const sdk::Registry& registry,
                     sdk::Overlay& state, sdk::Context& context) {
    for (const sdk::Overlay::Change& change : state.changes()) {
        const sdk::Contract* contract =
            registry.find(static_cast<std::uint8_t>(change.key.front()));
        const bool commanded = std::any_of(
            transaction.commands.begin(), transaction.commands.end(),
            [&](const CheckedCommand& command) { return command.contract == contract; });
        if (contract == nullptr || !commanded || change.key.size() < 2 ||
            !contract->holds(change, context))
            return false;
    }
    return true;
}

}  // namespace

BlockError block_error(state::DiskError error) {
    return error == state::DiskError::kCorruption ? BlockError::kCorruption : BlockError::kDisk;
}

bool renews_key(const sdk::Registry& registry, const CheckedTransaction& transaction) {
    const auto& membership = *registry.lookups().membership;
    return all_commands(transaction, [&](const google::protobuf::Message& command) {
        return membership.renews_key(command);
    });
}

RunResult run_transaction(sdk::Overlay& state, const sdk::Registry& registry,
                          const sdk::BlockFacts& block, const CheckedBundle& bundle,
                          const CheckedTransaction& transaction) {
    sdk::TransactionFacts facts;
    facts.member_id = bundle.view.member_id;
    facts.key_id = bundle.view.key_id;
    CONSILIUM_ASSERT(assign(facts.user, transaction.view.user));
    facts.role = transaction.view.role;
    facts.signers = transaction.view.personal_signatures;

    state.begin();
    Rejection early = judge_times(registry, block, bundle, transaction);
    if (early == kNone) early = judge_persons(state, block, transaction);
    if (early == kNone) early = judge_user(state, registry, block, facts, transaction);
    if (early != kNone) return {rejected(early)};

    sdk::Context context(state, registry.lookups(), block, facts);
    RunResult result{run_commands(transaction, context)};
    if (result.outcome.applied() && !state.disk_error() &&
        !invariants_hold(transaction, registry, state, context)) {
        result = {rejected(Rejection::kInvariant), !state.disk_error()};
    }
    if (!result.outcome.applied()) {
        state.undo();
    } else if (!transaction.view.personal_signatures.empty()) {
        state.put(sdk::replay_key(transaction.view.not_after, transaction.personal_digest), {});
        result.digest_kept = true;
    }
    return result;
}

}  // namespace consilium::execution
