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
            return false;
        }
        path.remove_prefix(part.size());
    }
    return path.empty();
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
    // Routes without parameters come first, so that they win.
    const bool plain = route->pattern.find('{') == std::string::npos;
    const auto place =
        plain
            ? std::find_if(routes_.begin(), routes_.end(),
                           [](const auto& r) { return r->pattern.find('{') != std::string::npos; })
            : routes_.end();
    return **routes_.insert(place, std::move(route));
}

void Router::add(Method method, std::string pattern, RouteOptions options, Handler handler) {
    CONSILIUM_ASSERT(handler != nullptr);
    append(method, std::move(pattern), std::move(options)).handler = std::move(handler);
}

void Router::add_batched(Method method, std::string pattern, RouteOptions options,
                         BatchHandler handler) {
    CONSILIUM_ASSERT(handler != nullptr);
    append(method, std::move(pattern), std::move(options)).batch = std::move(handler);
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
        if (!out.allowed.empty()) out.allowed += ", ";
        out.allowed += to_string(route->method);
        if (route->method == Method::kGet) out.allowed += ", HEAD";
    }
    return out;
}

}  // namespace consilium::http
