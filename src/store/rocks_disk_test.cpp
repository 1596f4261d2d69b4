// SPDX-License-Identifier: Apache-2.0
#include "store/rocks_disk.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "state/state_fixture.hpp"

namespace consilium::store {
namespace {

namespace fs = std::filesystem;
using state::DiskError;
using state::Durability;
using state::LedgerState;
using state::Space;
using state::StateDiff;

class RocksDisk : public ::testing::Test {
 protected:
    RocksDisk() {
        std::string name = (fs::temp_directory_path() / "consilium-store-XXXXXX").string();
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        root_ = name;
        directory_ = root_ / "db";
    }
    ~RocksDisk() override {
        std::error_code ignored;
        ::chmod(directory_.c_str(), 0700);
        fs::remove_all(root_, ignored);
    }
    [[nodiscard]] std::unique_ptr<state::Disk> open() const {
        auto disk = open_rocks_disk(directory_);
        EXPECT_TRUE(disk.ok()) << disk.error().detail;
        return disk.ok() ? std::move(*disk) : nullptr;
    }
    void expect_refused(DiskError error) const {
        const auto disk = open_rocks_disk(directory_);
        ASSERT_FALSE(disk.ok());
        EXPECT_STREQ(to_string(disk.error().error), to_string(error)) << disk.error().detail;
        EXPECT_NE(disk.error().detail.find(root_.string()), std::string::npos);
    }
    [[nodiscard]] fs::path file(const std::string& prefix, const std::string& suffix) const {
        for (const auto& entry : fs::directory_iterator(directory_)) {
            const std::string name = entry.path().filename().string();
            if (name.starts_with(prefix) && name.ends_with(suffix) && entry.file_size() > 0)
                return entry.path();
        }
        ADD_FAILURE() << "no file " << prefix << "*" << suffix;
        return {};
    }
    // A state of some blocks, closed, so that everything lies in table files.
    void fill() const {
        auto disk = open();
        auto batch = disk->new_batch();
        for (int i = 0; i < 200; ++i)
            batch->put(Space::kNode, "key" + std::to_string(i), Bytes(100, 'v'));
        ASSERT_TRUE(disk->write(*batch, Durability::kSynced).ok());
    }

