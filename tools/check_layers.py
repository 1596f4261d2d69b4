#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that src/ keeps to the rooms and arrows of layers.txt.

Link rules alone let an upward include of a header through, so every #include is read:
  - every file belongs to a room, every source file is named in its room's CMakeLists.txt;
  - a file includes only its own room and the rooms that layers.txt allows it;
  - a test may also include rooms further down and those that its TEST_LIBS name;
  - a third-party library is included only where OWNERS allows it, and where it must stay in .cpp
    files, a header that brings it in all the same is private to its room;
  - a room links no other room by name: its links come from layers.txt;
  - kernel rooms include no header of the standard library that brings a clock, a thread, a file
    or chance.
"""
import argparse
import pathlib
import re
import sys

KERNEL = ("base", "crypto", "proto", "ledger", "verify", "state", "contracts/", "execution")

# Third-party headers: who may include them, and whether other rooms must not see them even through
# a header of the owner's.
# The prefix is matched against the text between the brackets.
OWNERS = [
    ("openssl/", ("crypto", "http", "vault"), True),
    ("sodium", ("crypto",), True),
    ("rocksdb/", ("store", "vault"), True),
    ("boost/", ("formats/", "http", "vault/delivery", "services/", "consensus/cometbft", "node",
                "cli"), False),
    ("spdlog/", ("telemetry",), True),
    ("fmt/", ("telemetry",), True),
    ("prometheus/", ("telemetry",), True),
    ("toml++/", ("node", "cli"), True),
    ("CLI/", ("cli",), False),
    ("zstd.h", ("store", "cli", "formats/fhir"), True),
    ("google/protobuf/",
     ("proto", "ledger", "contracts/", "execution", "http", "services/", "cli"), False),
    ("gtest/", (), True),
    ("gmock/", (), True),
]
# A test program, a benchmark or a test fixture may include these anywhere; JSON to read vectors.
TEST_ONLY = ("gtest/", "gmock/", "boost/json")

KERNEL_BANNED_HEADERS = {
    "chrono", "ctime", "time.h", "sys/time.h", "thread", "future", "condition_variable",
    "semaphore", "barrier", "latch", "stop_token", "pthread.h", "random", "filesystem", "fstream",
    "iostream", "unistd.h", "fcntl.h", "sys/socket.h", "netdb.h", "locale", "cfloat", "cmath",
}

# Where headers made from proto/ lie; they are of the room `proto`.
GENERATED = ("consilium/v1/", "cometbft/v038/")

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
# The C++ standard library, and the headers of the operating system that we may use.
SYSTEM = re.compile(
    r"[a-z0-9_]+|(sys|netinet|arpa|linux)/[a-z0-9_]+\.h"
    r"|(errno|fcntl|unistd|signal|poll|pthread|sched|time|termios|netdb|pwd|dirent|spawn"
    r"|immintrin|cpuid|execinfo|getopt|malloc)\.h"
)


class LayersError(Exception):
    """layers.txt itself is wrong."""


def read_layers(text):
    """The rooms in order, each with the rooms that it may include."""
    rooms = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        matched = re.fullmatch(r"([a-z0-9_/]+):((?: [a-z0-9_/]+)*)\s*", line)
        if not matched:
            raise LayersError(f"layers.txt:{number}: cannot read '{line}'")
        room, arrows = matched.group(1), matched.group(2).split()
        if room in rooms:
            raise LayersError(f"layers.txt:{number}: {room} is listed twice")
        for arrow in arrows:
            if arrow not in rooms:
                raise LayersError(
                    f"layers.txt:{number}: {room} points at {arrow}, which is not on a line above"
                )
        rooms[room] = arrows
    return rooms


def matches(room, patterns):
    """Whether a room is one of `patterns`; a pattern that ends with / means all rooms below it."""
    return any(room == p or (p.endswith("/") and room.startswith(p)) for p in patterns)


def room_of(path, rooms):
    """The room whose folder holds `path` (relative to src/), or None."""
    found = [room for room in rooms if path.startswith(room + "/")]
    return max(found, key=len) if found else None


def is_test(path):
    """Whether a file is part of tests: x_test.cpp, or a fixture in a file or folder so named."""
    return bool(re.search(r"(_test|_testing|_fixture|_bench)\.[ch]pp$|(^|/)(testing|test)/", path))


def strip_comments(text):
    """The text with comments blanked out and its lines kept."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r"//[^\n]*|/\*.*?\*/", blank, text, flags=re.S)


