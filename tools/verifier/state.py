# SPDX-License-Identifier: Apache-2.0
"""Proofs from the authenticated state (docs/formats/state.md): present, absent, complete, as of."""
import wire
from hashing import sha256, tagged_hash

PRESENT, ABSENT, PREFIX = 1, 2, 3
KEY, LOW, END = 0, 1, 2
KEY_BYTES_MAX, VALUE_BYTES_MAX = 256, 65536
COUNT_MAX = 2**48
PAGE_LEVEL = 8


class ProofError(Exception):
    """The name, as the page gives it, of the check that failed."""


class Proven:
    """What a proof proves: a question, its moment, and the rows that answer it."""

    def __init__(self, proof, rows):
        self.kind = {PRESENT: "present", ABSENT: "absent", PREFIX: "prefix"}[proof.kind]
        self.subject = rows[0][0] if proof.kind == PRESENT else proof.subject
        self.as_of = proof.as_of.height if proof.as_of else None
        self.count, self.height, self.rows = proof.count, proof.height, rows


def need(condition, name):
    if not condition:
        raise ProofError(name)


def u64be(value):
    return value.to_bytes(8, "big")


def content_of(entry):
    """SHA-256 of a KEY's value, empty for the other kinds."""
    if "content" not in entry.which:
        return b""
    return sha256(entry.value) if entry.which["content"] == "value" else entry.value_sha256


def carries_value(entry):
    return entry.which.get("content") == "value"


def leaf_of(entry):
    numbers = bytes([entry.kind, entry.high])
    for number in (entry.serial, entry.height, entry.value_height, entry.ends):
        numbers += u64be(number)
    return tagged_hash("consilium/state-entry/1", numbers, entry.key, entry.next,
                       content_of(entry))


def check_question(proof):
    need(proof.kind in (PRESENT, ABSENT, PREFIX), "kKind")
    need(proof.kind != PRESENT or not proof.subject, "kKind")
    need(len(proof.subject) <= KEY_BYTES_MAX, "kKeyLength")
    need(proof.kind != ABSENT or proof.subject, "kKeyLength")
    moment = u64be(proof.as_of.height) if proof.as_of else b""
    full = tagged_hash("consilium/state-question/1", bytes([proof.kind]), proof.subject, moment)
    need(proof.question_sum == full[:4], "kQuestion")


def check_order(proof):
    need(proof.entries and 1 <= proof.count <= COUNT_MAX, "kEntryOrder")
    last = 0
    for entry in proof.entries:
        need(last < entry.serial <= proof.count, "kEntryOrder")
        last = entry.serial
        need(len(entry.key) <= KEY_BYTES_MAX, "kKeyLength")
        need(len(entry.value) <= VALUE_BYTES_MAX, "kKeyLength")
        need(entry.value_height <= entry.height <= proof.height, "kHeightOrder")
        need(entry.ends < entry.serial, "kEnds")


def check_shape(entry):
    linked = entry.high != bool(entry.next)
    if entry.kind == KEY:
        good = len(entry.key) >= 1 and linked and "content" in entry.which
        good = good and (carries_value(entry) or len(entry.value_sha256) == 32)
    elif entry.kind == LOW:
        good = linked and not (entry.key or entry.value_height or entry.which)
    else:
        good = entry.key and entry.ends and not (entry.high or entry.next or entry.value_height
                                                 or entry.which)
    need(good and len(entry.next) <= KEY_BYTES_MAX, "kEntryShape")
    need(not entry.next or entry.next > entry.key, "kEntryShape")


def thirty_twos(data, name):
    need(len(data) % 32 == 0, name)
    return [data[i:i + 32] for i in range(0, len(data), 32)]