    fs::path root_;
    fs::path directory_;
};

Bytes text(const Result<std::optional<Bytes>, DiskError>& got) {
    return got.ok() ? got->value_or("(none)") : to_string(got.error());
}

TEST_F(RocksDisk, KeepsThePortsPromises) {
    auto disk = open();
    // The descending space and an ascending one behave alike.
    for (const Space space : {Space::kCurrent, Space::kHistory, Space::kMeta}) {
        auto batch = disk->new_batch();
        for (const char* key : {"", "a", "ab", "b", "\x7f", "\x80", "\xff"})
            batch->put(space, key, Bytes("v") + key);
        batch->put(space, "a", "later");
        EXPECT_EQ(text(disk->get(space, "b")), "(none)");
        ASSERT_TRUE(disk->write(*batch, Durability::kSynced).ok());
        const auto snapshot = disk->snapshot();
        batch->erase(space, "b");
        batch->erase_range(space, "\x7f", "\xff");
        ASSERT_TRUE(disk->write(*batch, Durability::kBuffered).ok());
        ASSERT_TRUE(disk->sync().ok());
        EXPECT_EQ(text(disk->get(space, "a")), "later");
        EXPECT_EQ(text(disk->get(space, "b")), "(none)");
        EXPECT_EQ(text(disk->get(space, "\x80")), "(none)");
        EXPECT_EQ(text(disk->get(space, "\xff")), "v\xff");
        EXPECT_EQ(text(snapshot->get(space, "\x80")), "v\x80");
        const BytesView keys[] = {"a", "b", "zz", "\xff"};
        EXPECT_EQ(
            disk->multi_get(space, keys).value(),
            (std::vector<std::optional<Bytes>>{"later", std::nullopt, std::nullopt, "v\xff"}));
        const auto walk = [&](const state::DiskReader& reader) {
            std::vector<Bytes> up;
            std::vector<Bytes> down;
            const auto cursor = reader.cursor(space);
            for (cursor->seek_first(); cursor->valid(); cursor->next())
                up.push_back(Bytes(cursor->key()));
            for (cursor->seek_last(); cursor->valid(); cursor->prev())
                down.push_back(Bytes(cursor->key()));
            std::reverse(down.begin(), down.end());
            EXPECT_EQ(up, down);
            return up;
        };
        EXPECT_EQ(walk(*disk), (std::vector<Bytes>{"", "a", "ab", "\xff"}));
        EXPECT_EQ(walk(*snapshot),
                  (std::vector<Bytes>{"", "a", "ab", "b", "\x7f", "\x80", "\xff"}));
        const auto cursor = disk->cursor(space);
        cursor->seek("aa");
        EXPECT_EQ(cursor->key(), "ab");
        cursor->prev();
        EXPECT_EQ(cursor->key(), "a");
        cursor->seek_for_prev("aa");
        EXPECT_EQ(cursor->key(), "a");
        cursor->next();
        EXPECT_EQ(cursor->key(), "ab");
        cursor->seek("\xff\xff");
        EXPECT_FALSE(cursor->valid());
        EXPECT_FALSE(cursor->error());
    }
}

TEST_F(RocksDisk, CarriesAStateThroughBlocksAndRestarts) {
    auto disk = open();
    state::TestRandom random(1);
    state::StateFixture fixture({}, std::move(disk));
    const auto block = [&](std::uint64_t size) {
        StateDiff diff;
        for (std::uint64_t i = 0; i < size; ++i)
            diff["k" + std::to_string(random(900))] =
                random(4) == 0 ? std::nullopt : std::optional<Bytes>(Bytes(random(500), 'v'));
        fixture.apply(diff);
    };
    for (int i = 0; i < 40; ++i) {
        block(1 + random(60));
        if (i % 10 != 9) continue;
        fixture.state.reset();
        fixture.disk.reset();
        fixture.disk = open();
        fixture.state = LedgerState::open(*fixture.disk).value();
        ASSERT_EQ(fixture.state->root(), fixture.model.root());
        const Height h = random(fixture.model.height() + 1);
        fixture.expect_prefix("", h);
        fixture.expect_key("k7", h);
        fixture.expect_prefix("k1", std::nullopt);
    }
}

TEST_F(RocksDisk, NothingOfTheContentIsLogged) {
    {
        auto disk = open();
        auto batch = disk->new_batch();
        batch->put(Space::kNode, "some-key", "PATIENT-NAME");
        ASSERT_TRUE(disk->write(*batch, Durability::kSynced).ok());
    }
    for (const auto& entry : fs::directory_iterator(directory_)) {
        const std::string name = entry.path().filename().string();
        EXPECT_FALSE(name.starts_with("LOG")) << name;
        if (name.ends_with(".sst") || name.ends_with(".log")) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string all((std::istreambuf_iterator<char>(in)), {});
        EXPECT_EQ(all.find("PATIENT-NAME"), std::string::npos) << name;
    }
}

TEST_F(RocksDisk, RefusesADirectoryThatIsNotALedger) {
    EXPECT_EQ(open_rocks_disk(directory_, {.create = false}).error().error, DiskError::kMissing);
    fs::create_directories(directory_);
    EXPECT_EQ(open_rocks_disk(directory_, {.create = false}).error().error, DiskError::kMissing);
    fill();
    fs::remove(directory_ / "CURRENT");
    expect_refused(DiskError::kMissing);
}

TEST_F(RocksDisk, TellsAMissingFile) {
    fill();
    fs::remove(file("", ".sst"));
    expect_refused(DiskError::kMissing);
}

TEST_F(RocksDisk, TellsAMissingManifest) {
    fill();
    fs::remove(file("MANIFEST-", ""));
    expect_refused(DiskError::kMissing);
}

TEST_F(RocksDisk, TellsATruncatedTable) {
    fill();
    const fs::path table = file("", ".sst");
    fs::resize_file(table, fs::file_size(table) / 2);
    expect_refused(DiskError::kCorruption);
}

TEST_F(RocksDisk, TellsACorruptedManifest) {
    fill();
    const fs::path manifest = file("MANIFEST-", "");
    std::fstream bytes(manifest, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(40);
    bytes.write("XXXXXXXX", 8);
    bytes.close();
    expect_refused(DiskError::kCorruption);
}

TEST_F(RocksDisk, TellsACorruptedBlockWhenItIsRead) {
    fill();
    for (const auto& entry : fs::directory_iterator(directory_)) {
        if (entry.path().extension() != ".sst") continue;
        std::fstream bytes(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekp(20);
        bytes.write("XXXXXXXX", 8);
    }
    const auto disk = open();
    EXPECT_EQ(disk->get(Space::kNode, "key1").error(), DiskError::kCorruption);
    const BytesView keys[] = {"key1"};
    EXPECT_EQ(disk->multi_get(Space::kNode, keys).error(), DiskError::kCorruption);
    const auto cursor = disk->cursor(Space::kNode);
    cursor->seek_first();
    EXPECT_FALSE(cursor->valid());
    EXPECT_EQ(cursor->error(), DiskError::kCorruption);
}

TEST_F(RocksDisk, TellsThatAnotherHasItOpen) {
    const auto disk = open();
    expect_refused(DiskError::kLocked);
}

// What `body` returns, in a process of its own: limits and rights stay there.
int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(RocksDisk, TellsADirectoryThatCannotBeWritten) {
    fill();
    ::chmod(directory_.c_str(), 0555);
    ::chmod(root_.c_str(), 0755);
    const int answer = in_child([&] {
        if (::geteuid() == 0 && ::setuid(65534) != 0) return 100;
        const auto disk = open_rocks_disk(directory_);
        return disk.ok() ? 101 : static_cast<int>(disk.error().error);
    });
    EXPECT_EQ(answer, static_cast<int>(DiskError::kReadOnly));
}

TEST_F(RocksDisk, TellsAFullDiskAndKeepsWhatWasThere) {
    fill();
    const int answer = in_child([&] {
        auto disk = open();
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{256 * 1024, 256 * 1024};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        for (int i = 0; i < 100; ++i) {
            auto batch = disk->new_batch();
            batch->put(Space::kNode, "big" + std::to_string(i), Bytes(50'000, 'v'));
            const auto written = disk->write(*batch, Durability::kSynced);
            if (written.ok()) continue;
            if (written.error() != DiskError::kFull) return 100 + static_cast<int>(written.error());
            if (disk->write(*batch, Durability::kSynced).ok()) return 120;
            if (text(disk->get(Space::kNode, "key7")) != Bytes(100, 'v')) return 121;
            if (text(disk->get(Space::kNode, "big" + std::to_string(i))) != "(none)") return 122;
            ::_exit(0);  // as a crash would, without closing
        }
        return 123;
    });
    EXPECT_EQ(answer, 0);
    const auto disk = open();
    EXPECT_EQ(text(disk->get(Space::kNode, "key7")), Bytes(100, 'v'));
    EXPECT_EQ(text(disk->get(Space::kNode, "big0")), Bytes(50'000, 'v'));
}

// ---- killed at any moment

StateDiff diff_of(Height height) {
    state::TestRandom random(height + 1);
    StateDiff diff;
    for (int i = 0; i < 40; ++i)
        diff["k" + std::to_string(random(500))] =
            random(4) == 0 ? std::nullopt : std::optional<Bytes>("v" + std::to_string(height));
    return diff;
}

// Commits blocks until it is killed, and reports each one that is durable.
int commit_forever(const fs::path& directory, int report) {
    auto disk = open_rocks_disk(directory);
    if (!disk) return 1;
    const auto state = LedgerState::open(**disk);
    if (!state) return 2;
    for (;;) {
        const Height height = (*state)->height() ? *(*state)->height() + 1 : 0;
        auto pending = (*state)->plan(height, diff_of(height));
        if (!pending) return 3;
        auto batch = (*disk)->new_batch();
        (*state)->stage(*pending, *batch);
        Bytes record;
        append_be64(record, height);
        batch->put(Space::kBlocks, record, pending->root().view());
        // Both ways of making a block durable.
        const bool buffered = height % 2 == 0;
        if (!(*disk)->write(*batch, buffered ? Durability::kBuffered : Durability::kSynced))
            return 4;
        (*state)->adopt(std::move(*pending));
        if (buffered && !(*disk)->sync()) return 5;
        if (::write(report, record.data(), 8) != 8) return 6;
    }
}

TEST_F(RocksDisk, KilledAtAnyMomentItComesBackAtAWholeBlock) {
    state::TestRandom random(42);
    state::reference::Model model(diff_of(0));
    for (int round = 0; round < 50; ++round) {
        int pipe_ends[2];
        ASSERT_EQ(::pipe(pipe_ends), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(pipe_ends[0]);
            ::_exit(commit_forever(directory_, pipe_ends[1]));
        }
        ::close(pipe_ends[1]);
        // Killed after some blocks, then some microseconds into whatever it is doing.
        std::optional<Height> reported;
        char bytes[8];
        for (std::uint64_t n = 1 + random(6); n > 0; --n) {
            ASSERT_EQ(::read(pipe_ends[0], bytes, 8), 8);
            reported = read_be64({bytes, 8});
        }
        ::usleep(static_cast<useconds_t>(random(2000)));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
        while (::read(pipe_ends[0], bytes, 8) == 8)
            reported = read_be64({bytes, 8});
        ::close(pipe_ends[0]);

        const auto disk = open();
        const auto state = LedgerState::open(*disk);
        ASSERT_TRUE(state.ok()) << to_string(state.error());
        const Height height = (*state)->height().value();
        ASSERT_GE(height, *reported);
        while (model.height() < height)
            model.apply(model.height() + 1, diff_of(model.height() + 1));
        ASSERT_EQ((*state)->root(), model.root());
        Bytes record;
        append_be64(record, height);
        EXPECT_EQ(text(disk->get(Space::kBlocks, record)), model.root().bytes());
        append_be64(record = Bytes(), height + 1);
        EXPECT_EQ(text(disk->get(Space::kBlocks, record)), "(none)");
    }
    EXPECT_GT(model.height(), 100U);
}

}  // namespace
}  // namespace consilium::store
