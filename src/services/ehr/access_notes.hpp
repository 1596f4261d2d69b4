// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/token.hpp"
#include "services/ehr/call.hpp"
#include "services/port/access_log.hpp"

// What a call to the FHIR API shows and changes, for the member's access log.
namespace consilium::services::ehr {

// Who asks, by the access token.
void describe(const http::Principal& principal, Access& access);

// For one call and one thread.
class AccessNotes {
 public:
    // Takes from the call what is gone when it has been handled.
    explicit AccessNotes(const Call& call);

    // A resource that goes into the answer, as it is stored.
    void shown(BytesView stored, Interaction interaction = Interaction::kNone);
    // A version that was written; `patient` is that of its chart, or empty.
    void changed(BytesView stored, Interaction interaction, std::string_view type,
                 std::string_view id, std::uint32_t version, std::string_view patient);
    // What a sealed link of a search asks for.
    void set_query(std::string query);
    // All that a body shows which nobody noted.
    void shown_body(const Answer& answer);

    // Whether the log is told: of what was shown or done, and of what was denied.
    [[nodiscard]] bool is_access(const Reply& reply) const;
    // Whether the call changes what is stored, so that the log must be ready before.
    [[nodiscard]] bool writes() const;
    [[nodiscard]] Access finish(const http::Principal* principal, const Reply& reply,
                                bool elsewhere) &&;

 private:
    void about_patient(std::string_view id);
    [[nodiscard]] bool is_bundle() const;
    Access access_;
};

}  // namespace consilium::services::ehr
