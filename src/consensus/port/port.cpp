// SPDX-License-Identifier: Apache-2.0
#include "consensus/port/port.hpp"

namespace consilium::consensus {

const char* to_string(ApplicationError error) {
    switch (error) {
        case ApplicationError::kDisk:
            return "the ledger's disk failed";
        case ApplicationError::kCorruption:
            return "the ledger on disk contradicts itself";
        case ApplicationError::kWrongHeight:
            return "not the block after the last one";
        case ApplicationError::kBadGenesis:
            return "the genesis state is not valid";
    }
    return "unknown application error";
}

const char* to_string(EngineError error) {
    switch (error) {
        case EngineError::kOverloaded:
            return "the queue is full";
        case EngineError::kRefused:
            return "the item can never apply";
        case EngineError::kStale:
            return "the item does not apply to the committed state";
        case EngineError::kStopped:
            return "the engine is stopped";
    }
    return "unknown engine error";
}

}  // namespace consilium::consensus
