// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "vault/document_writer.hpp"

namespace consilium::vault {

// A vault in a folder of its own, with documents whose payloads and index keys can be searched for.
class VaultTest : public ::testing::Test {
 protected:
    // In memory where the system offers that: these tests end processes, not power.
    std::filesystem::path folder =
        (std::filesystem::is_directory("/dev/shm") ? std::filesystem::path("/dev/shm")
                                                   : std::filesystem::temp_directory_path()) /
        ("consilium-" + to_hex(crypto::random_bytes(8)));
    std::filesystem::path path = folder / "vault";
    ledger::NetworkId network = crypto::random_id<ledger::NetworkId>();
    std::unique_ptr<Vault> vault;

    VaultTest() {
        std::filesystem::create_directory(folder);
        EXPECT_TRUE(Vault::create(path, "passphrase", {1, 8}).ok());
        reopen();
    }
    ~VaultTest() override {
        vault.reset();
        std::filesystem::remove_all(folder);
    }

    void reopen(Files& files = system_files()) {
        vault.reset();
        auto opened = Vault::open(path, network, "passphrase", files);
        ASSERT_TRUE(opened.ok()) << static_cast<int>(opened.error().error);
        vault = std::move(*opened);
    }

    // Runs the work that is named (vault_child_testing.cpp) in a process of its own, which ends
    // before the n-th change; true when it came through.
    bool comes_through(const std::string& changes, const std::string& work,
                       const std::string& argument = {}) {
        vault.reset();
        const std::string network_hex = to_hex(network.view());
        const pid_t child = ::fork();
        if (child == 0) {
            ::execl(CONSILIUM_VAULT_CHILD, CONSILIUM_VAULT_CHILD, path.c_str(), network_hex.c_str(),
                    changes.c_str(), work.c_str(), argument.c_str(), nullptr);
            ::_exit(1);
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status));
        EXPECT_NE(WEXITSTATUS(status), 1) << work;
        return WEXITSTATUS(status) == 0;
    }

    static DocumentName name_of(std::uint8_t record, std::uint32_t version = 1) {
        DocumentName name;
        name.record.value.fill(static_cast<std::uint8_t>(0x90 + record));
        name.version = version;
        return name;
    }
    static Bytes payload_of(const DocumentName& name) {
        return "Verena Musterpatientin, 1961-04-30, document " + to_hex(name.record.view()) + " " +
               std::to_string(name.version);
    }
    static Bytes index_of(const DocumentName& name) {
        return "family=musterpatientin/" + to_hex(name.record.view()).substr(0, 6);
    }
    Result<std::vector<Hash32>, VaultError> put(const std::vector<DocumentName>& names) {
        std::vector<Bytes> payloads;
        std::vector<NewDocument> documents;
        for (const DocumentName& name : names)
            payloads.push_back(payload_of(name));
        for (std::size_t i = 0; i < names.size(); ++i)
            documents.push_back({names[i], payloads[i], {index_of(names[i])}});
        return vault->put(documents);
    }
    // A long document through begin(), of `size` times 'L'.
    Result<Hash32, VaultError> put_long(const DocumentName& name, std::uint64_t size,
                                        bool announced = true) {
        auto writer = vault->begin(name, announced ? std::optional(size) : std::nullopt);
        if (!writer) return fail(writer.error());
        const Bytes piece(500'000, 'L');
        for (std::uint64_t at = 0; at < size; at += piece.size()) {
            const auto rest =
                static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size - at));
            if (auto put = (*writer)->update(BytesView(piece).substr(0, rest)); !put)
                return fail(put.error());
        }
        return (*writer)->commit({index_of(name)});
    }
    Result<Bytes, VaultError> get(const DocumentName& name) {
        Bytes out;
        const auto read = vault->read(name, [&out](BytesView bytes) {
            out += bytes;
            return true;
        });
        if (!read) return fail(read.error());
        return out;
    }
    bool holds(const DocumentName& name) {
        const auto found = get(name);
        return found && *found == payload_of(name);
    }

    static Bytes read_all(const std::filesystem::path& file) {
        std::ifstream in(file, std::ios::binary);
        std::ostringstream out;
        out << in.rdbuf();
        return out.str();
    }
    static std::vector<std::filesystem::path> files_in(const std::filesystem::path& where) {
        std::vector<std::filesystem::path> out;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(where)) {
            if (entry.is_regular_file()) out.push_back(entry.path());
        }
        return out;
    }
    // Whether any file below `where` holds the bytes as they are.
    static bool on_disk(const std::filesystem::path& where, BytesView bytes) {
        for (const auto& file : files_in(where)) {
            if (read_all(file).find(bytes) != Bytes::npos) return true;
        }
        return false;
    }
};

}  // namespace consilium::vault
