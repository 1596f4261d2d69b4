// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consilium/v1/access.pb.h"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/membership.pb.h"
#include "contracts/sdk/key.hpp"
#include "contracts/sdk/overlay.hpp"
#include "ledger/ids.hpp"
#include "proto/canonical.hpp"

// What contracts may ask of each other. A contract implements its own, contracts/registry wires
// them, and no contract includes another.
namespace consilium::contracts::sdk {

// The row under `key`; one that is not the encoding of its message latches kCorruption.
template <typename Row>
[[nodiscard]] std::optional<Row> get_row(Overlay& state, BytesView key) {
    const auto value = state.get(key);
    if (!value) return std::nullopt;
    Row row;
    if (!row.ParseFromArray(value->data(), static_cast<int>(value->size()))) {
        state.latch(state::DiskError::kCorruption);
        return std::nullopt;
    }
    return row;
}

class MembershipLookup {
 public:
    virtual ~MembershipLookup() = default;
    [[nodiscard]] virtual std::optional<v1::Member> member(Overlay& state,
                                                           BytesView member_id) const = 0;
    [[nodiscard]] virtual std::optional<v1::User> user(Overlay& state, BytesView member_id,
                                                       const ledger::UserId& user) const = 0;
    // Keys of rows, for readers of a plain view: v1.MemberKey, v1.KeyRetirement.
    [[nodiscard]] virtual StateKey key_row(BytesView member_id, std::uint32_t key_id) const = 0;
    [[nodiscard]] virtual StateKey retirement_row(BytesView member_id,
                                                  std::uint32_t key_id) const = 0;
    // What keeps a member from locking itself out: a key that has expired may still register its
    // replacement, and an administrator whose day has passed may still register keys and users.
    [[nodiscard]] virtual bool renews_key(const google::protobuf::Message& command) const = 0;
    [[nodiscard]] virtual bool renews_users(const google::protobuf::Message& command) const = 0;

    [[nodiscard]] bool is_active(Overlay& state, BytesView member_id) const {
        const auto row = member(state, member_id);
        return row && row->status() == v1::MEMBER_STATUS_ACTIVE;
    }
};

class ChartsLookup {
 public:
    virtual ~ChartsLookup() = default;
    [[nodiscard]] virtual std::optional<v1::Chart> chart(Overlay& state,
                                                         const ledger::ChartId& chart) const = 0;
    [[nodiscard]] virtual std::optional<v1::Link> link(Overlay& state,
                                                       const ledger::LinkId& link) const = 0;
};

// What the patient has said that covers one purpose and action at one moment: the lowest number of
// a consent and of an objection that is in force, 0 for none. An objection prevails.
struct ConsentAnswer {
    std::uint32_t permit = 0;
    std::uint32_t deny = 0;
};

class ConsentLookup {
 public:
    virtual ~ConsentLookup() = default;
    // One read, however many consents the link has had. Of an unknown link: none. Whether the link
    // is open is not asked here.
    [[nodiscard]] virtual ConsentAnswer consents(Overlay& state, const ledger::LinkId& link,
                                                 v1::PurposeOfUse purpose, v1::AccessAction action,
                                                 UnixMs now) const = 0;
};

struct Lookups {
    const MembershipLookup* membership = nullptr;
    const ChartsLookup* charts = nullptr;
    const ConsentLookup* consents = nullptr;
};

}  // namespace consilium::contracts::sdk
