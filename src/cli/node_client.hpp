// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "cli/https_client.hpp"
#include "cli/output.hpp"
#include "consilium/v1/api.pb.h"
#include "consilium/v1/receipt.pb.h"
#include "ledger/ids.hpp"

namespace consilium::cli {

// What the API gives at once, and proves at once.
inline constexpr std::size_t kPageRowsMax = 1000;

struct RemoteStatus {
    std::string member_id;
    std::string network_id;
    std::string chain_id;
    std::uint64_t protocol_version = 0;
    Height height = 0;
    Height retained_height = 0;
    UnixMs block_time;
    std::string state_root;
    bool catching_up = false;
    bool failed = false;
    std::uint64_t queue_transactions = 0;
};

// A member's node over its HTTP API (docs/api.md). What the node refuses is a problem with the
// node's own words; an answer that says "not yet" is asked for again, for up to ten seconds.
class NodeClient {
 public:
    explicit NodeClient(Endpoint endpoint) : http_(std::move(endpoint)) {}

    [[nodiscard]] Result<RemoteStatus, Problem> status();
    // The outcome, once it is durable. Sending the same bytes again is safe.
    [[nodiscard]] Result<v1::CommittedOutcome, Problem> submit(const Bytes& transaction);
    [[nodiscard]] Result<std::vector<v1::SubmitAnswer>, Problem> submit_batch(
        const std::vector<Bytes>& transactions);
    [[nodiscard]] Result<v1::CommittedOutcome, Problem> outcome(const ledger::TransactionId& id);
    [[nodiscard]] Result<Bytes, Problem> outcome_receipt(const ledger::TransactionId& id);
    [[nodiscard]] Result<v1::StateValue, Problem> state(BytesView key, std::optional<Height> at,
                                                        bool prove);
    // One page of at most `limit` rows, 1..kPageRowsMax; a proof is there only when nothing was cut
    // off.
    [[nodiscard]] Result<v1::StateList, Problem> state_page(BytesView prefix, BytesView from,
                                                            std::size_t limit,
                                                            std::optional<Height> at, bool prove);
    // All rows under a prefix, page by page, all of one height: the newest when `at` is nothing.
    [[nodiscard]] Result<v1::StateList, Problem> state_list(BytesView prefix,
                                                            std::optional<Height> at);
    [[nodiscard]] Result<v1::StoredBlock, Problem> block(Height height);
    [[nodiscard]] Result<Height, Problem> height_at(UnixMs time);
    [[nodiscard]] Result<Bytes, Problem> validator_history();
    // Any path of the API, as it answers.
    [[nodiscard]] Result<Bytes, Problem> bytes(const std::string& target,
                                               const std::string& accept);
    // Any path of the API that answers JSON.
    [[nodiscard]] Result<std::string, Problem> json(const std::string& target);
    [[nodiscard]] Result<std::string, Problem> post_json(const std::string& target,
                                                         const std::string& body);

 private:
    [[nodiscard]] Result<Bytes, Problem> get(const std::string& target);
    [[nodiscard]] Result<Bytes, Problem> call(const HttpRequest& request);
    HttpsClient http_;
};

}  // namespace consilium::cli
