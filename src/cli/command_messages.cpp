// SPDX-License-Identifier: Apache-2.0
#include "cli/command_messages.hpp"

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/membership.pb.h"
#include "ledger/ids.hpp"

namespace consilium::cli {

using ledger::ContractId;

std::vector<std::uint32_t> contract_ids() {
    return {static_cast<std::uint32_t>(ContractId::kMembership),
            static_cast<std::uint32_t>(ContractId::kCharts),
            static_cast<std::uint32_t>(ContractId::kDocuments)};
}

std::string_view contract_name(std::uint32_t contract) {
    switch (static_cast<ContractId>(contract)) {
        case ContractId::kLedger:
            return "ledger";
        case ContractId::kMembership:
            return "membership";
        case ContractId::kCharts:
            return "charts";
        case ContractId::kDocuments:
            return "documents";
    }
    return "";
}

std::unique_ptr<google::protobuf::Message> command_message(std::uint32_t contract) {
    switch (static_cast<ContractId>(contract)) {
        case ContractId::kMembership:
            return std::make_unique<v1::MembershipCommand>();
        case ContractId::kCharts:
            return std::make_unique<v1::ChartsCommand>();
        case ContractId::kDocuments:
            return std::make_unique<v1::DocumentsCommand>();
        case ContractId::kLedger:
            break;
    }
    return nullptr;
}

const proto::MessageShape* command_shape(std::uint32_t contract) {
    switch (static_cast<ContractId>(contract)) {
        case ContractId::kMembership:
            return &proto::shape_of<v1::MembershipCommand>();
        case ContractId::kCharts:
            return &proto::shape_of<v1::ChartsCommand>();
        case ContractId::kDocuments:
            return &proto::shape_of<v1::DocumentsCommand>();
        case ContractId::kLedger:
            break;
    }
    return nullptr;
}

}  // namespace consilium::cli
