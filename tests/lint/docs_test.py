#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every command in the documentation exists, and that README shows exactly two.

Commands of `consilium` itself are run by the end-to-end tests; what is here needs no build.
"""
import json
import pathlib
import re
import shlex
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def commands(page):
    """The command lines of a page's shell blocks, continued lines joined."""
    out = []
    for block in re.findall(r"^```(?:sh|bash|shell|console)\n(.*?)^```", page, re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            line = re.sub(r"^\$ ", "", line.strip())
            if line and not line.startswith("#"):
                out.append(line)
    return out


class DocsTest(unittest.TestCase):
    def setUp(self):
        makefile = (ROOT / "Makefile").read_text()
        self.targets = set(re.findall(r"^([a-z-]+):.* ## ", makefile, re.M))
        presets = json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]
        self.presets = {p["name"] for p in presets}

    def test_readme_shows_exactly_two_commands(self):
        readme = (ROOT / "README.md").read_text()
        self.assertEqual(commands(readme), ["make demo", "make test"])

    def test_make_targets_exist(self):
        pages = [ROOT / n for n in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
        pages += sorted((ROOT / "docs").rglob("*.md"))
        for page in pages:
            text = page.read_text()
            found = [c for c in commands(text) if c.startswith("make ")]
            found += re.findall(r"`(make [a-z][^`]*)`", text)
            for command in found:
                with self.subTest(page=page.name, command=command):
                    words = [w for w in shlex.split(command)[1:] if "=" not in w]
                    self.assertLessEqual(set(words), self.targets)
            for preset in re.findall(r"cmake --preset (\w+)", text):
                with self.subTest(page=page.name, preset=preset):
                    self.assertIn(preset, self.presets)

    def test_pages_show_only_what_is_run(self):
        # tests/e2e/docs_commands_test.py runs the pages it names; elsewhere only make may be shown.
        runner = (ROOT / "tests/e2e/docs_commands_test.py").read_text()
        for page in [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]:
            if f'run_page("{page.relative_to(ROOT)}"' not in runner:
                for command in commands(page.read_text()):
                    with self.subTest(page=page.name, command=command):
                        self.assertRegex(command, r"^make [a-z]+( [A-Z]+=\w+)*$")

    def test_every_package_has_its_reason(self):
        script = (ROOT / "tools/install_dependencies.sh").read_text()
        installed = set()
        for names in re.findall(r"^\w+_packages=\(([^)]*)\)", script, re.M):
            installed.update(names.split())
        page = (ROOT / "docs/dependencies.md").read_text()
        rows = re.findall(r"^\| (`.*?) \| [0-9]", page, re.M)
        explained = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
        self.assertEqual(installed, explained)

    def test_every_target_is_documented_by_help(self):
        makefile = (ROOT / "Makefile").read_text()
        phony = re.search(r"^\.PHONY: (.*)$", makefile, re.M).group(1).split()
        self.assertEqual(set(phony), self.targets)


if __name__ == "__main__":
    unittest.main()
