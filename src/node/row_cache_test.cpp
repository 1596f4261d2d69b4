// SPDX-License-Identifier: Apache-2.0
#include "node/row_cache.hpp"

#include <gtest/gtest.h>

#include <random>

#include "node/map_view_testing.hpp"

namespace consilium::node {
namespace {

// Random blocks over few keys, so that every way to change a list's end comes up; what is asked
// between them is remembered, forgotten where there is no room, and always what the state holds.
void compare(std::size_t bytes_max, unsigned seed) {
    std::mt19937 random(seed);
    const auto number = [&](int below) { return number_below(random, below); };
    const auto random_key = [&] { return short_key(random); };
    RowCache cache(bytes_max);
    auto state = std::make_shared<MapView>();
    for (int block = 0; block < 300; ++block) {
        const auto view = cache.over(state);
        for (int i = 0; i < 6; ++i) {
            const Bytes key = random_key();
            ASSERT_EQ(*view->get(key), *state->get(key));
            ASSERT_EQ(*view->last(key), *state->last(key));
            ASSERT_EQ(*view->scan(key, {}, 3), *state->scan(key, {}, 3));
        }
        ASSERT_EQ(*view->last({}), *state->last({}));
        state::StateDiff diff;
        for (int i = number(6); i > 0; --i) {
            diff[random_key()] =
                number(3) == 0 ? std::nullopt : std::optional<Bytes>(std::to_string(number(100)));
        }
        auto next = std::make_shared<MapView>(*state);
        next->apply(diff);
        cache.advance(diff);
        state = std::move(next);
    }
}

TEST(RowCache, AnswersAsTheStateDoes) {
    for (unsigned seed = 0; seed < 20; ++seed)
        compare(1U << 20U, seed);
}

TEST(RowCache, AlsoWhereThereIsNoRoom) {
    for (unsigned seed = 0; seed < 10; ++seed) {
        compare(0, seed);
        compare(1000, seed);
    }
}

// The disk is asked once for what stays as it is.
TEST(RowCache, ReadsTheStateOnce) {
    class Counting final : public state::StateView {
     public:
        mutable int reads = 0;
        [[nodiscard]] Result<std::optional<Bytes>, state::DiskError> get(BytesView) const override {
            ++reads;
            return std::optional<Bytes>("v");
        }
        [[nodiscard]] Result<std::optional<state::KeyValue>, state::DiskError> last(
            BytesView) const override {
            ++reads;
            return std::optional(state::KeyValue{"p1", "v"});
        }
        [[nodiscard]] Result<std::vector<state::KeyValue>, state::DiskError> scan(
            BytesView, BytesView, std::size_t) const override {
            return std::vector<state::KeyValue>{};
        }
    };
    const auto state = std::make_shared<Counting>();
    RowCache cache(1U << 20U);
    for (int block = 0; block < 3; ++block) {
        const auto view = cache.over(state);
        EXPECT_EQ(*view->get("k"), std::optional<Bytes>("v"));
        EXPECT_TRUE(view->last("p").ok());
        cache.advance({{"p2", Bytes("w")}, {"q", Bytes("w")}});
    }
    EXPECT_EQ(state->reads, 2);
    EXPECT_EQ((*cache.over(state)->last("p"))->key, "p2");
    // Once its greatest key is gone, only the state knows the end of a list.
    cache.advance({{"p2", std::nullopt}});
    EXPECT_EQ((*cache.over(state)->last("p"))->key, "p1");
    EXPECT_EQ(state->reads, 3);
}

// What a failing disk could not say is asked again.
TEST(RowCache, RemembersNoFailure) {
    RowCache cache(1U << 20U);
    const auto state = std::make_shared<MapView>();
    state->apply({{"k", Bytes("v")}});
    state->fails = true;
    EXPECT_FALSE(cache.over(state)->get("k").ok());
    EXPECT_FALSE(cache.over(state)->last("k").ok());
    const auto well = std::make_shared<MapView>();
    well->apply({{"k", Bytes("v")}});
    EXPECT_EQ(*cache.over(well)->get("k"), std::optional<Bytes>("v"));
    EXPECT_TRUE(cache.over(well)->last("k").ok());
}

}  // namespace
}  // namespace consilium::node
