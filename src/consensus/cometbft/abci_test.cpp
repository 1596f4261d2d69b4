// SPDX-License-Identifier: Apache-2.0
#include "consensus/cometbft/abci.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "consensus/cometbft/frame.hpp"
#include "consensus/cometbft/list_application_testing.hpp"

namespace consilium::consensus::cometbft {
namespace {

Bytes hex(std::string_view text) {
    const auto bytes = from_hex(text);
    EXPECT_TRUE(bytes.has_value());
    return bytes.value_or(Bytes());
}

// The one message of a frame.
Bytes message_of(BytesView frame) {
    FrameReader reader;
    std::memcpy(reader.room(frame.size()), frame.data(), frame.size());
    reader.received(frame.size());
    const auto message = reader.next();
    EXPECT_TRUE(message.ok() && *message);
    return message.ok() && *message ? Bytes(**message) : Bytes();
}

class AbciTest : public ::testing::Test {
 protected:
    AbciTest() : abci_(application_, options()) {}

    AbciOptions options() {
        AbciOptions options;
        options.chain_id = "consilium-1";
        options.app_state = "state";
        options.app_state_json = "\"c3RhdGU=\"";
        options.software_version = "0.1.0";
        options.protocol_version = 7;
        options.admits_peer = [](std::string_view id) { return id == "aa11"; };
        options.committed = [this](Height height, const Bytes& hash) {
            committed_.push_back(height);
            hashes_.push_back(hash);
        };
        options.failed = [this](ApplicationError error) { failures_.push_back(error); };
        return options;
    }

