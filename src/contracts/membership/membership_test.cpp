// SPDX-License-Identifier: Apache-2.0
#include "contracts/membership/membership.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "execution/testing/contract_test.hpp"
#include "ledger/hashes.hpp"

namespace consilium::contracts::membership {
namespace {

using namespace execution::testing;

class MembershipTest : public ContractTest {
 protected:
    MembershipTest() { transaction.sender.role = v1::ROLE_ADMINISTRATOR; }

    void give(const v1::MembershipCommand& payload) {
        transaction.commands.push_back(command(payload));
    }
    void reject(Rejection rejection) {
        expect.rejected(ledger::ContractId::kMembership, rejection);
    }
    v1::MembershipCommand register_key(const crypto::SigningKey& key,
                                       std::string_view member = "hospital") {
        v1::MembershipCommand out;
        auto& made = *out.mutable_register_key();
        made.set_algorithm(v1::ALGORITHM_ED25519);
        made.set_public_key(key.public_key());
        made.set_not_after_unix_ms(kGenesisMs + 100 * kDayMs);
        made.set_possession_signature(key.sign(
            ledger::key_possession_digest(world.network, member, key.public_key()).view()));
        return out;
    }
    static v1::MembershipCommand retire_key(std::uint32_t key_id) {
        v1::MembershipCommand out;
        out.mutable_retire_key()->set_key_id(key_id);
        return out;
    }
    static v1::UserDay day(std::string_view name) {
        v1::UserDay out;
        out.set_user(test_bytes(name, 16));
        out.set_role(v1::ROLE_CLINICIAN);
        out.set_valid_from_unix_ms(kGenesisMs + kDayMs);
        out.set_valid_until_unix_ms(kGenesisMs + 2 * kDayMs);
        return out;
    }
    // The row that day() leaves.
    static v1::User user_row() {
        v1::User out;
        out.set_role(v1::ROLE_CLINICIAN);
        out.set_valid_from_unix_ms(kGenesisMs + kDayMs);
        out.set_valid_until_unix_ms(kGenesisMs + 2 * kDayMs);
        return out;
    }
    static v1::MembershipCommand register_users(const std::vector<v1::UserDay>& days) {
        v1::MembershipCommand out;
        out.mutable_register_users();
        for (const v1::UserDay& each : days)
            *out.mutable_register_users()->add_users() = each;
        return out;
    }
    static v1::MembershipCommand revoke(const std::vector<Bytes>& users) {
        v1::MembershipCommand out;
        out.mutable_revoke_users();
        for (const Bytes& user : users)
            out.mutable_revoke_users()->add_users(user);
        return out;
    }
    static v1::MembershipCommand set_node(std::string_view endpoint) {
        v1::MembershipCommand out;
        out.mutable_set_node()->set_endpoint(std::string(endpoint));
        return out;
    }
    static v1::MembershipCommand set_contact(std::string_view name, std::string_view address) {
        v1::MembershipCommand out;
        out.mutable_set_member_contact()->set_name(std::string(name));
        out.mutable_set_member_contact()->set_address(std::string(address));
        return out;
    }
    static std::string user_path(BytesView user, std::string_view member = "hospital") {
        return "membership/user/" + std::string(member) + "/" + to_hex(user);
    }
    static std::string use_path(const crypto::SigningKey& key) {
        return "membership/key-use/" + to_hex(crypto::sha256(key.public_key()).view());
    }
    v1::MemberKey key_row(const crypto::SigningKey& key) const {
        v1::MemberKey out;
        out.set_algorithm(v1::ALGORITHM_ED25519);
        out.set_public_key(key.public_key());
        out.set_registered_height(given.height);
        out.set_not_after_unix_ms(kGenesisMs + 100 * kDayMs);
        return out;
    }
    // The rows of a key that was registered, and its number.
    void expect_key(std::uint32_t number, const v1::MemberKey& row) {
        expect.outcome.assigned = {number};
        expect.row("membership/key/hospital/" + std::to_string(number), row);
        v1::KeyUse use;
        use.set_member_id("hospital");
        use.set_key_id(number);
        expect.row("membership/key-use/" + to_hex(crypto::sha256(row.public_key()).view()), use);
    }
    void give_second_key(const crypto::SigningKey& key) {
        v1::MemberKey row = key_row(key);
        row.set_registered_height(3);
        given.row("membership/key/hospital/2", row);
    }

