// SPDX-License-Identifier: Apache-2.0
// Services' rows, versions that replace others, and calls that are written together.
#include <algorithm>
#include <atomic>
#include <thread>

#include "vault/vault_fixture.hpp"

namespace consilium::vault {
namespace {

class VaultRowsTest : public VaultTest {
 protected:
    std::optional<VaultError> put_all(const std::vector<NewDocument>& documents,
                                      const std::vector<Row>& rows = {},
                                      const std::vector<Row>& expected = {}) {
        const auto done = vault->put(documents, rows, expected);
        return done ? std::nullopt : std::optional(done.error());
    }
    std::optional<Bytes> value(BytesView key) {
        const auto row = vault->row(key);
        EXPECT_TRUE(row.ok());
        return row ? *row : std::nullopt;
    }
    std::vector<DocumentName> found(BytesView prefix) {
        std::vector<DocumentName> out;
        const auto entries = vault->find(prefix, std::nullopt, 1000);
        EXPECT_TRUE(entries.ok());
        for (const Vault::Entry& entry : *entries)
            out.push_back(entry.name);
        return out;
    }
};

TEST_F(VaultRowsTest, ComeAndGoWithDocumentsOrAlone) {
    EXPECT_EQ(put_all({{name_of(1), "p", {"k"}}}, {{"ehr/a", "1"}, {"ehr/b", ""}}), std::nullopt);
    EXPECT_EQ(put_all({}, {{"ehr/c", "3"}, {"ehr/a", std::nullopt}, {"ehr/none", std::nullopt}}),
              std::nullopt);
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(value("ehr/a"), std::nullopt);
        EXPECT_EQ(value("ehr/b"), "");
        EXPECT_EQ(value("ehr/c"), "3");
        EXPECT_EQ(value("ehr/none"), std::nullopt);
        EXPECT_TRUE(get(name_of(1)).ok());
        EXPECT_EQ(vault->totals(), (Totals{1, 1, 0}));
        reopen();
    }
    // The later of two in one call counts, and nothing is written when a document cannot be.
    EXPECT_EQ(put_all({}, {{"ehr/d", "1"}, {"ehr/d", "2"}}), std::nullopt);
    EXPECT_EQ(value("ehr/d"), "2");
    EXPECT_EQ(put_all({{name_of(1), "p", {}}}, {{"ehr/e", "1"}}), VaultError::kExists);
    EXPECT_EQ(value("ehr/e"), std::nullopt);
}

TEST_F(VaultRowsTest, AreListedInOrderAndPaged) {
    std::vector<Row> rows;
    for (int i = 0; i < 25; ++i)
        rows.push_back({"ehr/list/" + std::to_string(100 + i), std::to_string(i)});
    rows.push_back({"ehr/lisu", "no"});
    rows.push_back({"ehr/list", "no"});
    rows.push_back({Bytes("\xff\xff"), "last"});
    ASSERT_EQ(put_all({}, rows), std::nullopt);
    std::vector<Bytes> values;
    Bytes after;
    while (true) {
        const auto page = vault->rows("ehr/list/", after, 10);
        ASSERT_TRUE(page.ok());
        if (page->empty()) break;
        for (const Row& row : *page)
            values.push_back(*row.value);
        after = page->back().key;
    }
    ASSERT_EQ(values.size(), 25U);
    EXPECT_EQ(values.front(), "0");
    EXPECT_EQ(values.back(), "24");
    EXPECT_EQ(vault->rows("\xff", "", 10)->size(), 1U);
    EXPECT_EQ(vault->rows("", "", 100)->size(), 28U);
    EXPECT_TRUE(vault->rows("ehr/list/", "", 0)->empty());
    EXPECT_TRUE(vault->rows("ehr/list/", "ehr/lisu", 10)->empty());
}

TEST_F(VaultRowsTest, Limits) {
    const Bytes key(kRowKeyBytesMax, 'k');
    const Bytes most(kRowValueBytesMax, 'v');
    EXPECT_EQ(put_all({}, {{key, most}}), std::nullopt);
    EXPECT_EQ(value(key), most);
    EXPECT_EQ(put_all({}, {{key + "k", "v"}}), VaultError::kInvalid);
    EXPECT_EQ(put_all({}, {{"k", most + "v"}}), VaultError::kInvalid);
    EXPECT_EQ(put_all({}, {{"", "v"}}), VaultError::kInvalid);
    EXPECT_EQ(put_all({}, {{"k", "v"}}, {{"", std::nullopt}}), VaultError::kInvalid);
    std::vector<Row> many(kRowsPerPutMax + 1, Row{"k", "v"});
    EXPECT_EQ(put_all({}, many), VaultError::kInvalid);
    many.pop_back();
    EXPECT_EQ(put_all({}, many), std::nullopt);
}

TEST_F(VaultRowsTest, NothingIsWrittenUnlessRowsAreAsExpected) {
    EXPECT_EQ(put_all({}, {{"ehr/a", "1"}}, {{"ehr/a", std::nullopt}}), std::nullopt);
    EXPECT_EQ(put_all({}, {{"ehr/a", "2"}}, {{"ehr/a", std::nullopt}}), VaultError::kConflict);
    EXPECT_EQ(put_all({{name_of(1), "p", {}}}, {{"ehr/a", "2"}}, {{"ehr/a", "0"}}),
              VaultError::kConflict);
    EXPECT_EQ(put_all({{name_of(1), "p", {}}}, {{"ehr/a", "2"}}, {{"ehr/b", "0"}}),
              VaultError::kConflict);
    EXPECT_EQ(value("ehr/a"), "1");
    EXPECT_EQ(get(name_of(1)).error(), VaultError::kNone);
    EXPECT_EQ(put_all({{name_of(1), "p", {}}}, {{"ehr/a", "2"}}, {{"ehr/a", "1"}}), std::nullopt);
    EXPECT_EQ(value("ehr/a"), "2");
}

TEST_F(VaultRowsTest, TheIndexHoldsCurrentVersionsOnly) {
    ASSERT_EQ(put_all({{name_of(1), "one", {"code=a;", "date=1;"}}}), std::nullopt);
    ASSERT_EQ(put_all({{name_of(1, 2), "two", {"code=a;", "date=2;"}, name_of(1)}}), std::nullopt);
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(found("code=a;"), (std::vector<DocumentName>{name_of(1, 2)}));
        EXPECT_TRUE(found("date=1;").empty());
        EXPECT_EQ(get(name_of(1)).value(), "one");
        reopen();
    }
    // Two steps in one call, and a last one without entries: what FHIR calls deleted.
    ASSERT_EQ(put_all({{name_of(1, 3), "three", {"code=b;"}, name_of(1, 2)},
                       {name_of(1, 4), "", {}, name_of(1, 3)}}),
              std::nullopt);
    EXPECT_TRUE(found("code=").empty());
    EXPECT_EQ(get(name_of(1, 3)).value(), "three");
    EXPECT_EQ(put_all({{name_of(2, 2), "p", {}, name_of(2)}}), VaultError::kNone);
    // Long documents replace and are replaced as well.
    auto writer = vault->begin(name_of(1, 5), 4);
    ASSERT_TRUE((*writer)->update("five").ok());
    ASSERT_TRUE(
        (*writer)->commit({"code=c;"}, name_of(1, 4), std::vector<Row>{{"ehr/x", "5"}}).ok());
    EXPECT_EQ(value("ehr/x"), "5");
    ASSERT_EQ(put_all({{name_of(1, 6), "six", {"code=d;"}, name_of(1, 5)}}), std::nullopt);
    EXPECT_EQ(found("code="), (std::vector<DocumentName>{name_of(1, 6)}));
    EXPECT_EQ(vault->versions(name_of(1).record)->size(), 6U);
    // An erased one has nothing to be replaced.
    const DocumentName erased[] = {name_of(1, 6)};
    ASSERT_TRUE(vault->shred(erased).ok());
    ASSERT_EQ(put_all({{name_of(1, 7), "seven", {"code=d;"}, name_of(1, 6)}}), std::nullopt);
    EXPECT_EQ(found("code="), (std::vector<DocumentName>{name_of(1, 7)}));
}

