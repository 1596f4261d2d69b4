#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/formats/state.md: a plain model of the log gives every root; every proof its verdict."""
import unittest
import unittest.mock

import support
import state
import wire
from genesis_cases import number, part
from hashing import sha256, tagged_hash
from state import END, KEY, LOW, u64be

LOW_KEY = None  # sorts below all keys


class Entry:
    """One entry of the log, with the names that state.leaf_of() reads."""

    def __init__(self, kind, key, link, height, value_height, ends, value):
        self.kind, self.key, self.height = kind, key or b"", height
        self.high, self.next = kind != END and link is None, link or b""
        self.value_height, self.ends, self.serial = value_height, ends, 0
        self.which = {"content": "value"} if kind == KEY else {}
        self.value, self.value_sha256 = value, b""


class Model:
    """The authenticated state as the page tells it, without any thought of speed."""

    def __init__(self):
        self.map, self.log, self.active, self.height = {}, [], {}, 0

    def links(self, values):
        """Every key that is there (LOW first) with the key that follows it."""
        keys = [LOW_KEY] + sorted(values)
        return dict(zip(keys, keys[1:] + [None]))

    def apply(self, height, changes):
        before, after = self.map, dict(self.map)
        for key, value in changes:
            if value is None:
                after.pop(key, None)
            else:
                after[key] = value
        old = self.links(before) if self.log else {}
        new = self.links(after)
        order = lambda key: (key is not LOW_KEY, key or b"")
        for key in sorted(set(old) | set(new), key=order):
            same = key in old and key in new and old[key] == new[key]
            if same and before.get(key) == after.get(key):
                continue
            self.append(key, old, new, before, after, height)
        self.map = after

    def append(self, key, old, new, before, after, height):
        former = self.active.get(key)
        ends = former.serial if former else 0
        if key not in new:
            entry = Entry(END, key, None, height, 0, ends, None)
        elif key is LOW_KEY:
            entry = Entry(LOW, key, new[key], height, 0, ends, None)
        else:
            kept = former and before.get(key) == after[key]
            value_height = former.value_height if kept else height
            entry = Entry(KEY, key, new[key], height, value_height, ends, after[key])
        self.log.append(entry)
        entry.serial, self.height = len(self.log), height
        self.active.pop(key, None)
        if entry.kind != END:
            self.active[key] = entry

    def root(self):
        current = {entry.serial for entry in self.active.values()}
        pages = []
        for first in range(0, len(self.log), 256):
            page = self.log[first:first + 256]
            bits = sum(1 << i for i, entry in enumerate(page) if entry.serial in current)
            entries = tree("consilium/state-inner/1", [state.leaf_of(e) for e in page])
            bits = bits.to_bytes(32, "little")
            pages.append(tagged_hash("consilium/state-page/1", entries, bits))
        top = tree("consilium/state-upper/1", pages)
        return tagged_hash("consilium/state-root/1", u64be(len(self.log)), u64be(self.height), top)


