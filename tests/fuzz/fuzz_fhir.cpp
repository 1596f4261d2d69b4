// SPDX-License-Identifier: Apache-2.0
// FHIR: any JSON is judged without a fault, the same each time; an issue stands at a path of the
// resource and shows nothing of what was in it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "edits.hpp"
#include "formats/fhir/validate.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

namespace {

using namespace consilium::formats;

// As edits of a valid resource, too: most texts that are made by chance are no JSON.
constexpr std::string_view kValid =
    R"({"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:oid:1.2","resource":)"
    R"({"resourceType":"Observation","id":"o1","status":"final","contained":[{"resourceType":)"
    R"("Practitioner","id":"d"}],"code":{"coding":[{"system":"http://loinc.org","code":"1-8"}]},)"
    R"("subject":{"reference":"Patient/1"},"performer":[{"reference":"#d"}],"valueQuantity":)"
    R"({"value":6.30,"unit":"g"},"_status":{"extension":[{"url":"http://a.b/c","valueTime":)"
    R"("10:00:00"}]},"effectiveDateTime":"2024-02-29T10:00:00+01:00"}}]})";

void check(const std::string& text) {
    const auto read = json::parse(text, json::kBytesMax);
    if (!read) return;
    const auto issues = fhir::validate(read->root());
    CONSILIUM_ASSERT(issues.size() <= fhir::ValidateOptions().issues_max + 1);
    CONSILIUM_ASSERT(issues == fhir::validate(read->root()));
    for (const fhir::Issue& issue : issues) {
        CONSILIUM_ASSERT(!issue.rule.empty() && !issue.code.empty());
        CONSILIUM_ASSERT(issue.path.find_first_not_of(
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                             "_.[]") == std::string::npos);
    }
    // Spaces and escapes change nothing.
    const auto again = json::parse(json::write_pretty(read->root()), json::kBytesMax);
    CONSILIUM_ASSERT(again.ok() && fhir::validate(again->root()) == issues);
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(std::string(text));
    check(consilium::fuzz::edited(std::string(kValid), text));
    return 0;
}
