// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/rfc3339.hpp"
#include "cli/home.hpp"
#include "cli/output.hpp"
#include "cli/verification.hpp"
#include "http/tls.hpp"
#include "http/token.hpp"
#include "node/key_file.hpp"
#include "node/process.hpp"
#include "node/text_file.hpp"

namespace consilium::cli {
namespace {

constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;
constexpr std::uint64_t kWarnAheadMs = 30 * kDayMs;
constexpr std::uint64_t kUserWarnAheadMs = 7 * kDayMs;
constexpr std::uintmax_t kSpaceWarn = 5ULL << 30U;
constexpr std::uintmax_t kSpaceFault = 256ULL << 20U;

const v1::GenesisMember* member_of(const node::Genesis& genesis, const std::string& id) {
    for (const auto& member : genesis.state.members()) {
        if (member.member_id() == id) return &member;
    }
    return nullptr;
}

// A file that nobody but its owner may read.
bool examine_secret(const std::string& subject, const std::string& file,
                    std::vector<Finding>& findings) {
    if (::access(file.c_str(), R_OK) != 0) {
        findings.push_back(fault(subject, file + " does not exist or cannot be read",
                                 "Restore it from a backup, or correct the configuration."));
        return false;
    }
    if (!node::check_private(file, "file")) {
        findings.push_back(fault(subject, file + " can be read or written by others than its owner",
                                 "Run: chmod 600 " + file + ". If others had access, replace it."));
        return false;
    }
    return true;
}

void examine_member_key(const node::NodeConfig& node, const v1::GenesisMember& member,
                        std::vector<Finding>& findings) {
    const std::string subject = node.member + ": member key";
    const auto key = node::load_key_file(node.member_key);
    if (!key) {
        findings.push_back(fault(subject, key.error(), "Restore it, or register a new key."));
        return;
    }
    const auto number = static_cast<int>(node.member_key_id);
    if (number > member.keys_size()) {
        findings.push_back(warning(subject,
                                   "key " + std::to_string(number) +
                                       " was registered after genesis; only the ledger knows it",
                                   "'consilium member show " + node.member + "' compares."));
        return;
    }
    const auto& registered = member.keys(number - 1);
    if (registered.public_key() != key->public_key()) {
        findings.push_back(
            fault(subject,
                  node.member_key + " is not key " + std::to_string(number) + " of " + node.member,
                  "Correct member_key or member_key_id in the configuration."));
        return;
    }
    const std::uint64_t until = registered.not_after_unix_ms();
    const std::uint64_t time = now().value;
    if (until < time) {
        findings.push_back(fault(subject, "expired at " + to_rfc3339({until}),
                                 "Make a key and register it: consilium key new, consilium key "
                                 "register. An expired key can still do that."));
    } else if (until < time + kWarnAheadMs) {
        findings.push_back(warning(subject, "expires at " + to_rfc3339({until}),
                                   "Register its successor: consilium key register."));
    } else {
        findings.push_back(good(
            subject, "is the registered one, valid until " + to_rfc3339({until}).substr(0, 10)));
    }
}

void examine_validator_key(const node::NodeConfig& node, const v1::GenesisMember& member,
                           std::vector<Finding>& findings) {
    const std::string subject = node.member + ": validator key";
    if (node.validator_key.empty()) {
        findings.push_back(good(subject, "none; this node is an observer"));
        return;
    }
    const auto key = node::load_key_file(node.validator_key);
    if (!key) {
        findings.push_back(fault(subject, key.error(), "Restore it from a backup."));
    } else if (key->public_key() != member.node().validator_public_key()) {
        findings.push_back(fault(subject, node.validator_key + " is not the key in the genesis",
                                 "Correct validator_key in the configuration."));
    } else {
        findings.push_back(good(subject, "is the one in the genesis document"));
    }
}

void examine_token_key(const node::NodeConfig& node, const node::Genesis& genesis,
                       std::vector<Finding>& findings) {
    const std::string subject = node.member + ": token key";
    if (!examine_secret(subject, node.token_key, findings)) return;
    const auto text = node::read_text_file(node.token_key);
    const std::string realm = node::token_realm(genesis.network_id, node.member);
    if (text && http::Tokens::create(realm, realm, {*text})) {
        findings.push_back(good(subject, "can sign access tokens"));
    } else {
        findings.push_back(fault(subject, node.token_key + " is not a P-256 key in PEM",
                                 "Restore it; tokens that it signed end with it."));
    }
}

}  // namespace

void examine_keys(const node::NodeConfig& node, const node::Genesis& genesis,
                  std::vector<Finding>& findings) {
    const auto* member = member_of(genesis, node.member);
    if (member == nullptr) {
        findings.push_back(fault(node.member, "is not a member in the genesis document",
                                 "Is it the genesis document of another network?"));
        return;
    }
    examine_member_key(node, *member, findings);
    examine_validator_key(node, *member, findings);
    examine_token_key(node, genesis, findings);
}

void examine_users(const node::NodeConfig& node, UnixMs time, std::vector<Finding>& findings) {
    const std::string subject = node.member + ": user ids";
    if (node.users.empty()) {
        findings.push_back(warning(subject, "none: the node's services can submit nothing",
                                   "Name the list in the configuration, as `users`."));
        return;
    }
    if (!examine_secret(subject, node.users, findings)) return;
    const auto users = load_users(node.users);
    if (!users) {
        findings.push_back(fault(subject, users.error().message, users.error().hint));
        return;
    }
    const std::string mend =
        "Register more: consilium user add --role service --member " + node.member;
    UnixMs last{0};
    for (const auto& entry : *users) {
        if (entry.role == v1::ROLE_SERVICE) last = std::max(last, entry.valid_until);
    }
    if (node::user_at(*users, v1::ROLE_SERVICE, time) == nullptr) {
        findings.push_back(fault(subject, "none for services is valid now", mend));
    } else if (last.value - time.value < kUserWarnAheadMs) {
        findings.push_back(warning(subject, "those for services end at " + to_rfc3339(last), mend));
    } else {
        findings.push_back(good(subject, "for services until " + to_rfc3339(last)));
    }
}

void examine_certificate(const node::NodeConfig& node, const node::Genesis& genesis, UnixMs time,
                         std::vector<Finding>& findings) {
    const std::string subject = node.member + ": certificate";
    if (!examine_secret(subject, node.http.private_key, findings)) return;
    const auto text = node::read_text_file(node.http.certificate);
    const auto pin = text ? http::tls_key_sha256(*text) : std::nullopt;
    const auto times = text ? http::certificate_times(*text) : std::nullopt;
    if (!pin || !times) {
        findings.push_back(fault(subject, node.http.certificate + " is not a certificate in PEM",
                                 "Restore it, or correct the configuration."));
        return;
    }
    const auto key = node::read_text_file(node.http.private_key);
    if (!key || !http::is_certificate_of(*text, *key)) {
        findings.push_back(
            fault(subject, node.http.private_key + " is not the key of " + node.http.certificate,
                  "Restore both from a backup, or correct the configuration."));
        return;
    }
    const auto* member = member_of(genesis, node.member);
    const bool other = member != nullptr && member->node().tls_key_sha256() != pin->bytes();
    if (other) {
        findings.push_back(warning(subject, "its key is not the one in the genesis document",
                                   "Unless the ledger was told of the new one, others refuse it."));
    }
    const std::string renewal =
        "Make a new one for the same key, which the ledger pins, put it in its place and start the "
        "node again: openssl x509 -in " +
        node.http.certificate + " -signkey " + node.http.private_key + " -days 730 -out new.crt";
    if (times->not_after < time) {
        findings.push_back(fault(subject, "expired at " + to_rfc3339(times->not_after), renewal));
    } else if (times->not_after.value < time.value + kWarnAheadMs) {
        findings.push_back(warning(subject, "expires at " + to_rfc3339(times->not_after), renewal));
    } else if (time < times->not_before) {
        findings.push_back(fault(subject, "is not valid before " + to_rfc3339(times->not_before),
                                 "Set the clock, or wait."));
    } else if (!other) {
        findings.push_back(good(subject, "its key is the one that the ledger pins, valid until " +
                                             to_rfc3339(times->not_after).substr(0, 10)));
    }
}

void examine_folder(const node::NodeConfig& node, std::vector<Finding>& findings) {
    const std::string subject = node.member + ": data folder";
    std::filesystem::path folder = node.data;
    std::error_code error;
    while (!std::filesystem::exists(folder, error) && folder.has_parent_path())
        folder = folder.parent_path();
    if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
        findings.push_back(fault(subject, folder.string() + " cannot be written by this user",
                                 "Run the node as its owner, or change the folder's owner."));
        return;
    }
    const auto space = std::filesystem::space(folder, error);
    if (error) {
        findings.push_back(fault(subject, "the free space is not known: " + error.message(), ""));
    } else if (space.available < kSpaceFault) {
        findings.push_back(fault(subject, "only " + size_text(space.available) + " are free",
                                 "Free space, or move the data folder to a larger disk."));
    } else if (space.available < kSpaceWarn) {
        findings.push_back(warning(subject, "only " + size_text(space.available) + " are free",
                                   "Plan for more space."));
    } else {
        findings.push_back(good(subject, size_text(space.available) + " are free"));
    }
}

