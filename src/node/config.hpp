// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

// The one TOML file that configures a node process (docs/configuration.md). Every key has a
// default or must be given; an unknown key, a wrong type and a value out of range are refused by
// name and line, all of them at once. Relative paths are relative to the file's folder.
namespace consilium::node {

struct LogConfig {
    std::string level = "info";
    std::string file;  // empty: standard error
    friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

struct LedgerConfig {
    std::uint64_t queue_transactions_max = 65'536;
    std::uint64_t queue_bytes_max = 64U * 1024U * 1024U;
    std::uint64_t bundles_in_flight_max = 16;
    std::uint64_t batch_delay_us = 5'000;
    std::uint64_t bundle_lifetime_ms = 60'000;
    std::uint64_t resubmit_after_ms = 2'000;
    std::uint64_t threads = 2;
    friend bool operator==(const LedgerConfig&, const LedgerConfig&) = default;
};

struct StorageConfig {
    std::uint64_t cache_mib = 128;
    friend bool operator==(const StorageConfig&, const StorageConfig&) = default;
};

struct HttpConfig {
    std::string address = "127.0.0.1";
    std::uint64_t port = 7443;  // 0: one that is free, printed at the start
    std::string certificate;
    std::string private_key;
    std::uint64_t threads = 2;
    std::uint64_t connections_max = 1024;
    std::uint64_t pipeline_max = 1024;
    std::uint64_t in_flight_max = 32'768;
    std::uint64_t header_timeout_ms = 10'000;
    std::uint64_t body_timeout_ms = 20'000;
    std::uint64_t answer_timeout_ms = 60'000;
    std::uint64_t idle_timeout_ms = 120'000;
    friend bool operator==(const HttpConfig&, const HttpConfig&) = default;
};

// Where the member's documents lie, sealed. With neither passphrase the node has no vault.
struct VaultConfig {
    std::string folder;  // empty: "vault" in the node's data folder
    std::string passphrase_file;
    std::string passphrase_variable;  // of the environment, instead of the file
    // How long what is stored waits for others before it is anchored together with them.
    std::uint64_t anchor_interval_ms = 60'000;
    // How long backups of the vault are kept, at most; 0: none are made. Shred receipts say when
    // the last one that holds the key expires.
    std::uint64_t backup_days = 0;
    friend bool operator==(const VaultConfig&, const VaultConfig&) = default;
};

// Where other members' nodes bring messages, with the certificate of the HTTP API: the ledger's
// Node.peer_endpoint says where that is, seen from outside.
struct PeerConfig {
    std::string address = "127.0.0.1";
    std::uint64_t port = 0;  // 0: the node takes no messages and sends none
    friend bool operator==(const PeerConfig&, const PeerConfig&) = default;
};

// One member's node. A process with the embedded engine hosts any number of them.
struct NodeConfig {
    std::string member;
    std::string data;  // folder of the ledger copy and the outbox
    std::string member_key;
    std::uint64_t member_key_id = 1;
    std::string validator_key;  // empty: an observer
    std::string token_key;
    std::string users;  // list of the users' ids; empty: the node itself gives no transactions
    VaultConfig vault;
    HttpConfig http;
    PeerConfig peer;
    friend bool operator==(const NodeConfig&, const NodeConfig&) = default;
};

struct Config {
    std::string genesis;
    LogConfig log;
    LedgerConfig ledger;
    StorageConfig storage;
    std::vector<NodeConfig> nodes;  // at least one, no member and no data twice
    friend bool operator==(const Config&, const Config&) = default;
};

struct ConfigError {
    std::uint32_t line = 0;  // 0: the file as a whole
    std::string key;         // "node.http.port", or empty
    std::string message;
};

// "consilium.toml:12: node.http.port: 70000 is not between 0 and 65535".
[[nodiscard]] std::string to_string(const ConfigError& error, std::string_view file);

// `folder` is what relative paths are resolved against; empty leaves them as they are.
[[nodiscard]] Result<Config, std::vector<ConfigError>> parse_config(
    std::string_view text, const std::filesystem::path& folder);
[[nodiscard]] Result<Config, std::vector<ConfigError>> load_config(
    const std::filesystem::path& file);

// A file that reads back as this configuration, each key under a comment that says what it does.
[[nodiscard]] std::string format_config(const Config& config);

// What docs/configuration.md shows of one key.
struct ConfigKey {
    std::string key;    // "node.http.port"
    std::string type;   // "number 0..65535", "path", ...
    std::string value;  // default, or "required"
    std::string about;
};
[[nodiscard]] std::vector<ConfigKey> config_keys();

}  // namespace consilium::node
