#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Emergency access between real nodes: clearance, a read by card without consent, requests that
name the patient, what a member gets that scripts all ids, and the reviews."""
import json
import signal
import stat
import time
import unittest
import urllib.parse

import exchange_test
import fhir_support

JSON = exchange_test.JSON
REASON = "treatment-cannot-wait; " + urllib.parse.quote("unconscious, chest pain")


class BreakGlassTest(exchange_test.ExchangeSupport):
    def glass(self, *arguments):
        return self.ok("break-glass", *arguments, "--home", self.network)

    def client_of(self, member, scope, *more):
        token = self.ok("token", "new", "--home", self.network, "--member", member, "--scope",
                        scope, *more).out.strip()
        client = fhir_support.Client(
            self.process.listening[member],
            str(self.network / f"members/{member}/tls/node.crt"), token)
        self.addCleanup(client.close)
        return client

    def doctor(self, subject="dr-meier", scope="user/*.rs user/Emergency.c"):
        return self.client_of("clinic", scope, "--purpose", "BTG", "--break-glass",
                              "--subject", subject)

    def test_a_cleared_clinician_reads_by_card_without_consent(self):
        self.start()
        link = self.give_card()
        everything = f"Patient/{self.patient}/$everything"
        doctor = self.doctor()
        self.assertEqual(doctor.request("GET", everything).status, 400, "a reason is needed")
        reason = {"Emergency-Access": REASON}
        denied = doctor.request("GET", everything, headers=reason)
        self.assertEqual(denied.status, 403, denied.body)
        self.assertIn("not-cleared", denied.body.decode())

        cleared = self.glass("clear", "dr-meier", "--member", "clinic", "--json").json()["items"]
        self.assertEqual([(one["subject"], one["ledger"]) for one in cleared],
                         [("dr-meier", "stands")])
        read = doctor.request("GET", everything, headers=reason)
        self.assertEqual(read.status, 200, read.body[:600])
        here = exchange_test.resources(read.json())
        self.assertIn(f"Patient/{self.patient}", here)
        self.assertEqual(
            set(here),
            set(exchange_test.resources(self.hospital.request("GET", everything).json())))
        # Another token of the same member does not have it.
        self.assertEqual(
            self.doctor("dr-schulz").request("GET", everything, headers=reason).status, 403)
        served = self.hospital.send("GET", "/v1/exchange/served",
                                    headers={"Accept": "application/json"}).json()["items"]
        self.assertEqual([(one["link"], one["emergency"], one["state"]) for one in served],
                         [(link, "treatment-cannot-wait", "sent")])
        self.assertNotIn("unconscious", (self.network / "log.json").read_text())

        out = self.folder / "bundle.json"
        (self.folder / "emergency.json").write_text(json.dumps(
            {"patient": self.patient, "reason_code": "patient-cannot-consent",
             "reason": "found unconscious"}))
        done = self.glass("request", "--subject", "dr-meier", "--member", "clinic", "--request",
                          "emergency.json", "--out", out, "--json").json()
        self.assertEqual(stat.S_IMODE(out.stat().st_mode), 0o600)
        self.assertEqual(done["resources"], json.loads(out.read_text())["total"])
        self.glass("withdraw", "dr-meier", "--member", "clinic")
        self.assertEqual(doctor.request("GET", everything, headers=reason).status, 403)
        # The privacy officer's scopes are granted by name alone.
        self.assertEqual(self.client_of("clinic", "user/*.cruds").send(
            "GET", "/v1/emergency/clearances", headers=JSON).status, 403)

    def test_several_clinicians_are_cleared_and_each_is_themselves(self):
        self.start()
        self.give_card()
        people = [f"dr-{number}" for number in range(7)]
        cleared = self.glass("clear", *people, "--member", "clinic", "--json").json()["items"]
        self.assertEqual({one["ledger"] for one in cleared}, {"stands"})
        self.assertEqual(len({one["user"] for one in cleared}), len(people))
        for subject in (*people, "dr-nobody"):
            read = self.doctor(subject).request(
                "GET", f"Patient/{self.patient}", headers={"Emergency-Access": REASON})
            self.assertEqual(read.status, 200 if subject in people else 403, read.body[:300])
        owed = self.glass("reviews", "--member", "clinic", "--json").json()
        self.assertEqual(sorted(one["subject"] for one in owed), people)
        self.assertEqual(len({one["user"] for one in owed}), len(people))

    def demographics(self):
        resource = self.hospital.request("GET", f"Patient/{self.patient}").json()
        name = resource["name"][0]
        return {"family": name["family"], "given": name["given"][0],
                "birth_date": resource["birthDate"]}

    def order(self, patient, **more):
        return dict({"custodian": "hospital", "patient": patient,
                     "reason_code": "patient-cannot-consent", "reason": "found unconscious"},
                    **more)

    def test_a_patient_is_named_in_full_found_and_reviewed(self):
        self.start()
        self.glass("clear", "dr-meier", "--member", "clinic")
        doctor = self.doctor()
        who = self.demographics()
        answer = self.post(doctor, "/v1/emergency", self.order(who))
        self.assertEqual(answer.status, 200, answer.body[:600])
        here = exchange_test.resources(answer.json())
        there = exchange_test.resources(
            self.hospital.request("GET", f"Patient/{self.patient}/$everything").json())
        self.assertEqual(set(here), set(there))
        # It stays as the disclosure that it came in, and makes no card.
        reader = self.client_of("clinic", "user/Disclosure.r user/*.rs", "--purpose", "TREAT")
        kept = reader.send("GET", answer.headers["content-location"])
        self.assertEqual(set(exchange_test.resources(kept.json())), set(here))
        self.assertEqual(
            reader.request("GET", f"Patient/{self.patient}/$everything").status, 404)

        labs = self.post(doctor, "/v1/emergency",
                         self.order({k: v.upper() for k, v in who.items()},
                                    ask="Observation?category=laboratory"))
        self.assertEqual(labs.status, 200, labs.body[:600])
        self.assertTrue(0 < labs.json()["total"] < len(here))

        # Nobody else gets anything, and all get the same.
        said = set()
        for wrong in ({**who, "family": "Nobody"}, {**who, "birth_date": "1900-01-01"},
                      {**who, "identifier": {"system": "urn:x", "value": "7"}}):
            refused = self.post(doctor, "/v1/emergency", self.order(wrong))
            self.assertEqual(refused.status, 403, refused.body)
            said.add(refused.json()["issue"][0]["diagnostics"].split(" (")[0])
        self.assertEqual(len(said), 1, said)
        for partial in ({}, {"family": who["family"]}, {**who, "given": ""},
                        {**who, "birth_date": who["birth_date"][:4]},
                        {"identifier": {"system": "urn:x"}}):
            self.assertEqual(self.post(doctor, "/v1/emergency", self.order(partial)).status, 400)
        capped = self.post(doctor, "/v1/emergency", self.order(who))
        self.assertEqual(capped.status, 403)
        self.assertIn("user-cap", capped.body.decode())

        # Both officers have five to review, and see what is theirs.
        mine = self.glass("reviews", "--member", "clinic", "--json").json()
        theirs = self.glass("reviews", "--member", "hospital", "--json").json()
        self.assertEqual((len(mine), len(theirs)), (5, 5))
        self.assertEqual({one["subject"] for one in mine}, {"dr-meier"})
        self.assertFalse(any("subject" in one for one in theirs))
        self.assertEqual({one["reason"] for one in mine + theirs}, {"found unconscious"})
        self.assertEqual(sum(one.get("patient") == self.patient for one in theirs), 2)
        served = next(one for one in theirs if one.get("patient") == self.patient)
        for member in ("clinic", "hospital"):
            (self.folder / "report").write_text("the ward confirms it")
            self.glass("review", served["id"], served["number"], "--member", member,
                       "--verdict", "justified", "--report", "report")
            self.refused(1, "break-glass", "review", served["id"], served["number"], "--home",
                         self.network, "--member", member, "--verdict", "unjustified",
                         "--report", "report")
            left = self.glass("reviews", "--member", member, "--json").json()
            self.assertEqual(len(left), 4)
            officer = self.client_of(member, "user/EmergencyReview.r")
            one = officer.send(
                "GET", f"/v1/emergency/reviews/{served['id']}/{served['number']}",
                headers=JSON).json()
            self.assertEqual(one["report"], "the ward confirms it")
            metrics = self.client_of(member, "system/Metrics.r").get_text("/metrics")
            self.assertIn("consilium_emergency_reviews_due 4", metrics)
        self.assertEqual(self.client_of("clinic", "user/*.cruds").send(
            "GET", "/v1/emergency/reviews", headers=JSON).status, 403)
        self.no_trace(who)
        self.end(self.process, signal.SIGTERM)
        found = self.run_command("doctor", "--config", self.network / "consilium.toml", "--json")
        told = {one["subject"]: one["text"] for one in found.json()["findings"]}
        self.assertEqual(told["clinic: emergencies"], "4 reviews to make, none overdue")
        self.assertNotIn("payer: emergencies", told)

    def no_trace(self, who):
        """Neither the log nor the ledger's own files know any of it."""
        files = [self.network / "log.json"]
        for member in ("clinic", "hospital", "payer", "regulator"):
            files += [f for f in (self.network / "members" / member / "data").rglob("*")
                      if f.is_file()]
        for file in files:
            text = file.read_bytes()
            for secret in (who["family"], who["birth_date"], "found unconscious", "dr-meier",
                           "the ward confirms"):
                self.assertNotIn(secret.encode(), text, file)

    def ids(self, table):
        """Of all rows of a table, as the clinic's own copy of the ledger has them."""
        rows = self.ok("ledger", "state", table, "--home", self.network, "--member", "clinic",
                       "--json").json()["rows"]
        return {row["key"].split("/")[2] for row in rows}

    def test_who_scripts_all_ids_gets_nothing(self):
        self.start()
        # A link of the clinic's is on the ledger; the patient's card is not shown to it.
        made = json.loads(self.wallet(
            "key", "w.wallet", "--custodian", "hospital", "--counterparty", "clinic",
            "--genesis", self.network / "genesis.json", "--json").out)
        issued = self.post(self.hospital, "/v1/cards/issued",
                           {"patient": self.patient, "counterparty": "clinic",
                            "algorithm": "ed25519", "public_key": made["public_key"]})
        self.assertEqual(issued.status, 201, issued.body)
        links, charts = self.ids("charts/link"), self.ids("charts/chart")
        self.assertEqual(links, {issued.json()["link"]})
        self.assertTrue(charts)
        people = [f"dr-{i}" for i in range(len(links | charts))]
        self.ok("user", "add", "--role", "clinician", "--from", time.strftime("%Y-%m-%d",
                time.gmtime()), "--days", 1, "--home", self.network, "--member", "clinic")
        self.glass("clear", people[0], "--member", "clinic")
        doctor = self.doctor(people[0])
        keeper = self.client_of("clinic", "user/ChartCard.cr")
        tried = 0
        for link in sorted(links | charts):
            for patient in (self.patient, "1"):
                card = {"custodian": "hospital", "link": link, "patient": patient,
                        "salt": f"{tried:064x}", "replace": True}
                kept = self.post(keeper, "/v1/cards", card)
                self.assertEqual(kept.status, 201 if link in links else 404, kept.body)
                read = doctor.request("GET", f"Patient/{patient}/$everything",
                                      headers={"Emergency-Access": REASON})
                self.assertIn(read.status, (403, 404), read.body[:300])
                self.assertNotIn(b"Observation", read.body)
                tried += 1
            # As the id of a person, or of a request.
            for who in ({"identifier": {"system": link, "value": link}}, link):
                self.assertIn(self.post(doctor, "/v1/emergency", self.order(who)).status,
                              (403, 404))
        served = self.hospital.send("GET", "/v1/exchange/served", headers=JSON).json()["items"]
        self.assertTrue(served)
        self.assertEqual({one["documents"] for one in served}, {0})
        self.assertEqual({one["disclosure"] for one in served}, {0})
        # A payer's token may say what it likes.
        payer = self.client_of("payer", "user/Emergency.c", "--purpose", "BTG", "--break-glass",
                               "--subject", "claims-1")
        self.glass("clear", "claims-1", "--member", "payer")
        denied = self.post(payer, "/v1/emergency", self.order(self.demographics()))
        self.assertEqual(denied.status, 403)
        self.assertIn("member-kind", denied.body.decode())


if __name__ == "__main__":
    unittest.main()
