#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bundles that others test with: the validator finds what is wrong in them, and nothing else.

    fhir_validate_test.py FHIR_VALIDATE

Needs npm and its registry, for npm cql-exec-fhir, whose fixtures are three resources of Synthea and
of the specification's examples, edited by hand.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent / "fhir_bundles"
PROGRAM = ""


class FhirValidateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(FOLDER / name, cls.folder.name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--omit=peer", "--no-audit", "--no-fund",
                        "--silent"], cwd=cls.folder.name, check=True, timeout=300)
        cls.fixtures = pathlib.Path(cls.folder.name,
                                    "node_modules/cql-exec-fhir/test/fixtures/r4")

    def issues(self, pattern):
        [path] = self.fixtures.glob(pattern)
        done = subprocess.run([PROGRAM, path], check=True, capture_output=True, text=True)
        return done.stdout.splitlines()

    def test_good_ones(self):
        self.assertEqual(self.issues("Johnnie679_*.json"), [])
        self.assertEqual(self.issues("Condition_f201.json"), [])

    def test_an_imperfect_one(self):
        self.assertEqual(self.issues("Luna60_*.json"), [
            "error structure Bundle.entry[16].resource.category: must be an array",
            "error not-found Bundle.entry[58].resource.medicationReference.reference: "
            "reference to no entry of the Bundle",
            "warning value Bundle.entry[221].resource.valueTime: time with a zone",
        ])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
