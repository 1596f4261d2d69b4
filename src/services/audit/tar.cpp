// SPDX-License-Identifier: Apache-2.0
#include "services/audit/tar.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/assert.hpp"

namespace consilium::services::audit {
namespace {

constexpr std::size_t kBlock = 512;
// Offsets and lengths of the header's fields.
constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kSizeDigits = 11;
constexpr std::size_t kChecksumAt = 148;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kTypeAt = 156;
constexpr std::size_t kMagicAt = 257;
constexpr std::string_view kMagic{"ustar\00000", 8};

using Header = std::array<char, kBlock>;

void put(Header& header, std::size_t at, std::string_view text) {
    std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
}

void put_octal(Header& header, std::size_t at, std::size_t digits, std::uint64_t value) {
    for (std::size_t i = digits; i > 0; --i, value /= 8)
        header[at + i - 1] = static_cast<char>('0' + value % 8);
}

std::uint64_t checksum(BytesView header) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
        const bool own = i >= kChecksumAt && i < kChecksumAt + kChecksumBytes;
        sum += own ? std::uint64_t{' '} : static_cast<std::uint8_t>(header[i]);
    }
    return sum;
}

std::optional<std::uint64_t> read_octal(BytesView digits) {
    std::uint64_t out = 0;
    const auto* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, out, 8);
    if (read.ec != std::errc() || read.ptr == digits.data()) return std::nullopt;
    return out;
}

std::size_t padded(std::size_t size) {
    return (size + kBlock - 1) / kBlock * kBlock;
}

}  // namespace

bool is_package_name(std::string_view name) {
    constexpr std::string_view kAlphabet =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/";
    if (name.empty() || name.size() > kNameBytes ||
        name.find_first_not_of(kAlphabet) != std::string_view::npos)
        return false;
    while (true) {
        const auto slash = name.find('/');
        const auto part = name.substr(0, slash);
        if (part.empty() || part.front() == '.') return false;
        if (slash == std::string_view::npos) return true;
        name.remove_prefix(slash + 1);
    }
}

Bytes write_tar(PackageFiles files) {
    std::size_t total = 2 * kBlock;
    for (const auto& [name, bytes] : files)
        total += kBlock + padded(bytes.size());
    Bytes out;
    out.reserve(total);
    while (!files.empty()) {
        const auto file = files.extract(files.begin());
        const std::string& name = file.key();
        const Bytes& bytes = file.mapped();
        CONSILIUM_ASSERT(is_package_name(name));
        Header header{};
        put(header, 0, name);
        put(header, 100, "0000600");
        put(header, 108, "0000000");
        put(header, 116, "0000000");
        put_octal(header, kSizeAt, kSizeDigits, bytes.size());
        put_octal(header, 136, kSizeDigits, 0);
        header[kTypeAt] = '0';
        put(header, kMagicAt, kMagic);
        put_octal(header, kChecksumAt, 6, checksum({header.data(), kBlock}));
        header[kChecksumAt + 7] = ' ';
        out.append(header.data(), kBlock);
        out.append(bytes);
        out.append(padded(bytes.size()) - bytes.size(), '\0');
    }
    out.append(2 * kBlock, '\0');
    return out;
}

std::optional<PackageFiles> read_tar(BytesView archive) {
    PackageFiles out;
    while (archive.size() >= kBlock) {
        const BytesView header = archive.substr(0, kBlock);
        if (header.find_first_not_of('\0') == BytesView::npos) return out;
        const auto sum = read_octal(header.substr(kChecksumAt, 6));
        const auto size = read_octal(header.substr(kSizeAt, kSizeDigits));
        if (!sum || *sum != checksum(header) || !size || header[kTypeAt] != '0' ||
            header.substr(kMagicAt, 5) != "ustar")
            return std::nullopt;
        const auto end = std::min(header.find('\0'), kNameBytes);
        const std::string name(header.substr(0, end));
        archive.remove_prefix(kBlock);
        if (!is_package_name(name) || *size > archive.size() || padded(*size) > archive.size())
            return std::nullopt;
        if (!out.emplace(name, Bytes(archive.substr(0, *size))).second) return std::nullopt;
        archive.remove_prefix(padded(*size));
    }
    return std::nullopt;  // cut off
}

}  // namespace consilium::services::audit
