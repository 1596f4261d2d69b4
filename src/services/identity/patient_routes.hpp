// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "http/router.hpp"
#include "services/identity/patient_tokens.hpp"
#include "services/port/work_queue.hpp"

namespace consilium::services::identity {

// POST /v1/patient/challenge {"link":HEX}
//   200 {"challenge":HEX}: v1::IssuedChallenge
// POST /v1/patient/token {"challenge":HEX,"signature":HEX}
//   200 {"access_token":...,"token_type":"Bearer","expires_in":900,"scope":...,"link":HEX}
// Neither needs a token. docs/formats/wallet.md.
class PatientRoutes {
 public:
    PatientRoutes(PatientTokens::Ports ports, std::function<UnixMs()> now);
    // The server must have stopped.
    ~PatientRoutes();
    void add_routes(http::Router& router);

 private:
    PatientTokens tokens_;
    std::unique_ptr<WorkQueue> work_;  // ends before what it uses
};

}  // namespace consilium::services::identity
