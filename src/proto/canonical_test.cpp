// SPDX-License-Identifier: Apache-2.0
#include "proto/canonical.hpp"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "base/limits.hpp"
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

// Schemas of the test's own: ours use few of the scalar types that the grammar covers.
class TestSchema {
 public:
    // The first message of a file whose text form, without name and syntax, is `text`.
    explicit TestSchema(const std::string& text) {
        google::protobuf::FileDescriptorProto file;
        file.set_name("test.proto");
        file.set_syntax("proto3");
        if (google::protobuf::TextFormat::MergeFromString(text, &file))
            built_ = pool_.BuildFile(file);
    }
    [[nodiscard]] const google::protobuf::Descriptor& message() const {
        CONSILIUM_ASSERT(built_ != nullptr);
        return *built_->message_type(0);
    }

 private:
    google::protobuf::DescriptorPool pool_;
    const google::protobuf::FileDescriptor* built_ = nullptr;
};

std::string field(const std::string& type, int number, const std::string& label = "OPTIONAL") {
    return "field { name: 'f" + std::to_string(number) + "' number: " + std::to_string(number) +
           " type: TYPE_" + type + " label: LABEL_" + label + " } ";
}

TEST(Canonical, EveryScalarTypeHasOneFormPerValue) {
    const TestSchema schema("message_type { name: 'Sample' " + field("INT32", 1) +
                            field("INT64", 2) + field("FIXED32", 3) + field("FIXED64", 4) +
                            field("SFIXED32", 5) + field("SFIXED64", 6) +
                            field("INT32", 7, "REPEATED") + field("FIXED32", 8, "REPEATED") + "}");
    const auto shape = make_shape(schema.message());
    const auto check_hex = [&](std::string_view hex) {
        return check_canonical(*shape, *from_hex(hex));
    };
    for (const char* good : {
             "08ffffffff07",                // 2^31 - 1
             "0880808080f8ffffffff01",      // -2^31
             "08ffffffffffffffffff01",      // -1
             "1080808080808080808001",      // -2^63
             "1d01000000",                  // fixed32
             "210100000000000000",          // fixed64
             "2dffffffff",                  // sfixed32
             "31ffffffffffffffff",          // sfixed64
             "3a0b01ffffffffffffffffff01",  // packed 1, -1
             "42080000000001000000",        // packed 0, 1
         })
        EXPECT_TRUE(check_hex(good).ok()) << good;
    const std::pair<const char*, WireError> refused[] = {
        {"088080808008", WireError::kValueRange},            // 2^31
        {"08fffffffff7ffffffff01", WireError::kValueRange},  // -2^31 - 1
        {"08ffffffff0f", WireError::kValueRange},            // -1 cut to 32 bits
        {"3a05ffffffff0f", WireError::kValueRange},
        {"0800", WireError::kDefaultValue},
        {"1000", WireError::kDefaultValue},
        {"1d00000000", WireError::kDefaultValue},
        {"210000000000000000", WireError::kDefaultValue},
        {"1d010000", WireError::kTruncated},
        {"21010000000000", WireError::kTruncated},
        {"4203010000", WireError::kTruncated},
        {"1801", WireError::kWireType},
        {"2001", WireError::kWireType},
    };
    for (const auto& [bytes, error] : refused) {
        const auto result = check_hex(bytes);
        ASSERT_FALSE(result.ok()) << bytes;
        EXPECT_EQ(result.error(), error) << bytes << ": " << to_string(result.error());
    }
}

// A chain of `depth` messages, each with the next in its field 1.
std::string chain(std::size_t depth) {
    std::string text;
    for (std::size_t i = 1; i <= depth; ++i) {
        text += "message_type { name: 'M" + std::to_string(i) + "' ";
        if (i < depth)
            text +=
                "field { name: 'next' number: 1 label: LABEL_OPTIONAL type: TYPE_MESSAGE "
                "type_name: '.M" +
                std::to_string(i + 1) + "' } ";
        text += "} ";
    }
    return text;
}

TEST(CanonicalDeathTest, SchemasBeyondTheGrammarAreRefusedWhenTheyAreRead) {
    const TestSchema deepest(chain(limits::kWireDepthMax));
    EXPECT_TRUE(check_canonical(*make_shape(deepest.message()), *from_hex("0a00")).ok());
    const TestSchema last_number("message_type { name: 'M' " + field("UINT32", 255) + "}");
    EXPECT_TRUE(check_canonical(*make_shape(last_number.message()), *from_hex("f80f01")).ok());
    for (const std::string& text :
         {chain(limits::kWireDepthMax + 1),
          std::string("message_type { name: 'M' field { name: 'self' number: 1 label: "
                      "LABEL_OPTIONAL type: TYPE_MESSAGE type_name: '.M' } }"),
          "message_type { name: 'M' " + field("UINT32", 256) + "}",
          "message_type { name: 'M' " + field("DOUBLE", 1) + "}",
          "message_type { name: 'M' " + field("SINT32", 1) + "}",
          std::string("message_type { name: 'M' field { name: 'f' number: 1 label: LABEL_OPTIONAL "
                      "type: TYPE_UINT32 proto3_optional: true oneof_index: 0 } "
                      "oneof_decl { name: '_f' } }")}) {
        const TestSchema schema(text);
        EXPECT_DEATH((void)make_shape(schema.message()), "internal error") << text;
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
