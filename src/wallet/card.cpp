// SPDX-License-Identifier: Apache-2.0
#include "wallet/card.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "formats/json/parse.hpp"

namespace consilium::wallet {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr char kCodeVersion = 1;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kFhirIdBytesMax = 64;

bool is_fhir_id(std::string_view text) {
    return !text.empty() && text.size() <= kFhirIdBytesMax &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.';
           });
}

bool is_card(const Card& card) {
    return ledger::is_member_id(card.custodian) && card.slot_salt.size() == kSlotSaltBytes &&
           is_fhir_id(card.patient);
}

Bytes checksum(BytesView bytes) {
    return crypto::tagged_hash("consilium/card-code/1", {bytes}).bytes().substr(0, kChecksumBytes);
}

// The digit that was meant; npos for none.
std::size_t digit_of(char c) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    return kDigits.find(c);
}

// Takes `size` bytes off the front; nothing when there are fewer.
std::optional<BytesView> take(BytesView& from, std::size_t size) {
    if (from.size() < size) return std::nullopt;
    const auto part = from.substr(0, size);
    from.remove_prefix(size);
    return part;
}

std::optional<BytesView> take_text(BytesView& from) {
    const auto size = take(from, 1);
    if (!size) return std::nullopt;
    return take(from, static_cast<std::uint8_t>((*size)[0]));
}

std::optional<Card> read_packed(BytesView bytes) {
    if (bytes.size() < 1 + kChecksumBytes || bytes[0] != kCodeVersion) return std::nullopt;
    const auto body = bytes.substr(0, bytes.size() - kChecksumBytes);
    if (checksum(body) != bytes.substr(body.size())) return std::nullopt;
    auto rest = body.substr(1);
    Card card;
    const auto custodian = take_text(rest);
    const auto link = take(rest, ledger::LinkId::kSize);
    const auto salt = take(rest, kSlotSaltBytes);
    const auto patient = take_text(rest);
    if (!custodian || !link || !salt || !patient || !rest.empty()) return std::nullopt;
    card.custodian = *custodian;
    (void)assign(card.link, *link);
    card.slot_salt = *salt;
    card.patient = *patient;
    if (!is_card(card)) return std::nullopt;
    return card;
}

}  // namespace

std::string write_card(const Card& card) {
    CONSILIUM_ASSERT(is_card(card));
    // None of these has a character that JSON escapes.
    return R"({"custodian":")" + card.custodian + R"(","link":")" + to_hex(card.link.view()) +
           R"(","patient":")" + card.patient + R"(","salt":")" + to_hex(card.slot_salt) + "\"}";
}

std::optional<Card> read_card(std::string_view json) {
    const auto parsed = formats::json::parse(std::string(json), kCardBytesMax);
    if (!parsed || !parsed->root().is_object() || parsed->root().object().size() != 4)
        return std::nullopt;
    const auto text = [&](std::string_view name) {
        const auto* value = parsed->root().find(name);
        return value != nullptr && value->is_string() ? std::string(value->string())
                                                      : std::string();
    };
    const auto link = from_hex(text("link"));
    const auto salt = from_hex(text("salt"));
    Card card;
    if (!link || !salt || !assign(card.link, *link)) return std::nullopt;
    card.custodian = text("custodian");
    card.slot_salt = *salt;
    card.patient = text("patient");
    if (!is_card(card)) return std::nullopt;
    return card;
}

std::string card_code(const Card& card) {
    CONSILIUM_ASSERT(is_card(card));
    Bytes bytes(1, kCodeVersion);
    bytes += static_cast<char>(card.custodian.size());
    bytes += card.custodian;
    bytes += card.link.view();
    bytes += card.slot_salt;
    bytes += static_cast<char>(card.patient.size());
    bytes += card.patient;
    bytes += checksum(bytes);
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    const auto add = [&out](std::uint32_t digit) {
        if (out.size() % 5 == 4) out += '-';
        out += kDigits[digit & 31U];
    };
    for (const char c : bytes) {
        bits = (bits << 8U) | static_cast<std::uint8_t>(c);
        for (count += 8; count >= 5; count -= 5)
            add(bits >> (count - 5));
    }
    if (count > 0) add(bits << (5 - count));
    return out;
}

std::optional<Card> read_card_code(std::string_view code) {
    if (code.size() > kCardBytesMax) return std::nullopt;
    Bytes bytes;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : code) {
        if (c == '-' || c == ' ' || c == '\n' || c == '\r') continue;
        const auto digit = digit_of(c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = (bits << 5U) | static_cast<std::uint32_t>(digit);
        count += 5;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count);
        }
    }
    // What is left of the last digit is zero, and less than a digit.
    if (count >= 5 || (bits & ((1U << count) - 1)) != 0) return std::nullopt;
    return read_packed(bytes);
}

}  // namespace consilium::wallet
