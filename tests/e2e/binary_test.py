#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Documents of up to 256 MiB through FHIR Binary, as their bytes: whole, in little memory, and
without a trace when they do not come to their end."""
import hashlib
import http.client
import os
import pathlib
import random
import re
import signal
import socket
import unittest
import urllib.parse

import fhir_support
import support

MIB = 1024 * 1024
MOST = 256 * MIB  # docs/fhir.md
MEMORY = 64 * MIB
DICOM = {"Accept": "application/dicom"}


class Payload:
    """Random bytes that are made as they are sent."""

    def __init__(self, size, seed):
        self.size, self.seed = size, seed

    def __iter__(self):
        chance = random.Random(self.seed)
        for at in range(0, self.size, MIB):
            yield chance.randbytes(min(MIB, self.size - at))

    def sha256(self):
        out = hashlib.sha256()
        for piece in self:
            out.update(piece)
        return out.hexdigest()


class BinaryTest(fhir_support.FhirCase):
    def setUp(self):
        super().setUp()
        self.seed = random.SystemRandom().randrange(1 << 32)
        print("seed", self.seed, flush=True)
        self.network = self.make_network()
        config = self.network / "consilium.toml"
        config.write_text(re.sub(r"^anchor_interval_ms = .*$", "anchor_interval_ms = 0",
                                 config.read_text(), flags=re.M))
        self.documents = self.network / "members/hospital/vault/documents"
        self.run_node()

    def run_node(self):
        self.process = self.start_node(self.network)
        self.fhir = self.client(self.network, self.process, "hospital")

    def files(self):
        return list(self.documents.iterdir())

    def put(self, method, path, payload, chunked=False, headers=None):
        """One upload on a connection of its own, which says its length or is chunked."""
        client = self.client(self.network, self.process, "hospital")
        sent = {"Content-Type": "application/dicom", "Prefer": "return=minimal", **(headers or {})}
        if not chunked:
            sent["Content-Length"] = str(payload.size)
        return client.request(method, path, iter(payload), sent)

    def get(self, path):
        """Length and SHA-256 of what comes back, read a piece at a time."""
        host, port = urllib.parse.urlsplit(self.process.listening["hospital"]).netloc.split(":")
        connection = http.client.HTTPSConnection(host, int(port), context=self.fhir.context,
                                                 timeout=support.TIMEOUT_S)
        self.addCleanup(connection.close)
        connection.request("GET", "/fhir/" + path, headers={
            "Accept": "application/dicom", "Authorization": "Bearer " + self.fhir.token})
        reply = connection.getresponse()
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.getheader("Content-Type"), "application/dicom")
        announced = int(reply.getheader("Content-Length"))
        digest, size = hashlib.sha256(), 0
        while piece := reply.read(MIB):
            digest.update(piece)
            size += len(piece)
        self.assertEqual(size, announced)
        return size, digest.hexdigest()

    def memory(self, what):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{what}:\s*(\d+) kB", status, re.M)[1]) * 1024

    def raw(self, head):
        """A connection on which a request's header was sent."""
        host, port = urllib.parse.urlsplit(self.process.listening["hospital"]).netloc.split(":")
        out = self.fhir.context.wrap_socket(
            socket.create_connection((host, int(port)), timeout=support.TIMEOUT_S),
            server_hostname=host)
        self.addCleanup(out.close)
        lines = [*head, "Host: node", "Content-Type: application/dicom"]
        out.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return out

    def test_256_mib_go_in_and_out_in_little_memory(self):
        payload = Payload(MOST, self.seed)
        self.fhir.request("GET", "metadata")
        try:
            pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        except OSError:
            pass  # then the peak so far counts
        before = self.memory("VmHWM")
        answer = self.put("POST", "Binary", payload)
        self.assertEqual(answer.status, 201, answer.body[:600])
        name = re.search(r"(Binary/[^/]+)/_history/1$", answer.headers["location"])[1]
        grown = self.memory("VmHWM") - before
        self.assertEqual(self.get(name), (MOST, payload.sha256()))
        grown_after = self.memory("VmHWM") - before
        print(f"peak memory grew by {grown / MIB:.1f} MiB, then {grown_after / MIB:.1f} MiB",
              flush=True)
        self.assertLess(grown_after, MEMORY)
        # It is described, anchored, versioned, and there after a restart.
        shown = self.fhir.request("GET", name).json()
        self.assertEqual(shown["contentType"], "application/dicom")
        said = {e["url"]: e for e in shown["_data"]["extension"][0]["extension"]}
        self.assertEqual(said["size"]["valueString"], str(MOST))
        self.wait_for("the anchor", lambda: self.ok(
            "ledger", "state", "documents/record/member:hospital", "--home", self.network,
            "--member", "payer", "--json").json()["rows"])
        small = Payload(5 * MIB + 1, self.seed + 1)
        self.assertEqual(self.put("PUT", name, small, chunked=True,
                                  headers={"If-Match": 'W/"1"'}).status, 200)
        self.end(self.process, signal.SIGTERM)
        self.run_node()
        self.assertEqual(self.get(name), (small.size, small.sha256()))
        self.assertEqual(self.get(name + "/_history/1")[0], MOST)
        # One byte more is too much, and said before it is read.
        sock = self.raw(["POST /fhir/Binary HTTP/1.1", f"Authorization: Bearer {self.fhir.token}",
                         f"Content-Length: {MOST + 1}"])
        self.assertIn(b"HTTP/1.1 413 ", sock.recv(4096))
        # What is erased is gone, bytes and all.
        self.assertEqual(len(self.files()), 2)
        self.ok("record", "erase", "--resource", name, "--basis", "patient-request", "--home",
                self.network, "--member", "hospital")
        self.assertEqual(self.fhir.request("GET", name, headers=DICOM).status, 410)
        self.assertEqual(self.files(), [])
        self.assertEqual(self.end(self.process, signal.SIGTERM), 0)
        self.ok("vault", "verify", "--home", self.network, "--member", "hospital")

    def test_what_does_not_come_whole_leaves_nothing(self):
        head = ["POST /fhir/Binary HTTP/1.1", f"Authorization: Bearer {self.fhir.token}",
                f"Content-Length: {64 * MIB}"]
        # The client goes.
        for _ in range(3):
            sock = self.raw(head)
            sock.sendall(os.urandom(12 * MIB))
            self.wait_for("it has begun", self.files)
            sock.close()
            self.wait_for("nothing is left", lambda: not self.files())
        # The node is killed.
        sock = self.raw(head)
        sock.sendall(os.urandom(12 * MIB))
        self.wait_for("it has begun", self.files)
        self.end(self.process, signal.SIGKILL)
        self.run_node()
        self.assertEqual(self.files(), [])
        self.assertEqual(self.fhir.request("GET", "Binary").json()["total"], 0)

    def test_who_may_not_is_told_before_the_body(self):
        reader = self.ok("token", "new", "--home", self.network, "--member", "hospital",
                         "--scope", "user/*.rs").out.strip()
        for token, status in ((reader, 403), ("none", 401)):
            sock = self.raw(["POST /fhir/Binary HTTP/1.1", f"Authorization: Bearer {token}",
                             f"Content-Length: {64 * MIB}", "Expect: 100-continue"])
            answer = sock.recv(4096).decode()
            self.assertTrue(answer.startswith(f"HTTP/1.1 {status} "), answer)
        sock = self.raw(["POST /fhir/Binary HTTP/1.1", f"Authorization: Bearer {self.fhir.token}",
                         f"Content-Length: {5 * MIB}", "Expect: 100-continue"])
        self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 100 "))
        sock.sendall(bytes(5 * MIB))
        self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 201 "))

    def test_readers_that_stop_reading_hold_nobody_up(self):
        payload = Payload(32 * MIB, self.seed)
        answer = self.put("POST", "Binary", payload)
        name = re.search(r"(Binary/[^/]+)/_history/1$", answer.headers["location"])[1]
        lazy = []
        for _ in range(20):  # more than the node has threads for requests
            sock = self.raw([f"GET /fhir/{name} HTTP/1.1",
                             f"Authorization: Bearer {self.fhir.token}",
                             "Accept: application/dicom"])
            self.assertTrue(sock.recv(1024).startswith(b"HTTP/1.1 200 "))
            lazy.append(sock)
        self.assertEqual(self.get(name), (payload.size, payload.sha256()))
        for sock in lazy:
            sock.close()
        self.assertEqual(self.get(name), (payload.size, payload.sha256()))


if __name__ == "__main__":
    unittest.main()
