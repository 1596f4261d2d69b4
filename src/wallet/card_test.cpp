// SPDX-License-Identifier: Apache-2.0
#include "wallet/card.hpp"

#include <gtest/gtest.h>

namespace consilium::wallet {
namespace {

Card example() {
    Card card;
    card.custodian = "riverside-hospital";
    card.link.value.fill(0xa1);
    card.slot_salt = Bytes(31, 's') + '\0';
    card.patient = "6f1c-9.A";
    return card;
}

TEST(Card, is_written_as_json) {
    EXPECT_EQ(write_card(example()),
              R"({"custodian":"riverside-hospital","link":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",)"
              R"("patient":"6f1c-9.A",)"
              R"("salt":"73737373737373737373737373737373737373737373737373737373737373)"
              R"(00"})");
    EXPECT_EQ(read_card(write_card(example())), example());
}

TEST(Card, refuses_json_that_is_none) {
    const auto good = write_card(example());
    for (std::size_t size = 0; size < good.size(); ++size)
        ASSERT_FALSE(read_card(std::string_view(good).substr(0, size))) << size;
    const auto with = [&good](const std::string& from, const std::string& to) {
        auto text = good;
        text.replace(text.find(from), from.size(), to);
        return read_card(text).has_value();
    };
    EXPECT_FALSE(with("riverside-hospital", "Riverside"));
    EXPECT_FALSE(with("riverside-hospital", ""));
    EXPECT_FALSE(with("a1a1", "a1"));
    EXPECT_FALSE(with("a1a1", "xxxx"));
    EXPECT_FALSE(with("7373", "73"));
    EXPECT_FALSE(with("6f1c-9.A", "a/b"));
    EXPECT_FALSE(with("6f1c-9.A", ""));
    EXPECT_TRUE(with("6f1c-9.A", std::string(64, 'a')));
    EXPECT_FALSE(with("6f1c-9.A", std::string(65, 'a')));
    EXPECT_FALSE(with("\"patient\":\"6f1c-9.A\"", "\"patient\":7"));
    EXPECT_FALSE(with("{", "{\"more\":1,"));
    EXPECT_FALSE(read_card("[]"));
    EXPECT_FALSE(read_card(good + std::string(kCardBytesMax, ' ')));
}

TEST(Card, is_written_as_a_code) {
    const auto code = card_code(example());
    EXPECT_EQ(code,
              "0497-4TBP-CNS7-6TB4-CMPP-GVVK-E1MQ-8RBC-M6GT-38D1-M6GT-38D1-M6GT-38D1-M5SQ-6WVK-"
              "EDSQ-6WVK-EDSQ-6WVK-EDSQ-6WVK-EDSQ-6WVK-EDSQ-6WVK-EDSG-021P-CRRP-6B9S-5S0G-3D6S-9M");
    EXPECT_EQ(read_card_code(code), example());
    auto typed = code;
    for (auto& c : typed) {
        c = static_cast<char>(std::tolower(c));
        if (c == '0') c = 'o';
        if (c == '1') c = 'l';
        if (c == '-') c = ' ';
    }
    EXPECT_EQ(read_card_code(typed), example());
}

TEST(Card, a_code_that_was_mistyped_is_refused) {
    const auto code = card_code(example());
    for (std::size_t i = 0; i < code.size(); ++i) {
        if (code[i] == '-') continue;
        auto wrong = code;
        wrong[i] = wrong[i] == '7' ? '8' : '7';
        EXPECT_FALSE(read_card_code(wrong)) << i;
        wrong[i] = 'U';
        EXPECT_FALSE(read_card_code(wrong)) << i;
        wrong.erase(i, 1);
        EXPECT_FALSE(read_card_code(wrong)) << i;
    }
    EXPECT_FALSE(read_card_code(code + "0"));
    EXPECT_FALSE(read_card_code(""));
    EXPECT_FALSE(read_card_code(std::string(kCardBytesMax + 1, '0')));
}

}  // namespace
}  // namespace consilium::wallet
