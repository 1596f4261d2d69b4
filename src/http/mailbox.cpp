// SPDX-License-Identifier: Apache-2.0
#include "http/mailbox.hpp"

#include "base/assert.hpp"

namespace consilium::http {
namespace detail {

void Mailbox::post(Message message) {
    const std::lock_guard lock(mutex_);
    if (!wake_) return;
    messages_.push_back(std::move(message));
    if (messages_.size() == 1) wake_();
}

void Mailbox::take(std::vector<Message>& out) {
    CONSILIUM_ASSERT(out.empty());
    const std::lock_guard lock(mutex_);
    out.swap(messages_);
}

void Mailbox::close() {
    std::vector<Message> dropped;
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
    dropped.swap(messages_);
}

StreamBuffer::StreamBuffer(std::shared_ptr<Mailbox> mailbox, std::uint64_t connection)
    : core_(std::make_shared<Core>()) {
    core_->mailbox = mailbox;
    core_->connection = connection;
    core_->bytes_max = mailbox->stream_bytes_max();
}

StreamBuffer::~StreamBuffer() {
    close();
}

namespace {

void notify(const std::shared_ptr<StreamBuffer::Core>& core) {
    if (const auto mailbox = core->mailbox.lock()) {
        Message message;
        message.connection = core->connection;
        message.stream = core;
        mailbox->post(std::move(message));
    }
}

}  // namespace

bool StreamBuffer::write(Bytes bytes) {
    bool first = false;
    {
        const std::lock_guard lock(core_->mutex);
        if (!core_->open) return false;
        if (core_->waiting.size() + bytes.size() > core_->bytes_max) {
            core_->refused = true;
            return false;
        }
        first = core_->waiting.empty();
        core_->waiting += bytes;
    }
    if (first) notify(core_);
    return true;
}

void StreamBuffer::on_room(std::function<void()> room) {
    const std::lock_guard lock(core_->mutex);
    core_->room = std::move(room);
}

bool StreamBuffer::open() const {
    const std::lock_guard lock(core_->mutex);
    return core_->open;
}

void StreamBuffer::close() {
    {
        const std::lock_guard lock(core_->mutex);
        if (!core_->open) return;
        core_->open = false;
        core_->room = nullptr;
    }
    notify(core_);
}

bool StreamBuffer::Core::take(Bytes& out) {
    std::function<void()> call;
    bool goes_on = false;
    {
        const std::lock_guard lock(mutex);
        out += waiting;
        waiting.clear();
        goes_on = open;
        if (refused) call = room;
        refused = false;
    }
    if (call) call();
    return goes_on;
}

void StreamBuffer::Core::end() {
    std::function<void()> call;
    {
        const std::lock_guard lock(mutex);
        open = false;
        waiting.clear();
        call.swap(room);
    }
    if (call) call();
}

}  // namespace detail

Responder::Responder(std::shared_ptr<detail::Mailbox> mailbox, std::uint64_t connection,
                     std::uint64_t slot)
    : mailbox_(std::move(mailbox)), connection_(connection), slot_(slot) {}

Responder::Responder(Responder&& other) noexcept
    : mailbox_(std::move(other.mailbox_)), connection_(other.connection_), slot_(other.slot_) {}

Responder& Responder::operator=(Responder&& other) noexcept {
    if (this == &other) return *this;
    abandon();
    mailbox_ = std::move(other.mailbox_);
    connection_ = other.connection_;
    slot_ = other.slot_;
    return *this;
}

Responder::~Responder() {
    abandon();
}

void Responder::abandon() {
    if (mailbox_ != nullptr) send(problem(500, "internal", "The request was not answered"));
}

void Responder::send(Response response) {
    CONSILIUM_ASSERT(mailbox_ != nullptr);
    const auto mailbox = std::move(mailbox_);
    mailbox_ = nullptr;
    detail::Message message;
    message.connection = connection_;
    message.slot = slot_;
    message.response = std::move(response);
    mailbox->post(std::move(message));
}

std::shared_ptr<Stream> Responder::stream(Media media) {
    Response head;
    head.media = media;
    head.headers = "Cache-Control: no-store\r\n";
    return begin_stream(std::move(head), std::nullopt);
}

std::shared_ptr<Stream> Responder::stream(Response head, std::uint64_t length) {
    CONSILIUM_ASSERT(head.body.empty());
    return begin_stream(std::move(head), length);
}

std::shared_ptr<Stream> Responder::begin_stream(Response head,
                                                std::optional<std::uint64_t> length) {
    CONSILIUM_ASSERT(mailbox_ != nullptr);
    const auto mailbox = std::move(mailbox_);
    mailbox_ = nullptr;
    auto out = std::make_shared<detail::StreamBuffer>(mailbox, connection_);
    detail::Message message;
    message.connection = connection_;
    message.slot = slot_;
    message.response = std::move(head);
    message.stream = out->core();
    message.begins = true;
    message.length = length;
    mailbox->post(std::move(message));
    return out;
}

}  // namespace consilium::http