class Walk:
    """Computes the top of the tree from the entries shown, their pages of bits, and siblings."""

    def __init__(self, count, leaves, pages, siblings):
        self.count, self.leaves = count, leaves  # position -> leaf, ascending
        self.pages, self.siblings = pages, siblings
        self.pages_taken = self.siblings_taken = 0
        self.bits = {}  # page number -> its 32 bytes

    def top(self):
        level = PAGE_LEVEL
        while 1 << level < self.count:
            level += 1
        top = self.node(level, 0, list(self.leaves))
        need(self.pages_taken == len(self.pages), "kPages")
        need(self.siblings_taken == len(self.siblings), "kSiblings")
        return top

    def node(self, level, index, shown):
        if not shown:
            need(self.siblings_taken < len(self.siblings), "kSiblings")
            self.siblings_taken += 1
            return self.siblings[self.siblings_taken - 1]
        if level == 0:
            return self.leaves[index]
        middle = (2 * index + 1) << level - 1
        node = self.node(level - 1, 2 * index, [p for p in shown if p < middle])
        if middle < self.count:
            right = self.node(level - 1, 2 * index + 1, [p for p in shown if p >= middle])
            tag = "consilium/state-inner/1" if level <= PAGE_LEVEL else "consilium/state-upper/1"
            node = tagged_hash(tag, node, right)
        return self.page(index, node) if level == PAGE_LEVEL else node

    def page(self, index, entries):
        need(self.pages_taken < len(self.pages), "kPages")
        bits = self.pages[self.pages_taken]
        self.pages_taken += 1
        beyond = int.from_bytes(bits, "little") >> max(0, min(256, self.count - 256 * index))
        need(beyond == 0, "kPages")
        self.bits[index] = bits
        return tagged_hash("consilium/state-page/1", entries, bits)

    def active(self, entry):
        page, bit = divmod(entry.serial - 1, 256)
        return self.bits[page][bit // 8] >> bit % 8 & 1 == 1


def alive(proof, walk):
    """The entries that were alive at the moment asked for; every other one must end one of them."""
    if proof.as_of is None:
        need(all(walk.active(e) and e.kind != END for e in proof.entries), "kNotAlive")
        return proof.entries
    moment = proof.as_of.height
    candidates = {e.serial: e for e in proof.entries if e.height <= moment}
    ended = set()
    for entry in proof.entries:
        if entry.height <= moment:
            continue
        former = candidates.get(entry.ends)
        need(former is not None and not walk.active(former), "kUnused")
        need(entry.key == former.key, "kEnds")
        need(entry.kind == LOW if former.kind == LOW else entry.kind in (KEY, END), "kEnds")
        ended.add(former.serial)
    for entry in candidates.values():
        need(entry.kind != END and (walk.active(entry) or entry.serial in ended), "kNotAlive")
    return list(candidates.values())


def answer(proof, entries):
    """The rows that the living entries give for the question."""
    need(entries, "kChainStart" if proof.kind == PREFIX else "kUnused")
    if proof.kind == PREFIX:
        return chain(proof.subject, entries)
    need(len(entries) == 1, "kUnused")
    entry = entries[0]
    if proof.kind == PRESENT:
        need(entry.kind == KEY and carries_value(entry), "kEntryShape")
        return [entry]
    below = entry.kind == LOW or entry.key < proof.subject
    need(below and (entry.high or proof.subject < entry.next), "kNotAbsent")
    return []


def chain(prefix, entries):
    entries = sorted(entries, key=lambda e: (e.kind != LOW, e.key))
    first = entries[0]
    starts_at_row = first.kind == KEY and first.key == prefix
    if not starts_at_row:
        need(first.kind == LOW or first.key < prefix, "kChainStart")
        need(first.high or first.next >= prefix, "kChainStart")
    rows = entries if starts_at_row else entries[1:]
    for row in rows:
        need(row.kind == KEY and row.key.startswith(prefix), "kUnused")
        need(carries_value(row), "kEntryShape")
    for entry, after in zip(entries, entries[1:]):
        need(not entry.high and entry.next == after.key, "kChainBroken")
    last = entries[-1]
    need(last.high or not last.next.startswith(prefix), "kChainEnd")
    return rows


def check(schema, raw, root, state_height):
    """What the proof in `raw` proves under a trusted root, or ProofError."""
    try:
        proof = wire.decode(schema, "StateProof", raw)
    except wire.WireError as error:
        raise ProofError("kMalformed") from error
    check_question(proof)
    need(proof.height <= state_height, "kStateHeight")
    need(proof.as_of is None or proof.as_of.height <= state_height, "kAsOfAboveState")
    check_order(proof)
    for entry in proof.entries:
        check_shape(entry)
    walk = Walk(proof.count, {e.serial - 1: leaf_of(e) for e in proof.entries},
                thirty_twos(proof.pages, "kPages"), thirty_twos(proof.siblings, "kSiblings"))
    top = walk.top()
    need(tagged_hash("consilium/state-root/1", u64be(proof.count), u64be(proof.height), top)
         == root, "kRoot")
    rows = answer(proof, alive(proof, walk))
    shown = {e.serial for e in rows}
    need(all(e.serial in shown for e in proof.entries if carries_value(e)), "kEntryShape")
    return Proven(proof, [(e.key, e.value) for e in rows])
