// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/settle.hpp"

#include "ledger/hashes.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::ehr::exchange {
namespace {

// The block time is read first: what no block had taken when that one was the newest, and what may
// not apply after it, never will. A chain without traffic makes no blocks; there our clock decides,
// late enough that nothing can still be under way, and the contracts take nothing twice anyway.
bool has_lapsed(const Ports& ports, UnixMs block_time, UnixMs not_after) {
    return block_time.value > not_after.value ||
           ports.now().value > not_after.value + kAuthoredLifeMs;
}

}  // namespace

Settlement settle(const Ports& ports, const Bytes& transaction, std::function<void()> woken) {
    Settlement out;
    const auto decoded = ledger::decode_transaction(transaction);
    CONSILIUM_ASSERT(decoded.ok());
    const UnixMs block_time = ports.reads.status().block_time;
    const auto known =
        ports.reads.outcome(ledger::transaction_id(ports.network, ports.member, transaction));
    if (known) {
        auto outcome = ledger::decode_outcome(known->outcome);
        if (!outcome) return out;
        out.state = outcome->applied() ? Settlement::State::kApplied : Settlement::State::kRejected;
        out.outcome = std::move(outcome).value();
        return out;
    }
    if (known.error() != ReadError::kNotFound) return out;
    if (has_lapsed(ports, block_time, decoded->not_after)) {
        out.state = Settlement::State::kLapsed;
        return out;
    }
    // After an error the agenda's own time brings us back: the node cannot take it just now.
    ports.submit.submit(transaction, [woken = std::move(woken)](const auto& committed) {
        if (committed) woken();
    });
    return out;
}

namespace {

v1::Command command_of(const v1::EhrCommand& command) {
    v1::Command out;
    out.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kEhr));
    out.set_payload(proto::encode(command));
    return out;
}

std::optional<Bytes> composed(const Ports& ports, Result<Bytes, AuthorError> transaction) {
    if (!transaction) {
        ports.log.error("exchange", "no transaction can be made",
                        {telemetry::Field::name("reason", to_string(transaction.error()))});
        return std::nullopt;
    }
    return std::move(transaction).value();
}

}  // namespace

std::optional<Bytes> compose(const Ports& ports, v1::Role role, const v1::EhrCommand& command) {
    return composed(ports, ports.author.compose(role, {command_of(command)}));
}

std::optional<Bytes> compose_as(const Ports& ports, const ledger::UserId& user, v1::Role role,
                                const v1::EhrCommand& command) {
    return composed(ports, ports.author.compose_as(user, role, {command_of(command)}));
}

}  // namespace consilium::services::ehr::exchange
