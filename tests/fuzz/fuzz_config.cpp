// SPDX-License-Identifier: Apache-2.0
// The configuration: any text is read or refused with errors that name what is wrong, and what was
// read is written and read back as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "node/config.hpp"

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto read = consilium::node::parse_config(text, "");
    if (!read) {
        CONSILIUM_ASSERT(!read.error().empty());
        for (const auto& error : read.error())
            CONSILIUM_ASSERT(!consilium::node::to_string(error, "f").empty());
        return 0;
    }
    const auto again = consilium::node::parse_config(consilium::node::format_config(*read), "");
    CONSILIUM_ASSERT(again.ok() && *again == *read);
    return 0;
}
