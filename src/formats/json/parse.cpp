// SPDX-License-Identifier: Apache-2.0
#include "formats/json/parse.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "formats/json/arena.hpp"
#include "formats/json/text.hpp"

namespace consilium::formats::json {

namespace {

// Objects up to this many members are checked for duplicate names pair by pair, larger ones sorted.
constexpr std::size_t kPairwiseMax = 24;

constexpr bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Whether any of 8 bytes ends a run of plain characters: a quote, a backslash, a control character
// or the start of a longer UTF-8 sequence. (A byte b is below n when (b - n) borrows.)
bool has_special(std::uint64_t word) {
    constexpr std::uint64_t kOnes = 0x0101010101010101U;
    constexpr std::uint64_t kHigh = 0x8080808080808080U;
    const std::uint64_t quote = word ^ (kOnes * '"');
    const std::uint64_t escape = word ^ (kOnes * '\\');
    const std::uint64_t found = (word - kOnes * 0x20) | (quote - kOnes) | (escape - kOnes) | word;
    return (found & kHigh) != 0;
}

}  // namespace

// A recursive descent, as deep as kDepthMax. Finished values of open arrays and objects wait on two
// stacks and move to the arena when their bracket closes.
class Parser {
 public:
    explicit Parser(std::string text) : arena_(std::make_shared<Arena>()) {
        const std::string_view kept = arena_->adopt(std::move(text));
        begin_ = kept.data();
        end_ = begin_ + kept.size();
        at_ = begin_;
    }

    Result<Document, ParseError> run() {
        if (end_ - at_ >= 3 && std::memcmp(at_, "\xEF\xBB\xBF", 3) == 0) {
            (void)refuse("byte order mark");
            return fail(error_);
        }
        Value root;
        skip_space();
        if (!value(root, 0)) return fail(error_);
        skip_space();
        if (at_ != end_) {
            (void)refuse("text after the value");
            return fail(error_);
        }
        return Document(std::move(arena_), root);
    }

 private:
    struct Pending {
        Member member;
        std::size_t offset;  // of its name
    };

    bool refuse(std::string_view reason) { return refuse_at(at_, reason); }
    bool refuse_at(const char* at, std::string_view reason) {
        error_ = {static_cast<std::size_t>(at - begin_), reason};
        return false;
    }
    void skip_space() {
        while (at_ != end_ && is_space(*at_))
            ++at_;
    }
    [[nodiscard]] bool next_is(char c) const { return at_ != end_ && *at_ == c; }

    bool value(Value& out, std::size_t depth) {
        if (at_ == end_) return refuse("value missing at the end");
        switch (*at_) {
            case '{':
                return object(out, depth);
            case '[':
                return array(out, depth);
            case '"': {
                std::string_view text;
                if (!string(text)) return false;
                set(out, Kind::kString, text.data(), text.size());
                return true;
            }
            case 't':
                return literal(out, "true", Kind::kBoolean, 1);
            case 'f':
                return literal(out, "false", Kind::kBoolean, 0);
            case 'n':
                return literal(out, "null", Kind::kNull, 0);
            default:
                return number(out);
        }
    }

    static void set(Value& out, Kind kind, const void* data, std::size_t size) {
        out.kind_ = kind;
        out.data_ = data;
        out.size_ = static_cast<std::uint32_t>(size);
        out.depth_ = 0;
    }

    bool literal(Value& out, std::string_view word, Kind kind, std::size_t size) {
        const auto left = static_cast<std::size_t>(end_ - at_);
        if (left < word.size() || std::string_view(at_, word.size()) != word)
            return refuse("value expected");
        at_ += word.size();
        set(out, kind, nullptr, size);
        return true;
    }

    bool number(Value& out) {
        if (*at_ != '-' && (*at_ < '0' || *at_ > '9')) return refuse("value expected");
        const std::size_t length = number_length({at_, static_cast<std::size_t>(end_ - at_)});
        if (length == 0) return refuse("malformed number");
        set(out, Kind::kNumber, at_, length);
        at_ += length;
        // 01 and 1x: what follows a number ends it, and the caller expects a comma or a bracket.
        return true;
    }

    bool array(Value& out, std::size_t depth) {
        if (depth == kDepthMax) return refuse("nested too deeply");
        ++at_;
        const std::size_t first = values_.size();
        std::uint8_t inner = 0;
        skip_space();
        if (next_is(']')) {
            ++at_;
        } else {
            while (true) {
                Value item;
                if (!value(item, depth + 1)) return false;
                inner = std::max(inner, item.depth_);
                values_.push_back(item);
                skip_space();
                if (next_is(']')) {
                    ++at_;
                    break;
                }
                if (!next_is(',')) return refuse("comma or ] expected");
                ++at_;
                skip_space();
            }
        }
        const std::span<const Value> items(values_.data() + first, values_.size() - first);
        set(out, Kind::kArray, arena_->copy(items), items.size());
        out.depth_ = static_cast<std::uint8_t>(inner + 1);
        values_.resize(first);
        return true;
    }

    bool object(Value& out, std::size_t depth) {
        if (depth == kDepthMax) return refuse("nested too deeply");
        ++at_;
        const std::size_t first = members_.size();
        std::uint8_t inner = 0;
        skip_space();
        if (next_is('}')) {
            ++at_;
        } else {
            while (true) {
                if (!next_is('"')) return refuse("member name expected");
                Pending pending{{}, static_cast<std::size_t>(at_ - begin_)};
                if (!string(pending.member.name)) return false;
                skip_space();
                if (!next_is(':')) return refuse("colon expected");
                ++at_;
                skip_space();
                if (!value(pending.member.value, depth + 1)) return false;
                inner = std::max(inner, pending.member.value.depth_);
                members_.push_back(pending);
                skip_space();
                if (next_is('}')) {
                    ++at_;
                    break;
                }
                if (!next_is(',')) return refuse("comma or } expected");
                ++at_;
                skip_space();
            }
        }
        return close_object(out, first, inner);
    }

