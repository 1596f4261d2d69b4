// SPDX-License-Identifier: Apache-2.0
#include "services/ledger/answer.hpp"

#include <array>
#include <charconv>

#include "base/hex.hpp"
#include "consilium/v1/api.pb.h"
#include "proto/canonical.hpp"

namespace consilium::services::ledger_api {
namespace {

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

// Every transaction's answer passes here: no temporary strings.
void append_hex(std::string& out, BytesView bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    for (const char c : bytes) {
        const auto byte = static_cast<std::uint8_t>(c);
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 15U];
    }
}

// Names and texts of rejections are ours: plain ASCII without quotes or backslashes is all they
// hold, and anything else is left out.
void append_text(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c >= ' ' && c <= '~' && c != '"' && c != '\\') out += c;
    }
    out += '"';
}

void append_rejection(std::string& out, const ledger::Outcome& outcome, const Describe& describe) {
    out += ",\"result\":\"rejected\",\"rejection\":{\"contract\":";
    append_number(out, outcome.contract);
    out += ",\"code\":";
    append_number(out, outcome.code);
    out += ",\"command_index\":";
    append_number(out, outcome.command_index);
    const auto text = describe ? describe(outcome.contract, outcome.code) : ledger::RejectionText{};
    out += ",\"name\":";
    append_text(out, text.name.empty() ? "unknown" : text.name);
    out += ",\"text\":";
    append_text(out, text.text);
    out += ",\"retry\":\"";
    out += ledger::to_string(text.retry);
    out += "\"}}";
}

}  // namespace

void append_outcome_json(std::string& out, const Committed& committed, const Describe& describe) {
    out += "{\"transaction_id\":\"";
    append_hex(out, committed.id.view());
    out += "\",\"height\":";
    append_number(out, committed.height);
    out += ",\"bundle_index\":";
    append_number(out, committed.bundle_index);
    out += ",\"transaction_index\":";
    append_number(out, committed.transaction_index);
    if (committed.outcome.empty()) {
        out += ",\"result\":\"applied\",\"assigned\":[]}";
        return;
    }
    const auto outcome = ledger::decode_outcome(committed.outcome);
    CONSILIUM_ASSERT(outcome.ok());  // the node hands out what it executed
    if (!outcome->applied()) return append_rejection(out, *outcome, describe);
    out += ",\"result\":\"applied\",\"assigned\":[";
    for (std::size_t i = 0; i < outcome->assigned.size(); ++i) {
        if (i != 0) out += ',';
        append_number(out, outcome->assigned[i]);
    }
    out += "]}";
}

Bytes encode_committed(const Committed& committed) {
    v1::CommittedOutcome message;
    message.set_transaction_id(committed.id.bytes());
    message.set_height(committed.height);
    message.set_bundle_index(committed.bundle_index);
    message.set_transaction_index(committed.transaction_index);
    message.set_outcome(committed.outcome);
    return proto::encode(message);
}

http::Response outcome_answer(const Committed& committed, http::Media media,
                              const Describe& describe) {
    http::Response out;
    out.media = media;
    if (media == http::Media::kProtobuf) {
        out.body = encode_committed(committed);
    } else {
        out.body.reserve(192);
        append_outcome_json(out.body, committed, describe);
    }
    return out;
}

const char* problem_code(SubmitError error) {
    switch (error) {
        case SubmitError::kMalformed:
            return "transaction-malformed";
        case SubmitError::kTooLarge:
            return "transaction-too-large";
        case SubmitError::kExpired:
            return "transaction-expired";
        case SubmitError::kOverloaded:
            return "overloaded";
        case SubmitError::kStopping:
            return "stopping";
        case SubmitError::kExpiredInQueue:
            return "transaction-expired-in-queue";
        case SubmitError::kDisk:
            return "disk";
    }
    return "internal";
}

std::uint16_t problem_status(SubmitError error) {
    switch (error) {
        case SubmitError::kMalformed:
            return 400;
        case SubmitError::kTooLarge:
            return 413;
        case SubmitError::kExpired:
        case SubmitError::kExpiredInQueue:
            return 422;
        case SubmitError::kOverloaded:
        case SubmitError::kStopping:
            return 503;
        case SubmitError::kDisk:
            return 507;
    }
    return 500;
}

http::Response submit_problem(SubmitError error) {
    const auto code = problem_code(error);
    const auto status = problem_status(error);
    switch (error) {
        case SubmitError::kMalformed:
            return http::problem(status, code, "The body is not a well-formed transaction");
        case SubmitError::kTooLarge:
            return http::problem(status, code, "The transaction is over a limit");
        case SubmitError::kExpired:
            return http::problem(status, code, "The transaction's not_after has passed");
        case SubmitError::kOverloaded:
            return http::problem_retry(status, code, "The node is busy; send the same bytes later",
                                       1);
        case SubmitError::kStopping:
            return http::problem_retry(status, code,
                                       "The node is going down; send the same bytes later", 5);
        case SubmitError::kExpiredInQueue:
            return http::problem(status, code,
                                 "No block took the transaction before its not_after");
        case SubmitError::kDisk:
            return http::problem(status, code, "The node cannot write to its disk");
    }
    return http::problem(500, "internal", "The node failed");
}

const char* problem_code(ReadError error) {
    switch (error) {
        case ReadError::kNotFound:
            return "not-found";
        case ReadError::kNotYet:
            return "not-yet";
        case ReadError::kPruned:
            return "pruned";
        case ReadError::kBadRequest:
            return "bad-request";
        case ReadError::kDisk:
            return "disk";
    }
    return "internal";
}

http::Response read_problem(ReadError error) {
    const auto code = problem_code(error);
    switch (error) {
        case ReadError::kNotFound:
            return http::problem(404, code, "The ledger holds nothing of that name");
        case ReadError::kNotYet:
            return http::problem_retry(503, code,
                                       "The proof needs the next block; ask again shortly", 1);
        case ReadError::kPruned:
            return http::problem(410, code, "This node no longer holds it; ask an archive node");
        case ReadError::kBadRequest:
            return http::problem(400, code, "The request cannot be understood");
        case ReadError::kDisk:
            return http::problem(500, code, "The node cannot read its disk");
    }
    return http::problem(500, "internal", "The node failed");
}

std::string to_base64(BytesView bytes) {
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits <<= 8U;
            if (i + k < bytes.size()) bits |= static_cast<std::uint8_t>(bytes[i + k]);
        }
        for (std::size_t k = 0; k < 4; ++k)
            out += i + k > bytes.size() ? '=' : kDigits[(bits >> (18U - 6U * k)) & 63U];
    }
    return out;
}

}  // namespace consilium::services::ledger_api
