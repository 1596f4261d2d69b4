// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/fhirpath_invariants.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/assert.hpp"
#include "formats/fhir/fhirpath.hpp"

namespace consilium::formats::fhir {

namespace {

using fhirpath::Evaluator;
using fhirpath::Expression;
using fhirpath::Item;
using fhirpath::Truth;

// The rules that hold for nearly every element are checked without an expression.
enum class Native : std::uint8_t {
    kNone,
    kElement,    // ele-1: a value or children
    kExtension,  // ext-1: a value or extensions
    kContained,  // dom-2 to dom-5: nothing to check without contained resources
    kDom3,       // every contained resource is referred to, or refers to its container
    kReference,  // ref-1: what # points at is contained
};

struct Rule {
    const Invariant* invariant = nullptr;
    const Expression* expression = nullptr;
    Native native = Native::kNone;
    bool structural = false;
};

// Those that validate() checks as it walks, at the element that is to blame.
bool is_structural(std::string_view key) {
    return key == "ele-1" || key == "ext-1" || key == "ref-1" || key.starts_with("bdl-") ||
           (key.starts_with("dom-") && key != "dom-6");
}

Native native_of(std::string_view key) {
    if (key == "ele-1") return Native::kElement;
    if (key == "ext-1") return Native::kExtension;
    if (key == "dom-2" || key == "dom-4" || key == "dom-5") return Native::kContained;
    if (key == "dom-3") return Native::kDom3;
    return key == "ref-1" ? Native::kReference : Native::kNone;
}

// Every rule of the definitions, compiled, by type and by element. Made once.
class Rules {
 public:
    static const Rules& all() {
        static const Rules rules;
        return rules;
    }

    // The rules of the type itself and of what it is made from.
    [[nodiscard]] const std::vector<Rule>& of(const Type& type) const {
        return types_[index(type)].own;
    }
    // The rules of an element of the type, and of the element's own type.
    [[nodiscard]] const std::vector<Rule>& of(const Type& type, const Property& property) const {
        return types_[index(type)]
            .properties[static_cast<std::size_t>(&property - type.properties.data())];
    }

 private:
    struct OfType {
        std::vector<Rule> own;
        std::vector<std::vector<Rule>> properties;
    };

    Rules() {
        const auto types = definitions().types();
        types_.resize(types.size());
        for (const Type& type : types) {
            for (const Type* at = &type; at != nullptr; at = at->base)
                add(types_[index(type)].own, at->invariants);
        }
        for (const Type& type : types) {
            for (const Property& property : type.properties) {
                std::vector<Rule> rules;
                // Resources bring their own rules; everything else is an Element.
                if (property.type != nullptr) rules = types_[index(*property.type)].own;
                add(rules, property.element->invariants);
                types_[index(type)].properties.push_back(std::move(rules));
            }
        }
    }

    static std::size_t index(const Type& type) {
        return static_cast<std::size_t>(&type - definitions().types().data());
    }

    void add(std::vector<Rule>& out, std::span<const Invariant> invariants) {
        for (const Invariant& invariant : invariants) {
            Rule rule;
            rule.invariant = &invariant;
            rule.native = native_of(invariant.key);
            rule.structural = is_structural(invariant.key);
            rule.expression = compiled(invariant.expression);
            const bool known = std::any_of(out.begin(), out.end(), [&](const Rule& other) {
                return other.expression == rule.expression;
            });
            if (rule.expression != nullptr && !known) out.push_back(rule);
        }
    }

    // One expression for equal texts; nothing for one outside the subset (a test names them).
    const Expression* compiled(std::string_view text) {
        const auto [at, fresh] = expressions_.try_emplace(text);
        if (!fresh) return at->second.get();
        auto result = Expression::compile(text);
        if (result.ok()) at->second = std::make_unique<Expression>(std::move(result).value());
        return at->second.get();
    }

