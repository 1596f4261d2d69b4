#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 in a loop under load: whatever was answered as committed is still there, once.

KILLS (50) rounds: clients submit without pause, the process that hosts all four members' nodes is
killed at a random moment, and started again.
"""
import json
import os
import random
import secrets
import signal
import subprocess
import threading
import time
import unittest

import support

KILLS = int(os.environ.get("KILLS", "50"))
CLIENTS = 3


class Load:
    """Clients that submit anchors until they are told to stop; remembers what was answered."""

    def __init__(self, network, folder):
        self.network, self.folder = network, folder
        self.answered = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.stopped.is_set():
            commands = [{"documents": {"anchor_record": {
                "record_id": secrets.token_hex(16), "commitment": secrets.token_hex(32)}}}
                for _ in range(20)]
            done = subprocess.run(
                [support.PROGRAM, "submit", "--json", "--home", str(self.network), "--member",
                 "hospital"], input=json.dumps(commands), capture_output=True, text=True,
                cwd=self.folder, timeout=support.TIMEOUT_S, check=False)
            if done.returncode == 0:
                self.answered.append(json.loads(done.stdout))

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


class KillTest(support.Case):
    def test_nothing_answered_is_lost(self):
        network = self.make_network()
        seed = secrets.randbits(32)
        chance = random.Random(seed)
        answered = []
        for number in range(KILLS):
            with self.subTest(round=number, seed=seed):
                process = self.start_node(network)
                load = Load(network, self.folder)
                time.sleep(chance.uniform(0.02, 0.4))
                self.assertEqual(self.end(process, signal.SIGKILL), -signal.SIGKILL)
                load.stop()
                answered += load.answered
        self.assertGreater(len(answered), KILLS // 2)
        process = self.start_node(network)
        rows = self.ok("ledger", "state", "documents/record/member:hospital", "--json", "--home",
                       network, "--member", "payer").json()["rows"]
        # Each transaction anchored 20 records; the numbers that were answered are there, and no
        # record stands there twice.
        numbers = {int(row["key"].rsplit("/", 1)[1]) for row in rows}
        self.assertEqual(numbers, set(range(1, len(rows) + 1)))
        self.assertEqual(len({row["value"]["record_id"] for row in rows}), len(rows))
        self.assertEqual(len(rows) % 20, 0)
        assigned = [n for one in answered for n in one["assigned"]]
        self.assertEqual(len(assigned), len(set(assigned)))
        self.assertLessEqual(set(assigned), numbers)
        for one in chance.sample(answered, min(10, len(answered))):
            self.ok("receipt", "get", one["transaction_id"], "--out", "one.receipt", "--home",
                    network, "--member", "clinic")
            result = self.ok("receipt", "verify", "--json", "--genesis", network / "genesis.json",
                             "one.receipt").json()
            self.assertEqual(result["receipts"][0]["block"], str(one["height"]))
        self.assertEqual(self.end(process, signal.SIGTERM), 0)
        result = self.ok("doctor", "--json", "--config", network / "consilium.toml").json()
        self.assertEqual(result["faults"], 0)


if __name__ == "__main__":
    unittest.main()
