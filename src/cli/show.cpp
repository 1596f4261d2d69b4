// SPDX-License-Identifier: Apache-2.0
#include "cli/show.hpp"

#include <google/protobuf/message.h>

#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/names.hpp"
#include "contracts/registry/registry.hpp"
#include "ledger/commit.hpp"
#include "node/submitter.hpp"
#include "proto/canonical.hpp"
#include "proto/enum_names.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::string_view kMoment = "_unix_ms";

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// One value of a field; `index` is -1 for a singular one.
json::value field_json(const Message& message, const FieldDescriptor& field, int index) {
    const auto& reflection = *message.GetReflection();
    const bool many = index >= 0;
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_UINT32:
            return many ? reflection.GetRepeatedUInt32(message, &field, index)
                        : reflection.GetUInt32(message, &field);
        case FieldDescriptor::CPPTYPE_UINT64: {
            const std::uint64_t value = many ? reflection.GetRepeatedUInt64(message, &field, index)
                                             : reflection.GetUInt64(message, &field);
            if (ends_with(field.name(), kMoment)) return json::value(to_rfc3339({value}));
            return value;
        }
        case FieldDescriptor::CPPTYPE_BOOL:
            return many ? reflection.GetRepeatedBool(message, &field, index)
                        : reflection.GetBool(message, &field);
        case FieldDescriptor::CPPTYPE_ENUM: {
            const int value = many ? reflection.GetRepeatedEnumValue(message, &field, index)
                                   : reflection.GetEnumValue(message, &field);
            return json::value(proto::enumerator_name(*field.enum_type(), value));
        }
        case FieldDescriptor::CPPTYPE_STRING: {
            const std::string value = many ? reflection.GetRepeatedString(message, &field, index)
                                           : reflection.GetString(message, &field);
            return json::value(field.type() == FieldDescriptor::TYPE_BYTES ? to_hex(value) : value);
        }
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return message_json(many ? reflection.GetRepeatedMessage(message, &field, index)
                                     : reflection.GetMessage(message, &field));
        default:
            return nullptr;  // the vocabulary has no other kind
    }
}

// {"charts": {"open_chart": {...}}}
json::object command_json(const v1::Command& command) {
    if (command.contract() == static_cast<std::uint32_t>(ledger::ContractId::kLedger) &&
        command.payload() == node::kFencePayload) {
        return {{"ledger", json::object{{json::string_view(node::kFencePayload.data(),
                                                           node::kFencePayload.size()),
                                         json::object{}}}}};
    }
    const auto* contract = contracts::registry().find(command.contract());
    if (contract == nullptr ||
        !proto::check_canonical(*proto::make_shape(*contract->command().GetDescriptor()),
                                command.payload())) {
        return {{"contract", command.contract()}, {"payload", to_hex(command.payload())}};
    }
    const std::unique_ptr<Message> message(contract->command().New());
    CONSILIUM_ASSERT(message->ParseFromString(command.payload()));
    return {{std::string(contract->name()), message_json(*message)}};
}

json::value header_json(BytesView signed_header) {
    const auto decoded = ledger::decode_signed_header(signed_header);
    if (!decoded) return json::value("not a signed header");
    std::uint64_t signatures = 0;
    for (const auto& signature : decoded->commit.signatures)
        signatures += signature.flag == ledger::BlockIdFlag::kCommit ? 1 : 0;
    const auto& header = decoded->header;
    return json::object{{"chain_id", header.chain_id},
                        {"height", header.height},
                        {"time", to_rfc3339(ledger::unix_ms(header.time))},
                        {"hash", to_hex(ledger::header_hash(header).view())},
                        {"app_hash", to_hex(header.app_hash)},
                        {"last_results_hash", to_hex(header.last_results_hash)},
                        {"validators_hash", to_hex(header.validators_hash)},
                        {"signatures", signatures},
                        {"validators", decoded->commit.signatures.size()}};
}

// What a table's row says; nothing when it is of no table or not what its table says.
std::optional<json::object> row_fields(BytesView key, BytesView value) {
    const auto* table = contracts::registry().table_of_key(key);
    if (table == nullptr || !proto::check_canonical(*proto::make_shape(*table->value), value)) {
        return std::nullopt;
    }
    const Message* prototype =
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(table->value);
    CONSILIUM_ASSERT(prototype != nullptr);
    const std::unique_ptr<Message> message(prototype->New());
    if (!message->ParseFromArray(value.data(), static_cast<int>(value.size()))) return std::nullopt;
    return message_json(*message);
}

