// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "services/ehr/call.hpp"

// Writes Bundles of answers: https://hl7.org/fhir/R4/bundle.html. Resources go in as the bytes that
// are stored.
namespace consilium::services::ehr {

class BundleText {
 public:
    // `type`: searchset, history, batch-response, transaction-response.
    explicit BundleText(std::string_view type);

    void total(std::uint64_t count);
    void link(std::string_view relation, std::string_view url);
    // An entry of a search; `mode`: match, include, outcome.
    void found(std::string_view full_url, BytesView resource, std::string_view mode);
    // An entry of a history; a deletion has no resource.
    void version(std::string_view full_url, BytesView resource, std::string_view method,
                 std::string_view url, std::uint16_t status, std::uint32_t version, UnixMs updated);
    // An entry of a batch or transaction.
    void response(const Answer& answer, std::string_view base);

    [[nodiscard]] Bytes finish() &&;

 private:
    void begin_entry();
    void full_url(std::string_view url);
    void resource(BytesView bytes);
    void end_links();

    Bytes out_;
    bool links_ = false;
    bool entries_ = false;
};

// "200 OK"
[[nodiscard]] std::string status_text(std::uint16_t status);

// Type and id out of a stored resource's first members.
struct Identity {
    std::string_view type;
    std::string_view id;
};
[[nodiscard]] std::optional<Identity> identity_of(BytesView stored);

}  // namespace consilium::services::ehr
