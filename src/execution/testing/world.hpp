// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/genesis.pb.h"
#include "consilium/v1/identity.pb.h"
#include "consilium/v1/ledger.pb.h"
#include "consilium/v1/membership.pb.h"
#include "crypto/sign.hpp"
#include "execution/apply_block.hpp"
#include "execution/testing/memory_view.hpp"
#include "ledger/bundle.hpp"
#include "ledger/ids.hpp"
#include "ledger/outcome.hpp"

namespace consilium::execution::testing {

inline constexpr std::uint64_t kGenesisMs = 1'800'000'000'000;
inline constexpr std::uint64_t kHourMs = 3600ULL * 1000;
inline constexpr std::uint64_t kDayMs = 24 * kHourMs;

// Bytes that look random and are the same in every run.
[[nodiscard]] Bytes test_bytes(std::string_view name, std::size_t size);
template <typename Id>
[[nodiscard]] Id test_id(std::string_view name) {
    Id id;
    (void)assign(id, test_bytes(name, Id::kSize));
    return id;
}
[[nodiscard]] crypto::SigningKey test_key(std::string_view name);

[[nodiscard]] v1::Command command(const v1::MembershipCommand& payload);
[[nodiscard]] v1::Command command(const v1::ChartsCommand& payload);
[[nodiscard]] v1::Command command(const v1::DocumentsCommand& payload);
[[nodiscard]] v1::Command command(const v1::IdentityCommand& payload);
[[nodiscard]] v1::Command command(const v1::EhrCommand& payload);

// Who gives a transaction, and what stands in its envelope.
struct Sender {
    std::string member = "hospital";
    v1::Role role = v1::ROLE_SERVICE;
    std::optional<ledger::UserId> user;         // else the member's user in that role
    std::optional<std::uint64_t> not_after_ms;  // else an hour from now
    std::vector<const crypto::SigningKey*> signers;
};

struct Envelope {
    std::uint32_t key_id = 1;
    std::optional<std::uint64_t> sequence;      // else the next of that key
    std::optional<std::uint64_t> not_after_ms;  // else an hour from now
    const crypto::SigningKey* key = nullptr;    // else the member's first
};

// A consortium of four members (hospital, clinic, payer, auditor), each with one key and a user in
// every role, on a state in memory. The same in every run.
class World {
 public:
    World();

    // Genesis with the given changes made to it.
    [[nodiscard]] static v1::GenesisState genesis();
    [[nodiscard]] static ledger::UserId user(std::string_view member, v1::Role role);

    [[nodiscard]] const crypto::SigningKey& key(std::string_view member) const;
    [[nodiscard]] v1::Body body(const Sender& sender, const std::vector<v1::Command>& commands);
    [[nodiscard]] Bytes transaction(const Sender& sender, const std::vector<v1::Command>& commands);
    [[nodiscard]] Bytes item(std::string_view member, const std::vector<Bytes>& transactions,
                             const Envelope& envelope = {});

    // Executes the next block, one second after the last, and applies what it changes.
    BlockOutput apply(const std::vector<Bytes>& items);
    // One transaction in a bundle of its own in a block of its own.
    ledger::Outcome submit(const Sender& sender, const std::vector<v1::Command>& commands);
    ItemCode code_of(const Bytes& item);

    ledger::NetworkId network;
    Bytes app_state;
    MemoryView state;
    Height height = 0;
    UnixMs time{kGenesisMs};

 private:
    std::map<std::string, crypto::SigningKey, std::less<>> keys_;
    std::map<std::pair<std::string, std::uint32_t>, std::uint64_t> sequences_;
    std::uint64_t nonces_ = 0;
};

}  // namespace consilium::execution::testing
