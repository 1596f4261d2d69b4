# SPDX-License-Identifier: Apache-2.0
"""What the tests of the second verifier share."""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VERIFIER = ROOT / "tools/verifier"
sys.path.insert(0, str(VERIFIER))

import wire  # noqa: E402

SCHEMA = wire.Schema().load(ROOT / "proto/consilium/v1")


def vectors(folder):
    """(file name, content) of each JSON file of vectors in a folder."""
    files = sorted((ROOT / "tests/vectors" / folder).glob("*.json"))
    return [(f.name, json.loads(f.read_text())) for f in files]


def flips(data, every=1):
    """(bit, data with that bit changed) for every `every`-th bit."""
    for bit in range(0, len(data) * 8, every):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bit, bytes(changed)
