// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/ehr_service.hpp"

#include <chrono>
#include <shared_mutex>

#include "services/ehr/access_notes.hpp"
#include "services/ehr/anchoring.hpp"
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

    struct Todo {
        http::Responder responder;
        std::shared_ptr<const http::Principal> principal;
        Result<Call, Problem> call;
    };

    // On an IO thread: takes what it needs of the request and answers from a thread of its own.
    void answer_later(http::Request& request, http::Responder responder) {
        auto todo = std::make_shared<Todo>(
            Todo{std::move(responder), request.principal, read_request(request)});
        const bool taken = work.run([this, todo] {
            if (!ask_elsewhere(todo))
                todo->responder.send(answer(todo->call, todo->principal.get()));
        });
        if (!taken) {
            todo->responder.send(write_problem(
                problem_of(503, "transient", "Too many requests are waiting: try again")));
        }
    }

    bool ask_elsewhere(const std::shared_ptr<Todo>& todo) {
        if (!elsewhere || !todo->call || todo->principal == nullptr) return false;
        describe_asker(*todo->call, *todo->principal);
        // Patients read their own record here, and are told of nobody else's.
        const bool own = !todo->call->path.empty() &&
                         (reach_of(&*todo->call, todo->call->path[0], 'r') == Reach::kOwnRecord ||
                          reach_of(&*todo->call, todo->call->path[0], 's') == Reach::kOwnRecord);
        return !own && elsewhere(*todo->call, *todo->principal, [door = door, todo](Reply reply) {
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

    http::Response answer(Result<Call, Problem>& call, const http::Principal* principal) {
        if (!call) return write_problem(call.error());
        if (principal != nullptr) describe_asker(*call, *principal);
        std::optional<AccessNotes> notes;
        if (access_log != nullptr) {
            notes.emplace(*call);
            call->notes = &*notes;
            if (notes->writes() && !access_log->ready()) return write_problem(not_logged());
        }
        const auto reply = fhir.handle(std::move(*call));
        if (notes && !is_logged(*std::move(notes), principal, reply, false))
            return write_problem(not_logged());
        if (!reply) return write_problem(reply.error());
        return write_answer(*reply, fhir.options().base());
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
    Store store;
    Fhir fhir;
    const std::function<std::optional<std::string>(const std::string& link)> patient_of_link;
    std::unique_ptr<Anchoring> anchoring;
    WorkQueue work;  // ends before all it uses
};

EhrService::EhrService(EhrPorts ports, EhrOptions options, telemetry::Metrics& metrics,
                       telemetry::Logger log)
    : state_(std::make_unique<State>(ports, options, metrics, log)) {}

EhrService::~EhrService() = default;

void EhrService::start() {
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
    router.write_problems("/fhir", write_refusal);
}

}  // namespace consilium::services::ehr
