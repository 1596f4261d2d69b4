#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the house rules that need no compiler, over every file that git knows or would take.

Licence line, columns, tabs, final newline, sizes of files and functions, banned calls, machine
paths, links in the documentation, pages that code cites, numbering and form of decisions. Sizes
that are over a limit for a good reason are listed in tests/lint/allowed_sizes.txt with the size
they have and the reason.
"""
import argparse
import pathlib
import re
import subprocess
import sys

KERNEL = ("base", "crypto", "proto", "ledger", "verify", "state", "contracts", "execution")
CODE = {".cpp", ".hpp", ".py", ".sh", ".proto"}
LICENSED = CODE | {".cmake", ".ts", ".tsx", ".css"}
COLUMNS_MAX = 100
FILE_BYTES_MAX = 1024 * 1024
DEMO_DATA_BYTES_MAX = 3 * 1024 * 1024
LINES_MAX = {".cpp": 500, ".hpp": 200, ".py": 500}
FUNCTION_LINES_MAX = 70
# How many entries tests/lint/allowed_sizes.txt may have. Raising this is a decision for review.
ALLOWED_SIZES_MAX = 12

# Spelt apart, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
MACHINE_FOLDERS = "|".join(["wo" + "rk", "ho" + "me", "ro" + "ot", "Us" + "ers"])
MACHINE_PATHS = re.compile(rf"(?<![\w./:-])/({MACHINE_FOLDERS})/[A-Za-z0-9_.]")
# Documents that only those who planned this have; what code cites must be in the repository.
ELSEWHERE = re.compile(r"\b" + "DES" + r"IGN\b")
CITED_PAGE = re.compile(r"(?<![\w./-])docs/[\w./-]*\w\.md\b")
DECISION_FORM = re.compile(
    r"# .*?\n\n[^*].*\n\n\*\*Decision\.\*\* .*\n\n\*\*Consequences\.\*\* ", re.S)

# Anywhere in src/.
BANNED = [
    (r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|tmpnam|alloca)\s*\(", "is unsafe"),
    (r"\b(ato(i|l|ll|f)|strto(l|ul|ll|ull|f|d|ld)|sto(i|l|ul|ll|ull|f|d|ld))\s*\(",
     "reads the locale; use std::from_chars"),
    (r"(?<![\w.>:])(rand|srand|system|popen)\s*\(", "is banned"),
    (r"\bstd::(rand|srand|system)\s*\(", "is banned"),
    (r"\busing\s+namespace\s+std\b", "pollutes every name"),
    (r"(?<![\w:])assert\s*\(", "goes away in a release; use CONSILIUM_ASSERT"),
    (r"\bthrow\b", "our code returns Result; it does not throw"),
    (r"\bsetlocale\s*\(", "changes what other code reads and writes"),
    (r"\b(gmtime|localtime|asctime|ctime)\s*\(", "is not thread-safe"),
]
# In kernel rooms, tests of theirs excepted: the same blocks in must give the same root out.
BANNED_IN_KERNEL = [
    (r"\bstd::chrono\b|\bclock_gettime\b|\bgettimeofday\b|(?<![\w:.>])time\s*\(\s*(nullptr|NULL|0)",
     "a clock"),
    (r"\bstd::(this_thread|jthread|thread|async|future|condition_variable)\b", "a thread"),
    (r"\bthread_local\b", "a thread's own state"),
    (r"\bstd::(random_device|mt19937|mt19937_64|shuffle|uniform_\w+_distribution)\b", "chance"),
    (r"\b(float|double)\b", "floating point"),
    (r"\bstd::(ifstream|ofstream|fstream|filesystem|cout|cerr|cin)\b|\bfopen\s*\(", "a file"),
    (r"(?<![\w.>:])(socket|connect|accept|recv|sendto)\s*\(", "a socket"),
    (r"\bgetenv\s*\(", "the environment"),
    (r"\bstd::(map|set)<[^<>,]*\*", "the order of pointers"),
    (r"\bstd::locale\b|\bstd::(toupper|tolower|isalpha|isalnum|isdigit)\b", "the locale"),
]
# The one place in the kernel that may do what the rule bans, and why.
KERNEL_EXCEPTIONS = {
    "src/base/assert.cpp": "prints the failed condition before it aborts",
    "src/crypto/random.cpp": "the operating system's generator, not used by contracts or execution",
}


def list_files(root):
    """Paths relative to root of all files that are tracked or would be added."""
    try:
        out = subprocess.run(
            ["git", "-c", f"safe.directory={root}", "-C", str(root), "ls-files", "-z", "--cached",
             "--others", "--exclude-standard"],
            check=True, capture_output=True)
        names = {name for name in out.stdout.decode().split("\0") if name}
    except (OSError, subprocess.CalledProcessError):
        skip = {"build", ".git", "node_modules", "__pycache__"}
        names = {p.relative_to(root).as_posix() for p in root.rglob("*")
                 if p.is_file() and not skip & set(p.relative_to(root).parts)}
    return sorted(n for n in names if (root / n).is_file() and not (root / n).is_symlink())


def blank(text):
    """C++ text with comments and literals blanked out; lines and columns stay."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"([^()\\ ]*)\((?:.*?)\)\1"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def functions(text):
    """(first line, last line, name) of each function body at namespace or class level."""
    text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  blank(text), flags=re.M)
    stack, begin, found = [], 0, []
    inside = 0  # how many open braces belong to a function
    for match in re.finditer(r"[{};]", text):
        at, sign = match.start(), match.group(0)
        if sign == "{":
            head = text[begin:at]
            # An initialiser list or a default argument may hold braces of its own.
            scope = SCOPE.search(head) and "(" not in head.split("\n\n")[-1].split("=")[0]
            if inside:
                stack.append(None)
                inside += 1
            elif scope or not head.strip():
                stack.append("scope")
                begin = at + 1
            elif "(" in head:
                name = re.search(r"([~\w:]+|operator\S+)\s*\(", head)
                first = begin + len(head) - len(head.lstrip())
                stack.append((first, name.group(1) if name else "?"))
                inside = 1
            else:
                stack.append("other")
                begin = at + 1
        elif sign == "}" and stack:
            top = stack.pop()
            if inside:
                inside -= 1
            if isinstance(top, tuple):
                found.append((text.count("\n", 0, top[0]) + 1, text.count("\n", 0, at) + 1, top[1]))
            if not inside:
                begin = at + 1
        elif sign == ";" and not inside:
            begin = at + 1
    return found