    std::map<std::string_view, std::unique_ptr<Expression>> expressions_;
    std::vector<OfType> types_;
};

bool has_scalar(const Item& item) {
    return item.value != nullptr && !item.value->is_object() && !item.value->is_array();
}

bool has_member_besides_id(const json::Value* object) {
    if (object == nullptr || !object->is_object()) return false;
    const auto members = object->object();
    return std::any_of(members.begin(), members.end(),
                       [](const json::Member& member) { return member.name != "id"; });
}

bool element_holds(const Item& item) {
    if (has_scalar(item)) return true;
    return has_member_besides_id(item.value) || has_member_besides_id(item.shadow);
}

bool extension_holds(const Item& item) {
    if (item.value == nullptr || !item.value->is_object()) return true;
    bool value = false;
    bool extension = false;
    for (const json::Member& member : item.value->object()) {
        value = value || member.name.starts_with("value") || member.name.starts_with("_value");
        extension = extension || member.name == "extension";
    }
    return value != extension;
}

std::string_view string_of(const json::Value* value) {
    return value != nullptr && value->is_string() ? value->string() : std::string_view();
}

// The texts of Reference.reference and of the types canonical, uri and url below an item.
void collect_links(const Item& item, std::set<std::string_view>& references,
                   std::set<std::string_view>& canonicals, std::set<std::string_view>& all,
                   std::vector<Item>& scratch) {
    scratch.clear();
    Evaluator::children(item, scratch);
    for (std::size_t i = 0; i < scratch.size(); ++i) {
        const Item child = scratch[i];
        if (child.value != nullptr && child.value->is_string()) {
            const Primitive kind = child.type != nullptr ? child.type->primitive : Primitive::kNone;
            if (kind == Primitive::kCanonical) canonicals.insert(child.value->string());
            if (kind == Primitive::kCanonical || kind == Primitive::kUri ||
                kind == Primitive::kUrl || kind == Primitive::kOid || kind == Primitive::kUuid)
                all.insert(child.value->string());
            continue;
        }
        if (child.value != nullptr) {
            const std::string_view reference = string_of(child.value->find("reference"));
            if (!reference.empty()) {
                references.insert(reference);
                all.insert(reference);
            }
        }
        Evaluator::children(child, scratch);
    }
}

// dom-3, in one pass over the resource: as an expression it walks the whole resource anew for every
// contained one.
bool contained_are_linked(const Item& resource) {
    std::set<std::string_view> ignored;
    std::set<std::string_view> links;
    std::vector<Item> scratch;
    collect_links(resource, ignored, ignored, links, scratch);
    std::vector<Item> contained;
    Evaluator::children(resource, "contained", contained);
    for (const Item& one : contained) {
        if (one.value == nullptr || !one.value->is_object()) continue;
        const std::string_view id = string_of(one.value->find("id"));
        if (id.empty() || links.contains("#" + std::string(id))) continue;
        std::set<std::string_view> references;
        std::set<std::string_view> canonicals;
        collect_links(one, references, canonicals, ignored, scratch);
        if (!references.contains("#") && !canonicals.contains("#")) return false;
    }
    return true;
}

class Check {
 public:
    explicit Check(const InvariantOptions& options) : options_(options), rules_(Rules::all()) {}

    std::vector<BrokenInvariant> run(const json::Value& resource) {
        if (!resource.is_object()) return {};
        const Item item = Evaluator::resource_item(resource);
        path_.push_back({options_.root.empty() && item.type != nullptr
                             ? item.type->name
                             : std::string_view(options_.root),
                         kNoPosition});
        walk_resource(item, item);
        return std::move(broken_);
    }

 private:
    static constexpr std::size_t kNoPosition = static_cast<std::size_t>(-1);
    struct Step {
        std::string_view name;
        std::size_t position;
    };

    [[nodiscard]] bool full() const { return broken_.size() >= options_.limit; }

    void walk_resource(const Item& item, const Item& root) {
        if (item.type == nullptr) return;
        const Item resource_before = resource_;
        const Item root_before = root_;
        enter(item, root);
        contained_ = item.value->find("contained") != nullptr;
        for (const Rule& rule : rules_.of(*item.type))
            apply(rule, item);
        walk_members(item);
        enter(resource_before, root_before);
    }

    void enter(const Item& resource, const Item& root) {
        resource_ = resource;
        root_ = root;
        evaluator_.set_resources(resource, root);
    }

    void walk_members(const Item& item) {
        const Type* type = item.type;
        for (const json::Member& member : item.value->object()) {
            std::string_view name = member.name;
            const bool shadow = name.starts_with('_');
            if (shadow) name.remove_prefix(1);
            const Property* property = type->find(name);
            if (property == nullptr) continue;
            // A companion is walked with its primitive, if that is there.
            const json::Value* other = nullptr;
            const bool primitive =
                property->type != nullptr && property->type->kind == TypeKind::kPrimitive;
            if (shadow && item.value->find(name) != nullptr) continue;
            if (!shadow && primitive) other = companion(*item.value, name);
            const json::Value* value = shadow ? nullptr : &member.value;
            walk_list(item, *property, value, shadow ? &member.value : other);
            if (full()) return;
        }
    }

