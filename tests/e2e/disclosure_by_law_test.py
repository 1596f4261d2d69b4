#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hospital reports an immunization to the regulator (45 CFR 164.512(b)): on the ledger first,
over a link of its own, sealed to a key of the regulator's, and listed at both."""
import json
import re
import unittest

import fhir_support

JSON = {"Content-Type": "application/json", "Accept": "application/json"}
TARGET = "/v1/exchange/disclosures"


class DisclosureByLawTest(fhir_support.FhirCase):
    def start(self):
        self.network = self.make_network()
        config = self.network / "consilium.toml"
        config.write_text(re.sub(r"^anchor_interval_ms = .*$", "anchor_interval_ms = 0",
                                 config.read_text(), flags=re.M))
        self.process = self.start_node(self.network)
        self.connect()
        for name in ("hospitals", "practitioners", "patient-1"):
            self.assertEqual(
                self.hospital.request("POST", "", fhir_support.demo_bundle(name)).status, 200)
        self.patient = self.hospital.request(
            "GET", "Patient").json()["entry"][0]["resource"]["id"]
        found = self.hospital.request("GET", f"Immunization?patient={self.patient}").json()
        self.immunizations = [e["resource"] for e in found["entry"]]

    def connect(self):
        scope = "user/*.cruds user/Disclosure.cr"
        self.hospital = self.client(self.network, self.process, "hospital", scope)
        self.regulator = self.client(self.network, self.process, "regulator", scope)

    def lists(self, client, target):
        return client.send("GET", target, headers={"Accept": "application/json"}).json()["items"]

    def order(self, **changes):
        body = {"patient": self.patient, "recipient": "regulator", "basis": "public-health",
                "resources": ["Immunization/" + self.immunizations[0]["id"]]}
        body.update(changes)
        return self.hospital.send("POST", TARGET, json.dumps(body).encode(), JSON)

    def arrived(self, count):
        self.wait_for("it arrives and is acknowledged", lambda: [
            row["acknowledged"] for row in self.lists(self.regulator, TARGET)] == [True] * count)
        return self.lists(self.regulator, TARGET)

    def test_a_report_to_the_regulator(self):
        self.start()
        name = "Immunization/" + self.immunizations[0]["id"]
        made = self.ok("record", "disclose", "--home", self.network, "--member", "hospital",
                       "--patient", self.patient, "--resource", name, "--recipient", "regulator",
                       "--basis", "public-health", "--json").json()
        self.assertEqual([one["resource"] for one in made["sent"]], [name])
        self.assertEqual(made["kept"], [])
        row = self.arrived(1)[0]
        self.assertEqual((row["link"], row["disclosure"], row["basis"], row["custodian"]),
                         (made["link"], 1, "public-health", "hospital"))
        came = self.regulator.send("GET", f"{TARGET}/{made['link']}/1").json()["entry"]
        self.assertEqual([one["resource"] for one in came], [self.immunizations[0]])
        ordered = self.lists(self.hospital, "/v1/exchange/orders")
        self.assertEqual([(o["order"], o["state"], o["recipient"]) for o in ordered],
                         [(made["order"], "sent", "regulator")])
        # No member's ledger copy names patient or resource, and the accounting has its row.
        rows = self.ok("ledger", "state", f"ehr/accountable/{made['link']}", "--home", self.network,
                       "--member", "payer").out
        self.assertIn("regulator", rows)
        self.assertNotIn(self.patient, rows)

        # The same order again is the same disclosure.
        again = self.order(order=made["order"])
        self.assertEqual((again.status, again.json()["disclosure"]), (201, 1), again.body)
        self.assertEqual(self.order(order=made["order"], basis="judicial").status, 409)
        # Whole or not at all, and only what is that patient's.
        for changes, status in (({"resources": ["Immunization/none", name]}, 422),
                                ({"resources": []}, 400), ({"basis": "none"}, 400),
                                ({"basis": "curiosity"}, 400), ({"recipient": "hospital"}, 400),
                                ({"patient": "nobody"}, 404)):
            self.assertEqual(self.order(**changes).status, status, changes)
        self.refused(2, "record", "disclose", "--home", self.network, "--member", "hospital",
                     "--patient", self.patient, "--resource", name, "--recipient", "regulator",
                     "--basis", "curiosity")
        self.assertEqual(len(self.arrived(1)), 1)

    def test_what_is_labelled_stays_and_a_killed_node_goes_on(self):
        self.start()
        labelled = dict(self.immunizations[1])
        labelled["meta"] = {"security": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}
        name = "Immunization/" + labelled["id"]
        self.assertEqual(self.hospital.request("PUT", name, json.dumps(labelled).encode()).status,
                         200)
        alone = self.order(resources=[name])
        self.assertEqual((alone.status, alone.json()["code"]), (422, "kept"), alone.body)
        made = self.order(resources=[name, "Immunization/" + self.immunizations[0]["id"]])
        self.assertEqual(made.status, 201, made.body)
        self.assertEqual(made.json()["kept"], [{"resource": name, "reason": "labelled"}])
        self.end(self.process)
        self.process = self.start_node(self.network)
        self.connect()
        self.assertEqual(self.arrived(1)[0]["documents"], 1)
        self.assertEqual(len(self.lists(self.hospital, "/v1/exchange/orders")), 1)


if __name__ == "__main__":
    unittest.main()
