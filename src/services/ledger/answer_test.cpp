// SPDX-License-Identifier: Apache-2.0
#include "services/ledger/answer.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "services/ledger/openapi.hpp"

namespace consilium::services::ledger_api {
namespace {

TEST(Answer, writes_base64) {
    // RFC 4648 section 10.
    EXPECT_EQ(to_base64(""), "");
    EXPECT_EQ(to_base64("f"), "Zg==");
    EXPECT_EQ(to_base64("fo"), "Zm8=");
    EXPECT_EQ(to_base64("foo"), "Zm9v");
    EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
    EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
    EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(to_base64("\xff\xfe\xfd"), "//79");
}

TEST(Answer, every_retry_is_in_the_document) {
    const auto document = boost::json::parse(openapi_document());
    std::vector<std::string> described;
    for (const auto& word :
         document.at_pointer("/components/schemas/Rejection/properties/retry/enum").as_array()) {
        described.emplace_back(word.as_string());
    }
    Committed committed;
    committed.outcome = ledger::encode_outcome({1, 1, 0, {}});
    std::vector<std::string> written;
    for (const auto retry : {ledger::Retry::kNever, ledger::Retry::kOtherState,
                             ledger::Retry::kOtherActor, ledger::Retry::kNewTransaction}) {
        std::string out;
        append_outcome_json(out, committed, [&](std::uint32_t, std::uint32_t) {
            return ledger::RejectionText{"name", "Text.", retry};
        });
        written.emplace_back(boost::json::parse(out).at("rejection").at("retry").as_string());
    }
    EXPECT_EQ(written, described);
}

TEST(Answer, writes_outcomes) {
    Committed committed;
    committed.id.value[31] = 0xab;
    committed.height = 7;
    std::string out;
    append_outcome_json(out, committed, nullptr);
    EXPECT_EQ(out, "{\"transaction_id\":\"" + std::string(62, '0') +
                       "ab\",\"height\":7,\"bundle_index\":0,\"transaction_index\":0,"
                       "\"result\":\"applied\",\"assigned\":[]}");
    ledger::Outcome rejected;
    rejected.code = 3;
    rejected.contract = 2;
    committed.outcome = ledger::encode_outcome(rejected);
    out.clear();
    append_outcome_json(out, committed, [](std::uint32_t, std::uint32_t) {
        return ledger::RejectionText{"a-name", "A \"text\".", ledger::Retry::kOtherActor};
    });
    EXPECT_NE(out.find("\"rejection\":{\"contract\":2,\"code\":3,\"command_index\":0,"
                       "\"name\":\"a-name\",\"text\":\"A text.\",\"retry\":\"other-actor\"}}"),
              std::string::npos)
        << out;
    out.clear();
    append_outcome_json(out, committed, nullptr);
    EXPECT_NE(out.find("\"name\":\"unknown\""), std::string::npos);
}

}  // namespace
}  // namespace consilium::services::ledger_api
