// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "services/ehr/exchange/agenda.hpp"
#include "services/ehr/exchange/block_wait.hpp"
#include "services/ehr/exchange/clearances.hpp"
#include "services/ehr/exchange/custodian.hpp"
#include "services/ehr/exchange/lawful.hpp"
#include "services/ehr/exchange/lawful_receipts.hpp"
#include "services/ehr/exchange/part.hpp"
#include "services/ehr/exchange/requester.hpp"
#include "services/ehr/exchange/reviews.hpp"
#include "services/ehr/exchange/watch.hpp"

namespace consilium::services::ehr::exchange {

// One member's part in the exchange of records, as requester and as custodian. Thread-safe.
class Exchange {
 public:
    // `threads` work on what is not finished.
    Exchange(Ports ports, unsigned threads);
    // Another part, with messages and rows of its own; made by `make(ports, blocks, poke)`. Before
    // start().
    template <typename Make>
    auto& add(const Make& make) {
        auto part = make(ports_, blocks_, poke_);
        auto& added = *part;
        parts_.push_back(std::move(part));
        return added;
    }
    // Goes on with what the vault says is not finished, and takes messages. Once.
    void start();
    // Ends when the steps under way have. The channel and the ledger's events call nothing of it
    // any more; clients that wait are not answered.
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // An emergency is asked for by the user id of today of Question::subject.
    void read(const Question& question, Requester::ReadDone done);
    [[nodiscard]] const Requester& requester() const { return requester_; }
    [[nodiscard]] LawfulDisclosures& lawful() { return *lawful_; }
    [[nodiscard]] Clearances& clearances() { return clearances_; }
    [[nodiscard]] Reviews& reviews() { return reviews_; }
    [[nodiscard]] BlockWait& blocks() { return blocks_; }

    // A message of the channel, from whom it has authenticated.
    [[nodiscard]] Handled receive(const ledger::MemberId& from, BytesView message);
    // How much is not finished.
    [[nodiscard]] std::size_t unfinished() const { return agenda_->size(); }

 private:
    void resume();
    [[nodiscard]] std::optional<std::chrono::milliseconds> step(const Bytes& key);

    const Ports ports_;
    BlockWait blocks_;
    // Shared with call backs of the ledger that may come after the exchange has gone.
    std::shared_ptr<Agenda> agenda_;
    const std::function<void(const Bytes& key)> poke_;
    Custodian custodian_;
    Requester requester_;
    std::vector<std::unique_ptr<Part>> parts_;
    LawfulDisclosures* lawful_ = nullptr;  // one of them
    Clearances clearances_;
    Reviews reviews_;
    std::unique_ptr<Watch> watch_;
    std::unique_ptr<Subscription> subscription_;
};

}  // namespace consilium::services::ehr::exchange
