// SPDX-License-Identifier: Apache-2.0
#include "node/member_exchange.hpp"

#include <algorithm>

#include "services/ehr/fhir.hpp"

namespace consilium::node {
namespace {

namespace ex = services::ehr::exchange;

// A step waits for the disk and for nothing else.
constexpr unsigned kThreads = 4;
constexpr unsigned kRouteThreads = 2;

// A part of the exchange that writes to the FHIR store.
template <typename Part>
auto maker(services::ehr::AgentWrites& writes) {
    return [&writes](const ex::Ports& ports, ex::BlockWait& blocks,
                     std::function<void(const Bytes& key)> poke) {
        return std::make_unique<Part>(ports, blocks, writes, std::move(poke));
    };
}

}  // namespace

MemberExchange::MemberExchange(const Parts& parts)
    : records_(parts.ehr.store(), parts.base),
      held_(parts.ehr.store()),
      channel_(parts.channel),
      ports_{parts.member, parts.network, parts.submit, parts.reads,
             parts.events, parts.author,  parts.vault,  records_,
             channel_,     parts.now,     parts.log,    parts.access_log},
      agent_writes_(parts.ehr.store(), parts.ehr.fhir().options()),
      exchange_(ports_, kThreads),
      contributor_(exchange_.add(maker<ex::Contributor>(agent_writes_))),
      desk_(exchange_.add(maker<ex::ContributionDesk>(agent_writes_))),
      cards_(ports_),
      remote_(
          parts.ehr.store(), cards_,
          [this](const ex::Question& question, ex::Requester::ReadDone done) {
              exchange_.read(question, std::move(done));
          },
          [this](BytesView link, std::uint32_t disclosure) {
              auto out = exchange_.requester().received(link, disclosure);
              // A page of which something was erased is none.
              const bool erased = out && std::any_of(out->begin(), out->end(), [](const auto& one) {
                                      return one.bytes.empty();
                                  });
              if (erased) out = fail(vault::VaultError::kErased);
              return out;
          },
          parts.base),
      remote_writes_(parts.ehr.store(), cards_,
                     [this](const ex::OfferOrder& order) { return contributor_.offer(order); }),
      routes_(ports_, exchange_, cards_, kRouteThreads),
      lawful_routes_(ports_, exchange_, 1),
      emergencies_(ports_, exchange_, cards_, parts.base, kRouteThreads),
      erasure_routes_(
          ports_, exchange_.add([&](const ex::Ports& ports, ex::BlockWait&, const auto& poke) {
              return std::make_unique<ex::Erasures>(ports, held_, parts.backup_days, poke);
          }),
          exchange_.add([&](const ex::Ports& ports, ex::BlockWait& blocks, const auto& poke) {
              return std::make_unique<ex::Sheddings>(ports, blocks, parts.backup_days, poke);
          }),
          1),
      contribution_routes_(ports_, desk_, kRouteThreads) {
    (void)exchange_.add([&](const ex::Ports& ports, ex::BlockWait&, const auto& poke) {
        return std::make_unique<ex::SlotRefills>(ports, parts.ehr.store(), poke);
    });
    const auto due = parts.metrics.gauge("consilium_emergency_reviews_due",
                                         "Reviews of emergency access that the member owes");
    const auto overdue = parts.metrics.gauge("consilium_emergency_reviews_overdue",
                                             "Of them, those past their time");
    // Nothing renders once the server has gone, which goes first.
    parts.metrics.before_render([this, due, overdue] {
        const auto owed = exchange_.reviews().owed();
        due.set(static_cast<std::int64_t>(owed.due));
        overdue.set(static_cast<std::int64_t>(owed.overdue));
    });
    door_->reads = &remote_;
    door_->writes = &remote_writes_;
    parts.ehr.set_elsewhere([door = door_](const services::ehr::Call& call,
                                           const http::Principal& principal,
                                           std::function<void(services::ehr::Reply)> done) {
        const std::shared_lock lock(door->mutex);
        return door->reads != nullptr && (door->reads->take(call, principal, done) ||
                                          door->writes->take(call, principal, done));
    });
}

MemberExchange::~MemberExchange() {
    const std::unique_lock lock(door_->mutex);
    door_->reads = nullptr;
    door_->writes = nullptr;
}

}  // namespace consilium::node
