// SPDX-License-Identifier: Apache-2.0
#include "services/audit/json_reader.hpp"

#include "formats/json/write.hpp"
#include "services/audit/package.hpp"

namespace consilium::services::audit {

Result<formats::json::Document, std::string> parse_own_json(const Bytes& text) {
    auto parsed = formats::json::parse(text, kPackageBytesMax);
    if (!parsed)
        return fail("it is not JSON: " + std::string(parsed.error().reason) + " at byte " +
                    std::to_string(parsed.error().offset));
    if (formats::json::write_pretty(parsed->root()) != text)
        return fail(std::string("it is not spelled as its maker spells it: it was altered"));
    return std::move(parsed).value();
}

}  // namespace consilium::services::audit
