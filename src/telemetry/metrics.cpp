// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "base/assert.hpp"

namespace consilium::telemetry {
namespace {

std::map<std::string, std::string> to_labels(std::initializer_list<Label> labels) {
    std::map<std::string, std::string> out;
    for (const auto& label : labels) {
        std::string value(label.value.substr(0, 64));
        for (char& c : value) {
            const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                               (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
                               c == '/';
            if (!plain) c = '?';
        }
        out.emplace(std::string(label.name.view()), std::move(value));
    }
    return out;
}

}  // namespace

void Counter::add(std::uint64_t n) const {
    if (counter_ != nullptr) {
        static_cast<prometheus::Counter*>(counter_)->Increment(static_cast<double>(n));
    }
}

void Gauge::set(std::int64_t value) const {
    if (gauge_ != nullptr) static_cast<prometheus::Gauge*>(gauge_)->Set(static_cast<double>(value));
}

void Gauge::add(std::int64_t n) const {
    if (gauge_ != nullptr) {
        static_cast<prometheus::Gauge*>(gauge_)->Increment(static_cast<double>(n));
    }
}

void Histogram::observe(double value) const {
    if (histogram_ != nullptr) static_cast<prometheus::Histogram*>(histogram_)->Observe(value);
}

void Histogram::observe_counted(const std::vector<double>& per_bucket, double sum) const {
    if (histogram_ != nullptr) {
        static_cast<prometheus::Histogram*>(histogram_)->ObserveMultiple(per_bucket, sum);
    }
}

struct Metrics::Registry {
    prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
    mutable std::mutex mutex;
    std::vector<std::function<void()>> updates;
};

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(Literal name, Literal help, std::initializer_list<Label> labels) {
    Counter out;
    out.counter_ = &prometheus::BuildCounter()
                        .Name(std::string(name.view()))
                        .Help(std::string(help.view()))
                        .Register(registry_->registry)
                        .Add(to_labels(labels));
    return out;
}

Gauge Metrics::gauge(Literal name, Literal help, std::initializer_list<Label> labels) {
    Gauge out;
    out.gauge_ = &prometheus::BuildGauge()
                      .Name(std::string(name.view()))
                      .Help(std::string(help.view()))
                      .Register(registry_->registry)
                      .Add(to_labels(labels));
    return out;
}

Histogram Metrics::histogram(Literal name, Literal help, std::vector<double> bounds,
                             std::initializer_list<Label> labels) {
    CONSILIUM_ASSERT(!bounds.empty() && std::is_sorted(bounds.begin(), bounds.end()));
    Histogram out;
    out.histogram_ = &prometheus::BuildHistogram()
                          .Name(std::string(name.view()))
                          .Help(std::string(help.view()))
                          .Register(registry_->registry)
                          .Add(to_labels(labels), bounds);
    return out;
}

void Metrics::before_render(std::function<void()> update) {
    const std::lock_guard lock(registry_->mutex);
    registry_->updates.push_back(std::move(update));
}

std::string Metrics::render() const {
    {
        const std::lock_guard lock(registry_->mutex);
        for (const auto& update : registry_->updates)
            update();
    }
    return prometheus::TextSerializer().Serialize(registry_->registry.Collect());
}

}  // namespace consilium::telemetry