def anchors(text):
    """The anchors that GitHub makes of a page's headings."""
    out = set()
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    for heading in re.findall(r"^#{1,6} +(.*?) *#*$", prose, re.M):
        slug = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
        slug = slug.strip().replace(" ", "-")
        number = 0
        while (name := slug if number == 0 else f"{slug}-{number}") in out:
            number += 1
        out.add(name)
    return out


class Checker:
    """Collects what breaks a rule in one tree."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.files = list_files(self.root)
        self.names = set(self.files)
        self.problems = []
        self.oversize = {}  # "path" or "path:function" -> lines

    def report(self, where, message):
        self.problems.append(f"{where}: {message}")

    def run(self):
        demo_bytes = 0
        for name in self.files:
            path = self.root / name
            size = path.stat().st_size
            if name.startswith("demo/data/"):
                demo_bytes += size
            elif size > FILE_BYTES_MAX:
                self.report(name, f"is {size} bytes; the limit is {FILE_BYTES_MAX}")
            data = path.read_bytes()
            if b"\0" in data[:8192]:
                continue
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                continue
            if self.is_text(name):
                self.check_text(name, text)
        if demo_bytes > DEMO_DATA_BYTES_MAX:
            self.report("demo/data", f"is {demo_bytes} bytes; the limit is {DEMO_DATA_BYTES_MAX}")
        self.check_allowed_sizes()
        self.check_decisions()
        return self.problems

    @staticmethod
    def is_text(name):
        """Whether a file is ours to read as text; corpora and copied vectors are bytes."""
        return not re.match(
            r"demo/data|tests/fuzz/corpus|tests/vectors/cometbft|tests/vectors/.*\.(bin|hex)", name)

    def check_text(self, name, text):
        suffix = pathlib.PurePath(name).suffix
        base = pathlib.PurePath(name).name
        lines = text.split("\n")
        if text and not text.endswith("\n"):
            self.report(name, "has no newline at its end")
        if text.endswith("\n\n"):
            self.report(name, "ends in an empty line")
        if "\r" in text:
            self.report(name, "has carriage returns")
        licensed = suffix in LICENSED or base in ("CMakeLists.txt", "Makefile") or name == ".ci/run"
        if licensed and not any("SPDX-License-Identifier: Apache-2.0" in l for l in lines[:2]):
            self.report(name, "has no SPDX line at its top")
        for number, line in enumerate(lines, 1):
            where = f"{name}:{number}"
            # In a table of definitions tabs divide the cells.
            if "\t" in line and base not in ("Makefile", "LICENSE") and suffix != ".def":
                self.report(where, "has a tab")
            if line != line.rstrip() and suffix != ".md":
                self.report(where, "has space at its end")
            if suffix in CODE and len(line) > COLUMNS_MAX and "://" not in line:
                self.report(where, f"has {len(line)} columns; the limit is {COLUMNS_MAX}")
            if UNFINISHED.search(line) and suffix in LICENSED | {".md", ".txt"}:
                self.report(where, "says that something is unfinished; finish it or file an issue")
            if MACHINE_PATHS.search(line):
                self.report(where, "names a path of someone's machine")
            self.check_citations(where, name, suffix, line)
        self.check_sizes(name, suffix, text, len(lines) - 1)
        if suffix in (".cpp", ".hpp"):
            self.check_cpp(name, suffix, text)
        if suffix == ".md":
            self.check_links(name, text)

    def check_citations(self, where, name, suffix, line):
        if ELSEWHERE.search(line):
            self.report(where, "cites a document that is not in the repository")
        # What the checkers' own tests make up is not cited.
        if suffix not in LICENSED or name.startswith("tests/lint/"):
            return
        for page in CITED_PAGE.findall(line):
            if page not in self.names:
                self.report(where, f"cites {page}, which does not exist")

    def check_sizes(self, name, suffix, text, count):
        if count > LINES_MAX.get(suffix, count):
            self.oversize[name] = (count, LINES_MAX[suffix])
        if suffix in (".cpp", ".hpp"):
            for first, last, function in functions(text):
                if last - first + 1 > FUNCTION_LINES_MAX:
                    key = f"{name}:{function}"
                    self.oversize[key] = (last - first + 1, FUNCTION_LINES_MAX)

    def check_cpp(self, name, suffix, text):
        if suffix == ".hpp" and not re.search(r"^#pragma once$", text, re.M):
            self.report(name, "has no #pragma once")
        if not name.startswith("src/"):
            return
        test = bool(re.search(r"(_test|_testing|_fixture|_bench)\.[ch]pp$|/(testing|test)/", name))
        code = blank(text)
        rules = [] if test else list(BANNED)
        kernel = name.split("/")[1] in KERNEL and not test
        for number, line in enumerate(code.split("\n"), 1):
            for pattern, why in rules:
                if found := re.search(pattern, line):
                    self.report(f"{name}:{number}", f"'{found.group(0).strip()}' {why}")
            if not kernel or name in KERNEL_EXCEPTIONS:
                continue
            for pattern, why in BANNED_IN_KERNEL:
                if found := re.search(pattern, line):
                    self.report(f"{name}:{number}",
                                f"'{found.group(0).strip()}' brings {why} into a kernel room")
        if kernel:
            self.check_unordered(name, code)

    def check_unordered(self, name, code):
        """An unordered container may be looked into, but not walked."""
        text = code
        header = self.root / re.sub(r"\.cpp$", ".hpp", name)
        if name.endswith(".cpp") and header.exists():
            text += blank(header.read_text())
        declared = set(re.findall(r"\bunordered_\w+\s*<[^;{}()]*>&?\s+(\w+)", text))
        for variable in declared:
            walk = (rf"for\s*\([^;()]*:\s*(?:\w+(?:\.|->))*{variable}\s*\)"
                    rf"|\b{variable}\.c?begin\s*\(")
            for found in re.finditer(walk, code):
                line = code.count("\n", 0, found.start()) + 1
                self.report(f"{name}:{line}", f"walks the unordered container {variable}")

    def check_links(self, name, text):
        here = (self.root / name).parent
        prose = re.sub(r"```.*?```|`[^`\n]*`", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text,
                       flags=re.S)
        for found in re.finditer(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)", prose):
            target = found.group(1)
            where = f"{name}:{prose.count(chr(10), 0, found.start()) + 1}"
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            path = (here / file).resolve() if file else self.root / name
            if self.root not in path.parents and path != self.root:
                self.report(where, f"the link {target} leaves the repository")
            elif not path.exists():
                self.report(where, f"the link {target} leads nowhere")
            elif anchor and path.suffix == ".md" and anchor not in anchors(path.read_text()):
                self.report(where, f"the link {target} names no heading of that page")

    def check_allowed_sizes(self):
        name = "tests/lint/allowed_sizes.txt"
        path = self.root / name
        entries = {}
        for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = line.split(None, 2)
            if len(parts) < 3 or not parts[1].isdigit():
                self.report(f"{name}:{number}", "is not 'path[:function] lines reason'")
                continue
            entries[parts[0]] = int(parts[1])
        if len(entries) > ALLOWED_SIZES_MAX:
            self.report(name, f"has {len(entries)} entries; the limit is {ALLOWED_SIZES_MAX}")
        for key, (count, limit) in sorted(self.oversize.items()):
            if count > entries.get(key, limit):
                self.report(key, f"has {count} lines; the limit is {entries.get(key, limit)}")
        for key in entries:
            if key not in self.oversize:
                self.report(name, f"{key} is within the limit; remove it from the list")

    def check_decisions(self):
        folder = "docs/adr/"
        pages = [n[len(folder):] for n in self.files if n.startswith(folder) and n.endswith(".md")]
        decisions = sorted(p for p in pages if p != "README.md")
        index = self.root / folder / "README.md"
        listed = index.read_text() if index.exists() else ""
        for number, page in enumerate(decisions, 1):
            where = folder + page
            if not re.fullmatch(rf"{number:04d}-[a-z0-9-]+\.md", page):
                self.report(where, f"should be {number:04d}-some-words.md: no gaps, no duplicates")
                continue
            text = (self.root / where).read_text()
            if not text.startswith(f"# {number}. "):
                self.report(where, f"should begin '# {number}. Title'")
            if not DECISION_FORM.match(text):
                self.report(where, "should say what led to it, its decision and its consequences")
            if f"({page})" not in listed:
                self.report(where, "is not linked from docs/adr/README.md")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parent.parent)
    problems = Checker(parser.parse_args().root).run()
    for problem in problems:
        print(problem)
    if problems:
        print(f"check_hygiene: {len(problems)} problems", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
