# SPDX-License-Identifier: Apache-2.0
"""Trust and receipts (docs/formats/receipt.md): bytes in, facts out; no clock, disk or network."""
import comet
import genesis
import state
import wire
from comet import HeaderError
from hashing import inner_hash, leaf_hash, root_from_path, tagged_hash

RECEIPT_BYTES_MAX = 64 * 1024 * 1024
TRANSACTION_BYTES_MAX = 65536
CLOCK_DRIFT_MS = 10_000


class Refused(Exception):
    """The name of the check that failed."""


def need(condition, verdict):
    if not condition:
        raise Refused(verdict)


def decode(schema, name, raw, verdict="encoding"):
    try:
        return wire.decode(schema, name, raw)
    except wire.WireError as error:
        raise Refused(verdict) from error


def u32be(value):
    return value.to_bytes(4, "big")


def signed_header_of(raw):
    try:
        return comet.decode_signed_header(raw)
    except HeaderError as error:
        raise Refused(str(error)) from error


def validators_of(raw):
    try:
        return comet.decode_validators(raw)
    except HeaderError as error:
        raise Refused(str(error)) from error


class Trust:
    """What is believed before a receipt is read: genesis, pinned checkpoints, and what follows."""

    def __init__(self, schema, app_state, checkpoints=(), history=b""):
        self.schema = schema
        self.network_id = genesis.network_id(app_state)
        self.chain_id = genesis.chain_id(self.network_id).encode()
        state_of_genesis = genesis.decode_state(schema, app_state)
        self.genesis_ms = state_of_genesis.time_unix_ms
        nodes = [m.node for m in genesis.validators_of(state_of_genesis.members)]
        validators = comet.sort_validators(
            [comet.Validator(n.validator_public_key, n.validator_power) for n in nodes])
        self.epochs = [(1, validators, None)]  # from height, set, anchor: a checkpoint's header
        self.known = {}  # height -> (hash, time in ms)
        self.build([self.read_checkpoint(c) for c in checkpoints], self.read_history(history))

    def read_checkpoint(self, raw):
        file = decode(self.schema, "Checkpoint", raw)
        header, commit = signed_header_of(file.signed_header)
        validators = validators_of(file.validators)
        following = validators_of(file.next_validators) if file.next_validators else validators
        need(not file.next_validators or file.next_validators != file.validators,
             "history-no-change")
        need(header.next_validators_hash == comet.validators_hash(following), "next-validators")
        self.check(header, commit, validators)
        return header, validators, following

    def read_history(self, raw):
        file = decode(self.schema, "ValidatorHistory", raw)
        return [(signed_header_of(c.signed_header), c.next_validators) for c in file.changes]

    def build(self, checkpoints, changes):
        heights = [0] + [header.height for (header, _), _ in changes]
        steps = [(header.height, 0, (header, validators, following))
                 for header, validators, following in checkpoints]
        steps += [(header.height, 1, (header, commit, raw)) for (header, commit), raw in changes]
        # A history that is out of order is found where it is.
        for height, before in zip(heights[1:], heights):
            need(height > before, "history-order")
        for _, kind, step in sorted(steps, key=lambda s: s[:2]):
            if kind == 0:
                header, validators, following = step
                self.check_known(header)
                self.learn(header)
                self.begin(header.height, validators, header)
                self.begin(header.height + 1, following, header)
            else:
                self.take_change(*step)

    def take_change(self, header, commit, raw):
        _, validators, anchor = self.epoch_of(header.height)
        self.check(header, commit, validators)
        self.check_known(header)
        following = validators_of(raw)
        need(header.next_validators_hash == comet.validators_hash(following), "next-validators")
        need(comet.validators_hash(following) != comet.validators_hash(validators),
             "history-no-change")
        self.learn(header)
        self.begin(header.height + 1, following, anchor)

    def begin(self, height, validators, anchor):
        self.epochs = [e for e in self.epochs if e[0] != height] + [(height, validators, anchor)]
        self.epochs.sort(key=lambda e: e[0])

    def epoch_of(self, height):
        return [e for e in self.epochs if e[0] <= max(height, 1)][-1]

    def learn(self, header):
        self.known[header.height] = (header.hash(), header.time_ms())

    def check(self, header, commit, validators):
        try:
            comet.check_signed_header(header, commit, validators, self.chain_id)
        except HeaderError as error:
            raise Refused(str(error)) from error

    def check_known(self, header):
        if header.height in self.known:
            need(self.known[header.height][0] == header.hash(), "checkpoint-conflict")
            return
        time = header.time_ms()
        need(time >= self.genesis_ms, "header-time")
        below = [h for h in self.known if h < header.height]
        above = [h for h in self.known if h > header.height]
        need(not below or time > self.known[max(below)][1], "header-time")
        need(not above or time < self.known[min(above)][1], "header-time")

    def verify_header(self, raw, now_ms=None, age_ms_max=None):
        """The header of a receipt and its epoch's anchor."""
        header, commit = signed_header_of(raw)
        need(header.height >= 1, "header-fields")
        _, validators, anchor = self.epoch_of(header.height)
        self.check(header, commit, validators)
        self.check_known(header)
        if now_ms is not None:
            need(header.time_ms() <= now_ms + CLOCK_DRIFT_MS, "from-future")
            need(age_ms_max is None or now_ms - header.time_ms() <= age_ms_max, "too-old")
        return header, anchor


