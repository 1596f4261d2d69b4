// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/hex.hpp"
#include "base/result.hpp"
#include "telemetry/literal.hpp"

namespace consilium::telemetry {

enum class Level { kDebug, kInfo, kWarning, kError };

[[nodiscard]] const char* to_string(Level level);

// One value of a log line: a number, a truth value, the hexadecimal id of something on the ledger,
// or the name of an enumerator. There is no way to put other text in (45 CFR 164.312: logs are read
// by people who may not see what the node serves).
class Field {
 public:
    template <std::signed_integral T>
    Field(Literal key, T value) : key_(key), json_(std::to_string(std::int64_t{value})) {}
    template <std::unsigned_integral T>
    Field(Literal key, T value) : key_(key), json_(std::to_string(std::uint64_t{value})) {}
    Field(Literal key, bool value) : key_(key), json_(value ? "true" : "false") {}
    template <std::size_t N>
    Field(Literal key, const FixedBytes<N>& id) : key_(key), json_('"' + to_hex(id.view()) + '"') {}
    // `enumerator` is what a to_string(enum) returned, or a member's id. Characters other than
    // a-z, A-Z, 0-9, '_', '-' and '.' become '?', and all after the first 64 are dropped.
    [[nodiscard]] static Field name(Literal key, std::string_view enumerator);

    [[nodiscard]] std::string_view key() const { return key_.view(); }
    [[nodiscard]] const std::string& json() const { return json_; }

 private:
    struct Raw {};
    Field(Raw, Literal key, std::string json) : key_(key), json_(std::move(json)) {}
    Literal key_;
    std::string json_;
};

enum class LogError { kOpen };  // the file cannot be opened for writing

[[nodiscard]] const char* to_string(LogError error);

// Writes one JSON object per line:
//   {"time":"2026-01-31T23:59:59.123Z","level":"info","component":"http","message":"...",
//    "height":7}
// A handle: copies share the sink. Thread-safe. Writing never fails visibly: a full disk must not
// stop a node from answering.
class Logger {
 public:
    // Drops everything.
    Logger() = default;
    [[nodiscard]] static Logger to_stderr(Level least);
    // Rotates at `bytes_max` (1 KiB or more) and keeps `files_max` older files (1 or more).
    [[nodiscard]] static Result<Logger, LogError> to_file(const std::string& path,
                                                          std::size_t bytes_max,
                                                          std::size_t files_max, Level least);
    // Hands every line, without its line end, to `line`; calls are serialised.
    [[nodiscard]] static Logger to_function(std::function<void(std::string_view)> line,
                                            Level least);

    [[nodiscard]] bool enabled(Level level) const;
    void write(Level level, Literal component, Literal message,
               std::initializer_list<Field> fields = {}) const;

    void debug(Literal component, Literal message, std::initializer_list<Field> fields = {}) const {
        write(Level::kDebug, component, message, fields);
    }
    void info(Literal component, Literal message, std::initializer_list<Field> fields = {}) const {
        write(Level::kInfo, component, message, fields);
    }
    void warning(Literal component, Literal message,
                 std::initializer_list<Field> fields = {}) const {
        write(Level::kWarning, component, message, fields);
    }
    void error(Literal component, Literal message, std::initializer_list<Field> fields = {}) const {
        write(Level::kError, component, message, fields);
    }

 private:
    struct Sink;
    explicit Logger(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
    std::shared_ptr<Sink> sink_;
};

}  // namespace consilium::telemetry
