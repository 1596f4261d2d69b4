// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "formats/json/value.hpp"
#include "http/token.hpp"
#include "services/ehr/issue.hpp"
#include "vault/document_reader.hpp"

// One interaction of FHIR's REST API, whether it came over HTTP or as a Bundle's entry, and its
// answer.
namespace consilium::services::ehr {

class AccessNotes;

enum class Verb : std::uint8_t { kGet, kPost, kPut, kPatch, kDelete };

using Parameters = std::vector<std::pair<std::string, std::string>>;

// What the client wants back from a write (Prefer: return=...).
enum class Return : std::uint8_t { kRepresentation, kMinimal, kOutcome };

struct Call {
    Verb verb = Verb::kGet;
    std::vector<std::string> path;  // segments below the base: {"Patient", "1"}
    Parameters parameters;          // of the query, or of a search's form
    std::string if_match;
    std::string if_none_match;
    std::string if_modified_since;
    std::string if_none_exist;
    std::string content_type;
    std::string accept;
    std::string security_context;  // X-Security-Context: of a Binary that comes as its bytes
    std::string emergency_access;  // why the glass is broken, as the header has it
    Return wanted = Return::kRepresentation;
    bool lenient = false;                  // Prefer: handling=lenient
    const http::Scopes* scopes = nullptr;  // what the token grants
    std::string own_patient;  // to whose record its scopes at level patient reach; empty: none's
    AccessNotes* notes = nullptr;                    // for the access log; null: nobody logs
    Bytes body;                                      // over HTTP
    const formats::json::Value* resource = nullptr;  // of a Bundle's entry
    std::string at;  // FHIRPath of that resource: "Bundle.entry[3].resource"
};

struct Answer {
    std::uint16_t status = 200;
    Bytes body;                                      // a resource or OperationOutcome; empty: none
    std::string content_type;                        // of a Binary's own bytes; empty: FHIR JSON
    std::shared_ptr<vault::DocumentReader> content;  // those bytes, where there is no body
    std::uint32_t version = 0;                       // of the resource, for ETag; 0: none
    std::optional<UnixMs> updated;
    std::string location;      // "Type/id/_history/n", below the base, or empty
    std::string status_of;     // "Task/id" that tells how the write goes on, or empty
    bool is_resource = false;  // the body is the resource that was written or read
};

using Reply = Result<Answer, Problem>;

// W/"3": RFC 9110 section 8.8.3, FHIR R4 http section 3.1.0.1.3.
[[nodiscard]] std::string etag_of(std::uint32_t version);
// The version that an If-Match or If-None-Match names; nothing for another shape.
[[nodiscard]] std::optional<std::uint32_t> version_of_etag(std::string_view text);

// Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110 section 5.6.7), to the second.
[[nodiscard]] std::string http_date(UnixMs time);
[[nodiscard]] std::optional<UnixMs> parse_http_date(std::string_view text);

}  // namespace consilium::services::ehr
