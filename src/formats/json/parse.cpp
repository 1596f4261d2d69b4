// SPDX-License-Identifier: Apache-2.0
#include "formats/json/parse.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <functional>
#include <numeric>
#include <optional>
#include <tuple>
#include <vector>

#include "formats/json/arena.hpp"
#include "formats/json/text.hpp"

namespace consilium::formats::json {

namespace {

using boost::json::error_code;
using Error = boost::json::error;

// Objects up to this many members are checked for duplicate names pair by pair, larger ones sorted.
constexpr std::size_t kPairwiseMax = 24;

std::string_view reason_of(error_code code) {
    if (code.category() != boost::json::make_error_code(Error::syntax).category())
        return "not JSON";
    switch (static_cast<Error>(code.value())) {
        case Error::extra_data:
            return "text after the value";
        case Error::incomplete:
            return "ends too early";
        case Error::exponent_overflow:
            return "exponent out of range";
        case Error::too_deep:
            return "nested too deeply";
        case Error::illegal_leading_surrogate:
        case Error::illegal_trailing_surrogate:
        case Error::expected_utf16_escape:
            return "lone surrogate";
        case Error::expected_hex_digit:
            return "malformed \\u escape";
        default:
            return "not JSON";
    }
}

}  // namespace

// Builds values out of what Boost.JSON's parser finds. Finished values of open arrays and objects
// wait on a stack and move to the arena when their bracket closes. Texts without escapes stay where
// they are; the whole input is handed to the parser at once, so these come in one piece.
class Parser {
 public:
    // Names that the parser looks for. NOLINTBEGIN(readability-identifier-naming)
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    // NOLINTEND(readability-identifier-naming)

    Parser() = default;

    [[nodiscard]] std::string_view adopt(std::string text) {
        input_ = arena_->adopt(std::move(text));
        return input_;
    }
    // Why the parser stopped at `place`.
    [[nodiscard]] ParseError error(std::size_t place, error_code code) const {
        if (refused_.reason.empty()) return {place, reason_of(code)};
        return {refused_.at ? static_cast<std::size_t>(*refused_.at) : place, refused_.reason};
    }
    [[nodiscard]] Document finish() { return {std::move(arena_), values_.front()}; }

    bool on_document_begin(error_code& /*code*/) { return true; }
    bool on_document_end(error_code& /*code*/) { return true; }
    bool on_array_begin(error_code& /*code*/) { return true; }
    bool on_object_begin(error_code& /*code*/) { return true; }
    bool on_array_end(std::size_t count, error_code& /*code*/) {
        const std::span<const Value> items = last_values(count);
        close(Kind::kArray, arena_->copy(items), items);
        return true;
    }
    // Its names are the last ones and its values too: those of objects inside it have gone.
    bool on_object_end(std::size_t count, error_code& code) {
        const std::span<const Value> values = last_values(count);
        const std::span<const std::string_view> names(names_.data() + names_.size() - count, count);
        if (const auto twice = duplicate(names)) {
            return refuse(*twice, "member name twice in an object", code);
        }
        Member* kept = nullptr;
        if (count != 0) {
            kept = static_cast<Member*>(arena_->allocate(count * sizeof(Member), alignof(Member)));
            for (std::size_t i = 0; i < count; ++i)
                new (kept + i) Member{names[i], values[i]};
        }
        names_.resize(names_.size() - count);
        close(Kind::kObject, kept, values);
        return true;
    }
    bool on_key_part(boost::json::string_view part, std::size_t /*size*/, error_code& /*code*/) {
        parts_.append(part.data(), part.size());
        return true;
    }
    bool on_key(boost::json::string_view last, std::size_t /*size*/, error_code& code) {
        const std::string_view name = whole(last);
        if (!check_text(name, code)) return false;
        names_.push_back(name);
        return true;
    }
    bool on_string_part(boost::json::string_view part, std::size_t /*size*/, error_code& /*code*/) {
        parts_.append(part.data(), part.size());
        return true;
    }
    bool on_string(boost::json::string_view last, std::size_t /*size*/, error_code& code) {
        const std::string_view text = whole(last);
        if (!check_text(text, code)) return false;
        push(Kind::kString, text.data(), text.size());
        return true;
    }
    bool on_number_part(boost::json::string_view part, error_code& /*code*/) {
        parts_.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t /*value*/, boost::json::string_view last, error_code& /*code*/) {
        return number(last);
    }
    bool on_uint64(std::uint64_t /*value*/, boost::json::string_view last, error_code& /*code*/) {
        return number(last);
    }
    bool on_double(double /*value*/, boost::json::string_view last, error_code& /*code*/) {
        return number(last);
    }
    bool on_bool(bool value, error_code& /*code*/) {
        push(Kind::kBoolean, nullptr, value ? 1 : 0);
        return true;
    }
    bool on_null(error_code& /*code*/) {
        push(Kind::kNull, nullptr, 0);
        return true;
    }
    bool on_comment_part(boost::json::string_view /*part*/, error_code& /*code*/) { return true; }
    bool on_comment(boost::json::string_view /*text*/, error_code& /*code*/) { return true; }

