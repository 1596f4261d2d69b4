// SPDX-License-Identifier: Apache-2.0
#include "cli/compose.hpp"

#include "cli/names.hpp"
#include "ledger/transaction.hpp"
#include "node/author.hpp"
#include "proto/canonical.hpp"
#include "proto/enum_names.hpp"

namespace consilium::cli {
namespace {

template <typename Message>
v1::Command wrap(ledger::ContractId contract, const Message& message) {
    v1::Command command;
    command.set_contract(static_cast<std::uint32_t>(contract));
    command.set_payload(proto::encode(message));
    return command;
}

}  // namespace

Result<ledger::UserId, Problem> user_of_today(const Speaker& speaker, v1::Role role) {
    if (const auto* entry = node::user_at(speaker.users, role, now())) return entry->user;
    const bool any =
        std::any_of(speaker.users.begin(), speaker.users.end(),
                    [role](const node::UserEntry& entry) { return entry.role == role; });
    return fail(Problem{Exit::kRefused,
                        speaker.member_id + " has no user id " + (any ? "of today " : "") +
                            "in the role " + proto::name_of(role),
                        "Register ids for more days: consilium user add --role " +
                            proto::name_of(role) + " --member " + speaker.member_id});
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
v1::Command command_of(const v1::IdentityCommand& command) {
    return wrap(ledger::ContractId::kIdentity, command);
}
v1::Command command_of(const v1::EhrCommand& command) {
    return wrap(ledger::ContractId::kEhr, command);
}

Result<Bytes, Problem> compose(const Speaker& speaker, v1::Role role,
                               const std::vector<v1::Command>& commands) {
    const auto user = user_of_today(speaker, role);
    if (!user) return fail(user.error());
    auto transaction = node::compose_transaction(speaker.network_id, speaker.member_id, *user, role,
                                                 commands, now());
    if (!transaction) {
        return fail(Problem{
            Exit::kUsage,
            std::string("this is no transaction: ") + ledger::to_string(transaction.error()),
            {}});
    }
    return std::move(transaction).value();
}

}  // namespace consilium::cli
