#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every command that docs/cli.md and the guides show, a page at a time, in one folder each.

A line `consilium node ...` runs in the background until the end of the page. A comment
`# exit code N` at the end of a line says that the command must end with it.
"""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import support

READY = """
waiting=0
until consilium ledger status --home network --member payer >/dev/null 2>&1; do
    sleep 0.1; waiting=$((waiting + 1)); [ $waiting -lt 300 ] || exit 99
done
"""


def commands(page):
    """The commands of the page's shell blocks: continued lines joined, here-documents whole."""
    out = []
    for block in re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S):
        lines = iter(block.replace("\\\n", " ").splitlines())
        for line in lines:
            here = re.search(r"(?<!<)<<(\w+)$", line)
            while here and not line.endswith("\n" + here.group(1)):
                line += "\n" + next(lines)
            if line.strip() and not line.startswith("#"):
                out.append(line)
    return out


def script(lines):
    text = "set -u\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n"
    for line in lines:
        expected = re.search(r"# exit code (\d+)$", line)
        code = int(expected.group(1)) if expected else 0
        if line.startswith("consilium node "):
            text += line + " >/dev/null 2>node.log &\n" + READY
            continue
        text += (f"{line}\nended=$?\n[ $ended -eq {code} ] || "
                 f"{{ echo \"ended with $ended: \"{_quoted(line)} >&2; exit 98; }}\n")
    return text


def _quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


class DocsCommandsTest(support.Case):
    def run_page(self, name, least):
        port = support.free_ports(8)
        lines = commands((support.ROOT / name).read_text())
        self.assertGreater(len(lines), least)
        # The page names the ports that a user would take; a test takes free ones.
        lines = [re.sub(r"127\.0\.0\.1:744(\d)", lambda m: f"127.0.0.1:{port + int(m[1]) - 3}",
                        line.replace("consilium init network",
                                     f"consilium init network --port {port}"))
                 for line in lines]
        program = pathlib.Path(support.PROGRAM)
        (self.folder / "bin").mkdir()
        (self.folder / "bin/consilium").symlink_to(program)
        (self.folder / "demo").symlink_to(support.ROOT / "demo")
        environment = dict(os.environ, PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}")
        environment.pop("CONSILIUM_HOME", None)
        done = subprocess.run(["bash", "-c", script(lines)], cwd=self.folder, env=environment,
                              capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-3000:] + done.stdout[-1000:])
        shutil.rmtree(self.folder / "network")

    def test_commands_of_the_command_lines_page_work(self):
        self.run_page("docs/cli.md", 20)

    def test_commands_of_the_auditors_guide_work(self):
        self.run_page("docs/guides/auditor.md", 15)

    def test_commands_of_the_patients_guide_work(self):
        self.run_page("docs/guides/patient.md", 18)

    def test_commands_of_the_integration_engineers_guide_work(self):
        self.run_page("docs/guides/integration-engineer.md", 15)

    def test_commands_of_the_privacy_officers_guide_work(self):
        self.run_page("docs/guides/privacy-officer.md", 20)


if __name__ == "__main__":
    unittest.main()
