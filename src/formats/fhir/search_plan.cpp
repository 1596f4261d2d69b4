// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "formats/fhir/primitive.hpp"
#include "formats/fhir/search_index.hpp"
#include "formats/fhir/search_keys.hpp"
#include "formats/fhir/search_reference.hpp"
#include "formats/fhir/search_text.hpp"

namespace consilium::formats::fhir {

namespace {

constexpr std::size_t kMaxRanges = 512;
constexpr std::size_t kMaxPatients = 8;

// The first bytes after all that begin with `prefix`. A prefix always ends with a byte below ff.
Bytes after_prefix(Bytes prefix) {
    ++prefix.back();
    return prefix;
}

// All keys that begin with `prefix`.
KeyRange whole(Bytes prefix, bool exact = true) {
    KeyRange out;
    out.first = prefix;
    out.end = after_prefix(prefix);
    out.prefix = std::move(prefix);
    out.exact = exact;
    return out;
}

// What the index says of one criterion, in one scope.
class Ranges {
 public:
    Ranges(Bytes scope, std::string_view type, const Criterion& criterion, std::string_view base)
        : scope_(std::move(scope)),
          criterion_(criterion),
          as_(indexed_as(type, *criterion.parameter)),
          base_(base),
          codes_{as_.code} {
        // What is no Patient stands under the wider parameter's own name.
        if (as_.expression != criterion.parameter->expression)
            codes_.push_back(criterion.parameter->code);
    }

    // False when the index cannot find what fits.
    bool run(std::vector<KeyRange>& out) {
        for (const SearchValue& value : criterion_.values) {
            if (!add(value) || ranges_.size() > kMaxRanges) return false;
        }
        for (const std::string_view code : codes_) {
            if (!criterion_.values.empty())
                ranges_.push_back(whole(start(index_kind::kOverflow, code), false));
        }
        std::move(ranges_.begin(), ranges_.end(), std::back_inserter(out));
        return true;
    }

 private:
    Bytes start(char kind) const { return start(kind, as_.code); }
    Bytes start(char kind, std::string_view code) const {
        Bytes key = scope_;
        append_kind(key, kind, code);
        return key;
    }

    bool add(const SearchValue& value) {
        switch (criterion_.parameter->type) {
            case SearchType::kToken:
                return token(value, start(index_kind::kToken), true);
            case SearchType::kString:
                return text(value);
            case SearchType::kUri:
                uri(value.text, start(index_kind::kUri));
                return true;
            case SearchType::kDate:
                return date(value);
            case SearchType::kNumber:
            case SearchType::kQuantity:
                return number(value);
            case SearchType::kReference:
                return reference(value);
            default:
                return false;
        }
    }

    bool token(const SearchValue& value, Bytes key, bool any_system) {
        if (value.text.empty()) {
            ranges_.push_back(whole(std::move(key), false));
            return true;
        }
        const std::string code = fold_code(value.text);
        const bool exact = code.size() < kExactTermBytes && value.system.size() < kExactTermBytes;
        append_term(key, code);
        if (value.any_system) {
            ranges_.push_back(whole(std::move(key), exact));
            return true;
        }
        for (const std::string_view system : {std::string_view(value.system), kAnySystem}) {
            if (system == kAnySystem && !any_system) continue;
            Bytes one = key;
            append_term(one, system);
            ranges_.push_back(whole(std::move(one), exact));
        }
        return true;
    }

    bool text(const SearchValue& value) {
        if (criterion_.modifier == Modifier::kContains) return false;
        const std::string folded = fold_string(value.text);
        Bytes key = start(index_kind::kString);
        key.append(utf8_prefix(folded, kExactTermBytes));
        const bool exact =
            folded.size() < kExactTermBytes && criterion_.modifier == Modifier::kNone;
        ranges_.push_back(whole(std::move(key), exact));
        return true;
    }

