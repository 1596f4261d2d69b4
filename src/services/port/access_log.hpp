// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Who looked at or changed which patient's data: what services tell the member's access log (45 CFR
// 164.312(b)). services/audit implements it; docs/formats/access-log.md says how it is kept.
namespace consilium::services {

// The values are those of v1.LoggedInteraction.
enum class Interaction : std::uint8_t {
    kNone = 0,
    kRead = 1,
    kVread = 2,
    kHistory = 3,
    kSearch = 4,
    kEverything = 5,
    kCreate = 6,
    kUpdate = 7,
    kPatch = 8,
    kDelete = 9,
    kBatch = 10,      // a batch or transaction: each resource has its own
    kImport = 11,     // the same
    kWorklist = 12,   // of what an import put aside
    kReceived = 13,   // what came in a disclosure of another member's
    kOperation = 14,  // an order, decision or report of the node's own API
};

// A version that was shown, written or deleted.
struct AccessedResource {
    Interaction interaction = Interaction::kNone;  // kNone: the access's own
    std::string type;
    std::string id;
    std::uint32_t version = 0;              // 0: unknown
    std::vector<std::uint32_t> patients{};  // places in Access::patients
};

// One request, once its outcome is known and before its answer leaves.
struct Access {
    // Of the access token.
    std::string subject;
    std::string client;
    std::string token;
    std::string purpose;  // as the token claims it; may be empty
    bool break_glass = false;
    std::string own_patient;  // a patient's token: their FHIR id,
    std::string own_link;     // or their link (32 hex digits)

    Interaction interaction = Interaction::kNone;
    bool denied = false;         // by scopes, by the ledger or by another member
    std::uint16_t status = 200;  // of HTTP
    bool elsewhere = false;      // the record lies at another member
    std::string asked;           // what the address names: "Patient/1/Observation"
    std::string query;           // parameters, as sent
    // FHIR ids, each once: whose data was shown or changed, and whose was asked for.
    std::vector<std::string> patients;
    std::vector<AccessedResource> resources;

    // The place of that patient in `patients`, where it is put if it is not there.
    [[nodiscard]] std::uint32_t patient(std::string_view id);
};

class AccessLog {
 public:
    virtual ~AccessLog() = default;
    // False when an access could not be logged now: then nothing may be changed.
    [[nodiscard]] virtual bool ready() = 0;
    // Puts the access into the log. When it answers true, that outlives the process; when false, it
    // is not in the log, and nothing may be shown. Thread-safe; waits for a write, for no sync.
    [[nodiscard]] virtual bool append(const Access& access) = 0;
};

}  // namespace consilium::services
