// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "proto/canonical.hpp"
#include "services/audit/access_log.hpp"

namespace consilium::services::audit {

// A log on a vault in a folder of its own.
class AccessLogFixture : public ::testing::Test {
 protected:
    std::filesystem::path folder =
        (std::filesystem::is_directory("/dev/shm") ? std::filesystem::path("/dev/shm")
                                                   : std::filesystem::temp_directory_path()) /
        ("consilium-audit-" + to_hex(crypto::random_bytes(8)));
    LogName name{crypto::random_id<ledger::NetworkId>(), "hospital"};
    telemetry::Metrics metrics;
    std::atomic<std::uint64_t> now_ms{1'700'000'000'000};
    std::unique_ptr<vault::Vault> vault;
    std::unique_ptr<ChainedLog> log;

    AccessLogFixture() {
        std::filesystem::create_directory(folder);
        EXPECT_TRUE(vault::Vault::create(folder / "vault", "passphrase", {1, 8}).ok());
        reopen();
    }
    ~AccessLogFixture() override {
        log.reset();
        vault.reset();
        std::filesystem::remove_all(folder);
    }
    void reopen() {
        log.reset();
        vault.reset();
        auto opened = vault::Vault::open(folder / "vault", name.network, "passphrase");
        ASSERT_TRUE(opened.ok());
        vault = std::move(*opened);
        log = std::make_unique<ChainedLog>(
            *vault, name, [this] { return UnixMs{now_ms}; }, telemetry::Logger(), metrics);
    }
    static Access read_of(const std::string& patient) {
        Access out;
        out.subject = "user-7";
        out.client = "app";
        out.token = "token-1";
        out.purpose = "TREAT";
        out.interaction = Interaction::kRead;
        out.asked = "Observation/o-" + patient;
        AccessedResource resource;
        resource.type = "Observation";
        resource.id = "o-" + patient;
        resource.version = 2;
        resource.patients.push_back(out.patient(patient));
        out.resources.push_back(resource);
        return out;
    }
    v1::LoggedRow row_at(std::uint64_t sequence) {
        v1::LoggedRow out;
        const auto row = vault->row(log_key(sequence));
        EXPECT_TRUE(row.ok() && *row);
        const bool good = row && *row && proto::parse_canonical(**row, out).ok();
        EXPECT_TRUE(good);
        return out;
    }
};

}  // namespace consilium::services::audit
