// SPDX-License-Identifier: Apache-2.0
#include "node/member_vault.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "node/consortium_fixture.hpp"
#include "node/key_file.hpp"

namespace consilium::node {
namespace {

class MemberVaultTest : public ::testing::Test {
 protected:
    MemberVaultTest() {
        node_.member = "hospital";
        node_.data = (folder_.path() / "data").string();
        node_.vault.passphrase_file = (folder_.path() / "passphrase").string();
    }
    void write_passphrase(std::string_view text) {
        ASSERT_TRUE(write_private_file(node_.vault.passphrase_file, text, true).ok());
    }
    std::string passphrase() {
        const auto read = vault_passphrase(node_.vault);
        return read ? std::string(read->view()) : "error: " + read.error().message;
    }
    // The kind of failure, and a word of its message.
    void expect_no_open(ProcessError::Kind kind, std::string_view word) {
        const auto opened = open_vault(node_, network_);
        ASSERT_FALSE(opened.ok());
        EXPECT_EQ(opened.error().kind, kind) << opened.error().message;
        EXPECT_NE(opened.error().message.find(word), std::string::npos) << opened.error().message;
        EXPECT_EQ(opened.error().message.find("secret"), std::string::npos);
    }

    testing::TemporaryDirectory folder_;
    ledger::NetworkId network_;
    NodeConfig node_;
};

TEST_F(MemberVaultTest, PassphrasesComeFromAFileOrTheEnvironment) {
    EXPECT_TRUE(has_vault(node_));
    for (const auto& [text, expected] : {std::pair{"secret", "secret"},
                                         {"secret\n", "secret"},
                                         {"two words\r\n", "two words"},
                                         {"\n", ""},
                                         {"secret\n\n", "secret\n"}}) {
        write_passphrase(text);
        EXPECT_EQ(passphrase(), expected);
    }
    ASSERT_EQ(::chmod(node_.vault.passphrase_file.c_str(), 0640), 0);
    EXPECT_NE(passphrase().find("chmod 600"), std::string::npos);
    node_.vault.passphrase_file = (folder_.path() / "none").string();
    EXPECT_EQ(passphrase().rfind("error: ", 0), 0U);

    node_.vault = {"", "", "CONSILIUM_TEST_VAULT_PASSPHRASE"};
    EXPECT_TRUE(has_vault(node_));
    EXPECT_NE(passphrase().find("is not set"), std::string::npos);
    ASSERT_EQ(::setenv("CONSILIUM_TEST_VAULT_PASSPHRASE", "from there", 1), 0);
    EXPECT_EQ(passphrase(), "from there");
    ASSERT_EQ(::unsetenv("CONSILIUM_TEST_VAULT_PASSPHRASE"), 0);
    EXPECT_FALSE(has_vault(NodeConfig()));
}

TEST_F(MemberVaultTest, ARandomPassphraseIsMadeOnce) {
    ASSERT_TRUE(make_passphrase_file(node_.vault.passphrase_file).ok());
    const std::string made = passphrase();
    EXPECT_EQ(made.size(), 48U);
    EXPECT_FALSE(make_passphrase_file(node_.vault.passphrase_file).ok());
    EXPECT_EQ(passphrase(), made);
}

TEST_F(MemberVaultTest, OpensAsConfiguredAndSaysWhyNot) {
    using Kind = ProcessError::Kind;
    expect_no_open(Kind::kConfig, "passphrase");
    write_passphrase("secret");
    expect_no_open(Kind::kDisk, "is not there");
    EXPECT_EQ(vault_folder(node_), folder_.path() / "data" / "vault");
    ASSERT_TRUE(create_vault(node_).ok());
    const auto again = create_vault(node_);
    ASSERT_FALSE(again.ok());
    EXPECT_NE(again.error().message.find("exists"), std::string::npos);
    {
        const auto opened = open_vault(node_, network_);
        ASSERT_TRUE(opened.ok());
        expect_no_open(Kind::kDisk, "in use by another process");
    }
    write_passphrase("another");
    expect_no_open(Kind::kConfig, "another passphrase");
    write_passphrase("");
    expect_no_open(Kind::kConfig, "empty");
    write_passphrase("secret");
    const std::string store = (vault_folder(node_) / "keystore").string();
    ASSERT_EQ(::chmod(store.c_str(), 0644), 0);
    expect_no_open(Kind::kConfig, "others than its owner");
    ASSERT_EQ(::chmod(store.c_str(), 0600), 0);
    std::filesystem::resize_file(store, std::filesystem::file_size(store) - 1);
    expect_no_open(Kind::kDisk, "key store");
}

TEST_F(MemberVaultTest, ShowsWhatItHoldsAndNothingOfIt) {
    write_passphrase("secret");
    ASSERT_TRUE(create_vault(node_).ok());
    const auto vault = open_vault(node_, network_);
    ASSERT_TRUE(vault.ok());
    telemetry::Metrics metrics;
    export_vault_metrics(metrics, **vault);
    const vault::NewDocument document{{{}, 1}, "payload of a patient", {"family=smith;"}};
    const vault::Row row{"ehr/smith", "value"};
    ASSERT_TRUE((*vault)->put({&document, 1}, {&row, 1}).ok());
    const std::string text = metrics.render();
    for (const char* line :
         {"consilium_vault_documents 1\n", "consilium_vault_document_bytes 20\n",
          "consilium_vault_erased 0\n", "consilium_vault_rows 1\n",
          "consilium_vault_index_entries 1\n", "consilium_vault_sync_seconds_count 1\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
    EXPECT_EQ(text.find("smith"), std::string::npos);
}

}  // namespace
}  // namespace consilium::node
