// SPDX-License-Identifier: Apache-2.0
#include <condition_variable>
#include <list>
#include <mutex>

#include "base/assert.hpp"
#include "http/client.hpp"

namespace consilium::http {

struct ClientPool::State {
    Origin origin;
    ClientTrust trust;
    ClientLimits limits;
    std::size_t connections_max = 1;

    std::mutex mutex;
    std::condition_variable freed;
    std::list<Client> idle;  // the one used last in front, so that the others may grow old
    std::list<Client> busy;
    bool interrupted = false;
};

ClientPool::ClientPool(Origin origin, ClientTrust trust, ClientLimits limits,
                       std::size_t connections_max)
    : state_(std::make_unique<State>()) {
    CONSILIUM_ASSERT(connections_max >= 1);
    state_->origin = std::move(origin);
    state_->trust = std::move(trust);
    state_->limits = limits;
    state_->connections_max = connections_max;
}

ClientPool::~ClientPool() {
    const std::lock_guard lock(state_->mutex);
    CONSILIUM_ASSERT(state_->busy.empty());
}

Result<HttpReply, ClientFailure> ClientPool::send(const HttpRequest& request) {
    auto& s = *state_;
    std::list<Client>::iterator mine;  // lists leave their elements where they are
    {
        std::unique_lock lock(s.mutex);
        const auto may_go = [&s] {
            return s.interrupted || !s.idle.empty() || s.busy.size() < s.connections_max;
        };
        if (!s.freed.wait_for(lock, s.limits.answer_timeout, may_go)) {
            return fail(ClientFailure{ClientError::kTimeout, "all connections are busy"});
        }
        if (s.interrupted) return fail(ClientFailure{ClientError::kInterrupted, {}});
        if (s.idle.empty()) s.idle.emplace_front(s.origin, s.trust, s.limits);
        mine = s.idle.begin();
        s.busy.splice(s.busy.begin(), s.idle, mine);
    }
    auto reply = mine->send(request);
    {
        const std::lock_guard lock(s.mutex);
        s.idle.splice(s.idle.begin(), s.busy, mine);
    }
    s.freed.notify_one();
    return reply;
}

void ClientPool::interrupt() {
    auto& s = *state_;
    {
        const std::lock_guard lock(s.mutex);
        s.interrupted = true;
        for (auto& client : s.busy)
            client.interrupt();
    }
    s.freed.notify_all();
}

}  // namespace consilium::http
