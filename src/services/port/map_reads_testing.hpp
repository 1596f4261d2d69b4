// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "services/port/port.hpp"

namespace consilium::services {

// A ledger that is a map; nothing else is asked of it.
class MapReads : public Reads {
 public:
    std::map<Bytes, Bytes> rows;
    Height height = 1;

    Result<StateAnswer, ReadError> state(BytesView key, std::optional<Height>,
                                         bool) const override {
        const auto found = rows.find(Bytes(key));
        StateAnswer answer;
        if (found != rows.end()) answer.value = found->second;
        return answer;
    }
    Result<StateList, ReadError> state_list(BytesView prefix, BytesView, std::size_t,
                                            std::optional<Height>, bool) const override {
        StateList list;
        for (const auto& [key, value] : rows) {
            if (BytesView(key).substr(0, prefix.size()) == prefix)
                list.entries.emplace_back(key, value);
        }
        return list;
    }
    NodeStatus status() const override {
        NodeStatus out;
        out.height = height;
        return out;
    }
    Result<Committed, ReadError> outcome(const ledger::TransactionId&) const override {
        return fail(ReadError::kNotFound);
    }
    Result<Bytes, ReadError> outcome_receipt(const ledger::TransactionId&) const override {
        return fail(ReadError::kNotFound);
    }
    Result<Bytes, ReadError> block(Height) const override { return fail(ReadError::kNotFound); }
    Result<Height, ReadError> height_at(UnixMs) const override {
        return fail(ReadError::kNotFound);
    }
    Result<Bytes, ReadError> validator_history() const override {
        return fail(ReadError::kNotFound);
    }
    Bytes genesis() const override { return {}; }
};

}  // namespace consilium::services
