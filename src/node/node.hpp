// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "consensus/embedded/clock.hpp"
#include "crypto/sign.hpp"
#include "ledger/ids.hpp"
#include "node/genesis.hpp"
#include "node/metrics.hpp"
#include "services/port/port.hpp"
#include "state/disk.hpp"

// The composition root: one process that hosts the nodes of any number of members on the embedded
// engine, each with a ledger copy, a bundler and an outbox of its own.
namespace consilium::node {

struct MemberOptions {
    ledger::MemberId member_id;
    // The ledger copy goes to data_dir/ledger, the outbox to data_dir/outbox; made when missing.
    std::filesystem::path data_dir;
    std::uint32_t key_id = 1;  // number of bundle_key among the member's registered keys
    crypto::SigningKey bundle_key;
    std::optional<crypto::SigningKey> validator_key;  // none: an observer
};

struct Limits {
    std::size_t queue_transactions = 65'536;  // per member, accepted and not yet committed
    std::size_t queue_bytes = 64U << 20U;
    std::size_t bundles_in_flight = 16;    // per member
    std::uint64_t batch_delay_us = 5'000;  // longest wait for more transactions, under load
    std::uint64_t bundle_lifetime_ms = 60'000;
    std::uint64_t resubmit_after_ms = 2'000;
};

struct NodeFailure;

struct HostOptions {
    Genesis genesis;
    std::vector<MemberOptions> members;
    Limits limits;
    unsigned threads = 2;  // for work inside a block that may run in parallel; 1 is allowed
    std::size_t cache_bytes = 128U << 20U;    // of blocks read from disk, per member
    const consensus::Clock* clock = nullptr;  // the system's when null
    // Opens one of a member's two disks, ledger or outbox; RocksDB in `directory` when null.
    std::function<Result<std::unique_ptr<state::Disk>, state::DiskError>(
        const std::filesystem::path& directory)>
        open_disk;
    // Called when a member's node stops by itself, on a thread of the engine or of that node, which
    // must not stop the host or the member there; never with secrets.
    std::function<void(const NodeFailure& failure)> on_failure;
};

enum class NodeError {
    kUnknownMember,  // not among the options' members, or not in the genesis
    kBadKey,         // bundle_key or validator_key is not the one the ledger has for the member
    kDisk,           // the ledger or the outbox could not be opened, read or written
    kDiskBusy,       // another process has it open
    kCorruption,     // what is on disk contradicts itself
    kOtherNetwork,   // the directory holds another network's ledger
    kQuorum,         // running validators would have no more than two thirds of the power
    kDiverged,       // this copy's state root differs from what the others committed
    kNotRunning,
    kAlreadyRunning,
};

[[nodiscard]] const char* to_string(NodeError error);

struct NodeFailure {
    NodeError error = NodeError::kDisk;
    ledger::MemberId member;  // whose node; empty when it concerns all
    std::string message;      // what happened and what to do
};

// kFailed: a copy that could not go on takes no part any more; one whose outbox failed, or whose
// submitter could not read the ledger, goes on taking part in blocks and submits nothing (kDisk).
// stop_member() and start_member() end the latter.
enum class MemberState { kStopped, kCatchingUp, kRunning, kFailed };

[[nodiscard]] const char* to_string(MemberState state);

// Thread-safe, but start and stop of members are taken one at a time.
class Host {
 public:
    // Opens every member's ledger, applies the genesis where it is new, brings all copies to one
    // height (verifying every header, commit and state root) and replays the outboxes. Nothing is
    // ordered before start().
    [[nodiscard]] static Result<std::unique_ptr<Host>, NodeFailure> open(HostOptions options);

    virtual ~Host() = default;  // stops

    [[nodiscard]] virtual Status<NodeFailure> start() = 0;
    // Answers what is in flight with kStopping, makes everything durable, closes. Idempotent.
    virtual void stop() = 0;

    // One member's node alone. The others go on if they hold more than two thirds of the power;
    // otherwise kQuorum and nothing changes. While it is stopped its reads answer from its copy,
    // and submit answers kStopping.
    [[nodiscard]] virtual Status<NodeFailure> stop_member(const ledger::MemberId& member) = 0;
    // Catches up from the others' stores, replays its outbox, takes part again.
    [[nodiscard]] virtual Status<NodeFailure> start_member(const ledger::MemberId& member) = 0;

    [[nodiscard]] virtual std::vector<ledger::MemberId> members() const = 0;
    [[nodiscard]] virtual MemberState state(const ledger::MemberId& member) const = 0;
    // Why a member's node is in kFailed; empty otherwise.
    [[nodiscard]] virtual std::string failure_reason(const ledger::MemberId& member) const = 0;

    // Valid as long as the host; the member must be one of members().
    [[nodiscard]] virtual services::Submit& submit(const ledger::MemberId& member) = 0;
    [[nodiscard]] virtual services::Events& events(const ledger::MemberId& member) = 0;
    [[nodiscard]] virtual services::Reads& reads(const ledger::MemberId& member) = 0;
    [[nodiscard]] virtual const Metrics& metrics(const ledger::MemberId& member) const = 0;
};

}  // namespace consilium::node
