#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/verifier/verify.py as a user runs it: what it prints and its exit codes."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import support
import genesis
import genesis_cases


class CommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = dict(support.vectors("receipts"))["states.json"]
        app_state = bytes.fromhex(self.file["app_state"])
        state = genesis.decode_state(support.SCHEMA, app_state)
        document = genesis.document_of(state, app_state)
        self.write("genesis.json", json.dumps(document).encode())
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

    def test_genesis_that_is_none(self):
        small_order = genesis_cases.Genesis(
            [genesis_cases.Member("ab", b"\1" + bytes(31), 1)]).text()
        for name, content in {"empty": b"{}", "deep": b"[" * 100_000, "binary": b"\0\xff",
                              "small order": small_order.encode()}.items():
            with self.subTest(name):
                self.write("bad.json", content)
                code, out, problem = self.run_command(self.case("absent"), genesis="bad.json")
                self.assertEqual((code, out), (2, ""))
                self.assertIn("bad.json cannot be read as a genesis document", problem)
        for name in ("none.json", "."):
            code, out, problem = self.run_command(self.case("absent"), genesis=name)
            self.assertEqual((code, out), (2, ""))
            self.assertTrue(problem.startswith("verify: cannot read "), problem)

    @unittest.skipUnless(pathlib.Path("/dev/zero").exists(), "no /dev/zero")
    def test_files_without_end(self):
        code, _, problem = self.run_command(self.case("absent"), genesis="/dev/zero")
        self.assertEqual(code, 2)
        self.assertIn("over 16 MiB", problem)
        self.assertEqual(self.run_command("/dev/zero")[:2], (1, "/dev/zero: refused: too-large\n"))
        for option in ("--checkpoint", "--history"):
            code, out, problem = self.run_command(option, "/dev/zero", self.case("absent"))
            self.assertEqual((code, out), (2, ""))
            self.assertIn("too large", problem)

    def test_a_receipt_that_cannot_be_read_does_not_end_the_run(self):
        good, none = self.case("present now"), str(self.folder / "none")
        code, out, problem = self.run_command(none, str(self.folder), good)
        self.assertEqual(code, 2)
        self.assertIn(f"{good}: ok: ", out)
        self.assertEqual(problem.count("verify: cannot read "), 2, problem)
        code, out, _ = self.run_command("--json", none, good)
        self.assertEqual((code, [json.loads(line)["verdict"] for line in out.splitlines()]),
                         (2, ["unreadable", "ok"]))
        # What is refused weighs more.
        bad = self.write("bad.bin", b"\xff")
        self.assertEqual(self.run_command(none, bad)[:2], (1, f"{bad}: refused: encoding\n"))

    def test_trust_that_does_not_hold_is_refused(self):
        bad = self.write("bad.bin", b"\xff")
        for option in ("--history", "--checkpoint"):
            code, out, problem = self.run_command(option, bad, self.case("absent"))
            self.assertEqual((code, out), (1, ""))
            self.assertIn("refused: encoding", problem)
            missing = str(self.folder / "none")
            self.assertEqual(self.run_command(option, missing, self.case("absent"))[0], 2)

    def test_a_name_that_is_not_text(self):
        name = self.folder / "\udcff.bin"
        name.write_bytes(b"\xff")
        code, out, _ = self.run_command(str(name))
        self.assertEqual(code, 1)
        self.assertIn("\\udcff.bin: refused: encoding", out)


if __name__ == "__main__":
    unittest.main()
