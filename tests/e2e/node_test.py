#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node process from outside: curl over TLS, kill -9, restart; nothing answered is lost."""
import json
import os
import secrets
import signal
import subprocess
import sys
import unittest

import support

sys.dont_write_bytecode = True
sys.path.insert(0, str(support.ROOT / "tools/verifier"))
import wire  # noqa: E402

PROTOBUF = ("--header", "Content-Type: application/x-protobuf")


def delimited(*messages):
    """Each message after its length as a varint."""
    out = b""
    for message in messages:
        length = len(message)
        while length > 0x7F:
            out += bytes([length & 0x7F | 0x80])
            length >>= 7
        out += bytes([length]) + message
    return out


class NodeTest(support.Case):
    def token(self, network, member):
        return self.ok("token", "new", "--home", network, "--member", member).out.strip()

    def curl(self, network, member, url, *more, token=None):
        """(body, status) of a request to a member's node, with a token of its own by default."""
        token = self.token(network, member) if token is None else token
        credentials = ("--header", f"Authorization: Bearer {token}") if token else ()
        body, status = subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "30", "--tlsv1.3",
             "--cacert", str(network / f"members/{member}/tls/node.crt"), *credentials,
             "--write-out", "\n%{http_code}", *more, url],
            capture_output=True, check=True).stdout.rsplit(b"\n", 1)
        return body, int(status)

    def post(self, network, member, url, content, *headers):
        """(JSON of the answer, status) of a body that is sent as it is."""
        (self.folder / "body").write_bytes(content)
        body, status = self.curl(network, member, url, *(headers or PROTOBUF),
                                 "--data-binary", f"@{self.folder / 'body'}")
        return json.loads(body), status

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
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["member_id"], "payer")
        body, status = self.curl(network, "payer",
                                 f"{url}/v1/outcomes/{submitted['transaction_id']}")
        self.assertEqual((status, json.loads(body)["result"]), (200, "applied"))
        body, status = self.curl(network, "payer",
                                 f"{url}/v1/outcomes/{submitted['transaction_id']}/receipt")
        self.assertEqual(status, 200)
        (self.folder / "curl.receipt").write_bytes(body)
        self.ok("receipt", "verify", "--genesis", network / "genesis.json", "one.receipt",
                "curl.receipt")
        # A token of another member's node is nothing to this one, nor is anything that is no token.
        for token, code in ((self.token(network, "clinic"), "token-invalid"),
                            ("nonsense", "token-invalid"), ("", "token-missing")):
            body, status = self.curl(network, "payer", f"{url}/v1/status", token=token)
            self.assertEqual((status, json.loads(body)["code"]), (401, code))
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    def test_submits_raw_bytes_over_curl(self):
        network = self.make_network()
        process = self.start_node(network)
        submitted = self.submit(network, "one.receipt")
        schema = wire.Schema().load(support.ROOT / "proto/consilium/v1")
        receipt = wire.decode(schema, "Receipt", (self.folder / "one.receipt").read_bytes())
        transaction = receipt.outcome.transaction
        url = process.listening["hospital"] + "/v1/transactions"
        # The same bytes again are answered with the outcome that they have.
        answer, status = self.post(network, "hospital", url, transaction)
        self.assertEqual((status, answer["result"]), (200, "applied"))
        self.assertEqual((answer["transaction_id"], answer["height"]),
                         (submitted["transaction_id"], submitted["height"]))
        answer, status = self.post(network, "hospital", url + "/batch",
                                   delimited(transaction, b"junk", transaction))
        self.assertEqual(status, 200)
        first, second, third = answer["answers"]
        self.assertEqual((first["transaction_id"], first), (submitted["transaction_id"], third))
        self.assertEqual(second["error"]["code"], "transaction-malformed")
        # Through another member's node they are another transaction, of a user whom it has not.
        answer, status = self.post(network, "payer",
                                   process.listening["payer"] + "/v1/transactions", transaction)
        self.assertEqual((status, answer["result"]), (200, "rejected"))
        self.assertEqual(answer["rejection"]["name"], "user-unknown")
        self.assertNotEqual(answer["transaction_id"], submitted["transaction_id"])
        for content, headers, status, code in (
                (b"", PROTOBUF, 400, "transaction-malformed"),
                (b"junk", PROTOBUF, 400, "transaction-malformed"),
                (transaction + b"\0", PROTOBUF, 400, "transaction-malformed"),
                (bytes(65536 + 1), PROTOBUF, 413, "body-too-large"),
                (transaction, ("--header", "Content-Type: application/json"), 415,
                 "unsupported-media-type")):
            answer, got = self.post(network, "hospital", url, content, *headers)
            self.assertEqual((got, answer["code"]), (status, code))
        rows = self.ok("ledger", "state", "charts/link", "--json", "--home", network, "--member",
                       "clinic").json()["rows"]
        self.assertEqual(len(rows), 1)
        self.assertEqual(self.end(process, signal.SIGINT), 0)

    def test_survives_kill_9(self):
        network = self.make_network()
        answered = []
        for _ in range(4):
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
