// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace consilium::telemetry {

// Text that is written in our source. The compiler refuses anything else, so that no input, and
// with it nothing about a patient, can reach a log line or a metric's name.
class Literal {
 public:
    consteval Literal(const char* text) : text_(text) {}
    [[nodiscard]] constexpr std::string_view view() const { return text_; }

 private:
    std::string_view text_;
};

}  // namespace consilium::telemetry
