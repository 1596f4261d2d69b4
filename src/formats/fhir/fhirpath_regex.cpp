// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/fhirpath_regex.hpp"

#include <algorithm>

namespace consilium::formats::fhir {

// Compiles from the end of the pattern's parse to states that know what follows them: every
// fragment is built with the state to go on to, so counted repeats are built as often as they say.
class RegexCompiler {
 public:
    explicit RegexCompiler(std::string_view pattern) : pattern_(pattern) {}

    std::optional<Regex> run() {
        if (!pattern_.empty() && pattern_.front() == '^') {
            regex_.anchored_ = true;
            pattern_.remove_prefix(1);
        }
        const std::size_t root = alternatives();
        if (bad_ || at_ != pattern_.size()) return std::nullopt;
        const std::uint16_t match = add({Regex::Kind::kMatch, 0, 0, 0});
        regex_.start_ = emit(root, match);
        if (bad_) return std::nullopt;
        return std::move(regex_);
    }

 private:
    struct Piece {
        enum class Kind : std::uint8_t { kBytes, kSequence, kAlternatives, kRepeat, kEnd } kind;
        std::vector<std::size_t> parts;
        std::uint16_t bytes = 0;
        std::size_t fewest = 0;
        std::size_t most = 0;
    };
    static constexpr std::size_t kUnbounded = static_cast<std::size_t>(-1);

    std::size_t piece(Piece p) {
        pieces_.push_back(std::move(p));
        return pieces_.size() - 1;
    }
    std::size_t refuse() {
        bad_ = true;
        return piece({Piece::Kind::kSequence, {}});
    }
    bool more() const { return !bad_ && at_ < pattern_.size(); }

    std::size_t alternatives() {
        if (++depth_ > 32) return refuse();
        Piece out{Piece::Kind::kAlternatives, {}};
        out.parts.push_back(sequence());
        while (more() && pattern_[at_] == '|') {
            ++at_;
            out.parts.push_back(sequence());
        }
        --depth_;
        return piece(std::move(out));
    }

    std::size_t sequence() {
        Piece out{Piece::Kind::kSequence, {}};
        while (more() && pattern_[at_] != '|' && pattern_[at_] != ')')
            out.parts.push_back(repeated());
        return piece(std::move(out));
    }

    std::size_t repeated() {
        std::size_t inner = atom();
        while (more()) {
            Piece out{Piece::Kind::kRepeat, {inner}};
            const char c = pattern_[at_];
            if (c == '?') {
                out.most = 1;
            } else if (c == '*' || c == '+') {
                out.fewest = c == '+' ? 1 : 0;
                out.most = kUnbounded;
            } else if (c != '{' || !counts(out)) {
                break;
            }
            ++at_;
            inner = piece(std::move(out));
        }
        return inner;
    }

    // Reads {n}, {n,} or {n,m} up to its closing brace, where at_ is left.
    bool counts(Piece& out) {
        std::size_t at = at_ + 1;
        const auto number = [&](std::size_t& value) {
            const std::size_t start = at;
            for (value = 0; at < pattern_.size() && pattern_[at] >= '0' && pattern_[at] <= '9';
                 ++at)
                value = std::min<std::size_t>(
                    value * 10 + static_cast<std::size_t>(pattern_[at] - '0'), Regex::kMaxStates);
            return at > start;
        };
        if (!number(out.fewest)) return false;
        out.most = out.fewest;
        if (at < pattern_.size() && pattern_[at] == ',') {
            ++at;
            if (!number(out.most)) out.most = kUnbounded;
        }
        if (at == pattern_.size() || pattern_[at] != '}' || out.most < out.fewest) return false;
        at_ = at;
        return true;
    }

