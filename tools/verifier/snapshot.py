# SPDX-License-Identifier: Apache-2.0
"""Snapshots of the authenticated state (docs/formats/snapshot.md): chunks against a trusted root,
then the audit of the whole."""
import state
import wire
from hashing import tagged_hash
from state import KEY, LOW, u64be

CHUNK_BYTES_MAX = 10 * 1024 * 1024


class SnapshotError(Exception):
    """The name, as the page gives it, of the check that failed."""


def need(condition, name):
    if not condition:
        raise SnapshotError(name)


class ChunkWalk(state.Walk):
    """The walk of a proof that shows neighbouring positions, some by their leaf alone."""

    def __init__(self, chunk):
        first = chunk.first_serial - 1
        leaves = {first + i: leaf_of(e) for i, e in enumerate(chunk.entries)}
        super().__init__(chunk.count, leaves, thirty_twos(chunk.pages), thirty_twos(chunk.siblings))

    def is_set(self, position):
        page, bit = divmod(position, 256)
        return self.bits[page][bit // 8] >> bit % 8 & 1 == 1


def thirty_twos(data):
    need(len(data) % 32 == 0, "kRoot")
    return [data[i:i + 32] for i in range(0, len(data), 32)]


def is_whole(shipped):
    return shipped.which.get("form") == "entry"


def leaf_of(shipped):
    return state.leaf_of(shipped.entry) if is_whole(shipped) else shipped.leaf


def check_whole(entry, serial, height):
    """Check 4 for an entry that is shown whole."""
    need(entry.serial == serial and entry.kind in (KEY, LOW), "kEntry")
    need(entry.kind == LOW or state.carries_value(entry), "kEntry")
    need(len(entry.key) <= state.KEY_BYTES_MAX, "kEntry")
    need(len(entry.value) <= state.VALUE_BYTES_MAX, "kEntry")
    need(entry.value_height <= entry.height <= height and entry.ends < serial, "kEntry")
    try:
        state.check_shape(entry)
    except state.ProofError as error:
        raise SnapshotError("kEntry") from error


class Import:
    """Takes chunks in order. A refused chunk changes nothing."""

    def __init__(self, schema, root, height):
        self.schema, self.root, self.height = schema, root, height
        self.log = None  # (count, height) of the chunks so far
        self.next_serial = 1
        self.active = []

    def take(self, raw):
        need(len(raw) <= CHUNK_BYTES_MAX, "kTooLarge")
        try:
            chunk = wire.decode(self.schema, "SnapshotChunk", raw)
        except wire.WireError as error:
            raise SnapshotError("kMalformed") from error
        need(1 <= chunk.count <= state.COUNT_MAX and chunk.height <= self.height, "kForeign")
        need(self.log in (None, (chunk.count, chunk.height)), "kForeign")
        need(chunk.first_serial <= self.next_serial, "kMissing")
        need(chunk.first_serial == self.next_serial, "kRepeated")
        end = chunk.first_serial + len(chunk.entries)
        need(chunk.entries and end - 1 <= chunk.count, "kEntry")
        for serial, shipped in enumerate(chunk.entries, chunk.first_serial):
            need(shipped.which, "kEntry")
            if is_whole(shipped):
                check_whole(shipped.entry, serial, chunk.height)
            else:
                need(len(shipped.leaf) == 32, "kEntry")
        walk = self.checked_walk(chunk)
        for position, shipped in zip(walk.leaves, chunk.entries):
            need(walk.is_set(position) == is_whole(shipped), "kForm")
        self.active += [e.entry for e in chunk.entries if is_whole(e)]
        self.log, self.next_serial = (chunk.count, chunk.height), end

    def checked_walk(self, chunk):
        walk = ChunkWalk(chunk)
        try:
            top = walk.top()
        except state.ProofError as error:
            raise SnapshotError("kRoot") from error
        root = tagged_hash("consilium/state-root/1", u64be(chunk.count), u64be(chunk.height), top)
        need(root == self.root, "kRoot")
        return walk

    def finish(self):
        """The audit of the whole; the rows of the state, ascending."""
        need(self.log and self.next_serial == self.log[0] + 1, "kMissing")
        return audit(self.active)


def audit(active):
    """Checks 8 and 9: one LOW, every key once, and links that lead from each to the next."""
    lows = [e for e in active if e.kind == LOW]
    keys = sorted((e for e in active if e.kind == KEY), key=lambda e: e.key)
    need(len(lows) == 1 and len({e.key for e in keys}) == len(keys), "kChain")
    chain = lows + keys
    for entry, after in zip(chain, keys):
        need(not entry.high and entry.next == after.key, "kChain")
    need(chain[-1].high, "kChain")
    return [(e.key, e.value) for e in keys]
