#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""FHIR over a real node: the demo's Bundles, versions, races, bad input, and imports that end in
the middle."""
import json
import re
import signal
import subprocess
import threading
import unittest

import fhir_support
import support

PATIENTS = ("patient-1", "patient-2", "patient-3")
FACILITIES = ("hospitals", "practitioners")
ENTRIES = {"patient-1": 169, "patient-2": 209, "patient-3": 181}


class FhirNode(fhir_support.FhirCase):
    def start(self, interval_ms=0):
        self.network = self.make_network()
        config = self.network / "consilium.toml"
        config.write_text(re.sub(r"^anchor_interval_ms = .*$",
                                 f"anchor_interval_ms = {interval_ms}", config.read_text(),
                                 flags=re.M))
        self.process = self.start_node(self.network)
        self.fhir = self.client(self.network, self.process, "hospital")

    def restart(self):
        self.end(self.process)
        self.process = self.start_node(self.network)
        self.fhir = self.client(self.network, self.process, "hospital")

    def expect(self, status, method, path, body=b"", headers=None):
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        answer = self.fhir.request(method, path, body, headers)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer.body[:600]}")
        return answer

    def total(self, path):
        return self.expect(200, "GET", path).json()["total"]

    def resource_count(self, *types):
        return sum(self.total(f"{kind}?_summary=count") for kind in types)

    def metric(self, name):
        text = self.fhir.get_text("/metrics")
        found = re.search(rf"^{name}(?:{{[^}}]*}})? (\d+)", text, re.M)
        return int(found[1]) if found else 0


class FhirTest(FhirNode):
    def test_the_demos_bundles_go_in_and_come_out(self):
        self.start()
        for name in FACILITIES:
            answer = self.expect(200, "POST", "", fhir_support.demo_bundle(name)).json()
            self.assertEqual({e["response"]["status"][:3] for e in answer["entry"]}, {"201"})
        for name in PATIENTS:
            answer = self.expect(200, "POST", "", fhir_support.demo_bundle(name)).json()
            self.assertEqual(len(answer["entry"]), ENTRIES[name])
            patient = next(e["response"]["location"] for e in answer["entry"]
                           if e["response"]["location"].startswith("Patient/")).split("/")[1]
            everything = self.expect(200, "GET", f"Patient/{patient}/$everything").json()
            # A Medication belongs to no Patient's compartment.
            medications = name == "patient-2"
            self.assertEqual(len(everything["entry"]), ENTRIES[name] - medications)
            self.assertNotIn("urn:uuid", json.dumps([e["resource"].get("subject")
                                                     for e in everything["entry"]]))
            seen = self.total(f"Observation?patient={patient}&category=laboratory")
            self.assertEqual(seen, sum(
                e["resource"]["resourceType"] == "Observation"
                and "laboratory" in json.dumps(e["resource"]["category"])
                for e in everything["entry"]))
        # The same Bundle of conditional creates changes nothing.
        answer = self.expect(200, "POST", "", fhir_support.demo_bundle("hospitals")).json()
        self.assertEqual({e["response"]["status"][:3] for e in answer["entry"]}, {"200"})
        self.wait_for("anchors", lambda: self.metric("consilium_fhir_anchored_total") >= 636)
        self.assertEqual(self.metric("consilium_fhir_anchored_total"), 636)
        charts = self.ok("ledger", "state", "charts/chart", "--home", self.network, "--member",
                         "hospital", "--json").json()
        self.assertEqual(len(charts["rows"]), 3)

    def test_versions_races_and_deletion(self):
        self.start()
        body = {"resourceType": "Patient", "active": True}
        made = self.expect(201, "POST", "Patient", body)
        location = made.headers["location"]
        self.assertTrue(location.startswith(self.process.listening["hospital"] + "/fhir/Patient/"))
        self.assertEqual(made.headers["etag"], 'W/"1"')
        name = "Patient/" + made.json()["id"]
        body["id"] = made.json()["id"]
        read = self.expect(200, "GET", name)
        self.assertIn("last-modified", read.headers)
        self.assertEqual(read.headers["content-type"], "application/fhir+json")
        self.expect(304, "GET", name, headers={"If-None-Match": 'W/"1"'})
        self.expect(304, "GET", name, headers={"If-Modified-Since": read.headers["last-modified"]})
        statuses = []

        def update(client):
            answer = client.request("PUT", name, json.dumps(body).encode(),
                                    {"If-Match": 'W/"1"'})
            statuses.append(answer.status)

        clients = [self.client(self.network, self.process, "hospital") for _ in range(6)]
        threads = [threading.Thread(target=update, args=(c,)) for c in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [200] + [412] * 5)
        again = json.dumps(body).encode()
        self.expect(400, "PUT", name, again, {"If-Match": ""})
        self.expect(204, "DELETE", name, headers={"If-Match": "*"})
        self.expect(412, "PUT", name, again, {"If-Match": "*"})
        self.expect(410, "GET", name)
        self.expect(200, "GET", name + "/_history/2")
        history = self.expect(200, "GET", name + "/_history").json()
        self.assertEqual([e["request"]["method"] for e in history["entry"]],
                         ["DELETE", "PUT", "PUT"])
        self.restart()
        self.expect(410, "GET", name)

    def test_patches(self):
        self.start()
        patient = self.expect(201, "POST", "Patient", {"resourceType": "Patient"}).json()["id"]
        made = self.expect(201, "POST", "Observation", (
            b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":'
            b'{"reference":"Patient/%s"},"valueQuantity":{"value":1.50}}' % patient.encode()))
        name = "Observation/" + made.json()["id"]
        media = {"Content-Type": "application/json-patch+json"}

        def patch(status, operations, headers=media):
            return self.expect(status, "PATCH", name, json.dumps(operations).encode(), headers)
        patch(415, [], {"Content-Type": "application/fhir+json"})
        patch(412, [], {**media, "If-Match": 'W/"2"'})
        patch(409, [{"op": "test", "path": "/status", "value": "amended"}])
        patch(422, [{"op": "replace", "path": "/status", "value": "nonsense"}])
        answer = patch(200, [{"op": "replace", "path": "/status", "value": "amended"}],
                       {**media, "If-Match": 'W/"1"', "Prefer": "return=representation"})
        self.assertEqual(answer.headers["etag"], 'W/"2"')
        self.assertIn(b'"value":1.50', answer.body)
        self.restart()
        self.assertEqual(self.expect(200, "GET", name).json()["status"], "amended")

    def test_bad_requests_get_outcomes_without_values(self):
        self.start()
        secret = "Zxqvbnt"
        cases = (
            (400, "POST", "Patient", b'{"resourceType":"Patient","name":"' + secret.encode()),
            (400, "POST", "Patient", b'{"resourceType":"Patient","id":"a","id":"b"}'),
            (400, "POST", "Patient", b'{"resourceType":"Patient","x":"\xff"}'),
            (400, "POST", "Patient", b"[" * 100_000),
            (400, "POST", "Observation", {"resourceType": "Patient"}),
            (422, "POST", "Observation", {
                "resourceType": "Observation", "status": "final", "code": {"text": secret},
                "subject": {"reference": f"Patient/{secret}"}}),
            (404, "GET", f"Patient/{secret}", b""),
            (404, "GET", f"{secret}/1", b""),
            (400, "GET", f"Patient?{secret}={secret}", b""),
            (404, "GET", "Patient/a/b/c/d/e", b""),
            (405, "PUT", "Patient", {"resourceType": "Patient"}),
            (400, "PUT", "Patient/a", {"resourceType": "Patient", "id": secret}),
        )
        for status, method, path, body in cases:
            answer = self.expect(status, method, path, body)
            outcome = answer.json()
            self.assertEqual(outcome["resourceType"], "OperationOutcome", path)
            self.assertNotIn(secret, answer.body.decode(), path)
        self.expect(415, "POST", "Patient", b"<Patient/>", {"Content-Type": "application/fhir+xml"})
        self.expect(406, "GET", "Patient", headers={"Accept": "application/fhir+xml"})
        self.expect(406, "GET", "Patient?_format=xml")
        self.expect(200, "GET", "Patient?_format=json", headers={"Accept": "text/html"})
        stranger = fhir_support.Client(self.process.listening["hospital"],
                                       str(self.network / "members/hospital/tls/node.crt"), "")
        self.addCleanup(stranger.close)
        answer = stranger.request("GET", "Patient")
        self.assertEqual((answer.status, answer.json()["resourceType"]),
                         (401, "OperationOutcome"))
        self.assertEqual(stranger.request("GET", "metadata").status, 200)
        log = (self.network / "log.json").read_text()
        self.assertNotIn(secret, log)


class ImportTest(FhirNode):
    def folder_of_demo_data(self):
        folder = self.folder / "data"
        folder.mkdir()
        for file in (support.ROOT / "demo/data").glob("*.json.zst"):
            (folder / file.name).write_bytes(file.read_bytes())
        return folder

    def import_json(self, *arguments):
        return self.ok("import", *arguments, "--home", self.network, "--member", "hospital",
                       "--json").json()

    def test_a_folder_is_taken_once_whatever_the_order(self):
        self.start(60_000)
        folder = self.folder_of_demo_data()
        first = self.import_json(folder)
        self.assertEqual((first["requests"], first["stored"], first["repeated"]), (5, 636, 0))
        again = self.import_json(folder)
        self.assertEqual((again["requests"], again["repeated"]), (5, 5))
        self.assertEqual(self.total("Patient"), 3)

    def test_what_is_faulty_goes_into_quarantine_with_its_cause(self):
        self.start(60_000)
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"fullUrl": f"urn:uuid:{n}", "resource": r,
             "request": {"method": "POST", "url": r["resourceType"]}}
            for n, r in enumerate((
                {"resourceType": "Patient"},
                {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
                 "subject": {"reference": "urn:uuid:0"},
                 "serviceProvider": {"reference": "urn:uuid:nowhere"}},
                {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                 "subject": {"reference": "urn:uuid:0"},
                 "encounter": {"reference": "urn:uuid:1"}}))]}
        file = self.folder / "imperfect.json"
        file.write_text(json.dumps(bundle))
        refused = self.run_command("import", file, "--home", self.network, "--member", "hospital")
        self.assertEqual(refused.code, 1)
        self.assertIn("Bundle.entry[1].resource.serviceProvider", refused.err)
        self.assertEqual(self.total("Patient"), 0)
        taken = self.import_json(file, "--quarantine")
        self.assertEqual((taken["stored"], taken["quarantined"]), (1, 2))
        work = self.ok("import", "--worklist", "--home", self.network, "--member", "hospital",
                       "--json").json()
        self.assertEqual([(w["entry"], w["cause"]) for w in work], [(1, ""), (2, "entry 1")])

    def test_lines_that_refer_to_each_other_go_in_together(self):
        self.start(60_000)
        folder = self.folder / "bulk"
        folder.mkdir()
        (folder / "Condition.ndjson").write_text(json.dumps(
            {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"},
             "encounter": {"reference": "Encounter/e"}}) + "\n")
        (folder / "Encounter.ndjson").write_text(json.dumps(
            {"resourceType": "Encounter", "id": "e", "status": "finished",
             "class": {"code": "AMB"}, "subject": {"reference": "Patient/p"},
             "diagnosis": [{"condition": {"reference": "Condition/c"}}]}) + "\n")
        (folder / "Patient.ndjson").write_text('{"resourceType":"Patient","id":"p"}\n')
        self.assertEqual(self.import_json(folder)["stored"], 3)
        self.expect(200, "GET", "Condition/c")

    def test_a_node_killed_during_imports_loses_and_doubles_nothing(self):
        self.start(0)
        folder = self.folder_of_demo_data()
        for delay in (0.15, 0.4, 0.8):
            importing = subprocess.Popen(
                [support.PROGRAM, "import", str(folder), "--home", str(self.network), "--member",
                 "hospital"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                cwd=self.folder)
            try:
                importing.wait(timeout=delay)
            except subprocess.TimeoutExpired:
                pass
            self.end(self.process, signal.SIGKILL)
            importing.kill()
            importing.wait()
            self.process = self.start_node(self.network)
        self.fhir = self.client(self.network, self.process, "hospital")
        self.import_json(folder)
        self.assertEqual(self.total("Patient"), 3)
        self.assertEqual(self.resource_count("Organization", "Location", "Practitioner",
                                             "PractitionerRole"), 77)
        for patient in self.expect(200, "GET", "Patient").json()["entry"]:
            count = len(self.expect(
                200, "GET", f"Patient/{patient['resource']['id']}/$everything").json()["entry"])
            self.assertIn(count, {169, 208, 181})
        # Whatever was under way when the node ended is anchored once.
        def anchored():
            charts = self.ok("ledger", "state", "charts/chart", "--home", self.network,
                             "--member", "hospital", "--json").json()
            return len(charts["rows"]) == 3
        self.wait_for("charts", anchored)
        doctor = self.run_command("vault", "verify", "--home", self.network, "--member",
                                  "hospital", "--json")
        self.assertNotEqual(doctor.code, 70)


if __name__ == "__main__":
    unittest.main()
