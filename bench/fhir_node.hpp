// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/sign.hpp"
#include "http/server.hpp"
#include "http/tls.hpp"
#include "http_load.hpp"
#include "node/genesis.hpp"
#include "node/node.hpp"
#include "services/audit/access_log.hpp"
#include "services/ehr/ehr_service.hpp"
#include "services/port/author.hpp"
#include "vault/vault.hpp"

// One member's node in the bench's own process: embedded ledger, vault, FHIR over TLS, and the
// log of accesses. And made-up resources to give it.
namespace consilium::bench {

inline constexpr std::uint64_t kTickMs = 1000;

// One member, one validator, one user; keys that a second start has too.
struct FhirNetwork {
    node::Genesis genesis;
    Bytes user;
    crypto::SigningKey bundle_key = crypto::SigningKey::generate();
    crypto::SigningKey validator_key = crypto::SigningKey::generate();
};
[[nodiscard]] Result<FhirNetwork, std::string> make_fhir_network();

// A node with its vault and FHIR's routes, listening. `network` outlives it.
class FhirNode {
 public:
    FhirNode(const FhirNetwork& network, std::filesystem::path folder);
    ~FhirNode();
    FhirNode(const FhirNode&) = delete;
    FhirNode& operator=(const FhirNode&) = delete;

    // Makes the vault that start() opens.
    [[nodiscard]] Status<std::string> create();
    [[nodiscard]] Status<std::string> start();
    void stop();
    // Requests over 16 connections, one each at a time; the caller says which.
    [[nodiscard]] HttpLoad load();
    // One request over a connection of its own; its time in ms.
    [[nodiscard]] Result<double, std::string> once(const std::string& method,
                                                   const std::string& target, const Bytes& body,
                                                   unsigned status, std::string_view expected);
    [[nodiscard]] vault::Vault& vault() { return *vault_; }

 private:
    class OneAuthor;
    const FhirNetwork& network_;
    const std::filesystem::path folder_;
    std::unique_ptr<services::Author> author_;
    http::Certificate certificate_ = *http::make_self_signed({"bench", {"localhost"}, {}, 1});
    std::unique_ptr<http::Tokens> tokens_ =
        *http::Tokens::create("bench", "bench", {*http::make_token_key()});
    telemetry::Metrics metrics_;
    std::unique_ptr<vault::Vault> vault_;
    std::unique_ptr<services::audit::ChainedLog> access_log_;
    std::unique_ptr<node::Host> host_;
    std::unique_ptr<http::Router> router_;
    std::unique_ptr<services::ehr::EhrService> service_;
    std::unique_ptr<http::Server> server_;
};

[[nodiscard]] Bytes patient_resource(const std::string& id);
// About 650 bytes.
[[nodiscard]] Bytes observation_resource(std::string_view subject, std::string_view category,
                                         std::string_view id);

[[nodiscard]] double median(std::vector<double> values);
// Of this process.
[[nodiscard]] double rss_mib();
[[nodiscard]] double bytes_in(const std::filesystem::path& folder);

}  // namespace consilium::bench
