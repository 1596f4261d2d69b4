// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "consilium/v1/exchange.pb.h"
#include "ledger/ids.hpp"
#include "services/port/access_log.hpp"
#include "services/port/author.hpp"
#include "services/port/port.hpp"
#include "telemetry/log.hpp"
#include "vault/vault.hpp"

// What the exchange asks of the rooms around it.
namespace consilium::services::ehr::exchange {

enum class RecordsError : std::uint8_t {
    kBadQuery,  // what is asked for is no search that this store can do
    kDisk,      // the store cannot be read
};

struct SlotOpening {
    Bytes salt;  // kSaltBytes
    ledger::LinkId link;
};

// A patient's chart and what its slots on the ledger open to.
struct ChartOpening {
    ledger::ChartId chart;
    std::vector<SlotOpening> slots;
};

struct CurrentVersion {
    vault::DocumentName document;
    std::string type;
    std::string id;
    std::vector<std::string> patients;  // in whose compartments it is, by their ids
};

// The custodian's own FHIR store. Thread-safe.
class Records {
 public:
    virtual ~Records() = default;
    // By the FHIR id of the Patient; nothing when the store has no such patient.
    [[nodiscard]] virtual Result<std::optional<ChartOpening>, RecordsError> chart(
        std::string_view patient) const = 0;
    // The current versions in the patient's compartment that match, the Patient itself included.
    [[nodiscard]] virtual Result<std::vector<CurrentVersion>, RecordsError> current(
        std::string_view patient, const v1::ExchangeAsk& ask) const = 0;
    // The patients that match all that is given, at most two of them.
    [[nodiscard]] virtual Result<std::vector<std::string>, RecordsError> find(
        const v1::NamedPatient& named) const = 0;
};

enum class ChannelError : std::uint8_t { kDisk, kUnknownMember };

enum class Handled : std::uint8_t {
    kDone,     // durable here, or known already: never send it again
    kLater,    // not now: send it again
    kRefused,  // never acceptable: do not send it again
};

// Messages between members' nodes over the pinned channel. Thread-safe.
class Channel {
 public:
    using Receive = std::function<Handled(const ledger::MemberId& from, BytesView message)>;

    virtual ~Channel() = default;
    // Durable when it returns; then delivered at least once, until it is taken or refused. A name
    // that was sent to that member before is the same message and is not queued twice.
    [[nodiscard]] virtual Status<ChannelError> send(const ledger::MemberId& to, const Hash32& name,
                                                    Bytes message) = 0;
    // Set once. `from` is whom the channel has authenticated. Called on threads of the channel's,
    // several at a time; it may wait for the disk and, for a moment, for the ledger.
    virtual void on_receive(Receive receive) = 0;
};

// One member's side. All references outlive the exchange.
struct Ports {
    ledger::MemberId member;
    ledger::NetworkId network;
    Submit& submit;
    Reads& reads;
    Events& events;
    Author& author;
    vault::Vault& vault;
    Records& records;
    Channel& channel;
    std::function<UnixMs()> now;
    telemetry::Logger log;
    AccessLog* access_log = nullptr;  // null: nobody is told of what is shown
};

}  // namespace consilium::services::ehr::exchange