    std::size_t atom() {
        const char c = pattern_[at_++];
        if (c == '(') {
            if (pattern_.substr(at_, 2) == "?:") at_ += 2;
            const std::size_t inner = alternatives();
            if (!more() || pattern_[at_] != ')') return refuse();
            ++at_;
            return inner;
        }
        if (c == '*' || c == '+' || c == '?' || c == '^') return refuse();
        if (c == '$') return piece({Piece::Kind::kEnd, {}});
        Regex::ByteSet set(256, false);
        if (c == '[') {
            if (!read_class(set)) return refuse();
        } else if (c == '.') {
            set.assign(256, true);
            set['\n'] = set['\r'] = false;
        } else if (c == '\\') {
            if (at_ == pattern_.size()) return refuse();
            add_escape(set, pattern_[at_++]);
        } else {
            set[static_cast<unsigned char>(c)] = true;
        }
        regex_.sets_.push_back(std::move(set));
        Piece out{Piece::Kind::kBytes, {}};
        out.bytes = static_cast<std::uint16_t>(regex_.sets_.size() - 1);
        return piece(std::move(out));
    }

    bool read_class(Regex::ByteSet& set) {
        const bool inverted = at_ < pattern_.size() && pattern_[at_] == '^';
        if (inverted) ++at_;
        bool first = true;
        for (; at_ < pattern_.size() && (first || pattern_[at_] != ']'); first = false) {
            const auto low = static_cast<unsigned char>(pattern_[at_++]);
            if (low >= 0x80) return false;
            if (low == '\\') {
                if (at_ == pattern_.size()) return false;
                add_escape(set, pattern_[at_++]);
                continue;
            }
            unsigned char high = low;
            if (at_ + 1 < pattern_.size() && pattern_[at_] == '-' && pattern_[at_ + 1] != ']') {
                high = static_cast<unsigned char>(pattern_[at_ + 1]);
                at_ += 2;
            }
            if (high < low || high >= 0x80) return false;
            std::fill(set.begin() + low, set.begin() + high + 1, true);
        }
        if (at_ == pattern_.size()) return false;
        ++at_;
        if (inverted) set.flip();
        return true;
    }

    static void add_escape(Regex::ByteSet& set, char c) {
        const auto within = [](int byte, char kind) {
            if (kind == 's') return byte == ' ' || (byte >= '\t' && byte <= '\r');
            const bool digit = byte >= '0' && byte <= '9';
            const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
            return digit || (kind == 'w' && (letter || byte == '_'));
        };
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
        if (lower != 's' && lower != 'd' && lower != 'w') {
            const char literal = c == 'n' ? '\n' : (c == 't' ? '\t' : (c == 'r' ? '\r' : c));
            set[static_cast<unsigned char>(literal)] = true;
            return;
        }
        for (int byte = 0; byte < 256; ++byte) {
            if (within(byte, lower) == (c == lower)) set[static_cast<std::size_t>(byte)] = true;
        }
    }

    std::uint16_t add(Regex::State state) {
        if (regex_.states_.size() >= Regex::kMaxStates) {
            bad_ = true;
            return 0;
        }
        regex_.states_.push_back(state);
        return static_cast<std::uint16_t>(regex_.states_.size() - 1);
    }

    std::uint16_t emit(std::size_t index, std::uint16_t next) {
        if (bad_) return 0;
        const Piece& p = pieces_[index];
        switch (p.kind) {
            case Piece::Kind::kBytes:
                return add({Regex::Kind::kBytes, next, 0, p.bytes});
            case Piece::Kind::kEnd:
                return add({Regex::Kind::kEnd, next, 0, 0});
            case Piece::Kind::kSequence:
                for (std::size_t i = p.parts.size(); i-- > 0;)
                    next = emit(p.parts[i], next);
                return next;
            case Piece::Kind::kAlternatives: {
                std::uint16_t out = emit(p.parts.back(), next);
                for (std::size_t i = p.parts.size() - 1; i-- > 0;) {
                    const std::uint16_t one = emit(p.parts[i], next);
                    out = add({Regex::Kind::kSplit, one, out, 0});
                }
                return out;
            }
            case Piece::Kind::kRepeat:
                break;
        }
        return emit_repeat(p, next);
    }