def tree(tag, nodes):
    while len(nodes) > 1:
        joined = [tagged_hash(tag, a, b) for a, b in zip(nodes[::2], nodes[1::2])]
        nodes = joined + nodes[len(nodes) // 2 * 2:]
    return nodes[0]


def whole_list(model, as_of=None, hashed=()):
    """A StateProof of everything that shows every entry; the values of those `hashed` by serial
    alone."""
    moment = b"" if as_of is None else u64be(as_of)
    out = number(1, state.PREFIX) + (part(3, number(1, as_of)) if as_of else b"")
    out += number(4, len(model.log)) + number(5, model.height)
    for e in model.log:
        raw = number(1, e.kind) + number(2, e.serial) + number(3, e.height)
        raw += number(4, e.value_height) + (part(5, e.key) if e.key else b"")
        raw += (part(6, e.next) if e.next else b"") + number(7, e.high) + number(8, e.ends)
        if e.kind == KEY:
            raw += part(10, sha256(e.value)) if e.serial in hashed else part(9, e.value)
        out += part(6, raw)
    current = {e.serial for e in model.active.values()}
    pages = [sum(1 << i for i in range(256) if first + i + 1 in current)
             for first in range(0, len(model.log), 256)]
    out += part(7, b"".join(bits.to_bytes(32, "little") for bits in pages))
    question = tagged_hash("consilium/state-question/1", bytes([state.PREFIX]), b"", moment)
    return out + part(9, question[:4])


def unhex(text):
    return None if text is None else bytes.fromhex(text)


class StateTest(unittest.TestCase):
    def setUp(self):
        self.files = dict(support.vectors("state"))

    def test_roots(self):
        ledgers = self.files["roots.json"]
        self.assertGreaterEqual(len(ledgers), 5)
        for ledger in ledgers:
            model = Model()
            for block in ledger["blocks"]:
                with self.subTest(ledger=ledger["name"], height=block["height"]):
                    changes = [(unhex(k), unhex(v)) for k, v in block["changes"]]
                    model.apply(block["height"], changes)
                    self.assertEqual(len(model.log), block["count"])
                    self.assertEqual(model.root().hex(), block["root"])

    def test_proofs(self):
        cases = self.files["proofs.json"]
        self.assertGreaterEqual(len(cases), 20)
        verdicts = set()
        for case in cases:
            with self.subTest(case=case["name"]):
                verdict, proven = self.verdict_of(case, unhex(case["proof"]))
                verdicts.add(verdict)
                self.assertEqual(verdict, case["verdict"])
                if proven:
                    rows = [[key.hex(), value.hex()] for key, value in proven.rows]
                    self.assertEqual(rows, case["rows"])
                    question = {"kind": "prefix" if proven.kind == "prefix" else "key",
                                "subject": proven.subject.hex(), "as_of": proven.as_of}
                    self.assertEqual(question, case["question"])
        self.assertGreaterEqual(len(verdicts), 10, "the vectors reach too few of the checks")

    def test_changed_bits_are_refused(self):
        good = [c for c in self.files["proofs.json"] if c["verdict"] == "ok"]
        for case in good:
            raw = unhex(case["proof"])
            every = max(1, len(raw) * 8 // 200)
            for bit, changed in support.flips(raw, every):
                verdict, _ = self.verdict_of(case, changed)
                self.assertNotEqual(verdict, "ok", f"{case['name']}, bit {bit}")

    def test_a_long_list_is_checked_without_comparing_its_rows_in_pairs(self):
        model = Model()
        rows = [(i.to_bytes(4, "big"), b"v") for i in range(3000)]
        model.apply(1, rows)
        raw = whole_list(model)
        comparisons = []

        def compare(a, b):
            comparisons.append(0)
            return a is b

        with unittest.mock.patch.object(wire.Message, "__eq__", compare):
            proven = state.check(support.SCHEMA, raw, model.root(), 1)
        self.assertEqual(proven.rows, rows)
        self.assertEqual(comparisons, [])

    def test_a_value_beside_the_answer_is_refused(self):
        model = Model()
        model.apply(1, [(b"k", b"v")])
        model.apply(2, [(b"k", b"w")])
        verdicts = set()
        for raw in (whole_list(model, as_of=1), whole_list(model, as_of=1, hashed={3})):
            case = {"root": model.root().hex(), "state_height": 2}
            verdicts.add(self.verdict_of(case, raw)[0])
        self.assertEqual(verdicts, {"kEntryShape", "ok"})

    def test_siblings_are_taken_in_order_and_all_of_them(self):
        leaves = [bytes([i % 256]) * 32 for i in range(4096)]
        wanted, pages = [], []
        for first in range(0, 4096, 256):
            entries = tree("consilium/state-inner/1", leaves[first:first + 256])
            pages.append(bytes([first // 256]) * 32)
            wanted.append(tagged_hash("consilium/state-page/1", entries, pages[-1]))
        shown, hidden = dict(list(enumerate(leaves))[::2]), leaves[1::2]
        top = state.Walk(4096, shown, pages, hidden).top()
        self.assertEqual(top, tree("consilium/state-upper/1", wanted))
        for taken in (hidden[:-1], hidden + hidden[:1]):
            with self.assertRaisesRegex(state.ProofError, "kSiblings"):
                state.Walk(4096, shown, pages, taken).top()
        for taken in (pages[:-1], pages + pages[:1]):
            with self.assertRaisesRegex(state.ProofError, "kPages"):
                state.Walk(4096, shown, taken, hidden).top()

    @staticmethod
    def verdict_of(case, raw):
        try:
            return "ok", state.check(support.SCHEMA, raw, unhex(case["root"]), case["state_height"])
        except state.ProofError as error:
            return str(error), None


if __name__ == "__main__":
    unittest.main()
