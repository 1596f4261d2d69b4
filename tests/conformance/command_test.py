#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/verifier/verify.py as a user runs it: what it prints and its exit codes."""
import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import support


class CommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = dict(support.vectors("receipts"))["states.json"]
        state = base64.b64encode(bytes.fromhex(self.file["app_state"])).decode()
        self.write("genesis.json", json.dumps({"app_state": state}).encode())
        self.write("history", bytes.fromhex(self.file["history"]))

    def write(self, name, data):
        (self.folder / name).write_bytes(data)
        return str(self.folder / name)

    def case(self, name):
        found = next(c for c in self.file["cases"] if c["name"] == name)
        return self.write("receipt.bin", bytes.fromhex(found["receipt"]))

    def run_command(self, *arguments, genesis="genesis.json"):
        command = [sys.executable, "-B", str(support.VERIFIER / "verify.py"), "--genesis",
                   str(self.folder / genesis), "--history", str(self.folder / "history")]
        result = subprocess.run([*command, *arguments], capture_output=True, text=True)
        self.assertNotIn("Traceback", result.stderr)
        return result.returncode, result.stdout, result.stderr

    def test_good(self):
        code, out, _ = self.run_command(self.case("present now"))
        self.assertEqual(code, 0)
        self.assertIn("ok: present 6b: the key is there", out)
        self.assertIn("trust rests on the genesis", out)

    def test_json(self):
        code, out, _ = self.run_command("--json", self.case("present as of block 4"))
        self.assertEqual((code, json.loads(out)["as_of_height"]), (0, 4))

    def test_refused(self):
        path = self.case("value altered")
        code, out, _ = self.run_command(path)
        self.assertEqual((code, out), (1, f"{path}: refused: state-proof\n"))

    def test_too_old(self):
        code, out, _ = self.run_command("--max-age", "60", self.case("present now"))
        self.assertEqual(code, 1)
        self.assertIn("refused: too-old", out)

    def test_unusable_input(self):
        self.write("empty.json", b"{}")
        for arguments, genesis in [((self.case("absent"),), "empty.json"),
                                   ((self.case("absent"),), "none.json"),
                                   ((str(self.folder / "none"),), "genesis.json")]:
            code, _, problem = self.run_command(*arguments, genesis=genesis)
            self.assertEqual(code, 2)
            self.assertTrue(problem.startswith("verify: "), problem)
        self.write("history", b"\xff")
        code, _, problem = self.run_command(self.case("absent"))
        self.assertEqual(code, 2)
        self.assertIn("refused: encoding", problem)


if __name__ == "__main__":
    unittest.main()
