// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <mutex>
#include <thread>

#include "consilium/v1/membership.pb.h"
#include "crypto/hash.hpp"
#include "ledger/outcome.hpp"
#include "proto/canonical.hpp"
#include "services/ledger/fake_outcome_testing.hpp"
#include "services/port/port.hpp"

namespace consilium::services::ledger_api {

// Stands in for a node in tests of the routes. A transaction's bytes say what becomes of it
// ("malformed", "disk", ..., anything else is applied); the first byte of an id or key says which
// error a read answers (0xe0 and the error's number).
class FakeNode final : public Submit, public Events, public Reads {
 public:
    ~FakeNode() override {
        for (auto& thread : threads)
            thread.join();
    }

    void submit(Bytes transaction, SubmitCallback done) override {
        submit_batch({std::move(transaction)},
                     [done = std::move(done)](std::size_t, auto result) { done(result); });
    }
    void submit_batch(
        std::vector<Bytes> transactions,
        std::function<void(std::size_t, Result<Committed, SubmitError>)> done) override {
        const std::lock_guard lock(mutex);
        ++calls;
        if (transactions[0] == "late") {
            late.push_back(std::move(done));
            return;
        }
        // From another thread and in the wrong order, as the port allows.
        threads.emplace_back([t = std::move(transactions), d = std::move(done)] {
            for (std::size_t i = t.size(); i-- > 0;) {
                if (const auto error = fake_error(t[i])) {
                    d(i, fail(*error));
                } else {
                    d(i, fake_committed(t[i]));
                }
            }
        });
    }

    std::unique_ptr<Subscription> subscribe(Cursor from, EventCallback each) override {
        struct Handle final : Subscription {
            FakeNode* node = nullptr;
            std::list<EventCallback>::iterator place;
            ~Handle() override {
                const std::lock_guard lock(node->mutex);
                node->followers.erase(place);
            }
        };
        const std::lock_guard lock(mutex);
        ++subscriptions;
        for (const auto& block : blocks) {
            if (block.height >= from.height) each(block);
        }
        if (ends_after_stored) each(fail(*ends_after_stored));
        auto handle = std::make_unique<Handle>();
        handle->node = this;
        handle->place = followers.insert(followers.end(), std::move(each));
        return handle;
    }
    void publish(Height height, std::size_t outcomes) {
        BlockEvent block;
        block.height = height;
        block.time = {1000 * height};
        for (std::size_t i = 0; i < outcomes; ++i) {
            auto one = fake_committed(std::to_string(height) + "." + std::to_string(i));
            one.height = height;
            block.outcomes.push_back(one);
        }
        const std::lock_guard lock(mutex);
        blocks.push_back(block);
        newest = height;
        for (const auto& each : followers)
            each(block);
    }

    // Nothing follows, for all followers.
    void end(ReadError error) {
        const std::lock_guard lock(mutex);
        for (const auto& each : followers)
            each(fail(error));
    }

    NodeStatus status() const override {
        NodeStatus out;
        out.member_id = "hospital";
        out.chain_id = "consilium-test";
        out.protocol_version = 1;
        out.height = newest;
        out.retained_height = retained;
        out.catching_up = catching_up;
        out.failed = failed;
        return out;
    }
    static std::optional<ReadError> error_of(BytesView id) {
        const auto first = static_cast<std::uint8_t>(id[0]);
        if (first < 0xe0) return std::nullopt;
        return static_cast<ReadError>(first - 0xe0);
    }
    Result<Committed, ReadError> outcome(const ledger::TransactionId& id) const override {
        if (const auto error = error_of(id.view())) return fail(*error);
        auto out = fake_committed(id.value[0] == 1 ? "rejected" : "assigned");
        out.id = id;
        return out;
    }
    Result<Bytes, ReadError> outcome_receipt(const ledger::TransactionId& id) const override {
        if (const auto error = error_of(id.view())) return fail(*error);
        return Bytes("a receipt");
    }
    Result<StateAnswer, ReadError> state(BytesView key, std::optional<Height> at,
                                         bool prove) const override {
        if (const auto error = error_of(key)) return fail(*error);
        StateAnswer out;
        out.height = at.value_or(newest);
        if (key[0] != '\0') out.value = Bytes("value\xff", 6);
        if (prove) out.receipt = "a receipt";
        return out;
    }
    Result<StateList, ReadError> state_list(BytesView prefix, BytesView from, std::size_t limit,
                                            std::optional<Height> at, bool prove) const override {
        StateList out;
        out.height = at.value_or(newest);
        if (prefix == BytesView("\x02\x01", 2)) {
            if (list_error) return fail(*list_error);
            v1::Member member;
            member.set_name("General \"Hospital\"");
            member.set_address("1 Main Street");
            member.add_kinds(v1::MEMBER_KIND_PROVIDER);
            member.add_kinds(v1::MEMBER_KIND_ETHICS_BOARD);
            member.set_status(v1::MEMBER_STATUS_ACTIVE);
            out.entries.emplace_back(Bytes("\x02\x01hospital\0", 11), proto::encode(member));
            return out;
        }
        if (prefix == BytesView("\x02\x02", 2)) {
            v1::Node node;
            node.set_endpoint("https://localhost:7443");
            node.set_validator_public_key(Bytes(32, 'k'));
            node.set_validator_power(3);
            out.entries.emplace_back(Bytes("\x02\x02hospital\0", 11), proto::encode(node));
            return out;
        }
        if (!prefix.empty() && error_of(prefix)) return fail(*error_of(prefix));
        for (std::size_t i = 0; i < limit && i < 5; ++i)
            out.entries.emplace_back(Bytes(prefix) + Bytes(from) + std::to_string(i), "v");
        out.more = limit < 5;
        if (prove) out.receipt = "a receipt";
        return out;
    }
    Result<Bytes, ReadError> block(Height height) const override {
        if (height >= 0xe0 && height < 0xe5) return fail(static_cast<ReadError>(height - 0xe0));
        return fake_block(height);
    }
    Result<Height, ReadError> height_at(UnixMs time) const override {
        if (time.value < 5) return fail(static_cast<ReadError>(time.value));
        return time.value / 1000;
    }
    Result<Bytes, ReadError> validator_history() const override {
        if (list_error) return fail(*list_error);
        return Bytes("a history");
    }
    Bytes genesis() const override { return R"({"chain_id":"consilium-test","app_state":"AA=="})"; }

    // Transactions "late" are answered when the test says so.
    [[nodiscard]] std::size_t late_count() {
        const std::lock_guard lock(mutex);
        return late.size();
    }
    void answer_late() {
        for (const auto& done : late)
            done(0, fake_committed("late"));
    }

    std::vector<std::function<void(std::size_t, Result<Committed, SubmitError>)>> late;
    mutable std::mutex mutex;
    std::vector<std::thread> threads;
    std::list<EventCallback> followers;
    std::vector<BlockEvent> blocks;
    std::atomic<int> calls{0};
    std::atomic<int> subscriptions{0};
    std::atomic<Height> newest{7};
    std::atomic<Height> retained{0};
    std::atomic<bool> catching_up{false};
    std::atomic<bool> failed{false};
    std::optional<ReadError> list_error;
    std::optional<ReadError> ends_after_stored;  // of events
};

}  // namespace consilium::services::ledger_api
