#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A population spread over three members: each imports its share, and patients of each are read
by the next with a card and a consent.

    tests/e2e/population_test.py                                    # the three of demo/data
    CONSILIUM_POPULATION=build/bench-data/200-1 tests/e2e/population_test.py

A folder of `make bench-data`: what the others refer to sorts first. Prints what took how long."""
import json
import os
import pathlib
import re
import time
import unittest

import exchange_test
import fhir_support
import support

MEMBERS = ("clinic", "hospital", "payer")
STORIES_MAX = 12  # of each member's patients
PAGE = 1000


def population(folder):
    """The files that all need, and those of one patient each."""
    given = os.environ.get("CONSILIUM_POPULATION")
    if given:
        files = sorted((support.ROOT / given).glob("*.json"))
        return [f for f in files if f.name.startswith("0-")], \
            [f for f in files if not f.name.startswith("0-")]
    folder.mkdir()
    for name in ("hospitals", "practitioners", "patient-1", "patient-2", "patient-3"):
        (folder / f"{name}.json").write_bytes(fhir_support.demo_bundle(name))
    return [folder / "hospitals.json", folder / "practitioners.json"], \
        sorted(folder.glob("patient-*.json"))


class PopulationTest(exchange_test.ExchangeSupport):
    def import_share(self, member, common, own):
        share = self.folder / f"share-{member}"
        share.mkdir()
        for file in common + own:
            (share / file.name).symlink_to(file)
        begun = time.monotonic()
        done = self.ok("import", share, "--home", self.network, "--member", member, "--json",
                       timeout=3600)
        seconds = time.monotonic() - begun
        report = json.loads(done.out)
        print(f"{member}: {len(own)} patients, {json.dumps(report)[:200]} in {seconds:.1f} s")

    def all_of(self, client, path):
        """The resources of all pages, by name."""
        out = {}
        while path:
            answer = client.request("GET", path)
            self.assertEqual(answer.status, 200, answer.body[:600])
            bundle = answer.json()
            for entry in bundle.get("entry", []):
                resource = entry["resource"]
                out[f"{resource['resourceType']}/{resource['id']}"] = resource
            following = [n["url"] for n in bundle.get("link", []) if n["relation"] == "next"]
            path = following[0].split("/fhir/", 1)[1] if following else None
        return out

    def link_of(self, number, custodian, reader, patient):
        made = json.loads(self.wallet(
            "key", "w.wallet", "--custodian", custodian, "--counterparty", reader,
            "--genesis", self.network / "genesis.json", "--json").out)
        card = self.post(self.clients[custodian], "/v1/cards/issued",
                         {"patient": patient, "counterparty": reader, "algorithm": "ed25519",
                          "public_key": made["public_key"]})
        self.assertEqual(card.status, 201, card.body)
        file = self.folder / f"card-{custodian}-{number}.json"
        file.write_bytes(card.body)
        self.wallet("card", "add", "w.wallet", "--file", file)
        kept = self.clients[reader].send("POST", "/v1/cards", card.body, exchange_test.JSON)
        self.assertEqual(kept.status, 201, kept.body)
        return card.json()["link"]

    def story_of(self, number, custodian, reader, patient):
        everything = f"Patient/{patient}/$everything"
        link = self.link_of(number, custodian, reader, patient)
        self.assertEqual(self.readers[reader].request("GET", everything).status, 403)
        self.wallet("consent", "w.wallet", "--link", link, "--purpose", "treat", "--home",
                    self.network, "--member", "regulator")
        there = self.all_of(self.clients[custodian], everything)
        begun = time.monotonic()
        here = self.all_of(self.readers[reader], everything)
        seconds = time.monotonic() - begun
        self.assertEqual(here, there)
        labs = f"Observation?patient={patient}&category=laboratory&_count={PAGE}"
        self.assertEqual(self.all_of(self.readers[reader], labs),
                         self.all_of(self.clients[custodian], labs))
        return len(here), seconds

    def test_a_population_spread_over_the_members(self):
        common, patients = population(self.folder / "demo-data")
        self.assertTrue(common and len(patients) >= len(MEMBERS))
        self.network = self.make_network()
        config = self.network / "consilium.toml"
        config.write_text(re.sub(r"^anchor_interval_ms = .*$", "anchor_interval_ms = 0",
                                 config.read_text(), flags=re.M))
        self.process = self.start_node(self.network)
        self.wallet("create", "w.wallet")
        scope = "user/*.cruds user/ChartCard.cr"
        self.clients = {m: self.client(self.network, self.process, m, scope) for m in MEMBERS}
        self.readers = {m: self.reader(m) for m in MEMBERS}
        for i, member in enumerate(MEMBERS):
            self.import_share(member, common, patients[i::len(MEMBERS)])

        stories = []
        for i, custodian in enumerate(MEMBERS):
            ids = [name.split("/")[1]
                   for name in self.all_of(self.clients[custodian], f"Patient?_count={PAGE}")]
            self.assertEqual(len(ids), len(patients[i::len(MEMBERS)]))
            reader = MEMBERS[(i + 1) % len(MEMBERS)]
            for number, patient in enumerate(ids[:STORIES_MAX]):
                stories.append(self.story_of(number, custodian, reader, patient))
        stories.sort()
        for count, seconds in (stories[0], stories[len(stories) // 2], stories[-1]):
            print(f"a record of {count} resources crossed in {seconds * 1000:.0f} ms")

    def reader(self, member):
        token = self.ok("token", "new", "--home", self.network, "--member", member, "--scope",
                        "user/*.rs", "--purpose", "TREAT").out.strip()
        client = fhir_support.Client(self.process.listening[member],
                                     str(self.network / f"members/{member}/tls/node.crt"), token)
        self.addCleanup(client.close)
        return client


if __name__ == "__main__":
    unittest.main()
