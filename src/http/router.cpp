// SPDX-License-Identifier: Apache-2.0
#include "http/router.hpp"

#include "base/assert.hpp"

namespace consilium::http {
namespace {

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> out;
    CONSILIUM_ASSERT(!path.empty() && path[0] == '/');
    path.remove_prefix(1);
    while (true) {
        const auto slash = path.find('/');
        out.emplace_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return out;
        path.remove_prefix(slash + 1);
    }
}

bool is_parameter(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool matches(const Route& route, std::string_view path,
             std::array<std::string_view, kPathParametersMax>& parameters) {
    std::size_t found = 0;
    for (const auto& segment : route.segments) {
        if (path.empty() || path[0] != '/') return false;
        path.remove_prefix(1);
        const auto part = path.substr(0, path.find('/'));
        if (is_parameter(segment)) {
            if (part.empty()) return false;
            parameters[found++] = part;
        } else if (part != segment) {
            // Some clients write "%24everything".
            if (part.find('%') == std::string_view::npos) return false;
            if (percent_decode(part) != segment) return false;
        }
        path.remove_prefix(part.size());
    }
    return path.empty();
}

// By the first segment in which one is a name and the other a parameter.
bool is_more_specific(const Route& a, const Route& b) {
    const auto count = std::min(a.segments.size(), b.segments.size());
    for (std::size_t i = 0; i < count; ++i) {
        const bool parameter = is_parameter(a.segments[i]);
        if (parameter != is_parameter(b.segments[i])) return !parameter;
    }
    return false;
}

}  // namespace

Route& Router::append(Method method, std::string pattern, RouteOptions options) {
    auto route = std::make_unique<Route>();
    route->method = method;
    route->segments = split(pattern);
    route->pattern = std::move(pattern);
    route->options = std::move(options);
    route->index = routes_.size();
    CONSILIUM_ASSERT(!route->options.produces.empty());
    const auto place = std::find_if(routes_.begin(), routes_.end(), [&](const auto& other) {
        return is_more_specific(*route, *other);
    });
    return **routes_.insert(place, std::move(route));
}

void Router::add(Method method, std::string pattern, RouteOptions options, Handler handler) {
    CONSILIUM_ASSERT(handler != nullptr);
    append(method, std::move(pattern), std::move(options)).handler = std::move(handler);
}

void Router::add_uploads(Method method, std::string pattern, RouteOptions options, Handler handler,
                         Uploads uploads) {
    CONSILIUM_ASSERT(handler != nullptr && uploads.takes != nullptr && uploads.begin != nullptr);
    Route& route = append(method, std::move(pattern), std::move(options));
    route.handler = std::move(handler);
    route.uploads = std::move(uploads);
}

void Router::add_batched(Method method, std::string pattern, RouteOptions options,
                         BatchHandler handler) {
    CONSILIUM_ASSERT(handler != nullptr);
    append(method, std::move(pattern), std::move(options)).batch = std::move(handler);
}

void Router::write_problems(std::string prefix, ProblemWriter writer) {
    CONSILIUM_ASSERT(writer != nullptr);
    writers_.emplace_back(std::move(prefix), std::move(writer));
}

Response Router::problem(std::string_view path, std::uint16_t status, std::string_view code,
                         telemetry::Literal title) const {
    for (const auto& [prefix, writer] : writers_) {
        const bool below = path.substr(0, prefix.size()) == prefix &&
                           (path.size() == prefix.size() || path[prefix.size()] == '/');
        if (below) return writer(status, code, title);
    }
    return http::problem(status, code, title);
}

Router::Match Router::match(Method method, std::string_view path) const {
    Match out;
    const Method wanted = method == Method::kHead ? Method::kGet : method;
    for (const auto& route : routes_) {
        std::array<std::string_view, kPathParametersMax> parameters;
        if (!matches(*route, path, parameters)) continue;
        if (route->method == wanted) {
            out.route = route.get();
            out.parameters = parameters;
            return out;
        }
        std::string other = to_string(route->method);
        if (route->method == Method::kGet) other += ", HEAD";
        // Of two patterns that both fit.
        if (out.allowed.find(other) != std::string::npos) continue;
        if (!out.allowed.empty()) out.allowed += ", ";
        out.allowed += other;
    }
    return out;
}

}  // namespace consilium::http
