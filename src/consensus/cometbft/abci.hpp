// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/parallel.hpp"
#include "cometbft/v038/abci.pb.h"
#include "consensus/port/port.hpp"

// What CometBFT v0.38 asks of its application, and our answers (docs/formats/abci.md). No sockets
// and no clock here: server.hpp reads and writes the frames.
namespace consilium::consensus::cometbft {

namespace wire = ::cometbft::v038;

struct AbciOptions {
    std::string chain_id;
    Bytes app_state;             // canonical v1.GenesisState
    std::string app_state_json;  // as the genesis document has it, with its quotes
    std::string software_version;
    std::uint32_t protocol_version = 1;  // the genesis', for as long as the ledger has none
    ParallelFor parallel_for = serial_for;
    // Answers whether a daemon with that node id (40 hex digits) may connect; null admits all.
    std::function<bool(std::string_view node_id)> admits_peer;
    // After each commit, before it is answered. `header_hash` is what the daemon says of the
    // block's header. On the connection's thread.
    std::function<void(Height height, const Bytes& header_hash)> committed;
    // The ledger cannot go on: the daemon gets an exception, which ends it. Called once.
    std::function<void(ApplicationError error)> failed;
};

// Answers one daemon's requests. Each connection's requests must come in order; connections may
// come on threads of their own: what changes or reads the chain takes turns, CheckTx and Query do
// not wait for it. Thread-safe.
class Abci {
 public:
    // `application` outlives this.
    Abci(Application& application, AbciOptions options);

    // Answers messages of one connection, in order, appending whole frames to `out`. CheckTx that
    // stand together are checked in parallel. False: close the connection once `out` is written,
    // for the last answer is an exception.
    [[nodiscard]] bool answer(std::span<const BytesView> messages, Bytes& out);

    // Keeps the header and the commit of a committed block (Application::store_header), between two
    // requests of the daemon.
    [[nodiscard]] Status<ApplicationError> store_header(Height height, BytesView signed_header);

 private:
    [[nodiscard]] bool answer_one(wire::Request& request, wire::Response& response);
    [[nodiscard]] wire::ResponseCheckTx check(const wire::RequestCheckTx& request);
    void info(const wire::RequestInfo& request, wire::Response& response);
    void init_chain(const wire::RequestInitChain& request, wire::Response& response);
    void query(const wire::RequestQuery& request, wire::ResponseQuery& answer) const;
    void prepare(wire::RequestPrepareProposal& request, wire::ResponsePrepareProposal& answer);
    void process(const wire::RequestProcessProposal& request,
                 wire::ResponseProcessProposal& answer);
    void finalize(wire::RequestFinalizeBlock& request, wire::Response& response);
    void commit(wire::Response& response);
    void give_up(ApplicationError error, wire::Response& response);

    Application& application_;
    const AbciOptions options_;
    std::mutex driving_;    // the application's one driving thread
    Height finalized_ = 0;  // the block that commit() will write; 0: none
    Bytes finalized_hash_;
    bool gave_up_ = false;
};

// Which items go into a block of at most `bytes_max` as Protocol Buffers count them, and in which
// order: those that no correct node refuses, members in turn, each member's in the order given.
[[nodiscard]] std::vector<std::size_t> choose_items(Application& application,
                                                    const std::vector<BytesView>& items,
                                                    std::int64_t bytes_max);

// Whole milliseconds of a header's time; nothing before 1970.
[[nodiscard]] std::optional<UnixMs> block_time(const wire::Timestamp& time);

}  // namespace consilium::consensus::cometbft
