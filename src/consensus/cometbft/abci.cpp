// SPDX-License-Identifier: Apache-2.0
#include "consensus/cometbft/abci.hpp"

#include <deque>
#include <map>

#include "base/assert.hpp"
#include "consensus/cometbft/frame.hpp"

namespace consilium::consensus::cometbft {
namespace {

// Codes of CheckTx and Query beside 0. Nodes may differ in them: they are never part of a block.
constexpr std::uint32_t kRefused = 1;  // the item can never apply
constexpr std::uint32_t kStale = 2;    // not on the state of the moment
constexpr std::uint32_t kUnknownPath = 1;
constexpr std::uint32_t kPeerRefused = 1;

constexpr std::string_view kPeerById = "/p2p/filter/id/";
constexpr std::string_view kPeerByAddress = "/p2p/filter/addr/";

void except(wire::Response& response, std::string message) {
    response.mutable_exception()->set_error(std::move(message));
}

void add_updates(google::protobuf::RepeatedPtrField<wire::ValidatorUpdate>& out,
                 const std::vector<ValidatorUpdate>& updates) {
    for (const ValidatorUpdate& update : updates) {
        wire::ValidatorUpdate& added = *out.Add();
        added.mutable_pub_key()->set_ed25519(update.public_key);
        added.set_power(static_cast<std::int64_t>(update.power));
    }
}

std::vector<BytesView> views(const google::protobuf::RepeatedPtrField<std::string>& items) {
    return {items.begin(), items.end()};
}

std::size_t varint_bytes(std::uint64_t value) {
    std::size_t bytes = 1;
    for (; value >= 0x80; value >>= 7U)
        ++bytes;
    return bytes;
}

// What an item takes in the daemon's block: tag, length, bytes.
std::size_t bytes_in_block(BytesView item) {
    return 1 + varint_bytes(item.size()) + item.size();
}

}  // namespace

std::optional<UnixMs> block_time(const wire::Timestamp& time) {
    if (time.seconds() < 0 || time.nanos() < 0 || time.nanos() >= 1'000'000'000) {
        return std::nullopt;
    }
    const auto seconds = static_cast<std::uint64_t>(time.seconds());
    if (seconds > UINT64_MAX / 1000 - 1) return std::nullopt;
    return UnixMs{seconds * 1000 + static_cast<std::uint64_t>(time.nanos()) / 1'000'000};
}

std::vector<std::size_t> choose_items(Application& application, const std::vector<BytesView>& items,
                                      std::int64_t bytes_max) {
    const std::vector<ItemVerdict> verdicts = application.validate_items(items);
    CONSILIUM_ASSERT(verdicts.size() == items.size());
    std::map<Bytes, std::deque<std::size_t>> lanes;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (verdicts[i] != ItemVerdict::kRefuse) lanes[application.lane(items[i])].push_back(i);
    }
    std::vector<std::size_t> chosen;
    std::size_t left = bytes_max < 0 ? 0 : static_cast<std::size_t>(bytes_max);
    while (!lanes.empty()) {
        for (auto lane = lanes.begin(); lane != lanes.end();) {
            const std::size_t first = lane->second.front();
            const std::size_t bytes = bytes_in_block(items[first]);
            // What does not fit ends its lane, so that a member's items keep their order.
            const bool fits = bytes <= left;
            if (fits) {
                left -= bytes;
                chosen.push_back(first);
                lane->second.pop_front();
            }
            lane = fits && !lane->second.empty() ? std::next(lane) : lanes.erase(lane);
        }
    }
    return chosen;
}

Abci::Abci(Application& application, AbciOptions options)
    : application_(application), options_(std::move(options)) {}

bool Abci::answer(std::span<const BytesView> messages, Bytes& out) {
    std::vector<wire::Request> requests(messages.size());
    std::vector<wire::Response> responses(messages.size());
    std::size_t readable = 0;
    while (readable < messages.size() &&
           requests[readable].ParseFromArray(messages[readable].data(),
                                             static_cast<int>(messages[readable].size()))) {
        ++readable;
    }
    bool open = true;
    const auto send = [&](const wire::Response& response) {
        append_frame(out, response.SerializeAsString());
    };
    std::size_t i = 0;
    while (open && i < readable) {
        std::size_t run = i;
        while (run < readable && requests[run].has_check_tx())
            ++run;
        if (run == i) {
            open = answer_one(requests[i], responses[i]);
            send(responses[i++]);
            continue;
        }
        options_.parallel_for(run - i, [&](std::size_t k) {
            *responses[i + k].mutable_check_tx() = check(requests[i + k].check_tx());
        });
        for (; i < run; ++i)
            send(responses[i]);
    }
    if (open && readable < messages.size()) {
        except(responses[readable], "a message that is no request of ABCI 2.0");
        send(responses[readable]);
        open = false;
    }
    return open;
}

