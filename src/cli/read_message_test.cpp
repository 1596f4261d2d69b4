// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/hex.hpp"
#include "cli/show.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/membership.pb.h"
#include "proto/canonical.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

template <typename Message>
std::string wrong(const std::string& text) {
    Message message;
    return read_message(json::parse(text), message);
}

TEST(ReadMessage, ReadsEveryKindOfField) {
    v1::MembershipCommand command;
    const std::string error = read_message(json::parse(R"({"register_users": {"users": [
            {"user": "00112233445566778899aabbccddeeff", "role": "privacy-officer",
             "valid_from": "2026-11-23", "valid_until_unix_ms": 1795411912417}]}})"),
                                           command);
    ASSERT_EQ(error, "");
    ASSERT_EQ(command.register_users().users_size(), 1);
    const auto& user = command.register_users().users(0);
    EXPECT_EQ(to_hex(user.user()), "00112233445566778899aabbccddeeff");
    EXPECT_EQ(user.role(), v1::ROLE_PRIVACY_OFFICER);
    EXPECT_EQ(user.valid_from_unix_ms(), 1'795'392'000'000U);
    EXPECT_EQ(user.valid_until_unix_ms(), 1'795'411'912'417U);
}

TEST(ReadMessage, ReadsBackWhatIsShown) {
    v1::DocumentsCommand command;
    auto& shred = *command.mutable_shred_record();
    shred.mutable_record()->set_chart_id(std::string(16, 'c'));
    auto& leaf = *shred.mutable_record()->mutable_leaf();
    leaf.set_manifest_sequence(7);
    leaf.set_leaf_index(3);
    leaf.add_path(std::string(32, 'p'));
    leaf.add_path(std::string(32, 'q'));
    shred.set_basis(v1::SHRED_BASIS_COURT_ORDER);
    shred.set_last_backup_expires_unix_ms(1'795'411'912'417);
    v1::DocumentsCommand read;
    ASSERT_EQ(read_message(message_json(command), read), "");
    EXPECT_EQ(proto::encode(read), proto::encode(command));
}

TEST(ReadMessage, SaysWhereAndWhatIsWrong) {
    EXPECT_EQ(wrong<v1::ChartsCommand>("[]"), ": must be an object");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"close_link": {"link_ids": "00"}})"),
              ".close_link.link_ids: unknown; known here: link_id, version");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"close_link": {"link_id": "0g"}})"),
              ".close_link.link_id: must be hexadecimal");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"close_link": {"link_id": 7}})"),
              ".close_link.link_id: must be a string");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"close_link": {"version": -1}})"),
              ".close_link.version: must be a whole number, not negative");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"close_link": {"version": 4294967296}})"),
              ".close_link.version: must be at most 4294967295");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"close_link": {"version": 4294967295}})"), "");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"close_link": {"version": 1.0}})"),
              ".close_link.version: must be a whole number, not negative");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"close_link": {"version": "1970-01-01"}})"),
              ".close_link.version: must be a whole number, not negative");
    EXPECT_EQ(wrong<v1::MembershipCommand>(R"({"register_key": {"not_after": "soon"}})"),
              ".register_key.not_after: must be a time such as 2026-01-31T12:00:00Z");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"open_chart": {"slots": ["00", 7]}})"),
              ".open_chart.slots[1]: must be a string");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"open_chart": {"slots": "00"}})"),
              ".open_chart.slots: must be an array");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"open_link": {"algorithm": "rsa"}})"),
              ".open_link.algorithm: must be one of ed25519, p256-sha256");
}

TEST(ReadMessage, RefusesTwoOfWhatThereIsOneOf) {
    EXPECT_EQ(wrong<v1::MembershipCommand>(
                  R"({"set_member_contact": {"name": "n", "address": "a"}, "retire_key": {}})"),
              ".retire_key: cannot be given beside set_member_contact");
    EXPECT_EQ(wrong<v1::ChartsCommand>(R"({"close_link": {}, "open_link": {}})"),
              ".open_link: cannot be given beside close_link");
    EXPECT_EQ(wrong<v1::MembershipCommand>(R"({"register_key": {"not_after": "2026-01-31",
                                               "not_after_unix_ms": 1}})"),
              ".register_key.not_after_unix_ms: cannot be given beside not_after");
    EXPECT_EQ(wrong<v1::MembershipCommand>(
                  R"({"register_users": {"users": [{"valid_from": "2026-01-31"},
                                                   {"valid_from": "2026-01-31"}]}})"),
              "");
}

}  // namespace
}  // namespace consilium::cli
