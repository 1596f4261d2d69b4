// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "formats/json/parse.hpp"
#include "http/message.hpp"
#include "services/ehr/fhir.hpp"
#include "vault/vault.hpp"

namespace consilium::services::ehr {

// FHIR's interactions on a vault in a folder of its own.
class FhirTest : public ::testing::Test {
 protected:
    std::filesystem::path folder =
        (std::filesystem::is_directory("/dev/shm") ? std::filesystem::path("/dev/shm")
                                                   : std::filesystem::temp_directory_path()) /
        ("consilium-fhir-" + to_hex(crypto::random_bytes(8)));
    ledger::NetworkId network = crypto::random_id<ledger::NetworkId>();
    std::unique_ptr<vault::Vault> vault;
    std::unique_ptr<Store> store;
    std::unique_ptr<Fhir> fhir;
    http::Scopes scopes = http::Scopes::parse("user/*.cruds");
    std::atomic<std::uint64_t> now_ms{1'700'000'000'000};

    FhirTest() {
        std::filesystem::create_directory(folder);
        EXPECT_TRUE(vault::Vault::create(folder / "vault", "passphrase", {1, 8}).ok());
        open();
    }
    ~FhirTest() override {
        close();
        std::filesystem::remove_all(folder);
    }
    void close() {
        fhir.reset();
        store.reset();
        vault.reset();
    }
    void open() {
        close();
        auto opened = vault::Vault::open(folder / "vault", network, "passphrase");
        ASSERT_TRUE(opened.ok());
        vault = std::move(*opened);
        store = std::make_unique<Store>(*vault);
        FhirOptions options;
        options.base = [] { return std::string("https://hospital.example/fhir"); };
        options.now = [this] { return UnixMs{++now_ms}; };
        options.validate = [](const formats::json::Value& resource, const std::string& at) {
            std::vector<Issue> issues;
            if (resource.find("bad") != nullptr)
                issues.push_back({"error", "structure", "An element is unknown", at + ".bad"});
            return issues;
        };
        options.elsewhere_key = [](std::string_view id) { return "test/card/" + Bytes(id); };
        fhir = std::make_unique<Fhir>(*store, std::move(options));
    }

    // As if a chart card of that patient were kept.
    void keep_card(const std::string& patient) {
        const std::vector<vault::Row> rows{{"test/card/" + patient, Bytes("card")}};
        EXPECT_TRUE(vault->put({}, rows, {}).ok());
    }
    static std::vector<std::string> split(std::string_view path) {
        std::vector<std::string> out;
        while (!path.empty()) {
            const auto slash = path.find('/');
            out.emplace_back(path.substr(0, slash));
            path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
        }
        return out;
    }
    Call call(Verb verb, std::string_view target, Bytes body = {}) {
        Call out;
        out.verb = verb;
        const auto mark = target.find('?');
        out.path = split(target.substr(0, mark));
        if (mark != std::string_view::npos) {
            out.parameters = *http::parse_form(target.substr(mark + 1));
        }
        out.body = std::move(body);
        out.scopes = &scopes;
        return out;
    }
    Reply get(std::string_view target) { return fhir->handle(call(Verb::kGet, target)); }
    Reply post(std::string_view target, Bytes body) {
        return fhir->handle(call(Verb::kPost, target, std::move(body)));
    }
    Reply put(std::string_view target, Bytes body) {
        return fhir->handle(call(Verb::kPut, target, std::move(body)));
    }
    Reply remove(std::string_view target) { return fhir->handle(call(Verb::kDelete, target)); }

    // "Type/id" out of a Location.
    static std::string name_of(const Reply& reply) {
        if (!reply) return {};
        return reply->location.substr(0, reply->location.find("/_history/"));
    }
    std::string create(std::string_view type, Bytes body) {
        const auto reply = post(type, std::move(body));
        EXPECT_TRUE(reply.ok()) << (reply ? "" : reply.error().issues[0].text);
        EXPECT_TRUE(!reply || reply->status == 201);
        return name_of(reply);
    }
    std::string new_patient(const std::string& family = "Musterpatientin") {
        return create("Patient", R"({"resourceType":"Patient","name":[{"family":")" + family +
                                     R"("}],"birthDate":"1961-04-30"})");
    }
    static Bytes observation_of(const std::string& patient, const std::string& code = "8480-6",
                                const std::string& category = "vital-signs") {
        return R"({"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":")" +
               category + R"("}]}],"code":{"coding":[{"system":"http://loinc.org","code":")" +
               code + R"("}]},"subject":{"reference":")" + patient +
               R"("},"valueQuantity":{"value":120.50,"unit":"mmHg"}})";
    }
    static std::size_t entries_of(const Bytes& bundle) {
        const auto document = formats::json::parse(bundle, bundle.size());
        EXPECT_TRUE(document.ok());
        if (!document) return 0;
        const auto* entries = document->root().find("entry");
        return entries == nullptr ? 0 : entries->array().size();
    }
    std::size_t count(std::string_view target) {
        const auto reply = get(target);
        EXPECT_TRUE(reply.ok()) << (reply ? "" : reply.error().issues[0].text);
        return reply ? entries_of(reply->body) : ~std::size_t{0};
    }
};

}  // namespace consilium::services::ehr
