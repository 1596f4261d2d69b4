#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The story of four members, on a fresh folder: told, then checked from outside."""
import json
import shutil
import stat
import subprocess
import unittest

import support

# Shorter strings stand in random bytes by chance.
NEEDLE_BYTES_MIN = 8
DATA = ("--data", support.ROOT / "demo/data", "--imperfect", support.ROOT / "demo/imperfect.json")
TITLES = ["Four members and a ledger", "The hospital takes in its patients' records",
          "A chart card is not a consent", "The patient consents, and the record crosses",
          "The clinician contributes", "The patient revokes", "An emergency, under review",
          "A disclosure by law, accounted for", "Every alteration is detected",
          "Two documents are erased", "The stopped node returns"]
REASON = "found unconscious at the station"
IDENTIFYING = ("family", "given", "birthDate", "value", "line", "id", "fullUrl", "reference")


def strings_of(value, key=""):
    """Every (key, text) of a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from strings_of(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_of(inner, key)
    elif isinstance(value, str):
        yield key, value


def needles():
    """Names, identifiers, addresses and dates of the patients, as bytes."""
    out = set()
    for file in sorted((support.ROOT / "demo/data").glob("patient-*.json.zst")):
        text = subprocess.run(["zstd", "-dc", str(file)], capture_output=True, check=True).stdout
        for key, value in strings_of(json.loads(text)):
            moment = value[:4].isdigit() and value[4:5] == "-" and len(value) >= 10
            if (key in IDENTIFYING or moment) and len(value) >= NEEDLE_BYTES_MIN:
                out.add(value.encode())
                if moment:
                    out.add(value[:10].encode())
    return out


class DemoTest(support.Case):
    def tell(self):
        result = self.ok("demo", "--once", "--json", "--dir", "story", "--port", 0, *DATA)
        return result.json()

    def test_story(self):
        story = self.tell()
        folder = self.folder / "story"
        self.assertEqual([s["step"] for s in story["steps"]],
                         list(range(1, len(story["steps"]) + 1)))
        self.findings = {s["title"]: " | ".join(s["findings"]) for s in story["steps"]}
        self.assertEqual(list(self.findings), TITLES)
        self.check_findings()
        self.check_receipts(folder, story)
        self.check_altered(folder)
        self.check_package(folder, story)
        self.check_ledger_copies(folder)
        self.check_privacy(folder)
        self.check_ledger(folder, story)
        self.check_again(folder)

    def says(self, title, *texts):
        for text in texts:
            self.assertIn(text, self.findings[title])

    def check_findings(self):
        self.says("Four members and a ledger",
                  "hospital, a clinic, a payer and a regulator-auditor", "opt-in")
        self.says("The hospital takes in its patients' records",
                  "5 Bundles with 636 resources of 24 types", "3 charts under random ids",
                  "Bundle.entry[3].resource.category", "Bundle.entry[5].resource.encounter",
                  "4 resources stored; the two faulty ones and 2 that refer to them")
        self.says("A chart card is not a consent", "(404)", "403 in",
                  "rule no-consent, policy parameter treatment by default", "/1 says so")
        self.says("The patient consents, and the record crosses",
                  "$everything at the clinic: 169 resources", "laboratory: 11 resources",
                  "2 disclosures on the ledger")
        self.says("The clinician contributes", "lets the clinic contribute: block",
                  "posts a new Observation (201", "a correction of a laboratory result (201",
                  "each with a Task, requested", "the Tasks say accepted",
                  "a new Observation and version 2 of the corrected one, each with a Provenance, "
                  "anchored", "Version 1 stays readable as it was")
        self.says("The patient revokes", "through the payer's node", "403, The ledger denied",
                  "disclosure 1 of hospital: 169 resources",
                  "disclosure 2 of hospital: 11 resources")
        # What the clinician contributed is in it: an Observation and two Provenances.
        self.says("An emergency, under review", "without consent: 172 resources",
                  "Both privacy officers have it on their worklists",
                  "clinic asked to read for btg (emergency access: treatment-cannot-wait): granted",
                  "The payer tries all 5 chart and link ids", "nothing",
                  "due within 2 s here", "raise the alarm", "(review-overdue)",
                  "justified; the clearance stands again")
        self.says("A disclosure by law, accounted for", "45 CFR 164.512(b)",
                  "exactly that accountable row",
                  "1 Immunization to Office of Health Oversight, 3 Capitol Avenue: "
                  "45 CFR 164.512(b)", "the justified emergency are not in it",
                  "2 contributions and 2 consents", "which holds when checked offline")
        self.says("Every alteration is detected", "consent's receipt: the transaction",
                  "block of the revocation: the items", "row of the denial: the state proof",
                  "list of disclosures: the state proof",
                  "left out of it: the state proof does not hold: the list ends before",
                  "stored documents: the vault's backup is damaged",
                  "The patient's package is good",
                  "one byte of a receipt: receipts/", "one byte of a stored document: documents/",
                  "one byte of the ledger's rows of requests: proofs/",
                  "a stored document left out: documents/",
                  "the denial left out of the report: reports/access-report.json: ")
        self.says("Two documents are erased", "key and salt are destroyed (410)",
                  "shredded, patient-request", "regulator: retained, public-health",
                  "clinic: outstanding since 20",
                  "good, 2 documents are erased, not missing; the accounting still has its row")
        self.says("The stopped node returns", "20 Observations",
                  "carried out the erasure that waited for it",
                  "all four ledger copies have the state root")

    def test_a_second_demo_leaves_the_first_ones_folder_alone(self):
        data = (*DATA, "--dir", "story", "--port", 0)
        first = subprocess.Popen([support.PROGRAM, "demo", *map(str, data)], cwd=self.folder,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(first.stdout.close)
        self.addCleanup(first.wait)
        self.addCleanup(first.terminate)
        while b"Ctrl" not in (line := first.stdout.readline()):
            self.assertTrue(line, "the first demo ended")
        before = sorted(p.name for p in (self.folder / "story").iterdir())
        result = self.refused(1, "demo", "--once", *data)
        self.assertIn("a demo is running in story", result.err)
        self.assertEqual(sorted(p.name for p in (self.folder / "story").iterdir()), before)
        self.assertIsNone(first.poll())

    def test_a_folder_that_no_demo_made_is_left_alone(self):
        for marker in (None, "not the demo's own words"):
            folder = self.folder / f"folder-{marker is None}"
            folder.mkdir()
            (folder / "kept").write_text("kept")
            if marker is not None:
                (folder / "DEMO").write_text(marker)
            result = self.refused(1, "demo", "--once", "--dir", folder, "--port", 0,
                                  *DATA)
            self.assertIn("was not made by the demo", result.err)
            self.assertEqual((folder / "kept").read_text(), "kept")

    def check_receipts(self, folder, story):
        files = sorted((folder / "receipts").iterdir())
        self.assertEqual(len(files), story["receipts"])
        result = self.ok("receipt", "verify", "--json", "--genesis", folder / "genesis.json",
                         *files).json()
        self.assertEqual((result["good"], result["refused"]), (len(files), 0))
        by_name = {r["file"].rsplit("/", 1)[-1].removesuffix(".receipt"): r
                   for r in result["receipts"]}
        outcomes = [r for r in by_name.values() if r["kind"] == "outcome"]
        self.assertEqual({r["transaction"] for r in outcomes}, set(story["transactions"]))
        for name in ("denial", "consent", "consent-to-contribute", "revocation",
                     "revocation-of-contributing", "denial-after-revocation"):
            self.assertEqual(by_name[name]["kind"], "outcome")
        self.assertEqual(by_name["denial-row"]["kind"], "present")
        self.assertEqual(by_name["disclosures"]["kind"], "complete list")
        self.assertEqual(len(by_name["accountable"]["rows"]), 1)
        self.assertEqual(len(by_name["contributions"]["rows"]), 2)
        for name in ("erased-at-hospital", "emergency", "emergency-overdue"):
            self.assertIn(name, by_name)
        self.assertTrue([name for name in by_name if name.startswith("erased-at-clinic-")])
        self.assertEqual(len(by_name["not-accountable"].get("rows", [])), 0)
        self.assertEqual(len(by_name["disclosures"]["rows"]), 2)
        # Another network's genesis vouches for none of them.
        other = self.make_network("other")
        self.refused(1, "receipt", "verify", "--genesis", other / "genesis.json", files[0])

    def check_altered(self, folder):
        files = sorted(f for f in (folder / "altered").iterdir() if f.is_file())
        self.assertEqual([f.name for f in files],
                         ["entry.receipt", "list.receipt", "outcome.receipt",
                          "row-left-out.receipt", "stored.block"])
        for file in files:
            verify = ("ledger", "check-block") if file.suffix == ".block" else ("receipt", "verify")
            result = self.refused(1, *verify, "--genesis", folder / "genesis.json", file)
            self.assertIn("REFUSED", result.out)

    def check_package(self, folder, story):
        """What the patient gives an auditor, as it is after the erasures."""
        verify = ("audit", "verify", "--json", "--genesis", folder / "genesis.json")
        package = folder / "package"
        self.assertEqual(stat.S_IMODE(package.stat().st_mode), 0o700)
        said = self.ok(*verify, package).json()
        self.assertEqual((said["good"], said["patient"], said["custodian"]),
                         (True, story["patient"], "hospital"))
        self.assertEqual((said["erased"], said["accounting_rows"]), (2, 1))
        self.assertGreater(said["documents"], 100)
        self.assertEqual(len([n for n in said["notes"] if "is erased, not missing" in n]), 2)
        # The Patient is among the documents, so that what is searched for below can be found.
        wanted = needles()
        self.assertTrue([file for file in (package / "documents").iterdir()
                         if any(needle in file.read_bytes() for needle in wanted)])
        copy = self.folder / "package-altered"
        shutil.copytree(package, copy)
        receipt = sorted((copy / "receipts").iterdir())[0]
        receipt.write_bytes(receipt.read_bytes()[:-1])
        faults = json.loads(self.refused(1, *verify, copy).out)["faults"]
        self.assertIn(f"receipts/{receipt.name}", [fault["file"] for fault in faults])

    def check_ledger_copies(self, folder):
        result = self.ok("doctor", "--json", "--config", folder / "consilium.toml").json()
        ledgers = {f["text"] for f in result["findings"] if f["subject"].endswith(": ledger")}
        self.assertEqual(len(ledgers), 1, ledgers)  # four copies, one height and root
        self.assertIn("all links closed", ledgers.pop())
        self.assertEqual(result["faults"], 0)

    def check_privacy(self, folder):
        wanted = needles()
        self.assertGreater(len(wanted), 1000)
        for name in ("patient.wallet", "patient.passphrase"):
            self.assertEqual(stat.S_IMODE((folder / name).stat().st_mode), 0o600)
        # All but the package, which holds the patient's documents for whom the patient gives it to.
        self.assert_no_trace(folder, wanted, self.export_blocks(folder))

    def assert_no_trace(self, folder, wanted, more=()):
        files = [f for f in folder.rglob("*")
                 if f.is_file() and folder / "package" not in f.parents]
        self.assertTrue(any(f.name == "log.json" for f in files))
        for file in [*files, *more]:
            content = file.read_bytes()
            for needle in wanted:
                self.assertNotIn(needle, content, file)

    def check_ledger(self, folder, story):
        """What the story says of the patient's link, asked of another copy of it all."""
        network = self.folder / "asked"
        shutil.copytree(folder, network)
        process = self.start_node(network)

        def rows(path):
            return [row["value"] for row in self.ok(
                "ledger", "state", f"{path}/{story['link']}", "--json", "--home", network,
                "--member", "regulator").json()["rows"]]

        decisions = [(r["gate"]["decision"], r["gate"]["rule"]) for r in rows("ehr/request")]
        self.assertEqual(decisions[:4], [("denied", "no-consent"), ("granted", "consent"),
                                         ("granted", "consent"), ("denied", "no-consent")])
        self.assertEqual(decisions[4][0], "granted", "the emergency")
        self.assertEqual({d[0] for d in decisions[5:]}, {"denied"})
        self.assertEqual(decisions[-1], ("denied", "review-overdue"))
        reviewed = rows("ehr/request")[4]
        self.assertEqual([reviewed[f"{side}_review"]["verdict"] for side in
                          ("requester", "custodian")], ["justified"] * 2)
        self.assertEqual([r["status"] for r in rows("ehr/disclosure")], ["received"] * 3)
        self.assertEqual([r["status"] for r in rows("ehr/contribution")], ["accepted"] * 2)
        self.assertEqual([r["status"] for r in rows("identity/consent")], ["revoked"] * 2)
        charts = self.ok("ledger", "state", "charts/chart", "--json", "--home", network,
                         "--member", "clinic").json()["rows"]
        self.assertEqual(len(charts), 4, "a chart for each patient, the imperfect Bundle's too")
        work = self.ok("import", "--worklist", "--home", network, "--member", "hospital",
                       "--json").json()
        self.assertEqual([(w["entry"], w["cause"]) for w in work],
                         [(3, ""), (4, "entry 3"), (5, ""), (6, "entry 5")])
        self.break_the_glass_by_name(network, story)
        self.assertEqual(self.end(process, support.signal.SIGTERM), 0)
        self.assert_no_trace(network, needles() | {REASON.encode()})

    def break_the_glass_by_name(self, network, story):
        """The patient named in full, without a card: that leaves no trace either."""
        home = ("--home", network, "--member")
        patient = self.ok("record", "read", f"Patient/{story['patient']}", "--json", *home,
                          "hospital").json()
        (self.folder / "emergency.json").write_text(json.dumps({
            "custodian": "hospital", "reason_code": "patient-cannot-consent", "reason": REASON,
            "patient": {"family": patient["name"][0]["family"],
                        "given": patient["name"][0]["given"][0],
                        "birth_date": patient["birthDate"]}}))
        read = self.ok("break-glass", "request", "--subject", "dr-frey", "--request",
                       "emergency.json", "--out", "emergency-bundle.json", "--json", *home,
                       "clinic").json()
        self.assertGreater(read["resources"], 150)

    def export_blocks(self, folder):
        """Every block as the ledger holds it: on disk it may be compressed."""
        network = self.folder / "again"
        shutil.copytree(folder, network)
        process = self.start_node(network)
        home = ("--home", network, "--member", "payer")
        height = self.ok("ledger", "status", "--json", *home).json()["height"]
        files = []
        for number in range(1, height + 1):
            file = self.folder / f"{number}.block"
            self.ok("ledger", "block", number, "--out", file, *home)
            files.append(file)
        self.assertGreater(len(files), 30)
        self.assertEqual(self.end(process, support.signal.SIGTERM), 0)
        return files

    def check_again(self, folder):
        """An earlier demo is replaced; a folder of somebody else's is not."""
        self.tell()
        self.refused_before_anything()
        other = self.folder / "mine"
        other.mkdir()
        (other / "file").write_text("keep me")
        self.refused(1, "demo", "--once", "--dir", other, *DATA)
        self.assertEqual((other / "file").read_text(), "keep me")

    def refused_before_anything(self):
        """Without documents to tell the story with, nothing is made and nothing is replaced."""
        data = self.folder / "data"
        data.mkdir()
        before = sorted((self.folder / "story").iterdir())
        imperfect = ("--imperfect", support.ROOT / "demo/imperfect.json")
        for content, says in ((None, "there are no FHIR Bundles"),
                              (b"no zstd", "is not a zstd file"),
                              ("hospitals", "there is no Patient")):
            with self.subTest(content=content):
                if isinstance(content, str):
                    content = (support.ROOT / f"demo/data/{content}.json.zst").read_bytes()
                if content is not None:
                    (data / "one.json.zst").write_bytes(content)
                result = self.run_command("demo", "--once", "--port", 0, "--data", data,
                                          *imperfect)
                self.assertEqual(result.code, 4 if content is None else 2, result.err)
                self.assertIn(says, result.out + result.err)
                self.assertFalse((self.folder / "consilium-demo").exists())
        self.refused(4, "demo", "--once", "--dir", "story", *DATA[:2], "--imperfect", "missing")
        # A record that refers to practitioners whom nobody has brought.
        (data / "one.json.zst").write_bytes(
            (support.ROOT / "demo/data/patient-2.json.zst").read_bytes())
        result = self.refused(1, "demo", "--once", "--dir", "cut-short", "--port", 0, "--data",
                              data, *imperfect)
        self.assertIn("POST /fhir with 200, not with 422 (", result.err)
        self.refused(4, "demo", "--once", "--dir", "story", "--data", "missing")
        self.assertEqual(sorted((self.folder / "story").iterdir()), before)


if __name__ == "__main__":
    unittest.main()
