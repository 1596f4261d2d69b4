#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies Consilium receipts offline: a second implementation of docs/formats, in plain Python.

    tools/verifier/verify.py --genesis genesis.json receipt.bin...

Needs the files alone: no node, no network, nothing but the standard library. Prints what each
receipt proves, or the name of the check that it fails. Exit codes: 0 all good; 1 a receipt, a
checkpoint or the history was refused; 2 the genesis document is none, or a file cannot be read and
nothing was refused.
"""
import argparse
import datetime
import json
import pathlib
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import genesis  # noqa: E402
import receipt as receipts  # noqa: E402
import wire  # noqa: E402


# Of a checkpoint or a history.
TRUST_BYTES_MAX = 256 * 1024 * 1024


class Unusable(Exception):
    """What the user gave cannot be used; says what to do."""


def load_schema():
    return wire.Schema().load(HERE.parent.parent / "proto/consilium/v1")


def read(path, bytes_max):
    """A whole file; of one that is longer, or never ends, one byte more than `bytes_max`."""
    try:
        with open(path, "rb") as file:
            return file.read(bytes_max + 1)
    except (OSError, ValueError) as error:
        raise Unusable(f"cannot read {path}: {getattr(error, 'strerror', error)}") from error


def read_trust_file(path):
    data = read(path, TRUST_BYTES_MAX)
    if len(data) > TRUST_BYTES_MAX:
        raise Unusable(f"{path} is too large: at most {TRUST_BYTES_MAX} bytes")
    return data


def make_trust(schema, arguments):
    """Trust; or Unusable; or Refused, for a checkpoint or a history that does not hold."""
    document = read(arguments.genesis, genesis.DOCUMENT_BYTES_MAX)
    history = read_trust_file(arguments.history) if arguments.history else b""
    checkpoints = [read_trust_file(c) for c in arguments.checkpoint]
    try:
        app_state = genesis.app_state_of(schema, document)
    except genesis.GenesisError as error:
        raise Unusable(f"{arguments.genesis} cannot be read as a genesis document of Consilium: "
                       f"{error}: {error.why}") from error
    return receipts.Trust(schema, app_state, checkpoints, history)


def when(unix_ms):
    moment = datetime.datetime.fromtimestamp(unix_ms / 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def describe(facts):
    """One sentence for a person."""
    if facts["kind"] == "outcome":
        what = "applied" if facts["code"] == 0 else (
            f"rejected by contract {facts['contract']} with code {facts['code']}")
        return (f"transaction {facts['transaction_id']} of {facts['member_id']}, block "
                f"{facts['height']}: {what}")
    rows = len(facts["rows"])
    answer = {"present": "the key is there", "absent": "the key is not there",
              "prefix": f"the complete list has {rows} rows"}[facts["question"]]
    moment = f"as of block {facts['height']}, {when(facts['time_unix_ms'])}"
    if "as_of_height" in facts:
        moment = (f"as of block {facts['as_of_height']}, from {when(facts['from_unix_ms'])} "
                  f"until {when(facts['until_unix_ms'])}")
    return f"{facts['question']} {facts['subject'] or '(everything)'}: {answer}, {moment}"


def anchor_of(facts, genesis_ms, now_ms):
    kind = facts["anchor"]
    at = facts["anchor_time_unix_ms"] if kind == "checkpoint" else genesis_ms
    days = max(0, now_ms - at) // 86_400_000
    advice = "; pin a checkpoint" if kind == "genesis" and days > 30 else ""
    return f"trust rests on the {kind} of {when(at)}, {days} days old{advice}"


def verify_files(trust, arguments):
    """Prints what each receipt proves; one that cannot be read does not keep the others from it."""
    now_ms = time.time_ns() // 1_000_000
    age_ms_max = None if arguments.max_age is None else arguments.max_age * 1000
    refused = unreadable = 0
    for path in arguments.receipt:
        facts, verdict = {}, "ok"
        try:
            raw = read(path, receipts.RECEIPT_BYTES_MAX)
            facts = receipts.verify(trust, raw, now_ms, age_ms_max)
        except receipts.Refused as error:
            verdict = str(error)
            refused += 1
        except Unusable as error:
            verdict = "unreadable"
            unreadable += 1
            print(f"verify: {error}", file=sys.stderr)
        if arguments.json:
            print(json.dumps({"file": path, "verdict": verdict, **facts}))
        elif facts:
            print(f"{path}: ok: {describe(facts)}")
            print(f"  {anchor_of(facts, trust.genesis_ms, now_ms)}")
        elif verdict != "unreadable":
            print(f"{path}: refused: {verdict}")
    # A receipt that is refused weighs more than a file that nobody could look into.
    return 1 if refused else 2 if unreadable else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--genesis", required=True, help="genesis.json of the network")
    parser.add_argument("--history", help="validator history file")
    parser.add_argument("--checkpoint", action="append", default=[], help="a pinned checkpoint")
    parser.add_argument("--max-age", type=int, metavar="SECONDS", help="refuse older headers")
    parser.add_argument("--json", action="store_true", help="one JSON object per receipt")
    parser.add_argument("receipt", nargs="+")
    arguments = parser.parse_args()
    # A file's name may be any bytes.
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        trust = make_trust(load_schema(), arguments)
    except Unusable as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    except receipts.Refused as error:
        print(f"verify: checkpoints or history refused: {error}", file=sys.stderr)
        return 1
    return verify_files(trust, arguments)


if __name__ == "__main__":
    sys.exit(main())