TEST_F(VaultRowsTest, AWriterThatIsRefusedLeavesNothing) {
    auto writer = vault->begin(name_of(1), 4);
    ASSERT_TRUE((*writer)->update("five").ok());
    const std::vector<Row> expected = {{"ehr/x", "5"}};
    EXPECT_EQ((*writer)->commit({}, {}, {}, expected).error(), VaultError::kConflict);
    writer->reset();
    EXPECT_TRUE(files_in(path / "documents").empty());
    EXPECT_EQ(vault->totals(), Totals());
}

// Rows that need no sync of their own: there for everybody at once, and after the process.
TEST_F(VaultRowsTest, AppendedRowsAreThereAtOnce) {
    const std::vector<Row> rows = {{"audit/a", "1"}, {"audit/b", "2"}};
    ASSERT_TRUE(vault->append(rows).ok());
    EXPECT_EQ(value("audit/a"), "1");
    const Row gone{"audit/a", std::nullopt};
    ASSERT_TRUE(vault->append({&gone, 1}).ok());
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(value("audit/a"), std::nullopt);
        EXPECT_EQ(value("audit/b"), "2");
        reopen();
    }
    EXPECT_EQ(vault->append({}).error(), VaultError::kInvalid);
    const Row max{Bytes(kRowKeyBytesMax, 'k'), Bytes(kRowValueBytesMax, 'v')};
    EXPECT_TRUE(vault->append({&max, 1}).ok());
    const Row long_value{"audit/c", Bytes(kRowValueBytesMax + 1, 'v')};
    EXPECT_EQ(vault->append({&long_value, 1}).error(), VaultError::kInvalid);
    const Row long_key{Bytes(kRowKeyBytesMax + 1, 'k'), "v"};
    EXPECT_EQ(vault->append({&long_key, 1}).error(), VaultError::kInvalid);
}

