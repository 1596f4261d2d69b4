#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/formats/wire.md, each rule with what it refuses and what it must let through."""
import unittest

import support
import wire

SCHEMA = wire.Schema()
SCHEMA.parse("""
enum Kind { KIND_NONE = 0; KIND_ONE = 1; KIND_THREE = 3; }
message Inner { uint64 number = 1; Inner inner = 2; }
message Sample {
  uint32 small = 1;
  bool flag = 2;
  string text = 3;
  Kind kind = 4;
  repeated bytes list = 5;
  oneof choice { bytes left = 6; uint64 right = 7; }
  Inner inner = 8;
  repeated uint64 packed = 9;
  int64 negative = 10;
  int32 narrow = 11;
  fixed32 four = 12;
  sfixed64 eight = 13;
}
""")


class WireTest(unittest.TestCase):
    def accept(self, text):
        return wire.decode(SCHEMA, "Sample", bytes.fromhex(text))

    def refuse(self, *texts):
        for text in texts:
            with self.subTest(text=text), self.assertRaises(wire.WireError):
                self.accept(text)

    def test_values(self):
        got = self.accept("08ffffffff0f 1001 1a02c3a9 2003 2a00 2a0161 3200 42020801 4a02007f"
                          "50ffffffffffffffffff01")
        self.assertEqual((got.small, got.flag, got.text, got.kind), (2**32 - 1, 1, "é", 3))
        self.assertEqual((got.list, got.inner.number), ([b"", b"a"], 1))
        self.assertEqual(got.which, {"choice": "left"})
        self.assertEqual((got.packed, got.negative), ([0, 127], -1))
        self.assertEqual(self.accept("58ffffffff07").narrow, 2**31 - 1)
        self.assertEqual(self.accept("5880808080f8ffffffff01").narrow, -2**31)
        got = self.accept("65ffffffff 69ffffffffffffffff")
        self.assertEqual((got.four, got.eight), (2**32 - 1, -1))
        self.assertEqual(self.accept("").list, [])
        self.assertEqual(self.accept("3800").which, {"choice": "right"})

    def test_truncated(self):
        self.refuse("08", "0880", "1a02c3", "4203080142", "1a")

    def test_varints(self):
        self.assertEqual(self.accept("38ffffffffffffffffff01").right, 2**64 - 1)
        self.refuse("08ff00", "8801", "880001", "38ffffffffffffffffff02",
                    "38ffffffffffffffffffff01", "1a8100aa")

    def test_order(self):
        self.refuse("10010801", "08010801", "2a00 10 01 2a00", "4a01014a0101")

    def test_unknown_fields_and_wire_types(self):
        self.refuse("7001", "6001", "6801", "0001", "0900", "0a00", "0d00000001", "3000", "4801",
                    "0b0c")

    def test_defaults(self):
        self.refuse("0800", "1000", "1a00", "2000", "4a00", "5000", "5800", "6500000000",
                    "690000000000000000")

    def test_enums_bools_and_ranges(self):
        # The last three: 2^31, -2^31 - 1, and -1 cut to 32 bits in a field of 32 bits.
        self.refuse("2002", "2004", "1002", "088080808010", "588080808008",
                    "58fffffffff7ffffffff01", "58ffffffff0f")

    def test_oneof(self):
        self.refuse("32003801", "32013801")

    def test_utf8(self):
        self.refuse("1a01ff", "1a02c080", "1a03eda080", "1a04f4908080", "1a01c3")
        self.assertEqual(self.accept("1a04f48fbfbf").text, "\U0010ffff")

    def test_depth(self):
        def nested(levels):
            data = b""
            for _ in range(levels):
                data = b"\x12" + wire_length(data) + data
            return wire.decode(SCHEMA, "Inner", data)

        def wire_length(data):
            return bytes([len(data)])

        nested(15)
        with self.assertRaises(wire.WireError):
            nested(16)

    def test_our_own_schemas_load(self):
        self.assertIn("Receipt", support.SCHEMA.messages)
        self.assertIn("Algorithm", support.SCHEMA.enums)


if __name__ == "__main__":
    unittest.main()
