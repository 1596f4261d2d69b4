#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node process from outside: curl over TLS, kill -9, restart; nothing answered is lost."""
import json
import os
import secrets
import signal
import subprocess
import unittest

import support


class NodeTest(support.Case):
    def curl(self, network, member, url, *more):
        token = self.ok("token", "new", "--home", network, "--member", member).out.strip()
        return subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "30", "--tlsv1.3",
             "--cacert", str(network / f"members/{member}/tls/node.crt"),
             "--header", f"Authorization: Bearer {token}", "--write-out", "\n%{http_code}",
             *more, url], capture_output=True, check=True).stdout.rsplit(b"\n", 1)

    def open_link(self):
        key = self.ok("key", "new", secrets.token_hex(8), "--json").json()["public_key"]
        return json.dumps({"commands": [{"charts": {"open_link": {
            "link_id": secrets.token_hex(16), "counterparty": "clinic", "algorithm": "ed25519",
            "public_key": key}}}]})

    def submit(self, network, receipt):
        return self.ok("submit", "--json", "--home", network, "--member", "hospital",
                       "--role", "clerk", "--receipt", receipt, stdin=self.open_link()).json()

    def test_curl_sees_the_same_ledger(self):
        network = self.make_network()
        process = self.start_node(network)
        submitted = self.submit(network, "one.receipt")
        url = process.listening["payer"]
        body, status = self.curl(network, "payer", f"{url}/v1/status")
        self.assertEqual(status, b"200")
        self.assertEqual(json.loads(body)["member_id"], "payer")
        body, status = self.curl(network, "payer",
                                 f"{url}/v1/outcomes/{submitted['transaction_id']}")
        self.assertEqual((status, json.loads(body)["result"]), (b"200", "applied"))
        body, status = self.curl(network, "payer",
                                 f"{url}/v1/outcomes/{submitted['transaction_id']}/receipt")
        self.assertEqual(status, b"200")
        (self.folder / "curl.receipt").write_bytes(body)
        self.ok("receipt", "verify", "--genesis", network / "genesis.json", "one.receipt",
                "curl.receipt")
        # The token of one member's node is nothing to another's.
        _, status = self.curl(network, "payer", f"{process.listening['payer']}/v1/state/00",
                              "--header", "Authorization: Bearer nonsense")
        self.assertIn(status, (b"400", b"401"))
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    def test_submits_raw_bytes_over_curl(self):
        network = self.make_network()
        process = self.start_node(network)
        body, status = self.curl(
            network, "hospital", process.listening["hospital"] + "/v1/transactions",
            "--header", "Content-Type: application/x-protobuf", "--data-binary", "@-")
        self.assertEqual(status[:1], b"4")
        self.assertEqual(self.end(process, signal.SIGINT), 0)

    def test_survives_kill_9(self):
        network = self.make_network()
        answered = []
        for round_number in range(4):
            process = self.start_node(network)
            for _ in range(3):
                receipt = f"{len(answered)}.receipt"
                answered.append(self.submit(network, receipt))
            # One more is under way when the process dies.
            last = subprocess.Popen(
                [support.PROGRAM, "submit", "--home", str(network), "--member", "hospital",
                 "--role", "clerk"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, text=True, cwd=self.folder)
            last.stdin.write(self.open_link())
            last.stdin.close()
            self.assertEqual(self.end(process, signal.SIGKILL), -signal.SIGKILL)
            last.wait(timeout=support.TIMEOUT_S)
            self.assertLess(round_number, 4)
        process = self.start_node(network)
        home = ("--home", network, "--member", "regulator")
        for number, submitted in enumerate(answered):
            again = ("--out", f"again-{number}")
            self.ok("receipt", "get", submitted["transaction_id"], *again, *home)
        files = [f"{n}.receipt" for n in range(len(answered))]
        files += [f"again-{n}" for n in range(len(answered))]
        result = self.ok("receipt", "verify", "--json", "--genesis", network / "genesis.json",
                         *files).json()
        self.assertEqual(result["good"], 2 * len(answered))
        self.assertTrue(all(r["outcome"] == "applied" for r in result["receipts"]))
        roots = set()
        for member in ("clinic", "hospital", "payer", "regulator"):
            status = self.ok("ledger", "status", "--json", "--home", network, "--member",
                             member).json()
            roots.add((status["height"], status["state_root"]))
        self.assertEqual(len(roots), 1)
        self.assertEqual(self.end(process, signal.SIGTERM), 0)
        result = self.ok("doctor", "--json", "--config", network / "consilium.toml").json()
        self.assertEqual(result["faults"], 0)

    def test_two_processes_do_not_share_a_folder(self):
        network = self.make_network()
        process = self.start_node(network)
        result = self.run_command("node", "--config", network / "consilium.toml")
        self.assertEqual(result.code, 4, result.err)
        result = self.ok("doctor", "--config", network / "consilium.toml")
        self.assertIn("not audited", result.out)
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    def test_damage_on_disk_is_named(self):
        network = self.make_network()
        process = self.start_node(network)
        for number in range(3):
            self.submit(network, f"{number}.receipt")
        self.assertEqual(self.end(process, signal.SIGTERM), 0)
        tables = sorted((network / "members/payer/data/ledger").glob("*.sst"))
        logs = sorted((network / "members/payer/data/ledger").glob("*.log"))
        damaged = max(tables or logs, key=lambda f: f.stat().st_size)
        content = bytearray(damaged.read_bytes())
        for at in range(len(content) // 4, len(content) // 2, 7):
            content[at] ^= 0x55
        damaged.write_bytes(bytes(content))
        result = self.run_command("doctor", "--json", "--config", network / "consilium.toml")
        self.assertEqual(result.code, 1, result.out)
        faults = [f for f in result.json()["findings"] if f["level"] == "fault"]
        self.assertEqual([f["subject"] for f in faults], ["payer: ledger"])
        self.assertTrue(faults[0]["mend"])


if __name__ == "__main__":
    os.environ.pop("CONSILIUM_HOME", None)
    unittest.main()