    void uri(std::string_view text, Bytes key) {
        append_term(key, without_version(text));
        const bool exact =
            text.find('|') == std::string_view::npos && text.size() < kExactTermBytes;
        ranges_.push_back(whole(std::move(key), exact));
    }

    bool reference(const SearchValue& value) {
        const bool bare = is_logical_id(value.text);
        const auto targets = criterion_.parameter->targets;
        const bool typed = criterion_.modifier == Modifier::kType;
        if (criterion_.modifier != Modifier::kIdentifier && bare && !typed &&
            (targets.empty() || targets.size() > 32))
            return false;
        for (const std::string_view code : codes_) {
            if (criterion_.modifier == Modifier::kIdentifier)
                token(value, start(index_kind::kIdentifier, code), false);
            else
                reference(value, code, bare);
        }
        return true;
    }

    void reference(const SearchValue& value, std::string_view code, bool bare) {
        const ReferenceParts parts = parse_reference_text(value.text);
        const bool typed = criterion_.modifier == Modifier::kType;
        if (parts.is_literal() && (parts.base.empty() || parts.base == base_)) {
            target(code, parts.type, parts.id);
        } else if (bare && typed) {
            target(code, criterion_.target, value.text);
        } else if (bare) {
            for (const std::string_view type : criterion_.parameter->targets)
                target(code, type, value.text);
        } else {
            // What is no Type/id of this server stands as it is, without its type.
            uri(parts.url, start(index_kind::kReference, code));
            ranges_.back().exact = ranges_.back().exact && !typed;
        }
    }

    void target(std::string_view code, std::string_view type, std::string_view id) {
        Bytes key = start(index_kind::kReference, code);
        append_term(key, std::string(type) + "/" + std::string(id));
        const bool exact = criterion_.modifier != Modifier::kType || type == criterion_.target;
        ranges_.push_back(whole(std::move(key), exact));
    }

    bool date(const SearchValue& value) {
        const MomentRange asked = range_of(*value.moment);
        DateBounds within;
        within.low_least = asked.low_ms;
        within.high_most = asked.high_ms;
        DateBounds after;
        after.high_least = asked.high_ms + 1;
        DateBounds before;
        before.low_most = asked.low_ms - 1;
        DateBounds other;
        switch (value.prefix) {
            case Prefix::kEq:
                bounded(within);
                return true;
            case Prefix::kGe:
                bounded(within);
                bounded(after);
                return true;
            case Prefix::kGt:
                bounded(after);
                return true;
            case Prefix::kLe:
                bounded(within);
                bounded(before);
                return true;
            case Prefix::kLt:
                bounded(before);
                return true;
            case Prefix::kSa:
                other.low_least = asked.high_ms + 1;
                break;
            case Prefix::kEb:
                other.high_most = asked.low_ms - 1;
                break;
            case Prefix::kAp:
                other.low_most = asked.high_ms;
                other.high_least = asked.low_ms;
                break;
            case Prefix::kNe:
                return false;
        }
        bounded(other);
        return true;
    }

    // Narrow ranges lie in the order of their low ends, wide ones in that of their high ends.
    void bounded(const DateBounds& bounds) {
        const std::int64_t reach =
            bounds.high_least < std::numeric_limits<std::int64_t>::min() + kNarrowMs
                ? std::numeric_limits<std::int64_t>::min()
                : bounds.high_least - kNarrowMs;
        between(start(index_kind::kNarrowDate), std::max(bounds.low_least, reach),
                std::min(bounds.low_most, bounds.high_most), bounds);
        between(start(index_kind::kWideDate), bounds.high_least, bounds.high_most, bounds);
    }

    void between(Bytes prefix, std::int64_t least, std::int64_t most, const DateBounds& bounds) {
        if (least > most) return;
        KeyRange out;
        out.first = prefix;
        append_time(out.first, least);
        out.end = prefix;
        append_time(out.end, most);
        out.end.append(9, '\xff');
        out.prefix = std::move(prefix);
        out.dates = bounds;
        ranges_.push_back(std::move(out));
    }

