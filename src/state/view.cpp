// SPDX-License-Identifier: Apache-2.0
#include "state/view.hpp"

namespace consilium::state {

const char* to_string(DiskError error) {
    switch (error) {
        case DiskError::kIo:
            return "a disk read or write failed";
        case DiskError::kFull:
            return "the disk is full";
        case DiskError::kCorruption:
            return "a file of the ledger is corrupted";
        case DiskError::kReadOnly:
            return "the ledger's directory cannot be written";
        case DiskError::kMissing:
            return "a file of the ledger is missing";
        case DiskError::kLocked:
            return "another process has the ledger open";
        case DiskError::kClosed:
            return "the ledger's disk is shut after an earlier failure";
    }
    return "unknown disk error";
}

}  // namespace consilium::state
