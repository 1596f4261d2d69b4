// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/planted.hpp"

#include "consilium/v1/documents.pb.h"

namespace consilium::sim {
namespace {

namespace sdk = contracts::sdk;

// A contract as it is, but for one command.
class Broken final : public sdk::Contract {
 public:
    explicit Broken(const sdk::Contract& whole) : whole_(whole) {}

    [[nodiscard]] ledger::ContractId id() const override { return whole_.id(); }
    [[nodiscard]] std::string_view name() const override { return whole_.name(); }
    [[nodiscard]] std::span<const sdk::TableInfo> tables() const override {
        return whole_.tables();
    }
    [[nodiscard]] Result<const google::protobuf::Message*, sdk::Code> parse(
        BytesView payload, google::protobuf::Arena& arena) const override {
        return whole_.parse(payload, arena);
    }
    [[nodiscard]] const google::protobuf::Message& command() const override {
        return whole_.command();
    }
    [[nodiscard]] sdk::Code authorize(const google::protobuf::Message& command,
                                      sdk::Context& context) const override {
        return whole_.authorize(command, context);
    }
    [[nodiscard]] sdk::Code apply(const google::protobuf::Message& command,
                                  sdk::Context& context) const override {
        if (static_cast<const v1::DocumentsCommand&>(command).has_shred_record()) return 0;
        return whole_.apply(command, context);
    }
    [[nodiscard]] bool holds(const sdk::Overlay::Change& change,
                             sdk::Context& context) const override {
        return whole_.holds(change, context);
    }
    [[nodiscard]] bool genesis(const v1::GenesisState& genesis,
                               sdk::Context& context) const override {
        return whole_.genesis(genesis, context);
    }
    [[nodiscard]] ledger::RejectionText describe(sdk::Code code) const override {
        return whole_.describe(code);
    }

 private:
    const sdk::Contract& whole_;
};

}  // namespace

const sdk::Registry& broken_registry() {
    static const auto broken = [] {
        const sdk::Registry& whole = contracts::registry();
        std::vector<const sdk::Contract*> contracts = whole.contracts();
        for (const sdk::Contract*& contract : contracts) {
            static const Broken documents(*whole.find(4));
            if (contract->id() == ledger::ContractId::kDocuments) contract = &documents;
        }
        return sdk::Registry(contracts, whole.lookups());
    }();
    return broken;
}

}  // namespace consilium::sim
