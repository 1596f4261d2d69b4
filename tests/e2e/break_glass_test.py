#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Emergency access between real nodes: clearance, a read by card without consent, requests that
name the patient, what a member gets that scripts all ids, and the reviews."""
import json
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
        done = self.glass("request", "--subject", "dr-meier", "--member", "clinic", "--patient",
                          self.patient, "--reason-code", "patient-cannot-consent", "--reason",
                          "found unconscious", "--out", out, "--json").json()
        self.assertEqual(done["resources"], json.loads(out.read_text())["total"])
        self.glass("withdraw", "dr-meier", "--member", "clinic")
        self.assertEqual(doctor.request("GET", everything, headers=reason).status, 403)
        # The privacy officer's scopes are granted by name alone.
        self.assertEqual(self.client_of("clinic", "user/*.cruds").send(
            "GET", "/v1/emergency/clearances", headers=JSON).status, 403)


if __name__ == "__main__":
    unittest.main()
