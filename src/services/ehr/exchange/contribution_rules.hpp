// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "formats/json/value.hpp"
#include "services/ehr/store.hpp"

// What may be offered to a chart elsewhere, and what a custodian takes: docs/formats/exchange.md,
// "Contributions". Thread-safe.
namespace consilium::services::ehr::exchange {

// A document offered has at most so many bytes: with the fields that a custodian's server sets it
// still goes into one step with its Provenance.
inline constexpr std::size_t kContributionBytesMax = 1024U * 1024U - 4096U;

enum class OfferFault : std::uint8_t {
    kNone,
    kType,          // resources of that type are not contributed
    kPatient,       // the first patient whose record it belongs to is not the link's
    kOtherPatient,  // it refers to somebody else too
    kReference,     // it refers to something by another form than Type/id
    kUnknown,       // it refers to something that the contributor was never shown
};
[[nodiscard]] const char* to_string(OfferFault fault);

// Types that belong to a patient's record, but for the Patient and what servers write themselves.
[[nodiscard]] bool is_contributed(std::string_view type);

// By the resource alone, at either side. kNone, or the first fault found.
[[nodiscard]] OfferFault check_offered(const formats::json::Value& resource, std::string_view type,
                                       std::string_view patient);

// At the custodian: everything that it refers to is here, and is either of no patient's record or
// of this one's and would be shown to others (rules.hpp). What is here and would not be shown is
// answered as what is not here. kDisk when the store cannot be read.
[[nodiscard]] Result<bool, StoreError> refers_to_known(Store& store,
                                                       const formats::json::Value& resource,
                                                       std::string_view patient);

// At the custodian: the resource is here, not deleted, belongs to that patient's record, and its
// version would be shown to others.
[[nodiscard]] Result<bool, StoreError> is_correctable(Store& store, std::string_view type,
                                                      std::string_view id, std::uint32_t version,
                                                      std::string_view patient);

}  // namespace consilium::services::ehr::exchange
