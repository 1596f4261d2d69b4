// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/ehr_service.hpp"

#include <chrono>
#include <shared_mutex>

#include "services/ehr/access_notes.hpp"
#include "services/ehr/anchoring.hpp"
#include "services/ehr/binary_upload.hpp"
#include "services/ehr/content_sender.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/http_call.hpp"
#include "services/ehr/reach.hpp"
#include "services/ehr/validate_resource.hpp"
#include "services/port/work_queue.hpp"

namespace consilium::services::ehr {
namespace {

UnixMs wall_clock() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count())};
}

http::RouteOptions route_options() {
    http::RouteOptions out;
    out.authenticated = true;
    out.consumes_any = true;
    out.body_optional = true;
    out.produces = {http::Media::kFhirJson};
    out.produces_any = true;
    out.body_bytes_max = kBodyBytesMax;
    return out;
}

bool is_raw_binary(const http::RequestFields& fields) {
    return !http::is_media(fields.content_type, http::Media::kFhirJson) &&
           !http::is_media(fields.content_type, http::Media::kJson);
}

FhirOptions fhir_options(const EhrOptions& options) {
    FhirOptions out;
    out.base = [url = options.url] { return url() + "/fhir"; };
    out.now = wall_clock;
    out.validate = validate_resource;
    out.elsewhere_key = options.elsewhere_key;
    return out;
}

}  // namespace

struct EhrService::State {
    State(EhrPorts ports, const EhrOptions& options, telemetry::Metrics& metrics,
          const telemetry::Logger& log)
        : store(ports.vault),
          fhir(store, fhir_options(options)),
          patient_of_link(options.patient_of_link),
          work(options.threads, options.waiting_max) {
        door->state = this;
        if (ports.author == nullptr) return;
        anchoring = std::make_unique<Anchoring>(
            store, Anchoring::Ports{ports.submit, ports.reads, *ports.author},
            options.anchor_tick_ms, log, metrics);
        store.on_pending([this] { anchoring->wake(); });
    }

    ~State() {
        const std::unique_lock lock(door->mutex);
        door->state = nullptr;
    }

    using Todo = PendingRequest;

    // On an IO thread: takes what it needs of the request and answers from a thread of its own.
    void answer_later(http::Request& request, http::Responder responder) {
        auto todo = std::make_shared<Todo>(
            Todo{std::move(responder), request.principal, read_request(request)});
        const bool taken = work.run([this, todo] { answer(todo); });
        if (!taken) {
            todo->responder.send(write_problem(
                problem_of(503, "transient", "Too many requests are waiting: try again")));
        }
    }

    void answer(const std::shared_ptr<Todo>& todo) {
        if (!ask_elsewhere(todo))
            answer(*todo, [this](Call call) { return fhir.handle(std::move(call)); });
    }

    bool ask_elsewhere(const std::shared_ptr<Todo>& todo) {
        if (!elsewhere || !todo->call || todo->principal == nullptr) return false;
        if (own_events != nullptr && own_events->is_about(*todo->call)) return false;
        describe_asker(*todo->call, *todo->principal);
        // Patients read their own record here, and are told of nobody else's.
        const bool own = !todo->call->path.empty() &&
                         (reach_of(&*todo->call, todo->call->path[0], 'r') == Reach::kOwnRecord ||
                          reach_of(&*todo->call, todo->call->path[0], 's') == Reach::kOwnRecord);
        if (own) return false;
        // Nothing is offered elsewhere that could not be logged here.
        if (access_log != nullptr && AccessNotes(*todo->call).writes() && !access_log->ready()) {
            todo->responder.send(write_problem(not_logged()));
            return true;
        }
        return elsewhere(*todo->call, *todo->principal, [door = door, todo](Reply reply) {
            const std::shared_lock lock(door->mutex);
            if (door->state == nullptr) return;
            // This thread must not wait for the log.
            const auto answered = std::make_shared<Reply>(std::move(reply));
            const auto send = [state = door->state, todo, answered] {
                state->answer_from_elsewhere(*todo, *answered);
            };
            if (!door->state->work.run(send)) send();
        });
    }

    // What the call may look at.
    void describe_asker(Call& call, const http::Principal& principal) const {
        call.scopes = &principal.scopes;
        call.own_patient = principal.patient;
        if (!principal.link.empty() && principal.patient.empty() && patient_of_link)
            call.own_patient = patient_of_link(principal.link).value_or(std::string());
    }

    void answer_from_elsewhere(Todo& todo, const Reply& reply) {
        if (!is_logged(AccessNotes(*todo.call), todo.principal.get(), reply, true)) {
            todo.responder.send(write_problem(not_logged()));
            return;
        }
        todo.responder.send(reply ? write_answer(*reply, fhir.options().base())
                                  : write_problem(reply.error()));
    }

    void answer(Todo& todo, const std::function<Reply(Call)>& handle) {
        const auto reply = reply_to(todo.call, todo.principal.get(), handle);
        if (!reply) {
            todo.responder.send(write_problem(reply.error()));
            return;
        }
        auto out = write_answer(*reply, fhir.options().base());
        if (reply->content == nullptr) {
            todo.responder.send(std::move(out));
        } else if (!senders.send(reply->content, std::move(out), todo.responder)) {
            todo.responder.send(write_problem(
                problem_of(503, "transient", "Too many contents are being sent: try again")));
        }
    }

