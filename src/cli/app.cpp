// SPDX-License-Identifier: Apache-2.0
#include "cli/app.hpp"

#include <exception>
#include <ostream>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/names.hpp"

namespace consilium::cli {
namespace {

std::vector<std::string> names_under(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command :
         app.get_subcommands([](const CLI::App* c) { return !c->get_name().empty(); })) {
        names.push_back(command->get_name());
    }
    return names;
}

// The deepest command that the arguments name, and the first word after it.
struct Reached {
    const CLI::App* command;
    std::string path;
    std::string next;
    std::string option;  // instead of a word
};

Reached reached(const CLI::App& app, int argc, const char* const* argv) {
    Reached at{&app, "consilium", "", ""};
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const auto names = names_under(*at.command);
        if (std::find(names.begin(), names.end(), word) == names.end()) {
            (!word.empty() && word.front() == '-' ? at.option : at.next) = word;
            return at;
        }
        at.command = at.command->get_subcommand(word);
        at.path += " " + word;
    }
    return at;
}

// What the library says of a value of the wrong kind, said so that the value comes first.
std::string in_our_words(const std::string& text) {
    constexpr std::string_view kNoNumber = "Could not convert: ";  // NAME = VALUE
    const auto equals = text.find(" = ");
    if (text.rfind(kNoNumber, 0) != 0 || equals == std::string::npos) return text;
    return "'" + text.substr(equals + 3) + "' is not a whole number that can be " +
           text.substr(kNoNumber.size(), equals - kNoNumber.size());
}

void explain(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv,
             Context& context) {
    const Reached at = reached(app, argc, argv);
    const std::string help = "'" + at.path + " --help' shows what it takes.";
    const auto names = names_under(*at.command);
    if (names.empty()) return context.fail(Exit::kUsage, in_our_words(error.what()), help);
    if (!at.option.empty()) {
        return context.fail(
            Exit::kUsage,
            "'" + at.path + "' has no option '" + at.option + "', or it belongs behind a command",
            help);
    }
    if (at.next.empty()) {
        return context.fail(Exit::kUsage, "'" + at.path + "' needs a command", help);
    }
    const std::string near = nearest(at.next, names);
    context.fail(Exit::kUsage, "'" + at.path + "' has no command '" + at.next + "'",
                 near.empty() ? help : "Did you mean '" + at.path + " " + near + "'?");
}

// Options as the manual page has them: what a value is, its range or choices, its default.
class HelpFormatter : public CLI::Formatter {
 public:
    std::string make_option_opts(const CLI::Option* option) const override {
        std::string out;
        const std::string type = option->get_type_name();  // a flag has none
        if (!type.empty() && !option->get_positional()) {
            out += " " + value_name(type);
        }
        if (!option->get_default_str().empty()) out += " [" + option->get_default_str() + "]";
        if (option->get_required()) out += " (required)";
        return out;
    }

 private:
    // From "TEXT", "UINT:INT in [1 - 100]" or "TEXT:{a,b}".
    static std::string value_name(const std::string& type) {
        const auto colon = type.find(':');
        const std::string check = colon == std::string::npos ? "" : type.substr(colon + 1);
        const auto open = check.find("in [");
        const auto dash = check.find(" - ");
        if (open != std::string::npos && dash != std::string::npos) {
            return check.substr(open + 4, dash - open - 4) + ".." +
                   check.substr(dash + 3, check.find(']') - dash - 3);
        }
        if (!check.empty() && check.front() == '{') return check;
        return type.substr(0, colon) == "TEXT" ? "TEXT" : "NUMBER";
    }
};

std::vector<AddCommand>& registered() {
    static std::vector<AddCommand> commands;
    return commands;
}

}  // namespace

void register_command(AddCommand add) {
    registered().push_back(add);
}

std::unique_ptr<CLI::App> make_app(Context& context) {
    auto app = std::make_unique<CLI::App>(
        "Consilium: one ordered, signed, tamper-evident ledger for organisations in health care",
        "consilium");
    app->formatter(std::make_shared<HelpFormatter>());  // before the commands, which take it over
    app->set_version_flag("--version", "consilium " CONSILIUM_VERSION,
                          "Print the version; 'consilium version' says more");
    app->require_subcommand(1);
    app->footer("'consilium COMMAND --help' shows a command's options. Documentation: docs/cli.md");
    add_demo(*app, context);
    add_init(*app, context);
    add_node(*app, context);
    add_doctor(*app, context);
    add_member(*app, context);
    add_user(*app, context);
    add_key(*app, context);
    add_wallet(*app, context);
    add_chart(*app, context);
    add_consent(*app, context);
    add_token(*app, context);
    add_submit(*app, context);
    add_receipt(*app, context);
    add_vault(*app, context);
    add_import(*app, context);
    add_record(*app, context);
    add_worklist(*app, context);
    add_break_glass(*app, context);
    add_ledger(*app, context);
    CLI::App* audit = add_group(*app, "audit", "Who saw what");
    add_audit(*audit, context);
    add_audit_log(*audit, context);
    add_record_read(*app, context);
    for (const AddCommand add : registered())
        add(*app, context);
    add_version(*app, context);
    add_completion(*app, context);
    add_man_page(*app, context);
    return app;
}

int run(int argc, const char* const* argv, Context& context) {
    try {
        const auto app = make_app(context);
        try {
            app->parse(argc, argv);
        } catch (const CLI::CallForHelp& help) {
            app->exit(help, context.out, context.err);
        } catch (const CLI::CallForAllHelp& help) {
            app->exit(help, context.out, context.err);
        } catch (const CLI::CallForVersion& version) {
            app->exit(version, context.out, context.err);
        } catch (const CLI::ParseError& error) {
            explain(*app, error, argc, argv, context);
        }
    } catch (const std::exception& error) {
        // What libraries throw is caught where they are called: this is a fault of ours.
        context.fail(Exit::kInternal, std::string("internal error: ") + error.what(),
                     "Please report this, with the command that you gave.");
    }
    context.out.flush();
    if (!context.out && context.exit == Exit::kOk) {
        context.fail(Exit::kDisk, "the output could not be written");
    }
    return static_cast<int>(context.exit);
}

}  // namespace consilium::cli
