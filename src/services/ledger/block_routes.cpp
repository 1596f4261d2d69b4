// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>

#include "base/hex.hpp"
#include "consilium/v1/receipt.pb.h"
#include "ledger/commit.hpp"
#include "services/ledger/service_state.hpp"

// Blocks, and the height of a moment.
namespace consilium::services::ledger_api {
namespace {

namespace json = boost::json;
using http::Media;

// What a block's header says, for people; the bytes are in the Protocol Buffers answer.
json::object header_json(const v1::StoredBlock& block) {
    json::object out{{"height", block.height()}, {"items", block.items_size()}};
    const auto signed_header = consilium::ledger::decode_signed_header(block.signed_header());
    out["committed"] = signed_header.has_value();
    if (!signed_header) return out;
    const auto& header = signed_header->header;
    out["hash"] = to_hex(consilium::ledger::header_hash(header).view());
    out["time_unix_ms"] = consilium::ledger::unix_ms(header.time).value;
    out["chain_id"] = header.chain_id;
    out["app_hash"] = to_hex(header.app_hash);
    out["last_results_hash"] = to_hex(header.last_results_hash);
    out["validators_hash"] = to_hex(header.validators_hash);
    out["next_validators_hash"] = to_hex(header.next_validators_hash);
    out["proposer_address"] = to_hex(header.proposer_address);
    return out;
}

http::Response block_answer(const Result<Bytes, ReadError>& bytes, Media media) {
    if (!bytes) return read_problem(bytes.error());
    if (media == Media::kProtobuf) return {200, Media::kProtobuf, false, *bytes, {}};
    v1::StoredBlock block;
    if (!block.ParseFromString(*bytes)) return read_problem(ReadError::kDisk);
    auto out = header_json(block);
    json::array items;
    for (const auto& item : block.items())
        items.push_back(json::string(to_base64(item)));
    out["items"] = std::move(items);
    out["signed_header"] = to_base64(block.signed_header());
    return http::json(json::serialize(out));
}

struct BlockRange {
    std::optional<Height> from;  // none: the newest
    std::uint64_t limit = 20;
};

std::optional<BlockRange> parse_range(std::string_view query) {
    if (!http::query_has_only(query, {"from", "limit"})) return std::nullopt;
    bool bad = false;
    BlockRange out;
    if (const auto from = http::query_parameter(query, "from", bad)) {
        out.from = parse_number(*from);
        bad = bad || !out.from || *out.from == 0;
    }
    if (const auto limit = http::query_parameter(query, "limit", bad)) {
        const auto number = parse_number(*limit);
        bad = bad || !number || *number == 0 || *number > kBlockListMax;
        out.limit = number.value_or(0);
    }
    if (bad) return std::nullopt;
    return out;
}

http::Response block_list(const Reads& reads, const BlockRange& range) {
    const auto status = reads.status();
    const Height lowest = std::max<Height>(1, status.retained_height);
    Height first =
        range.from.value_or(status.height >= range.limit ? status.height - range.limit + 1 : 1);
    first = std::max(first, lowest);
    json::array blocks;
    Height next = first;
    for (; next <= status.height && next - first < range.limit; ++next) {
        const auto bytes = reads.block(next);
        if (!bytes) return read_problem(bytes.error());
        v1::StoredBlock block;
        if (!block.ParseFromString(*bytes)) return read_problem(ReadError::kDisk);
        blocks.push_back(header_json(block));
    }
    return http::json(json::serialize(json::object{{"height", status.height},
                                                   {"blocks", std::move(blocks)},
                                                   {"more", next <= status.height}}));
}

}  // namespace

void LedgerService::State::add_block_routes(http::Router& router) {
    auto list = read_options(kSearchScope);
    list.heavy = true;
    router.add(http::Method::kGet, "/v1/blocks", list,
               [this](http::Request& request, http::Responder responder) {
                   const auto range = parse_range(request.query);
                   if (!range) return responder.send(bad_request());
                   answer_later(std::move(responder),
                                [this, range = *range] { return block_list(ports.reads, range); });
               });
    auto one = read_options(kReadScope, {Media::kJson, Media::kProtobuf});
    one.heavy = true;
    router.add(http::Method::kGet, "/v1/blocks/{height}", one,
               [this](http::Request& request, http::Responder responder) {
                   auto height = parse_number(request.parameters[0]);
                   if (request.parameters[0] == "latest") height = ports.reads.status().height;
                   if (!height || !request.query.empty()) return responder.send(bad_request());
                   answer_later(std::move(responder),
                                [this, height = *height, media = request.accept] {
                                    return block_answer(ports.reads.block(height), media);
                                });
               });
    // The block that "as of" a moment means: the last whose time is not after it.
    router.add(http::Method::kGet, "/v1/height", read_options(kReadScope),
               [this](http::Request& request, http::Responder responder) {
                   bool bad = !http::query_has_only(request.query, {"time_unix_ms"});
                   const auto text = http::query_parameter(request.query, "time_unix_ms", bad);
                   const auto time = text ? parse_number(*text) : std::nullopt;
                   if (bad || !time) return responder.send(bad_request());
                   answer_later(std::move(responder), [this, time = *time] {
                       const auto height = ports.reads.height_at({time});
                       return height
                                  ? http::json(json::serialize(json::object{{"height", *height}}))
                                  : read_problem(height.error());
                   });
               });
}

}  // namespace consilium::services::ledger_api
