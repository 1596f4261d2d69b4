// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "http/router.hpp"
#include "services/ehr/content.hpp"
#include "services/ehr/fhir.hpp"
#include "services/port/work_queue.hpp"

// A Binary that comes as its bytes. Small ones are gathered and go on as any other request; larger
// ones go into the vault as they come, a chunk in memory.
namespace consilium::services::ehr {

// A request that somebody works on.
struct PendingRequest {
    http::Responder responder;
    std::shared_ptr<const http::Principal> principal;
    Result<Call, Problem> call;
};

class BinaryUpload : public std::enable_shared_from_this<BinaryUpload> {
 public:
    // What it asks of the service, which must outlive it.
    struct Ports {
        Fhir& fhir;
        WorkQueue& work;
        // Answers a request whose body is there.
        std::function<void(const std::shared_ptr<PendingRequest>& request)> answer;
        // Answers with what `handle` says, once the access log has it.
        std::function<void(PendingRequest& request, const std::function<Reply(Call)>& handle)>
            answer_with;
    };
    // On an IO thread, before anything of the body is read.
    static void begin(const Ports& ports, http::Request& request,
                      std::shared_ptr<http::Upload> upload, http::Responder responder);

    // For begin().
    BinaryUpload(const Ports& ports, std::shared_ptr<http::Upload> upload,
                 std::shared_ptr<PendingRequest> request)
        : ports_(ports), upload_(std::move(upload)), request_(std::move(request)) {}

 private:
    // One after the other, on threads of the service.
    void check();
    void step();
    [[nodiscard]] bool take(BytesView bytes);
    [[nodiscard]] bool open_content(std::optional<std::uint64_t> size);
    void finish();
    void refuse(const Problem& problem);

    const Ports& ports_;
    std::shared_ptr<http::Upload> upload_;
    std::shared_ptr<PendingRequest> request_;
    Bytes gathered_;
    std::unique_ptr<Content> content_;  // null while it is gathered
};

}  // namespace consilium::services::ehr
