// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "http/request_check.hpp"
#include "http/request_parser.hpp"

// The requests of a connection, whole and in pieces: however the bytes are cut, the parser says the
// same of them, and what it says can be answered.
namespace {

using consilium::http::RequestParser;

constexpr std::size_t kHeaderMax = 1024;
constexpr std::size_t kBodyMax = 4096;

struct Said {
    std::string requests;
    bool failed = false;
};

Said run(std::string_view bytes, std::size_t step) {
    RequestParser parser(kHeaderMax);
    Said said;
    std::string waiting;
    while (true) {
        std::size_t consumed = 0;
        const auto event = parser.next(waiting, consumed);
        CONSILIUM_ASSERT(consumed <= waiting.size());
        switch (event) {
            case RequestParser::Event::kHead: {
                const auto& head = parser.head();
                said.requests +=
                    std::string(head.target) + '|' + std::string(head.fields.accept) + '|';
                parser.body_limit(kBodyMax, true);
                break;
            }
            case RequestParser::Event::kMessage:
                CONSILIUM_ASSERT(parser.body().size() <= kBodyMax);
                said.requests += parser.body() + '\n';
                break;
            case RequestParser::Event::kError:
                CONSILIUM_ASSERT(consilium::http::detail::refusal_of(parser.error()).close);
                said.failed = true;
                return said;
            case RequestParser::Event::kNeedMore:
                break;
        }
        waiting.erase(0, consumed);
        if (event != RequestParser::Event::kNeedMore) continue;
        if (bytes.empty()) return said;
        waiting += bytes.substr(0, step);
        bytes.remove_prefix(std::min(step, bytes.size()));
    }
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = run(bytes, bytes.size() + 1);
    const auto pieces = run(bytes, 7);
    // A body of a request that turns out to be broken may be seen further in pieces.
    if (!whole.failed && !pieces.failed) CONSILIUM_ASSERT(whole.requests == pieces.requests);
    CONSILIUM_ASSERT(whole.failed == pieces.failed);
    return 0;
}
