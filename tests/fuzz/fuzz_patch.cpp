// SPDX-License-Identifier: Apache-2.0
// JSON Patch: any patch of any document is applied or refused without a fault, and what comes out
// can be read again. The first line is the document, the rest the patch.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "formats/fhir/patch.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace consilium::formats;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t line = input.find('\n');
    if (line == std::string_view::npos) return 0;
    const auto document = json::parse(std::string(input.substr(0, line)), json::kBytesMax);
    const auto patch = json::parse(std::string(input.substr(line + 1)), json::kBytesMax);
    if (!document.ok() || !patch.ok()) return 0;
    const auto out = fhir::apply_patch(document.value(), patch.value());
    if (!out.ok()) return 0;
    const auto again = json::parse(json::write(out.value().root()), json::kBytesMax);
    CONSILIUM_ASSERT(again.ok() && json::equal(again.value().root(), out.value().root()));
    return 0;
}
