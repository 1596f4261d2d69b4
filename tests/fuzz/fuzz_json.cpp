// SPDX-License-Identifier: Apache-2.0
// JSON: any text is refused at a place inside it, or read; what was read is written and read back
// as the same, and its canonical form is its own canonical form.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "formats/json/builder.hpp"
#include "formats/json/canonical.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace consilium::formats;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto read = json::parse(text, json::kBytesMax);
    if (!read) {
        CONSILIUM_ASSERT(read.error().offset <= size && !read.error().reason.empty());
        return 0;
    }
    CONSILIUM_ASSERT(read->root().depth() <= json::kDepthMax);
    const std::string written = json::write(read->root());
    const auto again = json::parse(written, json::kBytesMax);
    CONSILIUM_ASSERT(again.ok() && json::equal(read->root(), again->root()));
    CONSILIUM_ASSERT(json::write(again->root()) == written);
    const auto pretty = json::parse(json::write_pretty(read->root()), json::kBytesMax);
    CONSILIUM_ASSERT(pretty.ok() && json::write(pretty->root()) == written);
    const std::string canonical = json::canonical(read->root());
    const auto canonical_read = json::parse(canonical, json::kBytesMax);
    CONSILIUM_ASSERT(canonical_read.ok() && json::equal(read->root(), canonical_read->root()));
    CONSILIUM_ASSERT(json::canonical(canonical_read->root()) == canonical);
    if (read->root().is_object()) {
        json::Builder builder;
        const json::Value root = builder.take(*read);
        const json::Value set = builder.with_member(root, "id", builder.string("x"));
        CONSILIUM_ASSERT(set.find("id")->string() == "x");
        CONSILIUM_ASSERT(builder.without_member(set, "id").find("id") == nullptr);
    }
    return 0;
}
