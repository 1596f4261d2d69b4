// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "services/ledger/event_feeds.hpp"
#include "services/ledger/service_state.hpp"

// GET /v1/events.
namespace consilium::services::ledger_api {

void LedgerService::State::add_event_routes(http::Router& router) {
    router.add(http::Method::kGet, "/v1/events",
               read_options(kSearchScope, {http::Media::kEventStream}),
               [this](http::Request& request, http::Responder responder) {
                   bool bad = !http::query_has_only(request.query, {"from"});
                   const auto from = http::query_parameter(request.query, "from", bad);
                   if (bad) return responder.send(bad_request());
                   // A browser that reconnects sends the last id it saw, which is newer than the
                   // query.
                   std::optional<Cursor> cursor;
                   if (!request.fields.last_event_id.empty()) {
                       cursor = parse_cursor(request.fields.last_event_id);
                   } else if (from) {
                       cursor = parse_cursor(*from);
                   } else {
                       cursor = Cursor{ports.reads.status().height + 1, 0};
                   }
                   if (!cursor) return responder.send(bad_request());
                   // Height 0 asks for all blocks: from the first on.
                   if (ports.reads.status().retained_height > std::max<Height>(1, cursor->height)) {
                       return responder.send(read_problem(ReadError::kPruned));
                   }
                   feeds->follow(*cursor, responder.stream(http::Media::kEventStream));
               });
}

}  // namespace consilium::services::ledger_api