    std::vector<wire::Response> ask(const std::vector<wire::Request>& requests) {
        std::vector<Bytes> messages;
        for (const auto& request : requests)
            messages.push_back(request.SerializeAsString());
        Bytes out;
        open_ = abci_.answer(std::vector<BytesView>(messages.begin(), messages.end()), out);
        return parse(out);
    }
    wire::Response ask(const wire::Request& request) {
        auto answers = ask(std::vector{request});
        EXPECT_EQ(answers.size(), 1U);
        return answers.empty() ? wire::Response() : answers[0];
    }
    static std::vector<wire::Response> parse(BytesView frames) {
        FrameReader reader;
        std::memcpy(reader.room(frames.size()), frames.data(), frames.size());
        reader.received(frames.size());
        std::vector<wire::Response> out;
        while (true) {
            const auto message = reader.next();
            EXPECT_TRUE(message.ok());
            if (!message.ok() || !*message) return out;
            EXPECT_TRUE(out.emplace_back().ParseFromString(Bytes(**message)));
        }
    }
    static wire::Request genesis_request() {
        wire::Request request;
        auto& init = *request.mutable_init_chain();
        init.mutable_time()->set_seconds(1'700'000'000);
        init.set_chain_id("consilium-1");
        init.set_app_state_bytes("\"c3RhdGU=\"");
        init.set_initial_height(1);
        return request;
    }
    static wire::Request block_request(std::int64_t height, const std::vector<Bytes>& items) {
        wire::Request request;
        auto& block = *request.mutable_finalize_block();
        block.set_height(height);
        block.set_hash("header " + std::to_string(height));
        block.mutable_time()->set_seconds(1'700'000'000 + height);
        for (const Bytes& item : items)
            block.add_txs(item);
        return request;
    }
    static wire::Request commit_request() {
        wire::Request request;
        request.mutable_commit();
        return request;
    }
    static wire::Request check_request(const Bytes& item) {
        wire::Request request;
        request.mutable_check_tx()->set_tx(item);
        return request;
    }

    ListApplication application_;
    std::vector<Height> committed_;
    std::vector<Bytes> hashes_;
    std::vector<ApplicationError> failures_;
    Abci abci_;
    bool open_ = true;
};

TEST_F(AbciTest, RequestsOfTheDaemonAreRead) {
    wire::Request request;
    ASSERT_TRUE(request.ParseFromString(message_of(hex("021200"))));
    EXPECT_TRUE(request.has_flush());
    ASSERT_TRUE(
        request.ParseFromString(message_of(hex("161a140a07302e33382e3235100b18082205322e302e30"))));
    EXPECT_EQ(request.info().version(), "0.38.25");
    EXPECT_EQ(request.info().block_version(), 11U);
    EXPECT_EQ(request.info().p2p_version(), 8U);
    EXPECT_EQ(request.info().abci_version(), "2.0.0");
    ASSERT_TRUE(request.ParseFromString(message_of(hex("0742050a036b3d76"))));
    EXPECT_EQ(request.check_tx().tx(), "k=v");
    EXPECT_EQ(request.check_tx().type(), wire::CHECK_TX_TYPE_NEW);
}

TEST_F(AbciTest, AnswersAreTheBytesOfTheVectors) {
    const auto framed = [](const wire::Response& response) {
        Bytes out;
        append_frame(out, response.SerializeAsString());
        return to_hex(out);
    };
    wire::Response response;
    response.mutable_flush();
    EXPECT_EQ(framed(response), "021a00");
    response.mutable_check_tx();
    EXPECT_EQ(framed(response), "024a00");
    response.mutable_commit();
    EXPECT_EQ(framed(response), "026200");
    response.mutable_process_proposal()->set_status(wire::ResponseProcessProposal::ACCEPT);
    EXPECT_EQ(framed(response), "059201020801");
    response.mutable_prepare_proposal()->add_txs("a");
    response.mutable_prepare_proposal()->add_txs("bc");
    EXPECT_EQ(framed(response), "0a8a01070a01610a026263");
    response.mutable_exception()->set_error("boom");
    EXPECT_EQ(framed(response), "080a060a04626f6f6d");
    auto& info = *response.mutable_info();
    info.set_data("medledger");
    info.set_version("0.1.0");
    info.set_app_version(1);
    info.set_last_block_height(7);
    info.set_last_block_app_hash(Bytes(32, '\x11'));
    EXPECT_EQ(framed(response),
              "3a22380a096d65646c65646765721205302e312e30180120072a20" + to_hex(Bytes(32, '\x11')));
    response.mutable_init_chain()->set_app_hash(Bytes(32, '\x22'));
    EXPECT_EQ(framed(response), "2432221a20" + to_hex(Bytes(32, '\x22')));
    auto& block = *response.mutable_finalize_block();
    block.add_tx_results();
    block.set_app_hash(Bytes(32, '\xaa'));
    EXPECT_EQ(framed(response), "27aa012412002a20" + to_hex(Bytes(32, '\xaa')));
    Bytes key;
    for (char i = 0; i < 32; ++i)
        key.push_back(i);
    wire::ValidatorUpdate update;
    update.mutable_pub_key()->set_ed25519(key);
    update.set_power(10);
    EXPECT_EQ(to_hex(update.SerializeAsString()), "0a220a20" + to_hex(key) + "100a");
}

TEST_F(AbciTest, UnknownFieldsAndAnyOrderAreRead) {
    // CheckTx{type RECHECK, tx "k=v", an unknown field 15}, in an envelope after an unknown field.
    wire::Request request;
    ASSERT_TRUE(request.ParseFromString(hex("f201020801420a10017a017a0a036b3d76").substr(0)));
    EXPECT_EQ(request.check_tx().tx(), "k=v");
    EXPECT_EQ(request.check_tx().type(), wire::CHECK_TX_TYPE_RECHECK);
}

TEST_F(AbciTest, InfoBeforeAndAfterBlocks) {
    wire::Request request;
    request.mutable_info()->set_abci_version("2.0.0");
    auto info = ask(request).info();
    EXPECT_EQ(info.data(), "consilium");
    EXPECT_EQ(info.version(), "0.1.0");
    EXPECT_EQ(info.last_block_height(), 0);
    EXPECT_EQ(info.last_block_app_hash(), "");
    EXPECT_EQ(info.app_version(), 7U) << "a ledger without genesis knows no version";
    ask({genesis_request(), block_request(1, {"a:1"}), commit_request()});
    info = ask(request).info();
    EXPECT_EQ(info.last_block_height(), 1);
    EXPECT_EQ(info.last_block_app_hash(), application_.app_hash.bytes());
    EXPECT_EQ(info.app_version(), 1U);
}

TEST_F(AbciTest, AnotherLineOfAbciIsRefused) {
    wire::Request request;
    request.mutable_info()->set_abci_version("2.1.0");
    EXPECT_TRUE(ask(request).has_exception());
    EXPECT_FALSE(open_);
}

TEST_F(AbciTest, GenesisIsThisNetworksOrNone) {
    const auto answer = ask(genesis_request());
    ASSERT_TRUE(answer.has_init_chain());
    EXPECT_EQ(answer.init_chain().app_hash(), application_.app_hash.bytes());
    ASSERT_EQ(answer.init_chain().validators_size(), 1);
    EXPECT_EQ(answer.init_chain().validators(0).pub_key().ed25519(), Bytes(32, 'v'));
    EXPECT_EQ(answer.init_chain().validators(0).power(), 10);
    EXPECT_EQ(ask(genesis_request()).SerializeAsString(), answer.SerializeAsString());

    const int calls = application_.genesis_calls;
    const auto refused = [&](const auto& change) {
        wire::Request request = genesis_request();
        change(*request.mutable_init_chain());
        const bool excepted = ask(request).has_exception();
        return excepted && !open_ && application_.genesis_calls == calls;
    };
    EXPECT_TRUE(refused([](auto& init) { init.set_chain_id("consilium-2"); }));
    EXPECT_TRUE(refused([](auto& init) { init.set_app_state_bytes("\"c3RhdGV=\""); }));
    EXPECT_TRUE(refused([](auto& init) { init.set_app_state_bytes("state"); }));
    EXPECT_TRUE(refused([](auto& init) { init.set_initial_height(2); }));
    EXPECT_TRUE(refused([](auto& init) { init.mutable_time()->set_seconds(-1); }));
    EXPECT_TRUE(failures_.empty());
}

TEST_F(AbciTest, CheckedInOrderThoughInParallel) {
    std::vector<wire::Request> requests;
    for (int i = 0; i < 1000; ++i) {
        const char* kind = i % 3 == 0 ? ":bad" : i % 3 == 1 ? ":late" : ":good";
        requests.push_back(check_request("m" + std::to_string(i) + kind));
        if (i % 100 == 99) requests.emplace_back().mutable_flush();
    }
    const auto answers = ask(requests);
    ASSERT_EQ(answers.size(), requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        ASSERT_EQ(answers[i].has_flush(), requests[i].has_flush());
        if (requests[i].has_flush()) continue;
        const std::string& item = requests[i].check_tx().tx();
        const std::uint32_t code = item.ends_with("bad") ? 1 : item.ends_with("late") ? 2 : 0;
        EXPECT_EQ(answers[i].check_tx().code(), code) << item;
    }
    EXPECT_EQ(application_.checks, 1000);
}

TEST_F(AbciTest, ProposalsTakeMembersInTurnAndKeepTheLimit) {
    wire::Request request;
    auto& prepare = *request.mutable_prepare_proposal();
    for (const char* item : {"a:1", "a:2", "a:3", "a:bad", "b:1", "c:late", "b:2"})
        prepare.add_txs(item);
    const auto prepared = [&](std::int64_t bytes_max) {
        prepare.set_max_tx_bytes(bytes_max);
        std::vector<std::string> out;
        const auto answer = ask(request);
        for (const auto& item : answer.prepare_proposal().txs())
            out.push_back(item);
        return out;
    };
    using Items = std::vector<std::string>;
    EXPECT_EQ(prepared(1000), (Items{"a:1", "b:1", "c:late", "a:2", "b:2", "a:3"}));
    // Each small item costs 5 bytes, c:late 8.
    EXPECT_EQ(prepared(33), (Items{"a:1", "b:1", "c:late", "a:2", "b:2", "a:3"}));
    EXPECT_EQ(prepared(32), (Items{"a:1", "b:1", "c:late", "a:2", "b:2"}));
    EXPECT_EQ(prepared(10), (Items{"a:1", "b:1"}));
    EXPECT_EQ(prepared(0), Items{});
    EXPECT_EQ(prepared(-1), Items{});
}

TEST_F(AbciTest, TheLimitCountsTagAndLengthAsCometBftDoes) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{127}, std::size_t{128},
                                   std::size_t{16383}, std::size_t{16384}}) {
        const Bytes item(size, 'x');
        wire::ResponsePrepareProposal one;
        one.add_txs(item);
        const auto bytes = static_cast<std::int64_t>(one.ByteSizeLong());
        EXPECT_EQ(choose_items(application_, {item}, bytes).size(), 1U) << size;
        EXPECT_EQ(choose_items(application_, {item}, bytes - 1).size(), 0U) << size;
    }
}

TEST_F(AbciTest, AProposalIsRefusedForWhatNoNodeTakesAlone) {
    wire::Request request;
    auto& process = *request.mutable_process_proposal();
    process.add_txs("a:1");
    process.add_txs("b:late");
    EXPECT_EQ(ask(request).process_proposal().status(), wire::ResponseProcessProposal::ACCEPT);
    process.add_txs("b:bad");
    EXPECT_EQ(ask(request).process_proposal().status(), wire::ResponseProcessProposal::REJECT);
    process.clear_txs();
    EXPECT_EQ(ask(request).process_proposal().status(), wire::ResponseProcessProposal::ACCEPT);
}

TEST_F(AbciTest, BlocksAreFinalizedThenCommitted) {
    ask(genesis_request());
    const auto first = ask(block_request(1, {"a:1", "void"}));
    ASSERT_EQ(first.finalize_block().tx_results_size(), 2);
    EXPECT_EQ(first.finalize_block().tx_results(0).data(), "of a:1");
    EXPECT_EQ(first.finalize_block().tx_results(1).code(), 7U);
    EXPECT_EQ(application_.committed, 0U);
    EXPECT_TRUE(committed_.empty());
    // Another round, or a crash of the daemon: the same block again gives the same bytes.
    EXPECT_EQ(ask(block_request(1, {"a:1", "void"})).SerializeAsString(),
              first.SerializeAsString());
    EXPECT_EQ(ask(commit_request()).commit().retain_height(), 0);
    EXPECT_EQ(application_.app_hash.bytes(), first.finalize_block().app_hash());
    for (std::int64_t height = 2; height <= 5; ++height)
        ask(block_request(height, {}));
    EXPECT_EQ(committed_, std::vector<Height>{1});
    EXPECT_EQ(hashes_, std::vector<Bytes>{"header 1"});
}

TEST_F(AbciTest, HeadersAreKeptByTheLedger) {
    ASSERT_TRUE(abci_.store_header(3, "header and commit"));
    EXPECT_EQ(application_.headers.at(3), "header and commit");
    application_.disk_fails = true;
    EXPECT_EQ(abci_.store_header(4, "").error(), ApplicationError::kDisk);
}

TEST_F(AbciTest, CommitWithoutABlockIsAnException) {
    ask(genesis_request());
    EXPECT_TRUE(ask(commit_request()).has_exception());
    EXPECT_FALSE(open_);
    ask({block_request(1, {}), commit_request()});
    EXPECT_TRUE(open_);
    EXPECT_TRUE(ask(commit_request()).has_exception());
    EXPECT_EQ(committed_, std::vector<Height>{1});
}

TEST_F(AbciTest, ALedgerThatFailsAnswersNothingMore) {
    ask(genesis_request());
    application_.disk_fails = true;
    const auto answers = ask({block_request(1, {"a:1"}), commit_request(), commit_request()});
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_TRUE(answers[0].has_exception());
    EXPECT_FALSE(open_);
    application_.disk_fails = false;
    EXPECT_TRUE(ask(block_request(1, {"a:1"})).has_exception());
    EXPECT_EQ(failures_, std::vector<ApplicationError>{ApplicationError::kDisk});
}

TEST_F(AbciTest, AWrongHeightStopsTheLedger) {
    ask(genesis_request());
    EXPECT_TRUE(ask(block_request(2, {})).has_exception());
    EXPECT_EQ(failures_, std::vector<ApplicationError>{ApplicationError::kWrongHeight});
}

TEST_F(AbciTest, PeersAreAdmittedByTheirIdAlone) {
    const auto code = [&](const char* path) {
        wire::Request request;
        request.mutable_query()->set_path(path);
        return ask(request).query().code();
    };
    EXPECT_EQ(code("/p2p/filter/id/aa11"), 0U);
    EXPECT_EQ(code("/p2p/filter/id/aa12"), 1U);
    EXPECT_EQ(code("/p2p/filter/id/"), 1U);
    EXPECT_EQ(code("/p2p/filter/addr/127.0.0.1:26656"), 0U);
    EXPECT_EQ(code("/store/x"), 1U);
    EXPECT_EQ(code(""), 1U);
}

TEST_F(AbciTest, VotesCarryNoExtension) {
    wire::Request request;
    request.mutable_extend_vote()->set_height(1);
    EXPECT_EQ(ask(request).extend_vote().vote_extension(), "");
    request.mutable_verify_vote_extension();
    EXPECT_EQ(ask(request).verify_vote_extension().status(),
              wire::ResponseVerifyVoteExtension::ACCEPT);
    request.mutable_verify_vote_extension()->set_vote_extension("x");
    EXPECT_EQ(ask(request).verify_vote_extension().status(),
              wire::ResponseVerifyVoteExtension::REJECT);
}

TEST_F(AbciTest, WhatIsNoRequestEndsTheConnectionAfterWhatCameBefore) {
    const Bytes echo = [] {
        wire::Request request;
        request.mutable_echo()->set_message("hello");
        return request.SerializeAsString();
    }();
    for (const Bytes& bad : {Bytes("\xff"), Bytes("\x42\x05\x0a"), Bytes()}) {
        Bytes out;
        EXPECT_FALSE(abci_.answer(std::vector<BytesView>{echo, bad, echo}, out));
        const auto answers = parse(out);
        ASSERT_EQ(answers.size(), 2U);
        EXPECT_EQ(answers[0].echo().message(), "hello");
        EXPECT_TRUE(answers[1].has_exception());
    }
}

TEST(BlockTimeTest, WholeMillisecondsFrom1970On) {
    const auto time = [](std::int64_t seconds, std::int32_t nanos) {
        wire::Timestamp out;
        out.set_seconds(seconds);
        out.set_nanos(nanos);
        return block_time(out);
    };
    EXPECT_EQ(time(0, 0), UnixMs{0});
    EXPECT_EQ(time(1, 999'999), UnixMs{1000});
    EXPECT_EQ(time(1, 1'000'000), UnixMs{1001});
    EXPECT_EQ(time(1, 999'999'999), UnixMs{1999});
    EXPECT_EQ(time(1, 1'000'000'000), std::nullopt);
    EXPECT_EQ(time(-1, 0), std::nullopt);
    EXPECT_EQ(time(0, -1), std::nullopt);
    EXPECT_EQ(time(INT64_MAX, 0), std::nullopt);
}

}  // namespace
}  // namespace consilium::consensus::cometbft
