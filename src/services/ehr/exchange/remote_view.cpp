// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/remote_view.hpp"

#include <algorithm>
#include <array>

#include "formats/fhir/search_match.hpp"
#include "formats/json/parse.hpp"
#include "http/message.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/parameters.hpp"
#include "services/ehr/resource_text.hpp"
#include "services/ehr/search.hpp"

namespace consilium::services::ehr::exchange {
namespace {

namespace fhir = formats::fhir;

constexpr std::string_view kCursor = "_cursor";
constexpr std::array<std::string_view, 5> kView{"_count", "_sort", "_summary", "_elements",
                                                "_total"};
// A page ends when its resources pass this.
constexpr std::size_t kPageBytesMax = 16U * 1024U * 1024U;

Bytes subset(const Bytes& bytes, const fhir::Query& view) {
    if (view.elements.empty() && view.summary == fhir::Summary::kFalse) return bytes;
    const auto document = formats::json::parse(bytes, bytes.size());
    if (!document) return bytes;
    return fhir::subset_of(document->root(), view.summary, view.elements);
}

// In the view's order; of equals, in that of the delivery.
std::vector<const DisclosedResource*> ordered(const std::vector<DisclosedResource>& delivered,
                                              const fhir::Query& view) {
    std::vector<std::pair<Bytes, const DisclosedResource*>> keyed;
    for (const DisclosedResource& resource : delivered) {
        auto& [key, place] = keyed.emplace_back(Bytes(), &resource);
        if (view.sort.empty()) continue;
        const auto document = formats::json::parse(resource.bytes, resource.bytes.size());
        if (!document) continue;
        for (const fhir::SortKey& by : view.sort) {
            const Bytes part = fhir::sort_key(document->root(), by);
            append_be32(key, static_cast<std::uint32_t>(part.size()));
            key += part;
        }
    }
    std::stable_sort(keyed.begin(), keyed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<const DisclosedResource*> out;
    out.reserve(keyed.size());
    for (const auto& [key, resource] : keyed)
        out.push_back(resource);
    return out;
}

std::string place_of(const RemoteAsk& ask) {
    return ask.everything() ? "Patient/" + ask.patient + "/$everything" : ask.ask.resource_type();
}

std::string self_of(const RemoteAsk& ask, const std::string& base) {
    std::string out = base + '/' + place_of(ask);
    if (ask.posted) return out;
    char divider = '?';
    const auto add = [&](const std::string& text) {
        if (text.empty()) return;
        out += divider;
        out += text;
        divider = '&';
    };
    if (!ask.everything()) {
        add("patient=" + ask.patient);
        add(ask.ask.query());
    }
    add(format_parameters(ask.view));
    return out;
}

// A cursor is good at its address and for its purpose alone.
std::string where_of(std::string_view place, std::string_view purpose) {
    return "exchange " + std::string(purpose) + ' ' + std::string(place);
}

// A name that no search has holds the patient in a cursor.
constexpr std::string_view kPatient = " patient";

}  // namespace

Parameters take_view(Parameters& parameters) {
    const auto of_view =
        std::stable_partition(parameters.begin(), parameters.end(), [](const auto& parameter) {
            return std::find(kView.begin(), kView.end(), parameter.first) == kView.end();
        });
    Parameters out(std::make_move_iterator(of_view), std::make_move_iterator(parameters.end()));
    parameters.erase(of_view, parameters.end());
    return out;
}

Result<fhir::Query, Problem> read_view(const RemoteAsk& ask) {
    const std::string type = ask.everything() ? "Patient" : ask.ask.resource_type();
    auto view = fhir::parse_query(type, ask.view);
    if (!view) {
        Problem out;
        for (const fhir::QueryIssue& issue : view.error())
            out.issues.push_back({"error", issue.code, std::string(issue.reason), issue.parameter});
        return fail(out);
    }
    if (ask.everything() && !view->sort.empty())
        return fail(problem_of(400, "not-supported", "All types together have no order", "_sort"));
    if (ask.instance && (view->count || !view->sort.empty()))
        return fail(problem_of(400, "not-supported", "One resource has no pages and no order"));
    return std::move(view).value();
}

Reply show_bundle(const std::vector<DisclosedResource>& delivered, const RemoteAsk& ask,
                  const fhir::Query& view, const PageStart& start, const ViewPorts& ports) {
    const auto order = ordered(delivered, view);
    const auto may_show = [&](const DisclosedResource& resource) {
        // A custodian cannot widen what was asked for.
        return (ask.everything() || resource.type == ask.ask.resource_type()) &&
               ports.scopes.grants({resource.type, 'r'});
    };
    const bool counts_only = view.summary == fhir::Summary::kCount || view.count == 0U;
    std::size_t count = counts_only ? 0 : order.size();
    if (view.count && ports.seal) count = std::min<std::size_t>(*view.count, kPageMax);
    std::vector<const DisclosedResource*> shown;
    std::size_t total = 0;
    std::size_t bytes = 0;
    std::optional<std::size_t> next;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const DisclosedResource& resource = *order[i];
        if (!may_show(resource)) continue;
        ++total;
        if (counts_only || i < start.from || next) continue;
        if (shown.size() == count || (ports.seal && view.count && bytes >= kPageBytesMax)) {
            next = i;
            continue;
        }
        bytes += resource.bytes.size();
        shown.push_back(&resource);
    }
    BundleText out("searchset");
    if (view.total != fhir::Total::kNone) out.total(total);
    out.link("self", self_of(ask, ports.base));
    if (next) {
        const std::string cursor = ports.seal({start.link, start.disclosure, *next});
        // Nothing is cut silently.
        if (cursor.empty()) return fail(store_problem(StoreError::kDisk));
        out.link("next",
                 ports.base + '/' + place_of(ask) + '?' + std::string(kCursor) + '=' + cursor);
    }
    for (const DisclosedResource* resource : shown) {
        out.found(ports.base + '/' + resource->type + '/' + resource->id,
                  subset(resource->bytes, view), "match");
    }
    Answer answer;
    answer.body = std::move(out).finish();
    return answer;
}

Reply show_instance(const std::vector<DisclosedResource>& delivered, const RemoteAsk& ask,
                    const fhir::Query& view) {
    for (const DisclosedResource& resource : delivered) {
        if (resource.type != ask.ask.resource_type() || resource.id != ask.ask.resource_id())
            continue;
        Answer answer;
        answer.body = subset(resource.bytes, view);
        answer.version = resource.version;
        answer.updated = updated_of(resource.bytes);
        answer.is_resource = true;
        return answer;
    }
    return fail(problem_of(404, "not-found", "The custodian disclosed no such resource"));
}

std::string ViewCursors::seal(const PageStart& start, const RemoteAsk& ask,
                              std::string_view purpose) {
    Position position;
    if (!assign(position.last.record, start.link)) return {};
    position.last.version = start.disclosure;
    append_be64(position.sort_key, start.from);
    Parameters all = ask.view;
    all.emplace_back(kPatient, ask.patient);
    position.query = format_parameters(all);
    auto sealed = cursors_.seal(position, where_of(place_of(ask), purpose));
    return sealed ? std::move(sealed).value() : std::string();
}

std::optional<ViewCursors::Opened> ViewCursors::open(const Call& call, std::string_view purpose) {
    if (call.verb != Verb::kGet || call.parameters.size() != 1 ||
        call.parameters[0].first != kCursor)
        return std::nullopt;
    const auto& path = call.path;
    const bool everything = path.size() == 3 && path[0] == "Patient" && path[2] == "$everything";
    if (!everything && (path.size() != 1 || !is_resource_type(path[0]))) return std::nullopt;
    const std::string place = everything ? path[0] + '/' + path[1] + '/' + path[2] : path[0];
    const auto position = cursors_.open(call.parameters[0].second, where_of(place, purpose));
    if (!position || !*position || (*position)->sort_key.size() != 8) return std::nullopt;
    auto parameters = http::parse_form((*position)->query);
    if (!parameters || parameters->empty() || parameters->back().first != kPatient)
        return std::nullopt;
    Opened out;
    out.start.link = Bytes((*position)->last.record.view());
    out.start.disclosure = (*position)->last.version;
    out.start.from = read_be64((*position)->sort_key);
    out.ask.patient = parameters->back().second;
    parameters->pop_back();
    out.ask.view = std::move(*parameters);
    out.ask.posted = true;  // the first page's address says what was asked
    if (!everything) out.ask.ask.set_resource_type(path[0]);
    return out;
}

}  // namespace consilium::services::ehr::exchange
