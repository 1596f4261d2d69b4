// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/demo.hpp"
#include "cli/https_client.hpp"
#include "formats/json/value.hpp"

// Somebody in the demo who uses a member's API with a token of their own, as any client does.
namespace consilium::cli {

// What a node answered.
struct Told {
    unsigned status = 0;
    std::size_t bytes = 0;
    std::uint64_t took_us = 0;
    formats::json::Document body;  // null when it was no JSON

    [[nodiscard]] const formats::json::Value& root() const { return body.root(); }
};

class Person {
 public:
    Person(std::string member, Endpoint endpoint)
        : member_(std::move(member)), http_(std::move(endpoint)) {}

    // FHIR under /fhir, other JSON elsewhere. Another status than the expected one ends the demo.
    using Headers = std::vector<std::pair<std::string, std::string>>;
    [[nodiscard]] Result<Told, Problem> get_expecting(unsigned status, const std::string& target,
                                                      const Headers& headers = {});
    [[nodiscard]] Result<Told, Problem> post_expecting(unsigned status, const std::string& target,
                                                       const std::string& body);
    // 201, or 202: the ledger has not answered yet, and it goes on.
    [[nodiscard]] Result<Told, Problem> post_order(const std::string& target,
                                                   const std::string& body);
    [[nodiscard]] Result<Told, Problem> put_expecting(unsigned status, const std::string& target,
                                                      const std::string& body);
    // A gauge or counter of the node's metrics, 0 when it has none of that name.
    [[nodiscard]] Result<std::uint64_t, Problem> metric(std::string_view name);

    [[nodiscard]] const std::string& member() const { return member_; }

 private:
    [[nodiscard]] Result<Told, Problem> ask_expecting(unsigned status, const HttpRequest& request);
    [[nodiscard]] Result<Told, Problem> ask(const HttpRequest& request);
    std::string member_;
    HttpsClient http_;
};

// Who breaks the glass, and why: the header Emergency-Access.
inline constexpr const char* kEmergencySubject = "dr-frey";
inline constexpr const char* kEmergencyReason =
    "treatment-cannot-wait; unconscious%2C%20chest%20pain";

// What a token says, as the member's administrator issues it.
struct Badge {
    std::string scope{};    // SMART scopes
    std::string purpose{};  // of use, where there is one
    std::string subject{};  // empty: the member
    bool break_glass = false;
};
[[nodiscard]] Result<Person, Problem> demo_person(const DemoWorld& world, const std::string& member,
                                                  const Badge& badge);

// The node as the patient of the story uses it, with a token that the wallet's key got there.
[[nodiscard]] Result<NodeClient, Problem> demo_patient_node(DemoWorld& world,
                                                            const std::string& member);

// Asks again until `holds` says so; after a minute the claim does not hold.
[[nodiscard]] Status<Problem> demo_wait(const std::string& claim,
                                        const std::function<Result<bool, Problem>()>& holds);

// Whether all copies of that holder are in that state.
[[nodiscard]] Result<bool, Problem> demo_holder_says(Person& officer, const std::string& erasure,
                                                     const std::string& holder,
                                                     const std::string& state);

// ---- reading answers

// The text of a member, empty when there is none; of a null pointer too.
[[nodiscard]] std::string text_in(const formats::json::Value* object, std::string_view name);
[[nodiscard]] std::uint64_t number_in(const formats::json::Value* object, std::string_view name);
[[nodiscard]] std::span<const formats::json::Value> list_in(const formats::json::Value& object,
                                                            std::string_view name);
// "Type/id" and the bytes of each resource of a Bundle.
[[nodiscard]] std::map<std::string, std::string> resources_of(const formats::json::Value& bundle);
// What somebody measured, as JSON; `number` makes each another one.
[[nodiscard]] std::string heart_rate_of(const std::string& patient, int number);
// The first issue of an OperationOutcome: "TEXT".
[[nodiscard]] std::string outcome_words(const formats::json::Value& outcome);

}  // namespace consilium::cli
