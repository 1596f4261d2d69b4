// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "services/ehr/binary.hpp"
#include "services/ehr/fhir_fixture.hpp"

namespace consilium::services::ehr {
namespace {

class PatchTest : public FhirTest {
 protected:
    std::string patient = new_patient();
    std::string name = create("Observation", observation_of(patient));

    Reply patch(std::string_view target, Bytes body) {
        return fhir->handle(call(Verb::kPatch, target, std::move(body)));
    }
    std::uint16_t refused(Bytes body) {
        const auto reply = patch(name, std::move(body));
        EXPECT_FALSE(reply.ok());
        EXPECT_EQ(get(name)->version, 1U);
        return reply ? reply->status : reply.error().status;
    }
    Bytes transaction_of(const Bytes& patch, const std::string& media) {
        return R"({"resourceType":"Bundle","type":"transaction","entry":[{"resource":)" +
               binary_resource({media, {}, {}}, patch) + R"(,"request":{"method":"PATCH","url":")" +
               name + R"("}}]})";
    }
};

constexpr const char* kAmend = R"([{"op":"test","path":"/status","value":"final"},
                                   {"op":"replace","path":"/status","value":"amended"},
                                   {"op":"add","path":"/valueQuantity/code","value":"mm[Hg]"}])";

TEST_F(PatchTest, ChangesWhatItNamesAndKeepsTheRest) {
    const auto reply = patch(name, kAmend);
    ASSERT_TRUE(reply.ok());
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->version, 2U);
    EXPECT_EQ(reply->location, name + "/_history/2");
    const Bytes body = get(name)->body;
    EXPECT_EQ(body, reply->body);
    EXPECT_NE(body.find(R"("status":"amended")"), Bytes::npos);
    EXPECT_NE(body.find(R"("valueQuantity":{"value":120.50,"unit":"mmHg","code":"mm[Hg]"})"),
              Bytes::npos);
    EXPECT_NE(get(name + "/_history/1")->body.find(R"("status":"final")"), Bytes::npos);
    EXPECT_EQ(count("Observation?status=amended"), 1U);
    EXPECT_EQ(count("Observation?status=final"), 0U);
    const auto decimal =
        patch(name, R"([{"op":"replace","path":"/valueQuantity/value","value":1.00}])");
    ASSERT_TRUE(decimal.ok());
    EXPECT_NE(decimal->body.find(R"("value":1.00,)"), Bytes::npos);
}

TEST_F(PatchTest, NeedsTheScopesForBothReadingAndUpdating) {
    const auto status_with = [&](const char* scope, const Bytes& body) {
        scopes = http::Scopes::parse(scope);
        const auto reply = patch(name, body);
        const auto status = reply ? reply->status : reply.error().status;
        const auto bundle = fhir->handle(
            call(Verb::kPost, "", transaction_of(body, "application/json-patch+json")));
        EXPECT_EQ(bundle.ok(), reply.ok());
        scopes = http::Scopes::parse("user/*.cruds");
        return status;
    };
    const Bytes test = R"([{"op":"test","path":"/status","value":"final"}])";
    EXPECT_EQ(status_with("user/Observation.u", test), 403);
    EXPECT_EQ(status_with("user/Observation.r", test), 403);
    EXPECT_EQ(status_with("user/Observation.u user/Patient.r", "[]"), 403);
    EXPECT_EQ(get(name)->version, 1U);
    EXPECT_EQ(status_with("user/Observation.ur", test), 403) << "not in SMART's order";
    EXPECT_EQ(status_with("user/Observation.ru", test), 200);
    EXPECT_EQ(status_with("user/Observation.u user/Observation.r", test), 200);
}

