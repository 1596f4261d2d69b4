// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/output.hpp"

// What `consilium import` reads: FHIR Bundles, single resources and NDJSON (one resource a line, as
// FHIR Bulk Data exports them), each perhaps compressed with zstd.
namespace consilium::cli {

struct ImportFile {
    std::filesystem::path path;
    std::uint64_t bytes = 0;  // on the disk
};

// One request: a Bundle.
struct ImportPart {
    std::string name;    // of the file, with the first line of a part of NDJSON
    std::string bundle;  // JSON
    bool lines = false;  // made of lines, so it may be joined with others
};

inline constexpr std::size_t kImportBytesMax = 64U << 20U;  // of a part, as the node takes it
inline constexpr std::size_t kLinesPerPart = 1000;

// The files themselves and those in the folders, at any depth, whose names end as the ones above
// do: .json, .ndjson, and each with .zst. The small ones first: what others refer to (facilities,
// practitioners) tends to be small.
[[nodiscard]] Result<std::vector<ImportFile>, Problem> find_import_files(
    const std::vector<std::string>& paths);

[[nodiscard]] Result<std::vector<ImportPart>, Problem> read_import_file(
    const std::filesystem::path& path);

// Lines of NDJSON as Bundles of at most kLinesPerPart resources each.
[[nodiscard]] std::vector<ImportPart> parts_of_lines(const std::string& name,
                                                     std::string_view lines);
// Several such parts as one; empty when it would be too large.
[[nodiscard]] std::string join_parts(const std::vector<ImportPart>& parts);

}  // namespace consilium::cli
