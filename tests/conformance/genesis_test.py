#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/formats/receipt.md, "Genesis": which documents and states a reader takes."""
import os
import unittest

import support
import genesis
import genesis_cases
import ed25519
import receipt as receipts

FILE = support.ROOT / "tests/vectors/genesis/documents.json"


def verdict_of(raw):
    try:
        app_state = genesis.app_state_of(support.SCHEMA, raw)
        receipts.Trust(support.SCHEMA, app_state)
    except genesis.GenesisError as error:
        return str(error)
    return "ok"


class GenesisTest(unittest.TestCase):
    def test_vectors_are_those_that_are_made(self):
        if "CONSILIUM_WRITE_VECTORS" in os.environ:
            FILE.write_text(genesis_cases.file_text())
        self.assertTrue(FILE.read_text() == genesis_cases.file_text(), "the file differs")

    def test_vectors(self):
        cases = dict(support.vectors("genesis"))["documents.json"]["cases"]
        self.assertGreaterEqual(len(cases), 80)
        self.assertEqual(len({c["name"] for c in cases}), len(cases))
        for case in cases:
            with self.subTest(case=case["name"]):
                raw = (case["document"].encode() if "document" in case
                       else bytes.fromhex(case["document_hex"]))
                self.assertEqual(verdict_of(raw), case["verdict"])

    def test_a_state_without_document_is_checked_as_well(self):
        bad = genesis_cases.Genesis([genesis_cases.Member("ab", b"\1" + bytes(31), 1)]).state
        with self.assertRaisesRegex(genesis.GenesisError, "genesis-encoding"):
            receipts.Trust(support.SCHEMA, bad)

    def test_greatest_document(self):
        good = genesis_cases.Genesis().text().encode()
        size = genesis.DOCUMENT_BYTES_MAX
        self.assertEqual(verdict_of(good.ljust(size)), "ok")
        self.assertEqual(verdict_of(good.ljust(size + 1)), "genesis-document")

    def test_public_keys(self):
        for scalar in (1, 2, 3, 12345, ed25519.L - 1):
            self.assertTrue(ed25519.is_public_key(genesis_cases.key_of(scalar)))
        for name, key in genesis_cases.BAD_KEYS.items():
            self.assertFalse(ed25519.is_public_key(key), name)

    def test_times(self):
        for ms in (0, 951_782_399_999, 951_782_400_000, 1_709_164_800_000, 4_107_542_400_000):
            self.assertEqual(genesis.to_rfc3339(ms), genesis_cases.rfc3339(ms))
        self.assertEqual(genesis.to_rfc3339(253_402_300_800_000), "+10000-01-01T00:00:00.000Z")


if __name__ == "__main__":
    unittest.main()
