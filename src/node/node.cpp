// SPDX-License-Identifier: Apache-2.0
#include "node/node.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "consensus/embedded/engine.hpp"
#include "execution/signature_cache.hpp"
#include "node/member_node.hpp"
#include "node/thread_pool.hpp"
#include "store/rocks_disk.hpp"

namespace consilium::node {

namespace {

constexpr std::size_t kSignatureCacheBytes = 32U << 20U;

NodeError to_node(consensus::embedded::CoreError error) {
    using consensus::embedded::CoreError;
    switch (error) {
        case CoreError::kBadGenesis:
            return NodeError::kOtherNetwork;
        case CoreError::kQuorum:
            return NodeError::kQuorum;
        case CoreError::kDiverged:
        case CoreError::kDisagrees:
            return NodeError::kDiverged;
        case CoreError::kDisk:
            return NodeError::kDisk;
        case CoreError::kCorruption:
            return NodeError::kCorruption;
    }
    return NodeError::kCorruption;
}

// The genesis must know the member, and by the validator key that we would sign with.
Status<NodeFailure> check_member(const Genesis& genesis, const MemberOptions& options) {
    const auto& members = genesis.state.members();
    const auto found = std::find_if(members.begin(), members.end(), [&](const auto& member) {
        return member.member_id() == options.member_id;
    });
    if (found == members.end()) {
        return fail(NodeFailure{NodeError::kUnknownMember, options.member_id,
                                options.member_id + ": the genesis has no such member"});
    }
    if (options.validator_key &&
        found->node().validator_public_key() != options.validator_key->public_key()) {
        return fail(
            NodeFailure{NodeError::kBadKey, options.member_id,
                        options.member_id + ": the validator key is not the one in the genesis"});
    }
    return Done{};
}

class EmbeddedHost final : public Host {
 public:
    explicit EmbeddedHost(HostOptions options)
        : options_(std::move(options)),
          clock_(options_.clock != nullptr ? *options_.clock : consensus::system_clock()),
          pool_(std::max(options_.threads, 1U)),
          cache_(kSignatureCacheBytes) {}

    ~EmbeddedHost() override { stop(); }

    [[nodiscard]] Status<NodeFailure> open_all();

    [[nodiscard]] Status<NodeFailure> start() override;
    void stop() override;
    [[nodiscard]] Status<NodeFailure> stop_member(const ledger::MemberId& member) override;
    [[nodiscard]] Status<NodeFailure> start_member(const ledger::MemberId& member) override;

    [[nodiscard]] std::vector<ledger::MemberId> members() const override {
        std::vector<ledger::MemberId> ids;
        for (const auto& node : nodes_)
            ids.push_back(node->id());
        return ids;
    }
    [[nodiscard]] MemberState state(const ledger::MemberId& member) const override {
        return nodes_[index(member)]->state();
    }
    [[nodiscard]] std::string failure_reason(const ledger::MemberId& member) const override {
        return nodes_[index(member)]->failure_reason();
    }
    [[nodiscard]] services::Submit& submit(const ledger::MemberId& member) override {
        return *nodes_[index(member)];
    }
    [[nodiscard]] services::Events& events(const ledger::MemberId& member) override {
        return nodes_[index(member)]->events();
    }
    [[nodiscard]] services::Reads& reads(const ledger::MemberId& member) override {
        return nodes_[index(member)]->reads();
    }
    [[nodiscard]] const Metrics& metrics(const ledger::MemberId& member) const override {
        return nodes_[index(member)]->metrics();
    }

 private:
    [[nodiscard]] std::size_t index(const ledger::MemberId& member) const;
    [[nodiscard]] Result<std::unique_ptr<state::Disk>, NodeFailure> open_disk(
        const MemberOptions& member, const char* folder) const;
    void durable(Height height);
    void failed(const consensus::embedded::CoreFailure& failure);

