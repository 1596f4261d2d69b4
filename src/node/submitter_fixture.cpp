// SPDX-License-Identifier: Apache-2.0
#include "node/submitter_fixture.hpp"

#include "contracts/registry/registry.hpp"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "ledger/outcome.hpp"

namespace consilium::node::testing {

Rig::Rig() {
    for (auto& disk : disks)
        disk = std::make_unique<state::MemoryDisk>();
    start();
}

Rig::~Rig() {
    crash();
}

void Rig::crash() {
    submitter.reset();
    core.reset();
    for (auto& application : applications)
        application.reset();
}

void Rig::start() {
    std::vector<consensus::embedded::Hosted> hosted;
    for (std::size_t i = 0; i < 2; ++i) {
        ApplicationOptions options;
        options.network_id = consortium.genesis.network_id;
        options.metrics = i == 0 ? &metrics : nullptr;
        options.writes_beside = i == 1;  // both ways must come to the same state
        auto opened = LedgerApplication::open(*disks[i], contracts::registry(), options);
        ASSERT_TRUE(opened.ok());
        applications[i] = std::move(*opened);
        hosted.push_back(
            {consortium.ids[i], applications[i].get(), applications[i].get(), &validator_keys_[i]});
    }
    consensus::embedded::CoreOptions options;
    options.chain = {consortium.genesis.chain_id, 1, kSubmitterGenesis, 4 << 20, -1};
    options.app_state = consortium.genesis.app_state;
    core = std::make_unique<consensus::embedded::Core>(options, hosted);
    const auto opened = core->open();
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    for (auto& application : applications)
        (void)application->publish(application->info().height);
    make_submitter();
    const auto attached = submitter->open();
    ASSERT_TRUE(attached.ok()) << to_string(attached.error());
}

void Rig::make_submitter() {
    SubmitterOptions options;
    options.network_id = consortium.genesis.network_id;
    options.member_id = consortium.ids[0];
    options.key = &bundle_key_;
    options.limits = limits;
    options.metrics = &metrics;
    options.dies_after = [this](SubmitStep step) { return dies_after && dies_after(step); };
    submitter = std::make_unique<Submitter>(std::move(options), *applications[0], *outbox, *this);
}

Status<consensus::EngineError> Rig::submit_item(const Bytes& item) {
    if (!holds) return core->submit(0, item, now_us);
    held.push_back(item);
    return Done{};
}

void Rig::submit(const Bytes& transaction, std::vector<Answer>& answers) {
    submitter->submit(transaction, wall, now_us,
                      [&answers](Answer answer) { answers.push_back(std::move(answer)); });
}

void Rig::make_block() {
    ASSERT_TRUE(core->make_block(wall).ok());
    ASSERT_TRUE(core->sync().ok());
    (void)applications[1]->publish(core->height());
    for (const auto& block : applications[0]->publish(core->height()))
        submitter->block(block, now_us);
}

void Rig::turn() {
    now_us += 10'000;
    wall.value += 10;
    (void)submitter->step(wall, now_us);
    if (core->due(true, now_us)) make_block();
}

void Rig::turns(int count) {
    for (int i = 0; i < count; ++i)
        turn();
}

std::map<ledger::TransactionId, int> Rig::executed() const {
    std::map<ledger::TransactionId, int> times;
    for (Height h = 1; h <= applications[1]->info().height; ++h) {
        const auto kept = applications[1]->kept_block(h);
        for (std::size_t i = 0; i < (*kept)->items.size(); ++i) {
            if ((*kept)->results[i].code != 0) continue;
            const auto bundle = ledger::decode_item((*kept)->items[i]);
            for (const BytesView t : bundle->transactions)
                ++times[ledger::transaction_id(consortium.genesis.network_id, bundle->member_id,
                                               t)];
        }
    }
    return times;
}

Bytes Rig::anchor(std::uint64_t number) const {
    return consortium.anchor(0, Consortium::chart(1), number);
}

ledger::TransactionId Rig::id(const Bytes& transaction) const {
    return consortium.id_of(0, transaction);
}

bool applied(const Answer& answer) {
    return answer.ok() && ledger::decode_outcome(answer->outcome)->applied();
}

void SubmitterTest::open_chart() {
    submit(chart);
    rig.turns(3);
}

void SubmitterTest::hold_chart() {
    rig.holds = true;
    submit(chart);
    rig.turn();
}

namespace {

std::unique_ptr<state::MemoryDisk> copy_of(const state::Disk& disk) {
    auto copy = std::make_unique<state::MemoryDisk>();
    const auto batch = copy->new_batch();
    for (std::size_t space = 0; space < state::kSpaces; ++space) {
        const auto cursor = disk.cursor(static_cast<state::Space>(space));
        for (cursor->seek_first(); cursor->valid(); cursor->next())
            batch->put(static_cast<state::Space>(space), cursor->key(), cursor->value());
    }
    EXPECT_TRUE(copy->write(*batch, state::Durability::kSynced).ok());
    return copy;
}

}  // namespace

SubmitterTest::Backup SubmitterTest::backup() const {
    return {copy_of(*rig.disks[0]), copy_of(*rig.outbox)};
}

void SubmitterTest::put_back(Backup old, Disks which) {
    rig.crash();
    if (which != Disks::kOutbox) rig.disks[0] = std::move(old.ledger);
    if (which != Disks::kLedger) rig.outbox = std::move(old.outbox);
    rig.holds = false;
    rig.start();
}

}  // namespace consilium::node::testing