    // Units are judged by the resource.
    bool number(const SearchValue& value) {
        const Decimal& asked = *value.number;
        Decimal distance = value.prefix == Prefix::kAp ? tenth(asked) : half_unit(asked);
        distance.negative = false;
        const bool near = value.prefix == Prefix::kEq || value.prefix == Prefix::kAp;
        const Bytes prefix = start(index_kind::kNumber);
        KeyRange out = whole(prefix, false);
        const auto key = [&](const Decimal& at) {
            Bytes bytes = prefix;
            append_ordered(bytes, at);
            return bytes;
        };
        switch (value.prefix) {
            case Prefix::kNe:
                return false;
            case Prefix::kGt:
            case Prefix::kGe:
            case Prefix::kSa:
                out.first = key(asked);
                break;
            case Prefix::kLt:
            case Prefix::kLe:
            case Prefix::kEb:
                out.end = key(asked) + '\0';
                break;
            default:
                break;
        }
        if (near) {
            out.first = key(fhir::add(asked, negate(distance)));
            out.end = key(fhir::add(asked, distance)) + '\0';
        }
        ranges_.push_back(std::move(out));
        ranges_.push_back(whole(start(index_kind::kNotPoint), false));
        return true;
    }

    Bytes scope_;
    const Criterion& criterion_;
    const SearchParameter& as_;
    std::string_view base_;
    std::vector<std::string_view> codes_;  // under which the values stand
    std::vector<KeyRange> ranges_;
};

bool usable(const Criterion& criterion) {
    return criterion.parameter != nullptr && criterion.modifier != Modifier::kNot &&
           criterion.modifier != Modifier::kMissing && !criterion.is_chain() && !criterion.is_has();
}

// How few resources a criterion is likely to leave: less is better.
int rank_of(const Criterion& criterion) {
    switch (criterion.parameter->type) {
        case SearchType::kToken:
            return criterion.code == "identifier" ? 1 : 5;
        case SearchType::kReference:
            return criterion.code == "patient" || criterion.code == "subject" ? 4 : 2;
        case SearchType::kString:
            return 6;
        case SearchType::kUri:
            return 7;
        case SearchType::kDate:
            return 8;
        default:
            return 9;
    }
}

class Planner {
 public:
    Planner(const Query& query, std::string_view base) : query_(query), base_(base) {}

    Plan run() {
        find_patients();
        for (std::size_t i = 0; i < query_.criteria.size(); ++i) {
            if (!usable(query_.criteria[i])) continue;
            anywhere(i);
            scoped(i);
        }
        if (best_rank_ == kNone) plan_.all = true;
        for (std::size_t i = 0; i < query_.criteria.size(); ++i) {
            if (std::find(plan_.driving.begin(), plan_.driving.end(), i) == plan_.driving.end())
                plan_.residual.push_back(i);
        }
        return std::move(plan_);
    }

 private:
    static constexpr int kNone = 100;

    // The criterion that names patients of this server, and their ids.
    void find_patients() {
        const SearchParameter* parameter = patient_parameter(query_.type);
        if (parameter == nullptr) return;
        for (std::size_t i = 0; i < query_.criteria.size() && patients_.empty(); ++i) {
            const Criterion& criterion = query_.criteria[i];
            if (!usable(criterion) || criterion.modifier == Modifier::kIdentifier) continue;
            if (criterion.values.size() > kMaxPatients) continue;
            const bool same = criterion.parameter == parameter;
            const bool wider = criterion.parameter->type == SearchType::kReference &&
                               &indexed_as(query_.type, *criterion.parameter) == parameter;
            if (!same && !wider) continue;
            for (const SearchValue& value : criterion.values) {
                const auto id = patient_id(criterion, value, same);
                if (!id) {
                    patients_.clear();
                    break;
                }
                patients_.push_back(*id);
            }
            patient_at_ = i;
        }
    }

