#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our FHIRPath and npm `fhirpath` agree on every expression of the definitions.

Every invariant and search parameter of a resource's type, over resources of the demo's data and
mutated ones. Needs npm and its registry. FHIRPATH_RESULTS names our program.
"""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests/conformance/fhirpath"
PROGRAM = os.environ["FHIRPATH_RESULTS"]
PER_TYPE = 12
# Beside the demo's: what its types leave out.
MADE = [
    {"resourceType": "Observation", "status": "final", "code": {"text": "c"},
     "contained": [{"resourceType": "Patient", "id": "p"}], "subject": {"reference": "#p"},
     "valueQuantity": {"value": 1.50, "code": "mg"},
     "effectivePeriod": {"start": "2020", "end": "2019"},
     "referenceRange": [{"low": {"value": 1}, "high": {"value": 0.5}},
                        {"appliesTo": [{"text": "x"}]}],
     "component": [{"code": {"text": "d"}, "valueRange": {"low": {"value": 1}}}]},
    {"resourceType": "Questionnaire", "status": "draft", "name": "bad name", "item": [
        {"linkId": "1", "type": "group", "item": [{"linkId": "1", "type": "display", "text": "t"}]},
        {"linkId": "2", "type": "choice", "answerOption": [{"valueString": "a"}],
         "enableWhen": [{"question": "1", "operator": "=", "answerString": "x"}]}]},
    {"resourceType": "Bundle", "type": "collection", "total": 3, "entry": [
        {"fullUrl": "urn:a", "resource": {"resourceType": "Patient", "meta": {"versionId": "1"}}},
        {"fullUrl": "urn:a", "resource": {"resourceType": "Patient", "meta": {"versionId": "1"}}}]},
    {"resourceType": "Group", "type": "person", "actual": False, "member": [
        {"entity": {"reference": "Patient/1"}}], "characteristic": [
        {"code": {"text": "c"}, "valueBoolean": True, "exclude": False}]},
    {"resourceType": "ValueSet", "status": "draft", "name": "Name", "compose": {"include": [
        {"concept": [{"code": "a"}], "filter": [{"property": "p", "op": "=", "value": "v"}]}]}},
    {"resourceType": "RiskAssessment", "status": "final", "subject": {"reference": "Patient/1"},
     "prediction": [{"probabilityDecimal": 100.01}, {"probabilityRange": {"low": {
         "value": 1, "code": "%", "system": "http://unitsofmeasure.org"}}}]},
    {"resourceType": "Task", "status": "draft", "intent": "order", "authoredOn": "2020-02-01",
     "lastModified": "2020-01-01T00:00:00Z"},
    {"resourceType": "CodeSystem", "status": "draft", "content": "complete", "concept": [
        {"code": "a", "concept": [{"code": "a"}]}]},
]


class FhirPathTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.holder.cleanup)
        cls.folder = pathlib.Path(cls.holder.name)
        for name in ("package.json", "package-lock.json", "peer.js"):
            shutil.copy(FOLDER / name, cls.folder)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                       cwd=cls.folder, check=True, timeout=300)
        seen = collections.Counter()
        chosen = list(MADE)
        for path in sorted((ROOT / "demo/data").glob("*.json.zst")):
            bundle = json.loads(subprocess.run(["zstd", "-dcq", path], check=True,
                                               capture_output=True).stdout)
            for entry in bundle["entry"]:
                seen[entry["resource"]["resourceType"]] += 1
                if seen[entry["resource"]["resourceType"]] <= PER_TYPE:
                    chosen.append(entry["resource"])
        cls.lines = "".join(json.dumps(resource) + "\n" for resource in chosen)

    def run_peer(self, *arguments, text):
        return subprocess.run(["node", "peer.js", *arguments], cwd=self.folder, input=text,
                              text=True, capture_output=True, timeout=600,
                              env={**os.environ, "TZ": "UTC"})

    def compare(self, name, lines):
        (self.folder / name).write_text(lines)
        ours = subprocess.run([PROGRAM], input=lines, text=True, capture_output=True, check=True,
                              timeout=600).stdout
        result = self.run_peer("compare", name, text=ours)
        print(name, result.stdout.strip())
        self.assertEqual(result.returncode, 0, result.stderr)
        totals = json.loads(result.stdout)
        self.assertGreater(totals["count"], 10_000)
        self.assertGreater(totals["filled"], 3_000)

    def test_resources_as_they_are(self):
        self.compare("resources.ndjson", self.lines)

    def test_mutated_resources(self):
        mutated = self.run_peer("mutate", "1", text=self.lines).stdout
        self.assertNotEqual(mutated, self.lines)
        self.compare("mutated.ndjson", mutated)


if __name__ == "__main__":
    unittest.main()
