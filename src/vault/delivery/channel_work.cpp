// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/assert.hpp"
#include "crypto/random.hpp"
#include "vault/delivery/channel_state.hpp"

// The half of a channel that sends.
namespace consilium::vault::delivery {
namespace {

constexpr std::chrono::hours kForgetEvery{24};

std::uint32_t random_number() {
    return read_be32(crypto::random_bytes(4));
}

}  // namespace

void Channel::State::enqueue(Queued queued, bool tried) {
    {
        const std::lock_guard lock(mutex);
        Lane& lane = lanes[queued.header.recipient()];
        const auto number = queued.number;
        const Moment now = std::chrono::steady_clock::now();
        lane.items.emplace(number, Item{std::move(queued), now, 0, tried});
        lane.ready.emplace(now, number);
        metrics.waiting.add(1);
    }
    changed.notify_one();
}

// The next message whose time has come; otherwise `next` says when one's will. Under the mutex.
std::optional<Channel::State::Job> Channel::State::pick(Moment now, Moment& next) {
    auto lane = lanes.upper_bound(served_last);
    for (std::size_t seen = 0; seen < lanes.size(); ++seen, ++lane) {
        if (lane == lanes.end()) lane = lanes.begin();
        Lane& l = lane->second;
        // Whoever was out of reach is tried with one message first.
        const unsigned most = l.failures > 0 ? 1 : options.connections_per_peer;
        if (l.ready.empty() || l.at_work >= most) continue;
        const auto [due, number] = *l.ready.begin();
        const Moment from = std::max(due, l.due);
        if (from > now) {
            next = std::min(next, from);
            continue;
        }
        l.ready.erase(l.ready.begin());
        ++l.at_work;
        Item& item = l.items.at(number);
        served_last = lane->first;
        Job job{lane->first, item.queued, item.tried};
        item.tried = true;
        return job;
    }
    return std::nullopt;
}

void Channel::State::work() {
    std::unique_lock lock(mutex);
    while (!stopping) {
        const Moment now = std::chrono::steady_clock::now();
        if (now >= forget_due) {
            forget_due = now + kForgetEvery;
            lock.unlock();
            forget();
            lock.lock();
            continue;
        }
        Moment next = forget_due;
        auto job = pick(now, next);
        if (!job) {
            changed.wait_until(lock, next);
            continue;
        }
        lock.unlock();
        const auto done = attempt(*job);
        settle(*job, done);
        outbox->sweep();
        lock.lock();
    }
}

void Channel::State::forget() {
    const auto now = options.now();
    for (const auto& done : {outbox->forget(now), inbox->forget(now)}) {
        if (done) continue;
        log.error("delivery", "old messages cannot be forgotten",
                  {telemetry::Field("error", static_cast<unsigned>(done.error()))});
    }
}

// A pool for the member as the ledger names it now; nothing when it cannot be reached at all.
std::shared_ptr<http::ClientPool> Channel::State::pool_of(const ledger::MemberId& to) {
    const auto peer = directory.peer(to);
    const auto origin = peer ? http::parse_origin(peer->endpoint) : std::nullopt;
    const std::lock_guard lock(mutex);
    Lane& lane = lanes.at(to);
    if (!origin || stopping) return nullptr;
    const bool same = lane.pool != nullptr && lane.peer->endpoint == peer->endpoint &&
                      lane.peer->tls_key_sha256 == peer->tls_key_sha256;
    if (!same) {
        http::ClientTrust trust;
        trust.key_sha256 = peer->tls_key_sha256;
        trust.certificate_pem = options.certificate_pem;
        trust.private_key_pem = options.private_key_pem;
        lane.pool = std::make_shared<http::ClientPool>(*origin, std::move(trust), options.client,
                                                       options.connections_per_peer);
        lane.peer = peer;
        lane.pools.erase(std::remove_if(lane.pools.begin(), lane.pools.end(),
                                        [](const auto& pool) { return pool.expired(); }),
                         lane.pools.end());
        lane.pools.push_back(lane.pool);
    }
    return lane.pool;
}

Transfer Channel::State::attempt(const Job& job) {
    const auto pool = pool_of(job.to);
    if (!pool) return {};
    return transfer(
        job.queued.header, job.tried,
        [&](std::uint64_t offset) { return outbox->piece(job.queued, offset); },
        [&](const http::HttpRequest& request) { return pool->send(request); });
}

void Channel::State::settle(const Job& job, const Transfer& done) {
    metrics.sent_bytes.add(done.sent_bytes);
    bool through = done.end == TransferEnd::kTaken || done.end == TransferEnd::kRefused;
    if (through) {
        const auto state =
            done.end == TransferEnd::kTaken ? v1::PEER_STATE_TAKEN : v1::PEER_STATE_REFUSED;
        const auto finished = outbox->finish(job.queued, state, done.refusal, options.now());
        if (!finished) {
            // It will be sent again, which does no harm.
            log.error("delivery", "what became of a message cannot be kept",
                      {telemetry::Field("error", static_cast<unsigned>(finished.error()))});
            through = false;
        }
    }
    if (done.end == TransferEnd::kRefused) {
        log.warning("delivery", "a message was refused",
                    {telemetry::Field::name("member", job.to),
                     telemetry::Field("refusal", static_cast<unsigned>(done.refusal))});
    }
    if (!through && done.end != TransferEnd::kInterrupted) {
        metrics.put_off.add();
        log.info("delivery", "a message waits",
                 {telemetry::Field::name("member", job.to),
                  telemetry::Field::name("reason", to_string(done.end))});
    }
    {
        const std::lock_guard lock(mutex);
        Lane& lane = lanes.at(job.to);
        --lane.at_work;
        const Moment now = std::chrono::steady_clock::now();
        if (done.end == TransferEnd::kUnreachable) {
            ++lane.failures;
            lane.due = now + delay_after(options.back_off, lane.failures, random_number());
        } else if (done.end != TransferEnd::kInterrupted && done.end != TransferEnd::kDisk) {
            lane.failures = 0;
        }
        if (through) {
            lane.items.erase(job.queued.number);
            metrics.waiting.add(-1);
            (done.end == TransferEnd::kTaken ? metrics.taken : metrics.refused).add();
        } else {
            Item& item = lane.items.at(job.queued.number);
            if (done.end != TransferEnd::kUnreachable) {
                ++item.failures;
                item.due = now + delay_after(options.back_off, item.failures, random_number());
            }
            lane.ready.emplace(item.due, job.queued.number);
        }
    }
    // Others may have waited for this lane's turn.
    changed.notify_all();
}

}  // namespace consilium::vault::delivery
