// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace consilium::formats::fhir {

// Whether a narrative that is well-formed XHTML of the allowed elements and attributes (txt-1) may
// still run or load something where it is shown: a link or an image with another scheme than http,
// https, ftp, mailto, tel, cid, urn or an image in data:, or a style that loads or computes. A
// scheme written with character entities is one of those. R4's invariants do not look at values.
[[nodiscard]] bool has_active_content(std::string_view div);

}  // namespace consilium::formats::fhir
