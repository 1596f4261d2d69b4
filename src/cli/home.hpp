// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "cli/output.hpp"
#include "node/users.hpp"

// Where things lie in a folder that `consilium init` made.
namespace consilium::cli {

struct NetworkHome {
    std::filesystem::path folder;
    [[nodiscard]] std::filesystem::path genesis() const { return folder / "genesis.json"; }
    [[nodiscard]] std::filesystem::path config() const { return folder / "consilium.toml"; }
    [[nodiscard]] std::filesystem::path members() const { return folder / "members"; }
    [[nodiscard]] std::filesystem::path member(std::string_view id) const { return members() / id; }
};

struct MemberHome {
    std::filesystem::path folder;
    [[nodiscard]] std::filesystem::path member_key() const { return folder / "keys/member.key"; }
    [[nodiscard]] std::filesystem::path validator_key() const {
        return folder / "keys/validator.key";
    }
    [[nodiscard]] std::filesystem::path token_key() const { return folder / "keys/token.pem"; }
    [[nodiscard]] std::filesystem::path vault_passphrase() const {
        return folder / "keys/vault.passphrase";
    }
    // Beside the data: who moves the ledger copy away to have it made again keeps the documents.
    [[nodiscard]] std::filesystem::path vault() const { return folder / "vault"; }
    [[nodiscard]] std::filesystem::path certificate() const { return folder / "tls/node.crt"; }
    [[nodiscard]] std::filesystem::path tls_key() const { return folder / "tls/node.key"; }
    [[nodiscard]] std::filesystem::path users() const { return folder / "users.json"; }
    [[nodiscard]] std::filesystem::path data() const { return folder / "data"; }
};

[[nodiscard]] Result<std::vector<node::UserEntry>, Problem> load_users(
    const std::filesystem::path& file);

// Whole files. One that holds more than `bytes_max`, or never ends, is Exit::kUsage and is not read
// further; one that cannot be read is Exit::kDisk.
inline constexpr std::size_t kFileBytesMax = 256U << 20U;
[[nodiscard]] Result<std::string, Problem> read_file(const std::filesystem::path& file,
                                                     std::size_t bytes_max = kFileBytesMax);
// A whole file as above, or standard input for "-".
[[nodiscard]] Result<std::string, Problem> read_input(const std::string& file);
[[nodiscard]] Status<Problem> write_file(const std::filesystem::path& file,
                                         std::string_view content);

// The machine's clock: commands live at the edge.
[[nodiscard]] UnixMs now();

}  // namespace consilium::cli
