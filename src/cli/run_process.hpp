// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/result.hpp"
#include "cli/output.hpp"
#include "node/config.hpp"
#include "node/process.hpp"
#include "telemetry/log.hpp"

namespace consilium::cli {

// SIGINT and SIGTERM wait until wait() takes them. Made before any thread starts, because threads
// inherit which signals are blocked.
class StopSignals {
 public:
    StopSignals();
    // Returns when one of them has come.
    void wait();
};

[[nodiscard]] Result<telemetry::Logger, Problem> open_log(const node::LogConfig& config);
[[nodiscard]] Problem problem_of(const node::ProcessError& error);

}  // namespace consilium::cli
