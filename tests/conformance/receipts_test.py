#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/formats/receipt.md: every vector gives its verdict and facts; changed bits are refused."""
import unittest

import support
import receipt as receipts


def verdict_of(file, case, raw=None):
    """(verdict, facts) of one case, or of it with other receipt bytes."""
    try:
        trust = receipts.Trust(
            support.SCHEMA, bytes.fromhex(file["app_state"]),
            [bytes.fromhex(c) for c in case["checkpoints"]],
            bytes.fromhex(case.get("history", file["history"])))
        if raw is None:
            raw = bytes.fromhex(case["receipt"])
        facts = {}
        if raw:
            facts = receipts.verify(trust, raw, case["now_unix_ms"], case.get("age_ms_max"))
    except receipts.Refused as error:
        return str(error), {}
    return "ok", facts


class ReceiptsTest(unittest.TestCase):
    def test_vectors(self):
        files = support.vectors("receipts")
        self.assertGreaterEqual(len(files), 5)
        for name, file in files:
            self.assertGreaterEqual(len(file["cases"]), 10)
            for case in file["cases"]:
                with self.subTest(file=name, case=case["name"]):
                    verdict, facts = verdict_of(file, case)
                    self.assertEqual(verdict, case["verdict"])
                    wanted = case.get("facts", {})
                    self.assertEqual({k: facts.get(k) for k in wanted}, wanted)

    def test_changed_bits_are_refused(self):
        # The first implementation is tested exhaustively; this one is slow, so a sample of bits.
        for name, file in support.vectors("receipts"):
            good = [c for c in file["cases"] if c["verdict"] == "ok" and c["receipt"]][:1]
            for case in good:
                raw = bytes.fromhex(case["receipt"])
                for bit, changed in support.flips(raw, every=307):
                    with self.subTest(file=name, case=case["name"], bit=bit):
                        self.assertNotEqual(verdict_of(file, case, changed)[0], "ok")


if __name__ == "__main__":
    unittest.main()
