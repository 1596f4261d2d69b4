// SPDX-License-Identifier: Apache-2.0
#include "services/audit/access_log.hpp"

#include "proto/canonical.hpp"
#include "services/audit/access_log_fixture.hpp"
#include "vault/full_disk_testing.hpp"

namespace consilium::services::audit {
namespace {

class AccessLogTest : public AccessLogFixture {
 protected:
    v1::LoggedAccess access_at(std::uint64_t sequence) {
        v1::LoggedAccess out;
        EXPECT_TRUE(proto::parse_canonical(row_at(sequence).access(), out).ok());
        return out;
    }
};

TEST_F(AccessLogTest, ChainsWhatItIsTold) {
    EXPECT_EQ(log->head().sequence, 0U);
    EXPECT_EQ(log->head().hash, empty_log_hash(name));
    EXPECT_TRUE(log->append(read_of("1")));
    EXPECT_TRUE(log->append(read_of("2")));
    EXPECT_EQ(log->head().sequence, 2U);
    const v1::LoggedRow first = row_at(1);
    EXPECT_EQ(first.sequence(), 1U);
    EXPECT_EQ(first.previous(), empty_log_hash(name).bytes());
    const v1::LoggedRow second = row_at(2);
    EXPECT_EQ(second.previous(), row_hash(name, proto::encode(first)).bytes());
    EXPECT_EQ(log->head().hash, row_hash(name, proto::encode(second)));
    const v1::LoggedAccess access = access_at(2);
    EXPECT_EQ(access.subject(), "user-7");
    EXPECT_EQ(access.purpose(), "TREAT");
    EXPECT_EQ(access.interaction(), v1::LOGGED_INTERACTION_READ);
    ASSERT_EQ(access.patients_size(), 1);
    EXPECT_EQ(access.patients(0), "2");
    ASSERT_EQ(access.resources_size(), 1);
    EXPECT_EQ(access.resources(0).type(), "Observation");
    EXPECT_EQ(access.resources(0).patients(0), 0U);
}

TEST_F(AccessLogTest, GoesOnAfterARestart) {
    EXPECT_TRUE(log->append(read_of("1")));
    const ChainedLog::Head before = log->head();
    reopen();
    EXPECT_EQ(log->head().sequence, before.sequence);
    EXPECT_EQ(log->head().hash, before.hash);
    EXPECT_TRUE(log->append(read_of("1")));
    EXPECT_EQ(row_at(2).previous(), before.hash.bytes());
}

// Time never goes back in the log, whatever the clock does.
TEST_F(AccessLogTest, TimesAscend) {
    now_ms = 2000;
    EXPECT_TRUE(log->append(read_of("1")));
    now_ms = 1000;
    EXPECT_TRUE(log->append(read_of("1")));
    reopen();
    EXPECT_TRUE(log->append(read_of("1")));
    for (std::uint64_t sequence = 1; sequence <= 3; ++sequence)
        EXPECT_EQ(row_at(sequence).at_unix_ms(), 2000U);
}

TEST_F(AccessLogTest, ManyAtOnceAreOneChain) {
    constexpr int kThreads = 8;
    constexpr int kEach = 100;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < kEach; ++i)
                EXPECT_TRUE(log->append(read_of("p" + std::to_string(thread))));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(log->head().sequence, std::uint64_t{kThreads * kEach});
    Hash32 hash = empty_log_hash(name);
    for (std::uint64_t sequence = 1; sequence <= kThreads * kEach; ++sequence) {
        const v1::LoggedRow row = row_at(sequence);
        ASSERT_EQ(row.previous(), hash.bytes()) << sequence;
        hash = row_hash(name, proto::encode(row));
    }
    EXPECT_EQ(log->head().hash, hash);
    for (int thread = 0; thread < kThreads; ++thread) {
        const auto rows = vault->rows(patient_prefix("p" + std::to_string(thread)), {}, 1000);
        ASSERT_TRUE(rows.ok());
        EXPECT_EQ(rows->size(), std::size_t{kEach});
    }
}

// Together they have more rows than one write may: none is refused for that.
TEST_F(AccessLogTest, ManyLongOnesAtOnceAreAllWritten) {
    constexpr int kThreads = 24;
    Access long_one = read_of("p");
    for (int i = 0; i < 9'000; ++i)
        (void)long_one.patient("p" + std::to_string(i));
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
        threads.emplace_back([&] { EXPECT_TRUE(log->append(long_one)); });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_TRUE(log->ready());
    EXPECT_GE(log->head().sequence, std::uint64_t{kThreads * 9});
}

// An answer of any size is in the log, in as many rows as it takes, each within its limits.
TEST_F(AccessLogTest, LongAccessesTakeSeveralRows) {
    Access access = read_of("1");
    access.interaction = Interaction::kEverything;
    access.query = std::string(kQueryBytesMax + 1, 'q');
    access.resources.clear();
    for (int i = 0; i < 3000; ++i) {
        AccessedResource resource;
        resource.type = "Observation";
        resource.id = "observation-" + std::to_string(i);
        resource.version = 1;
        resource.patients.push_back(access.patient("patient-" + std::to_string(i % 1500)));
        access.resources.push_back(resource);
    }
    AccessedResource of_many;
    of_many.type = "List";
    of_many.id = "all";
    for (int i = 0; i < 2500; ++i)
        of_many.patients.push_back(access.patient("listed-" + std::to_string(i)));
    access.resources.push_back(of_many);
    ASSERT_TRUE(log->append(access));
    EXPECT_GT(log->head().sequence, 3U);
    std::size_t resources = 0;
    std::set<std::string> patients;
    for (std::uint64_t sequence = 1; sequence <= log->head().sequence; ++sequence) {
        EXPECT_LE(row_at(sequence).access().size(), kAccessBytesMax);
        const v1::LoggedAccess part = access_at(sequence);
        EXPECT_EQ(part.part(), sequence - 1);
        EXPECT_EQ(part.more(), sequence != log->head().sequence);
        EXPECT_EQ(part.query().size(), kQueryBytesMax);
        EXPECT_TRUE(part.query_cut());
        EXPECT_LE(part.patients_size(), static_cast<int>(kPatientsPerRowMax));
        resources += static_cast<std::size_t>(part.resources_size());
        patients.insert(part.patients().begin(), part.patients().end());
        for (const auto& resource : part.resources()) {
            for (const std::uint32_t place : resource.patients())
                EXPECT_LT(place, static_cast<std::uint32_t>(part.patients_size()));
        }
    }
    EXPECT_EQ(resources, 3001U);
    EXPECT_EQ(patients.size(), 1 + 1500U + 2500U);
}

// What cannot be logged is refused, and what is refused is not in the log: the chain stays whole.
TEST_F(AccessLogTest, AFullDiskRefusesAccesses) {
    vault::testing::FullDisk disk;
    reopen();
    ASSERT_TRUE(log->append(read_of("1")));
    const ChainedLog::Head before = log->head();
    disk.set_full(true);
    EXPECT_FALSE(log->append(read_of("2")));
    EXPECT_FALSE(log->append(read_of("2")));
    EXPECT_FALSE(log->ready());
    EXPECT_EQ(log->head().sequence, before.sequence);
    disk.set_full(false);
    // After a full disk the database may have to be opened again.
    reopen();
    EXPECT_TRUE(log->ready());
    EXPECT_EQ(log->head().hash, before.hash);
    ASSERT_TRUE(log->append(read_of("3")));
    EXPECT_EQ(row_at(2).previous(), before.hash.bytes());
    ASSERT_EQ(access_at(2).patients_size(), 1);
    EXPECT_EQ(access_at(2).patients(0), "3");
}

TEST_F(AccessLogTest, WhatAnAddressHoldsIsKeptAsText) {
    Access access = read_of("1");
    access.asked = "Patient/\xff\xfe";
    access.query = "name=M\xc3\xbcller";
    ASSERT_TRUE(log->append(access));
    EXPECT_EQ(access_at(1).asked(), "Patient/??");
    EXPECT_EQ(access_at(1).query(), "name=M??ller");
}

}  // namespace
}  // namespace consilium::services::audit
