#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes on disks that are full, read-only or damaged: a clear error with the documented exit code,
and nothing that was answered is lost."""
import json
import os
import resource
import secrets
import shutil
import signal
import subprocess
import unittest

import support

EXIT_REFUSED, EXIT_UNREACHABLE, EXIT_DISK = 1, 3, 4  # docs/cli.md
FULL_BYTES = 256 * 1024


class DiskTest(support.Case):
    def setUp(self):
        super().setUp()
        self.network = self.make_network()
        self.answered = []
        process = self.start_node(self.network)
        for _ in range(3):
            self.assertEqual(self.submit().code, 0)
        self.assertEqual(self.end(process, signal.SIGTERM), 0)
        self.ledger = self.network / "members/payer/data/ledger"
        self.outbox = self.network / "members/hospital/data/outbox"  # of who submits

    def submit(self):
        """Opens a link; keeps its receipt when the node answered."""
        key = self.ok("key", "new", secrets.token_hex(8), "--json").json()["public_key"]
        command = json.dumps({"commands": [{"charts": {"open_link": {
            "link_id": secrets.token_hex(16), "counterparty": "clinic", "algorithm": "ed25519",
            "public_key": key}}}]})
        result = self.run_command("submit", "--json", "--home", self.network, "--member",
                                  "hospital", "--role", "clerk", stdin=command)
        if result.code == 0:
            self.answered.append(result.json()["transaction_id"])
        return result

    def log(self):
        return (self.network / "log.json").read_text()

    def start_anyhow(self, **more):
        """A node process and nothing, or the exit code of one that does not start."""
        with (self.network / "log.json").open("wb") as log:
            process = subprocess.Popen(
                [support.PROGRAM, "node", "--config", str(self.network / "consilium.toml"),
                 "--json"], stdout=subprocess.PIPE, stderr=log, cwd=self.folder, **more)
        self.addCleanup(self.end, process)
        if process.stdout.readline():
            return process, None
        return process, process.wait(timeout=support.TIMEOUT_S)

    def faults(self):
        """What doctor calls a fault, by subject."""
        result = self.run_command("doctor", "--json", "--config", self.network / "consilium.toml")
        faults = {f["subject"]: f for f in result.json()["findings"] if f["level"] == "fault"}
        self.assertEqual(result.code, 1 if faults else 0)
        return faults

    def everything_answered_is_there(self):
        """All members' nodes start and have what any node ever answered."""
        process = self.start_node(self.network)
        self.assertEqual(self.submit().code, 0)
        for member in ("clinic", "hospital", "payer", "regulator"):
            for number, transaction in enumerate(self.answered):
                file = self.folder / f"{member}-{number}-{secrets.token_hex(4)}"
                self.ok("receipt", "get", transaction, "--out", file, "--home", self.network,
                        "--member", member)
                self.ok("receipt", "verify", "--genesis", self.network / "genesis.json", file)
        self.assertEqual(self.end(process, signal.SIGTERM), 0)
        self.assertEqual(self.faults(), {})

    def each_damage(self, damages, disk=None):
        """Does each damage to a whole ledger copy of the payer's, or to `disk`, and yields its
        name."""
        disk = disk or self.ledger
        whole = self.folder / "whole"
        shutil.copytree(disk, whole)
        for name, damage in damages.items():
            shutil.rmtree(disk)
            shutil.copytree(whole, disk)
            damage()
            with self.subTest(damage=name):
                yield name

    def test_a_missing_file(self):
        names = ["CURRENT", *(f.name for f in self.ledger.glob("MANIFEST-*")),
                 *(f.name for f in sorted(self.ledger.glob("*.sst")))]
        self.assertGreater(len(names), 3)
        for name in self.each_damage({n: (self.ledger / n).unlink for n in names}):
            _, code = self.start_anyhow()
            self.assertEqual(code, EXIT_DISK)
            self.assertIn("consilium: payer: ", self.log())
            self.assertIn(name.split(".")[0], self.log())
            self.assertEqual(list(self.faults()), ["payer: ledger"])
        # What doctor advises: the copy is made anew from the others.
        self.ledger.parent.rename(self.folder / "away")
        self.everything_answered_is_there()

    def test_a_truncated_file(self):
        files = [*self.ledger.glob("MANIFEST-*"), *sorted(self.ledger.glob("*.sst"))]

        def truncate(file):
            os.truncate(file, file.stat().st_size // 2)

        for _ in self.each_damage({f.name: lambda f=f: truncate(f) for f in files}):
            _, code = self.start_anyhow()
            self.assertEqual(code, EXIT_REFUSED)
            self.assertIn("consilium: payer: ", self.log())
            self.assertEqual(list(self.faults()), ["payer: ledger"])
        self.ledger.parent.rename(self.folder / "away")
        self.everything_answered_is_there()

    def test_a_corrupted_table(self):
        def corrupt(file):
            content = bytearray(file.read_bytes())
            for at in range(len(content) // 5):
                content[at] ^= 0x55
            file.write_bytes(bytes(content))

        tables = sorted(self.ledger.glob("*.sst"))
        for _ in self.each_damage({f.name: lambda f=f: corrupt(f) for f in tables}):
            self.assertEqual(list(self.faults()), ["payer: ledger"])
            process, code = self.start_anyhow()
            if code is None:
                # Nothing of what is damaged was needed yet: the others do not suffer by it.
                self.assertEqual(self.submit().code, 0)
                self.assertIn(self.end(process, signal.SIGTERM), (0, EXIT_DISK, EXIT_REFUSED))
            else:
                self.assertIn(code, (EXIT_DISK, EXIT_REFUSED))
                self.assertIn("consilium: payer: ", self.log())
            self.answered = self.answered[:3]  # the others' later blocks stay with them

    def test_a_damaged_outbox(self):
        manifest, = self.outbox.glob("MANIFEST-*")
        damages = {
            "no CURRENT": (self.outbox / "CURRENT").unlink,
            "no MANIFEST": manifest.unlink,
            "half a MANIFEST": lambda: os.truncate(manifest, manifest.stat().st_size // 2)}
        for name in self.each_damage(damages, self.outbox):
            process, code = self.start_anyhow()
            if name == "half a MANIFEST" and code is None:
                # What is left of it is a whole outbox that has forgotten: that does no harm.
                self.assertEqual(self.submit().code, 0)
                self.assertEqual(self.end(process, signal.SIGTERM), 0)
                continue
            self.assertIn(code, (EXIT_DISK, EXIT_REFUSED))
            self.assertIn("consilium: hospital: ", self.log())
            self.assertEqual(list(self.faults()), ["hospital: outbox"])
        # What doctor advises: whatever the outbox held, a new one does no harm.
        self.outbox.rename(self.folder / "away")
        self.everything_answered_is_there()

    def test_an_old_outbox(self):
        old = self.folder / "old"
        shutil.copytree(self.outbox, old)
        self.everything_answered_is_there()
        shutil.rmtree(self.outbox)
        old.rename(self.outbox)
        self.everything_answered_is_there()

    def test_a_full_disk(self):
        # No file grows beyond a size: to the program that is a write that fails.
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, FULL_BYTES))

        process, code = self.start_anyhow(preexec_fn=limit)
        self.assertIsNone(code, self.log())
        before = len(self.answered)
        for _ in range(1000):
            refused = self.submit()
            if refused.code != 0:
                break
        self.assertGreater(len(self.answered), before)
        self.assertEqual(refused.code, EXIT_UNREACHABLE)
        self.assertIn("going down", refused.err)
        self.wait_for("the log says why", lambda: '"reason":"disk"' in self.log())
        status = self.run_command("ledger", "status", "--home", self.network, "--member",
                                  "hospital")
        self.assertIn("stopped by itself", status.out)
        self.assertEqual(self.end(process, signal.SIGTERM), EXIT_DISK)
        self.everything_answered_is_there()

    def test_a_disk_that_is_full_from_the_start(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

        _, code = self.start_anyhow(preexec_fn=limit)
        self.assertEqual(code, EXIT_DISK)
        self.assertIn("File too large", self.log())
        self.everything_answered_is_there()

    def read_only(self, disk):
        """Makes a disk of a member's read-only; what undoes it."""
        if os.geteuid() != 0:
            disk.chmod(0o500)
            return lambda: disk.chmod(0o700)
        for options in (["--bind"], ["-o", "remount,ro,bind"]):
            done = subprocess.run(["mount", *options, disk, disk], check=False,
                                  capture_output=True)
            if done.returncode != 0:
                self.skipTest("root may write everywhere, and cannot mount here")
        return lambda: subprocess.run(["umount", disk], check=True)

    def test_a_read_only_disk(self):
        for disk, subject in ((self.ledger, "payer: ledger"), (self.outbox, "hospital: outbox")):
            undo = self.read_only(disk)
            try:
                _, code = self.start_anyhow()
                self.assertEqual(code, EXIT_DISK)
                self.assertIn("consilium: " + subject.split(":")[0] + ": ", self.log())
                self.assertRegex(self.log(), "Read-only file system|Permission denied")
                self.assertEqual(list(self.faults()), [subject])
            finally:
                undo()
        self.everything_answered_is_there()


if __name__ == "__main__":
    os.environ.pop("CONSILIUM_HOME", None)
    unittest.main()