    static const json::Value* companion(const json::Value& object, std::string_view name) {
        for (const json::Member& member : object.object()) {
            if (member.name.size() == name.size() + 1 && member.name.front() == '_' &&
                member.name.substr(1) == name)
                return &member.value;
        }
        return nullptr;
    }

    void walk_list(const Item& parent, const Property& property, const json::Value* value,
                   const json::Value* shadow) {
        const bool list =
            (value != nullptr && value->is_array()) || (shadow != nullptr && shadow->is_array());
        const auto at = [](const json::Value* from, std::size_t i) -> const json::Value* {
            if (from == nullptr || !from->is_array()) return nullptr;
            return i < from->array().size() ? &from->array()[i] : nullptr;
        };
        const auto size = [](const json::Value* from) {
            return from != nullptr && from->is_array() ? from->array().size() : std::size_t{0};
        };
        if (!list) return walk(parent, property, value, shadow, kNoPosition);
        const std::size_t count = std::max(size(value), size(shadow));
        for (std::size_t i = 0; i < count && !full(); ++i)
            walk(parent, property, at(value, i), at(shadow, i), i);
    }

    void walk(const Item& parent, const Property& property, const json::Value* value,
              const json::Value* shadow, std::size_t position) {
        if (value != nullptr && value->is_null()) value = nullptr;
        if (shadow != nullptr && !shadow->is_object()) shadow = nullptr;
        if ((value == nullptr && shadow == nullptr) || (value != nullptr && value->is_array()))
            return;
        path_.push_back({property.name, position});
        Item item;
        item.type = property.type;
        item.value = value;
        item.shadow = shadow;
        for (const Rule& rule : rules_.of(*parent.type, property))
            apply(rule, item);
        if (property.type == nullptr && value != nullptr && value->is_object()) {
            const Item resource = Evaluator::resource_item(*value);
            walk_resource(resource, property.name == "contained" ? root_ : resource);
        } else if (value != nullptr && value->is_object() &&
                   item.type->kind != TypeKind::kPrimitive) {
            walk_members(item);
        } else if (shadow != nullptr) {
            static const Type* const element = definitions().find("Element");
            CONSILIUM_ASSERT(element != nullptr);
            Item inside;
            inside.type = element;
            inside.value = shadow;
            walk_members(inside);
        }
        path_.pop_back();
    }

    void apply(const Rule& rule, const Item& item) {
        if ((!rule.invariant->is_error && !options_.warnings) || full()) return;
        if (rule.structural && !options_.structural) return;
        Truth truth = Truth::kTrue;
        switch (rule.native) {
            case Native::kElement:
                truth = element_holds(item) ? Truth::kTrue : Truth::kFalse;
                break;
            case Native::kExtension:
                truth = extension_holds(item) ? Truth::kTrue : Truth::kFalse;
                break;
            case Native::kDom3:
                if (contained_ && !contained_are_linked(item)) truth = Truth::kFalse;
                break;
            case Native::kReference: {
                const json::Value* reference =
                    item.value != nullptr ? item.value->find("reference") : nullptr;
                // R4's text of the rule forgets that # alone is the container (R4 2.3.0.2).
                const std::string_view text = string_of(reference);
                if (text.starts_with('#') && text.size() > 1)
                    truth = evaluator_.holds(*rule.expression, item);
                break;
            }
            case Native::kContained:
                if (contained_) truth = evaluator_.holds(*rule.expression, item);
                break;
            case Native::kNone:
                truth = evaluator_.holds(*rule.expression, item);
        }
        if (truth == Truth::kTrue || truth == Truth::kUndecided || truth == Truth::kError) return;
        broken_.push_back({path(), rule.invariant, truth == Truth::kTooCostly});
    }

    [[nodiscard]] std::string path() const {
        std::string out;
        for (const Step& step : path_) {
            if (!out.empty()) out.push_back('.');
            out.append(step.name);
            if (step.position != kNoPosition)
                out.append("[").append(std::to_string(step.position)).append("]");
        }
        return out;
    }

    const InvariantOptions& options_;
    const Rules& rules_;
    Evaluator evaluator_;
    Item resource_;
    Item root_;
    bool contained_ = false;
    std::vector<Step> path_;
    std::vector<BrokenInvariant> broken_;
};

}  // namespace

std::vector<BrokenInvariant> check_invariants(const json::Value& resource,
                                              const InvariantOptions& options) {
    return Check(options).run(resource);
}

}  // namespace consilium::formats::fhir
