// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "figures.hpp"

namespace consilium::bench {

// FHIR over one embedded node: vault, ledger and the clients on the same cores, TLS, durable
// writes, 16 connections with one request each. Resources are made up.
struct FhirFigures {
    double creates_per_s = 0;   // Observations of 650 bytes, validated
    double reads_per_s = 0;     // of one by its id
    double searches_per_s = 0;  // by patient and category, 11 hits
    double bundle_237_ms = 0;   // a transaction of 237 entries, median
    double everything_237_ms = 0;
    double start_ms = 0;                    // from nothing to the first answer
    double disk_bytes_per_observation = 0;  // vault and ledger
    double rss_mib = 0;                     // node and clients
};
inline constexpr std::size_t kBundleEntries = 237;
// A transaction of one Patient, of id p, and Observations of it.
[[nodiscard]] Bytes fhir_bundle_237();

[[nodiscard]] Result<FhirFigures, std::string> measure_fhir(const Settings& settings);

}  // namespace consilium::bench
