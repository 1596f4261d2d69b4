// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "cli/commands.hpp"
#include "node/json_text.hpp"
#include "node/key_file.hpp"

namespace consilium::cli {
namespace {

struct Options {
    std::string file;
    std::string algorithm = "ed25519";
};

void print(const crypto::SigningKey& key, const std::string& file, Context& context) {
    const std::string algorithm(node::algorithm_name(key.algorithm()));
    if (context.json) {
        context.out << node::pretty_json(
                           boost::json::object{{"file", file},
                                               {"algorithm", algorithm},
                                               {"public_key", to_hex(key.public_key())}})
                    << '\n';
        return;
    }
    Facts facts;
    facts.add("file", file);
    facts.add("algorithm", algorithm);
    facts.add("public key", to_hex(key.public_key()));
    facts.print(context);
}

void new_key(const Options& options, Context& context) {
    const auto key = crypto::SigningKey::generate(
        options.algorithm == "p256" ? crypto::Algorithm::kP256Sha256 : crypto::Algorithm::kEd25519);
    if (auto saved = node::save_key_file(options.file, key); !saved) {
        return context.fail(Exit::kDisk, saved.error(),
                            "A key file is never replaced; choose another name.");
    }
    print(key, options.file, context);
}

void show_key(const Options& options, Context& context) {
    const auto key = node::load_key_file(options.file);
    if (!key) return context.fail(Exit::kDisk, key.error());
    print(*key, options.file, context);
}

}  // namespace

void add_key(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* group = add_group(app, "key", "Make, show, register and retire signing keys");
    CLI::App* made =
        add_command(*group, context, "new", "Make a signing key in a file of mode 0600");
    made->add_option("file", options->file, "The file to make")->required();
    made->add_option("--algorithm", options->algorithm, "ed25519 or p256")
        ->check(CLI::IsMember({"ed25519", "p256"}))
        ->capture_default_str();
    made->callback([options, &context] { new_key(*options, context); });
    CLI::App* shown = add_command(*group, context, "show", "Show the public part of a key file");
    shown->add_option("file", options->file, "The key file")->required();
    shown->callback([options, &context] { show_key(*options, context); });
    add_key_ledger(*group, context);
}

}  // namespace consilium::cli