    // What the access log has, or a refusal.
    Reply reply_to(Result<Call, Problem>& call, const http::Principal* principal,
                   const std::function<Reply(Call)>& handle) {
        if (!call) return fail(call.error());
        if (principal != nullptr) describe_asker(*call, *principal);
        std::optional<AccessNotes> notes;
        if (access_log != nullptr) {
            notes.emplace(*call);
            call->notes = &*notes;
            if (notes->writes() && !access_log->ready()) return fail(not_logged());
        }
        const bool own =
            own_events != nullptr && principal != nullptr && own_events->is_about(*call);
        auto reply = own ? own_events->answer(*call, *principal) : handle(std::move(*call));
        if (notes && !is_logged(*std::move(notes), principal, reply, false))
            return fail(not_logged());
        return reply;
    }

    static Problem not_logged() {
        return problem_of(503, "transient", "The access log cannot be written: nothing is shown");
    }

    // Whether the log has the access, if it is one.
    bool is_logged(AccessNotes notes, const http::Principal* principal, const Reply& reply,
                   bool from_elsewhere) const {
        if (access_log == nullptr || !notes.is_access(reply)) return true;
        return access_log->append(std::move(notes).finish(principal, reply, from_elsewhere));
    }

    // What answers from elsewhere see of this object, which may go before the last of them.
    struct Door {
        std::shared_mutex mutex;
        State* state = nullptr;
    };
    std::shared_ptr<Door> door = std::make_shared<Door>();
    Elsewhere elsewhere;
    AccessLog* access_log = nullptr;
    OwnEvents* own_events = nullptr;
    Store store;
    Fhir fhir;
    const std::function<std::optional<std::string>(const std::string& link)> patient_of_link;
    std::unique_ptr<Anchoring> anchoring;
    BinaryUpload::Ports uploads{
        fhir, work, [this](const std::shared_ptr<Todo>& todo) { answer(todo); },
        [this](Todo& todo, const std::function<Reply(Call)>& handle) { answer(todo, handle); }};
    ContentSenders senders{work};
    WorkQueue work;  // ends before all it uses
};

EhrService::EhrService(EhrPorts ports, EhrOptions options, telemetry::Metrics& metrics,
                       telemetry::Logger log)
    : state_(std::make_unique<State>(ports, options, metrics, log)) {}

EhrService::~EhrService() = default;

void EhrService::start() {
    // Should the disk not be readable, what was erased is not shown either: its Binary is gone.
    (void)state_->store.finish_erasures();
    if (state_->anchoring) state_->anchoring->start();
}

Store& EhrService::store() {
    return state_->store;
}

Fhir& EhrService::fhir() {
    return state_->fhir;
}

void EhrService::set_elsewhere(Elsewhere elsewhere) {
    state_->elsewhere = std::move(elsewhere);
}

void EhrService::set_own_events(OwnEvents& events) {
    state_->own_events = &events;
}

void EhrService::set_access_log(AccessLog& log) {
    state_->access_log = &log;
}

void EhrService::add_routes(http::Router& router) {
    using http::Method;
    const auto add = [&](Method method, const char* pattern) {
        http::RouteOptions options = route_options();
        if (std::string_view(pattern) == "/fhir/metadata") options.authenticated = false;
        router.add(method, pattern, std::move(options),
                   [state = state_.get()](http::Request& request, http::Responder responder) {
                       state->answer_later(request, std::move(responder));
                   });
    };
    add(Method::kGet, "/fhir/metadata");
    add(Method::kPost, "/fhir");
    add(Method::kPost, "/fhir/");  // as many clients write it
    for (const char* pattern :
         {"/fhir/{a}", "/fhir/{a}/{b}", "/fhir/{a}/{b}/{c}", "/fhir/{a}/{b}/{c}/{d}"}) {
        add(Method::kGet, pattern);
        add(Method::kPost, pattern);
    }
    for (const char* pattern : {"/fhir/{a}", "/fhir/{a}/{b}"}) {
        add(Method::kPut, pattern);
        add(Method::kPatch, pattern);
        add(Method::kDelete, pattern);
    }
    const auto add_binary = [&](Method method, const char* pattern) {
        http::Uploads uploads;
        uploads.takes = is_raw_binary;
        uploads.bytes_max = vault::kDocumentBytesMax;
        uploads.begin = [state = state_.get()](http::Request& request,
                                               std::shared_ptr<http::Upload> upload,
                                               http::Responder responder) {
            BinaryUpload::begin(state->uploads, request, std::move(upload), std::move(responder));
        };
        router.add_uploads(
            method, pattern, route_options(),
            [state = state_.get()](http::Request& request, http::Responder responder) {
                state->answer_later(request, std::move(responder));
            },
            std::move(uploads));
    };
    add_binary(Method::kPost, "/fhir/Binary");
    add_binary(Method::kPut, "/fhir/Binary");
    add_binary(Method::kPut, "/fhir/Binary/{id}");
    router.write_problems("/fhir", write_refusal);
}

}  // namespace consilium::services::ehr
