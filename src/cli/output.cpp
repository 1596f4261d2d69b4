// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <ostream>

#include "base/assert.hpp"
#include "base/hex.hpp"

namespace consilium::cli {
namespace {

constexpr std::size_t kBarColumns = 30;

std::string padded(const std::string& text, std::size_t columns, bool right) {
    const std::size_t have = width(text);
    const std::string gap(columns > have ? columns - have : 0, ' ');
    return right ? gap + text : text + gap;
}

// value / unit with three significant digits.
std::string scaled(std::uint64_t value, std::uint64_t unit) {
    std::size_t decimals = 2;
    std::uint64_t factor = 100;
    if (value >= 100 * unit) {
        decimals = 0;
        factor = 1;
    } else if (value >= 10 * unit) {
        decimals = 1;
        factor = 10;
    }
    const std::uint64_t rounded = (value * factor + unit / 2) / unit;
    std::string out = std::to_string(rounded / factor);
    if (decimals != 0) {
        const std::string fraction = std::to_string(rounded % factor);
        out += '.' + std::string(decimals - fraction.size(), '0') + fraction;
    }
    return out;
}

}  // namespace

const std::vector<ExitCode>& exit_codes() {
    static const std::vector<ExitCode> kCodes = {
        {Exit::kOk, "ok", "Done as asked."},
        {Exit::kRefused, "refused", "The ledger, a node or a check said no."},
        {Exit::kUsage, "usage", "Wrong arguments, or input that is not what it should be."},
        {Exit::kUnreachable, "unreachable", "No node answered."},
        {Exit::kDisk, "disk", "A file or folder could not be read or written."},
        {Exit::kInternal, "internal", "A fault of this program."},
    };
    return kCodes;
}

void Context::fail(Exit code, std::string_view message, std::string_view hint) {
    exit = code;
    err << (err_is_terminal ? "\x1b[31mconsilium:\x1b[0m " : "consilium: ") << printable(message)
        << '\n';
    if (!hint.empty()) err << "  " << printable(hint) << '\n';
}

void Table::add(std::vector<std::string> cells) {
    CONSILIUM_ASSERT(cells.size() == columns_.size());
    for (std::string& cell : cells)
        cell = printable(cell);
    rows_.push_back(std::move(cells));
}

void Table::print(const Context& context) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = width(columns_[i].heading);
        for (const auto& row : rows_)
            widest = std::max(widest, width(row[i]));
        widths.push_back(widest);
    }
    const auto line = [&](const auto& cell) {
        std::string text;
        for (std::size_t i = 0; i < columns_.size(); ++i)
            text += (i == 0 ? "" : "  ") + padded(cell(i), widths[i], columns_[i].right);
        text.erase(text.find_last_not_of(' ') + 1);
        return text;
    };
    const std::string heading = line([&](std::size_t i) { return columns_[i].heading; });
    context.out << (context.out_is_terminal ? "\x1b[1m" + heading + "\x1b[0m" : heading) << '\n';
    for (const auto& row : rows_)
        context.out << line([&](std::size_t i) { return row[i]; }) << '\n';
}

void Facts::add(std::string name, std::string value) {
    rows_.emplace_back(std::move(name), printable(value));
}

void Facts::print(const Context& context) const {
    std::size_t widest = 0;
    for (const auto& row : rows_)
        widest = std::max(widest, width(row.first));
    for (const auto& row : rows_)
        context.out << padded(row.first, widest, false) << "  " << row.second << '\n';
}

Progress::Progress(Context& context, std::string what, std::uint64_t total)
    : context_(context), what_(std::move(what)), total_(total == 0 ? 1 : total) {
    draw();
}

Progress::~Progress() {
    if (context_.err_is_terminal) context_.err << "\r\x1b[K" << std::flush;
}

void Progress::advance(std::uint64_t by) {
    done_ = std::min(total_, done_ + by);
    draw();
}

void Progress::draw() {
    const std::uint64_t percent = done_ * 100 / total_;
    if (!context_.err_is_terminal || percent == drawn_) return;
    drawn_ = percent;
    const auto filled = static_cast<std::size_t>(done_ * kBarColumns / total_);
    std::string bar;
    for (std::size_t i = 0; i < kBarColumns; ++i)
        bar += i < filled ? "█" : "░";
    context_.err << "\r\x1b[K" << what_ << "  " << bar << ' ' << percent << " %" << std::flush;
}

std::string grouped(std::uint64_t value) {
    std::string out = std::to_string(value);
    for (std::size_t at = out.size(); at > 3;) {
        at -= 3;
        out.insert(at, ",");
    }
    return out;
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    return grouped(count) + " " + std::string(count == 1 ? one : many);
}

std::string duration_text(std::uint64_t microseconds) {
    if (microseconds < 1'000'000) return scaled(microseconds, 1000) + " ms";
    if (microseconds < 60'000'000) return scaled(microseconds, 1'000'000) + " s";
    const std::uint64_t seconds = microseconds / 1'000'000;
    const std::string rest = std::to_string(seconds % 60);
    return std::to_string(seconds / 60) + " min " + (rest.size() < 2 ? "0" : "") + rest + " s";
}

std::string size_text(std::uint64_t bytes) {
    if (bytes < 1024) return std::to_string(bytes) + " B";
    std::uint64_t unit = 1024;
    std::size_t name = 0;
    static constexpr std::string_view kNames[] = {"KiB", "MiB", "GiB", "TiB"};
    while (name < 3 && bytes >= unit * 1024) {
        unit *= 1024;
        ++name;
    }
    return scaled(bytes, unit) + ' ' + std::string(kNames[name]);
}

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
        // The controls of ASCII, and U+0080 to U+009F in UTF-8: some terminals act on both.
        const bool two_bytes = byte == 0xc2U && next >= 0x80U && next < 0xa0U;
        if (byte >= 0x20U && byte != 0x7fU && !two_bytes) {
            out += text[i];
            continue;
        }
        out += "\\x" + to_hex(text.substr(two_bytes ? i + 1 : i, 1));
        if (two_bytes) ++i;
    }
    return out;
}

std::size_t width(std::string_view text) {
    std::size_t columns = 0;
    for (const char c : text) {
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++columns;
    }
    return columns;
}

}  // namespace consilium::cli
