#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A record crosses from the hospital to the clinic: card, denial, consent by the patient's own
wallet, the read through the clinic's FHIR API over mutual TLS, revocation through another
member's node."""
import json
import re
import statistics
import time
import unittest

import fhir_support

PASSPHRASE = {"CONSILIUM_WALLET_PASSPHRASE": "correct horse battery staple"}
JSON = {"Content-Type": "application/json", "Accept": "application/json"}


def resources(bundle):
    return {f"{e['resource']['resourceType']}/{e['resource']['id']}": e
            for e in bundle.get("entry", [])}


class ExchangeSupport(fhir_support.FhirCase):
    """A network whose hospital has a patient, and what the patient and both members do."""

    def clinician(self, purpose="TREAT", scope="user/*.rs user/ChartCard.cr"):
        token = self.ok("token", "new", "--home", self.network, "--member", "clinic", "--scope",
                        scope, "--purpose", purpose).out.strip()
        client = fhir_support.Client(
            self.process.listening["clinic"],
            str(self.network / "members/clinic/tls/node.crt"), token)
        self.addCleanup(client.close)
        return client

    def post(self, client, target, body):
        return client.send("POST", target, json.dumps(body).encode(), JSON)

    def wallet(self, *arguments):
        return self.ok("wallet", *arguments, env=PASSPHRASE)

    def start(self):
        self.network = self.make_network()
        config = self.network / "consilium.toml"
        config.write_text(re.sub(r"^anchor_interval_ms = .*$", "anchor_interval_ms = 0",
                                 config.read_text(), flags=re.M))
        self.process = self.start_node(self.network)
        self.hospital = self.client(self.network, self.process, "hospital",
                                    "user/*.cruds user/ChartCard.cr user/Disclosure.r")
        for name in ("hospitals", "practitioners", "patient-1"):
            self.assertEqual(
                self.hospital.request("POST", "", fhir_support.demo_bundle(name)).status, 200)
        found = self.hospital.request("GET", "Patient").json()
        self.patient = found["entry"][0]["resource"]["id"]
        self.wallet("create", "w.wallet")

    def give_card(self):
        """Wallet, hospital and clinic each do their part; the link."""
        made = json.loads(self.wallet(
            "key", "w.wallet", "--custodian", "hospital", "--counterparty", "clinic",
            "--genesis", self.network / "genesis.json", "--json").out)
        answer = self.post(self.hospital, "/v1/cards/issued",
                           {"patient": self.patient, "counterparty": "clinic",
                            "algorithm": "ed25519", "public_key": made["public_key"]})
        self.assertEqual(answer.status, 201, answer.body)
        (self.folder / "card.json").write_bytes(answer.body)
        self.wallet("card", "add", "w.wallet", "--file", "card.json")
        kept = self.clinician().send("POST", "/v1/cards", answer.body, JSON)
        self.assertEqual(kept.status, 201, kept.body)
        return answer.json()["link"]


