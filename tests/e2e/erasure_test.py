#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Erasure at all holders: key and salt go at the custodian and at everybody who received the
document, with receipts on the ledger; a hold is answered with its reason, who does not answer is
named, and nothing brings the document back."""
import json
import re
import unittest

import fhir_support

JSON = {"Content-Type": "application/json", "Accept": "application/json"}
PASSPHRASE = {"CONSILIUM_WALLET_PASSPHRASE": "correct horse battery staple"}
SCOPE = "user/*.cruds user/Disclosure.cr user/Erasure.cr user/Hold.crd"


class ErasureTest(fhir_support.FhirCase):
    def start(self):
        self.network = self.make_network()
        self.config = self.network / "consilium.toml"
        text = re.sub(r"^anchor_interval_ms = .*$", "anchor_interval_ms = 0",
                      self.config.read_text(), flags=re.M)
        self.text = re.sub(r"^backup_days = .*$", "backup_days = 30", text, flags=re.M)
        self.config.write_text(self.text)
        self.run_node()
        for name in ("hospitals", "practitioners", "patient-1"):
            (self.folder / f"{name}.json").write_bytes(fhir_support.demo_bundle(name))
            self.bring_in(name)
        self.patient = self.hospital.request(
            "GET", "Patient").json()["entry"][0]["resource"]["id"]
        self.observations = [e["resource"] for e in self.hospital.request(
            "GET", f"Observation?patient={self.patient}&_count=20").json()["entry"]]

    def bring_in(self, name):
        return self.ok("import", f"{name}.json", "--home", self.network, "--member", "hospital",
                       "--json").json()

    def run_node(self, down=None):
        """Starts the process; the member `down` takes no messages and sends none."""
        text = self.text
        if down:
            before, after = text.split(f'member = "{down}"')
            after = re.sub(r"(?s)(\[node\.peer\].*?\nport = )\d+", r"\g<1>0", after, count=1)
            text = before + f'member = "{down}"' + after
        self.config.write_text(text)
        self.process = self.start_node(self.network)
        self.hospital = self.client(self.network, self.process, "hospital", SCOPE)
        self.clinic = self.client(self.network, self.process, "clinic", SCOPE)
        self.regulator = self.client(self.network, self.process, "regulator", SCOPE)

    def post(self, client, target, body):
        return client.send("POST", target, json.dumps(body).encode(), JSON)

    def items(self, client, target):
        return client.send("GET", target, headers={"Accept": "application/json"}).json()["items"]

    def disclose(self, recipient, client, *names):
        """To a member, and once it is there, link and number."""
        made = self.post(self.hospital, "/v1/exchange/disclosures", {
            "patient": self.patient, "recipient": recipient, "basis": "public-health",
            "resources": list(names)})
        self.assertEqual(made.status, 201, made.body)
        name = (made.json()["link"], made.json()["disclosure"])
        self.wait_for("it arrives", lambda: any(
            (row["link"], row["disclosure"]) == name and row["acknowledged"]
            for row in self.items(client, "/v1/exchange/disclosures")))
        return name

    def erase(self, name, **more):
        body = {"resource": name, "version": "all", "basis": "patient-request"}
        body.update(more)
        return self.post(self.hospital, "/v1/records/erase", body)

    def fates(self, erasure):
        """Of each holder, once all have been told."""
        def now():
            return self.hospital.send("GET", f"/v1/records/erasures/{erasure}",
                                      headers={"Accept": "application/json"}).json()
        self.wait_for("holders are told", lambda: now()["state"] == "ordered")
        return {h["holder"]: h for h in now()["holders"]}

    def wait_for_fates(self, erasure, **wanted):
        self.wait_for(f"holders answer {wanted}", lambda: {
            h: f["state"] for h, f in self.fates(erasure).items()} == wanted)
        return self.fates(erasure)

    def came(self, client, name):
        entries = client.send("GET", "/v1/exchange/disclosures/%s/%d" % name).json()["entry"]
        return [e["resource"]["resourceType"] for e in entries]

    def assert_gone(self, name):
        self.assertEqual(self.hospital.request("GET", name).status, 410)
        self.assertEqual(self.hospital.request("GET", name + "/_history/1").status, 410)
        kind, one = name.split("/")
        for query in (f"_id={one}", f"patient={self.patient}&_count=1000"):
            found = self.hospital.request("GET", f"{kind}?{query}").json().get("entry", [])
            self.assertNotIn(one, [e["resource"]["id"] for e in found])

    def test_a_document_is_erased_at_all_holders(self):
        self.start()
        first, second = self.observations[0], self.observations[1]
        name, other = (f"Observation/{o['id']}" for o in (first, second))
        at_clinic = self.disclose("clinic", self.clinic, name, other)
        at_regulator = self.disclose("regulator", self.regulator, name)
        self.ok("record", "hold", "%s/%d" % at_regulator, "--reason", "public-health",
                "--home", self.network, "--member", "regulator")
        self.assertEqual(self.post(self.regulator, "/v1/records/holds", {
            "disclosure": "%s/9" % at_regulator[0], "reason": "legal-hold"}).status, 404)
        self.assertEqual(len(self.items(self.regulator, "/v1/records/holds")), 1)

        # While the clinic cannot be reached.
        self.end(self.process)
        self.run_node(down="clinic")
        made = self.ok("record", "erase", "--resource", name, "--basis", "patient-request",
                       "--home", self.network, "--member", "hospital", "--json").json()
        self.assert_gone(name)
        self.assertEqual(self.hospital.request("PUT", name, json.dumps(first).encode()).status,
                         410)
        fates = self.wait_for_fates(made["erasure"], clinic="outstanding", regulator="retained")
        self.assertEqual(fates["regulator"]["reason"], "public-health")
        self.assertGreater(fates["clinic"]["since_unix_ms"], 0)
        shown = self.ok("record", "erasures", made["erasure"], "--home", self.network, "--member",
                        "hospital").out
        self.assertIn("outstanding since 20", shown)
        self.assertIn("retained: public-health", shown)
        self.assertIn("last backup expires", shown)
        # The ledger says erased, of the record and by whom.
        row = self.ok("ledger", "state", f"documents/record/chart:{made['chart']}", "--home",
                      self.network, "--member", "payer", "--json").out
        self.assertIn("SHREDDED", row.upper())

        # It returns.
        self.end(self.process)
        self.run_node()
        fates = self.wait_for_fates(made["erasure"], clinic="erased", regulator="retained")
        self.assertGreater(fates["clinic"]["last_backup_expires_unix_ms"], 0)
        receipt = self.ok("ledger", "state",
                          "documents/share/%s/%d" % (at_clinic[0], fates["clinic"]["share"]),
                          "--home", self.network, "--member", "payer", "--json").out
        self.assertIn("SHREDDED", receipt.upper())
        self.assertEqual(sorted(self.came(self.clinic, at_clinic)),
                         ["Observation", "OperationOutcome"])
        self.assertEqual(self.came(self.regulator, at_regulator), ["Observation"])
        accounted = self.ok("ledger", "state", f"ehr/accountable/{at_clinic[0]}", "--home",
                            self.network, "--member", "payer").out
        self.assertIn("clinic", accounted)

        # The hold ends; the same is ordered once more.
        self.ok("record", "release", "%s/%d" % at_regulator, "--home", self.network, "--member",
                "regulator")
        self.refused(1, "record", "release", "%s/%d" % at_regulator, "--home", self.network,
                     "--member", "regulator")
        again = self.erase(name).json()["erasure"]
        self.wait_for_fates(again, clinic="erased", regulator="erased")
        self.assertEqual(self.came(self.regulator, at_regulator), ["OperationOutcome"])

        # What was imported once is not imported again.
        taken = self.bring_in("patient-1")
        self.assertEqual(taken["repeated"], taken["requests"])
        self.assert_gone(name)
        self.assertEqual(self.hospital.request("GET", other).status, 200)
        for body, status in (({"resource": "Observation/none"}, 404), ({"version": 7}, 404),
                             ({"basis": "tidiness"}, 400), ({"version": 0}, 400),
                             ({"resource": "Observation"}, 400)):
            self.assertEqual(self.erase(**{"name": other, **body}).status, status, body)
        self.end(self.process)
        for member in ("hospital", "clinic", "regulator"):
            self.ok("vault", "verify", "--home", self.network, "--member", member)

    def test_a_further_page_that_held_it_is_gone(self):
        self.start()
        patient = self.read_elsewhere()
        first = patient.request(
            "GET", f"Observation?patient={self.patient}&_count=5&category=laboratory")
        self.assertEqual(first.status, 200, first.body)
        links = {link["relation"]: link["url"] for link in first.json()["link"]}
        further = links["next"][links["next"].index("/fhir/"):]
        second = patient.send("GET", further)
        self.assertEqual(second.status, 200, second.body)
        erased = second.json()["entry"][0]["resource"]["id"]
        made = self.erase(f"Observation/{erased}").json()["erasure"]
        self.wait_for_fates(made, clinic="erased")
        gone = patient.send("GET", further)
        self.assertEqual(gone.status, 410, gone.body)
        self.assertNotIn(erased, gone.body.decode())
        # A new read is a new disclosure, without it.
        again = patient.request("GET", f"Observation?patient={self.patient}&category=laboratory")
        self.assertEqual(again.status, 200, again.body)
        self.assertNotIn(erased, again.body.decode())

    def read_elsewhere(self):
        """A client of the clinic's for the patient, by card and consent."""
        self.ok("wallet", "create", "w.wallet", env=PASSPHRASE)
        made = self.ok("wallet", "key", "w.wallet", "--custodian", "hospital", "--counterparty",
                       "clinic", "--genesis", self.network / "genesis.json", "--json",
                       env=PASSPHRASE).json()
        keeper = self.client(self.network, self.process, "hospital", "user/ChartCard.c")
        order = {"patient": self.patient, "counterparty": "clinic", "algorithm": "ed25519",
                 "public_key": made["public_key"]}
        self.wait_for("a card", lambda: self.post(keeper, "/v1/cards/issued",
                                                  order).status == 201)
        card = self.post(keeper, "/v1/cards/issued", order)
        (self.folder / "card.json").write_bytes(card.body)
        self.ok("wallet", "card", "add", "w.wallet", "--file", "card.json", env=PASSPHRASE)
        self.ok("wallet", "consent", "w.wallet", "--link", card.json()["link"], "--purpose",
                "treat", "--home", self.network, "--member", "payer", env=PASSPHRASE)
        token = self.ok("token", "new", "--home", self.network, "--member", "clinic", "--scope",
                        "user/*.rs user/ChartCard.c", "--purpose", "TREAT").out.strip()
        reader = fhir_support.Client(self.process.listening["clinic"],
                                     str(self.network / "members/clinic/tls/node.crt"), token)
        self.addCleanup(reader.close)
        self.assertEqual(self.post(reader, "/v1/cards", card.json()).status, 201)
        return reader

    def test_one_version_goes_and_the_others_stay(self):
        self.start()
        changed = dict(self.observations[0], status="amended")
        name = "Observation/" + changed["id"]
        self.assertEqual(self.hospital.request("PUT", name, json.dumps(changed).encode()).status,
                         200)
        order = {"version": 1, "erasure": "ab" * 16}
        made = self.erase(name, **order)
        self.assertEqual((made.status, made.json()["whole"]), (201, False), made.body)
        self.assertEqual(self.erase(name, **order).json()["versions"], made.json()["versions"])
        for version in ("all", 2):
            other = self.erase(name, **dict(order, version=version))
            self.assertEqual(other.status, 409, other.body)
        self.assertEqual(self.hospital.request("GET", name + "/_history/1").status, 410)
        self.assertEqual(self.hospital.request("GET", name).json()["status"], "amended")
        self.assertEqual(self.fates(made.json()["erasure"]), {})

    def test_killed_in_the_middle_it_is_finished(self):
        self.start()
        names = ["Observation/" + o["id"] for o in self.observations[:8]]
        self.disclose("clinic", self.clinic, *names)
        erasures = []
        for number, name in enumerate(names):
            erasures.append(f"{number + 1:032x}")
            order = json.dumps({"resource": name, "version": "all", "basis": "court-order",
                                "erasure": erasures[-1]}).encode()
            # The request goes out; the process is killed while it works on it.
            self.hospital.send("GET", "/v1/records/erasures",
                               headers={"Accept": "application/json"})
            self.hospital.connection.request(
                "POST", "/v1/records/erase", order,
                dict(JSON, Authorization=f"Bearer {self.hospital.token}"))
            if number % 2:
                self.wait_for("the order is there", lambda: any(
                    e["erasure"] == erasures[-1]
                    for e in self.items(self.second_connection(), "/v1/records/erasures")))
            self.end(self.process)
            self.run_node()
            # Whether it had been taken or not, the client sends it again.
            again = self.hospital.send("POST", "/v1/records/erase", order, JSON)
            self.assertEqual(again.status, 201, again.body)
            self.assert_gone(name)
        for erasure in erasures:
            self.wait_for_fates(erasure, clinic="erased")
        self.end(self.process)
        for member in ("hospital", "clinic"):
            self.ok("vault", "verify", "--home", self.network, "--member", member)

    def second_connection(self):
        """A second connection to the hospital's node."""
        return self.client(self.network, self.process, "hospital", SCOPE)


if __name__ == "__main__":
    unittest.main()
