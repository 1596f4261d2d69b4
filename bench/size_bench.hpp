// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "figures.hpp"

namespace consilium::bench {

// How a node grows: one embedded node into which patients of 100 documents each (a Patient, 11
// Observations of the category laboratory, 88 of others) are imported over TLS, by two clients.
struct SizeOptions {
    // When to measure, ascending: documents in the vault.
    std::vector<std::uint64_t> documents;
    // Bundles to post afterwards, in this order: what the later ones refer to comes first.
    std::vector<std::filesystem::path> bundles;
};
struct SizeRow {
    std::uint64_t documents = 0;
    double imports_per_s = 0;  // documents, since the row before
    double search_ms_p50 = 0;  // by patient and category, 11 hits, one at a time
    double searches_per_s = 0;
    double rss_mib = 0;  // of node and clients
    double disk_bytes_per_document = 0;
};
struct BundleRow {
    std::string name;
    double mib = 0;
    double post_ms = 0;
};
struct SizeFigures {
    std::vector<SizeRow> rows;
    std::vector<BundleRow> bundles;
    double everything_10000_ms = 0;
    double bundle_29_mib_ms = 0;  // a transaction of 29 MiB, one patient
};
[[nodiscard]] Result<SizeFigures, std::string> measure_size(const Settings& settings,
                                                            const SizeOptions& options);

}  // namespace consilium::bench
