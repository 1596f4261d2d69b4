// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <variant>

#include "base/assert.hpp"

namespace consilium {

template <typename E>
struct Failure {
    E error;
};

// Makes the failing alternative: return fail(Error::kTooLong);
template <typename E>
[[nodiscard]] Failure<E> fail(E error) {
    return {std::move(error)};
}

// A value or an error. Reading the alternative that is not there is a bug of ours and aborts.
template <typename T, typename E>
class [[nodiscard]] Result {
 public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Failure<E> failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] const T& value() const& {
        CONSILIUM_ASSERT(ok());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] T& value() & {
        CONSILIUM_ASSERT(ok());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] T&& value() && {
        CONSILIUM_ASSERT(ok());
        return std::move(*std::get_if<0>(&state_));
    }
    [[nodiscard]] const E& error() const {
        CONSILIUM_ASSERT(!ok());
        return *std::get_if<1>(&state_);
    }
    const T& operator*() const& { return value(); }
    T& operator*() & { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    const T* operator->() const { return &value(); }
    T* operator->() { return &value(); }

 private:
    std::variant<T, E> state_;
};

// Success without a value, or an error.
struct Done {};
template <typename E>
using Status = Result<Done, E>;

}  // namespace consilium
