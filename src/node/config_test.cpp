// SPDX-License-Identifier: Apache-2.0
#include "node/config.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace consilium::node {
namespace {

constexpr std::string_view kMinimal = R"(genesis = "genesis.json"
[[node]]
member = "hospital"
data = "data"
member_key = "keys/member.key"
token_key = "/etc/consilium/token.key"
[node.http]
certificate = "tls/node.crt"
private_key = "tls/node.key"
)";

std::string with(std::string_view from, std::string_view to) {
    std::string text(kMinimal);
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

// Every error of a text, one to a line.
std::string errors_of(std::string_view text) {
    const auto read = parse_config(text, "");
    std::string out;
    if (!read) {
        for (const auto& error : read.error())
            out += to_string(error, "c.toml") + "\n";
    }
    return out;
}

TEST(Config, TakesDefaultsAndResolvesPaths) {
    const auto read = parse_config(kMinimal, "/net/members/hospital");
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->genesis, "/net/members/hospital/genesis.json");
    ASSERT_EQ(read->nodes.size(), 1U);
    const auto& node = read->nodes[0];
    EXPECT_EQ(node.member, "hospital");
    EXPECT_EQ(node.token_key, "/etc/consilium/token.key");
    EXPECT_EQ(node.http.certificate, "/net/members/hospital/tls/node.crt");
    EXPECT_EQ(node.validator_key, "");
    EXPECT_EQ(node.http.port, HttpConfig{}.port);
    EXPECT_EQ(read->ledger, LedgerConfig{});
    EXPECT_EQ(read->log, LogConfig{});
}

TEST(Config, ReadsBackWhatItWrote) {
    Config config;
    config.genesis = "a \"quoted\" \\ name\n\x7f/genesis.json";
    config.log = {"warn", "log.json"};
    config.ledger.batch_delay_us = 0;
    config.storage.cache_mib = 8;
    for (const char* member : {"hospital", "clinic"}) {
        NodeConfig& node = config.nodes.emplace_back();
        node.member = member;
        node.data = std::string(member) + "/data";
        node.member_key = node.token_key = node.validator_key = "k";
        node.vault = {"sealed", "keys/vault.passphrase", "", 5};
        node.http.port = 0;
        node.peer = {"::1", 7543};
        node.http.certificate = node.http.private_key = "t";
    }
    const auto read = parse_config(format_config(config), "");
    ASSERT_TRUE(read.ok()) << errors_of(format_config(config));
    EXPECT_EQ(*read, config);
}

TEST(Config, RefusesUnknownKeysByNameAndLine) {
    EXPECT_EQ(errors_of("genesiss = 'x'\n" + std::string(kMinimal)),
              "c.toml:1: genesiss: unknown key; did you mean 'genesis'?\n");
    EXPECT_EQ(errors_of(with("data = ", "xyzzy = 1\ndata = ")),
              "c.toml:4: node.xyzzy: unknown key; known here: vault, http, peer, member, data, "
              "member_key, "
              "member_key_id, validator_key, token_key, users\n");
    EXPECT_EQ(errors_of(with("[[node]]", "[log]\nlevl = 'info'\n[[node]]")),
              "c.toml:3: log.levl: unknown key; did you mean 'level'?\n");
    EXPECT_EQ(errors_of(with("[[node]]", "[cache]\n[[node]]")),
              "c.toml:2: cache: unknown key; known here: log, ledger, storage, node, genesis\n");
}

TEST(Config, RefusesValuesOutOfRangeAndTakesTheLimits) {
    const auto port = [](std::string_view value) {
        return errors_of(std::string(kMinimal) + "port = " + std::string(value) + "\n");
    };
    EXPECT_EQ(port("0"), "");
    EXPECT_EQ(port("65535"), "");
    EXPECT_EQ(port("65536"), "c.toml:10: node.http.port: 65536 is not between 0 and 65535\n");
    EXPECT_EQ(port("-1"), "c.toml:10: node.http.port: -1 is not between 0 and 65535\n");
    EXPECT_EQ(port("'7443'"), "c.toml:10: node.http.port: must be a whole number\n");
    EXPECT_EQ(port("7443.0"), "c.toml:10: node.http.port: must be a whole number\n");
    EXPECT_EQ(errors_of(with("[[node]]", "[ledger]\nbatch_delay_us = 1000000\n[[node]]")), "");
    EXPECT_EQ(errors_of(with("[[node]]", "[ledger]\nbatch_delay_us = 1000001\n[[node]]")),
              "c.toml:3: ledger.batch_delay_us: 1000001 is not between 0 and 1000000\n");
    EXPECT_EQ(errors_of(with("[[node]]", "[log]\nlevel = 'loud'\n[[node]]")),
              "c.toml:3: log.level: 'loud' is not one of debug, info, warn, error\n");
}

