// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/run_process.hpp"
#include "node/json_text.hpp"
#include "node/member_vault.hpp"

// `consilium vault`: works on a member's vault while its node is stopped; the vault's own lock sees
// to that.
namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Options {
    HomeOptions home;
    std::string folder;           // of a backup
    std::string erased;           // file
    std::string passphrase_file;  // the new one
};

using Opened = std::unique_ptr<vault::Vault>;

// The configured member, when it has a vault.
Result<OpenMember, Problem> member_with_vault(const Options& options) {
    auto member = open_member(options.home);
    if (member && !node::has_vault(member->config)) {
        return fail(Problem{Exit::kUsage, member->id + " has no vault in the configuration",
                            "Name passphrase_file or passphrase_variable under [node.vault]."});
    }
    return member;
}

Result<Opened, Problem> open(const OpenMember& member) {
    auto opened = node::open_vault(member.config, member.genesis.network_id);
    if (opened) return std::move(opened).value();
    Problem problem = problem_of(opened.error());
    if (problem.hint.empty()) problem.hint = "A vault is worked on while its node is stopped.";
    return fail(std::move(problem));
}

Problem failed(const OpenMember& member, vault::VaultError error) {
    return problem_of(node::vault_problem(member.config, {error, std::nullopt}));
}

void print(const OpenMember& member, std::string_view done, json::object more, Context& context) {
    const std::string folder = node::vault_folder(member.config).string();
    if (context.json) {
        json::object out{{"member", member.id}, {"folder", folder}};
        for (auto& [key, value] : more)
            out[key] = value;
        context.out << node::pretty_json(out) << '\n';
        return;
    }
    context.out << done << '\n';
    Facts facts;
    facts.add("member", member.id);
    facts.add("folder", folder);
    for (const auto& [key, value] : more)
        facts.add(std::string(key), value.is_string() ? std::string(value.get_string().data(),
                                                                    value.get_string().size())
                                                      : grouped(value.to_number<std::uint64_t>()));
    facts.print(context);
}

json::object totals_of(const vault::Totals& totals) {
    return {{"documents", totals.documents}, {"bytes", totals.bytes}, {"erased", totals.erased}};
}

void create(const Options& options, Context& context) {
    const auto member = member_with_vault(options);
    if (!member) return context.fail(member.error());
    const std::string& file = member->config.vault.passphrase_file;
    std::error_code error;
    if (!file.empty() && !std::filesystem::exists(file, error)) {
        if (auto made = node::make_passphrase_file(file); !made)
            return context.fail(problem_of(made.error()));
    }
    if (auto made = node::create_vault(member->config); !made)
        return context.fail(problem_of(made.error()));
    print(*member, "Made an empty vault.", {}, context);
}

void verify(const Options& options, Context& context) {
    const auto member = member_with_vault(options);
    if (!member) return context.fail(member.error());
    const auto opened = open(*member);
    if (!opened) return context.fail(opened.error());
    const auto verified = (*opened)->verify();
    if (!verified) {
        Problem problem = failed(*member, verified.error());
        if (verified.error() == vault::VaultError::kDamaged) problem.code = Exit::kRefused;
        return context.fail(problem);
    }
    print(*member, "Every document opens and is the one that was committed to.",
          totals_of((*opened)->totals()), context);
}

void back_up(const Options& options, Context& context) {
    const auto member = member_with_vault(options);
    if (!member) return context.fail(member.error());
    const auto opened = open(*member);
    if (!opened) return context.fail(opened.error());
    if (auto done = (*opened)->backup(options.folder); !done) {
        if (done.error() == vault::VaultError::kExists) {
            return context.fail(Exit::kDisk, options.folder + " exists",
                                "Give a folder that does not; a backup is never replaced.");
        }
        return context.fail(failed(*member, done.error()));
    }
    json::object more = totals_of((*opened)->totals());
    more["backup"] = options.folder;
    print(
        *member,
        "Made a backup. Its passphrase is the vault's of today; what is erased later stays in it.",
        std::move(more), context);
}

// RECORD:VERSION on each line.
Result<std::vector<vault::DocumentName>, Problem> read_erased(const std::string& file) {
    std::vector<vault::DocumentName> names;
    if (file.empty()) return names;
    const auto text = read_file(file);
    if (!text) return fail(text.error());
    std::size_t number = 0;
    std::string_view rest = *text;
    while (!rest.empty()) {
        ++number;
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const std::size_t colon = line.find(':');
        const auto record = from_hex(line.substr(0, colon));
        vault::DocumentName name;
        const char* end = line.data() + line.size();
        if (colon == std::string_view::npos || !record || !assign(name.record, *record) ||
            std::from_chars(line.data() + colon + 1, end, name.version).ptr != end ||
            name.version == 0) {
            return fail(Problem{Exit::kUsage,
                                file + ":" + std::to_string(number) + ": not RECORD:VERSION",
                                "A record id is 32 hexadecimal digits."});
        }
        names.push_back(name);
    }
    return names;
}

