// SPDX-License-Identifier: Apache-2.0
#include "node/genesis.hpp"

#include <boost/json.hpp>
#include <optional>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "base/rfc3339.hpp"
#include "crypto/hash.hpp"
#include "ledger/domain.hpp"
#include "node/json_text.hpp"
#include "node/read_json.hpp"
#include "node/text_file.hpp"
#include "proto/canonical.hpp"

namespace consilium::node {
namespace {

namespace json = boost::json;

constexpr std::size_t kGenesisBytesMax = 16U * 1024U * 1024U;
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// RFC 4648 section 4, with padding.
std::string to_base64(BytesView bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = (group << 8U) |
                    (i + j < bytes.size() ? static_cast<std::uint8_t>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            out += i + j <= bytes.size() ? kBase64[(group >> (18 - 6 * j)) & 63U] : '=';
    }
    return out;
}

// The one encoding that to_base64 makes of some bytes, or nothing.
std::optional<Bytes> from_base64(std::string_view text) {
    Bytes out;
    std::uint32_t bits = 0;
    std::size_t count = 0;
    for (const char c : text) {
        if (c == '=') break;
        const std::size_t value = kBase64.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        if (++count % 4 != 1) out.push_back(static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4))));
    }
    if (to_base64(out) != text) return std::nullopt;
    return out;
}

json::object validator_json(const v1::GenesisMember& member) {
    const std::string& key = member.node().validator_public_key();
    const std::string address = to_hex(BytesView(crypto::sha256(key).view()).substr(0, 20));
    std::string upper;
    for (const char c : address)
        upper += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    return {{"address", upper},
            {"pub_key", {{"type", "tendermint/PubKeyEd25519"}, {"value", to_base64(key)}}},
            {"power", std::to_string(member.node().validator_power())},
            {"name", member.member_id()}};
}

json::value document_json(const v1::GenesisState& state) {
    const Bytes app_state = proto::encode(state);
    json::array validators;
    for (const auto& member : state.members()) {
        if (!member.node().validator_public_key().empty()) {
            validators.push_back(validator_json(member));
        }
    }
    const std::string version = std::to_string(state.protocol_version());
    const json::object params = {
        {"block", {{"max_bytes", std::to_string(limits::kBlockBytesMax)}, {"max_gas", "-1"}}},
        {"evidence",
         {{"max_age_num_blocks", "100000"},
          {"max_age_duration", "172800000000000"},
          {"max_bytes", "1048576"}}},
        {"validator", {{"pub_key_types", json::array{"ed25519"}}}},
        {"version", {{"app", version}}},
        {"abci", {{"vote_extensions_enable_height", "0"}}}};
    return json::object{{"genesis_time", to_rfc3339({state.time_unix_ms()})},
                        {"chain_id", chain_id_of(network_id_of(app_state))},
                        {"initial_height", "1"},
                        {"consensus_params", params},
                        {"validators", validators},
                        {"app_hash", ""},
                        {"app_state", to_base64(app_state)}};
}

}  // namespace

ledger::NetworkId network_id_of(BytesView app_state) {
    ledger::NetworkId id;
    CONSILIUM_ASSERT(assign(id, crypto::tagged_hash(ledger::domain::kNetwork, {app_state}).view()));
    return id;
}

std::string chain_id_of(const ledger::NetworkId& network_id) {
    return "consilium-" + to_hex(network_id.view()).substr(0, 32);
}

std::string make_genesis_document(const v1::GenesisState& state) {
    return pretty_json(document_json(state)) + '\n';
}

Result<Genesis, std::string> parse_genesis(std::string_view document) {
    if (document.size() > kGenesisBytesMax) return fail(std::string("is over 16 MiB"));
    boost::system::error_code error;
    const json::value parsed =
        json::parse(json::string_view(document.data(), document.size()), error);
    const auto* root = parsed.if_object();
    if (error || root == nullptr) return fail(std::string("is not a JSON object"));
    const auto* text = root->if_contains("app_state");
    const auto* encoded = text == nullptr ? nullptr : text->if_string();
    if (encoded == nullptr) return fail(std::string("has no app_state, or it is not a string"));
    const auto app_state = from_base64(std::string_view(encoded->data(), encoded->size()));
    if (!app_state) return fail(std::string("has an app_state that is not base64"));
    Genesis genesis;
    if (const auto read = proto::parse_canonical(*app_state, genesis.state); !read) {
        return fail(std::string("has an app_state that is not canonical: ") +
                    proto::to_string(read.error()));
    }
    // All but app_state follows from app_state, so it is made again and compared.
    const json::value expected = document_json(genesis.state);
    for (const auto& member : expected.get_object()) {
        const auto* found = root->if_contains(member.key());
        if (found == nullptr || *found != member.value()) {
            return fail("does not agree with itself: " + std::string(member.key()) +
                        " is not what app_state says");
        }
    }
    if (root->size() != expected.get_object().size()) {
        return fail(std::string("has members that a genesis document does not have"));
    }
    if (name_given_twice(document)) return fail(std::string("names a member twice"));
    genesis.document = std::string(document);
    genesis.app_state = *app_state;
    genesis.network_id = network_id_of(*app_state);
    genesis.chain_id = chain_id_of(genesis.network_id);
    genesis.time = {genesis.state.time_unix_ms()};
    genesis.block_bytes_max = limits::kBlockBytesMax;
    for (const auto& member : genesis.state.members()) {
        if (member.node().validator_public_key().empty()) continue;
        genesis.validators.push_back(
            {member.node().validator_public_key(), member.node().validator_power()});
    }
    if (genesis.validators.empty()) return fail(std::string("names no validator"));
    return genesis;
}

Result<Genesis, std::string> load_genesis(const std::filesystem::path& path) {
    const auto text = read_text_file(path, kGenesisBytesMax);
    if (!text) return fail("the genesis document " + path.string() + " " + text.error());
    auto genesis = parse_genesis(*text);
    if (!genesis) return fail("the genesis document " + path.string() + " " + genesis.error());
    return genesis;
}

}  // namespace consilium::node