class ExchangeTest(ExchangeSupport):
    def test_a_record_crosses_with_consent_and_only_then(self):
        self.start()
        everything = f"Patient/{self.patient}/$everything"
        clinic = self.clinician()
        self.assertEqual(clinic.request("GET", everything).status, 404, "no card: unknown")
        link = self.give_card()

        denied = clinic.request("GET", everything)
        self.assertEqual(denied.status, 403, denied.body)
        said = denied.json()["issue"][0]
        self.assertIn("no-consent", said["diagnostics"] if "diagnostics" in said
                      else json.dumps(said))
        self.assertNotIn(self.patient, denied.body.decode())

        self.wallet("consent", "w.wallet", "--link", link, "--purpose", "treat",
                    "--home", self.network, "--member", "payer")
        read = clinic.request("GET", everything)
        self.assertEqual(read.status, 200, read.body[:600])
        there = resources(self.hospital.request("GET", everything).json())
        here = resources(read.json())
        self.assertEqual(set(here), set(there))
        for name, entry in here.items():
            self.assertEqual(entry["resource"], there[name]["resource"])
            self.assertTrue(entry["fullUrl"].startswith(self.process.listening["clinic"]))
        labs = clinic.request("GET", f"Observation?patient={self.patient}&category=laboratory")
        self.assertEqual(labs.status, 200, labs.body[:600])
        own = self.hospital.request(
            "GET", f"Observation?patient={self.patient}&category=laboratory&_count=1000")
        self.assertEqual(set(resources(labs.json())), set(resources(own.json())))
        self.assertTrue(resources(labs.json()))
        payment = self.clinician("HPAYMT").request("GET", everything)
        self.assertEqual(payment.status, 403, "another purpose is another question")

        times = []
        for _ in range(5):
            begun = time.monotonic()
            self.assertEqual(clinic.request("GET", everything).status, 200)
            times.append(time.monotonic() - begun)
        print(f"cross-member read of {len(here)}: {statistics.median(times) * 1000:.0f} ms")

        self.wallet("revoke", "w.wallet", "--link", link, "--number", "1",
                    "--home", self.network, "--member", "regulator")
        self.assertEqual(clinic.request("GET", everything).status, 403)
        reader = self.clinician(scope="user/Disclosure.r")
        listed = reader.send("GET", f"/v1/exchange/disclosures?link={link}",
                             headers={"Accept": "application/json"}).json()["items"]
        self.assertEqual(len(listed), 7)
        kept = reader.send("GET", f"/v1/exchange/disclosures/{link}/1")
        self.assertEqual(set(resources(kept.json())), set(here))

    def test_what_was_delivered_is_paged_sorted_and_read_by_its_id(self):
        self.start()
        link = self.give_card()
        clinic = self.clinician()
        search = f"Observation?patient={self.patient}"
        some = self.hospital.request("GET", search + "&_count=1").json()["entry"][0]["resource"]
        name = f"Observation/{some['id']}"
        self.assertEqual(clinic.request("GET", name).status, 404, "nothing came here yet")
        self.wallet("consent", "w.wallet", "--link", link, "--purpose", "treat",
                    "--home", self.network, "--member", "payer")
        named = clinic.request("GET", f"{name}?patient={self.patient}")
        self.assertEqual((named.status, named.json()), (200, some))
        self.assertEqual(named.headers["etag"], 'W/"1"')

        there = [e["resource"]["id"] for e in self.hospital.request(
            "GET", search + "&_count=1000&_sort=date,code").json()["entry"]]
        page = clinic.request("GET", search + "&_count=10&_sort=date,code&_elements=status")
        self.assertEqual(page.status, 200, page.body[:600])
        self.assertEqual(page.json()["total"], len(there))
        self.assertNotIn(b"valueQuantity", page.body)
        reader = self.clinician(scope="user/Disclosure.r")

        def requests():
            return len(reader.send("GET", "/v1/exchange/requests",
                                   headers={"Accept": "application/json"}).json()["items"])
        asked = requests()
        here = []
        while True:
            bundle = page.json()
            self.assertLessEqual(len(bundle["entry"]), 10)
            here += [e["resource"]["id"] for e in bundle["entry"]]
            links = {entry["relation"]: entry["url"] for entry in bundle["link"]}
            if "next" not in links:
                break
            self.assertNotIn(self.patient, links["next"])
            target = links["next"].split("/fhir/")[1]
            for stranger in (self.clinician("HPAYMT"), self.clinician(scope="user/Patient.rs")):
                self.assertIn(stranger.request("GET", target).status, (400, 403))
            page = clinic.request("GET", target)
            self.assertEqual(page.status, 200, page.body[:600])
        self.assertEqual(set(here), set(there))
        self.assertEqual(len(here), len(there))
        self.assertEqual(requests(), asked, "further pages are no new requests")

        # What came here is found by its id from now on, each read a request of its own.
        other = clinic.request("GET", f"Observation/{there[0]}")
        self.assertEqual((other.status, other.json()["id"]), (200, there[0]))
        self.assertEqual(requests(), asked + 1)
        self.assertEqual(clinic.request("GET", "Observation/unknown").status, 404)
        missing = clinic.request("GET", f"Observation/unknown?patient={self.patient}")
        self.assertEqual(missing.status, 404)
        self.wallet("revoke", "w.wallet", "--link", link, "--number", "1",
                    "--home", self.network, "--member", "payer")
        self.assertEqual(clinic.request("GET", f"Observation/{there[0]}").status, 403)


if __name__ == "__main__":
    unittest.main()