    std::uint16_t emit_repeat(const Piece& p, std::uint16_t next) {
        const std::size_t inner = p.parts.front();
        if (p.most == kUnbounded) {
            const std::uint16_t loop = add({Regex::Kind::kSplit, 0, next, 0});
            const std::uint16_t body = emit(inner, loop);
            if (bad_) return 0;
            regex_.states_[loop].next = body;
            next = loop;
        } else {
            for (std::size_t i = p.fewest; i < p.most && !bad_; ++i)
                next = add({Regex::Kind::kSplit, emit(inner, next), next, 0});
        }
        for (std::size_t i = 0; i < p.fewest && !bad_; ++i)
            next = emit(inner, next);
        return next;
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::vector<Piece> pieces_;
    Regex regex_;
    bool bad_ = false;
};

std::optional<Regex> Regex::compile(std::string_view pattern) {
    return RegexCompiler(pattern).run();
}

class Regex::Run {
 public:
    Run(const Regex& regex, std::string_view text)
        : regex_(regex), text_(text), seen_(regex.states_.size(), 0) {}

    // Moves to a position with no state.
    void reset(std::size_t at) {
        at_ = at;
        now_.clear();
        ++stamp_;
    }

    void start() { enter(now_, regex_.start_, at_); }

    [[nodiscard]] bool alive() const { return !now_.empty(); }
    [[nodiscard]] std::size_t at() const { return at_; }

    // Whether a match ends here.
    [[nodiscard]] bool matched() const {
        return std::any_of(now_.begin(), now_.end(),
                           [&](std::uint16_t s) { return regex_.states_[s].kind == Kind::kMatch; });
    }

    // Reads one byte.
    void step() {
        ++stamp_;
        then_.clear();
        if (at_ < text_.size()) {
            for (const std::uint16_t s : now_) {
                const State& state = regex_.states_[s];
                if (state.kind == Kind::kBytes &&
                    regex_.sets_[state.bytes][static_cast<unsigned char>(text_[at_])])
                    enter(then_, state.next, at_ + 1);
            }
        }
        ++at_;
        now_.swap(then_);
    }

 private:
    // Follows all splits from `state` without reading; each state once per position.
    void enter(std::vector<std::uint16_t>& list, std::uint16_t state, std::size_t at) {
        todo_.assign(1, state);
        while (!todo_.empty()) {
            const std::uint16_t s = todo_.back();
            todo_.pop_back();
            if (seen_[s] == stamp_) continue;
            seen_[s] = stamp_;
            const State& entered = regex_.states_[s];
            if (entered.kind == Kind::kSplit) {
                todo_.push_back(entered.other);
                todo_.push_back(entered.next);
            } else if (entered.kind == Kind::kEnd) {
                if (at == text_.size()) todo_.push_back(entered.next);
            } else {
                list.push_back(s);
            }
        }
    }

    const Regex& regex_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t stamp_ = 0;
    std::vector<std::size_t> seen_;
    std::vector<std::uint16_t> now_;
    std::vector<std::uint16_t> then_;
    std::vector<std::uint16_t> todo_;
};

bool Regex::matches(std::string_view text) const {
    Run run(*this, text);
    run.reset(0);
    for (;;) {
        if (run.at() == 0 || !anchored_) run.start();
        if (run.matched()) return true;
        if (run.at() == text.size() || (anchored_ && !run.alive())) return false;
        run.step();
    }
}

std::optional<std::pair<std::size_t, std::size_t>> Regex::find(std::string_view text,
                                                               std::size_t from) const {
    Run run(*this, text);
    for (std::size_t start = from; start <= text.size(); ++start) {
        std::optional<std::size_t> end;
        for (run.reset(start), run.start(); run.alive(); run.step()) {
            if (run.matched()) end = run.at();
        }
        if (end) return std::pair(start, *end);
        if (anchored_) break;
    }
    return std::nullopt;
}

}  // namespace consilium::formats::fhir
