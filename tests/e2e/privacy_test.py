#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever a node writes (ledger, vault, logs, metrics) holds nothing of the patients it serves."""
import json
import re
import signal
import subprocess
import sys
import unittest

import fhir_support
import fhir_test

sys.dont_write_bytecode = True

# Values of Coding.code that say nothing of anybody: lower-case words of FHIR's own, like "active".
WORKFLOW_WORD = re.compile(r"^[a-z][a-z-]*$")
DATE = re.compile(r"^\d{4}-\d{2}-\d{2}(T.*)?$")


def needles_of(value, name="", found=None):
    """Names, dates, identifiers and codes of a FHIR Bundle, 6 bytes or longer."""
    found = set() if found is None else found
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "code" and isinstance(inner, str) and not WORKFLOW_WORD.match(inner):
                found.add(inner)
            if key in ("family", "city", "postalCode", "value") and isinstance(inner, str):
                found.add(inner)
            needles_of(inner, key, found)
    elif isinstance(value, list):
        for inner in value:
            if name in ("given", "line") and isinstance(inner, str):
                found.add(inner)
            needles_of(inner, name, found)
    elif isinstance(value, str) and DATE.match(value):
        found.update((value, value[:10]))
    return {text for text in found if len(text.encode()) >= 6 and "\n" not in text}


class PrivacyTest(fhir_test.FhirNode):
    def files_with(self, needles, folder):
        """The files under a folder that hold any of the texts, in any case. Short numbers count
        as words only: times and sizes have many digits."""
        numbers = {text for text in needles if len(text) < 8 and text.isdigit()}
        found = set()
        for texts, more in ((needles - numbers, ()), (numbers, ("-w",))):
            (self.folder / "needles").write_text("\n".join(sorted(texts)) + "\n")
            done = subprocess.run(
                ["grep", "-r", "-a", "-i", "-l", "-F", *more, "-f", self.folder / "needles",
                 folder], capture_output=True, text=True, check=False, env={"LC_ALL": "C"})
            self.assertIn(done.returncode, (0, 1), done.stderr)
            found.update(done.stdout.split())
        return sorted(found)

    def test_nothing_of_a_patient_is_on_the_disk(self):
        self.start()
        inputs = self.folder / "inputs"
        inputs.mkdir()
        needles, entries = set(), 0
        for bundle in ("hospitals", "practitioners", "patient-1", "patient-3"):
            text = fhir_support.demo_bundle(bundle)
            entries += len(json.loads(text)["entry"])
            if bundle.startswith("patient"):
                (inputs / f"{bundle}.json").write_bytes(text)
                needles |= needles_of(json.loads(text))
            self.expect(200, "POST", "", text)
        self.assertGreater(len(needles), 500)
        patient = json.loads(fhir_support.demo_bundle("patient-1"))["entry"][0]["resource"]
        family = patient["name"][0]["family"]
        number = patient["identifier"][0]["value"]
        self.assertIn(family, needles)
        self.assertEqual(self.total(f"Patient?identifier={number}"), 1)

        # What could put such texts into a log, a metric or an answer's error.
        for method, path, body in (
                ("GET", f"Patient/{family}", b""),
                ("GET", f"Patient?{family}=1", b""),
                ("GET", f"{family}/1", b""),
                ("POST", "Patient", dict(patient, gender=family)),
                ("POST", "Patient", dict(patient, birthDate=family)),
                ("POST", "Patient", json.dumps(patient).encode()[:-1]),
                ("PUT", f"Patient/{family}-2", patient)):
            content = json.dumps(body).encode() if isinstance(body, dict) else body
            answer = self.fhir.request(method, path, content)
            self.assertGreaterEqual(answer.status, 400, (method, path))
            self.assertNotIn(family.encode(), answer.body, (method, path))
        self.wait_for("anchors",
                      lambda: self.metric("consilium_fhir_anchored_total") == entries)
        # Names and labels; the counts are nobody's.
        (self.network / "metrics.txt").write_text(
            re.sub(r" \S+$", "", self.fhir.get_text("/metrics"), flags=re.M))
        self.assertEqual(self.end(self.process, signal.SIGTERM), 0)

        # The search finds what there is to find: in the inputs, and nowhere else.
        self.assertEqual(len(self.files_with(needles, inputs)), 2)
        written = sum(file.stat().st_size for file in self.network.rglob("*") if file.is_file())
        self.assertGreater(written, 1 << 20)
        self.assertEqual(self.files_with(needles, self.network), [])


if __name__ == "__main__":
    unittest.main()
