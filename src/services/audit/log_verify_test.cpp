// SPDX-License-Identifier: Apache-2.0
#include "services/audit/log_verify.hpp"

#include "services/audit/access_log_fixture.hpp"
#include "services/audit/log_anchor.hpp"
#include "services/audit/log_ledger_testing.hpp"

namespace consilium::services::audit {
namespace {

class LogVerifyTest : public AccessLogFixture {
 protected:
    LogLedger ledger{name};

    [[nodiscard]] bool anchor() {
        LogAnchor anchors(*log, {ledger, ledger, ledger}, 0, telemetry::Logger(), metrics);
        return anchors.round();
    }
    // Ten rows of two patients; heads at 4, 8 and, when `whole`, 10.
    void fill(bool whole = true) {
        for (int i = 1; i <= 10; ++i) {
            ASSERT_TRUE(log->append(read_of(i % 2 == 0 ? "even" : "odd")));
            const bool due = i == 4 || i == 8 || (whole && i == 10);
            EXPECT_EQ(due && anchor(), due);
        }
    }
    LogReport verified() {
        const auto report = verify_log(*vault, name, ledger);
        EXPECT_TRUE(report.ok());
        return report ? *report : LogReport();
    }
    // "row-altered 3", "tail-cut 9-10 head 2"
    std::vector<std::string> findings() {
        std::vector<std::string> out;
        for (const LogFinding& finding : verified().findings) {
            std::string text = to_string(finding.fault);
            if (finding.sequence != 0) text += ' ' + std::to_string(finding.sequence);
            if (finding.until != 0) text += '-' + std::to_string(finding.until);
            if (finding.version != 0) text += " head " + std::to_string(finding.version);
            out.push_back(text);
        }
        return out;
    }
    using Findings = std::vector<std::string>;

