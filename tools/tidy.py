#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy (names and a few cheap checks, see .clang-tidy) over what a clang build compiles.

    tools/tidy.py BUILD_DIR [FILE...]

A file that passed is remembered by a hash of everything that its result depends on: its text, the
text of all our headers that it reaches, its compile command, .clang-tidy and clang-tidy's version.
So a second run looks only at what changed. The memory is in $XDG_CACHE_HOME/consilium-tidy.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def reached(path, root, seen):
    """Adds to `seen` every file of ours that `path` includes, directly or not."""
    for name in INCLUDE.findall(path.read_text()):
        for header in (root / "src" / name, path.parent / name, root / name):
            if header.exists():
                header = header.resolve()
                if header not in seen:
                    seen.add(header)
                    reached(header, root, seen)
                break


def key_of(path, command, root, salt):
    """What the result of clang-tidy on `path` depends on, in one hash."""
    seen = {path.resolve()}
    reached(path, root, seen)
    digest = hashlib.sha256(salt)
    # Where the checkout lies does not matter, nor that it is built for fuzzing.
    command = command.replace(str(root), "").replace("-fsanitize=fuzzer-no-link ", "")
    digest.update(command.encode())
    for file in sorted(seen):
        digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def select(database, root, names):
    """(path, command) of the sources to check: ours, once each, without generated ones."""
    out = {}
    for entry in database:
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if root not in path.parents:
            continue
        relative = path.relative_to(root)
        if relative.parts[0] in ("src", "tests", "bench") and (not names or str(relative) in names):
            out[path] = entry.get("command") or " ".join(entry["arguments"])
    return sorted(out.items())


def check(path, build):
    result = subprocess.run(
        ["clang-tidy", "-p", str(build), "--quiet", str(path)], capture_output=True, text=True)
    return result.returncode, result.stdout + ("" if result.returncode == 0 else result.stderr)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    database = json.loads((build / "compile_commands.json").read_text())
    sources = select(database, ROOT, set(sys.argv[2:]))
    if not sources:
        print(f"tidy: no sources of ours in {build}/compile_commands.json", file=sys.stderr)
        return 1
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    salt = version + (ROOT / ".clang-tidy").read_bytes()
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    memory = pathlib.Path(base) / "consilium-tidy"
    memory.mkdir(parents=True, exist_ok=True)

    pending = []
    for path, command in sources:
        mark = memory / key_of(path, command, ROOT, salt)
        if not mark.exists():
            pending.append((path, mark))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {pool.submit(check, path, build): (path, mark) for path, mark in pending}
        for run in concurrent.futures.as_completed(runs):
            path, mark = runs[run]
            code, output = run.result()
            if code == 0:
                mark.touch()
            else:
                failed += 1
                print(output.strip())
                print(f"tidy: FAILED {path.relative_to(ROOT)}", flush=True)
    print(f"tidy: {len(sources)} files, {len(sources) - len(pending)} known to be good, "
          f"{len(pending) - failed} checked and good, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