void examine_port(const node::NodeConfig& node, std::vector<Finding>& findings) {
    const std::string where = node.http.address + ":" + std::to_string(node.http.port);
    const std::string subject = node.member + ": port";
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(node.http.port));
    if (::inet_pton(AF_INET, node.http.address.c_str(), &address.sin_addr) != 1) {
        findings.push_back(good(subject, where + " was not tried (not an IPv4 address)"));
        return;
    }
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const void* generic = &address;
    const int bound = ::bind(fd, static_cast<const sockaddr*>(generic), sizeof address);
    const int reason = errno;
    ::close(fd);
    if (bound == 0) {
        findings.push_back(good(subject, where + " is free"));
    } else if (reason == EADDRINUSE) {
        findings.push_back(warning(subject, where + " is in use",
                                   "Good if the node is running; else change port under "
                                   "[node.http]."));
    } else {
        findings.push_back(fault(subject, where + " cannot be listened on",
                                 "Change address or port under [node.http]."));
    }
}

void examine_clock(const node::Genesis& genesis, std::optional<UnixMs> newest, UnixMs time,
                   std::vector<Finding>& findings) {
    if (newest && time < *newest) {
        findings.push_back(warning("clock",
                                   "this machine says " + to_rfc3339(time) +
                                       ", which is before the newest block, of " +
                                       to_rfc3339(*newest),
                                   "Set the clock; use NTP. What a client signs now may be "
                                   "refused as expired."));
    } else if (time < genesis.time) {
        findings.push_back(fault(
            "clock",
            "this machine says " + to_rfc3339(time) + ", which is before the network's genesis",
            "Set the clock; use NTP."));
    } else {
        findings.push_back(good("clock", to_rfc3339(time) + ", " +
                                             age_text(time.value - genesis.time.value) +
                                             " after the genesis"));
    }
}

}  // namespace consilium::cli