    bool close_object(Value& out, std::size_t first, std::uint8_t inner) {
        const std::span<Pending> found(members_.data() + first, members_.size() - first);
        const std::size_t twice = duplicate(found);
        if (twice != kNone) return refuse_at(begin_ + twice, "member name twice in an object");
        Member* kept = nullptr;
        if (!found.empty()) {
            kept = static_cast<Member*>(
                arena_->allocate(found.size() * sizeof(Member), alignof(Member)));
            for (std::size_t i = 0; i < found.size(); ++i)
                new (kept + i) Member(found[i].member);
        }
        set(out, Kind::kObject, kept, found.size());
        out.depth_ = static_cast<std::uint8_t>(inner + 1);
        members_.resize(first);
        return true;
    }

    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

    // The offset of the first name that was there before, or kNone.
    static std::size_t duplicate(std::span<const Pending> members) {
        if (members.size() <= kPairwiseMax) {
            for (std::size_t i = 1; i < members.size(); ++i)
                for (std::size_t j = 0; j < i; ++j)
                    if (members[i].member.name == members[j].member.name) return members[i].offset;
            return kNone;
        }
        std::vector<std::pair<std::string_view, std::size_t>> names;
        names.reserve(members.size());
        for (const Pending& pending : members)
            names.emplace_back(pending.member.name, pending.offset);
        std::sort(names.begin(), names.end());
        std::size_t found = kNone;
        for (std::size_t i = 1; i < names.size(); ++i)
            if (names[i].first == names[i - 1].first) found = std::min(found, names[i].second);
        return found;
    }

    // Stops at a quote, a backslash or the end. Whatever else it meets is well-formed.
    bool skip_plain() {
        while (true) {
            std::uint64_t word = 0;
            while (end_ - at_ >= 8) {
                std::memcpy(&word, at_, 8);
                if (has_special(word)) break;
                at_ += 8;
            }
            while (at_ != end_ && static_cast<unsigned char>(*at_) >= 0x20 &&
                   static_cast<unsigned char>(*at_) < 0x80 && *at_ != '"' && *at_ != '\\')
                ++at_;
            if (at_ == end_) return refuse("string without an end");
            if (*at_ == '"' || *at_ == '\\') return true;
            if (static_cast<unsigned char>(*at_) < 0x20)
                return refuse("control character in a string");
            const std::size_t length = utf8_length({at_, static_cast<std::size_t>(end_ - at_)});
            if (length == 0) return refuse("invalid UTF-8");
            at_ += length;
        }
    }

    bool string(std::string_view& out) {
        const char* first = ++at_;
        if (!skip_plain()) return false;
        if (*at_ == '"') {
            out = {first, static_cast<std::size_t>(at_ - first)};
            ++at_;
            return true;
        }
        decoded_.assign(first, at_);
        while (*at_ != '"') {
            if (!escape()) return false;
            const char* plain = at_;
            if (!skip_plain()) return false;
            decoded_.append(plain, at_);
        }
        ++at_;
        out = arena_->copy(decoded_);
        return true;
    }

    // At a backslash.
    bool escape() {
        if (end_ - at_ < 2) return refuse("string without an end");
        constexpr std::string_view kNames = "\"\\/bfnrt";
        constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
        if (at_[1] != 'u') {
            const std::size_t which = kNames.find(at_[1]);
            if (which == std::string_view::npos) return refuse("unknown escape");
            decoded_.push_back(kValues[which]);
            at_ += 2;
            return true;
        }
        const char* start = at_;
        char32_t point = 0;
        if (!code_unit(point)) return false;
        if (point == 0) return refuse_at(start, "U+0000 in a string");
        if (point >= 0xDC00 && point <= 0xDFFF) return refuse_at(start, "lone surrogate");
        if (point >= 0xD800 && point <= 0xDBFF) {
            char32_t low = 0;
            if (!next_is('\\') || end_ - at_ < 2 || at_[1] != 'u')
                return refuse_at(start, "lone surrogate");
            if (!code_unit(low)) return false;
            if (low < 0xDC00 || low > 0xDFFF) return refuse_at(start, "lone surrogate");
            point = 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00);
        }
        const std::size_t before = decoded_.size();
        append_utf8(decoded_, point);
        if (utf8_length(std::string_view(decoded_).substr(before)) == 0)
            return refuse_at(start, "noncharacter in a string");
        return true;
    }

    // \uXXXX.
    bool code_unit(char32_t& out) {
        if (end_ - at_ < 6) return refuse("malformed \\u escape");
        char32_t unit = 0;
        for (int i = 2; i < 6; ++i) {
            const int digit = hex_digit(at_[i]);
            if (digit < 0) return refuse("malformed \\u escape");
            unit = (unit << 4U) | static_cast<char32_t>(digit);
        }
        at_ += 6;
        out = unit;
        return true;
    }

    std::shared_ptr<Arena> arena_;
    const char* begin_ = nullptr;
    const char* end_ = nullptr;
    const char* at_ = nullptr;
    std::vector<Value> values_;
    std::vector<Pending> members_;
    std::string decoded_;
    ParseError error_;
};

Result<Document, ParseError> parse(std::string text, std::size_t bytes_max) {
    CONSILIUM_ASSERT(bytes_max <= kBytesMax);
    if (text.size() > bytes_max) return fail(ParseError{bytes_max, "text too long"});
    return Parser(std::move(text)).run();
}

}  // namespace consilium::formats::json