// A process that ends without closing its vault leaves what it appended.
TEST_F(VaultRowsTest, AppendedRowsOutliveTheProcess) {
    ASSERT_TRUE(comes_through("-1", "append"));
    reopen();
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(value("audit/" + std::to_string(100 + i)), std::to_string(i));
}

// Many threads count one row up, each step only if nobody else was first, and store a document with
// each step: nothing is lost and nothing counted twice, also where calls are written together.
TEST_F(VaultRowsTest, CallsThatComeTogetherAreDoneOneAfterTheOther) {
    constexpr int kThreads = 8;
    constexpr int kSteps = 25;
    ASSERT_EQ(put_all({}, {{"ehr/count", "0"}}), std::nullopt);
    std::vector<std::thread> threads;
    for (std::uint8_t thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&, thread] {
            for (std::uint32_t step = 1; step <= kSteps;) {
                const Bytes now = vault->row("ehr/count")->value();
                const Bytes next = std::to_string(std::stoi(now) + 1);
                const NewDocument document{name_of(thread, step), next, {"n=" + next + ";"}};
                const Row row{"ehr/count", next};
                const Row expected{"ehr/count", now};
                const auto done = vault->put({&document, 1}, {&row, 1}, {&expected, 1});
                // Who was overtaken reads again; how many are is a matter of timing.
                if (done) {
                    ++step;
                } else {
                    EXPECT_EQ(done.error(), VaultError::kConflict);
                }
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(value("ehr/count"), std::to_string(kThreads * kSteps));
    for (int i = 1; i <= kThreads * kSteps; ++i)
        EXPECT_EQ(found("n=" + std::to_string(i) + ";").size(), 1U) << i;
    EXPECT_EQ(vault->totals().documents, std::uint64_t{kThreads * kSteps});
    reopen();
    EXPECT_EQ(vault->verify().value(), std::uint64_t{kThreads * kSteps});
}

// One version number for several writers: one wins.
TEST_F(VaultRowsTest, OneOfManyGetsTheName) {
    std::atomic<int> won{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread) {
        threads.emplace_back([&] {
            for (std::uint32_t version = 1; version <= 20; ++version) {
                const NewDocument document{name_of(1, version), "p", {"k"}};
                const auto done = vault->put({&document, 1});
                won += done ? 1 : 0;
                EXPECT_TRUE(done || done.error() == VaultError::kExists);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(won, 20);
    EXPECT_EQ(found("k").size(), 20U);
}

}  // namespace
}  // namespace consilium::vault
