// SPDX-License-Identifier: Apache-2.0
#include "node/exchange_fixture.hpp"

#include <future>

#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "state/memory_disk.hpp"
#include "vault/document_writer.hpp"

namespace consilium::node::testing {

Wires::Wires() : thread_([this] { run(); }) {}

Wires::~Wires() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

Status<ex::ChannelError> Wires::End::send(const ledger::MemberId& to, const Hash32& name,
                                          Bytes message) {
    const std::lock_guard lock(wires_.mutex_);
    if (!wires_.names_.emplace(to, name).second) return Done{};
    if (wires_.change_) {
        v1::ExchangeMessage decoded;
        EXPECT_TRUE(proto::parse_canonical(message, decoded).ok());
        wires_.change_(decoded);
        message = proto::encode(decoded);
    }
    wires_.sent_.push_back({self_, to, message});
    wires_.queue_.push_back({self_, to, std::move(message)});
    wires_.changed_.notify_all();
    return Done{};
}

// As the port asks: when it returns, nothing of the former receiver runs any more.
void Wires::End::on_receive(Receive receive) {
    std::unique_lock lock(wires_.mutex_);
    wires_.changed_.wait(lock, [this] { return !wires_.busy_; });
    if (receive) {
        wires_.receivers_[self_] = std::make_shared<Receive>(std::move(receive));
    } else {
        wires_.receivers_.erase(self_);
    }
    wires_.changed_.notify_all();
}

ex::Handled Wires::deliver_now(const Message& message) {
    std::shared_ptr<ex::Channel::Receive> receiver;
    {
        const std::lock_guard lock(mutex_);
        receiver = receivers_.at(message.to);
    }
    return (*receiver)(message.from, message.bytes);
}

void Wires::pause(bool paused) {
    std::unique_lock lock(mutex_);
    paused_ = paused;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !busy_; });
}

void Wires::tamper(std::function<void(v1::ExchangeMessage&)> change) {
    const std::lock_guard lock(mutex_);
    change_ = std::move(change);
}

std::vector<Wires::Message> Wires::sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
}

std::size_t Wires::waiting() const {
    const std::lock_guard lock(mutex_);
    return queue_.size() + (busy_ ? 1 : 0);
}

void Wires::run() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
        if (queue_.empty() || paused_) {
            changed_.wait(lock);
            continue;
        }
        Message message = std::move(queue_.front());
        queue_.pop_front();
        const auto found = receivers_.find(message.to);
        ex::Handled handled = ex::Handled::kLater;
        if (found != receivers_.end()) {
            const auto receiver = found->second;
            busy_ = true;
            lock.unlock();
            handled = (*receiver)(message.from, message.bytes);
            lock.lock();
            busy_ = false;
            changed_.notify_all();
        }
        if (handled == ex::Handled::kLater) {
            queue_.push_back(std::move(message));
            changed_.wait_for(lock, std::chrono::milliseconds(5));
        }
    }
}

Result<std::optional<ex::ChartOpening>, ex::RecordsError> TestRecords::chart(
    std::string_view patient) const {
    const auto found = charts.find(patient);
    if (found == charts.end()) return std::optional<ex::ChartOpening>();
    return std::optional<ex::ChartOpening>(found->second);
}

Result<std::vector<ex::CurrentVersion>, ex::RecordsError> TestRecords::current(
    std::string_view patient, const v1::ExchangeAsk& ask) const {
    if (!ask.query().empty()) return fail(ex::RecordsError::kBadQuery);
    std::vector<ex::CurrentVersion> out;
    for (const ex::CurrentVersion& version : versions) {
        const bool in_compartment = std::find(version.patients.begin(), version.patients.end(),
                                              patient) != version.patients.end();
        if (!in_compartment) continue;
        if (!ask.resource_type().empty() && ask.resource_type() != version.type) continue;
        if (!ask.resource_id().empty() && ask.resource_id() != version.id) continue;
        out.push_back(version);
    }
    return out;
}

