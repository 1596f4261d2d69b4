// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "consilium/v1/genesis.pb.h"
#include "contracts/sdk/context.hpp"
#include "contracts/sdk/key.hpp"
#include "ledger/ids.hpp"
#include "ledger/outcome.hpp"
#include "proto/canonical.hpp"

namespace consilium::contracts::sdk {

// A contract's own rejection code; 0 is none.
using Code = std::uint32_t;

// Deterministic rules that every node runs on the same input. An object without state: everything
// it knows is in its arguments. All functions are thread-safe; parse() runs in parallel.
class Contract {
 public:
    virtual ~Contract() = default;

    [[nodiscard]] virtual ledger::ContractId id() const = 0;
    [[nodiscard]] virtual std::string_view name() const = 0;
    [[nodiscard]] virtual std::span<const TableInfo> tables() const = 0;
    // An empty command: of the type that payloads decode to. For tools. Lives as long as the
    // program.
    [[nodiscard]] virtual const google::protobuf::Message& command() const = 0;

    // Step 1, the message alone: decodes the payload (made on `arena`) and checks all that needs no
    // state. A pure function of the payload.
    [[nodiscard]] virtual Result<const google::protobuf::Message*, Code> parse(
        BytesView payload, google::protobuf::Arena& arena) const = 0;
    // Step 2, who: may this member, user, role or signer do that, on current state?
    [[nodiscard]] virtual Code authorize(const google::protobuf::Message& command,
                                         Context& context) const = 0;
    // Step 3: the remaining rules that need state, then the writes. What a rejected transaction
    // wrote is undone by the caller.
    [[nodiscard]] virtual Code apply(const google::protobuf::Message& command,
                                     Context& context) const = 0;

    // What must hold after every transaction, for one row of this contract that it changed. False
    // rejects the transaction and is counted.
    [[nodiscard]] virtual bool holds(const Overlay::Change& change, Context& context) const = 0;

    // Writes what genesis says; false when it breaks a rule of this contract.
    [[nodiscard]] virtual bool genesis(const v1::GenesisState& genesis, Context& context) const = 0;

    // Null name for a code that is none of this contract's.
    [[nodiscard]] virtual ledger::RejectionText describe(Code code) const = 0;
};

// What contracts share: who they are, the decoding, and a genesis that holds nothing of theirs.
// `Command` is the contract's command message, `Rejection` its enum, with kNone = 0 and kMalformed
// for a payload that is not its canonical encoding.
template <typename Command, typename Rejection>
class TypedContract : public Contract {
 public:
    [[nodiscard]] ledger::ContractId id() const final { return id_; }
    [[nodiscard]] std::string_view name() const final { return name_; }
    [[nodiscard]] std::span<const TableInfo> tables() const final { return tables_; }
    [[nodiscard]] const google::protobuf::Message& command() const final {
        return Command::default_instance();
    }
    [[nodiscard]] Result<const google::protobuf::Message*, Code> parse(
        BytesView payload, google::protobuf::Arena& arena) const final {
        auto* command = google::protobuf::Arena::CreateMessage<Command>(&arena);
        if (!proto::parse_canonical(payload, *command)) return fail(code(Rejection::kMalformed));
        if (const auto bad = validate(*command); bad != Rejection::kNone) return fail(code(bad));
        return static_cast<const google::protobuf::Message*>(command);
    }
    [[nodiscard]] Code authorize(const google::protobuf::Message& command,
                                 Context& context) const final {
        return code(authorize_command(static_cast<const Command&>(command), context));
    }
    [[nodiscard]] Code apply(const google::protobuf::Message& command,
                             Context& context) const final {
        return code(apply_command(static_cast<const Command&>(command), context));
    }
    [[nodiscard]] ledger::RejectionText describe(Code code) const final {
        return describe_rejection(static_cast<Rejection>(code));
    }
    [[nodiscard]] bool genesis(const v1::GenesisState&, Context&) const override { return true; }

 protected:
    // `name` and `tables` live as long as the program.
    TypedContract(ledger::ContractId id, std::string_view name, std::span<const TableInfo> tables)
        : id_(id), name_(name), tables_(tables) {}

    [[nodiscard]] virtual Rejection validate(const Command& command) const = 0;
    [[nodiscard]] virtual Rejection authorize_command(const Command& command,
                                                      Context& context) const = 0;
    [[nodiscard]] virtual Rejection apply_command(const Command& command,
                                                  Context& context) const = 0;
    [[nodiscard]] virtual ledger::RejectionText describe_rejection(Rejection rejection) const = 0;

 private:
    [[nodiscard]] static Code code(Rejection rejection) { return static_cast<Code>(rejection); }

    const ledger::ContractId id_;
    const std::string_view name_;
    const std::span<const TableInfo> tables_;
};

}  // namespace consilium::contracts::sdk