 private:
    bool number(boost::json::string_view last) {
        const std::string_view text = whole(last);
        push(Kind::kNumber, text.data(), text.size());
        return true;
    }

    [[nodiscard]] bool in_input(std::string_view text) const {
        return std::less_equal<>{}(input_.data(), text.data()) &&
               std::less_equal<>{}(text.data() + text.size(), input_.data() + input_.size());
    }

    // What came in parts, and the last of them.
    std::string_view whole(boost::json::string_view last) {
        const std::string_view text(last.data(), last.size());
        if (parts_.empty()) return in_input(text) ? text : arena_->copy(text);
        parts_.append(text);
        const std::string_view copy = arena_->copy(parts_);
        parts_.clear();
        return copy;
    }

    // `text` is what is refused. One that had escapes is not in the input.
    bool refuse(std::string_view text, std::string_view reason, error_code& code) {
        refused_ = {in_input(text) ? std::optional(text.data() - input_.data()) : std::nullopt,
                    reason};
        code = boost::json::make_error_code(Error::syntax);
        return false;
    }
    bool check_text(std::string_view text, error_code& code) {
        return is_text(text) ||
               refuse(text, "ill-formed UTF-8, a noncharacter or U+0000 in a string", code);
    }

    [[nodiscard]] std::span<const Value> last_values(std::size_t count) const {
        return {values_.data() + values_.size() - count, count};
    }
    void push(Kind kind, const void* data, std::size_t size) {
        Value value;
        value.kind_ = kind;
        value.data_ = data;
        value.size_ = static_cast<std::uint32_t>(size);
        values_.push_back(value);
    }
    // The last values become one, an array or an object, whose memory is `data`.
    void close(Kind kind, const void* data, std::span<const Value> inside) {
        std::uint8_t inner = 0;
        for (const Value& value : inside)
            inner = std::max(inner, value.depth_);
        const std::size_t count = inside.size();
        values_.resize(values_.size() - count);
        push(kind, data, count);
        values_.back().depth_ = static_cast<std::uint8_t>(inner + 1);
    }

    // The first name, in the order of the text, that was there before.
    static std::optional<std::string_view> duplicate(std::span<const std::string_view> names) {
        if (names.size() <= kPairwiseMax) {
            for (std::size_t i = 1; i < names.size(); ++i) {
                if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i),
                              names[i]) != names.begin() + static_cast<std::ptrdiff_t>(i))
                    return names[i];
            }
            return std::nullopt;
        }
        std::vector<std::size_t> order(names.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return std::tie(names[a], a) < std::tie(names[b], b);
        });
        std::optional<std::size_t> found;
        for (std::size_t i = 1; i < order.size(); ++i) {
            if (names[order[i]] == names[order[i - 1]])
                found = std::min(found.value_or(order[i]), order[i]);
        }
        return found ? std::optional(names[*found]) : std::nullopt;
    }

    std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
    std::string_view input_;
    std::vector<Value> values_;
    std::vector<std::string_view> names_;
    std::string parts_;
    // Why this told the parser to stop, and where, if that is known.
    struct Refused {
        std::optional<std::ptrdiff_t> at;
        std::string_view reason;
    };
    Refused refused_;
};

Result<Document, ParseError> parse(std::string text, std::size_t bytes_max) {
    CONSILIUM_ASSERT(bytes_max <= kBytesMax);
    if (text.size() > bytes_max) return fail(ParseError{bytes_max, "text too long"});
    boost::json::parse_options options;
    options.max_depth = kDepthMax;
    options.allow_invalid_utf8 = true;  // Parser::check_text is stricter
    boost::json::basic_parser<Parser> parser(options);
    const std::string_view input = parser.handler().adopt(std::move(text));
    error_code code;
    const std::size_t read = parser.write_some(false, input.data(), input.size(), code);
    if (!code && read != input.size()) code = Error::extra_data;
    if (!code) return parser.handler().finish();
    return fail(parser.handler().error(read, code));
}

}  // namespace consilium::formats::json
