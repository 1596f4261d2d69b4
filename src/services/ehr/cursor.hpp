// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "services/ehr/store.hpp"

// Where the next page of a search goes on. A cursor carries the whole search, sealed under a key of
// the vault's, so that no link of an answer has health data in its address (45 CFR 164.312), and so
// that nobody can make one up. It stays good over restarts.
namespace consilium::services::ehr {

struct Position {
    vault::DocumentName last;  // of the page before
    Bytes sort_key;            // of that resource, with _sort
    std::string query;         // of the first page
};

class Cursors {
 public:
    explicit Cursors(Store& store) : store_(store) {}

    // `where` is what the search is over, such as "Observation"; only there it can be opened.
    [[nodiscard]] Result<std::string, StoreError> seal(const Position& position,
                                                       std::string_view where);
    // Nothing for what this server did not seal.
    [[nodiscard]] Result<std::optional<Position>, StoreError> open(std::string_view cursor,
                                                                   std::string_view where);

 private:
    [[nodiscard]] Result<Bytes, StoreError> key();
    Store& store_;
    std::mutex mutex_;
    Bytes key_;
};

}  // namespace consilium::services::ehr
