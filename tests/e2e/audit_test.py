#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who saw what: consent, denial, disclosure, revocation and a report by law, then the accounting
of disclosures, the access report and the package that proves both, checked offline and tampered
with: every change is detected, and named."""
import hashlib
import json
import pathlib
import re
import shutil
import unittest

import fhir_support

PASSPHRASE = {"CONSILIUM_WALLET_PASSPHRASE": "correct horse battery staple"}
JSON = {"Content-Type": "application/json", "Accept": "application/json"}
PLAIN = {"Accept": "application/json"}


def leaf_hash(leaf):
    """A manifest's leaf in its tree: docs/formats/hashes.md, RFC 6962."""
    tag = b"consilium/manifest-leaf/1"
    data = bytes([len(tag)]) + tag
    for part in (bytes.fromhex(leaf[:32]), bytes.fromhex(leaf[32:])):
        data += len(part).to_bytes(4, "big") + part
    return hashlib.sha256(b"\0" + hashlib.sha256(data).digest()).digest()


def audit_path(hashes, index):
    """Siblings of a leaf among a power of two, the leaf's own first."""
    path = []
    while len(hashes) > 1:
        path.append(hashes[index ^ 1].hex())
        hashes = [hashlib.sha256(b"\1" + hashes[i] + hashes[i + 1]).digest()
                  for i in range(0, len(hashes), 2)]
        index //= 2
    return path