    HostOptions options_;
    const consensus::Clock& clock_;
    ThreadPool pool_;
    execution::SignatureCache cache_;
    std::vector<std::unique_ptr<MemberNode>> nodes_;
    std::unique_ptr<consensus::embedded::EmbeddedEngine> engine_;
    std::mutex control_;  // start, stop and their kind, one at a time
    bool started_ = false;
};

std::size_t EmbeddedHost::index(const ledger::MemberId& member) const {
    const auto found = std::find_if(nodes_.begin(), nodes_.end(),
                                    [&](const auto& node) { return node->id() == member; });
    CONSILIUM_ASSERT(found != nodes_.end());
    return static_cast<std::size_t>(found - nodes_.begin());
}

Result<std::unique_ptr<state::Disk>, NodeFailure> EmbeddedHost::open_disk(
    const MemberOptions& member, const char* folder) const {
    const auto failed = [&](state::DiskError error, const std::string& detail) {
        NodeError kind = NodeError::kDisk;
        if (error == state::DiskError::kCorruption) kind = NodeError::kCorruption;
        if (error == state::DiskError::kLocked) {
            return NodeFailure{NodeError::kDiskBusy, member.member_id,
                               member.member_id + ": another process uses its " + folder};
        }
        return NodeFailure{kind, member.member_id, member.member_id + ": " + detail};
    };
    const std::filesystem::path directory = member.data_dir / folder;
    if (options_.open_disk) {
        auto disk = options_.open_disk(directory);
        if (!disk) return fail(failed(disk.error(), state::to_string(disk.error())));
        return std::move(*disk);
    }
    store::RocksOptions rocks;
    rocks.cache_bytes = options_.cache_bytes;
    auto disk = store::open_rocks_disk(directory, rocks);
    if (!disk) return fail(failed(disk.error().error, disk.error().detail));
    return std::move(*disk);
}

Status<NodeFailure> EmbeddedHost::open_all() {
    if (options_.members.empty()) {
        return fail(NodeFailure{NodeError::kUnknownMember, {}, "no member to host"});
    }
    std::vector<consensus::embedded::Hosted> hosted;
    for (MemberOptions& member : options_.members) {
        if (auto checked = check_member(options_.genesis, member); !checked) return checked;
        auto disk = open_disk(member, "ledger");
        if (!disk) return fail(disk.error());
        auto outbox = open_disk(member, "outbox");
        if (!outbox) return fail(outbox.error());
        auto node = std::make_unique<MemberNode>(std::move(member), options_.genesis,
                                                 options_.limits, clock_, options_.on_failure);
        auto opened =
            node->open_ledger(std::move(*disk), std::move(*outbox), pool_.parallel_for(), &cache_);
        if (!opened) return opened;
        hosted.push_back(node->hosted());
        nodes_.push_back(std::move(node));
    }

    consensus::embedded::CoreOptions core;
    core.chain = {options_.genesis.chain_id, options_.genesis.state.protocol_version(),
                  options_.genesis.time,
                  static_cast<std::int64_t>(options_.genesis.block_bytes_max),
                  options_.genesis.block_gas_max};
    core.app_state = options_.genesis.app_state;
    core.batch_delay_us = options_.limits.batch_delay_us;
    core.parallel_for = pool_.parallel_for();
    engine_ = std::make_unique<consensus::embedded::EmbeddedEngine>(
        std::move(core), std::move(hosted), clock_,
        consensus::embedded::EngineHooks{
            [this](Height height) { durable(height); },
            [this](const consensus::embedded::CoreFailure& failure) { failed(failure); }});
    if (auto opened = engine_->open(); !opened) {
        const auto& failure = opened.error();
        return fail(NodeFailure{to_node(failure.error),
                                failure.host ? nodes_[*failure.host]->id() : ledger::MemberId{},
                                failure.message});
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        nodes_[i]->publish_stored();
        if (!engine_->core().running(i)) continue;
        if (auto attached = nodes_[i]->attach(engine_->port(i)); !attached) return attached;
    }
    return Done{};
}

Status<NodeFailure> EmbeddedHost::start() {
    const std::lock_guard lock(control_);
    if (started_) return fail(NodeFailure{NodeError::kAlreadyRunning, {}, "already started"});
    started_ = true;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (engine_->core().running(i)) nodes_[i]->set_state(MemberState::kRunning);
    }
    engine_->start();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (engine_->core().running(i)) nodes_[i]->start_submitting();
    }
    return Done{};
}

