// SPDX-License-Identifier: Apache-2.0
#include "proto/canonical.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/ledger.pb.h"
#include "consilium/v1/membership.pb.h"

namespace consilium::proto {
namespace {

template <typename Message>
Status<WireError> check(std::string_view hex) {
    return check_canonical(shape_of<Message>(), *from_hex(hex));
}

template <typename Message>
void expect_refused(std::string_view hex, WireError error) {
    const auto result = check<Message>(hex);
    ASSERT_FALSE(result.ok()) << hex;
    EXPECT_EQ(result.error(), error) << hex << ": " << to_string(result.error());
}

TEST(Canonical, WhatWeEncodeIsCanonical) {
    v1::Body body;
    body.mutable_actor()->set_user(Bytes(16, 'u'));
    body.mutable_actor()->set_role(v1::ROLE_CLERK);
    body.set_nonce(Bytes(16, 'n'));
    body.set_not_after_unix_ms(~0ULL);
    for (int i = 0; i < 3; ++i)
        body.add_commands()->set_contract(static_cast<std::uint32_t>(i));
    v1::Body parsed;
    ASSERT_TRUE(parse_canonical(encode(body), parsed).ok());
    EXPECT_EQ(encode(parsed), encode(body));
    EXPECT_TRUE(check<v1::Body>("").ok());
}

TEST(Canonical, EachRuleRefusesItsBreach) {
    EXPECT_TRUE(check<v1::Command>("08011201aa").ok());
    EXPECT_TRUE(check<v1::Command>("0801").ok());
    expect_refused<v1::Command>("08011202aa", WireError::kTruncated);
    expect_refused<v1::Command>("08", WireError::kTruncated);
    expect_refused<v1::Command>("088100", WireError::kVarint);
    expect_refused<v1::Command>("8800011201aa", WireError::kVarint);
    expect_refused<v1::Body>("1880808080808080808002", WireError::kVarint);
    expect_refused<v1::Body>("188080808080808080808001", WireError::kVarint);
    expect_refused<v1::Command>("1201aa0801", WireError::kFieldOrder);
    expect_refused<v1::Command>("08010801", WireError::kFieldOrder);
    expect_refused<v1::Command>("1801", WireError::kUnknownField);
    expect_refused<v1::Command>("0001", WireError::kUnknownField);
    expect_refused<v1::Command>("0a0101", WireError::kWireType);
    expect_refused<v1::Command>("1001", WireError::kWireType);
    expect_refused<v1::Command>("0800", WireError::kDefaultValue);
    expect_refused<v1::Command>("1200", WireError::kDefaultValue);
    expect_refused<v1::Actor>("1007", WireError::kEnumValue);
    expect_refused<v1::Command>("088080808010", WireError::kValueRange);
    expect_refused<v1::User>("2002", WireError::kValueRange);
    expect_refused<v1::Chart>("0a01ff", WireError::kUtf8);
}

TEST(Canonical, MessagesMayBeEmptyAndOneofsMayHoldTheirDefault) {
    EXPECT_TRUE(check<v1::Body>("0a00").ok());       // an empty actor is present
    EXPECT_TRUE(check<v1::RecordRef>("1000").ok());  // sequence 0, chosen
    expect_refused<v1::RecordRef>("10001a00", WireError::kOneof);
    expect_refused<v1::Body>("0a021000", WireError::kDefaultValue);  // rules hold inside too
}

TEST(Canonical, RepeatedFieldsStandTogether) {
    EXPECT_TRUE(check<v1::Body>("22002200").ok());
    EXPECT_TRUE(check<v1::RevokeUsers>("0a000a01aa").ok());
    EXPECT_TRUE(check<v1::Member>("1a020102").ok());
    expect_refused<v1::Member>("1a00", WireError::kDefaultValue);
    expect_refused<v1::Member>("1a01011a0102", WireError::kFieldOrder);
    expect_refused<v1::Member>("1801", WireError::kWireType);  // unpacked
    expect_refused<v1::Member>("1a017f", WireError::kEnumValue);
}

TEST(Canonical, Utf8IsStrict) {
    EXPECT_TRUE(check<v1::Chart>("0a02c3a9").ok());
    for (const char* bad : {"0a02c080", "0a03eda080", "0a04f4908080", "0a01c3", "0a02c328"}) {
        expect_refused<v1::Chart>(bad, WireError::kUtf8);
    }
}

// The reverse: whatever passes the check re-serialises to itself. Every one-byte change of a valid
// message either fails or is another value with its own encoding.
TEST(Canonical, WhatPassesReSerialisesToItself) {
    v1::Body body;
    body.mutable_actor()->set_role(v1::ROLE_SERVICE);
    body.set_nonce(Bytes(16, '\x01'));
    body.set_not_after_unix_ms(1234567890123ULL);
    body.add_commands()->set_payload("x");
    const Bytes good = encode(body);
    int passed = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (int b = 0; b < 256; ++b) {
            Bytes changed = good;
            changed[i] = static_cast<char>(b);
            v1::Body parsed;
            if (!parse_canonical(changed, parsed).ok()) continue;
            ++passed;
            ASSERT_EQ(encode(parsed), changed);
        }
    }
    EXPECT_GT(passed, 1000);
}

}  // namespace
}  // namespace consilium::proto
