// SPDX-License-Identifier: Apache-2.0
#include "cli/run_process.hpp"

#include <pthread.h>
#include <csignal>

namespace consilium::cli {
namespace {

constexpr std::size_t kLogBytesMax = 64U << 20U;
constexpr std::size_t kLogFilesMax = 5;

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

}  // namespace

StopSignals::StopSignals() {
    const sigset_t set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // A closed pipe is an error of one write, not the end of a node.
    (void)std::signal(SIGPIPE, SIG_IGN);
}

void StopSignals::wait() {
    const sigset_t set = stop_signals();
    int signal = 0;
    while (sigwait(&set, &signal) != 0) {
    }
}

Result<telemetry::Logger, Problem> open_log(const node::LogConfig& config) {
    telemetry::Level level = telemetry::Level::kInfo;
    if (config.level == "debug") level = telemetry::Level::kDebug;
    if (config.level == "warn") level = telemetry::Level::kWarning;
    if (config.level == "error") level = telemetry::Level::kError;
    if (config.file.empty()) return telemetry::Logger::to_stderr(level);
    auto log = telemetry::Logger::to_file(config.file, kLogBytesMax, kLogFilesMax, level);
    if (!log) {
        return fail(Problem{Exit::kDisk, "cannot write the log file " + config.file,
                            "Change file under [log] of the configuration."});
    }
    return std::move(log).value();
}

Problem problem_of(const node::ProcessError& error) {
    using Kind = node::ProcessError::Kind;
    Exit code = Exit::kRefused;
    if (error.kind == Kind::kConfig) code = Exit::kUsage;
    if (error.kind == Kind::kDisk) code = Exit::kDisk;
    return {code, error.message, error.hint};
}

}  // namespace consilium::cli
