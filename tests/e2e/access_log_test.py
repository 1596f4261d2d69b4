#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The log of accesses to patients' data: every read is in it before its answer leaves, its head is
on the ledger, an older vault put back is found out, and its events are valid FHIR."""
import hashlib
import json
import shutil
import signal
import struct
import unittest

import fhir_support
import fhir_test

READS = 25


def tagged_hash(tag, *parts):
    """docs/formats/hashes.md"""
    out = bytes([len(tag)]) + tag.encode()
    for part in parts:
        out += struct.pack(">I", len(part)) + part
    return hashlib.sha256(out).digest()


class AccessLogTest(fhir_test.FhirNode):
    def reader(self, scope, *more):
        token = self.ok("token", "new", "--home", self.network, "--member", "hospital", "--scope",
                        scope, "--purpose", "TREAT", *more).out.strip()
        client = fhir_support.Client(
            self.process.listening["hospital"],
            str(self.network / "members/hospital/tls/node.crt"), token)
        self.addCleanup(client.close)
        return client

    def events(self, *more):
        lines = self.ok("audit", "events", "--home", self.network, "--member", "hospital",
                        *more).out.splitlines()
        return [json.loads(line) for line in lines]

    def verify(self):
        result = self.run_command("audit", "log", "verify", "--json", "--home", self.network,
                                  "--member", "hospital")
        report = result.json()
        self.assertEqual(result.code, 0 if report["whole"] else 1, result.err)
        return report

    def state(self, path, member="payer"):
        return self.ok("ledger", "state", path, "--json", "--home", self.network, "--member",
                       member).json()

    def wait_for_anchor(self):
        self.wait_for("the newest row is anchored",
                      lambda: self.verify()["anchored"] == self.verify()["newest"])

    def find_patient(self):
        for name in ("hospitals", "practitioners", "patient-1"):
            self.expect(200, "POST", "", fhir_support.demo_bundle(name))
        found = self.expect(200, "GET", "Patient").json()
        self.patient = found["entry"][0]["resource"]["id"]
        labs = self.expect(
            200, "GET", f"Observation?patient={self.patient}&category=laboratory").json()
        self.observation = labs["entry"][0]["resource"]["id"]

    def test_every_answer_is_in_the_log(self):
        self.start()
        self.find_patient()
        clinician = self.reader("user/Observation.rs", "--subject", "clinician-1")
        name = f"Observation/{self.observation}"
        for _ in range(READS):
            self.assertEqual(clinician.request("GET", name).status, 200)
        self.assertEqual(clinician.request("GET", f"Patient/{self.patient}").status, 403)

        # Without a moment for the disk: what was answered is in the log, chained.
        self.end(self.process, signal.SIGKILL)
        clinician.close()
        self.process = self.start_node(self.network)
        self.fhir = self.client(self.network, self.process, "hospital")
        events = self.events("--patient", self.patient)
        def by(code, outcome):
            return [e for e in events
                    if e["subtype"][0]["code"] == code and e["outcome"] == outcome
                    and e["agent"][0]["who"]["identifier"]["value"] == "clinician-1"]
        self.assertEqual(len(by("read", "0")), READS)
        for event in by("read", "0"):
            self.assertIn("IHE.BasicAudit.PatientRead", event["meta"]["profile"][0])
            self.assertIn(f"{name}/_history/1",
                          [e["what"].get("reference") for e in event["entity"] if "what" in e])
            self.assertEqual(event["agent"][0]["purposeOfUse"][0]["coding"][0]["code"], "TREAT")
        self.assertEqual(len(by("read", "8")), 1, "what was denied is there too")
        self.wait_for_anchor()
        self.assertEqual(self.verify()["findings"], [])

        # A patient sees their own, and nobody else's.
        own = self.reader("patient/*.rs", "--patient", self.patient)
        lines = {"Accept": "application/x-ndjson"}
        seen = own.send("GET", "/v1/audit/events", headers=lines)
        self.assertEqual(seen.status, 200, seen.body)
        self.assertGreaterEqual(len(seen.body.splitlines()), len(events))
        self.assertEqual(
            own.send("GET", "/v1/audit/events?patient=another", headers=lines).status, 403)
        self.assertEqual(
            clinician.send("GET", "/v1/audit/events", headers=lines).status, 403)
        self.assertEqual(own.send("GET", "/v1/audit/log",
                                  headers={"Accept": "application/json"}).status, 403)

    def test_events_under_fhir(self):
        self.start()
        self.find_patient()
        clinician = self.reader("user/*.rs", "--subject", "clinician-1")
        name = f"Observation/{self.observation}"
        for _ in range(5):
            self.assertEqual(clinician.request("GET", name).status, 200)
        # Who may read everything may not read who read it: that is the privacy officer's.
        self.assertEqual(clinician.request("GET", "AuditEvent").status, 403)
        officer = self.reader("user/AuditEvent.rs", "--subject", "officer-1")

        def found(query, client=officer):
            out = []
            target = "AuditEvent" + query
            while target:
                answer = client.request("GET", target)
                self.assertEqual(answer.status, 200, answer.body)
                bundle = answer.json()
                out += [entry["resource"] for entry in bundle.get("entry", [])]
                following = [l["url"] for l in bundle["link"] if l["relation"] == "next"]
                target = following[0].split("/fhir/")[1] if following else None
                self.assertNotIn(self.patient, target or "", "nothing of the search in addresses")
            return out
        mine = found(f"?patient={self.patient}&agent:identifier=clinician-1&outcome=0&_count=2")
        self.assertEqual(len(mine), 5)
        self.assertEqual(len({event["id"] for event in mine}), 5)
        for event in mine:
            self.assertEqual(event["subtype"][0]["code"], "read")
            self.assertIn("IHE.BasicAudit.PatientRead", event["meta"]["profile"][0])
        refused = found("?agent:identifier=clinician-1&outcome=8")
        self.assertEqual(len(refused), 1, "the look at the log that was refused")
        self.assertEqual(found("?date=lt2020-01-01"), [])
        self.assertEqual(officer.request("GET", "AuditEvent?entity=x").status, 400)
        one = officer.request("GET", "AuditEvent/" + mine[0]["id"])
        self.assertEqual(one.json(), mine[0])
        self.assertEqual(officer.request("GET", "AuditEvent/log-99999-0-1").status, 404)
        # A patient finds their own, by their own right.
        own = self.reader("patient/*.rs", "--patient", self.patient)
        seen = found("?agent:identifier=clinician-1", own)
        self.assertEqual({event["id"] for event in seen}, {event["id"] for event in mine})
        self.assertEqual(own.request("GET", "AuditEvent?patient=another").status, 403)
        self.assertEqual(own.request("GET", "AuditEvent/" + refused[0]["id"]).status, 404)
        statement = self.expect(200, "GET", "metadata").json()
        kinds = {r["type"]: r for r in statement["rest"][0]["resource"]}
        self.assertEqual({p["name"] for p in kinds["AuditEvent"]["searchParam"]},
                         {"patient", "date", "agent", "outcome"})

    def test_events_are_valid(self):
        self.start()
        self.find_patient()
        self.expect(200, "GET", f"Patient/{self.patient}/$everything")
        self.expect(200, "GET", f"Observation/{self.observation}/_history")
        event = self.expect(200, "GET", f"Observation/{self.observation}").json()
        event["status"] = "amended"
        self.expect(200, "PUT", f"Observation/{self.observation}", event)
        made = self.expect(201, "POST", "Observation", event)
        self.expect(204, "DELETE", made.headers["location"].split("/fhir/")[1].split("/_h")[0])
        codes = set()
        for event in self.events():
            codes.add(event["subtype"][0]["code"])
            answer = self.expect(200, "POST", "AuditEvent/$validate", event).json()
            self.assertEqual([i for i in answer["issue"] if i["severity"] in ("error", "fatal")],
                             [], event)
        self.assertLessEqual({"create", "read", "search-type", "operation", "history-instance",
                              "update", "delete"}, codes)

    def test_the_head_is_on_the_ledger(self):
        self.start()
        self.find_patient()
        self.wait_for_anchor()
        officer = self.reader("user/AuditEvent.r")
        anchored = officer.send(
            "GET", "/v1/audit/log", headers={"Accept": "application/json"}).json()["anchored"]
        commitment = tagged_hash("consilium/document/1", bytes.fromhex(anchored["salt"]),
                                 bytes.fromhex(anchored["head"])).hex()
        row = f"documents/record/member:hospital/{anchored['sequence']}"
        text = json.dumps(self.state(row))
        self.assertIn(commitment, text, "what another member's ledger copy holds")

        # An older vault is put back: the ledger has heads that it does not know.
        self.end(self.process, signal.SIGTERM)
        vault = self.network / "members/hospital/vault"
        shutil.copytree(vault, self.folder / "older")
        self.process = self.start_node(self.network)
        self.fhir = self.client(self.network, self.process, "hospital")
        self.expect(200, "GET", f"Observation/{self.observation}")
        self.wait_for_anchor()
        self.assertEqual(self.verify()["findings"], [])
        self.end(self.process, signal.SIGTERM)
        shutil.rmtree(vault)
        shutil.copytree(self.folder / "older", vault)
        self.process = self.start_node(self.network)
        report = self.verify()
        self.assertFalse(report["whole"])
        self.assertEqual({f["fault"] for f in report["findings"]}, {"anchor-missing"})
        shown = self.refused(1, "audit", "log", "verify", "--home", self.network, "--member",
                             "hospital")
        self.assertIn("NOT WHOLE", shown.out)


if __name__ == "__main__":
    unittest.main()
