// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/patch.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/fhir/fhirpath_compare.hpp"
#include "formats/json/builder.hpp"

namespace consilium::formats::fhir {

namespace {

using json::Value;
using Pointer = std::vector<std::string>;

// RFC 6901 section 3 and 4.
std::optional<Pointer> parse_pointer(std::string_view text) {
    Pointer out;
    if (text.empty()) return out;
    if (text.front() != '/') return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '/') {
            out.emplace_back();
        } else if (text[i] != '~') {
            out.back().push_back(text[i]);
        } else {
            const char next = i + 1 < text.size() ? text[++i] : ' ';
            if (next != '0' && next != '1') return std::nullopt;
            out.back().push_back(next == '0' ? '~' : '/');
        }
    }
    return out;
}

// The position that a token names in an array of that size: no leading zero, below the size.
std::optional<std::size_t> position(std::string_view token, std::size_t size) {
    const bool digits =
        !token.empty() && token.size() <= 9 &&
        std::all_of(token.begin(), token.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || (token.size() > 1 && token.front() == '0')) return std::nullopt;
    std::size_t out = 0;
    for (const char c : token)
        out = out * 10 + static_cast<std::size_t>(c - '0');
    return out < size ? std::optional<std::size_t>(out) : std::nullopt;
}

const Value* find(const Value& root, const Pointer& pointer) {
    const Value* at = &root;
    for (const std::string& token : pointer) {
        if (at->is_array()) {
            const auto index = position(token, at->array().size());
            at = index ? &at->array()[*index] : nullptr;
        } else {
            at = at->find(token);
        }
        if (at == nullptr) return nullptr;
    }
    return at;
}

enum class Change : std::uint8_t { kAdd, kReplace, kRemove };

class Patcher {
 public:
    explicit Patcher(const json::Document& document) : root_(builder_.take(document)) {}

    Result<json::Document, PatchFailure> run(const json::Document& patch) {
        const Value operations = builder_.take(patch);
        if (!operations.is_array()) return fail(PatchFailure{PatchError::kForm, 0});
        const auto list = operations.array();
        if (list.size() > kMaxPatchOperations)
            return fail(PatchFailure{PatchError::kLimits, kMaxPatchOperations});
        for (std::size_t i = 0; i < list.size(); ++i) {
            apply(list[i]);
            if (error_) return fail(PatchFailure{*error_, i});
        }
        auto out = std::move(builder_).finish(root_);
        if (!out.ok()) return fail(PatchFailure{PatchError::kLimits, list.size()});
        return std::move(out).value();
    }

 private:
    void refuse(PatchError error) {
        if (!error_) error_ = error;
    }

    bool spend(std::size_t work) {
        work_ += work;
        if (work_ > kMaxPatchWork) refuse(PatchError::kLimits);
        return !error_;
    }

    // What is moved about counts, because values share their parts: copies of copies would grow
    // without end when they are written.
    void weigh(const Value& value) {
        if (!spend(1)) return;
        if (value.is_string()) spend(value.string().size() / 16);
        if (value.is_number()) spend(value.number().size() / 16);
        if (value.is_array()) {
            for (const Value& item : value.array()) {
                if (error_) return;
                weigh(item);
            }
        }
        if (value.is_object()) {
            for (const json::Member& member : value.object()) {
                if (error_) return;
                spend(member.name.size() / 16);
                weigh(member.value);
            }
        }
    }

    std::optional<Pointer> pointer_member(const Value& operation, std::string_view name) {
        const Value* text = operation.find(name);
        auto out =
            text != nullptr && text->is_string() ? parse_pointer(text->string()) : std::nullopt;
        if (!out) refuse(PatchError::kForm);
        return out;
    }

