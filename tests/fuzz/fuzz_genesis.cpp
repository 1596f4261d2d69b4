// SPDX-License-Identifier: Apache-2.0
// Files that a node reads before it knows anything: genesis documents and key files. What is
// accepted is written again as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "node/genesis.hpp"
#include "node/key_file.hpp"

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto genesis = consilium::node::parse_genesis(text)) {
        const auto again =
            consilium::node::parse_genesis(consilium::node::make_genesis_document(genesis->state));
        CONSILIUM_ASSERT(again.ok() && again->network_id == genesis->network_id);
    }
    if (const auto key = consilium::node::parse_key_file(text)) {
        CONSILIUM_ASSERT(consilium::node::format_key_file(*key) == text);
    }
    return 0;
}
