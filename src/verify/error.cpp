// SPDX-License-Identifier: Apache-2.0
#include "verify/error.hpp"

namespace consilium::verify {

const char* to_string(VerifyError error) {
    switch (error) {
        case VerifyError::kEncoding:
            return "the file is not in the canonical encoding: it was altered or cut";
        case VerifyError::kKind:
            return "this is not the kind of receipt that was asked for";
        case VerifyError::kTooLarge:
            return "the file is larger than any receipt";
        case VerifyError::kSignedHeaderEncoding:
            return "header and commit are not in CometBFT's encoding: altered or cut";
        case VerifyError::kValidatorsEncoding:
            return "a validator set is not in CometBFT's encoding: altered or cut";
        case VerifyError::kGenesisEncoding:
            return "the genesis state is not one that this software reads";
        case VerifyError::kHeaderFields:
            return "a field of the header has an impossible value";
        case VerifyError::kNetwork:
            return "the header belongs to another network";
        case VerifyError::kCommitHeight:
            return "the commit is for another height than the header";
        case VerifyError::kHeaderAltered:
            return "the header was altered: the commit signs another one";
        case VerifyError::kCommitSize:
            return "the commit does not have one place per validator";
        case VerifyError::kCommitAddress:
            return "the commit was altered: a signature stands in another validator's place";
        case VerifyError::kCommitSignature:
            return "the commit was altered: a validator's signature is wrong";
        case VerifyError::kCommitPower:
            return "the commit is signed by no more than two thirds of the voting power";
        case VerifyError::kValidators:
            return "the validators are not those of this height: the validator history is too "
                   "short, or the header is forged";
        case VerifyError::kNextValidators:
            return "a validator set was altered: the header names another one";
        case VerifyError::kHistoryOrder:
            return "the validator history is not in ascending order";
        case VerifyError::kHistoryNoChange:
            return "the validator history has a step that changes nothing";
        case VerifyError::kCheckpointConflict:
            return "another header is pinned at this height";
        case VerifyError::kHeaderTime:
            return "the header's time contradicts pinned headers below or above it";
        case VerifyError::kFromFuture:
            return "the header is later than this computer's clock";
        case VerifyError::kTooOld:
            return "the header is older than accepted";
        case VerifyError::kAsOfMissing:
            return "the headers of the moment shown are missing, or shown without need";
        case VerifyError::kAsOfHeight:
            return "the headers are not those of the moment that the proof names";
        case VerifyError::kHeight:
            return "the header is not that of the block after the transaction's";
        case VerifyError::kTransaction:
            return "the transaction, its member or its id was altered";
        case VerifyError::kOutcomeEncoding:
            return "the outcome was altered: it is not one";
        case VerifyError::kOutcome:
            return "the outcome, its place in the bundle or its path was altered";
        case VerifyError::kResult:
            return "the bundle's id, its result or the path to the header was altered";
        case VerifyError::kStateProof:
            return "the state proof does not hold";
    }
    return "unknown";
}

const char* name_of(VerifyError error) {
    switch (error) {
        case VerifyError::kEncoding:
            return "encoding";
        case VerifyError::kKind:
            return "kind";
        case VerifyError::kTooLarge:
            return "too-large";
        case VerifyError::kSignedHeaderEncoding:
            return "signed-header-encoding";
        case VerifyError::kValidatorsEncoding:
            return "validators-encoding";
        case VerifyError::kGenesisEncoding:
            return "genesis-encoding";
        case VerifyError::kHeaderFields:
            return "header-fields";
        case VerifyError::kNetwork:
            return "network";
        case VerifyError::kCommitHeight:
            return "commit-height";
        case VerifyError::kHeaderAltered:
            return "header-altered";
        case VerifyError::kCommitSize:
            return "commit-size";
        case VerifyError::kCommitAddress:
            return "commit-address";
        case VerifyError::kCommitSignature:
            return "commit-signature";
        case VerifyError::kCommitPower:
            return "commit-power";
        case VerifyError::kValidators:
            return "validators";
        case VerifyError::kNextValidators:
            return "next-validators";
        case VerifyError::kHistoryOrder:
            return "history-order";
        case VerifyError::kHistoryNoChange:
            return "history-no-change";
        case VerifyError::kCheckpointConflict:
            return "checkpoint-conflict";
        case VerifyError::kHeaderTime:
            return "header-time";
        case VerifyError::kFromFuture:
            return "from-future";
        case VerifyError::kTooOld:
            return "too-old";
        case VerifyError::kAsOfMissing:
            return "as-of-missing";
        case VerifyError::kAsOfHeight:
            return "as-of-height";
        case VerifyError::kHeight:
            return "height";
        case VerifyError::kTransaction:
            return "transaction";
        case VerifyError::kOutcomeEncoding:
            return "outcome-encoding";
        case VerifyError::kOutcome:
            return "outcome";
        case VerifyError::kResult:
            return "result";
        case VerifyError::kStateProof:
            return "state-proof";
    }
    return "unknown";
}

}  // namespace consilium::verify
