// SPDX-License-Identifier: Apache-2.0
// Access tokens, raw and as edits of a good one: nothing is accepted but the token that was issued,
// and what it grants is what was asked for.
#include <cstdint>

#include "base/assert.hpp"
#include "edits.hpp"
#include "http/token.hpp"

namespace {

using namespace consilium;

constexpr UnixMs kNow{1'767'225'600'000};

struct World {
    std::unique_ptr<http::Tokens> tokens;
    std::string token;

    World() {
        auto key = http::make_token_key();
        CONSILIUM_ASSERT(key.ok());
        auto made = http::Tokens::create("https://node.example", "https://node.example",
                                         {std::move(*key)}, 1);
        CONSILIUM_ASSERT(made.ok());
        tokens = std::move(*made);
        http::TokenRequest request;
        request.subject = "00112233445566778899aabbccddeeff";
        request.client_id = "fuzz";
        request.scope = "user/Ledger.cr";
        auto issued = tokens->issue(request, kNow);
        CONSILIUM_ASSERT(issued.ok());
        token = std::move(*issued);
    }
};

World& world() {
    static World instance;
    return instance;
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const BytesView rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string token = data[0] < 128 ? std::string(rest) : fuzz::edited(world().token, rest);
    const auto principal = world().tokens->verify(token, kNow);
    CONSILIUM_ASSERT(principal.ok() == (token == world().token));
    if (principal) {
        CONSILIUM_ASSERT((*principal)->client_id == "fuzz");
        CONSILIUM_ASSERT((*principal)->scopes.grants({"Ledger", 'c'}));
        CONSILIUM_ASSERT(!(*principal)->scopes.grants({"Ledger", 'd'}));
    }
    // Scopes come from the same hands.
    (void)http::Scopes::parse(rest).grants({"Ledger", 'r'});
    return 0;
}