Result<std::vector<std::string>, ex::RecordsError> TestRecords::find(
    const v1::NamedPatient& named) const {
    const auto found = names.find(proto::encode(named));
    return found == names.end() ? std::vector<std::string>() : found->second;
}

Result<std::optional<ex::HeldRecord>, ex::RecordsError> TestHeldRecords::held(
    std::string_view type, std::string_view id) const {
    for (const ex::CurrentVersion& version : records_.versions) {
        if (version.type != type || version.id != id) continue;
        ex::HeldRecord out;
        out.record = version.document.record;
        out.version = version.document.version;
        out.patient = "verena";
        out.chart = records_.charts.at(out.patient).chart;
        const Bytes key = "test/" + version.type + "/" + version.id;
        out.row = {key, *vault_.row(key)};
        out.erased = {key, Bytes("erased")};
        return std::optional<ex::HeldRecord>(std::move(out));
    }
    return std::optional<ex::HeldRecord>();
}

Result<std::optional<ex::AnchoredRecord>, ex::RecordsError> TestHeldRecords::anchored(
    const ledger::RecordId& record, const ledger::ChartId& chart) const {
    const auto found = sequences.find(record);
    if (found == sequences.end()) return std::optional<ex::AnchoredRecord>();
    ex::AnchoredRecord out;
    out.ref.set_chart_id(chart.bytes());
    out.ref.set_sequence(found->second);
    out.version = 1;
    out.sequence = found->second;
    return std::optional<ex::AnchoredRecord>(std::move(out));
}

Result<std::vector<ledger::LinkId>, ex::RecordsError> TestHeldRecords::links(
    const ledger::ChartId& chart) const {
    std::vector<ledger::LinkId> out;
    for (const auto& [patient, opening] : records_.charts)
        if (opening.chart == chart)
            for (const ex::SlotOpening& slot : opening.slots)
                out.push_back(slot.link);
    return out;
}

Result<vault::Row, ex::RecordsError> TestHeldRecords::touched(const ledger::RecordId& /*record*/,
                                                              std::uint64_t /*sequence*/) const {
    return fail(ex::RecordsError::kDisk);
}

namespace {

class People final : public services::Author {
 public:
    People(const Consortium& consortium, std::size_t member)
        : consortium_(consortium), member_(member) {}
    Result<Bytes, services::AuthorError> compose(
        v1::Role role, const std::vector<v1::Command>& commands) override {
        const auto today = users(role);
        if (today->empty()) return fail(services::AuthorError::kNoUser);
        return compose_as(today->front(), role, commands);
    }
    Result<std::vector<ledger::UserId>, services::AuthorError> users(v1::Role role) override {
        if (role == v1::ROLE_SERVICE)
            return std::vector<ledger::UserId>{consortium_.users[member_]};
        const auto found = consortium_.people.find({member_, role});
        return found == consortium_.people.end() ? std::vector<ledger::UserId>() : found->second;
    }
    Result<Bytes, services::AuthorError> compose_as(
        const ledger::UserId& user, v1::Role role,
        const std::vector<v1::Command>& commands) override {
        auto out = compose_transaction(consortium_.genesis.network_id, consortium_.ids[member_],
                                       user, role, commands, consensus::system_clock().wall());
        if (!out) return fail(services::AuthorError::kMalformed);
        return std::move(out).value();
    }

 private:
    const Consortium& consortium_;
    const std::size_t member_;
};

template <typename Payload>
v1::Command command_of(ledger::ContractId contract, const Payload& payload) {
    v1::Command out;
    out.set_contract(static_cast<std::uint32_t>(contract));
    out.set_payload(proto::encode(payload));
    return out;
}

}  // namespace