TEST_F(PatchTest, RefusalsSayWhyAndChangeNothing) {
    EXPECT_EQ(refused("no json"), 400);
    EXPECT_EQ(refused(R"({"op":"remove","path":"/status"})"), 400);
    EXPECT_EQ(refused(R"([{"op":"leave","path":"/status"}])"), 400);
    EXPECT_EQ(refused(R"([{"op":"test","path":"/status","value":"amended"}])"), 409);
    EXPECT_EQ(refused(R"([{"op":"remove","path":"/note"}])"), 409);
    EXPECT_EQ(refused(R"([{"op":"add","path":"/bad","value":"secret"}])"), 422);
    EXPECT_EQ(refused(R"([{"op":"replace","path":"/id","value":"other"}])"), 422);
    EXPECT_EQ(refused(R"([{"op":"remove","path":"/id"}])"), 422);
    EXPECT_EQ(refused(R"([{"op":"replace","path":"/resourceType","value":"Group"}])"), 422);
    EXPECT_EQ(refused(R"([{"op":"replace","path":"","value":[1]}])"), 422);
    EXPECT_EQ(refused(R"([{"op":"replace","path":"/subject/reference","value":"Patient/nobody"}])"),
              422);
    const std::string other = new_patient();
    EXPECT_EQ(
        refused(R"([{"op":"replace","path":"/subject/reference","value":")" + other + R"("}])"),
        422);
    const auto late = patch(name, R"([{"op":"test","path":"/status","value":"final"},
                                      {"op":"test","path":"/status","value":"secret"}])");
    EXPECT_EQ(late.error().issues[0].expression, "[1]");
    EXPECT_EQ(operation_outcome(late.error().issues).find("secret"), Bytes::npos);
}

TEST_F(PatchTest, TheServersFieldsStayTheServers) {
    const auto reply = patch(name, R"([{"op":"replace","path":"/meta/versionId","value":"77"},
                                       {"op":"remove","path":"/meta/lastUpdated"}])");
    ASSERT_TRUE(reply.ok());
    EXPECT_NE(reply->body.find(R"("versionId":"2","lastUpdated":")"), Bytes::npos);
    EXPECT_EQ(reply->body.find(R"("77")"), Bytes::npos);
}

TEST_F(PatchTest, IfMatchAndWhatIsNotThere) {
    Call stale = call(Verb::kPatch, name, kAmend);
    stale.if_match = "W/\"2\"";
    EXPECT_EQ(fhir->handle(std::move(stale)).error().status, 412);
    Call fresh = call(Verb::kPatch, name, kAmend);
    fresh.if_match = "W/\"1\"";
    EXPECT_EQ(fhir->handle(std::move(fresh))->version, 2U);
    EXPECT_EQ(patch("Observation/nobody", kAmend).error().status, 404);
    EXPECT_EQ(patch("Observation/spa ce", kAmend).error().status, 404);
    EXPECT_EQ(patch("Observation", kAmend).error().status, 405);
    EXPECT_EQ(remove(name)->status, 204);
    EXPECT_EQ(patch(name, kAmend).error().status, 410);
    scopes = http::Scopes::parse("user/Observation.crds");
    EXPECT_EQ(patch(name, kAmend).error().status, 403);
}

TEST_F(PatchTest, AConditionNamesTheOneToPatch) {
    EXPECT_EQ(patch("Observation?status=final", kAmend)->version, 2U);
    EXPECT_EQ(patch("Observation?status=final", kAmend).error().status, 404);
    create("Observation", observation_of(patient));
    create("Observation", observation_of(patient));
    EXPECT_EQ(patch("Observation?status=final", kAmend).error().status, 412);
}

TEST_F(PatchTest, ABundleTakesThemAsBinaries) {
    EXPECT_EQ(post("", transaction_of(kAmend, "application/json")).error().status, 415);
    EXPECT_EQ(post("", transaction_of("{}", "application/json-patch+json")).error().status, 400);
    EXPECT_EQ(get(name)->version, 1U);
    ASSERT_TRUE(post("", transaction_of(kAmend, "application/json-patch+json")).ok());
    EXPECT_EQ(get(name)->version, 2U);
    // What a transaction refuses it has not patched.
    EXPECT_EQ(post("", transaction_of(kAmend, "application/json-patch+json")).error().status, 409);
    EXPECT_EQ(get(name)->version, 2U);
}

TEST_F(PatchTest, OfManyAtTheSameTimeNoneIsLost) {
    constexpr int kThreads = 4;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            EXPECT_TRUE(
                patch(name, R"([{"op":"add","path":"/category/-","value":{"text":"x"}}])").ok());
        });
    }
    for (auto& thread : threads)
        thread.join();
    const auto read = formats::json::parse(get(name)->body, kBodyBytesMax);
    EXPECT_EQ(read->root().find("category")->array().size(), 1U + kThreads);
}

}  // namespace
}  // namespace consilium::services::ehr
