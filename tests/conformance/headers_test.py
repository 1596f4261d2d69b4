#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/formats/headers.md against real blocks of a CometBFT chain and CometBFT's golden values."""
import base64
import calendar
import time
import unittest

import support
import comet
import ed25519
import hashing

VECTORS = dict(support.vectors("cometbft"))["v038.json"]


def moment(text):
    whole, _, part = text.rstrip("Z").partition(".")
    seconds = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))
    return seconds, int(part.ljust(9, "0") or 0)


def block_id(value):
    return (bytes.fromhex(value["hash"]), int(value["parts"]["total"]),
            bytes.fromhex(value["parts"]["hash"]))


def header_of(value):
    header = comet.Header(b"")
    header.version = int(value["version"]["block"]), int(value["version"].get("app", 0))
    header.chain_id, header.height = value["chain_id"].encode(), int(value["height"])
    header.time, header.last_block_id = moment(value["time"]), block_id(value["last_block_id"])
    for name in comet.Header.HASHES.values():
        setattr(header, name, bytes.fromhex(value[name]))
    return header


def commit_of(value):
    commit = comet.Commit(b"")
    commit.height, commit.round = int(value["height"]), value["round"]
    commit.block_id = block_id(value["block_id"])
    for item in value["signatures"]:
        signature = comet.CommitSig(b"")
        signature.flag = item["block_id_flag"]
        signature.address = bytes.fromhex(item["validator_address"])
        signature.time = moment(item["timestamp"])
        signature.signature = base64.b64decode(item["signature"])
        commit.signatures.append(signature)
    return commit


class HeadersTest(unittest.TestCase):
    def test_merkle(self):
        for vector in VECTORS["merkle"]:
            leaves = [bytes.fromhex(leaf) for leaf in vector["leaves"]]
            self.assertEqual(hashing.merkle_root(leaves).hex(), vector["root"])

    def test_real_headers(self):
        for name in ("real_block_1", "real_block_10"):
            header = header_of(VECTORS[name]["header"])
            self.assertEqual(header.hash().hex().upper(), VECTORS[name]["hash"])
            self.assertEqual(comet.Header(header.encode()).encode(), header.encode())

    def test_real_commit(self):
        vector = VECTORS["real_commit_10"]
        commit = commit_of(vector["commit"])
        message = commit.sign_bytes(0, b"dockerchain")
        self.assertEqual(message.hex(), vector["sign_bytes"])
        validators = [comet.Validator(base64.b64decode(v["pub_key"]["value"]), int(v["power"]))
                      for v in vector["validators"]]
        signature = commit.signatures[0].signature
        self.assertTrue(ed25519.verify_zip215(validators[0].public_key, message, signature))
        header = header_of(VECTORS["real_block_10"]["header"])
        comet.check_signed_header(header, commit, validators, b"dockerchain")
        with self.assertRaisesRegex(comet.HeaderError, "network"):
            comet.check_signed_header(header, commit, validators, b"otherchain")
        validators[0].power += 1
        with self.assertRaisesRegex(comet.HeaderError, "validators"):
            comet.check_signed_header(header, commit, validators, b"dockerchain")

    def test_absent_signature(self):
        raw = bytes.fromhex(VECTORS["absent_commit_sig"])
        self.assertEqual(comet.CommitSig(raw).encode(), raw)
        self.assertEqual(comet.CommitSig(raw).time, (comet.ZERO_SECONDS, 0))

    def test_vote_for_nil(self):
        commit = comet.Commit(b"")
        commit.height, commit.block_id = 5, (b"\1" * 32, 1, b"\2" * 32)
        signature = comet.CommitSig(b"")
        signature.flag, signature.time = comet.NIL, moment("2024-01-01T00:00:00Z")
        commit.signatures.append(signature)
        wanted = VECTORS["nil_precommit_signbytes_h5_r0_2024-01-01_chain_c"]
        self.assertEqual(commit.sign_bytes(0, b"c").hex(), wanted)


if __name__ == "__main__":
    unittest.main()