void restore(const Options& options, Context& context) {
    const auto member = member_with_vault(options);
    if (!member) return context.fail(member.error());
    const auto erased = read_erased(options.erased);
    if (!erased) return context.fail(erased.error());
    const auto passphrase = node::vault_passphrase(member->config.vault);
    if (!passphrase) return context.fail(problem_of(passphrase.error()));
    const auto done =
        vault::Vault::restore(options.folder, node::vault_folder(member->config),
                              member->genesis.network_id, passphrase->view(), *erased);
    if (!done) {
        if (done.error().error == vault::VaultError::kNone) {
            return context.fail(Exit::kDisk, options.folder + " is not a backup",
                                "'consilium vault backup' makes one.");
        }
        return context.fail(problem_of(node::vault_problem(member->config, done.error())));
    }
    const auto opened = open(*member);
    if (!opened) return context.fail(opened.error());
    print(*member, "Restored and verified.", totals_of((*opened)->totals()), context);
}

void rotate(const Options& options, Context& context) {
    const auto member = member_with_vault(options);
    if (!member) return context.fail(member.error());
    {
        const auto opened = open(*member);
        if (!opened) return context.fail(opened.error());
        if (auto done = (*opened)->rotate(); !done)
            return context.fail(failed(*member, done.error()));
    }
    // The database's files are wrapped again when it opens.
    const auto opened = open(*member);
    if (!opened) return context.fail(opened.error());
    print(*member, "The keys that wrap documents' keys and files' keys are new.",
          totals_of((*opened)->totals()), context);
}

void change_passphrase(const Options& options, Context& context) {
    const auto member = member_with_vault(options);
    if (!member) return context.fail(member.error());
    node::VaultConfig next;
    next.passphrase_file = options.passphrase_file;
    std::error_code error;
    if (!std::filesystem::exists(options.passphrase_file, error)) {
        if (auto made = node::make_passphrase_file(options.passphrase_file); !made)
            return context.fail(problem_of(made.error()));
    }
    const auto passphrase = node::vault_passphrase(next);
    if (!passphrase) return context.fail(problem_of(passphrase.error()));
    const auto opened = open(*member);
    if (!opened) return context.fail(opened.error());
    if (auto done = (*opened)->change_passphrase(passphrase->view(), {}); !done) {
        return context.fail(problem_of(
            node::vault_problem(member->config, {vault::VaultError::kKeyStore, done.error()})));
    }
    print(
        *member,
        "The vault opens under the new passphrase. Name its file under [node.vault]; backups made "
        "before open under the former one.",
        {{"passphrase_file", options.passphrase_file}}, context);
}

CLI::App* add_part(CLI::App& group, Context& context, const std::string& name,
                   const std::string& about, const std::shared_ptr<Options>& options,
                   void (*run)(const Options&, Context&)) {
    CLI::App* command = add_command(group, context, name, about);
    add_home_options(*command, options->home);
    command->callback([options, run, &context] { run(*options, context); });
    return command;
}

}  // namespace

void add_vault(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* group =
        add_group(app, "vault", "A member's sealed documents, while its node is stopped");
    add_part(
        *group, context, "create",
        "Make the vault that the configuration names, and its passphrase file if there is none",
        options, create);
    add_part(*group, context, "verify", "Open every document and compare its commitment", options,
             verify);
    add_part(*group, context, "backup", "Copy the vault, sealed, into a folder", options, back_up)
        ->add_option("folder", options->folder, "The folder to make")
        ->required();
    CLI::App* restored = add_part(*group, context, "restore",
                                  "Make the vault out of a backup and verify it", options, restore);
    restored->add_option("folder", options->folder, "The backup")->required();
    restored->add_option("--erased", options->erased,
                         "A file with what was erased since the backup, a RECORD:VERSION on each "
                         "line: it is erased before anything can be read");
    add_part(*group, context, "rotate", "New keys to wrap the keys of documents and files", options,
             rotate);
    add_part(*group, context, "passphrase", "Put the vault under another passphrase", options,
             change_passphrase)
        ->add_option(
            "--new-file", options->passphrase_file,
            "The file (mode 0600) with the new passphrase; made with a random one if there "
            "is none")
        ->required();
}

}  // namespace consilium::cli
