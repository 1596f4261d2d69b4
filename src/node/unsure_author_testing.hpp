// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

#include "services/port/author.hpp"

namespace consilium::node::testing {

// Speaks in a role that may not decide on contributions, when told to.
class UnsureAuthor final : public services::Author {
 public:
    explicit UnsureAuthor(std::unique_ptr<services::Author> author) : author_(std::move(author)) {}
    Result<Bytes, services::AuthorError> compose(
        v1::Role role, const std::vector<v1::Command>& commands) override {
        return author_->compose(wrong ? v1::ROLE_PRIVACY_OFFICER : role, commands);
    }
    std::atomic<bool> wrong = false;

 private:
    std::unique_ptr<services::Author> author_;
};

}  // namespace consilium::node::testing
