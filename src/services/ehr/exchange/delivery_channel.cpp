// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/delivery_channel.hpp"

#include "services/ehr/exchange/seal.hpp"

namespace consilium::services::ehr::exchange {
namespace {

namespace delivery = vault::delivery;

// A delivery of kDeliveryBytesMax with its envelope: sealing adds little, entries some.
constexpr std::uint64_t kMessageBytesMax = 2 * kDeliveryBytesMax;

}  // namespace

DeliveryChannel::DeliveryChannel(delivery::Channel& channel) : channel_(channel) {
    channel_.on_receive([this](const delivery::Received& message) { return take(message); });
}

Status<ChannelError> DeliveryChannel::send(const ledger::MemberId& to, const Hash32& name,
                                           Bytes message) {
    const auto sent = channel_.send(to, name, message);
    if (sent) return Done{};
    return fail(sent.error() == delivery::SendError::kUnknownMember ? ChannelError::kUnknownMember
                                                                    : ChannelError::kDisk);
}

void DeliveryChannel::on_receive(Receive receive) {
    const std::unique_lock lock(mutex_);
    receive_ = std::move(receive);
}

delivery::Handled DeliveryChannel::take(const delivery::Received& message) {
    const std::shared_lock lock(mutex_);
    if (!receive_) return delivery::Handled::kLater;
    if (message.size() > kMessageBytesMax) return delivery::Handled::kRefused;
    Bytes bytes;
    bytes.reserve(message.size());
    const auto read = message.read([&bytes](BytesView piece) {
        bytes += piece;
        return true;
    });
    if (!read) return delivery::Handled::kLater;
    switch (receive_(message.sender(), bytes)) {
        case Handled::kDone:
            return delivery::Handled::kDone;
        case Handled::kLater:
            return delivery::Handled::kLater;
        case Handled::kRefused:
            break;
    }
    return delivery::Handled::kRefused;
}

}  // namespace consilium::services::ehr::exchange
