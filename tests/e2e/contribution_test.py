#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A clinician contributes to a chart at another member: a new Observation and a correction,
offered through the clinic's FHIR API, decided at the hospital; also across kill -9."""
import json
import re
import unittest

import fhir_support

PASSPHRASE = {"CONSILIUM_WALLET_PASSPHRASE": "correct horse battery staple"}
JSON = {"Content-Type": "application/json", "Accept": "application/json"}
HOSPITAL = "user/*.cruds user/ChartCard.c user/Contribution.ru"
CLINIC = "user/*.rs user/Observation.cu user/ChartCard.cr user/Contribution.r"


class ContributionTest(fhir_support.FhirCase):
    def post(self, client, target, body):
        return client.send("POST", target, json.dumps(body).encode(), JSON)

    def wallet(self, *arguments):
        return self.ok("wallet", *arguments, env=PASSPHRASE)

    def connect(self):
        """Clients of the process that runs now."""
        self.hospital = self.client(self.network, self.process, "hospital", HOSPITAL)
        token = self.ok("token", "new", "--home", self.network, "--member", "clinic", "--scope",
                        CLINIC, "--purpose", "TREAT").out.strip()
        self.clinic = fhir_support.Client(
            self.process.listening["clinic"],
            str(self.network / "members/clinic/tls/node.crt"), token)
        self.addCleanup(self.clinic.close)

    def start(self):
        self.network = self.make_network()
        config = self.network / "consilium.toml"
        config.write_text(re.sub(r"^anchor_interval_ms = .*$", "anchor_interval_ms = 0",
                                 config.read_text(), flags=re.M))
        self.process = self.start_node(self.network)
        self.connect()
        self.patient = self.hospital.request("POST", "Patient", json.dumps(
            {"resourceType": "Patient", "name": [{"family": "Musterpatientin"}]}
        ).encode()).json()["id"]
        self.old = self.hospital.request(
            "POST", "Observation", self.observation("first")).json()
        self.wallet("create", "w.wallet")
        made = json.loads(self.wallet(
            "key", "w.wallet", "--custodian", "hospital", "--counterparty", "clinic",
            "--genesis", self.network / "genesis.json", "--json").out)

        def issue():
            return self.post(self.hospital, "/v1/cards/issued",
                             {"patient": self.patient, "counterparty": "clinic",
                              "algorithm": "ed25519", "public_key": made["public_key"]})
        self.wait_for("a card", lambda: issue().status == 201)
        card = issue()
        (self.folder / "card.json").write_bytes(card.body)
        self.wallet("card", "add", "w.wallet", "--file", "card.json")
        self.assertEqual(self.clinic.send("POST", "/v1/cards", card.body, JSON).status, 201)
        self.link = card.json()["link"]

    def consent(self):
        self.wallet("consent", "w.wallet", "--link", self.link, "--purpose", "treat", "--action",
                    "read", "contribute", "--home", self.network, "--member", "payer")

    def observation(self, text, **more):
        return json.dumps({
            "resourceType": "Observation", "status": "final",
            "code": {"text": text}, "subject": {"reference": f"Patient/{self.patient}"},
            "valueQuantity": {"value": 5.40, "unit": "mmol/L"}, **more}).encode()

    def offer(self, method, path, body):
        """What the clinic's own API answers; the id of the Task."""
        answer = self.clinic.request(method, path, body)
        self.assertEqual(answer.status, 201, answer.body)
        self.assertEqual(answer.json()["resourceType"], "Observation")
        link = answer.headers["link"]
        self.assertRegex(link, r'^<https://.*/fhir/Task/[0-9a-f-]+>; rel="status"$')
        location = answer.headers["location"]
        self.assertEqual(self.clinic.send("GET", location[location.index("/fhir/"):]).status, 200)
        return link.split("/Task/")[1].split(">")[0]

    def task(self, identity):
        return self.clinic.request("GET", f"Task/{identity}").json()

    def await_task(self, identity, status, stage=None):
        def there():
            task = self.task(identity)
            return task["status"] == status and (
                stage is None or task["businessStatus"]["coding"][0]["code"] == stage)
        self.wait_for(f"a Task that is {status}", there)
        return self.task(identity)

    def waiting(self):
        answer = self.hospital.send("GET", "/v1/exchange/contributions?state=waiting",
                                    headers={"Accept": "application/json"})
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["items"]

    def await_waiting(self, count):
        self.wait_for("offers on the worklist", lambda: len(self.waiting()) == count)
        return self.waiting()

    def decide(self, item, **verdict):
        return self.post(self.hospital,
                         f"/v1/exchange/contributions/{item['link']}/{item['number']}", verdict)

    def test_a_new_resource_and_a_correction_are_offered_and_accepted(self):
        self.start()
        denied = self.offer("POST", "Observation", self.observation("too early"))
        task = self.await_task(denied, "rejected", "denied")
        self.assertEqual(task["statusReason"]["coding"][0]["code"], "no-consent")
        self.assertIn("policy parameter treatment", task["statusReason"]["text"])
        self.assertEqual(self.waiting(), [])

        self.consent()
        new = self.offer("POST", "Observation", self.observation("from the clinic"))
        unseen = self.clinic.request("PUT", f"Observation/{self.old['id']}", self.observation(
            "unseen", id=self.old["id"]))
        self.assertEqual(unseen.status, 404, "nothing of it has come here")
        read = self.clinic.request("GET", f"Patient/{self.patient}/$everything")
        self.assertEqual(read.status, 200, read.body)
        correction = self.offer("PUT", f"Observation/{self.old['id']}",
                                self.observation("corrected", id=self.old["id"]))
        items = self.await_waiting(2)
        self.assertEqual([i["contributor"] for i in items], ["clinic", "clinic"])
        self.assertEqual([i.get("corrects") for i in items],
                         [None, f"Observation/{self.old['id']}/_history/1"])
        shown = self.hospital.send(
            "GET", f"/v1/exchange/contributions/{self.link}/{items[0]['number']}",
            headers={"Accept": "application/json"}).json()
        self.assertEqual(shown["resource"]["code"]["text"], "from the clinic")
        theirs = self.hospital.request("GET", items[0]["task"]).json()
        self.assertEqual(theirs["status"], "requested")
        self.assertEqual(self.await_task(new, "requested", "offered")["for"]["reference"],
                         f"Patient/{self.patient}")

        accepted = [self.decide(item, verdict="accept") for item in items]
        for answer in accepted:
            self.assertEqual(answer.status, 200, answer.body)
        for identity, answer in zip((new, correction), accepted):
            done = self.await_task(identity, "accepted")
            self.wait_for("the opening of what was accepted",
                          lambda identity=identity: "output" in self.task(identity))
            done = self.task(identity)
            self.assertEqual(done["output"][0]["valueReference"]["reference"],
                             answer.json()["record"])
        record = accepted[0].json()["record"]
        stored = self.hospital.request("GET", record).json()
        self.assertEqual(stored["code"]["text"], "from the clinic")
        self.assertEqual(self.hospital.request("GET", f"Observation/{self.old['id']}")
                         .json()["code"]["text"], "corrected")
        self.assertEqual(self.hospital.request(
            "GET", f"Observation/{self.old['id']}/_history/1").json(), self.old)
        for answer, what in ((accepted[0], stored["id"]), (accepted[1], self.old["id"])):
            found = self.hospital.request("GET", f"Provenance?target=Observation/{what}").json()
            self.assertEqual([f"Provenance/{e['resource']['id']}" for e in found["entry"]],
                             [answer.json()["provenance"]])
            agent = found["entry"][0]["resource"]["agent"][0]
            self.assertEqual(agent["onBehalfOf"]["identifier"]["value"], "clinic")
        self.assertEqual(self.decide(items[0], verdict="accept").json()["record"], record)
        self.assertEqual(self.decide(items[0], verdict="reject", reason="duplicate").status, 409)
        everything = self.clinic.request("GET", f"Patient/{self.patient}/$everything").json()
        self.assertEqual({e["resource"]["code"]["text"] for e in everything["entry"]
                          if e["resource"]["resourceType"] == "Observation"},
                         {"corrected", "from the clinic"})
        found = self.clinic.request("GET", f"Task?patient={self.patient}&status=accepted").json()
        self.assertEqual({e["resource"]["id"] for e in found["entry"]}, {new, correction})

        # The first correction was of version 1, as is this one.
        self.hospital.request("PUT", f"Observation/{self.old['id']}", self.observation(
            "meanwhile", id=self.old["id"]))
        late = self.offer("PUT", f"Observation/{self.old['id']}",
                          self.observation("too late", id=self.old["id"]))
        item = self.await_waiting(1)[0]
        outdated = self.decide(item, verdict="accept")
        self.assertEqual((outdated.status, outdated.json()["code"]), (409, "outdated"))
        self.assertEqual(self.decide(item, verdict="reject", reason="outdated").status, 200)
        self.assertEqual(self.await_task(late, "rejected")["statusReason"]["coding"][0]["code"],
                         "outdated")

    def worklist(self, *arguments, code=0):
        """What the command prints: parsed, or its refusal."""
        if code:
            return self.refused(code, "worklist", *arguments, "--home", self.network,
                                "--member", "hospital")
        return json.loads(self.ok("worklist", *arguments, "--json", "--home", self.network,
                                  "--member", "hospital").out)

    def test_staff_decide_on_the_command_line(self):
        self.start()
        self.consent()
        self.assertEqual(self.worklist("list"), [])
        tasks = [self.offer("POST", "Observation", self.observation(f"number {i}"))
                 for i in range(3)]
        self.wait_for("offers on the worklist", lambda: len(self.worklist("list")) == 3)
        names = [f"{i['link']}/{i['number']}" for i in self.worklist("list")]
        shown = self.worklist("show", names[0], "--out", "document.json")
        self.assertEqual(json.loads((self.folder / "document.json").read_text()),
                         shown["resource"])
        plain = self.ok("worklist", "list", "--home", self.network, "--member", "hospital").out
        for name in names:
            self.assertIn(name, plain)
        record = self.worklist("accept", names[0], "--subject", "dr-huber")["record"]
        self.assertEqual(self.hospital.request("GET", record).status, 200)
        self.assertEqual(self.worklist("accept", names[0])["record"], record)
        rejected = self.worklist("reject", names[1], "--reason", "duplicate")
        self.assertEqual(rejected["rejection"], "duplicate")
        self.await_task(tasks[1], "rejected")
        self.assertEqual([f"{i['link']}/{i['number']}" for i in self.worklist("list")], names[2:])
        self.assertEqual(len(self.worklist("list", "--state", "all")), 3)

        # Every refusal says what is wrong.
        for code, said, arguments in (
                (1, "decided otherwise", ("accept", names[1])),
                (1, "decided otherwise", ("reject", names[0], "--reason", "duplicate")),
                (1, "decided otherwise", ("reject", names[1], "--reason", "invalid")),
                (1, "No such contribution", ("accept", f"{self.link}/9")),
                (1, "No such contribution", ("show", f"{self.link}/9")),
                (2, "is no LINK/NUMBER", ("accept", "nothing")),
                (2, "is no LINK/NUMBER", ("accept", f"{self.link}/0")),
                (2, "--reason", ("reject", names[2])),
                (2, "--reason", ("reject", names[2], "--reason", "not-received")),
                (2, "--state", ("list", "--state", "everything"))):
            self.assertIn(said, self.worklist(*arguments, code=code).err, arguments)
        self.wallet("revoke", "w.wallet", "--link", self.link, "--number", "1", "--home",
                    self.network, "--member", "payer")
        self.assertIn("withdrawn", self.worklist("accept", names[2], code=1).err)
        self.assertEqual(len(self.worklist("list")), 1)

        offers = json.loads(self.ok("worklist", "offers", "--json", "--home", self.network,
                                    "--member", "clinic").out)
        self.assertEqual(len(offers), 3)
        one = json.loads(self.ok("worklist", "offers", "--state", "rejected", "--json", "--home",
                                 self.network, "--member", "clinic").out)
        self.assertEqual([o["task"] for o in one], [f"Task/{tasks[1]}"])
        def cards(query=""):
            return self.clinic.send("GET", "/v1/cards" + query,
                                    headers={"Accept": "application/json"}).json()
        self.assertEqual([c["link"] for c in cards()["items"]], [self.link])
        self.assertEqual(cards("?limit=1&after=" + cards("?limit=1")["next"]), {"items": []})
        for query in ("?state=nothing", "?link=" + self.link, "?limit=0", "?limit=1001"):
            answer = self.clinic.send("GET", "/v1/exchange/offers" + query,
                                      headers={"Accept": "application/json"})
            self.assertEqual(answer.status, 400, query)

    def test_the_same_correction_again_is_offered_once(self):
        self.start()
        self.consent()
        self.assertEqual(self.clinic.request("GET", f"Patient/{self.patient}/$everything").status,
                         200)
        path = f"Observation/{self.old['id']}"
        body = self.observation("corrected", id=self.old["id"])
        first = self.clinic.request("PUT", path, body, {"If-Match": 'W/"1"'})
        again = self.clinic.request("PUT", path, body, {"If-Match": 'W/"1"'})
        self.assertEqual((first.status, again.status), (201, 200))
        for header in ("location", "link", "etag"):
            self.assertEqual(again.headers[header], first.headers[header])
        self.assertEqual(again.json(), first.json())
        self.assertEqual(self.clinic.request("PUT", path, body, {"If-Match": 'W/"2"'}).status, 412)
        self.await_waiting(1)
        self.restart()
        self.assertEqual(self.clinic.request("PUT", path, body).status, 200)
        found = self.clinic.request("GET", "Task").json()
        self.assertEqual(len(found["entry"]), 1)

    def test_what_is_not_about_the_patient_is_refused(self):
        self.start()
        self.consent()
        other = self.hospital.request("POST", "Patient", json.dumps(
            {"resourceType": "Patient"}).encode()).json()["id"]
        cases = [
            (422, self.observation("x", performer=[{"reference": f"Patient/{other}"}])),
            (422, self.observation("x", subject={"reference": f"Patient/{other}"},
                                   performer=[{"reference": f"Patient/{self.patient}"}])),
            (422, self.observation("x", unknownElement=1)),
            (413, self.observation("x", note=[{"text": "n" * 1_000_000}] * 2)),
        ]
        for status, body in cases:
            answer = self.clinic.request("POST", "Observation", body)
            self.assertEqual(answer.status, status, answer.body)
            self.assertNotIn(other, answer.body.decode())
        # Whoever is only mentioned is not whom it is about: that is the clinic's alone.
        own = self.clinic.request("POST", "Observation", json.dumps({
            "resourceType": "Observation", "status": "final", "code": {"text": "own"},
            "note": [{"text": f"as of Patient/{self.patient}"}]}).encode())
        self.assertEqual((own.status, own.headers.get("link")), (201, None), own.body)
        tasks = self.clinic.request("GET", "Task").json()
        self.assertEqual(tasks.get("entry", []), [])
        unknown = self.observation("x", encounter={"reference": "Encounter/never-shown"})
        task = self.offer("POST", "Observation", unknown)
        done = self.await_task(task, "rejected")
        self.assertEqual(done["statusReason"]["coding"][0]["code"], "invalid")

    def test_a_crash_anywhere_loses_and_doubles_nothing(self):
        self.start()
        self.consent()
        tasks = []
        for i in range(4):
            tasks.append(self.offer("POST", "Observation", self.observation(f"number {i}")))
            self.restart()
        items = self.await_waiting(4)
        for item in items:
            self.assertEqual(self.decide(item, verdict="accept").status, 200)
            self.restart()
        for task in tasks:
            self.await_task(task, "accepted")
        found = self.hospital.request("GET", f"Observation?patient={self.patient}").json()
        self.assertEqual(sorted(e["resource"]["code"]["text"] for e in found["entry"]),
                         ["first"] + [f"number {i}" for i in range(4)])
        told = self.hospital.request("GET", "Provenance").json()
        self.assertEqual(len(told["entry"]), 4)

    def restart(self):
        self.end(self.process)
        self.process = self.start_node(self.network)
        self.connect()


if __name__ == "__main__":
    unittest.main()