bool Abci::answer_one(wire::Request& request, wire::Response& response) {
    switch (request.value_case()) {
        case wire::Request::kEcho:
            response.mutable_echo()->set_message(request.echo().message());
            return true;
        case wire::Request::kFlush:
            response.mutable_flush();
            return true;
        case wire::Request::kQuery:
            query(request.query(), *response.mutable_query());
            return true;
        case wire::Request::kExtendVote:
            response.mutable_extend_vote();
            return true;
        case wire::Request::kVerifyVoteExtension:
            // Nobody extends votes here: a vote that carries something is not one of ours.
            response.mutable_verify_vote_extension()->set_status(
                request.verify_vote_extension().vote_extension().empty()
                    ? wire::ResponseVerifyVoteExtension::ACCEPT
                    : wire::ResponseVerifyVoteExtension::REJECT);
            return true;
        default:
            break;
    }
    const std::lock_guard turn(driving_);
    if (gave_up_) {
        except(response, "the ledger has stopped");
        return false;
    }
    switch (request.value_case()) {
        case wire::Request::kInfo:
            info(request.info(), response);
            break;
        case wire::Request::kInitChain:
            init_chain(request.init_chain(), response);
            break;
        case wire::Request::kPrepareProposal:
            prepare(*request.mutable_prepare_proposal(), *response.mutable_prepare_proposal());
            break;
        case wire::Request::kProcessProposal:
            process(request.process_proposal(), *response.mutable_process_proposal());
            break;
        case wire::Request::kFinalizeBlock:
            finalize(*request.mutable_finalize_block(), response);
            break;
        case wire::Request::kCommit:
            commit(response);
            break;
        case wire::Request::kListSnapshots:
            response.mutable_list_snapshots();
            break;
        case wire::Request::kOfferSnapshot:
            response.mutable_offer_snapshot()->set_result(wire::ResponseOfferSnapshot::REJECT);
            break;
        case wire::Request::kLoadSnapshotChunk:
            response.mutable_load_snapshot_chunk();
            break;
        case wire::Request::kApplySnapshotChunk:
            response.mutable_apply_snapshot_chunk()->set_result(
                wire::ResponseApplySnapshotChunk::ABORT);
            break;
        default:
            except(response, "a request that ABCI 2.0 does not have");
            break;
    }
    return !response.has_exception();
}

wire::ResponseCheckTx Abci::check(const wire::RequestCheckTx& request) {
    wire::ResponseCheckTx answer;
    switch (application_.check_item(request.tx())) {
        case ItemVerdict::kAccept:
            break;
        case ItemVerdict::kRefuse:
            answer.set_code(kRefused);
            break;
        case ItemVerdict::kStale:
            answer.set_code(kStale);
            break;
    }
    return answer;
}

void Abci::give_up(ApplicationError error, wire::Response& response) {
    gave_up_ = true;
    except(response, to_string(error));
    if (options_.failed) options_.failed(error);
}

void Abci::info(const wire::RequestInfo& request, wire::Response& response) {
    // 2.0.0 is what v0.38 to v0.40 say; later lines number some fields otherwise.
    if (!request.abci_version().empty() && !request.abci_version().starts_with("2.0.")) {
        except(response, "this application speaks ABCI 2.0.x");
        return;
    }
    const ApplicationInfo info = application_.info();
    wire::ResponseInfo& answer = *response.mutable_info();
    answer.set_data("consilium");
    answer.set_version(options_.software_version);
    // Before the first block the daemon takes Header.version.app from here.
    answer.set_app_version(info.protocol_version != 0 ? info.protocol_version
                                                      : options_.protocol_version);
    answer.set_last_block_height(static_cast<std::int64_t>(info.height));
    // Before the first block CometBFT applies the genesis again, and wants to hear of no state.
    if (info.height > 0) answer.set_last_block_app_hash(info.app_hash.bytes());
}

