#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A patient reads the own record at the hospital with what a link's key gives, and nothing else;
the clinic's card of that patient stays the one that was kept, and nothing of the clinic's own
store hides the record behind it."""
import io
import json
import tarfile
import unittest

import exchange_test
import fhir_support

JSON = exchange_test.JSON


class OwnRecordTest(exchange_test.ExchangeSupport):
    def own(self, *who):
        token = self.ok("token", "new", "--home", self.network, "--member", "hospital", "--scope",
                        "patient/*.cruds", *who).out.strip()
        client = fhir_support.Client(
            self.process.listening["hospital"],
            str(self.network / "members/hospital/tls/node.crt"), token)
        self.addCleanup(client.close)
        return client

    def events(self, client):
        """How many of the patient's accesses the hospital's log shows."""
        seen = client.send("GET", "/v1/audit/events", headers={"Accept": "application/x-ndjson"})
        self.assertEqual(seen.status, 200, seen.body)
        return len(seen.body.splitlines())

    def create(self, resource):
        made = self.hospital.request("POST", resource["resourceType"],
                                     json.dumps(resource).encode())
        self.assertEqual(made.status, 201, made.body)
        return f"{resource['resourceType']}/{made.json()['id']}"

    def test_a_patient_reads_the_own_record_and_no_other(self):
        self.start()
        link = self.give_card()
        other = self.create({"resourceType": "Patient", "name": [{"family": "Andere"}]})
        theirs = self.create({"resourceType": "Observation", "status": "final",
                              "code": {"text": "x"}, "subject": {"reference": other}})
        label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSYTHPN"}
        notes = self.create({"resourceType": "Observation", "status": "final",
                             "code": {"text": "x"}, "meta": {"security": [label]},
                             "subject": {"reference": f"Patient/{self.patient}"}})
        everything = f"Patient/{self.patient}/$everything"
        there = exchange_test.resources(self.hospital.request("GET", everything).json())
        for client in (self.own("--link", link), self.own("--patient", self.patient)):
            logged = self.events(client)
            read = client.request("GET", everything)
            self.assertEqual(read.status, 200, read.body[:600])
            here = exchange_test.resources(read.json())
            self.assertEqual(set(here), set(there) - {notes})
            self.assertEqual(read.json()["total"], len(here))
            self.assertEqual(client.request("GET", f"Patient/{self.patient}").status, 200)
            labs = client.request("GET", "Observation?_summary=count").json()["total"]
            self.assertEqual(labs, len([n for n in here if n.startswith("Observation/")]))
            for name in (other, theirs, notes, f"{other}/$everything", "Patient/unknown",
                         "Observation/unknown"):
                self.assertEqual(client.request("GET", name).status, 404, name)
            found = client.request("GET", f"Observation?patient={other[8:]}").json()
            self.assertEqual(found["total"], 0)
            self.assertEqual(client.request(
                "PUT", f"Patient/{self.patient}",
                json.dumps({"resourceType": "Patient", "id": self.patient}).encode()).status, 403)
            # Everything, the Patient, two searches and the denied write.
            self.assertGreaterEqual(self.events(client) - logged, 5)
        self.check_package(notes)
        # Of a link that no card of the hospital has.
        self.assertEqual(self.own("--link", "0" * 32).request("GET", everything).status, 403)

    def check_package(self, notes):
        """What the API does not show to the patient is not in their audit package either."""
        officer = self.client(self.network, self.process, "hospital", "user/Audit.rs")
        own = self.own("--patient", self.patient)

        def package(client):
            answer = client.send("GET", f"/v1/audit/package?patient={self.patient}&documents=1",
                                 headers={"Accept": "application/x-tar"})
            if answer.status != 200:
                return {}
            with tarfile.open(fileobj=io.BytesIO(answer.body)) as archive:
                return {one.name: archive.extractfile(one).read() for one in archive}

        def holds(files):
            return any(f'"id":"{notes[12:]}"'.encode() in text for name, text in files.items()
                       if name.startswith("documents/"))
        self.wait_for("the notes are anchored", lambda: holds(package(officer)))
        mine = package(own)
        self.assertGreater(len([name for name in mine if name.startswith("documents/")]), 10)
        self.assertFalse(holds(mine))
        for name, text in mine.items():
            file = self.folder / "mine" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)
        said = json.loads(self.ok("audit", "verify", "--genesis", self.network / "genesis.json",
                                  self.folder / "mine", "--json").out)
        self.assertTrue(said["good"], said)
        self.assertEqual(said["withheld"], 1, said["notes"])

    def test_a_kept_card_is_neither_replaced_nor_hidden(self):
        self.start()
        link = self.give_card()
        card = json.loads((self.folder / "card.json").read_text())
        keeper = self.clinician(scope="user/*.cruds user/ChartCard.cr user/Import.c")

        def keep(status, problem=None, **changes):
            answer = self.post(keeper, "/v1/cards", {**card, **changes})
            self.assertEqual(answer.status, status, answer.body)
            if problem:
                self.assertIn(problem, answer.body.decode())

        keep(201)  # the same again
        keep(400, patient="../../x")
        keep(400, patient="x" * 65)
        keep(400, replace="yes")
        keep(409, "held-card", salt="00" * 32)
        keep(409, "taken-link", patient="somebody-else")
        local = keeper.request("POST", "Patient", b'{"resourceType":"Patient"}').json()["id"]
        keep(409, "local-patient", patient=local)
        key = json.loads(self.wallet("key", "w.wallet", "--custodian", "hospital",
                                     "--counterparty", "clinic", "--genesis",
                                     self.network / "genesis.json", "--json").out)
        second = self.post(self.hospital, "/v1/cards/issued",
                           {"patient": self.patient, "counterparty": "clinic",
                            "algorithm": "ed25519", "public_key": key["public_key"]}).json()
        self.assertNotEqual(second["link"], link)
        self.assertEqual(self.post(keeper, "/v1/cards", second).status, 409)
        self.assertEqual(self.post(keeper, "/v1/cards", {**second, "replace": True}).status, 201)
        keep(409, "held-card")
        keep(201, replace=True)

        everything = f"Patient/{self.patient}/$everything"
        self.wallet("consent", "w.wallet", "--link", link, "--purpose", "treat",
                    "--home", self.network, "--member", "payer")
        whole = exchange_test.resources(keeper.request("GET", everything).json())
        self.assertGreater(len(whole), 10)
        name = f"Patient/{self.patient}"
        patient = {"resourceType": "Patient", "id": self.patient}
        body = json.dumps(patient).encode()
        entry = {"resource": patient, "request": {"method": "PUT", "url": name}}
        bundle = json.dumps({"resourceType": "Bundle", "type": "transaction",
                             "entry": [entry]}).encode()
        self.assertEqual(keeper.request("PUT", name, body).status, 422)
        self.assertEqual(keeper.request("DELETE", name).status, 422)
        self.assertEqual(keeper.request("POST", "", bundle).status, 422)
        self.assertEqual(keeper.request(
            "PATCH", name, b"[]", {"Content-Type": "application/json-patch+json"}).status, 422)
        self.assertEqual(keeper.request("POST", "$import?key=" + "5a" * 32, bundle).status, 422)
        again = exchange_test.resources(keeper.request("GET", everything).json())
        self.assertEqual(set(again), set(whole))
        # An answer from the clinic's own store alone would look whole.
        for query in (f"Observation?patient={self.patient},{local}", f"Patient?_id={self.patient}",
                      f"Observation?performer={name}"):
            self.assertEqual(keeper.request("GET", query).status, 422, query)
        for chain in ("encounter:Encounter.status=finished",
                      "_has:Provenance:target:agent=x"):
            query = f"Observation?patient={self.patient}&{chain}"
            self.assertEqual(keeper.request("GET", query).status, 400, query)
        self.assertEqual(keeper.request("GET", f"Observation?patient={local}").status, 200)


if __name__ == "__main__":
    unittest.main()
