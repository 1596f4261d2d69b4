// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/fhirpath_date.hpp"

#include <array>

namespace consilium::formats::fhir {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 86'400'000;

// Days since 1970-01-01 of the proleptic Gregorian calendar.
// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.)
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719'468;
}

// The inverse, civil_from_days of the same source.
void set_civil(Moment& out, std::int64_t days) {
    days += 719'468;
    const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
    const std::int64_t day_of_era = days - era * 146'097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t shifted = (5 * day_of_year + 2) / 153;
    out.day = static_cast<std::int32_t>(day_of_year - (153 * shifted + 2) / 5 + 1);
    out.month = static_cast<std::int32_t>(shifted < 10 ? shifted + 3 : shifted - 9);
    out.year = static_cast<std::int32_t>(year_of_era + era * 400 + (out.month <= 2 ? 1 : 0));
}

std::int32_t days_in_month(std::int32_t year, std::int32_t month) {
    constexpr std::array<std::int32_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Reads from the front of a text; every function moves on only when it succeeds.
class Reader {
 public:
    explicit Reader(std::string_view text) : text_(text) {}

    [[nodiscard]] bool done() const { return text_.empty(); }

    bool take(char c) {
        if (text_.empty() || text_.front() != c) return false;
        text_.remove_prefix(1);
        return true;
    }

    bool digits(std::size_t count, std::int32_t low, std::int32_t high, std::int32_t& out) {
        if (text_.size() < count) return false;
        std::int32_t value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (text_[i] < '0' || text_[i] > '9') return false;
            value = value * 10 + (text_[i] - '0');
        }
        if (value < low || value > high) return false;
        text_.remove_prefix(count);
        out = value;
        return true;
    }

    // The digits after a decimal point, as nanoseconds.
    bool fraction(std::int32_t& nanoseconds) {
        std::size_t count = 0;
        std::int32_t value = 0;
        while (count < text_.size() && text_[count] >= '0' && text_[count] <= '9') {
            if (count < 9) value = value * 10 + (text_[count] - '0');
            ++count;
        }
        if (count == 0) return false;
        for (std::size_t i = count; i < 9; ++i)
            value *= 10;
        text_.remove_prefix(count);
        nanoseconds = value;
        return true;
    }

 private:
    std::string_view text_;
};

bool read_zone(Reader& reader, Moment& out) {
    if (reader.done()) return true;
    if (reader.take('Z')) {
        out.zone_minutes = 0;
        return reader.done();
    }
    const bool negative = reader.take('-');
    if (!negative && !reader.take('+')) return false;
    std::int32_t hours = 0;
    std::int32_t minutes = 0;
    if (!reader.digits(2, 0, 14, hours) || !reader.take(':') || !reader.digits(2, 0, 59, minutes))
        return false;
    const std::int32_t zone = hours * 60 + minutes;
    if (zone > 14 * 60) return false;
    out.zone_minutes = negative ? -zone : zone;
    return reader.done();
}

bool read_time(Reader& reader, Moment& out) {
    out.precision = Precision::kMinute;
    if (!reader.digits(2, 0, 23, out.hour) || !reader.take(':') ||
        !reader.digits(2, 0, 59, out.minute))
        return false;
    if (reader.take(':')) {
        out.precision = Precision::kSecond;
        if (!reader.digits(2, 0, 60, out.second)) return false;
        if (reader.take('.')) {
            out.fraction = true;
            if (!reader.fraction(out.nanosecond)) return false;
        }
    }
    return read_zone(reader, out);
}

// Milliseconds since 1970 of the moment's first instant.
std::int64_t first_ms(const Moment& moment) {
    const std::int64_t seconds =
        (std::int64_t{moment.hour} * 60 + moment.minute) * 60 + moment.second;
    return days_from_civil(moment.year, moment.month, moment.day) * kDayMs + seconds * 1000 +
           moment.nanosecond / 1'000'000 -
           std::int64_t{moment.zone_minutes.value_or(0)} * kMinuteMs;
}

std::int64_t nanosecond_of_second(const Moment& moment) {
    return moment.nanosecond % 1'000'000;
}

template <typename T>
int sign(T a, T b) {
    return a < b ? -1 : (a > b ? 1 : 0);
}

}  // namespace

std::optional<Moment> parse_moment(std::string_view text) {
    Reader reader(text);
    Moment out;
    if (!reader.digits(4, 1, 9999, out.year)) return std::nullopt;
    if (reader.done()) return out;
    if (!reader.take('-') || !reader.digits(2, 1, 12, out.month)) return std::nullopt;
    out.precision = Precision::kMonth;
    if (reader.done()) return out;
    if (!reader.take('-') || !reader.digits(2, 1, days_in_month(out.year, out.month), out.day))
        return std::nullopt;
    out.precision = Precision::kDay;
    if (reader.done()) return out;
    if (!reader.take('T') || !read_time(reader, out)) return std::nullopt;
    return out;
}

MomentRange range_of(const Moment& moment) {
    MomentRange out;
    out.low_ms = first_ms(moment);
    switch (moment.precision) {
        case Precision::kYear:
            out.high_ms = days_from_civil(moment.year + 1, 1, 1) * kDayMs - 1;
            break;
        case Precision::kMonth:
            out.high_ms = out.low_ms + days_in_month(moment.year, moment.month) * kDayMs - 1;
            break;
        case Precision::kDay:
            out.high_ms = out.low_ms + kDayMs - 1;
            break;
        case Precision::kMinute:
            out.high_ms = out.low_ms + kMinuteMs - 1;
            break;
        case Precision::kSecond:
            out.high_ms = out.low_ms + (moment.fraction ? 0 : 999);
            break;
    }
    return out;
}

std::optional<int> compare(const Moment& a, const Moment& b) {
    // From the minute on a zone moves all parts; two dates compare as they were written.
    if (a.precision >= Precision::kMinute && b.precision >= Precision::kMinute) {
        Moment left = a;
        Moment right = b;
        const bool same = a.precision == b.precision;
        if (!same) {
            left.second = right.second = 0;
            left.nanosecond = right.nanosecond = 0;
        }
        int order = sign(first_ms(left), first_ms(right));
        if (order == 0) order = sign(nanosecond_of_second(left), nanosecond_of_second(right));
        if (order != 0 || same) return order;
        return std::nullopt;
    }
    Moment left = a;
    Moment right = b;
    for (Moment* moment : {&left, &right}) {
        if (moment->precision < Precision::kMinute || !moment->zone_minutes) continue;
        // The day in UTC, so that a date can be held against it.
        const std::int64_t ms = first_ms(*moment);
        set_civil(*moment, ms / kDayMs - (ms % kDayMs < 0 ? 1 : 0));
    }
    int order = sign(left.year, right.year);
    const Precision common = left.precision < right.precision ? left.precision : right.precision;
    if (order == 0 && common >= Precision::kMonth) order = sign(left.month, right.month);
    if (order == 0 && common >= Precision::kDay) order = sign(left.day, right.day);
    if (order != 0 || left.precision == right.precision) return order;
    return std::nullopt;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
    Reader reader(text);
    Moment out;
    if (!read_time(reader, out) || out.precision != Precision::kSecond || out.zone_minutes)
        return std::nullopt;
    return ((std::int64_t{out.hour} * 60 + out.minute) * 60 + out.second) * 1'000'000'000 +
           out.nanosecond;
}

}  // namespace consilium::formats::fhir
