// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "formats/fhir/search_query.hpp"
#include "http/token.hpp"
#include "services/ehr/call.hpp"
#include "services/ehr/cursor.hpp"
#include "services/ehr/exchange/requester.hpp"

// How a client sees what was delivered: paging, _sort, _summary and _elements are done here, at the
// reader, over one disclosure, and never asked of the custodian.
namespace consilium::services::ehr::exchange {

// What a call asks of which patient, if it names one in those ways.
struct RemoteAsk {
    std::string patient;  // empty: the resource that `ask` names must tell
    v1::ExchangeAsk ask;
    bool instance = false;  // one resource by its id: itself, no Bundle
    bool posted = false;    // by a form: what it said stays out of addresses
    bool unknown = false;   // there are parameters that such a call does not take
    Parameters view;        // those that are about form: _count, _sort, _summary, _elements, _total

    [[nodiscard]] bool everything() const { return ask.resource_type().empty(); }
};

// Takes the parameters about form out of the others.
[[nodiscard]] Parameters take_view(Parameters& parameters);

// Those parameters, read. A Problem of 400 for what this view cannot do: _sort over all types, and
// of one resource everything but _summary and _elements.
[[nodiscard]] Result<formats::fhir::Query, Problem> read_view(const RemoteAsk& ask);

// Where a page begins in what one disclosure brought, in the view's order.
struct PageStart {
    Bytes link;
    std::uint32_t disclosure = 0;
    std::size_t from = 0;
};

struct ViewPorts {
    std::string base;
    const http::Scopes& scopes;
    // The cursor of a page; empty when it cannot be made. Without this all is shown in one page.
    std::function<std::string(const PageStart&)> seal;
};

// A searchset of it. Resources that the token may not read are neither shown nor counted, and
// nothing but what was asked for, should a custodian send more.
[[nodiscard]] Reply show_bundle(const std::vector<DisclosedResource>& delivered,
                                const RemoteAsk& ask, const formats::fhir::Query& view,
                                const PageStart& start, const ViewPorts& ports);

// The one resource, or 404.
[[nodiscard]] Reply show_instance(const std::vector<DisclosedResource>& delivered,
                                  const RemoteAsk& ask, const formats::fhir::Query& view);

// Cursors of pages, bound to the address and to the purpose for which the data were disclosed.
class ViewCursors {
 public:
    struct Opened {
        PageStart start;
        RemoteAsk ask;
    };

    explicit ViewCursors(Store& store) : cursors_(store) {}
    [[nodiscard]] std::string seal(const PageStart& start, const RemoteAsk& ask,
                                   std::string_view purpose);
    // Of a call with one parameter, _cursor. Nothing for every other one.
    [[nodiscard]] std::optional<Opened> open(const Call& call, std::string_view purpose);

 private:
    Cursors cursors_;
};

}  // namespace consilium::services::ehr::exchange
