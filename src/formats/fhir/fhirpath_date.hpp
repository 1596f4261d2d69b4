// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace consilium::formats::fhir {

enum class Precision : std::uint8_t { kYear, kMonth, kDay, kMinute, kSecond };

// A FHIR date, dateTime or instant with the precision that it was written with. The fields are as
// written, not brought to UTC.
struct Moment {
    Precision precision = Precision::kYear;
    std::int32_t year = 0;  // 1 to 9999
    std::int32_t month = 1;
    std::int32_t day = 1;
    std::int32_t hour = 0;
    std::int32_t minute = 0;
    std::int32_t second = 0;                   // 60 for a leap second, which counts as the next
    std::int32_t nanosecond = 0;               // digits beyond nine are cut
    bool fraction = false;                     // a fraction of the second was written
    std::optional<std::int32_t> zone_minutes;  // east of UTC; nothing: no zone was written
};

// Reads YYYY, YYYY-MM, YYYY-MM-DD, YYYY-MM-DDThh:mm[:ss[.fraction]][Z|(+|-)hh:mm]. FHIR's own data
// types want seconds and a zone with a time; the form without them is for search values (R4
// 3.1.1.5.6). Nothing for another form and for a day or time that does not exist.
[[nodiscard]] std::optional<Moment> parse_moment(std::string_view text);

// What a moment covers, in milliseconds of UTC since 1970 (negative before), both ends included.
// A time without zone is taken to be UTC.
struct MomentRange {
    std::int64_t low_ms = 0;
    std::int64_t high_ms = 0;
};
[[nodiscard]] MomentRange range_of(const Moment& moment);

// The order of two moments as FHIRPath N1 has it: by parts, from the year on, in UTC when a zone
// was written; nothing when they agree as far as both go and one goes further.
[[nodiscard]] std::optional<int> compare(const Moment& a, const Moment& b);

// hh:mm:ss[.fraction] as nanoseconds since midnight.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace consilium::formats::fhir