void Abci::init_chain(const wire::RequestInitChain& request, wire::Response& response) {
    const std::optional<UnixMs> time = block_time(request.time());
    if (request.chain_id() != options_.chain_id ||
        request.app_state_bytes() != options_.app_state_json || request.initial_height() != 1 ||
        !time) {
        except(response, "the daemon's genesis document is not this network's");
        return;
    }
    const auto genesis = application_.init_chain(*time, options_.app_state);
    if (!genesis) return give_up(genesis.error(), response);
    wire::ResponseInitChain& answer = *response.mutable_init_chain();
    add_updates(*answer.mutable_validators(), genesis->validators);
    answer.set_app_hash(genesis->app_hash.bytes());
}

void Abci::query(const wire::RequestQuery& request, wire::ResponseQuery& answer) const {
    const std::string_view path = request.path();
    if (path.starts_with(kPeerById)) {
        const bool admitted =
            !options_.admits_peer || options_.admits_peer(path.substr(kPeerById.size()));
        if (!admitted) {
            answer.set_code(kPeerRefused);
            answer.set_log("no member of this network runs a node of this id");
        }
        return;
    }
    // Addresses say nothing about who somebody is; the id is proven by the connection itself.
    if (path.starts_with(kPeerByAddress)) return;
    answer.set_code(kUnknownPath);
    answer.set_log("no such path; state is read, with its proof, from the member's own API");
}

void Abci::prepare(wire::RequestPrepareProposal& request, wire::ResponsePrepareProposal& answer) {
    auto& items = *request.mutable_txs();
    for (const std::size_t i : choose_items(application_, views(items), request.max_tx_bytes()))
        answer.add_txs(std::move(*items.Mutable(static_cast<int>(i))));
}

void Abci::process(const wire::RequestProcessProposal& request,
                   wire::ResponseProcessProposal& answer) {
    const auto verdicts = application_.validate_items(views(request.txs()));
    const bool refused = std::any_of(verdicts.begin(), verdicts.end(), [](ItemVerdict verdict) {
        return verdict == ItemVerdict::kRefuse;
    });
    answer.set_status(refused ? wire::ResponseProcessProposal::REJECT
                              : wire::ResponseProcessProposal::ACCEPT);
}

void Abci::finalize(wire::RequestFinalizeBlock& request, wire::Response& response) {
    const std::optional<UnixMs> time = block_time(request.time());
    if (!time || request.height() < 1) {
        except(response, "a block without height or with a time before 1970");
        return;
    }
    Block block{static_cast<Height>(request.height()), *time, {}};
    block.items.reserve(static_cast<std::size_t>(request.txs_size()));
    for (std::string& item : *request.mutable_txs())
        block.items.push_back(std::move(item));
    finalized_ = 0;
    const auto finalized = application_.finalize_block(block);
    if (!finalized) return give_up(finalized.error(), response);
    finalized_ = block.height;
    finalized_hash_ = request.hash();
    wire::ResponseFinalizeBlock& answer = *response.mutable_finalize_block();
    for (const ItemResult& result : finalized->results) {
        wire::ExecTxResult& added = *answer.add_tx_results();
        added.set_code(result.code);
        added.set_data(result.data);
    }
    add_updates(*answer.mutable_validator_updates(), finalized->validator_updates);
    answer.set_app_hash(finalized->app_hash.bytes());
}

Status<ApplicationError> Abci::store_header(Height height, BytesView signed_header) {
    const std::lock_guard turn(driving_);
    return application_.store_header(height, signed_header);
}

void Abci::commit(wire::Response& response) {
    if (finalized_ == 0) {
        except(response, "commit without a block that was finalized");
        return;
    }
    // The daemon's block store is the durable log: what a crash takes from us it plays again.
    const auto retain = application_.commit(false);
    if (!retain) return give_up(retain.error(), response);
    if (options_.committed) options_.committed(finalized_, finalized_hash_);
    finalized_ = 0;
    response.mutable_commit()->set_retain_height(static_cast<std::int64_t>(*retain));
}

}  // namespace consilium::consensus::cometbft