class AuditTest(fhir_support.FhirCase):
    def wallet(self, *arguments):
        return self.ok("wallet", *arguments, env=PASSPHRASE)

    def post(self, client, target, body):
        return client.send("POST", target, json.dumps(body).encode(), JSON)

    def start(self):
        self.network = self.make_network()
        config = self.network / "consilium.toml"
        config.write_text(re.sub(r"^anchor_interval_ms = .*$", "anchor_interval_ms = 0",
                                 config.read_text(), flags=re.M))
        self.process = self.start_node(self.network)
        self.hospital = self.client(self.network, self.process, "hospital",
                                    "user/*.cruds user/ChartCard.cr user/Disclosure.cr")
        for name in ("hospitals", "practitioners", "patient-1"):
            self.assertEqual(
                self.hospital.request("POST", "", fhir_support.demo_bundle(name)).status, 200)
        self.patient = self.hospital.request(
            "GET", "Patient").json()["entry"][0]["resource"]["id"]
        self.wallet("create", "w.wallet")

    def give_card(self):
        made = json.loads(self.wallet(
            "key", "w.wallet", "--custodian", "hospital", "--counterparty", "clinic",
            "--genesis", self.network / "genesis.json", "--json").out)
        answer = self.post(self.hospital, "/v1/cards/issued",
                           {"patient": self.patient, "counterparty": "clinic",
                            "algorithm": "ed25519", "public_key": made["public_key"]})
        self.assertEqual(answer.status, 201, answer.body)
        (self.folder / "card.json").write_bytes(answer.body)
        self.wallet("card", "add", "w.wallet", "--file", "card.json")
        clinic = self.client(self.network, self.process, "clinic", "user/ChartCard.cr")
        self.assertEqual(clinic.send("POST", "/v1/cards", answer.body, JSON).status, 201)
        return answer.json()["link"]

    def reader(self):
        token = self.ok("token", "new", "--home", self.network, "--member", "clinic", "--scope",
                        "user/*.rs", "--purpose", "TREAT").out.strip()
        client = fhir_support.Client(self.process.listening["clinic"],
                                     str(self.network / "members/clinic/tls/node.crt"), token)
        self.addCleanup(client.close)
        return client

    def tell_the_story(self):
        """Link, denial, consent, two disclosures, revocation, denial, a report by law."""
        self.start()
        self.link = self.give_card()
        clinic = self.reader()
        everything = f"Patient/{self.patient}/$everything"
        self.assertEqual(clinic.request("GET", everything).status, 403)
        self.wallet("consent", "w.wallet", "--link", self.link, "--purpose", "treat",
                    "--home", self.network, "--member", "payer")
        self.assertEqual(clinic.request("GET", everything).status, 200)
        self.assertEqual(
            clinic.request("GET", f"Immunization?patient={self.patient}").status, 200)
        self.wallet("revoke", "w.wallet", "--link", self.link, "--number", "1",
                    "--home", self.network, "--member", "regulator")
        self.assertEqual(clinic.request("GET", everything).status, 403)
        found = self.hospital.request("GET", f"Immunization?patient={self.patient}").json()
        self.immunization = "Immunization/" + found["entry"][0]["resource"]["id"]
        made = self.post(self.hospital, "/v1/exchange/disclosures",
                         {"patient": self.patient, "recipient": "regulator",
                          "basis": "public-health", "resources": [self.immunization]})
        self.assertEqual(made.status, 201, made.body)
        self.law_link = made.json()["link"]
        self.officer = self.client(self.network, self.process, "hospital", "user/Audit.rs")
        self.wait_for("all disclosures are acknowledged", lambda: len(
            [row for row in self.report("access-report")["rows"]
             if row["says"].get("status") == "received"]) == 3)

    def report(self, name, client=None, query=None):
        query = f"?patient={self.patient}" if query is None else query
        answer = (client or self.officer).send("GET", f"/v1/audit/{name}{query}", headers=PLAIN)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def verify(self, folder, *more, code=1):
        run = self.run_command("audit", "verify", "--genesis", self.network / "genesis.json",
                               folder, "--json", *more)
        self.assertEqual(run.code, code, run.out + run.err)
        return json.loads(run.out)

    def tampered(self, name, change):
        """A copy of the package in which one file was changed; what the check says of it."""
        folder = self.folder / "tampered"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.package, folder)
        file = folder / name
        if change is None:
            file.unlink()
        else:
            file.write_bytes(change(file.read_bytes()) if file.exists() else change(b""))
        said = self.verify(folder)
        self.assertFalse(said["good"])
        return said["faults"]

    def named(self, faults, file, row=None, what=""):
        self.assertTrue([f for f in faults if f["file"] == file and what in f["what"]
                         and (row is None or f["row"] == row)], faults)

    @staticmethod
    def flip(data):
        """One bit of one byte, in the middle."""
        at = len(data) // 2
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]

    def test_reports_and_package(self):
        self.tell_the_story()
        self.check_reports()
        self.check_disclosures()
        self.check_who_may_ask()
        self.package = self.folder / "package"
        self.ok("audit", "export", "--home", self.network, "--member", "hospital", "--patient",
                self.patient, "--documents", "--out", self.package)
        other = self.make_network("other")
        self.process_ended()
        said = self.verify(self.package, code=0)
        self.assertTrue(said["good"])
        self.assertEqual((said["accounting_rows"], said["patient"]), (1, self.patient))
        self.assertEqual(said["access_rows"], len(self.shown["rows"]))
        self.assertGreater(said["documents"], 10)
        self.assertGreater(said["log_rows"], 5)
        self.assertTrue([note for note in said["notes"] if "is its own word" in note], said)
        self.assertIn("The package is good", self.ok(
            "audit", "verify", "--genesis", self.network / "genesis.json", self.package).out)
        self.check_tampering()
        run = self.run_command("audit", "verify", "--genesis", other / "genesis.json", self.package)
        self.assertEqual(run.code, 1)
        self.assertIn("another network", run.out)

    def test_erased_is_not_missing(self):
        self.start()
        self.package = self.folder / "before"
        export = ("audit", "export", "--home", self.network, "--member", "hospital",
                  "--patient", self.patient, "--documents", "--out")
        self.wait_for("the chart is anchored",
                      lambda: self.run_command(*export, self.package).code == 0)
        head = json.loads((self.package / "package.json").read_text())
        stored = json.loads((self.package / "documents.json").read_text())
        manifest, version = stored["manifests"][0], stored["versions"][0]
        leaves = manifest["leaves"]
        index = next(i for i, leaf in enumerate(leaves) if leaf.startswith(version["record"]))
        self.named(self.tampered(version["file"], None), version["file"], what="missing")
        command = {"documents": {"shred_record": {
            "record": {"chart_id": head["chart"], "leaf": {
                "manifest_sequence": manifest["sequence"], "leaf_index": index,
                "record_id": leaves[index][:32], "commitment": leaves[index][32:],
                "path": audit_path([leaf_hash(leaf) for leaf in leaves], index)}},
            "basis": "patient-request",
            "last_backup_expires": "2030-01-01T00:00:00Z"}}}
        (self.folder / "shred.json").write_text(json.dumps({"commands": [command]}))
        self.ok("submit", "shred.json", "--home", self.network, "--member", "hospital",
                "--role", "privacy-officer")
        # The ledger says that it is erased; that the custodian still has it is a fault.
        self.package = self.folder / "after"
        self.ok(*export, self.package)
        self.named(self.verify(self.package)["faults"], version["file"], what="is erased")
        (self.package / version["file"]).unlink()
        said = self.verify(self.package, code=0)
        self.assertEqual(said["erased"], 1)
        self.assertTrue([note for note in said["notes"] if "is erased, not missing" in note
                         and "patient-request" in note], said["notes"])

    def process_ended(self):
        """From here on no node runs: the check is offline."""
        self.end(self.process)

    def check_reports(self):
        accounting = self.report("accounting")
        self.assertEqual(len(accounting["rows"]), 1, "treatment with consent is not in it")
        row = accounting["rows"][0]
        self.assertEqual(row["recipient"]["member"], "regulator")
        self.assertTrue("address" in row["recipient"] or "address_note" in row["recipient"])
        self.assertEqual(row["disclosed"]["description"], "1 Immunization")
        self.assertEqual(row["disclosed"]["resources"], [self.immunization])
        self.assertEqual(row["purpose"]["section"], "45 CFR 164.512(b)")
        self.assertEqual(len(row["transactions"]), 1)
        before = self.report("accounting",
                             query=f"?patient={self.patient}&to=2020-01-01T00:00:00Z")
        self.assertEqual(before["rows"], [])
        self.shown = self.report("access-report")
        kinds = [row["kind"] for row in self.shown["rows"]]
        self.assertEqual({kind: kinds.count(kind) for kind in set(kinds)},
                         {"link": 2, "consent": 1, "request": 4, "disclosure": 3,
                          "accountable": 1})
        self.assertEqual([row["says"]["gate"]["decision"] for row in self.shown["rows"]
                          if row["kind"] == "request"],
                         ["denied", "granted", "granted", "denied"])
        consent = next(row for row in self.shown["rows"] if row["kind"] == "consent")
        self.assertEqual([(made["did"], made["member"]) for made in consent["transactions"]],
                         [("granted", "payer"), ("revoked", "regulator")])
        # What was looked at here, by the custodian's own word: the imports, the search for the
        # immunization, the reports themselves, each with what of it is this patient's.
        own = self.shown["own_word"]
        self.assertEqual(own["of"], "hospital")
        asked = [(row["did"], row["asked"]) for row in own["rows"]]
        self.assertIn(("search", "Immunization"), asked)
        self.assertIn(("operation", "audit/accounting"), asked)
        self.assertIn(("operation", "exchange/disclosures"), asked, "the order by law")
        self.assertGreater(own["head"]["version"], 0)
        self.assertTrue(own["rows"][0]["anchored"])
        text = self.ok("audit", "access", "--home", self.network, "--member", "hospital",
                       "--patient", self.patient).out
        self.assertIn("By its own word, at hospital itself", text)
        self.assertIn("clinic asked to read for treat: denied (no-consent", text)

    def check_disclosures(self):
        """What crossed, as events: on requests and by law, here and at the recipient."""
        def events(member, query=""):
            client = self.client(self.network, self.process, member, "user/AuditEvent.r")
            answer = client.send("GET", "/v1/audit/disclosures" + query,
                                 headers={"Accept": "application/x-ndjson"})
            self.assertEqual(answer.status, 200, answer.body)
            return [json.loads(line) for line in answer.body.splitlines()]
        mine = events("hospital", f"?patient={self.patient}")
        self.assertEqual(len(mine), 3)
        by_law = [event for event in mine if "164.512: public-health" in
                  event.get("purposeOfEvent", [{}])[0].get("text", "")]
        self.assertEqual(len(by_law), 1)
        self.assertIn(self.immunization, [entity["what"].get("reference")
                                          for entity in by_law[0]["entity"]])
        self.assertEqual(len(events("clinic", f"?patient={self.patient}")), 2)
        self.assertEqual(len(events("regulator")), 1)

    def check_who_may_ask(self):
        def client(*arguments):
            token = self.ok("token", "new", "--home", self.network, "--member", "hospital",
                            *arguments).out.strip()
            made = fhir_support.Client(self.process.listening["hospital"], str(
                self.network / "members/hospital/tls/node.crt"), token)
            self.addCleanup(made.close)
            return made

        def status(of, query, name="access-report"):
            return of.send("GET", f"/v1/audit/{name}{query}", headers=PLAIN).status
        mine = f"?patient={self.patient}"
        own = client("--scope", "patient/*.rs", "--link", self.link)
        self.assertEqual(self.report("access-report", own, "")["rows"],
                         self.report("access-report")["rows"])
        self.assertEqual(status(own, mine), 200)
        self.assertEqual(status(own, "?patient=somebody-else"), 403)
        by_id = client("--scope", "patient/*.r", "--patient", self.patient)
        self.assertEqual(status(by_id, mine), 200)
        self.assertEqual(status(by_id, mine + "&documents=1", "package"), 403)
        self.assertEqual(status(client("--scope", "patient/*.rs", "--link", "00" * 16), ""), 403)
        self.assertEqual(status(client("--scope", "user/Observation.r"), mine), 403)
        self.assertEqual(status(self.officer, "?patient=nobody"), 404)
        self.assertEqual(status(self.officer, ""), 400)
        self.assertEqual(status(self.officer, mine + "&to=yesterday"), 400)

    def check_tampering(self):
        def files(pattern):
            return sorted(str(path.relative_to(self.package))
                          for path in self.package.glob(pattern))
        # One byte of any kind of file.
        for pattern in ("receipts/*", "proofs/*.receipt", "proofs/*/request.receipt",
                        "documents/*"):
            for name in files(pattern)[:3]:
                with self.subTest(name):
                    self.named(self.tampered(name, self.flip), name)
                    faults = self.tampered(name, None)
                    if name.startswith("receipts/"):
                        self.named(faults, name, what="missing")
                    else:
                        self.named(faults, name, what="missing")
        for name in ("package.json", "documents.json"):
            self.assertTrue(self.tampered(name, self.flip))
        for name in ("openings.json", "log.json", "reports/accounting.json",
                     "reports/access-report.json"):
            with self.subTest(name):
                self.named(self.tampered(name, self.flip), name)

        def edited(name, change):
            def edit(data):
                report = json.loads(data)
                change(report)
                return (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode()
            return self.tampered(name, edit)
        access = "reports/access-report.json"
        requests = [row["row"] for row in self.shown["rows"] if row["kind"] == "request"]
        # A row left out, a row added, a field changed, a link's rows given as another's.
        self.named(edited(access, lambda report: report["rows"].remove(
            next(r for r in report["rows"] if r["row"] == requests[0]))), access, requests[0],
            "left out")
        self.named(edited(access, lambda report: report["rows"].append(
            {"kind": "request", "row": requests[0] + "9"})), access, requests[0] + "9",
            "nothing that is proven")
        self.named(edited("reports/accounting.json", lambda report: report["rows"].clear()),
                   "reports/accounting.json", f"ehr/accountable/{self.law_link}/1", "left out")

        def hide(report):
            row = next(r for r in report["rows"] if r["row"] == requests[0])
            row["says"]["gate"]["decision"] = "granted"
        self.named(edited(access, hide), access, requests[0], "says.gate.decision")

        # In the maker's own spelling: the salts of two slots swapped, the last slot left out.
        text = (self.package / "openings.json").read_text()
        first, second = (slot["salt"] for slot in json.loads(text)["slots"][:2])
        swapped = text.replace(first, "@").replace(second, first).replace("@", second)
        self.named(self.tampered("openings.json", lambda data: swapped.encode()),
                   "openings.json", what="does not open")
        last = r',\s*\{\s*"link": ?"\w*",\s*"salt": ?"\w*"\s*\}(?=\s*\])'
        fewer = re.sub(last, "", text, count=1)
        self.assertNotEqual(fewer, text)
        self.named(self.tampered("openings.json", lambda data: fewer.encode()),
                   "openings.json", what="slots on the ledger")
        # A proof that is good, of another list or of another moment.
        link = pathlib.Path("proofs") / self.link
        foreign = (self.package / link / "share.receipt").read_bytes()
        self.named(self.tampered(str(link / "request.receipt"), lambda data: foreign),
                   str(link / "request.receipt"), what="not about")

        # The custodian's own log: a row left out between others, in the maker's own spelling.
        text = (self.package / "log.json").read_text()
        views = re.compile(r'\{\s*"number": ?\d+,\s*"view": ?"\w*",\s*"path": ?\[[^\]]*\]\s*\},\s*')
        second = list(views.finditer(text))[1]
        fewer = text[:second.start()] + text[second.end():]
        self.named(self.tampered("log.json", lambda data: fewer.encode()), "log.json",
                   what="left out")
        self.named(self.tampered("log.json", None), "log.json", what="missing")
        head = (self.package / "package.json").read_text()
        older = re.sub(r'("block": ?)(\d+)', lambda m: m[1] + str(int(m[2]) - 1), head)
        self.named(self.tampered("package.json", lambda data: older.encode()),
                   str(link / "request.receipt"), what="after block")


if __name__ == "__main__":
    unittest.main()
