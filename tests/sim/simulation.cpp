// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/simulation.hpp"

#include "tests/sim/clients.hpp"

namespace consilium::sim {
namespace {

constexpr std::uint64_t kEventsMax = 400'000;
constexpr std::uint64_t kHealUsMax = 3600ULL * 1'000'000;

class Simulation {
 public:
    explicit Simulation(const SimOptions& options)
        : options_(options),
          random_(options.seed),
          faults_(draw(random_, options)),
          world_(make_world(random_)),
          timeline_({kGenesisUnixMs + 1000}),
          trace_(timeline_, options.print_trace),
          checker_(world_, trace_, random_.fork()),
          consortium_(world_, timeline_, trace_, checker_, random_.fork(), faults_),
          clients_(world_, consortium_, timeline_, trace_, checker_, random_.fork(), faults_) {}

    Report run() {
        plan_step();
        run_until([this] { return clients_.begun() >= faults_.transactions; }, "to begin");
        heal();
        if (!checker_.failure()) final_checks();
        return report();
    }

 private:
    static Faults draw(Random& random, const SimOptions& options) {
        Faults out = draw_faults(random);
        out.planted = options.planted;
        if (out.planted != Planted::kNone) {
            // Where it shows: with crashes, lost power and slow disks.
            out.crash = 100;
            out.power_lost = 1000;
            out.slow_disk = 100;
        }
        return out;
    }

    // A client's step: it wants something, and something may happen to the machines.
    void plan_step() {
        timeline_.after(random_.between(1, faults_.step_us_max), [this] {
            if (clients_.begun() >= faults_.transactions) return;
            clients_.begin_one();
            strike();
            plan_step();
        });
    }

    void strike() {
        const auto member = [this] { return random_.below(world_.members.size()); };
        if (random_.chance(faults_.item_repeated)) consortium_.repeat_old_item();
        if (random_.chance(faults_.backup)) consortium_.take_backup(member());
        if (random_.chance(faults_.disk_full)) consortium_.fill_disk(member());
        if (random_.chance(faults_.member_stopped)) consortium_.stop_member(member());
        if (random_.chance(faults_.slow_disk))
            consortium_.slow_disk_until(timeline_.now_us() + random_.between(100'000, 3'000'000));
        if (random_.chance(faults_.clock_jump)) jump();
        if (random_.chance(faults_.crash)) {
            if (random_.chance(700)) {
                consortium_.crash_in(random_.between(1, 60));
            } else {
                consortium_.crash(random_.chance(faults_.power_lost));
            }
        }
    }

    void jump() {
        auto ms = static_cast<std::int64_t>(
            random_.below(static_cast<std::uint64_t>(faults_.clock_jump_ms_max)));
        if (faults_.clock_back && random_.chance(500)) ms = -ms;
        // Never before the genesis, and not so far that nobody's day is today.
        const std::int64_t after = timeline_.wall_offset_ms() + ms;
        if (after < 0 || after > 6LL * 3600 * 1000) return;
        timeline_.jump(ms);
        std::string text = "clock ms ";
        trace_.add(text.append(std::to_string(ms)));
    }

    void heal() {
        if (checker_.failure()) return;
        trace_.add("heal");
        clients_.heal();
        const std::uint64_t until = timeline_.now_us() + kHealUsMax;
        plan_healing();
        run_until(
            [this, until] {
                return (clients_.done() && consortium_.healthy()) || timeline_.now_us() > until;
            },
            "to heal");
        if (checker_.failure()) return;
        if (!clients_.done())
            checker_.fail(std::string("liveness: no answer for ").append(clients_.oldest_open()));
        else if (!consortium_.healthy())
            checker_.fail("liveness: not every node is back");
    }

    void plan_healing() {
        consortium_.heal();
        timeline_.after(100'000, [this] { plan_healing(); });
    }

    template <typename Condition>
    void run_until(const Condition& condition, const char* what) {
        std::uint64_t events = 0;
        while (!condition() && !checker_.failure()) {
            if (!timeline_.step() || ++events > kEventsMax) {
                std::string text = "liveness: too many events ";
                checker_.fail(text.append(what));
                return;
            }
        }
    }

    void final_checks() {
        consortium_.check_everything();
        trace_.add(std::string("end height ").append(std::to_string(checker_.height())));
    }

    Report report() const {
        Report out;
        out.seed = options_.seed;
        out.failure = checker_.failure();
        out.trace_hash = trace_.hash();
        out.trace_lines = trace_.lines();
        out.trace_tail = trace_.tail();
        out.blocks = checker_.height();
        out.transactions = checker_.transactions();
        out.answered = clients_.answered();
        out.expired = clients_.expired();
        out.crashes = consortium_.counts().crashes;
        out.stops = consortium_.counts().stops;
        out.restores = consortium_.counts().restores;
        out.full_disks = consortium_.counts().full_disks;
        out.receipts = checker_.receipts();
        return out;
    }

    const SimOptions options_;
    Random random_;
    const Faults faults_;
    World world_;
    Timeline timeline_;
    Trace trace_;
    Checker checker_;
    Consortium consortium_;
    Clients clients_;
};

}  // namespace

Report simulate(const SimOptions& options) {
    return Simulation(options).run();
}

}  // namespace consilium::sim