    void apply(const Value& operation) {
        const Value* name = operation.find("op");
        if (name == nullptr || !name->is_string()) return refuse(PatchError::kForm);
        const std::string_view op = name->string();
        const auto path = pointer_member(operation, "path");
        if (!path) return;
        if (op == "remove") return change(*path, Change::kRemove, Value());
        if (op == "move" || op == "copy") return relocate(operation, op == "move", *path);
        const Value* value = operation.find("value");
        const bool known = op == "add" || op == "replace" || op == "test";
        if (value == nullptr || !known) return refuse(PatchError::kForm);
        if (op == "test") return test(*path, *value);
        weigh(*value);
        change(*path, op == "add" ? Change::kAdd : Change::kReplace, *value);
    }

    void relocate(const Value& operation, bool move, const Pointer& path) {
        const auto from = pointer_member(operation, "from");
        if (!from) return;
        const Value* found = find(root_, *from);
        if (found == nullptr) return refuse(PatchError::kPath);
        const bool inside =
            from->size() < path.size() && std::equal(from->begin(), from->end(), path.begin());
        // Section 4.4: nothing can be moved into one of its own children.
        if (move && inside) return refuse(PatchError::kPath);
        if (move && *from == path) return;
        const Value value = *found;
        weigh(value);
        if (move) change(*from, Change::kRemove, Value());
        if (!error_) change(path, Change::kAdd, value);
    }

    void test(const Pointer& path, const Value& value) {
        const Value* found = find(root_, path);
        if (found == nullptr) return refuse(PatchError::kPath);
        std::size_t work = 0;
        const bool same = fhirpath::same_json(*found, value, work);
        if (!spend(work)) return;
        if (!same) refuse(PatchError::kTest);
    }

    void change(const Pointer& path, Change what, const Value& value) {
        if (error_) return;
        if (path.empty()) {
            if (what == Change::kRemove) return refuse(PatchError::kPath);
            root_ = value;
            return;
        }
        const Value changed = changed_below(root_, path, 0, what, value);
        if (error_) return;
        root_ = changed;
        // A copy into itself nests more deeply each time; the recursions here rely on this limit.
        if (root_.depth() > json::kDepthMax) refuse(PatchError::kLimits);
    }

    // The value at that depth of the path, made anew with the change below it.
    Value changed_below(const Value& at, const Pointer& path, std::size_t depth, Change what,
                        const Value& value) {
        const std::string& token = path[depth];
        const bool last = depth + 1 == path.size();
        if (at.is_array()) return changed_array(at, path, depth, what, value);
        const Value* child = at.find(token);
        if (!at.is_object() || (child == nullptr && !(last && what == Change::kAdd))) {
            refuse(PatchError::kPath);
            return {};
        }
        if (!spend(at.object().size() + 1)) return {};
        if (last && what == Change::kRemove) return builder_.without_member(at, token);
        const Value inner = last ? value : changed_below(*child, path, depth + 1, what, value);
        return error_ ? Value() : builder_.with_member(at, token, inner);
    }

    Value changed_array(const Value& at, const Pointer& path, std::size_t depth, Change what,
                        const Value& value) {
        const auto items = at.array();
        const bool last = depth + 1 == path.size();
        const bool adds = last && what == Change::kAdd;
        auto index = position(path[depth], items.size() + (adds ? 1 : 0));
        if (adds && path[depth] == "-") index = items.size();
        if (!index || !spend(items.size() + 1)) {
            refuse(PatchError::kPath);
            return {};
        }
        std::vector<Value> out(items.begin(), items.end());
        const auto place = out.begin() + static_cast<std::ptrdiff_t>(*index);
        if (!last)
            *place = changed_below(items[*index], path, depth + 1, what, value);
        else if (what == Change::kAdd)
            out.insert(place, value);
        else if (what == Change::kRemove)
            out.erase(place);
        else
            *place = value;
        return error_ ? Value() : builder_.array(out);
    }

    json::Builder builder_;
    Value root_;
    std::size_t work_ = 0;
    std::optional<PatchError> error_;
};

}  // namespace

Result<json::Document, PatchFailure> apply_patch(const json::Document& document,
                                                 const json::Document& patch) {
    return Patcher(document).run(patch);
}

}  // namespace consilium::formats::fhir
