// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "base/result.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/identity.pb.h"
#include "services/port/port.hpp"

// The rows of the ledger that the exchange reads, from the newest committed state. Thread-safe.
namespace consilium::services::ehr::exchange {

class LedgerView {
 public:
    explicit LedgerView(Reads& reads) : reads_(reads) {}

    template <typename Row>
    using Read = Result<std::optional<Row>, ReadError>;

    [[nodiscard]] Read<v1::AccessRequest> request(BytesView id, std::uint32_t number) const;
    [[nodiscard]] Read<v1::Disclosure> disclosure(BytesView link, std::uint32_t number) const;
    [[nodiscard]] Read<v1::Contribution> contribution(BytesView link, std::uint32_t number) const;
    [[nodiscard]] Read<v1::Link> link(BytesView link) const;
    // One entry of a list of records (ledger::record_list): a record or a manifest.
    [[nodiscard]] Read<v1::Record> record(BytesView list, std::uint64_t sequence) const;
    [[nodiscard]] Read<v1::Share> share(BytesView link, std::uint32_t number) const;
    [[nodiscard]] Read<v1::ConsentGate> gate(BytesView link) const;
    [[nodiscard]] Result<std::vector<v1::LinkSlot>, ReadError> slots(BytesView chart) const;
    [[nodiscard]] Read<v1::Clearance> clearance(BytesView member, BytesView user) const;
    // The reviews that a member owes, the one due first first: at most `limit`, after `after` (a
    // key of that list).
    struct DueReview {
        Bytes key;
        UnixMs due;
        Bytes id;
        std::uint32_t number = 0;
    };
    [[nodiscard]] Result<std::vector<DueReview>, ReadError> due_reviews(BytesView member,
                                                                        BytesView after,
                                                                        std::size_t limit) const;
    [[nodiscard]] UnixMs block_time() const { return reads_.status().block_time; }

 private:
    template <typename Row>
    [[nodiscard]] Read<Row> read(BytesView key) const;
    Reads& reads_;
};

}  // namespace consilium::services::ehr::exchange