void EmbeddedHost::stop() {
    const std::lock_guard lock(control_);
    if (engine_) engine_->stop();
    for (const auto& node : nodes_) {
        node->stop_submitting();
        if (node->state() != MemberState::kFailed) node->set_state(MemberState::kStopped);
    }
}

Status<NodeFailure> EmbeddedHost::stop_member(const ledger::MemberId& member) {
    const std::lock_guard lock(control_);
    const std::size_t i = index(member);
    if (!engine_->core().running(i)) {
        return fail(NodeFailure{NodeError::kNotRunning, member, member + " is not running"});
    }
    if (!engine_->stop_host(i)) {
        return fail(NodeFailure{
            NodeError::kQuorum, member,
            "without " + member + " the others hold no more than two thirds of the power"});
    }
    nodes_[i]->stop_submitting();
    nodes_[i]->set_state(MemberState::kStopped);
    return Done{};
}

Status<NodeFailure> EmbeddedHost::start_member(const ledger::MemberId& member) {
    const std::lock_guard lock(control_);
    const std::size_t i = index(member);
    if (engine_->core().running(i)) {
        return fail(NodeFailure{NodeError::kAlreadyRunning, member, member + " is running"});
    }
    MemberNode& node = *nodes_[i];
    node.set_state(MemberState::kCatchingUp);
    Status<NodeFailure> attached = Done{};
    const auto joined = engine_->start_host(i, [&] {
        node.publish_stored();
        attached = node.attach(engine_->port(i));
    });
    if (!joined) {
        node.set_failed(joined.error().message);
        return fail(NodeFailure{to_node(joined.error().error), member, joined.error().message});
    }
    if (!attached) {
        (void)engine_->stop_host(i);
        node.set_failed(attached.error().message);
        return attached;
    }
    node.set_state(MemberState::kRunning);
    node.start_submitting();
    return Done{};
}

void EmbeddedHost::durable(Height height) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (engine_->core().running(i)) nodes_[i]->publish(height);
    }
}

void EmbeddedHost::failed(const consensus::embedded::CoreFailure& failure) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (failure.host && *failure.host != i) continue;
        nodes_[i]->set_failed(failure.message);
        nodes_[i]->stop_submitting();
        if (options_.on_failure)
            options_.on_failure({to_node(failure.error), nodes_[i]->id(), failure.message});
    }
}

}  // namespace

const char* to_string(NodeError error) {
    switch (error) {
        case NodeError::kUnknownMember:
            return "no such member";
        case NodeError::kBadKey:
            return "a key is not the one that the ledger has";
        case NodeError::kDisk:
            return "the ledger's disk failed";
        case NodeError::kDiskBusy:
            return "another process has the ledger open";
        case NodeError::kCorruption:
            return "the ledger on disk contradicts itself";
        case NodeError::kOtherNetwork:
            return "the directory holds another network's ledger";
        case NodeError::kQuorum:
            return "no more than two thirds of the voting power would run";
        case NodeError::kDiverged:
            return "this ledger copy disagrees with the others";
        case NodeError::kNotRunning:
            return "the node is not running";
        case NodeError::kAlreadyRunning:
            return "the node is running already";
    }
    return "unknown node error";
}

const char* to_string(MemberState state) {
    switch (state) {
        case MemberState::kStopped:
            return "stopped";
        case MemberState::kCatchingUp:
            return "catching up";
        case MemberState::kRunning:
            return "running";
        case MemberState::kFailed:
            return "failed";
    }
    return "unknown";
}

Result<std::unique_ptr<Host>, NodeFailure> Host::open(HostOptions options) {
    auto host = std::make_unique<EmbeddedHost>(std::move(options));
    if (auto opened = host->open_all(); !opened) return fail(opened.error());
    return std::unique_ptr<Host>(std::move(host));
}

}  // namespace consilium::node
