// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/router.hpp"
#include "services/ehr/call.hpp"
#include "services/port/access_log.hpp"
#include "services/port/author.hpp"
#include "services/port/port.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "vault/vault.hpp"

// FHIR R4 over a member's vault: docs/fhir.md.
namespace consilium::services::ehr {

class Fhir;
class Store;

// Takes calls about patients whose record lies at another member; false for any other. `done` is
// called once, on any thread.
using Elsewhere = std::function<bool(const Call& call, const http::Principal& principal,
                                     std::function<void(Reply)> done)>;

// The node's own AuditEvents, which are not in the store. Thread-safe.
class OwnEvents {
 public:
    virtual ~OwnEvents() = default;
    [[nodiscard]] virtual bool is_about(const Call& call) const = 0;
    [[nodiscard]] virtual Reply answer(const Call& call, const http::Principal& principal) = 0;
};

struct EhrPorts {
    vault::Vault& vault;
    Submit& submit;
    const Reads& reads;
    Author* author = nullptr;  // null: nothing is anchored, what is stored waits
};

struct EhrOptions {
    // "https://hospital.example:7443": what addresses in answers begin with, but for "/fhir".
    std::function<std::string()> url;
    std::uint64_t anchor_tick_ms = 60'000;
    // Writes wait for the disk: as many can share one sync as there are threads.
    unsigned threads = 16;  // 1 to 64
    std::size_t waiting_max = 1024;
    // FhirOptions::elsewhere_key.
    std::function<Bytes(std::string_view id)> elsewhere_key{};
    // The patient whose key proved that link, as Principal::link names it. Null: nobody's did.
    std::function<std::optional<std::string>(const std::string& link)> patient_of_link{};
};

class EhrService {
 public:
    // Ports must outlive the service.
    EhrService(EhrPorts ports, EhrOptions options, telemetry::Metrics& metrics,
               telemetry::Logger log);
    // Waits for what is under way. The server must have been stopped, or have let go of the routes,
    // before.
    ~EhrService();

    // Asked before the store is; before the server starts.
    void set_elsewhere(Elsewhere elsewhere);
    // Asked before all else; before the server starts.
    void set_own_events(OwnEvents& events);
    // Told of every access before its answer leaves; what it does not take is not answered. Before
    // the server starts.
    void set_access_log(AccessLog& log);
    // The routes refer to this object.
    void add_routes(http::Router& router);
    // Anchors from now on.
    void start();

    [[nodiscard]] Store& store();
    [[nodiscard]] Fhir& fhir();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace consilium::services::ehr
