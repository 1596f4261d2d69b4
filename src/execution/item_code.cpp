// SPDX-License-Identifier: Apache-2.0
#include "execution/item_code.hpp"

namespace consilium::execution {

bool is_final(ItemCode code) {
    return code != ItemCode::kAccepted && code < ItemCode::kSequenceUsed;
}

const char* to_string(ItemCode code) {
    switch (code) {
        case ItemCode::kAccepted:
            return "accepted";
        case ItemCode::kUndecodable:
            return "not a bundle";
        case ItemCode::kTooLarge:
            return "over a limit";
        case ItemCode::kTransactionsRoot:
            return "not the transactions that were signed";
        case ItemCode::kUnknownKey:
            return "signed by a key that was never registered";
        case ItemCode::kWrongSignature:
            return "wrong signature, or for another network";
        case ItemCode::kSequenceUsed:
            return "sequence number used already";
        case ItemCode::kSequenceTooOld:
            return "sequence number below the replay window";
        case ItemCode::kSequenceTooFar:
            return "sequence number too far above the replay window";
        case ItemCode::kExpired:
            return "not_after has passed";
        case ItemCode::kKeyRetired:
            return "signed by a retired key";
        case ItemCode::kMemberNotActive:
            return "the member is not active";
        case ItemCode::kKeyExpired:
            return "signed by an expired key";
    }
    return "unknown";
}

const char* to_string(BlockError error) {
    switch (error) {
        case BlockError::kDisk:
            return "the state could not be read";
        case BlockError::kCorruption:
            return "the state holds a row that cannot be";
        case BlockError::kNoGenesis:
            return "the state does not begin with a genesis";
        case BlockError::kUnknownProtocol:
            return "the state is of a protocol version that this software does not speak";
    }
    return "unknown";
}

}  // namespace consilium::execution
