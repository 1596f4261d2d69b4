// SPDX-License-Identifier: Apache-2.0
#include "services/port/port.hpp"

namespace consilium::services {

const char* to_string(SubmitError error) {
    switch (error) {
        case SubmitError::kMalformed:
            return "not a well-formed transaction";
        case SubmitError::kTooLarge:
            return "the transaction is over a limit";
        case SubmitError::kExpired:
            return "the transaction's not_after has passed";
        case SubmitError::kOverloaded:
            return "the node is overloaded; send the same bytes later";
        case SubmitError::kStopping:
            return "the node is stopping; send the same bytes later";
        case SubmitError::kExpiredInQueue:
            return "no block took the transaction before its not_after; make a new one";
        case SubmitError::kDisk:
            return "the node's disk failed; send the same bytes when it works";
    }
    return "unknown submit error";
}

const char* to_string(ReadError error) {
    switch (error) {
        case ReadError::kNotFound:
            return "not found";
        case ReadError::kNotYet:
            return "the next block's commit is not there yet; ask again";
        case ReadError::kPruned:
            return "below the retained height; ask an archive node";
        case ReadError::kBadRequest:
            return "bad request";
        case ReadError::kDisk:
            return "the ledger could not be read";
    }
    return "unknown read error";
}

}  // namespace consilium::services