ExchangeTest::ExchangeTest(const v1::EhrParameters& ehr)
    : consortium(consensus::system_clock().wall(), 4, ehr) {
    HostOptions options = consortium.host_options("/nowhere");
    options.open_disk =
        [](const std::filesystem::path&) -> Result<std::unique_ptr<state::Disk>, state::DiskError> {
        return std::unique_ptr<state::Disk>(std::make_unique<state::MemoryDisk>());
    };
    host = std::move(Host::open(std::move(options))).value();
    EXPECT_TRUE(host->start().ok());
    sides.resize(2);
    for (std::size_t i = 0; i < sides.size(); ++i) {
        const auto path = directory.path() / consortium.ids[i];
        EXPECT_TRUE(vault::Vault::create(path, "passphrase", {1, 8}).ok());
        sides[i].vault = std::move(
            vault::Vault::open(path, consortium.genesis.network_id, "passphrase").value());
        sides[i].author = std::make_unique<People>(consortium, i);
        sides[i].channel = std::make_unique<Wires::End>(wires, consortium.ids[i]);
        start(i);
    }
}

ExchangeTest::~ExchangeTest() {
    for (Side& side : sides)
        side.exchange.reset();
    host->stop();
}

void ExchangeTest::start(std::size_t member) {
    Side& side = sides[member];
    const ledger::MemberId& id = consortium.ids[member];
    side.ports = std::make_unique<ex::Ports>(
        ex::Ports{id, consortium.genesis.network_id, host->submit(id), host->reads(id),
                  host->events(id), *side.author, *side.vault,
                  side.store_records ? *side.store_records : side.records, *side.channel,
                  [this] {
                      const auto now = consensus::system_clock().wall().value;
                      return UnixMs{now + static_cast<std::uint64_t>(clock_ahead_ms.load())};
                  },
                  telemetry::Logger()});
    if (!side.held) side.held = std::make_unique<TestHeldRecords>(side.records, *side.vault);
    side.exchange = std::make_unique<ex::Exchange>(*side.ports, 2);
    side.erasures =
        &side.exchange->add([&](const ex::Ports& ports, ex::BlockWait&, const auto& poke) {
            return std::make_unique<ex::Erasures>(
                ports, side.store_held ? *side.store_held : *side.held, kBackupDays, poke);
        });
    side.sheddings =
        &side.exchange->add([&](const ex::Ports& ports, ex::BlockWait& blocks, const auto& poke) {
            return std::make_unique<ex::Sheddings>(ports, blocks, kBackupDays, poke);
        });
    if (side.add_parts) side.add_parts(*side.exchange);
    side.exchange->start();
}

Result<v1::ChartCard, ex::CardError> ExchangeTest::issue(const ex::CardOrder& order) {
    std::promise<Result<v1::ChartCard, ex::CardError>> answered;
    ex::Cards(*sides[kHospital].ports).issue(order, [&](Result<v1::ChartCard, ex::CardError> made) {
        answered.set_value(std::move(made));
    });
    return answered.get_future().get();
}

ledger::Outcome ExchangeTest::submit(std::size_t member, const std::vector<v1::Command>& commands,
                                     const crypto::SigningKey* signer, v1::Role role) {
    const auto user = role == v1::ROLE_SERVICE ? consortium.users[member]
                                               : consortium.people.at({member, role}).front();
    v1::Body body;
    body.mutable_actor()->set_user(user.bytes());
    body.mutable_actor()->set_role(role);
    body.set_nonce(crypto::random_bytes(16));
    body.set_not_after_unix_ms(consensus::system_clock().wall().value + 60'000);
    for (const v1::Command& command : commands)
        *body.add_commands() = command;
    std::vector<const crypto::SigningKey*> signers;
    if (signer != nullptr) signers.push_back(signer);
    std::promise<Result<services::Committed, services::SubmitError>> answered;
    auto answer = answered.get_future();
    host->submit(consortium.ids[member])
        .submit(ledger::make_transaction(consortium.genesis.network_id, consortium.ids[member],
                                         body, signers),
                [&](auto result) { answered.set_value(std::move(result)); });
    const auto committed = answer.get();
    EXPECT_TRUE(committed.ok());
    return *ledger::decode_outcome(committed->outcome);
}

void ExchangeTest::add_resource(const std::string& type, const std::string& id,
                                const std::string& more, const std::vector<std::string>& of) {
    const Bytes text = R"({"resourceType":")" + type + R"(","id":")" + id + "\"" + more + "}";
    const vault::DocumentName name{crypto::random_id<ledger::RecordId>(), 1};
    Side& hospital = sides[kHospital];
    if (text.size() > vault::kInlineBytesMax) {
        auto writer = hospital.vault->begin(name, text.size());
        ASSERT_TRUE(writer.ok() && (*writer)->update(text).ok() && (*writer)->commit({}).ok());
    } else {
        const std::vector<vault::NewDocument> documents{{name, text, {}}};
        ASSERT_TRUE(hospital.vault->put(documents).ok());
    }
    hospital.records.versions.push_back({name, type, id, of});
}

