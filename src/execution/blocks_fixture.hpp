// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "execution/testing/world.hpp"
#include "ledger/hashes.hpp"
#include "ledger/outcome.hpp"

// Commands and expectations that tests of whole blocks share.
namespace consilium::execution {

using namespace testing;
using ledger::ContractId;
using ledger::Rejection;

inline v1::Command anchor(std::string_view name) {
    v1::DocumentsCommand out;
    out.mutable_anchor_record()->set_record_id(test_bytes(name, 16));
    out.mutable_anchor_record()->set_commitment(test_bytes(name, 32));
    return command(out);
}

inline v1::Command register_key(const World& world, std::string_view member,
                                const crypto::SigningKey& key) {
    v1::MembershipCommand out;
    auto& made = *out.mutable_register_key();
    made.set_algorithm(v1::ALGORITHM_ED25519);
    made.set_public_key(key.public_key());
    made.set_not_after_unix_ms(kGenesisMs + 900 * kDayMs);
    made.set_possession_signature(
        key.sign(ledger::key_possession_digest(world.network, member, key.public_key()).view()));
    return command(out);
}

inline v1::Command retire_key(std::uint32_t key_id) {
    v1::MembershipCommand out;
    out.mutable_retire_key()->set_key_id(key_id);
    return command(out);
}

inline v1::Command open_link(BytesView link, const crypto::SigningKey& patient) {
    v1::ChartsCommand out;
    out.mutable_open_link()->set_link_id(Bytes(link));
    out.mutable_open_link()->set_counterparty("clinic");
    out.mutable_open_link()->set_algorithm(v1::ALGORITHM_ED25519);
    out.mutable_open_link()->set_public_key(patient.public_key());
    return command(out);
}

inline v1::Command close_link(BytesView link, std::uint32_t version) {
    v1::ChartsCommand out;
    out.mutable_close_link()->set_link_id(Bytes(link));
    out.mutable_close_link()->set_version(version);
    return command(out);
}

inline void expect_rejected(const ledger::Outcome& outcome, Rejection rejection,
                            std::uint32_t command = 0) {
    EXPECT_EQ(outcome.contract, static_cast<std::uint32_t>(ContractId::kLedger));
    EXPECT_EQ(outcome.code, static_cast<std::uint32_t>(rejection));
    EXPECT_EQ(outcome.command_index, command);
}

inline const Sender kClerk{"hospital", v1::ROLE_CLERK, {}, {}, {}};
inline const Sender kAdministrator{"hospital", v1::ROLE_ADMINISTRATOR, {}, {}, {}};

}  // namespace consilium::execution
