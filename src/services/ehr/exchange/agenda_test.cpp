// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/agenda.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;

template <typename Look>
bool eventually(const Look& look) {
    for (int i = 0; i < 10'000; ++i) {
        if (look()) return true;
        std::this_thread::sleep_for(milliseconds(1));
    }
    return false;
}

TEST(Agenda, WorksUntilAStepSaysThatItIsFinished) {
    std::atomic<int> steps = 0;
    Agenda agenda(2, [&](const Bytes& key) -> std::optional<milliseconds> {
        EXPECT_EQ(key, "k");
        if (++steps < 3) return milliseconds(1);
        return std::nullopt;
    });
    agenda.poke("k");
    EXPECT_TRUE(eventually([&] { return agenda.size() == 0; }));
    EXPECT_EQ(steps, 3);
    agenda.poke("k");
    EXPECT_TRUE(eventually([&] { return steps == 4 && agenda.size() == 0; }));
}

TEST(Agenda, OneThreadAtATimePerKeyAndNoPokeIsLost) {
    std::atomic<int> inside = 0;
    std::atomic<int> together = 0;
    std::atomic<int> steps = 0;
    std::atomic<bool> poked = false;
    Agenda agenda(4, [&](const Bytes&) -> std::optional<milliseconds> {
        if (++inside > 1) ++together;
        // A poke during the step means another step, although this one says that it is finished.
        if (++steps == 1) {
            EXPECT_TRUE(eventually([&] { return poked.load(); }));
        }
        --inside;
        return std::nullopt;
    });
    agenda.poke("k");
    EXPECT_TRUE(eventually([&] { return inside == 1; }));
    for (int i = 0; i < 10; ++i)
        agenda.poke("k");
    poked = true;
    EXPECT_TRUE(eventually([&] { return agenda.size() == 0; }));
    EXPECT_EQ(together, 0);
    EXPECT_GE(steps, 2);
}

TEST(Agenda, PokesThoseThatBeginSo) {
    std::atomic<int> a = 0;
    std::atomic<int> b = 0;
    Agenda agenda(1, [&](const Bytes& key) -> std::optional<milliseconds> {
        ++(key[0] == 'a' ? a : b);
        return milliseconds(3'600'000);
    });
    for (const char* key : {"a1", "a2", "b1"})
        agenda.poke(key);
    EXPECT_TRUE(eventually([&] { return a == 2 && b == 1; }));
    agenda.poke_all("a");
    EXPECT_TRUE(eventually([&] { return a == 4; }));
    EXPECT_EQ(b, 1);
    EXPECT_EQ(agenda.size(), 3U);
    agenda.stop();
    agenda.poke("b1");
    EXPECT_EQ(b, 1);
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