ex::ChartOpening ExchangeTest::open_chart(const std::string& patient) {
    ex::ChartOpening opening;
    opening.chart = crypto::random_id<ledger::ChartId>();
    v1::ChartsCommand open;
    open.mutable_open_chart()->set_chart_id(opening.chart.bytes());
    for (int i = 0; i < 8; ++i) {
        opening.slots.push_back(
            {crypto::random_bytes(ex::kSaltBytes), crypto::random_id<ledger::LinkId>()});
        const auto& slot = opening.slots.back();
        open.mutable_open_chart()->add_slots(
            ledger::link_slot_commitment(slot.salt, opening.chart, slot.link).bytes());
    }
    EXPECT_TRUE(submit(kHospital, {command_of(ledger::ContractId::kCharts, open)}).applied());
    sides[kHospital].records.charts[patient] = opening;
    return opening;
}

v1::ChartCard ExchangeTest::make_card() {
    const ex::ChartOpening opening = open_chart("verena");
    v1::ChartsCommand link;
    link.mutable_open_link()->set_link_id(opening.slots[0].link.bytes());
    link.mutable_open_link()->set_counterparty("clinic");
    link.mutable_open_link()->set_algorithm(v1::ALGORITHM_ED25519);
    link.mutable_open_link()->set_public_key(patient_key.public_key());
    EXPECT_TRUE(submit(kHospital, {command_of(ledger::ContractId::kCharts, link)}).applied());
    card.set_custodian("hospital");
    card.set_link_id(opening.slots[0].link.bytes());
    card.set_slot_salt(opening.slots[0].salt);
    card.set_patient("verena");
    return card;
}

ledger::Outcome ExchangeTest::consent(std::size_t through) {
    v1::IdentityCommand command;
    v1::GrantConsent& grant = *command.mutable_grant_consent();
    grant.set_link_id(card.link_id());
    grant.set_provision(v1::CONSENT_PROVISION_PERMIT);
    grant.add_purposes(v1::PURPOSE_OF_USE_TREAT);
    grant.add_actions(v1::ACCESS_ACTION_READ);
    const auto now = consensus::system_clock().wall().value;
    grant.set_valid_from_unix_ms(now - 60'000);
    grant.set_valid_until_unix_ms(now + 365ULL * 24 * 3600 * 1000);
    return submit(through, {command_of(ledger::ContractId::kIdentity, command)}, &patient_key);
}

ledger::Outcome ExchangeTest::revoke(std::size_t through) {
    v1::IdentityCommand command;
    v1::RevokeConsent& revoke = *command.mutable_revoke_consent();
    revoke.set_link_id(card.link_id());
    revoke.set_number(1);
    revoke.set_version(1);
    return submit(through, {command_of(ledger::ContractId::kIdentity, command)}, &patient_key);
}

ex::Question ExchangeTest::question(const std::string& type) const {
    ex::Question out;
    out.card = card;
    out.ask.set_resource_type(type);
    return out;
}

ex::ReadOutcome ExchangeTest::read(const ex::Question& question) {
    std::promise<ex::ReadOutcome> answered;
    auto answer = answered.get_future();
    sides[kClinic].exchange->read(
        question, [&](ex::ReadOutcome outcome) { answered.set_value(std::move(outcome)); });
    return answer.get();
}

}  // namespace consilium::node::testing
