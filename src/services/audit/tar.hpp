// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "services/audit/package.hpp"

// How a package travels in one answer: an archive of plain files (POSIX.1-1988 ustar). Pure.
namespace consilium::services::audit {

// Each file is let go once it is written. Names are at most 100 bytes, contents below 8 GiB.
[[nodiscard]] Bytes write_tar(PackageFiles files);

// Nothing for an archive with anything but plain files, with a name that is not a relative path of
// plain names (letters, digits, '.', '-', '_', none of them "." or ".."), or with a name twice.
[[nodiscard]] std::optional<PackageFiles> read_tar(BytesView archive);

// Whether a file of a package may have that name.
[[nodiscard]] bool is_package_name(std::string_view name);

}  // namespace consilium::services::audit
