#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies Consilium receipts offline: a second implementation of docs/formats, in plain Python.

    tools/verifier/verify.py --genesis genesis.json receipt.bin...

Needs the files alone: no node, no network, nothing but the standard library. Prints what each
receipt proves, or the name of the check that it fails. Exit codes: 0 all good, 1 one refused, 2
unusable input.
"""
import argparse
import base64
import binascii
import datetime
import json
import pathlib
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import receipt as receipts  # noqa: E402
import wire  # noqa: E402


class Unusable(Exception):
    """What the user gave cannot be used; says what to do."""


def load_schema():
    return wire.Schema().load(HERE.parent.parent / "proto/consilium/v1")


def read(path):
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise Unusable(f"cannot read {path}: {error.strerror}") from error


def app_state_of(path):
    """The genesis state's bytes out of genesis.json."""
    try:
        document = json.loads(read(path))
        return base64.b64decode(document["app_state"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise Unusable(f"{path} is not a genesis document of Consilium") from error


def make_trust(schema, arguments):
    history = read(arguments.history) if arguments.history else b""
    checkpoints = [read(c) for c in arguments.checkpoint]
    try:
        return receipts.Trust(schema, app_state_of(arguments.genesis), checkpoints, history)
    except receipts.Refused as error:
        raise Unusable(f"genesis, checkpoints or history refused: {error}") from error


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--genesis", required=True, help="genesis.json of the network")
    parser.add_argument("--history", help="validator history file")
    parser.add_argument("--checkpoint", action="append", default=[], help="a pinned checkpoint")
    parser.add_argument("--max-age", type=int, metavar="SECONDS", help="refuse older headers")
    parser.add_argument("--json", action="store_true", help="one JSON object per receipt")
    parser.add_argument("receipt", nargs="+")
    arguments = parser.parse_args()
    now_ms = time.time_ns() // 1_000_000
    age_ms_max = None if arguments.max_age is None else arguments.max_age * 1000
    refused = 0
    try:
        trust = make_trust(load_schema(), arguments)
        for path in arguments.receipt:
            facts, verdict = {}, "ok"
            try:
                facts = receipts.verify(trust, read(path), now_ms, age_ms_max)
            except receipts.Refused as error:
                verdict = str(error)
                refused += 1
            if arguments.json:
                print(json.dumps({"file": path, "verdict": verdict, **facts}))
            elif facts:
                print(f"{path}: ok: {describe(facts)}")
                print(f"  {anchor_of(facts, trust.genesis_ms, now_ms)}")
            else:
                print(f"{path}: refused: {verdict}")
    except Unusable as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
