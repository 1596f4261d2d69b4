// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <shared_mutex>

#include "services/ehr/exchange/ports.hpp"
#include "vault/delivery/channel.hpp"

namespace consilium::services::ehr::exchange {

// Messages between members' nodes over the pinned channel with its durable queue. Thread-safe.
class DeliveryChannel final : public Channel {
 public:
    // Takes what the channel receives: before the channel starts. The channel outlives it, and is
    // stopped before it goes.
    explicit DeliveryChannel(vault::delivery::Channel& channel);

    [[nodiscard]] Status<ChannelError> send(const ledger::MemberId& to, const Hash32& name,
                                            Bytes message) override;
    // Waits for what is under way. Without a receiver all is asked for again later.
    void on_receive(Receive receive) override;

 private:
    [[nodiscard]] vault::delivery::Handled take(const vault::delivery::Received& message);

    vault::delivery::Channel& channel_;
    std::shared_mutex mutex_;
    Receive receive_;
};

}  // namespace consilium::services::ehr::exchange
