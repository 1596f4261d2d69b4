// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace consilium::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, renders_what_was_counted) {
    Metrics metrics;
    const auto applied =
        metrics.counter("consilium_test_total", "Counts.", {{"result", "applied"}});
    applied.add();
    applied.add(4);
    metrics.counter("consilium_test_total", "Counts.", {{"result", "applied"}}).add(10);
    const auto gauge = metrics.gauge("consilium_test_depth", "Depth.");
    gauge.set(7);
    gauge.add(-2);
    const auto seconds = metrics.histogram("consilium_test_seconds", "Time.", {0.1, 1.0});
    seconds.observe(0.05);
    seconds.observe(5);
    seconds.observe_counted({2, 1, 4}, 21.5);
    const auto text = metrics.render();
    EXPECT_THAT(text, HasSubstr("consilium_test_total{result=\"applied\"} 15\n"));
    EXPECT_THAT(text, HasSubstr("consilium_test_depth 5\n"));
    EXPECT_THAT(text, HasSubstr("consilium_test_seconds_bucket{le=\"0.1\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("consilium_test_seconds_bucket{le=\"1\"} 4\n"));
    EXPECT_THAT(text, HasSubstr("consilium_test_seconds_count 9\n"));
    EXPECT_THAT(text, HasSubstr("consilium_test_seconds_sum 26.55\n"));
}

TEST(Metrics, label_values_carry_no_free_text) {
    Metrics metrics;
    metrics.counter("consilium_test_total", "Counts.", {{"code", "a b\n\""}}).add();
    EXPECT_THAT(metrics.render(), HasSubstr("code=\"a?b??\""));
}

TEST(Metrics, updates_before_each_render) {
    Metrics metrics;
    const auto gauge = metrics.gauge("consilium_test_depth", "Depth.");
    std::int64_t depth = 0;
    metrics.before_render([&] { gauge.set(++depth); });
    EXPECT_THAT(metrics.render(), HasSubstr("consilium_test_depth 1\n"));
    EXPECT_THAT(metrics.render(), HasSubstr("consilium_test_depth 2\n"));
}

TEST(Metrics, default_handles_count_nothing) {
    Counter().add();
    Gauge().set(1);
    Histogram().observe(1);
    Histogram().observe_counted({1, 1}, 2);
    EXPECT_THAT(Metrics().render(), Not(HasSubstr("consilium")));
}

}  // namespace
}  // namespace consilium::telemetry
