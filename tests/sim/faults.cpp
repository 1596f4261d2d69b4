// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/faults.hpp"

namespace consilium::sim {

Faults draw_faults(Random& random) {
    Faults out;
    const auto some = [&](std::uint64_t low, std::uint64_t high) {
        return random.chance(500) ? random.between(low, high) : 0;
    };
    out.request_lost = some(5, 100);
    out.answer_lost = some(5, 150);
    out.request_twice = some(10, 200);
    out.delay_us_max = random.between(200, 40'000);
    out.item_lost = some(5, 150);
    out.item_twice = some(10, 200);
    out.item_delayed = some(50, 500);
    out.item_delay_us_max = random.between(1'000, 2'000'000);
    out.item_repeated = some(10, 100);
    out.crash = some(20, 150);
    out.crash_in_recovery = some(100, 400);
    out.power_lost = random.between(0, 1000);
    out.member_stopped = some(20, 120);
    out.disk_full = some(5, 40);
    out.backup = some(30, 150);
    out.restore = out.backup != 0 ? random.between(200, 900) : 0;
    out.slow_disk = some(5, 40);
    out.clock_jump = random.chance(300) ? random.between(5, 40) : 0;
    out.clock_jump_ms_max = random.chance(500) ? 5'000 : 600'000;
    out.clock_back = random.chance(500);
    out.transactions = random.between(60, 180);
    out.step_us_max =
        random.chance(700) ? random.between(500, 20'000) : random.between(20'000, 1'500'000);
    if (random.chance(100)) {
        // Machines are put back again and again while what they sent is still on its way.
        out.backup = 300;
        out.restore = 900;
        out.member_stopped = random.between(100, 250);
        out.item_delayed = 700;
        out.item_delay_us_max = random.between(200'000, 5'000'000);
        out.step_us_max = random.between(2'000, 60'000);
    }
    return out;
}

}  // namespace consilium::sim