def header_facts(header, anchor):
    return {"header_height": header.height, "header_hash": header.hash().hex(),
            "time_unix_ms": header.time_ms(), "anchor": "checkpoint" if anchor else "genesis",
            "anchor_height": anchor.height if anchor else 0,
            "anchor_time_unix_ms": anchor.time_ms() if anchor else None}


def root_by_sides(leaf, path, left):
    need(len(path) <= 32 and left >> len(path) == 0, "result")
    node = leaf
    for k, sibling in enumerate(path):
        need(len(sibling) == 32, "result")
        node = inner_hash(sibling, node) if left >> k & 1 else inner_hash(node, sibling)
    return node


def verify_outcome(trust, receipt, now_ms, age_ms_max):
    header, anchor = trust.verify_header(receipt.signed_header, now_ms, age_ms_max)
    need(header.height == receipt.height + 1, "height")
    need(len(receipt.transaction) <= TRANSACTION_BYTES_MAX, "too-large")
    wanted = tagged_hash("consilium/transaction/1", trust.network_id, receipt.member_id.encode(),
                         receipt.transaction)
    need(receipt.transaction_id == wanted, "transaction")
    need(genesis.MEMBER_ID.fullmatch(receipt.member_id), "transaction")
    outcome = decode(trust.schema, "Outcome", receipt.outcome, "outcome-encoding")
    if outcome.code == 0:
        need(outcome.contract == 0 and outcome.command_index == 0, "outcome-encoding")
    else:
        need(outcome.contract != 0 and not outcome.assigned, "outcome-encoding")
    need(len(receipt.outcome_root) == 32 and 1 <= receipt.count <= 4096, "outcome")
    need(receipt.index < receipt.count and len(receipt.outcome_path) <= 32, "outcome")
    need(all(len(s) == 32 for s in receipt.outcome_path), "outcome")
    leaf = tagged_hash("consilium/outcome/1", receipt.transaction_id, u32be(receipt.index),
                       receipt.outcome)
    root = root_from_path(leaf_hash(leaf), receipt.index, receipt.count, receipt.outcome_path)
    need(root == receipt.outcome_root, "outcome")
    need(len(receipt.bundle_id) == 32, "result")
    data = tagged_hash("consilium/result/1", receipt.bundle_id, u32be(receipt.count),
                       receipt.outcome_root)
    leaf = leaf_hash(b"\x12\x20" + data)
    need(root_by_sides(leaf, receipt.result_path, receipt.result_left)
         == header.last_results_hash, "result")
    return {"kind": "outcome", "transaction_id": receipt.transaction_id.hex(),
            "member_id": receipt.member_id, "outcome": receipt.outcome.hex(),
            "bundle_id": receipt.bundle_id.hex(), "index": receipt.index, "count": receipt.count,
            "height": receipt.height, "code": outcome.code, "contract": outcome.contract,
            **header_facts(header, anchor)}


def verify_state(trust, receipt, now_ms, age_ms_max):
    header, anchor = trust.verify_header(receipt.signed_header, now_ms, age_ms_max)
    need(len(header.app_hash) == 32, "header-fields")
    try:
        proven = state.check(trust.schema, receipt.proof, header.app_hash, header.height - 1)
    except state.ProofError as error:
        raise Refused("state-proof") from error
    need((receipt.as_of is not None) == (proven.as_of is not None), "as-of-missing")
    times = {}
    if receipt.as_of is not None:
        first, *anchors = trust.verify_header(receipt.as_of.signed_header, now_ms)
        second, other = trust.verify_header(receipt.as_of.next_signed_header, now_ms)
        need(first.height == proven.as_of and second.height == first.height + 1, "as-of-height")
        need(first.time_ms() <= second.time_ms() <= header.time_ms(), "header-time")
        # The oldest: genesis (nothing), or the checkpoint of least height.
        anchor = min([anchor, *anchors, other], key=lambda a: a.height if a else 0)
        times = {"as_of_height": proven.as_of, "from_unix_ms": first.time_ms(),
                 "until_unix_ms": second.time_ms()}
    return {"kind": "state", "question": proven.kind, "subject": proven.subject.hex(),
            **times,
            "rows": [[key.hex(), value.hex()] for key, value in proven.rows],
            "height": header.height - 1, **header_facts(header, anchor)}


def verify(trust, raw, now_ms=None, age_ms_max=None, kind=None):
    """What a receipt proves, or Refused with the name of the first check that failed."""
    need(len(raw) <= RECEIPT_BYTES_MAX, "too-large")
    file = decode(trust.schema, "Receipt", raw)
    found = file.which.get("kind")
    need(found is not None and kind in (None, found), "kind")
    check = verify_outcome if found == "outcome" else verify_state
    return check(trust, getattr(file, found), now_ms, age_ms_max)