    crypto::SigningKey second = test_key("hospital second");
};

TEST_F(MembershipTest, RegisterKeyGivesItTheNextNumber) {
    give(register_key(second));
    expect_key(2, key_row(second));
}

TEST_F(MembershipTest, RegisterKeyNeedsAnAdministrator) {
    transaction.sender.role = v1::ROLE_CLERK;
    give(register_key(second));
    reject(Rejection::kRole);
}

TEST_F(MembershipTest, RegisterKeyRefusesASmallOrderPoint) {
    auto made = register_key(second);
    made.mutable_register_key()->set_public_key(Bytes(1, '\1') + Bytes(31, '\0'));
    give(made);
    reject(Rejection::kPublicKey);
}

TEST_F(MembershipTest, RegisterKeyRefusesANonCanonicalPoint) {
    auto made = register_key(second);
    // y = p + 3, beyond the field.
    made.mutable_register_key()->set_public_key("\xf0" + Bytes(30, '\xff') + "\x7f");
    give(made);
    reject(Rejection::kPublicKey);
}

TEST_F(MembershipTest, RegisterKeyRefusesNoAlgorithm) {
    auto made = register_key(second);
    made.mutable_register_key()->clear_algorithm();
    give(made);
    reject(Rejection::kPublicKey);
}

TEST_F(MembershipTest, RegisterKeyRefusesAProofForAnotherMember) {
    give(register_key(second, "clinic"));
    reject(Rejection::kPossession);
}

TEST_F(MembershipTest, RegisterKeyRefusesNoProof) {
    auto made = register_key(second);
    made.mutable_register_key()->clear_possession_signature();
    give(made);
    reject(Rejection::kPossession);
}

TEST_F(MembershipTest, RegisterKeyRefusesOneThatHasExpired) {
    auto made = register_key(second);
    made.mutable_register_key()->set_not_after_unix_ms(given.time.value);
    give(made);
    reject(Rejection::kKeyExpiry);
}

TEST_F(MembershipTest, RegisterKeyRefusesMoreThanFiveYears) {
    auto made = register_key(second);
    made.mutable_register_key()->set_not_after_unix_ms(given.time.value + limits::kKeyValidMsMax +
                                                       1);
    give(made);
    reject(Rejection::kKeyExpiry);
}

TEST_F(MembershipTest, RegisterKeyTakesFiveYears) {
    auto made = register_key(second);
    made.mutable_register_key()->set_not_after_unix_ms(given.time.value + limits::kKeyValidMsMax);
    give(made);
    v1::MemberKey row = key_row(second);
    row.set_not_after_unix_ms(given.time.value + limits::kKeyValidMsMax);
    expect_key(2, row);
}

TEST_F(MembershipTest, RegisterKeyRefusesAnothersKey) {
    auto clinic = test_key("key clinic");
    give(register_key(clinic));
    reject(Rejection::kKeyInUse);
}

TEST_F(MembershipTest, RegisterKeyTakesTheLastNumber) {
    given.row("membership/key/hospital/" + std::to_string(limits::kKeysPerMemberMax - 1),
              key_row(second));
    const auto last = test_key("the last");
    give(register_key(last));
    expect_key(limits::kKeysPerMemberMax, key_row(last));
}

TEST_F(MembershipTest, RegisterKeyRefusesOneMoreThanTheLimit) {
    v1::MemberKey row = key_row(second);
    given.row("membership/key/hospital/" + std::to_string(limits::kKeysPerMemberMax), row);
    give(register_key(test_key("one more")));
    reject(Rejection::kTooManyKeys);
}

TEST_F(MembershipTest, RetireKey) {
    give_second_key(second);
    give(retire_key(2));
    v1::KeyRetirement row;
    row.set_height(given.height);
    expect.row("membership/retirement/hospital/2", row);
}

TEST_F(MembershipTest, RetireKeyRefusesTheKeyInHand) {
    give_second_key(second);
    give(retire_key(1));
    reject(Rejection::kKeyInHand);
}

TEST_F(MembershipTest, RetireKeyRefusesAnUnknownOne) {
    give(retire_key(2));
    reject(Rejection::kKeyUnknown);
}

TEST_F(MembershipTest, RetireKeyRefusesNumberZero) {
    give(retire_key(0));
    reject(Rejection::kKeyUnknown);
}

TEST_F(MembershipTest, RetireKeyActsOnce) {
    give_second_key(second);
    v1::KeyRetirement row;
    row.set_height(4);
    given.row("membership/retirement/hospital/2", row);
    give(retire_key(2));
    reject(Rejection::kKeyRetired);
}

TEST_F(MembershipTest, RegisterUsers) {
    auto own_key = test_key("a user's key");
    v1::UserDay with_key = day("b");
    with_key.set_algorithm(v1::ALGORITHM_ED25519);
    with_key.set_public_key(own_key.public_key());
    give(register_users({day("a"), with_key}));
    v1::User row = user_row();
    expect.row(user_path(test_bytes("a", 16)), row);
    row.set_algorithm(v1::ALGORITHM_ED25519);
    row.set_public_key(own_key.public_key());
    expect.row(user_path(test_bytes("b", 16)), row);
    v1::KeyUse use;
    use.set_member_id("hospital");
    expect.row(use_path(own_key), use);
}

TEST_F(MembershipTest, RegisterUsersRefusesAnEmptyBatch) {
    give(register_users({}));
    reject(Rejection::kUserBatch);
}

TEST_F(MembershipTest, RegisterUsersRefusesOneMoreThanTheLimit) {
    vector = false;
    std::vector<v1::UserDay> days;
    for (std::size_t i = 0; i <= limits::kUsersPerCommandMax; ++i)
        days.push_back(day(std::to_string(i)));
    give(register_users(days));
    reject(Rejection::kUserBatch);
}

TEST_F(MembershipTest, RegisterUsersTakesAsManyAsTheLimit) {
    vector = false;
    std::vector<v1::UserDay> days;
    v1::User row = user_row();
    for (std::size_t i = 0; i < limits::kUsersPerCommandMax; ++i) {
        days.push_back(day(std::to_string(i)));
        expect.row(user_path(days.back().user()), row);
    }
    give(register_users(days));
}

TEST_F(MembershipTest, RegisterUsersRefusesTheSameIdTwice) {
    give(register_users({day("a"), day("a")}));
    reject(Rejection::kUserBatch);
}

TEST_F(MembershipTest, RegisterUsersRefusesAShortId) {
    v1::UserDay bad = day("a");
    bad.set_user(Bytes(15, 'a'));
    give(register_users({bad}));
    reject(Rejection::kUserBatch);
}

TEST_F(MembershipTest, RegisterUsersRefusesNoRole) {
    v1::UserDay bad = day("a");
    bad.clear_role();
    give(register_users({bad}));
    reject(Rejection::kUserRole);
}

TEST_F(MembershipTest, RegisterUsersTakesTwoDaysAsFarAheadAsTheLimit) {
    v1::UserDay longest = day("a");
    longest.set_valid_from_unix_ms(given.time.value + limits::kUserAheadMsMax);
    longest.set_valid_until_unix_ms(longest.valid_from_unix_ms() + limits::kUserValidMsMax);
    give(register_users({longest}));
    v1::User row;
    row.set_role(v1::ROLE_CLINICIAN);
    row.set_valid_from_unix_ms(longest.valid_from_unix_ms());
    row.set_valid_until_unix_ms(longest.valid_until_unix_ms());
    expect.row(user_path(longest.user()), row);
}

TEST_F(MembershipTest, RegisterUsersRefusesAnEmptyPeriod) {
    v1::UserDay bad = day("a");
    bad.set_valid_until_unix_ms(bad.valid_from_unix_ms());
    give(register_users({bad}));
    reject(Rejection::kUserPeriod);
}

TEST_F(MembershipTest, RegisterUsersRefusesMoreThanTwoDays) {
    v1::UserDay bad = day("a");
    bad.set_valid_until_unix_ms(bad.valid_from_unix_ms() + limits::kUserValidMsMax + 1);
    give(register_users({bad}));
    reject(Rejection::kUserPeriod);
}

TEST_F(MembershipTest, RegisterUsersRefusesADayThatHasPassed) {
    v1::UserDay bad = day("a");
    bad.set_valid_from_unix_ms(kGenesisMs - kHourMs);
    bad.set_valid_until_unix_ms(given.time.value);
    give(register_users({bad}));
    reject(Rejection::kUserPeriod);
}

TEST_F(MembershipTest, RegisterUsersRefusesADayTooFarAhead) {
    v1::UserDay bad = day("a");
    bad.set_valid_from_unix_ms(given.time.value + limits::kUserAheadMsMax + 1);
    bad.set_valid_until_unix_ms(bad.valid_from_unix_ms() + kHourMs);
    give(register_users({bad}));
    reject(Rejection::kUserPeriod);
}

TEST_F(MembershipTest, RegisterUsersRefusesAnIdThatIsTaken) {
    v1::UserDay taken = day("a");
    taken.set_user(world.user("hospital", v1::ROLE_CLERK).bytes());
    give(register_users({taken}));
    reject(Rejection::kUserExists);
}

TEST_F(MembershipTest, RegisterUsersRefusesOneKeyForTwoDays) {
    auto own_key = test_key("a user's key");
    v1::UserDay first = day("a");
    first.set_algorithm(v1::ALGORITHM_ED25519);
    first.set_public_key(own_key.public_key());
    v1::UserDay again = first;
    again.set_user(test_bytes("b", 16));
    give(register_users({first, again}));
    reject(Rejection::kKeyInUse);
}

TEST_F(MembershipTest, RevokeUsersTakesTheRestOfABatch) {
    const auto clerk = world.user("hospital", v1::ROLE_CLERK);
    const auto clinician = world.user("hospital", v1::ROLE_CLINICIAN);
    v1::User row;
    row.set_role(v1::ROLE_CLERK);
    row.set_valid_from_unix_ms(kGenesisMs - kHourMs);
    row.set_valid_until_unix_ms(kGenesisMs + 40 * kHourMs);
    row.set_revoked(true);
    given.row(user_path(clerk.view()), row);  // revoked before: stays so, and is no error
    give(revoke({clerk.bytes(), clinician.bytes()}));
    row.set_role(v1::ROLE_CLINICIAN);
    expect.row(user_path(clinician.view()), row);
}

TEST_F(MembershipTest, RevokeUsersTakesAsManyAsTheLimit) {
    vector = false;
    v1::User row = user_row();
    std::vector<Bytes> users;
    for (std::size_t i = 0; i < limits::kUsersPerCommandMax; ++i) {
        users.push_back(test_bytes(std::to_string(i), 16));
        row.set_revoked(false);
        given.row(user_path(users.back()), row);
        row.set_revoked(true);
        expect.row(user_path(users.back()), row);
    }
    give(revoke(users));
}

TEST_F(MembershipTest, RevokeUsersRefusesOneMoreThanTheLimit) {
    vector = false;
    std::vector<Bytes> users;
    for (std::size_t i = 0; i <= limits::kUsersPerCommandMax; ++i)
        users.push_back(test_bytes(std::to_string(i), 16));
    give(revoke(users));
    reject(Rejection::kUserBatch);
}

TEST_F(MembershipTest, RevokeUsersRefusesAnEmptyBatch) {
    give(revoke({}));
    reject(Rejection::kUserBatch);
}

TEST_F(MembershipTest, RevokeUsersRefusesAShortId) {
    give(revoke({Bytes(15, 'u')}));
    reject(Rejection::kUserBatch);
}

TEST_F(MembershipTest, RevokeUsersRefusesAnothersUser) {
    give(revoke({world.user("clinic", v1::ROLE_CLERK).bytes()}));
    reject(Rejection::kUserUnknown);
}

TEST_F(MembershipTest, RevokeUsersRefusesTheSameIdTwice) {
    const Bytes user = world.user("hospital", v1::ROLE_CLERK).bytes();
    give(revoke({user, user}));
    reject(Rejection::kUserBatch);
}

TEST_F(MembershipTest, SetNodeKeepsTheValidator) {
    auto payload = set_node("https://[fd00:0:0::1]:443");
    payload.mutable_set_node()->set_tls_key_sha256(test_bytes("tls", 32));
    give(payload);
    v1::Node row;
    row.set_endpoint("https://[fd00:0:0::1]:443");
    row.set_tls_key_sha256(test_bytes("tls", 32));
    row.set_validator_public_key(test_key("validator hospital").public_key());
    row.set_validator_power(10);
    expect.row("membership/node/hospital", row);
}

TEST_F(MembershipTest, SetNodeRefusesPlainHttp) {
    give(set_node("http://hospital.example:80"));
    reject(Rejection::kEndpoint);
}

TEST_F(MembershipTest, SetNodeRefusesAShortTlsKey) {
    auto payload = set_node("https://hospital.example:8443");
    payload.mutable_set_node()->set_tls_key_sha256(Bytes(31, 't'));
    give(payload);
    reject(Rejection::kTlsKey);
}

TEST_F(MembershipTest, SetContact) {
    give(set_contact("H\xc3\xb4pital Ste-Marie", "12, rue de l'\xc3\x89glise"));
    v1::Member row = world.genesis().members(2).member();
    row.set_name("H\xc3\xb4pital Ste-Marie");
    row.set_address("12, rue de l'\xc3\x89glise");
    expect.row("membership/member/hospital", row);
}

TEST_F(MembershipTest, SetContactTakesTheLongestNameAndAddress) {
    const std::string name(limits::kNameBytesMax, 'n');
    const std::string address(limits::kAddressBytesMax, 'a');
    give(set_contact(name, address));
    v1::Member row = world.genesis().members(2).member();
    row.set_name(name);
    row.set_address(address);
    expect.row("membership/member/hospital", row);
}

TEST_F(MembershipTest, SetContactRefusesALongName) {
    give(set_contact(std::string(limits::kNameBytesMax + 1, 'n'), "1 Main Street"));
    reject(Rejection::kName);
}

TEST_F(MembershipTest, SetContactRefusesMarkup) {
    give(set_contact("<b>Hospital</b>", "1 Main Street"));
    reject(Rejection::kName);
}

TEST_F(MembershipTest, SetContactRefusesALongAddress) {
    give(set_contact("Hospital", std::string(limits::kAddressBytesMax + 1, 'a')));
    reject(Rejection::kAddress);
}

TEST_F(MembershipTest, AnEmptyAlternativeIsChecked) {
    v1::Command empty = command(set_node("https://hospital.example:8443"));
    empty.set_payload(Bytes("\x2a\x00", 2));  // SetNode, chosen and empty
    transaction.commands.push_back(empty);
    reject(Rejection::kEndpoint);
}

TEST_F(MembershipTest, AnUnknownFieldIsMalformed) {
    v1::Command bad = command(set_node("https://hospital.example:8443"));
    bad.set_payload(Bytes("\x78\x01", 2));  // field 15
    transaction.commands.push_back(bad);
    reject(Rejection::kMalformed);
}

TEST(Membership, EveryRejectionIsDescribed) {
    const Membership contract;
    for (sdk::Code code = 1; code <= static_cast<sdk::Code>(Rejection::kAddress); ++code) {
        EXPECT_FALSE(contract.describe(code).name.empty()) << code;
        EXPECT_FALSE(contract.describe(code).text.empty()) << code;
    }
    EXPECT_TRUE(contract.describe(static_cast<sdk::Code>(Rejection::kAddress) + 1).name.empty());
}

}  // namespace
}  // namespace consilium::contracts::membership
