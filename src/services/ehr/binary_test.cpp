// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/binary.hpp"

#include "services/ehr/fhir_fixture.hpp"

namespace consilium::services::ehr {
namespace {

TEST(Base64, VectorsOfRfc4648) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : vectors) {
        EXPECT_EQ(to_base64(plain), text);
        EXPECT_EQ(from_base64(text), plain);
    }
    EXPECT_EQ(from_base64(" Zm9v\r\nYg == "), "foob");
    for (const char* bad : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "Zg==Zg==", "Zm-v"})
        EXPECT_FALSE(from_base64(bad)) << bad;
}

TEST_F(FhirTest, BinariesComeAndGoAsTheirBytes) {
    const Bytes bytes("\x00\xff PDF \r\n", 9);
    Call create = call(Verb::kPost, "Binary", bytes);
    create.content_type = "application/pdf";
    const auto made = fhir->handle(std::move(create));
    ASSERT_TRUE(made.ok());
    const std::string name = name_of(made);
    Call raw = call(Verb::kGet, name);
    raw.accept = "application/pdf";
    const auto read = fhir->handle(std::move(raw));
    EXPECT_EQ(read->body, bytes);
    EXPECT_EQ(read->content_type, "application/pdf");
    Call json = call(Verb::kGet, name);
    json.accept = "application/fhir+json";
    EXPECT_NE(fhir->handle(std::move(json))->body.find(R"("contentType":"application/pdf")"),
              Bytes::npos);
    Call update = call(Verb::kPut, name, "text");
    update.content_type = "text/plain";
    EXPECT_EQ(fhir->handle(std::move(update))->version, 2U);
    // More than the vault takes in a step with others.
    Call large = call(Verb::kPost, "Binary", Bytes(3'000'000, 'x'));
    large.content_type = "image/png";
    const auto big = fhir->handle(std::move(large));
    ASSERT_TRUE(big.ok()) << big.error().issues[0].text;
    EXPECT_EQ(get(name_of(big))->body.size(), 3'000'000U);
}

// What cannot stand in JSON is refused before it is written there.
TEST_F(FhirTest, BinariesOfNoMediaTypeOrIdAreRefused) {
    const auto status = [&](Verb verb, const std::string& target, const std::string& type) {
        Call made = call(verb, "Binary", "text");
        if (!target.empty()) made.path.push_back(target);
        made.content_type = type;
        const auto reply = fhir->handle(std::move(made));
        return reply ? reply->status : reply.error().status;
    };
    for (const std::string type : {"text/\xff", "\xc3\xa4/b", "text", "a/\t", "a/b\x01"}) {
        EXPECT_EQ(status(Verb::kPost, "", type), 415);
        EXPECT_EQ(status(Verb::kPut, "1", type), 415);
    }
    EXPECT_EQ(status(Verb::kPost, "", "a/" + std::string(253, 'b')), 201);
    EXPECT_EQ(status(Verb::kPost, "", "a/" + std::string(254, 'b')), 415);
    for (const std::string id : {"\xff", "a b", "\n"})
        EXPECT_EQ(status(Verb::kPut, id, "text/plain"), 400);
    EXPECT_EQ(status(Verb::kPut, std::string(64, 'a'), "text/plain"), 201);
    EXPECT_EQ(status(Verb::kPut, std::string(65, 'a'), "text/plain"), 400);
}

}  // namespace
}  // namespace consilium::services::ehr
