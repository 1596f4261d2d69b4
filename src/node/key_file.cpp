// SPDX-License-Identifier: Apache-2.0
#include "node/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/hex.hpp"
#include "node/text_file.hpp"

namespace consilium::node {
namespace {

constexpr std::string_view kFirstLine = "consilium-key 1";
constexpr std::size_t kKeyFileBytesMax = 1024;

// The next line, without its end; nothing when the text is used up or the line has no end.
std::optional<std::string_view> next_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

// What follows "name " on the next line.
std::optional<std::string_view> next_field(std::string_view& text, std::string_view name) {
    const auto line = next_line(text);
    if (!line || line->size() <= name.size() || line->substr(0, name.size()) != name ||
        (*line)[name.size()] != ' ') {
        return std::nullopt;
    }
    return line->substr(name.size() + 1);
}

bool write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

std::string_view algorithm_name(crypto::Algorithm algorithm) {
    switch (algorithm) {
        case crypto::Algorithm::kEd25519:
            return "ed25519";
        case crypto::Algorithm::kP256Sha256:
            return "p256";
    }
    return "unknown";
}

std::string format_key_file(const crypto::SigningKey& key) {
    std::string out(kFirstLine);
    out += "\nalgorithm ";
    out += algorithm_name(key.algorithm());
    out += "\npublic " + to_hex(key.public_key());
    out += "\nsecret " + to_hex(key.seed()) + "\n";
    return out;
}

Result<crypto::SigningKey, std::string> parse_key_file(std::string_view text) {
    const std::string_view whole = text;
    if (next_line(text) != kFirstLine) {
        return fail(std::string("is not a Consilium key file: the first line must be '") +
                    std::string(kFirstLine) + "'");
    }
    const auto algorithm = next_field(text, "algorithm");
    const auto public_hex = next_field(text, "public");
    const auto secret_hex = next_field(text, "secret");
    if (!algorithm || !public_hex || !secret_hex || !text.empty()) {
        return fail(
            std::string("must hold the lines algorithm, public and secret, in that order, "
                        "and nothing else"));
    }
    std::optional<crypto::Algorithm> id;
    for (const auto known : {crypto::Algorithm::kEd25519, crypto::Algorithm::kP256Sha256}) {
        if (*algorithm == algorithm_name(known)) id = known;
    }
    if (!id) return fail(std::string("names an unknown algorithm; known are ed25519 and p256"));
    const auto secret = from_hex(*secret_hex);
    const auto public_key = from_hex(*public_hex);
    auto key = secret ? crypto::SigningKey::from_seed(*id, *secret) : std::nullopt;
    if (!key || !public_key) return fail(std::string("holds no valid key of that algorithm"));
    if (key->public_key() != *public_key) {
        return fail(std::string("is damaged: its public key is not that of its secret"));
    }
    // Hexadecimal in capitals, say: a key has one form.
    if (format_key_file(*key) != whole) return fail(std::string("is not written as it should be"));
    return std::move(*key);
}

Result<crypto::SigningKey, std::string> load_key_file(const std::filesystem::path& path) {
    const std::string name = path.string();
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return fail("cannot read the key file " + name + ": " + reason_of(errno));
    }
    if (!S_ISREG(info.st_mode)) return fail("the key file " + name + " is not a regular file");
    if (auto checked = check_private(path, "key file"); !checked) return fail(checked.error());
    if (static_cast<std::size_t>(info.st_size) > kKeyFileBytesMax) {
        return fail("the key file " + name + " is too long to be a key file");
    }
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return fail("cannot read the key file " + name + ": " + reason_of(errno));
    auto key = parse_key_file(text.str());
    if (!key) return fail("the key file " + name + " " + key.error());
    return std::move(key).value();
}

Status<std::string> write_private_file(const std::filesystem::path& path, std::string_view content,
                                       bool replace) {
    const std::filesystem::path target =
        replace ? std::filesystem::path(path.string() + ".new") : path;
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (replace ? O_TRUNC : O_EXCL);
    const int fd = ::open(target.c_str(), flags, 0600);
    if (fd < 0) return fail("cannot create " + target.string() + ": " + reason_of(errno));
    const bool written = ::fchmod(fd, 0600) == 0 && write_all(fd, content) && ::fsync(fd) == 0;
    const int error = errno;
    ::close(fd);
    if (!written) return fail("cannot write " + target.string() + ": " + reason_of(error));
    if (replace && ::rename(target.c_str(), path.c_str()) != 0) {
        return fail("cannot replace " + path.string() + ": " + reason_of(errno));
    }
    return Done{};
}

Status<std::string> save_key_file(const std::filesystem::path& path,
                                  const crypto::SigningKey& key) {
    return write_private_file(path, format_key_file(key), false);
}

}  // namespace consilium::node
