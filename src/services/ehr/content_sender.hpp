// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <set>

#include "http/responder.hpp"
#include "services/port/work_queue.hpp"
#include "vault/document_reader.hpp"

// Sends contents out of the vault, a piece at a time and no faster than their clients read; no
// thread waits for a client.
namespace consilium::services::ehr {

// Each holds some three chunks; above it, 503.
inline constexpr std::size_t kSendersMax = 32;

class ContentSenders {
 public:
    // `work` must outlive it, but may end before.
    explicit ContentSenders(WorkQueue& work) : work_(work) {}
    // False, and nothing is sent, when too many are under way. `head` has no body.
    [[nodiscard]] bool send(std::shared_ptr<vault::DocumentReader> reader, http::Response head,
                            http::Responder& responder);

 private:
    struct Sender;
    void go_on(const std::shared_ptr<Sender>& sender);
    void end(const std::shared_ptr<Sender>& sender);

    WorkQueue& work_;
    std::mutex mutex_;
    std::set<std::shared_ptr<Sender>> senders_;
};

}  // namespace consilium::services::ehr
