// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

// What every command shares: exit codes, tables, progress, and where words go. Results go to
// standard output, everything else (progress, errors, hints) to standard error.
namespace consilium::cli {

// Documented in docs/cli.md and the man page.
enum class Exit : int {
    kOk = 0,
    kRefused = 1,      // the ledger, a node or a check said no
    kUsage = 2,        // wrong arguments or input that cannot be read as what it should be
    kUnreachable = 3,  // no node answered
    kDisk = 4,         // a file or folder cannot be read or written
    kInternal = 70,    // a fault of this program (EX_SOFTWARE)
};

struct ExitCode {
    Exit code;
    std::string_view name;
    std::string_view about;
};
[[nodiscard]] const std::vector<ExitCode>& exit_codes();

// Why a command cannot go on: a sentence that says what is wrong, and one that says what to do.
struct Problem {
    Exit code = Exit::kInternal;
    std::string message;
    std::string hint;
};

// One run of the command.
struct Context {
    std::ostream& out;
    std::ostream& err;
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    bool json = false;
    Exit exit = Exit::kOk;
    std::string program = "consilium";  // as the user called it, for commands to copy

    // "consilium: MESSAGE" on standard error and the exit code; `hint` on a line of its own says
    // what to do.
    void fail(Exit code, std::string_view message, std::string_view hint = {});
    void fail(const Problem& problem) { fail(problem.code, problem.message, problem.hint); }
};

// Columns as wide as their longest cell; numbers to the right. Bold headings on a terminal.
class Table {
 public:
    struct Column {
        std::string heading;
        bool right = false;
    };
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    // As many cells as columns.
    void add(std::vector<std::string> cells);
    void print(const Context& context) const;

 private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// "Name   value" lines.
class Facts {
 public:
    void add(std::string name, std::string value);
    void print(const Context& context) const;

 private:
    std::vector<std::pair<std::string, std::string>> rows_;
};

// A bar on standard error while something long runs; nothing when that is not a terminal.
class Progress {
 public:
    Progress(Context& context, std::string what, std::uint64_t total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    void advance(std::uint64_t by = 1);

 private:
    void draw();
    Context& context_;
    std::string what_;
    std::uint64_t total_;
    std::uint64_t done_ = 0;
    std::uint64_t drawn_ = ~0ULL;
};

// 1234567 -> "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t value);
// "1 row", "2 rows".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one, std::string_view many);
// As a person reads it: "0.84 ms", "12.3 ms", "4.21 s", "3 min 05 s".
[[nodiscard]] std::string duration_text(std::uint64_t microseconds);
// 1536 -> "1.50 KiB".
[[nodiscard]] std::string size_text(std::uint64_t bytes);
// The text with its control characters as "\x1b", so that no file's or member's name can move the
// cursor and repaint what was said of it.
[[nodiscard]] std::string printable(std::string_view text);
// Columns that a UTF-8 text takes, one per code point.
[[nodiscard]] std::size_t width(std::string_view text);

}  // namespace consilium::cli
