// SPDX-License-Identifier: Apache-2.0
#include "base/rfc3339.hpp"

namespace consilium {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

// Days since 1970-01-01 of a proleptic Gregorian date, and back: the era algorithm, in which a year
// begins in March so that the leap day comes last.
std::int64_t days_from_civil(std::int64_t y, std::int64_t m, std::int64_t d) {
    y -= m <= 2 ? 1 : 0;
    const std::int64_t era = y / 400;
    const std::int64_t yoe = y - era * 400;
    const std::int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct Date {
    std::int64_t year = 0, month = 0, day = 0;
};

Date civil_from_days(std::int64_t days) {
    const std::int64_t z = days + 719468;
    const std::int64_t era = z / 146097;
    const std::int64_t doe = z - era * 146097;
    const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const std::int64_t mp = (5 * doy + 2) / 153;
    const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
    return {yoe + era * 400 + (month <= 2 ? 1 : 0), month, doy - (153 * mp + 2) / 5 + 1};
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
    const std::string digits = std::to_string(value);
    if (digits.size() < width) out.append(width - digits.size(), '0');
    out += digits;
}

// Reads fields of fixed width from the front; remembers the first failure.
class Reader {
 public:
    explicit Reader(std::string_view text) : rest_(text) {}
    std::int64_t digits(std::size_t count) {
        std::int64_t value = 0;
        if (rest_.size() < count) return refused();
        for (std::size_t i = 0; i < count; ++i) {
            if (rest_[i] < '0' || rest_[i] > '9') return refused();
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(count);
        return value;
    }
    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char c) {
        if (!take(c)) failed_ = true;
    }
    void refuse() { failed_ = true; }
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
    std::int64_t refused() {
        refuse();
        return 0;
    }
    std::string_view rest_;
    bool failed_ = false;
};

// The fraction after a dot, in milliseconds.
std::int64_t read_fraction(Reader& in) {
    std::int64_t ms = 0;
    int read = 0;
    do {
        const std::int64_t digit = in.digits(1);
        if (read < 3) ms = ms * 10 + digit;
        ++read;
    } while (!in.failed() && !in.rest().empty() && in.rest().front() >= '0' &&
             in.rest().front() <= '9');
    for (; read < 3; ++read)
        ms *= 10;
    return ms;
}

std::int64_t read_offset_ms(Reader& in) {
    if (in.take('Z')) return 0;
    const bool west = in.take('-');
    if (!west) in.expect('+');
    const std::int64_t hours = in.digits(2);
    in.expect(':');
    const std::int64_t minutes = in.digits(2);
    if (hours > 23 || minutes > 59) in.refuse();
    return (hours * 60 + minutes) * 60'000 * (west ? -1 : 1);
}

}  // namespace

std::string to_rfc3339(UnixMs time) {
    constexpr auto kDay = static_cast<std::uint64_t>(kDayMs);
    const Date date = civil_from_days(static_cast<std::int64_t>(time.value / kDay));
    const auto of_day = static_cast<std::int64_t>(time.value % kDay);
    std::string out = date.year > 9999 ? "+" : "";
    append_padded(out, date.year, 4);
    out += '-';
    append_padded(out, date.month, 2);
    out += '-';
    append_padded(out, date.day, 2);
    out += 'T';
    append_padded(out, of_day / 3'600'000, 2);
    out += ':';
    append_padded(out, of_day / 60'000 % 60, 2);
    out += ':';
    append_padded(out, of_day / 1000 % 60, 2);
    out += '.';
    append_padded(out, of_day % 1000, 3);
    out += 'Z';
    return out;
}

std::optional<UnixMs> from_rfc3339(std::string_view text) {
    Reader in(text);
    const std::int64_t year = in.digits(4);
    in.expect('-');
    const std::int64_t month = in.digits(2);
    in.expect('-');
    const std::int64_t day = in.digits(2);
    if (in.failed() || month < 1 || month > 12 || day < 1) return std::nullopt;
    const std::int64_t days = days_from_civil(year, month, day);
    if (civil_from_days(days).day != day || civil_from_days(days).month != month) {
        return std::nullopt;
    }
    std::int64_t ms = days * kDayMs;
    if (!in.rest().empty()) {
        in.expect('T');
        const std::int64_t hour = in.digits(2);
        in.expect(':');
        const std::int64_t minute = in.digits(2);
        in.expect(':');
        const std::int64_t second = in.digits(2);
        if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
        ms += ((hour * 60 + minute) * 60 + second) * 1000;
        if (in.take('.')) ms += read_fraction(in);
        ms -= read_offset_ms(in);
    }
    if (in.failed() || !in.rest().empty() || ms < 0) return std::nullopt;
    return UnixMs{static_cast<std::uint64_t>(ms)};
}

}  // namespace consilium
