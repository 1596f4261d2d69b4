#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bundles as life has them: one with faults that others test with, and one of 20 MB.

Needs npm and its registry, for npm cql-exec-fhir, whose fixtures are Synthea's, edited by hand.
"""
import http.client
import json
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import fhir_support
import support

PACKAGE = support.ROOT / "tests/conformance/fhir_bundles"
FAULTY = ("Bundle.entry[16].resource.category", "Bundle.entry[58].resource.medicationReference")
BIG_OBSERVATIONS = 20_000
BIG_ENCOUNTERS = 400
VITALS = (("8480-6", "Systolic blood pressure", "mm[Hg]"), ("8462-4", "Diastolic", "mm[Hg]"),
          ("8867-4", "Heart rate", "/min"), ("29463-7", "Body weight", "kg"))


def entry(url, resource):
    return {"fullUrl": url, "resource": resource,
            "request": {"method": "POST", "url": resource["resourceType"]}}


def big_bundle():
    """One patient with 20,000 measurements at 400 visits; the same bytes each time."""
    chance = random.Random(20)
    patient = "urn:uuid:00000000-0000-4000-8000-000000000000"
    entries = [entry(patient, {
        "resourceType": "Patient", "name": [{"family": "Gross", "given": ["Berta"]}],
        "gender": "female", "birthDate": "1931-03-01"})]
    visits = [f"urn:uuid:00000000-0000-4000-8001-{n:012}" for n in range(BIG_ENCOUNTERS)]
    for n, visit in enumerate(visits):
        entries.append(entry(visit, {
            "resourceType": "Encounter", "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": patient},
            "period": {"start": f"{1990 + n // 12}-{1 + n % 12:02}-04T09:00:00Z"}}))
    for n in range(BIG_OBSERVATIONS):
        code, text, unit = chance.choice(VITALS)
        number = n % BIG_ENCOUNTERS
        entries.append(entry(f"urn:uuid:00000000-0000-4000-8002-{n:012}", {
            "resourceType": "Observation", "status": "final",
            "text": {"status": "generated", "div":
                     '<div xmlns="http://www.w3.org/1999/xhtml">' + text * 8 + "</div>"},
            "category": [{"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                "code": "vital-signs"}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": text}]},
            "subject": {"reference": patient},
            "encounter": {"reference": visits[number]},
            "effectiveDateTime": f"{1990 + number // 12}-{1 + number % 12:02}-04T09:20:00Z",
            "valueQuantity": {"value": chance.randrange(40, 200), "unit": unit,
                              "system": "http://unitsofmeasure.org", "code": unit}}))
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


class BundlesCase(fhir_support.FhirCase):
    def start(self):
        self.network = self.make_network()
        self.restart()

    def restart(self):
        self.process = self.start_node(self.network)
        self.fhir = self.client(self.network, self.process, "hospital")

    def total(self, path):
        mark = "&" if "?" in path else "?"
        answer = self.fhir.request("GET", f"{path}{mark}_summary=count")
        self.assertEqual(answer.status, 200, answer.body[:600])
        return answer.json()["total"]


class ImperfectBundleTest(BundlesCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.holder.cleanup)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PACKAGE / name, cls.holder.name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--omit=peer", "--no-audit", "--no-fund",
                        "--silent"], cwd=cls.holder.name, check=True, timeout=300)
        [cls.luna] = pathlib.Path(
            cls.holder.name, "node_modules/cql-exec-fhir/test/fixtures/r4").glob("Luna60_*.json")

    def import_luna(self, *more):
        return self.run_command("import", self.luna, *more, "--home", self.network, "--member",
                                "hospital")

    def test_luna60(self):
        self.start()
        bundle = json.loads(self.luna.read_bytes())
        types = {e["resource"]["resourceType"] for e in bundle["entry"]}
        refused = self.fhir.request("POST", "", self.luna.read_bytes())
        self.assertEqual(refused.status, 422)
        issues = refused.json()["issue"]
        self.assertEqual([i["expression"] for i in issues if i["severity"] == "error"],
                         [[path] for path in FAULTY])
        self.assertEqual({i["code"] for i in issues}, {"structure", "not-found"})
        self.assertEqual({self.total(kind) for kind in types}, {0})

        whole = self.import_luna()
        self.assertEqual(whole.code, 1)
        for path in FAULTY:
            self.assertIn(path, whole.err)
        self.assertEqual({self.total(kind) for kind in types}, {0})

        # Entries 17 and 18 refer to the Condition of entry 16.
        taken = self.import_luna("--quarantine")
        self.assertEqual(taken.code, 0, taken.err)
        report = [line.split() for line in taken.out.splitlines()]
        rows = [(line[1], " ".join(line[2:4])) for line in report
                if line[1:] and len(line[0]) == 12 and line[1].isdigit()]
        self.assertEqual([row[0] for row in rows], ["16", "17", "18", "58"])
        self.assertEqual([row[1] for row in rows[1:3]], ["entry 16", "entry 16"])
        for path in FAULTY:
            self.assertIn(path, taken.out)
        self.assertEqual(sum(self.total(kind) for kind in types), len(bundle["entry"]) - 4)
        worklist = self.ok("import", "--worklist", "--home", self.network, "--member", "hospital",
                           "--json").json()
        self.assertEqual([(w["entry"], w["cause"]) for w in worklist],
                         [(16, ""), (17, "entry 16"), (18, "entry 16"), (58, "")])


class BigBundleTest(BundlesCase):
    def test_twenty_megabytes_are_taken_whole_or_not_at_all(self):
        self.start()
        bundle = big_bundle()
        good = json.dumps(bundle).encode()
        self.assertGreater(len(good), 17_000_000)
        last = bundle["entry"][-1]["resource"]
        last["subject"] = {"reference": "urn:uuid:nobody"}
        last["encounter"] = "none"
        refused = self.fhir.request("POST", "", json.dumps(bundle).encode())
        self.assertEqual(refused.status, 422, refused.body[:600])
        self.assertIn(f"Bundle.entry[{len(bundle['entry']) - 1}].resource.encounter",
                      refused.body.decode())
        self.assertEqual([self.total(t) for t in ("Patient", "Encounter", "Observation")],
                         [0, 0, 0])

        # Killed in the middle: all of it or nothing.
        for delay_s in (0.3, 1.5):
            client = self.fhir

            def post():
                try:
                    client.request("POST", "", good)
                except (http.client.HTTPException, OSError):
                    pass
            thread = threading.Thread(target=post)
            thread.start()
            thread.join(delay_s)
            self.end(self.process, signal.SIGKILL)
            thread.join()
            self.restart()
            patients = self.total("Patient")
            self.assertEqual([self.total(t) for t in ("Encounter", "Observation")],
                             [patients * BIG_ENCOUNTERS, patients * BIG_OBSERVATIONS])

        begun = time.monotonic()
        answer = self.fhir.request("POST", "", good)
        print(f"{len(good) / 1e6:.1f} MB in one transaction: {time.monotonic() - begun:.2f} s")
        self.assertEqual(answer.status, 200, answer.body[:600])
        made = answer.json()["entry"]
        self.assertEqual(len(made), len(bundle["entry"]))
        patient = made[0]["response"]["location"].split("/")[1]
        self.assertEqual(self.total(f"Observation?patient={patient}"), BIG_OBSERVATIONS)
        self.assertEqual(self.total(f"Encounter?patient={patient}"), BIG_ENCOUNTERS)


if __name__ == "__main__":
    unittest.main()
