// SPDX-License-Identifier: Apache-2.0
#include "node/author.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "crypto/random.hpp"
#include "ledger/transaction.hpp"

namespace consilium::node {
namespace {

constexpr std::uint64_t kDayMs = 86'400'000;
constexpr UnixMs kNoon{20'000 * kDayMs + kDayMs / 2};

class StoppedClock final : public consensus::Clock {
 public:
    UnixMs wall() const override { return time; }
    std::uint64_t monotonic_us() const override { return 0; }
    UnixMs time = kNoon;
};

std::vector<UserEntry> one_day(UnixMs from, v1::Role role) {
    return {{crypto::random_id<ledger::UserId>(), role, from, {from.value + kDayMs - 1}}};
}

class AuthorTest : public testing::Test {
 protected:
    AuthorTest() {
        folder_ = std::filesystem::temp_directory_path() /
                  ("consilium-author-" + std::to_string(getpid()));
        std::filesystem::create_directories(folder_);
        member_ = "hospital";
        network_ = crypto::random_id<ledger::NetworkId>();
    }
    ~AuthorTest() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path file() const { return folder_ / "users.json"; }
    void write(const std::string& text, int generation) {
        std::ofstream(file()) << text;
        // File systems count time coarsely: the second list is a second younger for certain.
        std::filesystem::last_write_time(
            file(), std::filesystem::file_time_type{std::chrono::seconds(1'000'000 + generation)});
    }
    FileAuthor author() { return {network_, member_, file(), clock_}; }

    std::filesystem::path folder_;
    ledger::MemberId member_;
    ledger::NetworkId network_;
    StoppedClock clock_;
};

std::vector<v1::Command> some_command() {
    v1::Command command;
    command.set_contract(2);
    command.set_payload("x");
    return {command};
}

TEST_F(AuthorTest, SpeaksAsTheUserOfToday) {
    auto users = one_day({kNoon.value - kDayMs / 2}, v1::ROLE_SERVICE);
    write(format_users(users), 1);
    FileAuthor speaker = author();
    const auto transaction = speaker.compose(v1::ROLE_SERVICE, some_command());
    ASSERT_TRUE(transaction.ok());
    const auto decoded = ledger::decode_transaction(*transaction);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->user, users[0].user.view());
    EXPECT_EQ(decoded->role, v1::ROLE_SERVICE);
    EXPECT_EQ(decoded->not_after.value, kNoon.value + services::kAuthoredLifeMs);
    const auto other = speaker.compose(v1::ROLE_SERVICE, some_command());
    ASSERT_TRUE(other.ok());
    EXPECT_NE(*other, *transaction);  // the nonce is fresh
    EXPECT_EQ(speaker.compose(v1::ROLE_CLERK, some_command()).error(),
              services::AuthorError::kNoUser);
}

TEST_F(AuthorTest, TheDaysEndIsPartOfTheDay) {
    write(format_users(one_day({kNoon.value - kDayMs + 1}, v1::ROLE_SERVICE)), 1);
    FileAuthor speaker = author();
    EXPECT_TRUE(speaker.compose(v1::ROLE_SERVICE, some_command()).ok());
    clock_.time.value += 1;
    EXPECT_EQ(speaker.compose(v1::ROLE_SERVICE, some_command()).error(),
              services::AuthorError::kNoUser);
}

TEST_F(AuthorTest, ReadsAListThatHasChanged) {
    FileAuthor speaker = author();
    EXPECT_EQ(speaker.compose(v1::ROLE_CLERK, some_command()).error(),
              services::AuthorError::kUserList);
    write(format_users(one_day({kNoon.value - kDayMs / 2}, v1::ROLE_SERVICE)), 1);
    EXPECT_EQ(speaker.compose(v1::ROLE_CLERK, some_command()).error(),
              services::AuthorError::kNoUser);
    write(format_users(one_day({kNoon.value - kDayMs / 2}, v1::ROLE_CLERK)), 2);
    EXPECT_TRUE(speaker.compose(v1::ROLE_CLERK, some_command()).ok());
    write("[{}]", 3);
    EXPECT_EQ(speaker.compose(v1::ROLE_CLERK, some_command()).error(),
              services::AuthorError::kUserList);
}

TEST_F(AuthorTest, NoCommandIsNoTransaction) {
    write(format_users(one_day({kNoon.value - kDayMs / 2}, v1::ROLE_SERVICE)), 1);
    EXPECT_EQ(author().compose(v1::ROLE_SERVICE, {}).error(), services::AuthorError::kMalformed);
}

}  // namespace
}  // namespace consilium::node