class Checker:
    """Collects what breaks a rule in one source tree."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.src = self.root / "src"
        self.problems = []
        self.rooms = {}
        self.cmake = {}
        self.private = {}  # header -> the library that it brings in

    def report(self, where, message):
        self.problems.append(f"{where}: {message}")

    def run(self):
        try:
            self.rooms = read_layers((self.root / "layers.txt").read_text())
        except LayersError as error:
            self.problems.append(str(error))
            return self.problems
        for room in self.rooms:
            listing = self.src / room / "CMakeLists.txt"
            self.cmake[room] = listing.read_text() if listing.exists() else None
            if self.cmake[room] is not None:
                self.check_cmake(room)
        self.find_private_headers()
        for path in sorted(self.src.rglob("*")):
            if path.suffix in (".cpp", ".hpp", ".h", ".cc", ".c", ".cxx", ".hh", ".ipp"):
                self.check_file(path)
        return self.problems

    def find_private_headers(self):
        """Headers that bring in a library which other rooms must not see, directly or not."""
        includes = {}
        for path in self.src.rglob("*.hpp"):
            found = map(INCLUDE.match, strip_comments(path.read_text()).splitlines())
            name = path.relative_to(self.src).as_posix()
            includes[name] = [m.group(2) for m in found if m]
        hidden = [prefix for prefix, _, source_only in OWNERS
                  if source_only and not prefix.startswith(TEST_ONLY)]
        for name, targets in includes.items():
            for prefix in hidden:
                if any(target.startswith(prefix) for target in targets):
                    self.private[name] = prefix
        while grown := {n: self.private[t] for n, targets in includes.items()
                        for t in targets if t in self.private and n not in self.private}:
            self.private.update(grown)

    def check_cmake(self, room):
        where = f"src/{room}/CMakeLists.txt"
        text = re.sub(r"#[^\n]*", "", self.cmake[room])
        for call in re.finditer(r"consilium_room\(\s*(\S+?)[\s)]([^)]*)", text):
            if call.group(1) != room:
                self.report(where, f"declares the room {call.group(1)}, not {room}")
            words = call.group(2).split()
            section = None
            for word in words:
                if re.fullmatch(r"[A-Z_]+", word):
                    section = word
                elif section in ("LIBS", "PUBLIC_LIBS") and word.startswith("consilium_"):
                    if word != "consilium_generated":
                        self.report(where, f"links {word} by name; arrows belong in layers.txt")
        if f"consilium_room({room}" not in re.sub(r"\(\s+", "(", text):
            self.report(where, f"does not declare consilium_room({room} ...)")

    def test_rooms(self, room):
        """The rooms that tests of `room` may include beyond its own arrows."""
        order = list(self.rooms)
        allowed = set(order[: order.index(room)])
        names = {"consilium_" + r.replace("/", "_"): r for r in self.rooms}
        text = self.cmake[room] or ""
        for word in re.findall(r"\bconsilium_[a-z0-9_]+", text):
            other = names.get(word) or names.get(re.sub(r"_testing$", "", word))
            if other:
                allowed.add(other)
                allowed.update(self.rooms[other])
        return allowed

    def check_file(self, path):
        relative = path.relative_to(self.src).as_posix()
        where = f"src/{relative}"
        if path.suffix not in (".cpp", ".hpp"):
            self.report(where, "sources are .cpp and headers are .hpp")
        room = room_of(relative, self.rooms)
        if room is None:
            self.report(where, "belongs to no room of layers.txt")
            return
        if self.cmake[room] is None:
            self.report(where, f"src/{room} has no CMakeLists.txt, so this is built by nobody")
        elif path.suffix == ".cpp":
            inside = relative[len(room) + 1:]
            words = re.sub(r"#[^\n]*", "", self.cmake[room]).replace("(", " ").replace(")", " ")
            if inside not in words.split():
                self.report(where, f"is not listed in src/{room}/CMakeLists.txt")
        # Includes are read from the text with comments removed, so that prose cannot trip it.
        for number, line in enumerate(strip_comments(path.read_text()).splitlines(), 1):
            matched = INCLUDE.match(line)
            if matched:
                self.check_include(f"{where}:{number}", relative, room, matched)
            elif re.match(r"^\s*#\s*include", line):
                self.report(f"{where}:{number}", "an #include must name its header literally")

    def check_include(self, where, relative, room, matched):
        target = matched.group(2)
        if target.startswith(GENERATED):
            self.check_arrow(where, relative, room, "proto", target)
        elif matched.group(1) == '"':
            target_room = room_of(target, self.rooms)
            if target_room is None:
                self.report(where, f'"{target}" is in no room; write the path from src/')
            elif not (self.src / target).exists():
                self.report(where, f'"{target}" does not exist')
            else:
                if is_test(target) and not is_test(relative):
                    self.report(where, f'"{target}" is a test fixture')
                if target in self.private and target_room != room:
                    library = self.private[target]
                    self.report(where, f'"{target}" brings in {library}; private to {target_room}')
                self.check_arrow(where, relative, room, target_room, target)
        else:
            self.check_system(where, relative, room, target)

    def check_arrow(self, where, relative, room, target_room, target):
        if target_room == room or target_room in self.rooms[room]:
            return
        if is_test(relative) and target_room in self.test_rooms(room):
            return
        self.report(
            where, f"{room} may not include {target_room} ({target}); layers.txt has no such arrow"
        )

    def check_system(self, where, relative, room, target):
        for prefix, owners, _ in OWNERS:
            if not target.startswith(prefix):
                continue
            if is_test(relative) and (target.startswith(TEST_ONLY) or matches(room, owners)):
                return
            if not matches(room, owners):
                allowed = ", ".join(owners) or "tests"
                self.report(where, f"<{target}> may be included only in: {allowed}")
            return
        if not SYSTEM.fullmatch(target):
            self.report(where, f"<{target}> is of a library that tools/check_layers.py knows not")
        elif target in KERNEL_BANNED_HEADERS and matches(room, KERNEL) and not is_test(relative):
            self.report(where, f"<{target}> has no place in a kernel room")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parent.parent)
    problems = Checker(parser.parse_args().root).run()
    for problem in problems:
        print(problem)
    if problems:
        print(f"check_layers: {len(problems)} problems", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
