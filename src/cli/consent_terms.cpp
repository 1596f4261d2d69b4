// SPDX-License-Identifier: Apache-2.0
#include "cli/consent_terms.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/hex.hpp"
#include "cli/home.hpp"
#include "cli/names.hpp"
#include "contracts/registry/registry.hpp"
#include "proto/canonical.hpp"
#include "proto/enum_names.hpp"

namespace consilium::cli {
namespace {

constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;
constexpr std::uint64_t kClockSlackMs = 60'000;

// A row of contract identity; nothing when it is not there.
Result<std::optional<Bytes>, Problem> row_of(NodeClient& node, const std::string& path) {
    const auto key = contracts::registry().key_from_path(path);
    if (!key) return fail(Problem{Exit::kInternal, "there is no row '" + path + "'", {}});
    const auto state = node.state(*key, std::nullopt, false);
    if (!state) return fail(state.error());
    if (!state->present()) return std::optional<Bytes>();
    return std::optional<Bytes>(state->value());
}

template <typename E>
Result<std::vector<E>, Problem> read_names(const std::vector<std::string>& names,
                                           const std::string& what) {
    std::vector<E> out;
    for (const auto& name : names) {
        const auto value = proto::value_of<E>(name);
        if (!value) {
            return fail(Problem{Exit::kUsage, "'" + name + "' is not " + what,
                                "Known: " + joined(proto::names_of<E>()) + "."});
        }
        out.push_back(*value);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

}  // namespace

void add_consent_terms(CLI::App& command, ConsentTerms& terms) {
    command
        .add_option("--purpose", terms.purposes, "A purpose of use; may be given more than once")
        ->required();
    command.add_option("--action", terms.actions, "read or contribute; may be given twice")
        ->capture_default_str();
    command.add_option("--days", terms.days, "How long it holds")
        ->check(CLI::Range(1, 36'500))
        ->capture_default_str();
    command.add_flag("--object", terms.object, "An objection: it prevails over any consent");
}

Result<v1::IdentityCommand, Problem> grant_command(const ConsentTerms& terms, const Bytes& link,
                                                   NodeClient& node) {
    const auto purposes = read_names<v1::PurposeOfUse>(terms.purposes, "a purpose of use");
    if (!purposes) return fail(purposes.error());
    const auto actions = read_names<v1::AccessAction>(terms.actions, "an action");
    if (!actions) return fail(actions.error());
    const auto row = row_of(node, "identity/gate/" + to_hex(link));
    if (!row) return fail(row.error());
    v1::ConsentGate gate;
    if (*row && !proto::parse_canonical(**row, gate)) {
        return fail(Problem{Exit::kInternal, "the node's answer is not a consent gate", {}});
    }
    v1::IdentityCommand command;
    auto& grant = *command.mutable_grant_consent();
    grant.set_link_id(link);
    grant.set_provision(terms.object ? v1::CONSENT_PROVISION_DENY : v1::CONSENT_PROVISION_PERMIT);
    for (const auto purpose : *purposes)
        grant.add_purposes(purpose);
    for (const auto action : *actions)
        grant.add_actions(action);
    // From a little before, because block time may be behind this machine's.
    grant.set_valid_from_unix_ms(now().value - kClockSlackMs);
    grant.set_valid_until_unix_ms(grant.valid_from_unix_ms() + terms.days * kDayMs);
    grant.set_gate_version(gate.version());
    return command;
}

Result<v1::IdentityCommand, Problem> revoke_command(const Bytes& link, std::uint32_t number,
                                                    NodeClient& node) {
    const std::string path = "identity/consent/" + to_hex(link);
    const auto row = row_of(node, path + "/" + std::to_string(number));
    if (!row) return fail(row.error());
    v1::Consent given;
    if (!*row || !proto::parse_canonical(**row, given)) {
        return fail(Problem{Exit::kRefused, "the link has no consent of that number",
                            "'consilium consent list --link " + to_hex(link) + "' shows them."});
    }
    v1::IdentityCommand command;
    auto& out = *command.mutable_revoke_consent();
    out.set_link_id(link);
    out.set_number(number);
    out.set_version(given.version());
    return command;
}

}  // namespace consilium::cli
