// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <ctime>

#include "base/assert.hpp"

namespace consilium::telemetry {
namespace {

class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
    explicit FunctionSink(std::function<void(std::string_view)> line) : line_(std::move(line)) {}

 protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        line_(std::string_view(message.payload.data(), message.payload.size()));
    }
    void flush_() override {}

 private:
    std::function<void(std::string_view)> line_;
};

std::string now_rfc3339() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    const auto seconds = static_cast<std::time_t>(ms / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::string out(text.data(), length);
    const auto millis = std::to_string(ms % 1000);
    out += '.';
    out.append(3 - millis.size(), '0');
    return out + millis + 'Z';
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

// Our own literals may hold any character of the source; the line stays JSON all the same.
void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    out += '"';
}

constexpr std::size_t kNameCharactersMax = 64;

}  // namespace

const char* to_string(Level level) {
    switch (level) {
        case Level::kDebug:
            return "debug";
        case Level::kInfo:
            return "info";
        case Level::kWarning:
            return "warning";
        case Level::kError:
            return "error";
    }
    return "unknown";
}

const char* to_string(LogError error) {
    switch (error) {
        case LogError::kOpen:
            return "open";
    }
    return "unknown";
}

Field Field::name(Literal key, std::string_view enumerator) {
    std::string json = "\"";
    for (const char c : enumerator.substr(0, kNameCharactersMax))
        json += is_name_character(c) ? c : '?';
    json += '"';
    return Field(Raw{}, key, std::move(json));
}

struct Logger::Sink {
    Level least;
    spdlog::logger logger;

    Sink(Level least_level, spdlog::sink_ptr sink)
        : least(least_level), logger("consilium", std::move(sink)) {
        logger.set_pattern("%v");
        logger.set_level(spdlog::level::trace);
        logger.flush_on(spdlog::level::trace);
        // A sink that fails (disk full) says so on stderr by default, with the line in it; we keep
        // quiet, because the metric and doctor report a full disk.
        logger.set_error_handler([](const std::string&) {});
    }
};

Logger Logger::to_stderr(Level least) {
    return Logger(std::make_shared<Sink>(least, std::make_shared<spdlog::sinks::stderr_sink_mt>()));
}

Result<Logger, LogError> Logger::to_file(const std::string& path, std::size_t bytes_max,
                                         std::size_t files_max, Level least) {
    CONSILIUM_ASSERT(bytes_max >= 1024 && files_max >= 1);
    try {
        auto sink =
            std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, bytes_max, files_max);
        return Logger(std::make_shared<Sink>(least, std::move(sink)));
    } catch (const std::exception&) {
        return fail(LogError::kOpen);
    }
}

Logger Logger::to_function(std::function<void(std::string_view)> line, Level least) {
    return Logger(std::make_shared<Sink>(least, std::make_shared<FunctionSink>(std::move(line))));
}

bool Logger::enabled(Level level) const {
    return sink_ != nullptr && level >= sink_->least;
}

void Logger::write(Level level, Literal component, Literal message,
                   std::initializer_list<Field> fields) const {
    if (!enabled(level)) return;
    std::string line =
        R"({"time":")" + now_rfc3339() + R"(","level":")" + to_string(level) + R"(","component":)";
    append_json_string(line, component.view());
    line += R"(,"message":)";
    append_json_string(line, message.view());
    for (const auto& field : fields) {
        line += ',';
        append_json_string(line, field.key());
        line += ':';
        line += field.json();
    }
    line += '}';
    sink_->logger.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace consilium::telemetry
