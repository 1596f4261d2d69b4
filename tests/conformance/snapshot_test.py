#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/formats/snapshot.md: the chunks of a snapshot give the state; no other chunk is taken."""
import unittest

import support
import snapshot
import state
import wire


class SnapshotTest(unittest.TestCase):
    def setUp(self):
        self.vector = dict(support.vectors("state"))["snapshot.json"]
        self.chunks = [bytes.fromhex(chunk) for chunk in self.vector["chunks"]]

    def begun(self, chunks=0):
        """An import that has taken so many of the chunks."""
        root = bytes.fromhex(self.vector["root"])
        out = snapshot.Import(support.SCHEMA, root, self.vector["state_height"])
        for chunk in self.chunks[:chunks]:
            out.take(chunk)
        return out

    def verdict(self, importing, chunk):
        """Of taking that chunk, or, without one, of finishing."""
        try:
            importing.finish() if chunk is None else importing.take(chunk)
        except snapshot.SnapshotError as error:
            return str(error)
        return "ok"

    def test_the_chunks_give_the_state(self):
        self.assertGreaterEqual(len(self.chunks), 3)
        rows = self.begun(len(self.chunks)).finish()
        self.assertEqual([[k.hex(), v.hex()] for k, v in rows], self.vector["rows"])

    def test_verdicts(self):
        seen = set()
        for case in self.vector["cases"]:
            with self.subTest(case=case["name"]):
                chunk = None if case["chunk"] is None else bytes.fromhex(case["chunk"])
                importing = self.begun(case["taken"])
                seen.add(case["verdict"])
                self.assertEqual(self.verdict(importing, chunk), case["verdict"])
                if chunk is None:
                    continue
                # What was refused changed nothing.
                for good in self.chunks[case["taken"]:]:
                    importing.take(good)
                self.assertEqual(len(importing.finish()), len(self.vector["rows"]))
        self.assertEqual(seen, {"kMalformed", "kForeign", "kMissing", "kRepeated", "kEntry",
                                "kRoot", "kForm"})

    def test_limits_of_a_chunk(self):
        most = snapshot.CHUNK_BYTES_MAX
        self.assertEqual(self.verdict(self.begun(), bytes(most)), "kMalformed")
        self.assertEqual(self.verdict(self.begun(), bytes(most + 1)), "kTooLarge")

    def test_changed_bits_are_refused(self):
        for taken, chunk in enumerate(self.chunks):
            importing = self.begun(taken)
            for bit, changed in support.flips(chunk, 199):
                self.assertNotEqual(self.verdict(importing, changed), "ok", f"bit {bit}")

    def test_the_audit_finds_what_is_missing_or_twice(self):
        whole = self.begun(len(self.chunks)).active
        self.assertEqual(len(snapshot.audit(whole)), len(whole) - 1)
        for i in range(len(whole)):
            for wrong in (whole[:i] + whole[i + 1:], whole + [whole[i]]):
                with self.assertRaisesRegex(snapshot.SnapshotError, "kChain"):
                    snapshot.audit(wrong)

    def test_deletions_and_changes_are_among_the_vectors(self):
        decoded = [wire.decode(support.SCHEMA, "SnapshotChunk", c) for c in self.chunks]
        entries = [e for chunk in decoded for e in chunk.entries]
        self.assertGreater(len(entries), 256, "more than one page")
        self.assertTrue(any(not snapshot.is_whole(e) for e in entries))
        self.assertTrue(any(snapshot.is_whole(e) and e.entry.kind == state.KEY and e.entry.ends
                            for e in entries))
        self.assertLess(decoded[0].height, self.vector["state_height"], "a block without changes")


if __name__ == "__main__":
    unittest.main()
