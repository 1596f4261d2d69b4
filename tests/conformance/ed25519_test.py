#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ed25519 by ZIP-215: RFC 8032's vectors, and the cases that tell the rule from stricter ones."""
import unittest

import support  # noqa: F401
import ed25519

# RFC 8032 section 7.1: key, message, signature.
RFC8032 = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]
# The encodings of the eight points of small order, canonical and not (ZIP-215's test vectors).
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


class Ed25519Test(unittest.TestCase):
    def test_rfc8032(self):
        for key, message, signature in RFC8032:
            key, message, signature = map(bytes.fromhex, (key, message, signature))
            self.assertTrue(ed25519.verify_zip215(key, message, signature))
            self.assertFalse(ed25519.verify_zip215(key, message + b"x", signature))
            self.assertFalse(ed25519.verify_zip215(key, message, signature[:63]))
            for bit, changed in support.flips(signature, every=37):
                self.assertFalse(ed25519.verify_zip215(key, message, changed), bit)

    def test_scalar_below_the_order(self):
        key, message, signature = map(bytes.fromhex, RFC8032[1])
        s = int.from_bytes(signature[32:], "little") + ed25519.L
        signature = signature[:32] + s.to_bytes(32, "little")
        self.assertFalse(ed25519.verify_zip215(key, message, signature))

    def test_small_order_points_in_every_encoding(self):
        for key in SMALL_ORDER:
            for r in SMALL_ORDER:
                signature = bytes.fromhex(r) + bytes(32)
                self.assertTrue(ed25519.verify_zip215(bytes.fromhex(key), b"Zcash", signature))

    def test_no_point(self):
        self.assertIsNone(ed25519.decompress((2).to_bytes(32, "little")))


if __name__ == "__main__":
    unittest.main()
