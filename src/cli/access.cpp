// SPDX-License-Identifier: Apache-2.0
#include "cli/access.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "cli/names.hpp"
#include "node/process.hpp"
#include "node/text_file.hpp"

namespace consilium::cli {
namespace {

constexpr std::string_view kMakeOne =
    "Give --home the folder that 'consilium init' made, or set CONSILIUM_HOME.";

std::string home_folder(const HomeOptions& options) {
    if (!options.home.empty()) return options.home;
    const char* from_environment = std::getenv("CONSILIUM_HOME");
    return from_environment == nullptr ? "." : from_environment;
}

Result<node::NodeConfig, Problem> choose(const node::Config& config, const std::string& member) {
    std::vector<std::string> known;
    for (const auto& candidate : config.nodes) {
        if (candidate.member == member) return candidate;
        known.push_back(candidate.member);
    }
    if (member.empty() && config.nodes.size() == 1) return config.nodes.front();
    return fail(Problem{Exit::kUsage,
                        member.empty() ? "several members have their nodes here"
                                       : "no member '" + member + "' has its node here",
                        "Give --member one of " + joined(known) + "."});
}

// Three parts of base64url with dots between them (RFC 7515, compact serialization).
bool looks_like_token(std::string_view text) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    return text.find_first_not_of(kAlphabet) == std::string_view::npos &&
           std::count(text.begin(), text.end(), '.') == 2;
}

}  // namespace

void add_home_options(CLI::App& command, HomeOptions& options) {
    command.add_option("--home", options.home,
                       "The folder that 'consilium init' made; else $CONSILIUM_HOME, else the "
                       "current folder");
    command.add_option("--member", options.member, "The member to speak for");
}

Result<OpenMember, Problem> open_member(const HomeOptions& options) {
    const NetworkHome network{home_folder(options)};
    if (!std::filesystem::exists(network.config())) {
        return fail(Problem{Exit::kUsage,
                            "there is no network in " + network.folder.string() + " (" +
                                network.config().string() + " does not exist)",
                            std::string(kMakeOne)});
    }
    const auto config = node::load_config(network.config());
    if (!config) {
        return fail(Problem{Exit::kUsage,
                            node::to_string(config.error().front(), network.config().string()),
                            "'consilium doctor --config " + network.config().string() +
                                "' lists all that is wrong."});
    }
    const auto node = choose(*config, options.member);
    if (!node) return fail(node.error());
    auto genesis = node::load_genesis(config->genesis);
    if (!genesis) return fail(Problem{Exit::kUsage, genesis.error(), std::string(kMakeOne)});
    return OpenMember{node->member, network, std::move(genesis).value(), *node};
}

Result<std::string, Problem> issue_token(const OpenMember& member,
                                         const http::TokenRequest& request) {
    auto key = read_file(member.config.token_key, node::kTextFileBytesMax);
    if (!key) return fail(key.error());
    if (auto checked = node::check_private(member.config.token_key, "token key"); !checked) {
        return fail(Problem{Exit::kUsage, checked.error(), {}});
    }
    const std::string realm = node::token_realm(member.genesis.network_id, member.id);
    const auto tokens = http::Tokens::create(realm, realm, {*key});
    if (!tokens) {
        return fail(Problem{
            Exit::kUsage,
            member.config.token_key + " is not a token key: " + http::to_string(tokens.error()),
            {}});
    }
    const auto token = (*tokens)->issue(request, now());
    if (!token) {
        return fail(Problem{Exit::kUsage,
                            std::string("no token can be made: ") + http::to_string(token.error()),
                            {}});
    }
    return *token;
}

void add_node_options(CLI::App& command, NodeOptions& options) {
    add_home_options(command, options.home);
    command.add_option("--url", options.url,
                       "Instead of --home: the node's address, https://HOST:PORT");
    command.add_option("--token-file", options.token_file, "With --url: a file with the token");
    command.add_option("--trust", options.trust,
                       "With --url: a file with the node's certificate, or that of its issuer");
}

Result<Connected, Problem> connect(const NodeOptions& options, std::string_view scope) {
    http::TokenRequest request;
    request.client_id = "consilium-cli";
    request.scope = std::string(scope);
    return connect(options, std::move(request));
}

Result<Connected, Problem> connect(const NodeOptions& options, http::TokenRequest request) {
    if (!options.url.empty()) {
        auto endpoint = parse_endpoint(options.url);
        if (!endpoint) return fail(Problem{Exit::kUsage, endpoint.error(), {}});
        for (const auto& [file, to] : {std::pair{options.token_file, &endpoint->token},
                                       std::pair{options.trust, &endpoint->trusted_pem}}) {
            if (file.empty()) continue;
            auto content = read_file(file);
            if (!content) return fail(content.error());
            *to = std::move(content).value();
        }
        endpoint->token.erase(endpoint->token.find_last_not_of(" \r\n") + 1);
        // Whatever else the file holds, a private key for instance, must not leave this machine.
        if (!options.token_file.empty() && !looks_like_token(endpoint->token)) {
            return fail(Problem{Exit::kUsage, options.token_file + " does not hold a token",
                                "'consilium token new' makes one."});
        }
        return Connected{NodeClient(*endpoint), *endpoint, options.url, std::nullopt};
    }
    auto member = open_member(options.home);
    if (!member) return fail(member.error());
    if (request.subject.empty()) request.subject = member->id;
    const auto token = issue_token(*member, request);
    if (!token) return fail(token.error());
    auto certificate = read_file(member->config.http.certificate);
    if (!certificate) return fail(certificate.error());
    const auto& http = member->config.http;
    Endpoint endpoint{http.address, static_cast<std::uint16_t>(http.port),
                      std::move(certificate).value(), *token};
    const std::string url = "https://" + http.address + ":" + std::to_string(http.port);
    return Connected{NodeClient(endpoint), endpoint, url, std::move(member).value()};
}

}  // namespace consilium::cli
