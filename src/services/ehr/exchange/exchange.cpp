// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/exchange.hpp"

#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {

namespace {

constexpr std::chrono::milliseconds kClearancePatience{3000};
constexpr std::chrono::milliseconds kWatchEvery{10'000};

std::function<void(const Bytes&)> poke_of(const std::shared_ptr<Agenda>& agenda) {
    return [weak = std::weak_ptr<Agenda>(agenda)](const Bytes& key) {
        if (const auto strong = weak.lock()) strong->poke(key);
    };
}

}  // namespace

Exchange::Exchange(Ports ports, unsigned threads)
    : ports_(std::move(ports)),
      agenda_(std::make_shared<Agenda>(threads, [this](const Bytes& key) { return step(key); })),
      poke_(poke_of(agenda_)),
      custodian_(ports_, blocks_, poke_),
      requester_(ports_, blocks_, poke_),
      clearances_(ports_, [this] { return reviews_.overdue_subjects(); }),
      reviews_(ports_, poke_) {
    parts_.push_back(std::make_unique<LawfulReceipts>(ports_, blocks_, poke_));
    auto lawful = std::make_unique<LawfulDisclosures>(ports_, poke_);
    lawful_ = lawful.get();
    parts_.push_back(std::move(lawful));
}

std::optional<std::chrono::milliseconds> Exchange::step(const Bytes& key) {
    for (const auto& part : parts_)
        if (part->owns(key)) return part->step(key);
    if (key.starts_with(review_prefix())) return reviews_.step(key);
    return key.starts_with(serving_prefix()) ? custodian_.step(key) : requester_.step(key);
}

void Exchange::read(const Question& question, Requester::ReadDone done) {
    if (question.emergency == v1::EMERGENCY_REASON_UNSPECIFIED)
        return requester_.read(question, std::move(done));
    Question asked = question;
    const auto user = clearances_.user_of(question.subject);
    if (!user) {
        ReadOutcome out;
        out.state = ReadOutcome::State::kNoUser;
        return done(std::move(out));
    }
    asked.user = user->bytes();
    // The day may have just begun.
    (void)blocks_.until(kClearancePatience,
                        [&] { return !clearances_.is_waiting(question.subject); });
    requester_.read(asked, std::move(done));
}

void Exchange::start() {
    resume();
    const Height next = ports_.reads.status().height + 1;
    subscription_ = ports_.events.subscribe({next, 0}, [this](const auto& block) {
        if (!block) return;
        blocks_.on_block();
        // A custodian's refusal is known by the ledger alone.
        if (block->outcomes.empty()) return;
        agenda_->poke_all(asking_prefix());
        for (const auto& part : parts_)
            agenda_->poke_all(part->prefix());
    });
    ports_.channel.on_receive(
        [this](const ledger::MemberId& from, BytesView message) { return receive(from, message); });
    watch_ = std::make_unique<Watch>(kWatchEvery, [this] {
        clearances_.tick();
        reviews_.alarm();
        for (const auto& part : parts_)
            part->tick();
    });
}

Exchange::~Exchange() {
    watch_.reset();
    ports_.channel.on_receive(nullptr);
    subscription_.reset();
    agenda_->stop();
}

void Exchange::resume() {
    Bytes after;
    for (;;) {
        constexpr std::size_t kPage = 256;
        const auto rows = ports_.vault.rows(todo_prefix(), after, kPage);
        if (!rows) {
            ports_.log.error("exchange", "what is not finished cannot be read");
            return;
        }
        for (const vault::Row& row : *rows)
            agenda_->poke(Bytes(todo_of(row.key)));
        if (rows->size() < kPage) return;
        after = rows->back().key;
    }
}

Handled Exchange::receive(const ledger::MemberId& from, BytesView message) {
    const auto decoded = decode_row<v1::ExchangeMessage>(message);
    if (!decoded) return Handled::kRefused;
    // First, because deliveries of disclosures by law are a part's.
    for (const auto& part : parts_) {
        if (const auto handled = part->receive(from, *decoded)) return *handled;
    }
    switch (decoded->kind_case()) {
        case v1::ExchangeMessage::kRequest:
            return custodian_.receive(from, decoded->request());
        case v1::ExchangeMessage::kDelivery:
            return requester_.receive(from, decoded->delivery());
        default:
            break;
    }
    return Handled::kRefused;
}

}  // namespace consilium::services::ehr::exchange
