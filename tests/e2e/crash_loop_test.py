#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments of imports, deliveries and erasures, in a loop, and a disk that fills
up during an import: what was answered stays, nothing is there twice, what was under way goes on,
and what was erased is never readable.

CRASH_ROUNDS (3) rounds of each; CRASH_SEED repeats the moments of a run.
"""
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import threading
import time
import unittest

import exchange_test
import fhir_support
import support

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "3"))
SEED = int(os.environ.get("CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
EXIT_REFUSED, EXIT_DISK = 1, 4  # docs/cli.md
JSON = {"Content-Type": "application/json", "Accept": "application/json"}
SCOPE = ("user/*.cruds system/*.rs user/Import.crs user/Erasure.cru user/Disclosure.crs "
         "user/ChartCard.cr")


class Writer(threading.Thread):
    """Creates resources until its node is gone; remembers those that were answered."""

    def __init__(self, client, first):
        super().__init__()
        self.client, self.number = client, first
        self.answered = {}
        self.start()

    def run(self):
        while True:
            self.number += 1
            name = f"Basic/crash-{self.number}"
            body = {"resourceType": "Basic", "id": name.split("/")[1],
                    "code": {"text": f"number {self.number}"}}
            try:
                answer = self.client.request("PUT", name, json.dumps(body).encode())
            except Exception:  # the node is gone, in whatever way
                return
            if answer.status == 201:
                self.answered[name] = body["code"]["text"]


class CrashTest(fhir_support.FhirCase):
    def setUp(self):
        super().setUp()
        print("CRASH_SEED", SEED, flush=True)
        self.chance = random.Random(f"{SEED} {self.id()}")

    def make(self):
        self.network = self.make_network()
        self.config = self.network / "consilium.toml"
        self.config.write_text(re.sub(r"^anchor_interval_ms = .*$", "anchor_interval_ms = 0",
                                      self.config.read_text(), flags=re.M))
        self.run_node()

    def run_node(self):
        self.process = self.start_node(self.network)
        self.hospital = self.client(self.network, self.process, "hospital", SCOPE)
        self.clinic = self.client(self.network, self.process, "clinic", SCOPE)

    def kill(self):
        self.assertEqual(self.end(self.process, signal.SIGKILL), -signal.SIGKILL)

    def demo_data(self):
        folder = self.folder / "data"
        folder.mkdir()
        for file in (support.ROOT / "demo/data").glob("*.json.zst"):
            (folder / file.name).write_bytes(file.read_bytes())
        return folder

    def importing(self, folder, member="hospital"):
        return subprocess.Popen(
            [support.PROGRAM, "import", str(folder), "--home", str(self.network), "--member",
             member, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=self.folder)

    def total(self, client, kind):
        return client.request("GET", f"{kind}?_summary=count").json()["total"]

    def record_of(self, client):
        """How much of everybody is there: (family, size of their record), sorted."""
        people = client.request("GET", "Patient?_count=100").json().get("entry", [])
        return sorted((p["resource"]["name"][0]["family"], len(client.request(
            "GET", f"Patient/{p['resource']['id']}/$everything").json()["entry"]))
            for p in people)

    def verify(self):
        """Once nothing runs any more: both vaults are whole, and doctor finds no fault."""
        self.assertEqual(self.end(self.process, signal.SIGTERM), 0)
        for member in ("hospital", "clinic"):
            self.ok("vault", "verify", "--home", self.network, "--member", member)
        found = self.ok("doctor", "--json", "--config", self.config).json()
        self.assertEqual(found["faults"], 0, found)


class ImportCrashTest(CrashTest):
    KINDS = ("Patient", "Observation", "Condition", "Encounter", "Procedure", "Claim",
             "Organization", "Practitioner", "Location", "DiagnosticReport", "Immunization")

    def whole(self):
        """What an import that nobody disturbs makes of the data, at another member."""
        done = self.importing(self.data, "clinic")
        self.assertEqual(done.communicate(timeout=support.TIMEOUT_S) and done.returncode, 0)
        return ({kind: self.total(self.clinic, kind) for kind in self.KINDS},
                self.record_of(self.clinic))

    def check_answered(self, answered):
        found = self.hospital.request("GET", "Basic?_count=1000&_elements=code").json()
        ids = [e["resource"]["id"] for e in found.get("entry", [])]
        self.assertEqual(len(ids), len(set(ids)))
        for name, text in answered.items():
            read = self.hospital.request("GET", name)
            self.assertEqual(read.status, 200, name)
            self.assertEqual(read.json()["code"]["text"], text)
            self.assertEqual(read.json()["meta"]["versionId"], "1")

    def finish(self, answered, whole=None):
        """The same command goes on, to the same end as if nothing had happened."""
        for expected_repeats in (False, True):
            done = self.importing(self.data)
            out, err = done.communicate(timeout=support.TIMEOUT_S)
            self.assertEqual(done.returncode, 0, err)
            told = json.loads(out)
            if expected_repeats:
                self.assertEqual(told["repeated"], told["requests"])
        counts, records = whole or self.whole()
        self.assertEqual({kind: self.total(self.hospital, kind) for kind in self.KINDS}, counts)
        self.assertEqual(self.record_of(self.hospital), records)
        self.check_answered(answered)
        # Each chart is on the ledger once, and what waited is anchored once.
        self.wait_for("charts", lambda: len(self.ok(
            "ledger", "state", "charts/chart", "--home", self.network, "--member", "payer",
            "--json").json()["rows"]) == 2 * len(records))
        self.verify()

    def test_killed_in_the_middle_of_imports(self):
        self.make()
        self.data = self.demo_data()
        counts, records = self.whole()
        answered = {}
        for number in range(ROUNDS):
            writer = Writer(self.client(self.network, self.process, "hospital", SCOPE),
                            number * 100_000)
            importing = self.importing(self.data)
            time.sleep(self.chance.uniform(0.05, 0.9))
            self.kill()
            _, err = importing.communicate(timeout=support.TIMEOUT_S)
            if importing.returncode != 0:
                self.assertTrue(err.startswith("consilium: "), err)
            writer.join()
            answered.update(writer.answered)
            self.run_node()
            self.check_answered(answered)
            # Whole files or nothing of them.
            for one in self.record_of(self.hospital):
                self.assertIn(one, records)
        self.assertTrue(answered)
        self.finish(answered, (counts, records))

    def use_up_space(self):
        """What the vault had reserved before is space, too."""
        chance = random.Random(SEED)
        for size in (900_000, 60_000, 2_000):
            for number in range(1000):
                filler = {"resourceType": "Basic", "id": f"filler-{size}-{number}",
                          "code": {"text": "filler"}, "extension": [{
                              "url": "urn:filler",
                              "valueString": chance.randbytes(size // 2).hex()}]}
                status = self.hospital.request("PUT", f"Basic/{filler['id']}",
                                               json.dumps(filler).encode()).status
                if status in (503, 507):
                    break
                self.assertEqual(status, 201)
            else:
                self.fail("the disk does not fill up")

    def refused_for_space(self):
        """The import is told why, clearly, and so is every other write."""
        done = self.importing(self.data)
        _, err = done.communicate(timeout=support.TIMEOUT_S)
        self.assertEqual(done.returncode, EXIT_REFUSED, err)
        self.assertRegex(err, "disk is full|access log cannot be written")
        self.assertIn("the same command goes on", err)
        large = {"resourceType": "Basic", "id": "large", "code": {"text": "x" * 900_000}}
        refused = self.hospital.request("PUT", "Basic/large", json.dumps(large).encode())
        self.assertIn(refused.status, (503, 507), refused.body[:300])
        raw = self.client(self.network, self.process, "hospital", SCOPE).request(
            "POST", "Binary", os.urandom(6 * 1024 * 1024), {"Content-Type": "application/dicom"})
        self.assertIn(raw.status, (503, 507), raw.body[:300])

    def some(self, count):
        """Resources that were answered."""
        out = {}
        for number in range(count):
            name = f"Basic/some-{number}"
            body = {"resourceType": "Basic", "id": f"some-{number}", "code": {"text": name}}
            self.assertEqual(self.hospital.request(
                "PUT", name, json.dumps(body).encode()).status, 201)
            out[name] = name
        return out

    def test_the_vaults_disk_fills_up_during_an_import(self):
        self.make()
        self.data = self.demo_data()
        answered = self.some(20)
        self.assertEqual(self.end(self.process, signal.SIGTERM), 0)
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", disk],
                                 check=False, capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("no disk of its own can be mounted here")
        # Lazily: a node that a failed test left may still have files open there.
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=False)
        vault = self.network / "members/hospital/vault"
        shutil.move(vault, disk / "vault")
        vault.symlink_to(disk / "vault")
        self.run_node()
        self.hospital.request("GET", "Basic/some-1")
        space = os.statvfs(disk)
        filler = disk / "filler"
        filler.write_bytes(bytes(space.f_bavail * space.f_frsize - 256 * 1024))
        self.use_up_space()
        self.refused_for_space()
        self.assertEqual(list((disk / "vault/documents").iterdir()), [])
        # There is space again. The node may find it by itself; started again, it does.
        filler.unlink()
        self.assertIn(self.end(self.process, signal.SIGTERM), (0, EXIT_DISK))
        self.run_node()
        self.assertEqual(self.hospital.request(
            "PUT", "Basic/after", b'{"resourceType":"Basic","id":"after","code":{"text":"y"}}'
            ).status, 201)
        self.finish(answered)

    def test_every_disk_fills_up_during_an_import(self):
        # No file grows beyond a size: to the program that is a write that fails.
        self.make()
        self.data = self.demo_data()
        answered = self.some(20)
        self.assertEqual(self.end(self.process, signal.SIGTERM), 0)
        full = 256 * 1024

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (full, full))

        with (self.network / "log.json").open("wb") as log:
            process = subprocess.Popen(
                [support.PROGRAM, "node", "--config", str(self.config), "--json"],
                stdout=subprocess.PIPE, stderr=log, cwd=self.folder, preexec_fn=limit)
        self.addCleanup(self.end, process)
        self.assertTrue(process.stdout.readline(), (self.network / "log.json").read_text())
        importing = self.importing(self.data)
        _, err = importing.communicate(timeout=support.TIMEOUT_S)
        self.assertNotEqual(importing.returncode, 0)
        self.assertTrue(err.startswith("consilium: "), err)
        self.assertIn(self.end(process, signal.SIGTERM), (0, EXIT_DISK))
        self.run_node()
        self.check_answered(answered)
        self.finish(answered)


class DeliveryCrashTest(exchange_test.ExchangeSupport):
    def run_node(self):
        self.process = self.start_node(self.network)
        self.hospital = self.client(self.network, self.process, "hospital", SCOPE)
        self.reader = self.client(self.network, self.process, "clinic", "user/Disclosure.r")

    def items(self, client, what):
        out, after = [], ""
        while True:
            page = client.send("GET", f"/v1/exchange/{what}?limit=1000{after}",
                               headers={"Accept": "application/json"}).json()
            out += page["items"]
            if not page.get("next"):
                return out
            after = "&after=" + page["next"]

    def test_killed_in_the_middle_of_deliveries(self):
        print("CRASH_SEED", SEED, flush=True)
        chance = random.Random(f"{SEED} delivery")
        self.start()
        link = self.give_card()
        self.wallet("consent", "w.wallet", "--link", link, "--purpose", "treat",
                    "--home", self.network, "--member", "payer")
        whole = exchange_test.resources(self.hospital.request(
            "GET", f"Patient/{self.patient}/$everything").json())
        answered = 0
        for _ in range(ROUNDS):
            statuses = []

            def ask(client, statuses=statuses):
                try:
                    while True:
                        statuses.append(client.request(
                            "GET", f"Patient/{self.patient}/$everything").status)
                except Exception:  # the node is gone, in whatever way
                    pass

            askers = [threading.Thread(target=ask, args=(self.clinician(),)) for _ in range(3)]
            for asker in askers:
                asker.start()
            time.sleep(chance.uniform(0.02, 0.5))
            self.end(self.process, signal.SIGKILL)
            for asker in askers:
                asker.join()
            self.assertLessEqual(set(statuses), {200, 504})
            answered += statuses.count(200)
            self.run_node()
        # Everything that the ledger granted arrives, once, and whole.

        def settled():
            came = self.items(self.reader, "disclosures")
            served = self.items(self.hospital, "served")
            asked = self.items(self.reader, "requests")
            filed = [a for a in asked if a["number"]]
            return (came and all(c["acknowledged"] for c in came) and
                    len(came) == len([s for s in served if s["disclosure"]]) and
                    len(served) == len(filed) and all(s["disclosure"] for s in served))
        try:
            self.wait_for("all deliveries", settled)
        except AssertionError:
            for what, client in (("disclosures", self.reader), ("requests", self.reader),
                                 ("served", self.hospital)):
                print(what, json.dumps(self.items(client, what))[:3000], flush=True)
            raise
        came = self.items(self.reader, "disclosures")
        self.assertGreaterEqual(len(came), answered)
        self.assertFalse(any(c["disputed"] for c in came))
        names = [(c["link"], c["disclosure"]) for c in came]
        self.assertEqual(len(names), len(set(names)))
        requests = [c["request"] for c in came]
        self.assertEqual(len(requests), len(set(requests)), "one disclosure for each request")
        rows = self.ok("ledger", "state", f"ehr/disclosure/{link}", "--home", self.network,
                       "--member", "payer", "--json").json()["rows"]
        self.assertEqual(len(rows), len(came))
        for _, number in names:
            kept = self.reader.send("GET", f"/v1/exchange/disclosures/{link}/{number}").json()
            self.assertEqual(set(exchange_test.resources(kept)), set(whole))
        self.assertEqual(self.end(self.process, signal.SIGTERM), 0)
        for member in ("hospital", "clinic"):
            self.ok("vault", "verify", "--home", self.network, "--member", member)


class ErasureCrashTest(CrashTest):
    def items(self, client, target):
        return client.send("GET", target, headers={"Accept": "application/json"}).json()["items"]

    def test_killed_in_the_middle_of_erasures(self):
        self.make()
        for name in ("hospitals", "practitioners", "patient-1"):
            self.assertEqual(self.hospital.request(
                "POST", "", fhir_support.demo_bundle(name)).status, 200)
        patient = self.hospital.request("GET", "Patient").json()["entry"][0]["resource"]["id"]
        found = self.hospital.request("GET", f"Observation?patient={patient}&_count=100").json()
        names = ["Observation/" + e["resource"]["id"] for e in found["entry"]]
        per_round = 5
        names = names[:ROUNDS * per_round]
        made = self.hospital.send("POST", "/v1/exchange/disclosures", json.dumps({
            "patient": patient, "recipient": "clinic", "basis": "public-health",
            "resources": names}).encode(), JSON)
        self.assertEqual(made.status, 201, made.body)
        target = "/v1/exchange/disclosures/%s/%d" % (made.json()["link"],
                                                      made.json()["disclosure"])
        self.wait_for("it arrives", lambda: any(
            d["acknowledged"] for d in self.items(self.clinic, "/v1/exchange/disclosures")))
        gone, erasures = set(), {}
        rest = list(names)
        while rest:
            batch, rest = rest[:per_round], rest[per_round:]
            answered = []

            def erase(client, name, number, answered=answered):
                order = json.dumps({"resource": name, "version": "all", "basis": "court-order",
                                    "erasure": f"{number:032x}"}).encode()
                try:
                    if client.send("POST", "/v1/records/erase", order, JSON).status == 201:
                        answered.append(name)
                except Exception:  # the node is gone, in whatever way
                    pass

            threads = []
            for name in batch:
                erasures[name] = len(erasures) + 1
                threads.append(threading.Thread(target=erase, args=(
                    self.client(self.network, self.process, "hospital", SCOPE), name,
                    erasures[name])))
            for thread in threads:
                thread.start()
            time.sleep(self.chance.uniform(0.0, 0.25))
            self.kill()
            for thread in threads:
                thread.join()
            self.run_node()
            gone.update(answered)
            # Whoever was told that it is erased does not find it, then or ever.
            ordered = {e["resource"] for e in self.items(self.hospital, "/v1/records/erasures")}
            self.assertLessEqual(gone, ordered)
            gone |= ordered
            for name in names:
                status = self.hospital.request("GET", name).status
                self.assertEqual(status, 410 if name in gone else 200, name)
                self.assertEqual(
                    self.hospital.request("GET", name + "/_history/1").status, status)
            # The client sends what was not answered once more.
            for name in batch:
                erase(self.hospital, name, erasures[name])
            self.assertLessEqual(set(batch), set(answered))
            gone.update(batch)
        # The holder's copies go, too.
        self.wait_for("the clinic has erased", lambda: {
            e["resource"]["resourceType"] for e in self.clinic.send(
                "GET", target).json()["entry"]} == {"OperationOutcome"})
        for name in names:
            self.assertEqual(self.hospital.request("GET", name).status, 410)
        self.verify()


if __name__ == "__main__":
    unittest.main()
