// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "consilium/v1/ehr.pb.h"
#include "crypto/sign.hpp"
#include "node/genesis.hpp"
#include "node/node.hpp"

// A consortium for tests: four members with keys from fixed seeds, one user each, and the
// transactions that they send.
namespace consilium::node::testing {

struct Consortium {
    // Genesis at `time`; the members' users are valid for the two days from then on.
    explicit Consortium(UnixMs time, std::size_t members = 4, const v1::EhrParameters& ehr = {});

    std::vector<ledger::MemberId> ids;  // "clinic", "hospital", "insurer", "regulator"
    std::vector<ledger::UserId> users;  // of role service
    // Others of their users, by member and role.
    std::map<std::pair<std::size_t, v1::Role>, std::vector<ledger::UserId>> people;
    Genesis genesis;

    [[nodiscard]] crypto::SigningKey bundle_key(std::size_t member) const;
    [[nodiscard]] crypto::SigningKey validator_key(std::size_t member) const;
    [[nodiscard]] MemberOptions member_options(std::size_t member,
                                               const std::filesystem::path& root) const;
    // All members, ledgers below `root`/<member>.
    [[nodiscard]] HostOptions host_options(const std::filesystem::path& root) const;

    // `number` makes nonce and ids: the same number, the same bytes.
    [[nodiscard]] static ledger::ChartId chart(std::uint64_t number);
    [[nodiscard]] Bytes open_chart(std::size_t member, std::uint64_t number) const;
    [[nodiscard]] Bytes anchor(std::size_t member, const ledger::ChartId& chart,
                               std::uint64_t number) const;
    // `not_after_ms` counts from the genesis.
    [[nodiscard]] Bytes anchor_until(std::size_t member, const ledger::ChartId& chart,
                                     std::uint64_t number, std::uint64_t not_after_ms) const;
    [[nodiscard]] ledger::TransactionId id_of(std::size_t member, BytesView transaction) const;
};

// A directory of its own, gone with the object.
class TemporaryDirectory {
 public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
    std::filesystem::path path_;
};

}  // namespace consilium::node::testing
