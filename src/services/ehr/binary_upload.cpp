// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/binary_upload.hpp"

#include "services/ehr/http_call.hpp"

namespace consilium::services::ehr {

void BinaryUpload::begin(const Ports& ports, http::Request& request,
                         std::shared_ptr<http::Upload> upload, http::Responder responder) {
    auto pending = std::make_shared<PendingRequest>(
        PendingRequest{std::move(responder), request.principal, read_request(request)});
    const auto self = std::make_shared<BinaryUpload>(ports, std::move(upload), pending);
    if (ports.work.run([self] { self->check(); })) return;
    pending->responder.send(
        write_problem(problem_of(503, "transient", "Too many requests are waiting: try again")));
}

// All that can be said before the body is read.
void BinaryUpload::check() {
    if (!request_->call) return refuse(request_->call.error());
    Call& call = *request_->call;
    call.scopes = request_->principal == nullptr ? nullptr : &request_->principal->scopes;
    if (const auto checked = ports_.fhir.check_upload(call); !checked)
        return refuse(checked.error());
    const auto size = upload_->size();
    if (size && *size > kInlineContentMax && !open_content(size)) return;
    upload_->start(
        [self = shared_from_this()] { self->ports_.work.go_on([self] { self->step(); }); });
}

void BinaryUpload::step() {
    const auto part = upload_->take();
    if (part.state == http::Upload::State::kBroken) {
        content_.reset();
        return;
    }
    // Nothing has come: the next step may be at work already, on another thread.
    if (part.bytes.empty() && part.state == http::Upload::State::kComing) return;
    if (!take(part.bytes)) return;
    if (part.state == http::Upload::State::kWhole) return finish();
    // Others have their turn.
    ports_.work.go_on([self = shared_from_this()] { self->step(); });
}

bool BinaryUpload::take(BytesView bytes) {
    if (content_ == nullptr) {
        gathered_ += bytes;
        if (gathered_.size() <= kInlineContentMax) return true;
        if (!open_content(std::nullopt)) return false;
        const Bytes gathered = std::exchange(gathered_, Bytes());
        return take(gathered);
    }
    const auto written = content_->update(bytes);
    if (!written) refuse(store_problem(written.error()));
    return written.ok();
}

bool BinaryUpload::open_content(std::optional<std::uint64_t> size) {
    auto content = ports_.fhir.begin_content(size);
    if (!content) {
        refuse(content.error());
        return false;
    }
    content_ = std::move(*content);
    return true;
}

void BinaryUpload::finish() {
    if (content_ == nullptr) {
        request_->call->body = std::move(gathered_);
        return ports_.answer(request_);
    }
    ports_.answer_with(*request_,
                       [this](Call call) { return ports_.fhir.store_content(call, *content_); });
    content_.reset();
}

void BinaryUpload::refuse(const Problem& problem) {
    content_.reset();
    gathered_ = Bytes();
    ports_.answer_with(*request_, [&problem](const Call&) { return Reply(fail(problem)); });
}

}  // namespace consilium::services::ehr
