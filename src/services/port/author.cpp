// SPDX-License-Identifier: Apache-2.0
#include "services/port/author.hpp"

namespace consilium::services {

const char* to_string(AuthorError error) {
    switch (error) {
        case AuthorError::kNoUser:
            return "no user id in that role for today";
        case AuthorError::kUserList:
            return "the list of user ids cannot be read";
        case AuthorError::kMalformed:
            return "not a transaction";
    }
    return "unknown";
}

}  // namespace consilium::services
