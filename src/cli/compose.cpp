// SPDX-License-Identifier: Apache-2.0
#include "cli/compose.hpp"

#include "base/rfc3339.hpp"
#include "cli/names.hpp"
#include "crypto/random.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"

namespace consilium::cli {
namespace {

constexpr std::uint64_t kLifetimeMs = 300'000;

template <typename Message>
v1::Command wrap(ledger::ContractId contract, const Message& message) {
    v1::Command command;
    command.set_contract(static_cast<std::uint32_t>(contract));
    command.set_payload(proto::encode(message));
    return command;
}

}  // namespace

Result<ledger::UserId, Problem> user_of_today(const Speaker& speaker, v1::Role role) {
    const UnixMs time = now();
    bool any = false;
    for (const auto& entry : speaker.users) {
        if (entry.role != role) continue;
        any = true;
        if (entry.valid_from <= time && time <= entry.valid_until) return entry.user;
    }
    return fail(Problem{Exit::kRefused,
                        speaker.member_id + " has no user id " + (any ? "of today " : "") +
                            "in the role " + name_of(role),
                        "Register ids for more days: consilium user add --role " + name_of(role) +
                            " --member " + speaker.member_id});
}

v1::Command command_of(const v1::MembershipCommand& command) {
    return wrap(ledger::ContractId::kMembership, command);
}
v1::Command command_of(const v1::ChartsCommand& command) {
    return wrap(ledger::ContractId::kCharts, command);
}
v1::Command command_of(const v1::DocumentsCommand& command) {
    return wrap(ledger::ContractId::kDocuments, command);
}

Result<Bytes, Problem> compose(const Speaker& speaker, v1::Role role,
                               const std::vector<v1::Command>& commands) {
    const auto user = user_of_today(speaker, role);
    if (!user) return fail(user.error());
    v1::Body body;
    body.mutable_actor()->set_user(user->bytes());
    body.mutable_actor()->set_role(role);
    body.set_nonce(crypto::random_bytes(16));
    body.set_not_after_unix_ms(now().value + kLifetimeMs);
    for (const auto& command : commands)
        *body.add_commands() = command;
    Bytes transaction = ledger::make_transaction(speaker.network_id, speaker.member_id, body);
    if (const auto checked = ledger::decode_transaction(transaction); !checked) {
        return fail(
            Problem{Exit::kUsage,
                    std::string("this is no transaction: ") + ledger::to_string(checked.error()),
                    {}});
    }
    return transaction;
}

}  // namespace consilium::cli