    void put(const Bytes& key, std::optional<Bytes> value) {
        const vault::Row row{key, std::move(value)};
        ASSERT_TRUE(vault->put({}, {&row, 1}).ok());
    }
    Bytes get(const Bytes& key) {
        const auto row = vault->row(key);
        EXPECT_TRUE(row.ok() && *row);
        return row && *row ? **row : Bytes();
    }
    // Another access in a row, the chain left as it is.
    void alter(std::uint64_t sequence) {
        v1::LoggedRow row = row_at(sequence);
        v1::LoggedAccess access;
        ASSERT_TRUE(proto::parse_canonical(row.access(), access).ok());
        access.set_subject("somebody-else");
        row.set_access(proto::encode(access));
        put(log_key(sequence), proto::encode(row));
    }
    void remove(std::uint64_t sequence) { put(log_key(sequence), std::nullopt); }
    // All hashes from `sequence` on made anew, and the head: what who has the vault's keys can do.
    void chain_anew(std::uint64_t sequence) {
        Hash32 hash =
            sequence == 1 ? empty_log_hash(name) : row_hash(name, get(log_key(sequence - 1)));
        std::uint64_t last = sequence - 1;
        for (std::uint64_t at = sequence;; ++at) {
            const auto bytes = vault->row(log_key(at));
            ASSERT_TRUE(bytes.ok());
            if (!*bytes) break;
            v1::LoggedRow row;
            ASSERT_TRUE(proto::parse_canonical(**bytes, row).ok());
            row.set_previous(hash.bytes());
            const Bytes next = proto::encode(row);
            hash = row_hash(name, next);
            put(log_key(at), next);
            last = at;
        }
        set_head(last, hash);
    }
    void set_head(std::uint64_t sequence, const Hash32& hash) {
        v1::AccessLogHead head;
        head.set_member(name.member);
        head.set_sequence(sequence);
        head.set_hash(hash.bytes());
        head.set_at_unix_ms(now_ms);
        put(head_key(), proto::encode(head));
    }
};

TEST_F(LogVerifyTest, AnEmptyLogIsWhole) {
    EXPECT_EQ(findings(), Findings{});
    EXPECT_FALSE(anchor()) << "there is nothing to anchor";
    EXPECT_EQ(ledger.taken, 0);
}

TEST_F(LogVerifyTest, AWholeLogFitsItsHeads) {
    ledger.add_other();
    fill();
    const LogReport report = verified();
    EXPECT_TRUE(report.whole());
    EXPECT_EQ(report.rows, 10U);
    EXPECT_EQ(report.sequence, 10U);
    EXPECT_EQ(report.anchors, 3U);
    EXPECT_EQ(report.anchored_sequence, 10U);
    EXPECT_EQ(report.record_sequence, 2U);
    EXPECT_FALSE(anchor()) << "no new rows";
    reopen();
    EXPECT_FALSE(anchor());
    ASSERT_TRUE(log->append(read_of("odd")));
    EXPECT_TRUE(anchor());
    EXPECT_EQ(verified().anchored_sequence, 11U);
    EXPECT_EQ(findings(), Findings{});
}

TEST_F(LogVerifyTest, AnAlteredRowIsNamed) {
    fill(false);
    for (const std::uint64_t sequence : {1U, 5U, 9U}) {
        const Bytes before = get(log_key(sequence));
        alter(sequence);
        EXPECT_EQ(findings(), Findings{"row-altered " + std::to_string(sequence)});
        put(log_key(sequence), before);
    }
    alter(10);
    EXPECT_EQ(findings(), Findings{"row-altered 10"}) << "by the head";
}

TEST_F(LogVerifyTest, AnAlteredRowUnderAHeadIsNamedTwice) {
    fill();
    alter(8);
    EXPECT_EQ(findings(), (Findings{"rewritten 8 head 2", "row-altered 8"}));
}

TEST_F(LogVerifyTest, ARowThatIsNoneIsNamed) {
    fill();
    put(log_key(6), Bytes("garbage"));
    EXPECT_EQ(findings(), Findings{"row-unreadable 6"});
    put(log_key(6), get(log_key(5)));
    EXPECT_EQ(findings(), Findings{"row-unreadable 6"});
}

TEST_F(LogVerifyTest, ARowLeftOutIsNamed) {
    fill();
    remove(6);
    EXPECT_EQ(findings(), Findings{"row-missing 6-6"});
    remove(7);
    EXPECT_EQ(findings(), Findings{"row-missing 6-7"});
    remove(1);
    EXPECT_EQ(findings(), (Findings{"row-missing 1-1", "row-missing 6-7"}));
}

TEST_F(LogVerifyTest, ACutTailIsNamed) {
    fill();
    remove(10);
    remove(9);
    EXPECT_EQ(findings(), (Findings{"tail-cut 9-10", "tail-cut 9-10 head 3"}));
    // Also when the head is put back with it: the anchored one tells.
    set_head(8, row_hash(name, get(log_key(8))));
    EXPECT_EQ(findings(), Findings{"tail-cut 9-10 head 3"});
    // And when its anchor is removed too, the ledger.
    put(anchor_key(3), std::nullopt);
    EXPECT_EQ(findings(), Findings{"anchor-missing head 3"});
}

TEST_F(LogVerifyTest, ALogChainedAnewDoesNotFitItsHeads) {
    fill();
    alter(5);
    chain_anew(6);
    EXPECT_EQ(findings(), (Findings{"rewritten 8 head 2", "rewritten 10 head 3"}));
    EXPECT_EQ(verified().anchored_sequence, 4U);
}

TEST_F(LogVerifyTest, AHeadThatLagsOrLacksIsNamed) {
    fill();
    set_head(9, row_hash(name, get(log_key(9))));
    EXPECT_EQ(findings(), Findings{"head-behind 9"});
    put(head_key(), std::nullopt);
    EXPECT_EQ(findings(), Findings{"head-missing"});
    // The log itself goes on after its last row.
    reopen();
    ASSERT_TRUE(log->append(read_of("odd")));
    EXPECT_EQ(findings(), Findings{});
}

// What comes after a gap is evidence too: it is not written over.
TEST_F(LogVerifyTest, WithoutAHeadTheLogGoesOnAfterItsLastRow) {
    fill();
    remove(6);
    put(head_key(), std::nullopt);
    const Bytes last = get(log_key(10));
    const Bytes seventh = get(log_key(7));
    reopen();
    EXPECT_EQ(log->head().sequence, 10U);
    ASSERT_TRUE(log->append(read_of("odd")));
    EXPECT_EQ(get(log_key(7)), seventh);
    EXPECT_EQ(row_at(11).previous(), row_hash(name, last).bytes());
    EXPECT_EQ(findings(), Findings{"row-missing 6-6"});
}

TEST_F(LogVerifyTest, AnotherHeadThanTheLedgersIsNamed) {
    fill();
    v1::AnchoredHead anchor;
    ASSERT_TRUE(proto::parse_canonical(get(anchor_key(2)), anchor).ok());
    anchor.set_salt(crypto::random_bytes(32));
    put(anchor_key(2), proto::encode(anchor));
    EXPECT_EQ(findings(), Findings{"anchor-altered head 2"});
    ledger.alter();
    EXPECT_EQ(findings(), (Findings{"anchor-altered head 2", "anchor-altered head 3"}));
    put(anchor_key(4), proto::encode(anchor));
    EXPECT_EQ(findings().at(0), "anchor-altered head 4");
}

TEST_F(LogVerifyTest, ARowThatItsPatientWouldNotFindIsNamed) {
    fill();
    put(patient_key("even", 4), std::nullopt);
    EXPECT_EQ(findings(), Findings{"index-missing 4"});
}

// An older vault is put back: what the ledger heard since is missing, for ever.
TEST_F(LogVerifyTest, AVaultPutBackIsNamed) {
    fill(false);
    ASSERT_TRUE(vault->backup(folder / "backup").ok());
    ASSERT_TRUE(anchor());
    ASSERT_TRUE(log->append(read_of("odd")));
    ASSERT_TRUE(anchor());
    EXPECT_EQ(findings(), Findings{});
    log.reset();
    vault.reset();
    std::filesystem::remove_all(folder / "vault");
    ASSERT_TRUE(
        vault::Vault::restore(folder / "backup", folder / "vault", name.network, "passphrase", {})
            .ok());
    reopen();
    EXPECT_EQ(findings(), (Findings{"anchor-missing head 3", "anchor-missing head 4"}));
    ASSERT_TRUE(log->append(read_of("even")));
    EXPECT_TRUE(anchor()) << "the log goes on";
    EXPECT_EQ(findings(), (Findings{"anchor-missing head 3", "anchor-missing head 4"}));
    EXPECT_EQ(verified().anchored_sequence, 11U);
}

// The whole log is thrown away: the ledger's heads remain.
TEST_F(LogVerifyTest, ALogBegunAnewIsNamed) {
    fill();
    log.reset();
    vault.reset();
    std::filesystem::remove_all(folder / "vault");
    ASSERT_TRUE(vault::Vault::create(folder / "vault", "passphrase", {1, 8}).ok());
    reopen();
    ASSERT_TRUE(log->append(read_of("even")));
    EXPECT_TRUE(anchor());
    EXPECT_EQ(findings(), (Findings{"anchor-missing head 1", "anchor-missing head 2",
                                    "anchor-missing head 3"}));
}

// A transaction whose answer was not heard is taken up: each head is anchored once.
TEST_F(LogVerifyTest, WhatWasHandedOverIsTakenUp) {
    ASSERT_TRUE(log->append(read_of("odd")));
    ledger.lose_answers = true;
    EXPECT_FALSE(anchor());
    EXPECT_EQ(findings(), Findings{}) << "it is on the ledger, and known here";
    ledger.lose_answers = false;
    reopen();
    EXPECT_TRUE(anchor());
    EXPECT_EQ(ledger.taken, 1);
    EXPECT_EQ(verified().anchors, 1U);
    ledger.refuse = SubmitError::kOverloaded;
    ASSERT_TRUE(log->append(read_of("odd")));
    EXPECT_FALSE(anchor());
    ledger.refuse = SubmitError::kExpired;
    EXPECT_FALSE(anchor());
    ledger.refuse.reset();
    EXPECT_TRUE(anchor());
    EXPECT_EQ(ledger.taken, 2);
    EXPECT_EQ(findings(), Findings{});
}

// Without a user id of the service for hours: it is said once, and tried less and less often.
TEST_F(LogVerifyTest, WhatFailsAgainAndAgainIsToldOnce) {
    struct NoUser final : Author {
        Result<Bytes, AuthorError> compose(v1::Role, const std::vector<v1::Command>&) override {
            return fail(AuthorError::kNoUser);
        }
    } nobody;
    std::vector<std::string> told;
    const auto logger = telemetry::Logger::to_function(
        [&told](std::string_view line) { told.emplace_back(line); }, telemetry::Level::kInfo);
    LogAnchor anchors(*log, {ledger, ledger, nobody}, 0, logger, metrics);
    ASSERT_TRUE(log->append(read_of("1")));
    const auto eager = anchors.until_next();
    for (int i = 0; i < 30; ++i)
        EXPECT_FALSE(anchors.round());
    EXPECT_EQ(told.size(), 1U);
    EXPECT_GT(anchors.until_next(), eager);
    EXPECT_LE(anchors.until_next(), std::chrono::minutes(1));
    // The ledger, not the service: that is told too, once; and what helps ends it.
    ledger.refuse = SubmitError::kStopping;
    LogAnchor able(*log, {ledger, ledger, ledger}, 0, logger, metrics);
    EXPECT_FALSE(able.round());
    EXPECT_FALSE(able.round());
    EXPECT_EQ(told.size(), 2U);
    EXPECT_GT(able.until_next(), eager);
    ledger.refuse.reset();
    EXPECT_TRUE(able.round());
    EXPECT_LE(able.until_next(), std::chrono::milliseconds(50));
}

}  // namespace
}  // namespace consilium::services::audit
