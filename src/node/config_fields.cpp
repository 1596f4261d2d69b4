// SPDX-License-Identifier: Apache-2.0
#include "node/config_fields.hpp"

#include "base/limits.hpp"

namespace consilium::node {
namespace fields {

template <>
const std::vector<Field<Config>>& of<Config>() {
    static const std::vector<Field<Config>> kFields = {
        {"genesis", Text<Config>{&Config::genesis, true, true, {}},
         "The network's genesis document; every member has the same one."},
    };
    return kFields;
}

template <>
const std::vector<Field<LogConfig>>& of<LogConfig>() {
    using T = LogConfig;
    static const std::vector<Field<T>> kFields = {
        {"level", Text<T>{&T::level, false, true, {"debug", "info", "warn", "error"}},
         "The least severe line that is written."},
        {"file", Text<T>{&T::file, true, false, {}},
         "Where the JSON log lines go; empty is standard error."},
    };
    return kFields;
}

template <>
const std::vector<Field<LedgerConfig>>& of<LedgerConfig>() {
    using T = LedgerConfig;
    static const std::vector<Field<T>> kFields = {
        {"queue_transactions_max", Number<T>{&T::queue_transactions_max, 1, 10'000'000},
         "Transactions accepted and not yet committed, per member; beyond it clients must wait."},
        {"queue_bytes_max",
         Number<T>{&T::queue_bytes_max, limits::kBundleBytesMax, 4096ULL * 1024U * 1024U},
         "Bytes of those transactions, per member."},
        {"bundles_in_flight_max", Number<T>{&T::bundles_in_flight_max, 1, 256},
         "Bundles handed to consensus and not yet committed, per member."},
        {"batch_delay_us", Number<T>{&T::batch_delay_us, 0, 1'000'000},
         "The longest wait for more transactions under load, in microseconds; idle there is none."},
        {"bundle_lifetime_ms", Number<T>{&T::bundle_lifetime_ms, 1'000, 3'600'000},
         "How long after it was made a bundle can still apply, in milliseconds."},
        {"resubmit_after_ms", Number<T>{&T::resubmit_after_ms, 100, 600'000},
         "When a bundle that was not committed is submitted again, in milliseconds."},
        {"threads", Number<T>{&T::threads, 1, 256},
         "Threads for work inside a block that may run in parallel."},
    };
    return kFields;
}

template <>
const std::vector<Field<StorageConfig>>& of<StorageConfig>() {
    using T = StorageConfig;
    static const std::vector<Field<T>> kFields = {
        {"cache_mib", Number<T>{&T::cache_mib, 8, 1'048'576},
         "Memory for cached blocks of the database, in MiB, per node."},
    };
    return kFields;
}

template <>
const std::vector<Field<NodeConfig>>& of<NodeConfig>() {
    using T = NodeConfig;
    static const std::vector<Field<T>> kFields = {
        {"member", Text<T>{&T::member, false, true, {}},
         "The id of the member whose node this is, as in the genesis document."},
        {"data", Text<T>{&T::data, true, true, {}},
         "The folder of this node's ledger copy and outbox."},
        {"member_key", Text<T>{&T::member_key, true, true, {}},
         "The key file with which the node signs bundles (mode 0600)."},
        {"member_key_id", Number<T>{&T::member_key_id, 1, 0xffff'ffff},
         "The number under which that key is registered on the ledger."},
        {"validator_key", Text<T>{&T::validator_key, true, false, {}},
         "The key file with which the node votes on blocks; empty for an observer."},
        {"token_key", Text<T>{&T::token_key, true, true, {}},
         "The key (PEM, mode 0600) with which the node signs access tokens for its users."},
        {"users", Text<T>{&T::users, true, false, {}},
         "The list of the users' ids (mode 0600) that the node's services speak for."},
    };
    return kFields;
}

template <>
const std::vector<Field<VaultConfig>>& of<VaultConfig>() {
    using T = VaultConfig;
    static const std::vector<Field<T>> kFields = {
        {"folder", Text<T>{&T::folder, true, false, {}},
         "The folder of the member's sealed documents; empty is `vault` in the data folder."},
        {"passphrase_file", Text<T>{&T::passphrase_file, true, false, {}},
         "The file (mode 0600) with the passphrase that opens the vault, on one line."},
        {"passphrase_variable", Text<T>{&T::passphrase_variable, false, false, {}},
         "Instead: the environment variable with it. With neither the node has no vault."},
        {"anchor_interval_ms", Number<T>{&T::anchor_interval_ms, 0, 3'600'000},
         "How long stored versions wait for others before one manifest per chart anchors them."},
        {"backup_days", Number<T>{&T::backup_days, 0, 3650},
         "How many days backups of the vault are kept; 0: none are made. Shred receipts tell it."},
    };
    return kFields;
}

template <>
const std::vector<Field<HttpConfig>>& of<HttpConfig>() {
    using T = HttpConfig;
    static const std::vector<Field<T>> kFields = {
        {"address", Text<T>{&T::address, false, true, {}}, "The IP address to listen on."},
        {"port", Number<T>{&T::port, 0, 65535},
         "The TCP port to listen on; 0 takes a free one and prints it."},
        {"certificate", Text<T>{&T::certificate, true, true, {}},
         "The TLS certificate chain (PEM)."},
        {"private_key", Text<T>{&T::private_key, true, true, {}},
         "The TLS private key (PEM, mode 0600)."},
        {"threads", Number<T>{&T::threads, 1, 16}, "Threads that serve requests."},
        {"connections_max", Number<T>{&T::connections_max, 1, 100'000},
         "Open connections; more are closed at once."},
        {"pipeline_max", Number<T>{&T::pipeline_max, 1, 65'536},
         "Requests of one connection in flight; reading waits beyond it."},
        {"in_flight_max", Number<T>{&T::in_flight_max, 1, 1'000'000},
         "Requests in flight over all connections; beyond it clients are told to wait."},
        {"header_timeout_ms", Number<T>{&T::header_timeout_ms, 100, 600'000},
         "How long a request's header may take to arrive, in milliseconds."},
        {"body_timeout_ms", Number<T>{&T::body_timeout_ms, 100, 600'000},
         "How long a body may take, beside one second for each 64 KiB, in milliseconds."},
        {"answer_timeout_ms", Number<T>{&T::answer_timeout_ms, 100, 600'000},
         "How long an answer may take before the client is told so, in milliseconds."},
        {"idle_timeout_ms", Number<T>{&T::idle_timeout_ms, 100, 3'600'000},
         "How long a connection without a request stays open, in milliseconds."},
    };
    return kFields;
}

template <>
const std::vector<Field<PeerConfig>>& of<PeerConfig>() {
    using T = PeerConfig;
    static const std::vector<Field<T>> kFields = {
        {"address", Text<T>{&T::address, false, true, {}},
         "The IP address at which other members' nodes deliver messages."},
        {"port", Number<T>{&T::port, 0, 65535},
         "The TCP port at which they do; 0: none are taken and none sent."},
    };
    return kFields;
}

std::string joined(const std::vector<std::string_view>& words) {
    std::string out;
    for (const auto word : words) {
        if (!out.empty()) out += ", ";
        out += word;
    }
    return out;
}

namespace {

// A TOML basic string.
std::string toml_text(std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (code < 0x20 || code == 0x7f) {
            out += "\\u00";
            out += kHex[code >> 4U];
            out += kHex[code & 15U];
        } else {
            out += c;
        }
    }
    return out + '"';
}

template <typename T>
std::string value_text(const Field<T>& field, const T& from) {
    if (const auto* text = std::get_if<Text<T>>(&field.as)) return toml_text(from.*(text->place));
    if (const auto* number = std::get_if<Number<T>>(&field.as)) {
        return std::to_string(from.*(number->place));
    }
    return from.*(std::get<Flag<T>>(field.as).place) ? "true" : "false";
}

template <typename T>
std::string type_text(const Field<T>& field) {
    if (const auto* text = std::get_if<Text<T>>(&field.as)) {
        if (!text->choices.empty()) return "one of " + joined(text->choices);
        return text->path ? "path" : "text";
    }
    if (const auto* number = std::get_if<Number<T>>(&field.as)) {
        return "number " + std::to_string(number->min) + ".." + std::to_string(number->max);
    }
    return "true or false";
}

template <typename T>
void write(std::string& out, std::string_view heading, const T& from) {
    if (!heading.empty()) out += "\n" + std::string(heading) + "\n";
    for (const auto& field : of<T>()) {
        out += "# " + std::string(field.about) + "\n";
        out += std::string(field.name) + " = " + value_text(field, from) + "\n";
    }
}

template <typename T>
void describe(std::vector<ConfigKey>& out, const std::string& prefix) {
    static const T kDefaults;
    for (const auto& field : of<T>()) {
        const auto* text = std::get_if<Text<T>>(&field.as);
        const bool required =
            text != nullptr && text->required && (kDefaults.*(text->place)).empty();
        out.push_back({prefix + std::string(field.name), type_text(field),
                       required ? "required" : value_text(field, kDefaults),
                       std::string(field.about)});
    }
}

}  // namespace
}  // namespace fields

std::string format_config(const Config& config) {
    std::string out =
        "# Configuration of a Consilium node process. docs/configuration.md lists all keys.\n";
    fields::write(out, "", config);
    fields::write(out, "[log]", config.log);
    fields::write(out, "[ledger]", config.ledger);
    fields::write(out, "[storage]", config.storage);
    for (const auto& node : config.nodes) {
        fields::write(out, "[[node]]", node);
        fields::write(out, "[node.vault]", node.vault);
        fields::write(out, "[node.http]", node.http);
        fields::write(out, "[node.peer]", node.peer);
    }
    return out;
}

std::vector<ConfigKey> config_keys() {
    std::vector<ConfigKey> out;
    fields::describe<Config>(out, "");
    fields::describe<LogConfig>(out, "log.");
    fields::describe<LedgerConfig>(out, "ledger.");
    fields::describe<StorageConfig>(out, "storage.");
    fields::describe<NodeConfig>(out, "node.");
    fields::describe<VaultConfig>(out, "node.vault.");
    fields::describe<HttpConfig>(out, "node.http.");
    fields::describe<PeerConfig>(out, "node.peer.");
    return out;
}

}  // namespace consilium::node