    std::optional<std::string> patient_id(const Criterion& criterion, const SearchValue& value,
                                          bool same) const {
        const ReferenceParts parts = parse_reference_text(value.text);
        if (parts.is_literal()) {
            const bool here = parts.base.empty() || parts.base == base_;
            if (!here || parts.type != "Patient") return std::nullopt;
            return std::string(parts.id);
        }
        const bool patient = same || criterion.target == "Patient";
        if (!patient || !is_logical_id(value.text)) return std::nullopt;
        if (criterion.modifier == Modifier::kType && criterion.target != "Patient")
            return std::nullopt;
        // `patient` may have other targets, too (Group): an id alone could be theirs.
        const auto targets = criterion.parameter->targets;
        if (same && criterion.target.empty() && targets.size() > 1) return std::nullopt;
        return value.text;
    }

    void take(int rank, std::vector<KeyRange> ranges, std::vector<std::size_t> driving) {
        if (rank >= best_rank_) return;
        best_rank_ = rank;
        plan_.ranges = std::move(ranges);
        plan_.driving = std::move(driving);
    }

    void anywhere(std::size_t i) {
        const Criterion& criterion = query_.criteria[i];
        if (!is_indexed(*criterion.parameter)) return;
        std::vector<KeyRange> ranges;
        const bool found =
            Ranges(index_scope(query_.type), query_.type, criterion, base_).run(ranges);
        if (found) take(criterion.values.empty() ? 0 : rank_of(criterion), std::move(ranges), {i});
    }

    void scoped(std::size_t i) {
        const Criterion& criterion = query_.criteria[i];
        if (patients_.empty() || !is_scoped(*criterion.parameter)) return;
        std::vector<KeyRange> ranges;
        for (const std::string& patient : patients_) {
            if (!Ranges(index_scope(query_.type, patient), query_.type, criterion, base_)
                     .run(ranges))
                return;
        }
        // Resources of many patients have no keys in their scopes.
        Bytes many = index_scope(query_.type);
        append_kind(many, index_kind::kOverflow, kManyPatients);
        ranges.push_back(whole(std::move(many), false));
        const int rank = criterion.parameter->type == SearchType::kDate ? 3 : 1;
        take(rank, std::move(ranges), {patient_at_, i});
    }

    const Query& query_;
    std::string_view base_;
    Plan plan_;
    int best_rank_ = kNone;
    std::vector<std::string> patients_;
    std::size_t patient_at_ = 0;
};

}  // namespace

bool admits(const KeyRange& range, BytesView key) {
    if (key < range.first || key >= range.end) return false;
    if (!range.dates) return true;
    const BytesView times = key.substr(range.prefix.size());
    if (times.size() != 16) return false;
    // The kind stands before the parameter's name and its zero byte.
    std::size_t at = range.prefix.size() - 2;
    while (range.prefix[at] != '\0')
        --at;
    const bool narrow = range.prefix[at + 1] == index_kind::kNarrowDate;
    const std::int64_t first = read_time(times.substr(0, 8));
    const std::int64_t second = read_time(times.substr(8));
    const std::int64_t low = narrow ? first : second;
    const std::int64_t high = narrow ? second : first;
    const DateBounds& bounds = *range.dates;
    return low >= bounds.low_least && low <= bounds.low_most && high >= bounds.high_least &&
           high <= bounds.high_most;
}

Plan plan_of(const Query& query, std::string_view base) {
    return Planner(query, base).run();
}

KeyRange references_to(std::string_view type, const SearchParameter& parameter,
                       std::string_view target) {
    const SearchParameter& as = indexed_as(type, parameter);
    const bool shared = as.expression == parameter.expression || target.starts_with("Patient/");
    Bytes key = index_scope(type);
    append_kind(key, index_kind::kReference, shared ? as.code : parameter.code);
    append_term(key, target);
    return whole(std::move(key));
}

}  // namespace consilium::formats::fhir
