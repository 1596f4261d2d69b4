// SPDX-License-Identifier: Apache-2.0
// FHIRPath: any expression on any resource ends without a fault and in bounded time, the same each
// time. The first line is the expression, the rest the resource; one of ours when it is no JSON.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "formats/fhir/fhirpath.hpp"
#include "formats/fhir/fhirpath_invariants.hpp"
#include "formats/json/parse.hpp"

namespace {

using namespace consilium::formats;
using fhir::fhirpath::Evaluator;
using fhir::fhirpath::Expression;

constexpr std::string_view kResource =
    R"({"resourceType":"Observation","id":"o","status":"final","contained":[{"resourceType":)"
    R"("Patient","id":"p","birthDate":"2000"}],"code":{"coding":[{"system":"s","code":"c"},)"
    R"({"code":"d"}]},"subject":{"reference":"#p"},"valueQuantity":{"value":1.50},"_issued":)"
    R"({"extension":[{"url":"u","valueCode":"x"}]},"effectivePeriod":{"start":"2020",)"
    R"("end":"2020-01-01T10:00:00Z"},"note":[{"text":"a"},{"text":"b"}]})";

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t line = input.find('\n');
    const auto expression = Expression::compile(input.substr(0, line));
    auto document = line == std::string_view::npos
                        ? json::parse(std::string(kResource), json::kBytesMax)
                        : json::parse(std::string(input.substr(line + 1)), json::kBytesMax);
    if (!document.ok()) document = json::parse(std::string(kResource), json::kBytesMax);
    const json::Value& root = document.value().root();
    if (line != std::string_view::npos) {
        const auto broken = fhir::check_invariants(root);
        CONSILIUM_ASSERT(broken.size() == fhir::check_invariants(root).size());
    }
    if (!expression.ok() || !root.is_object()) return 0;
    Evaluator evaluator;
    const auto item = Evaluator::resource_item(root);
    evaluator.set_resources(item, item);
    const auto first = evaluator.evaluate(expression.value(), item);
    const std::size_t count = first.ok() ? first.value().size() : 0;
    const auto second = evaluator.evaluate(expression.value(), item);
    CONSILIUM_ASSERT(first.ok() == second.ok());
    CONSILIUM_ASSERT(!second.ok() || count == second.value().size());
    return 0;
}
