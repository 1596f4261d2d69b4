// SPDX-License-Identifier: Apache-2.0
#include "ledger/outcome.hpp"

#include "consilium/v1/ledger.pb.h"
#include "proto/canonical.hpp"

namespace consilium::ledger {
namespace {

void append_varint(Bytes& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U)
        out.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
    out.push_back(static_cast<char>(value));
}

}  // namespace

Bytes encode_outcome(const Outcome& outcome) {
    CONSILIUM_ASSERT(outcome.applied() ? outcome.contract == 0 && outcome.command_index == 0
                                       : outcome.contract != 0 && outcome.assigned.empty());
    if (outcome.applied() && outcome.assigned.empty()) return {};
    // Written by hand because there is one per transaction; the tests compare with the generated
    // encoder.
    Bytes out;
    const auto field = [&out](char tag, std::uint64_t value) {
        if (value == 0) return;
        out.push_back(tag);
        append_varint(out, value);
    };
    field('\x08', outcome.code);
    field('\x10', outcome.contract);
    field('\x18', outcome.command_index);
    if (!outcome.assigned.empty()) {
        Bytes numbers;
        for (const std::uint64_t number : outcome.assigned)
            append_varint(numbers, number);
        out.push_back('\x22');
        append_varint(out, numbers.size());
        out += numbers;
    }
    return out;
}

Result<Outcome, OutcomeError> decode_outcome(BytesView bytes) {
    v1::Outcome message;
    if (!proto::parse_canonical(bytes, message)) return fail(OutcomeError::kEncoding);
    Outcome out;
    out.code = message.code();
    out.contract = message.contract();
    out.command_index = message.command_index();
    out.assigned.assign(message.assigned().begin(), message.assigned().end());
    const bool consistent = out.applied() ? out.contract == 0 && out.command_index == 0
                                          : out.contract != 0 && out.assigned.empty();
    if (!consistent) return fail(OutcomeError::kInconsistent);
    return out;
}

const char* to_string(OutcomeError error) {
    switch (error) {
        case OutcomeError::kEncoding:
            return "not the canonical encoding of an outcome";
        case OutcomeError::kInconsistent:
            return "neither applied nor rejected";
    }
    return "unknown";
}

const char* to_string(Retry retry) {
    switch (retry) {
        case Retry::kNever:
            return "never";
        case Retry::kOtherState:
            return "other-state";
        case Retry::kOtherActor:
            return "other-actor";
        case Retry::kNewTransaction:
            return "new-transaction";
    }
    return "never";
}

RejectionText describe_rejection(Rejection rejection) {
    switch (rejection) {
        case Rejection::kExpired:
            return {"expired", "The transaction's time limit passed before a block took it.",
                    Retry::kNewTransaction};
        case Rejection::kUserUnknown:
            return {"user-unknown", "The user id is not registered for this member.",
                    Retry::kOtherActor};
        case Rejection::kUserNotValidNow:
            return {"user-not-valid-now", "The user id is for another day.",
                    Retry::kNewTransaction};
        case Rejection::kUserRevoked:
            return {"user-revoked", "The user id has been revoked.", Retry::kOtherActor};
        case Rejection::kUserRole:
            return {"user-role", "The user is not registered in this role.", Retry::kOtherActor};
        case Rejection::kPersonalSignature:
            return {"personal-signature", "A personal signature is wrong.", Retry::kNewTransaction};
        case Rejection::kPersonalNotAfter:
            return {"personal-not-after",
                    "A personally signed request may be valid for at most 24 hours.",
                    Retry::kNewTransaction};
        case Rejection::kPersonalReplayed:
            return {"personal-replayed", "This personally signed request has been applied already.",
                    Retry::kNever};
        case Rejection::kUnknownContract:
            return {"unknown-contract", "No contract has this number.", Retry::kNever};
        case Rejection::kInvariant:
            return {"invariant", "An internal rule would be broken: tell the maintainers.",
                    Retry::kNever};
        case Rejection::kKeyExpired:
            return {"key-expired",
                    "The member's key has expired; it can only register its replacement.",
                    Retry::kOtherState};
        case Rejection::kPersonalUnasked:
            return {"personal-unasked", "No command asks for one of the personal signatures.",
                    Retry::kNewTransaction};
    }
    return {};
}

}  // namespace consilium::ledger
