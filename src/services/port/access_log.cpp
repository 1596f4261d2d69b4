// SPDX-License-Identifier: Apache-2.0
#include "services/port/access_log.hpp"

namespace consilium::services {

std::uint32_t Access::patient(std::string_view id) {
    // Few: from the back, where the one of the resource before is.
    for (std::size_t i = patients.size(); i > 0; --i) {
        if (patients[i - 1] == id) return static_cast<std::uint32_t>(i - 1);
    }
    patients.emplace_back(id);
    return static_cast<std::uint32_t>(patients.size() - 1);
}

}  // namespace consilium::services
