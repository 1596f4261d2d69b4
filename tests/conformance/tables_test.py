#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/formats/tables.md and contracts.md against every vector of the contracts: each row has a
table there and keeps its fields and its message, each rejection has a code and a name there."""
import re
import unittest

import support
import wire

DOCS = support.ROOT / "docs/formats"
COMMANDS = {2: "MembershipCommand", 3: "ChartsCommand", 4: "DocumentsCommand",
            5: "IdentityCommand", 6: "EhrCommand"}
LENGTHS = {"id": 16, "hash": 32}
BITS = {"u32": 32, "u64": 64}


def kinds_of(fields):
    """The kinds of a key's fields, out of words such as "member text, key u32 from 1"."""
    if fields.startswith("none"):
        return []
    out = []
    for part in fields.replace(" from 1", "").split(", "):
        kind = part.split()[-1]
        if kind in ("id", "hash", "u32", "u64", "text", "list"):
            out.append(kind)
    return out


def tables():
    """name -> (contract, kinds of fields, message)"""
    out = {}
    for line in (DOCS / "tables.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].isdigit():
            name, message = cells[2].strip("`"), re.match(r"`(\w+)`", cells[4]).group(1)
            out[name] = (int(cells[0]), kinds_of(cells[3]), message)
    return out


def codes():
    """(contract, code) -> name, out of the tables of codes."""
    out = {}
    sections = re.split(r"^## (\d+) \w+$", (DOCS / "contracts.md").read_text(), flags=re.M)
    for contract, text in zip(sections[1::2], sections[2::2]):
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            for code, name in zip(cells[::2], cells[1::2]):
                if code.isdigit() and re.fullmatch(r"[a-z-]+", name):
                    out[int(contract), int(code)] = name
    return out


TABLES = tables()


def is_field(kind, text):
    if kind in LENGTHS:
        return re.fullmatch(f"[0-9a-f]{{{2 * LENGTHS[kind]}}}", text) is not None
    if kind in BITS:
        return text == str(int(text)) and 0 <= int(text) < 1 << BITS[kind]
    if kind == "list":
        return re.fullmatch(r"chart:[0-9a-f]{32}|member:[a-z][a-z0-9-]*", text) is not None
    return re.fullmatch(r"[a-z][a-z0-9-]*", text) is not None


class TablesTest(unittest.TestCase):
    def check_row(self, path, value):
        parts = path.split("/")
        contract, kinds, message = TABLES["/".join(parts[:2])]
        self.assertEqual(len(parts) - 2, len(kinds), path)
        for kind, text in zip(kinds, parts[2:]):
            self.assertTrue(is_field(kind, text), f"{path}: {text} is no {kind}")
        if value is not None:
            wire.decode(support.SCHEMA, message, bytes.fromhex(value))
        return contract

    def commands(self, item):
        def decode(name, data):
            return wire.decode(support.SCHEMA, name, data)
        for transaction in decode("Bundle", decode("Item", item).bundle).transactions:
            yield from decode("Body", decode("Transaction", transaction).body).commands

    def test_every_vector(self):
        known, seen = codes(), set()
        for name, case in support.vectors("contracts"):
            if "item" not in case:
                continue
            with self.subTest(name):
                changed = {self.check_row(path, value) for path, value in case["changed"].items()}
                for path, value in case["given"].items():
                    self.check_row(path, value)
                seen.update("/".join(path.split("/")[:2])
                            for path in [*case["given"], *case["changed"]])
                outcome = wire.decode(support.SCHEMA, "Outcome", bytes.fromhex(case["outcome"]))
                commands = list(self.commands(bytes.fromhex(case["item"])))
                if outcome.code:
                    # Nothing changes but the ledger's own window, which vectors leave out.
                    self.assertEqual(changed - {1}, set())
                    self.assertTrue(outcome.contract == 1 or
                                    (outcome.contract, outcome.code) in known)
                    continue
                self.assertLessEqual(changed, {1, *(c.contract for c in commands)})
                for command in commands:
                    wire.decode(support.SCHEMA, COMMANDS[command.contract], command.payload)
        exchange = {name for name, table in TABLES.items() if table[0] in (5, 6)}
        self.assertEqual(exchange - seen, set(), "tables that no vector shows")

    def test_codes_have_no_gaps(self):
        known = codes()
        for contract in COMMANDS:
            numbers = sorted(code for of, code in known if of == contract)
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)), contract)
            names = [name for (of, _), name in known.items() if of == contract]
            self.assertEqual(len(names), len(set(names)), contract)

    def test_what_is_no_row(self):
        with self.assertRaises(KeyError):
            self.check_row("ehr/nothing/00", "")
        for path in ("ehr/request/00/1", "ehr/request/" + "0" * 32, "ehr/policy/Clinic",
                     "ehr/review-due/clinic/18446744073709551616/" + "0" * 32 + "/1"):
            with self.assertRaises(AssertionError):
                self.check_row(path, "")
        with self.assertRaises(wire.WireError):
            self.check_row("ehr/policy/clinic", "0800")


if __name__ == "__main__":
    unittest.main()
