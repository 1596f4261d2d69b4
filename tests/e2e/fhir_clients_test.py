#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""FHIR client libraries that others wrote, unchanged, against a real node over TLS.

Needs npm and its registry; the versions are those of fhir_clients/package-lock.json.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import fhir_support
import support

FOLDER = pathlib.Path(__file__).resolve().parent / "fhir_clients"


class FhirClientsTest(fhir_support.FhirCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.holder.cleanup)
        cls.packages = pathlib.Path(cls.holder.name)
        for file in FOLDER.iterdir():
            shutil.copy(file, cls.packages)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--legacy-peer-deps", "--omit=optional",
                        "--no-audit", "--no-fund", "--silent"],
                       cwd=cls.packages, check=True, timeout=300)

    def run_client(self, script):
        network = self.make_network()
        process = self.start_node(network)
        fhir = self.client(network, process, "hospital")
        for name in ("hospitals", "practitioners"):
            answer = fhir.request("POST", "", fhir_support.demo_bundle(name))
            self.assertEqual(answer.status, 200, answer.body[:600])
        bundle = self.folder / "bundle.json"
        bundle.write_bytes(fhir_support.demo_bundle("patient-1"))
        done = subprocess.run(
            ["node", script], cwd=self.packages, capture_output=True, text=True, check=False,
            timeout=support.TIMEOUT_S,
            env={**os.environ, "FHIR_BASE": process.listening["hospital"] + "/fhir",
                 "FHIR_TOKEN": fhir.token, "FHIR_BUNDLE": str(bundle),
                 "NODE_EXTRA_CA_CERTS": str(network / "members/hospital/tls/node.crt")})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_fhir_kit_client(self):
        self.run_client("fhir_kit_client.mjs")

    def test_fhirclient(self):
        self.run_client("fhirclient.mjs")


if __name__ == "__main__":
    unittest.main()