std::string plain(const json::value& value) {
    const auto* text = value.if_string();
    return text == nullptr ? json::serialize(value) : std::string(text->data(), text->size());
}

// "name = value" lines; what lies inside is "outer.inner", what is repeated "a, b" or "outer[0]".
void print_fields(const json::object& fields, const std::string& indent, const std::string& outer,
                  Context& context) {
    for (const auto& field : fields) {
        const std::string name = outer + std::string(field.key());
        if (const auto* inner = field.value().if_object()) {
            print_fields(*inner, indent, name + ".", context);
            continue;
        }
        const auto* list = field.value().if_array();
        if (list == nullptr) {
            context.out << indent << name << " = " << plain(field.value()) << '\n';
            continue;
        }
        std::vector<std::string> words;
        for (const auto& element : *list) {
            if (const auto* inner = element.if_object()) {
                print_fields(*inner, indent, name + "[" + std::to_string(words.size()) + "].",
                             context);
            }
            words.push_back(plain(element));
        }
        if (!list->front().is_object()) {
            context.out << indent << name << " = " << joined(words) << '\n';
        }
    }
}

}  // namespace

json::object message_json(const Message& message) {
    json::object out;
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const auto* field : fields) {
        std::string name = field->name();
        if (ends_with(name, kMoment)) name.resize(name.size() - kMoment.size());
        if (!field->is_repeated()) {
            out[name] = field_json(message, *field, -1);
            continue;
        }
        json::array list;
        for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i)
            list.push_back(field_json(message, *field, i));
        out[name] = std::move(list);
    }
    return out;
}

json::array rows_json(const Rows& rows) {
    json::array out;
    for (const auto& [key, value] : rows) {
        json::value shown;
        if (auto fields = row_fields(key, value)) {
            shown = std::move(*fields);
        } else {
            shown = json::value(to_hex(value));
        }
        out.push_back(json::object{{"key", contracts::registry().path_of_key(key)},
                                   {"value", std::move(shown)}});
    }
    return out;
}

void print_rows(const Rows& rows, std::string_view indent, Context& context) {
    for (const auto& [key, value] : rows) {
        context.out << indent << contracts::registry().path_of_key(key) << '\n';
        const std::string deeper = std::string(indent) + "    ";
        if (const auto fields = row_fields(key, value)) {
            print_fields(*fields, deeper, "", context);
        } else {
            context.out << deeper << to_hex(value) << '\n';
        }
    }
}

json::object transaction_json(BytesView bytes) {
    v1::Transaction transaction;
    v1::Body body;
    if (!proto::parse_canonical(bytes, transaction) ||
        !proto::parse_canonical(transaction.body(), body)) {
        return {{"undecodable", to_hex(bytes)}};
    }
    json::object out = message_json(body);
    json::array commands;
    for (const auto& command : body.commands())
        commands.push_back(command_json(command));
    out["commands"] = std::move(commands);
    if (transaction.personal_signatures_size() > 0) {
        out["personal_signatures"] = message_json(transaction)["personal_signatures"];
    }
    return out;
}

std::string commands_text(BytesView bytes) {
    std::vector<std::string> names;
    const json::object shown = transaction_json(bytes);
    const auto* commands = shown.if_contains("commands");
    if (commands == nullptr) return "undecodable";
    for (const auto& command : commands->get_array()) {
        // {"charts": {"open_chart": {...}}}: the name of the innermost choice.
        const auto& contract = command.get_object().begin()->value();
        const auto* choice = contract.if_object();
        names.emplace_back(choice == nullptr || choice->empty()
                               ? std::string("unknown")
                               : std::string(choice->begin()->key()));
    }
    return joined(names);
}

json::object receipt_json(const v1::Receipt& receipt) {
    if (receipt.has_outcome()) {
        const auto& outcome = receipt.outcome();
        json::object out = message_json(outcome);
        out["transaction"] = transaction_json(outcome.transaction());
        v1::Outcome decoded;
        if (decoded.ParseFromString(outcome.outcome())) out["outcome"] = message_json(decoded);
        out["signed_header"] = header_json(outcome.signed_header());
        return {{"outcome_receipt", std::move(out)}};
    }
    const auto& state = receipt.state();
    json::object out{{"signed_header", header_json(state.signed_header())},
                     {"proof_bytes", state.proof().size()}};
    if (state.has_as_of()) {
        out["as_of"] =
            json::object{{"signed_header", header_json(state.as_of().signed_header())},
                         {"next_signed_header", header_json(state.as_of().next_signed_header())}};
    }
    return {{"state_receipt", std::move(out)}};
}

}  // namespace consilium::cli
