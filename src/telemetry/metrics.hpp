// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/literal.hpp"

namespace consilium::telemetry {

// A label's value is an enumerator's name, a member's id or a route's pattern. Characters other
// than a-z, A-Z, 0-9, '_', '-', '.' and '/' become '?', and all after the first 64 are dropped: no
// other text gets into a metric. The number of different values is the number of series that are
// kept.
struct Label {
    Literal name;
    std::string_view value;
};

// Handles stay valid as long as their Metrics; copying one is cheap. Thread-safe. A handle that was
// made by its default constructor counts nothing.
class Counter {
 public:
    void add(std::uint64_t n = 1) const;

 private:
    friend class Metrics;
    void* counter_ = nullptr;
};

class Gauge {
 public:
    void set(std::int64_t value) const;
    void add(std::int64_t n) const;

 private:
    friend class Metrics;
    void* gauge_ = nullptr;
};

class Histogram {
 public:
    void observe(double value) const;
    // Takes in what was counted elsewhere: how many values fell into each bucket, the last one
    // without end included, and their sum.
    void observe_counted(const std::vector<double>& per_bucket, double sum) const;

 private:
    friend class Metrics;
    void* histogram_ = nullptr;
};

// The metrics of one node, as Prometheus scrapes them. Names follow its conventions
// (consilium_http_requests_total, units in the name). Asking again for the same name and labels
// gives the same metric. Thread-safe.
class Metrics {
 public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    [[nodiscard]] Counter counter(Literal name, Literal help,
                                  std::initializer_list<Label> labels = {});
    [[nodiscard]] Gauge gauge(Literal name, Literal help, std::initializer_list<Label> labels = {});
    // `bounds` are the upper ends of the buckets, ascending, at least one; a last bucket without
    // end is added. Units as the name says (seconds, bytes).
    [[nodiscard]] Histogram histogram(Literal name, Literal help, std::vector<double> bounds,
                                      std::initializer_list<Label> labels = {});

    // `update` runs in every render(), to set gauges that are read rather than kept: on the
    // caller's thread, one render() at a time. What it refers to must outlive this object, and it
    // must not call before_render() or render().
    void before_render(std::function<void()> update);

    // The text exposition format, version 0.0.4.
    [[nodiscard]] std::string render() const;

 private:
    struct Registry;
    std::unique_ptr<Registry> registry_;
};

}  // namespace consilium::telemetry