TEST(Config, RefusesWhatIsMissingAndSaysAllAtOnce) {
    EXPECT_EQ(errors_of(""),
              "c.toml: node: at least one [[node]] table must be given\n"
              "c.toml:1: genesis: must be given\n");
    EXPECT_EQ(errors_of(with("member = \"hospital\"", "member = \"\"\nhttp2 = 1")),
              "c.toml:3: node.member: must not be empty\n"
              "c.toml:4: node.http2: unknown key; did you mean 'http'?\n");
    EXPECT_EQ(errors_of(std::string(kMinimal) + std::string(kMinimal).substr(25)),
              "c.toml:10: node.member: 'hospital' is given twice\n"
              "c.toml:10: node.data: 'data' is the folder of another node\n");
    EXPECT_EQ(errors_of(with("genesis = \"genesis.json\"", "genesis = 7")),
              "c.toml:1: genesis: must be a string\n");
    EXPECT_NE(errors_of(with("[node.http]", "http = 3\n[other]"))
                  .find("c.toml:7: node.http: must be a table\n"),
              std::string::npos);
}

TEST(Config, RefusesOneFolderForTwoNodes) {
    const auto second = [](std::string_view data) {
        std::string text = std::string(kMinimal).substr(25);
        text.replace(text.find("hospital"), 8, "clinic");
        text.replace(text.find("\"data\""), 6, "\"" + std::string(data) + "\"");
        return errors_of(std::string(kMinimal) + text);
    };
    for (const std::string data : {"data", "data/", "./data", "other/../data", "data/."}) {
        EXPECT_EQ(second(data),
                  "c.toml:10: node.data: '" + data + "' is the folder of another node\n");
    }
    for (const std::string_view data : {"data2", "other/data", "dat", "/data", "../data"})
        EXPECT_EQ(second(data), "");
}

TEST(Config, RefusesWhatIsNotToml) {
    EXPECT_NE(errors_of("genesis = \n").find("c.toml:1: "), std::string::npos);
    EXPECT_NE(errors_of("a = 1\na = 2\n").find("c.toml:2: "), std::string::npos);
    EXPECT_NE(errors_of(std::string("genesis = '\xff'\n")), "");
    EXPECT_NE(errors_of(std::string("a\0b", 3)), "");
    EXPECT_FALSE(load_config("/nonexistent/consilium.toml").ok());
}

TEST(Config, TheReferencePageHasEveryKey) {
    std::ifstream in(CONSILIUM_SOURCE_DIR "/docs/configuration.md");
    std::ostringstream page;
    page << in.rdbuf();
    for (const auto& key : config_keys()) {
        const std::string row =
            "| `" + key.key + "` | " + key.type + " | " + key.value + " | " + key.about + " |";
        EXPECT_NE(page.str().find(row), std::string::npos) << "docs/configuration.md lacks\n"
                                                           << row;
    }
}

TEST(Config, AVaultHasOnePassphrase) {
    const std::string both =
        std::string(kMinimal) + "[node.vault]\npassphrase_file = 'f'\npassphrase_variable = 'V'\n";
    EXPECT_EQ(errors_of(both),
              "c.toml:10: node.vault: give passphrase_file or passphrase_variable, not both\n");
    const auto read = parse_config(
        std::string(kMinimal) + "[node.vault]\npassphrase_file = 'f'\nfolder = '../v'\n", "/net/a");
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->nodes[0].vault, (VaultConfig{"/net/v", "/net/a/f", "", 60'000}));
}

}  // namespace
}  // namespace consilium::node
