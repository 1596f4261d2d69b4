// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <ostream>

#include "cli/commands.hpp"
#include "ledger/genesis.hpp"
#include "ledger/header.hpp"
#include "node/json_text.hpp"

namespace consilium::cli {
namespace {

constexpr std::string_view compiler() {
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "g++ " __VERSION__;
#endif
}

void version(Context& context) {
    if (context.json) {
        context.out << node::pretty_json(
                           boost::json::object{{"version", CONSILIUM_VERSION},
                                               {"protocol_version", ledger::kProtocolVersion},
                                               {"block_protocol", ledger::kBlockProtocol},
                                               {"compiler", compiler()}})
                    << '\n';
        return;
    }
    context.out << "consilium " CONSILIUM_VERSION "\n";
    Facts facts;
    facts.add("ledger protocol", std::to_string(ledger::kProtocolVersion));
    facts.add("block protocol", std::to_string(ledger::kBlockProtocol) + " (CometBFT v0.38)");
    facts.add("compiler", std::string(compiler()));
    facts.print(context);
}

}  // namespace

void add_version(CLI::App& app, Context& context) {
    add_command(app, context, "version", "Print the version of this program and of its formats")
        ->callback([&context] { version(context); });
}

}  // namespace consilium::cli
