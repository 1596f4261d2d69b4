// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "consilium/v1/identity.pb.h"
#include "node/author.hpp"
#include "node/consortium_fixture.hpp"
#include "node/node.hpp"
#include "proto/canonical.hpp"
#include "services/ehr/exchange/cards.hpp"
#include "services/ehr/exchange/erasures.hpp"
#include "services/ehr/exchange/exchange.hpp"
#include "services/ehr/exchange/sheddings.hpp"

// Members of a consortium that exchange records: real contracts on the embedded engine, real
// vaults in a folder of their own, and between them wires in memory that keep what was sent.
namespace consilium::node::testing {

namespace ex = services::ehr::exchange;

// What was sent and not yet taken outlives the exchanges at its ends, as the delivery's queue does.
class Wires {
 public:
    Wires();
    ~Wires();
    class End final : public ex::Channel {
     public:
        End(Wires& wires, ledger::MemberId self) : wires_(wires), self_(std::move(self)) {}
        [[nodiscard]] Status<ex::ChannelError> send(const ledger::MemberId& to, const Hash32& name,
                                                    Bytes message) override;
        void on_receive(Receive receive) override;

     private:
        Wires& wires_;
        ledger::MemberId self_;
    };
    struct Message {
        ledger::MemberId from;
        ledger::MemberId to;
        Bytes bytes;
    };
    // Sends anything, as anybody that the channel has authenticated could.
    ex::Handled deliver_now(const Message& message);
    void pause(bool paused);
    // Changes what is sent from now on.
    void tamper(std::function<void(v1::ExchangeMessage&)> change);
    // All that was sent, in order.
    [[nodiscard]] std::vector<Message> sent() const;
    // How many are not taken yet.
    [[nodiscard]] std::size_t waiting() const;

 private:
    friend class End;
    void run();
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<ledger::MemberId, std::shared_ptr<ex::Channel::Receive>> receivers_;
    std::set<std::pair<ledger::MemberId, Hash32>> names_;
    std::deque<Message> queue_;
    std::vector<Message> sent_;
    std::function<void(v1::ExchangeMessage&)> change_;
    bool paused_ = false;
    bool ending_ = false;
    bool busy_ = false;
    std::thread thread_;
};

// A custodian's store, no more than the exchange asks of one.
class TestRecords final : public ex::Records {
 public:
    [[nodiscard]] Result<std::optional<ex::ChartOpening>, ex::RecordsError> chart(
        std::string_view patient) const override;
    [[nodiscard]] Result<std::vector<ex::CurrentVersion>, ex::RecordsError> current(
        std::string_view patient, const v1::ExchangeAsk& ask) const override;
    [[nodiscard]] Result<std::vector<std::string>, ex::RecordsError> find(
        const v1::NamedPatient& named) const override;

    std::map<std::string, ex::ChartOpening, std::less<>> charts;
    std::map<Bytes, std::vector<std::string>> names;  // whom an encoded NamedPatient finds
    std::vector<ex::CurrentVersion> versions;
};

// What an erasure asks of that store. Its records are anchored when a test says so.
class TestHeldRecords final : public ex::HeldRecords {
 public:
    TestHeldRecords(const TestRecords& records, const vault::Vault& vault)
        : records_(records), vault_(vault) {}
    [[nodiscard]] Result<std::optional<ex::HeldRecord>, ex::RecordsError> held(
        std::string_view type, std::string_view id) const override;
    [[nodiscard]] Result<std::optional<ex::AnchoredRecord>, ex::RecordsError> anchored(
        const ledger::RecordId& record, const ledger::ChartId& chart) const override;
    [[nodiscard]] Result<std::vector<ledger::LinkId>, ex::RecordsError> links(
        const ledger::ChartId& chart) const override;
    [[nodiscard]] Result<vault::Row, ex::RecordsError> touched(
        const ledger::RecordId& record, std::uint64_t sequence) const override;

    std::map<ledger::RecordId, std::uint64_t> sequences;

 private:
    const TestRecords& records_;
    const vault::Vault& vault_;
};

class ExchangeTest : public ::testing::Test {
 protected:
    explicit ExchangeTest(const v1::EhrParameters& ehr = {});
    ~ExchangeTest() override;

    struct Side {
        std::unique_ptr<vault::Vault> vault;
        std::unique_ptr<services::Author> author;
        TestRecords records;
        std::unique_ptr<ex::Records> store_records;       // instead of them
        std::function<void(ex::Exchange& to)> add_parts;  // more than every exchange here has
        std::unique_ptr<Wires::End> channel;
        std::unique_ptr<ex::Ports> ports;
        std::unique_ptr<TestHeldRecords> held;
        std::unique_ptr<ex::HeldRecords> store_held;  // instead of it
        std::unique_ptr<ex::Exchange> exchange;
        ex::Erasures* erasures = nullptr;    // the exchange's
        ex::Sheddings* sheddings = nullptr;  // the exchange's
    };
    void start(std::size_t member);
    Result<v1::ChartCard, ex::CardError> issue(const ex::CardOrder& order);
    void stop(std::size_t member) { sides[member].exchange.reset(); }

    // Submits as that member's user and waits; the outcome.
    ledger::Outcome submit(std::size_t member, const std::vector<v1::Command>& commands,
                           const crypto::SigningKey* signer = nullptr,
                           v1::Role role = v1::ROLE_SERVICE);
    // Stores a resource of patient `of` at the hospital.
    void add_resource(const std::string& type, const std::string& id, const std::string& more,
                      const std::vector<std::string>& of);
    // Opens a chart at the hospital that has no link yet.
    ex::ChartOpening open_chart(const std::string& patient);
    // Opens chart and link, and answers the card for the clinic.
    v1::ChartCard make_card();
    ledger::Outcome consent(std::size_t through);
    ledger::Outcome revoke(std::size_t through);
    ex::ReadOutcome read(const ex::Question& question);
    [[nodiscard]] ex::Question question(const std::string& type = {}) const;

    template <typename Row>
    std::optional<Row> row(std::size_t member, BytesView key) {
        // What one member has heard another may publish a moment later.
        Height newest = 0;
        for (const auto& id : consortium.ids)
            newest = std::max(newest, host->reads(id).status().height);
        EXPECT_TRUE(eventually(
            [&] { return host->reads(consortium.ids[member]).status().height >= newest; }));
        const auto answer = host->reads(consortium.ids[member]).state(key, std::nullopt, false);
        if (!answer || !answer->value) return std::nullopt;
        Row out;
        EXPECT_TRUE(proto::parse_canonical(*answer->value, out).ok());
        return out;
    }
    template <typename Look>
    static bool eventually(const Look& look) {
        for (int i = 0; i < 10'000; ++i) {
            if (look()) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return false;
    }

    static constexpr std::uint64_t kBackupDays = 30;
    static constexpr std::size_t kClinic = 0;
    static constexpr std::size_t kHospital = 1;
    static constexpr std::size_t kInsurer = 2;

    TemporaryDirectory directory;
    Consortium consortium;
    std::unique_ptr<Host> host;
    Wires wires;
    std::vector<Side> sides;
    crypto::SigningKey patient_key = crypto::SigningKey::generate();
    v1::ChartCard card;
    std::atomic<std::int64_t> clock_ahead_ms = 0;  // of the exchanges' wall clocks
};

}  // namespace consilium::node::testing
