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

}  // namespace
}  // namespace consilium::services::ehr
