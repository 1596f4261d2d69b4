// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "formats/json/value.hpp"

// A resource as it is stored and sent: the client's members in their order, its numbers' text, and
// id, meta.versionId and meta.lastUpdated as the server sets them. Pure.
namespace consilium::services::ehr {

struct ServerFields {
    std::string_view id;
    std::uint32_t version = 0;
    UnixMs updated;
};

// The text that stands for a reference; nothing leaves it as it is.
using RewriteReference = std::function<std::optional<std::string>(std::string_view)>;

[[nodiscard]] Bytes write_resource(const formats::json::Value& resource, const ServerFields& fields,
                                   const RewriteReference& rewrite = nullptr);

// Every Reference.reference, contained ones too, with the FHIRPath of the Reference element below
// `path`, such as "Observation.performer[1]".
using EachReference = std::function<void(std::string_view reference, const std::string& path)>;
void for_each_reference(const formats::json::Value& resource, const std::string& path,
                        const EachReference& each);

// What is stored as the version that a deletion makes: no resource, so it is never sent.
[[nodiscard]] Bytes write_deletion(std::string_view type, const ServerFields& fields);
[[nodiscard]] bool is_deletion(BytesView stored);

// The last-updated instant out of a stored version, resource or deletion, without parsing all of
// it: write_resource puts it among the first members.
[[nodiscard]] std::optional<UnixMs> updated_of(BytesView stored);

}  // namespace consilium::services::ehr
