#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that .clang-tidy refuses the names it should, and that tools/tidy.py remembers rightly."""
import subprocess
import unittest

import support

tidy = support.load("tidy")

GOOD = """
namespace consilium::state {
inline constexpr int kLimit = 1;
enum class Kind { kLow, kHigh };
struct Entry {
    static constexpr int kSize = 2;
    int serial = 0;
};
template <typename Value>
class Holder {
 public:
    explicit Holder(Value value) : value_(value) {}
    [[nodiscard]] Value value() const { return value_; }

 private:
    Value value_;
};
inline int add_one(int amount_cents) {
    const int one = 1;
    constexpr int kZero = 0;
    return amount_cents + one + kZero;
}
}  // namespace consilium::state
"""


class TidyTest(support.TreeTest):
    def complaints(self, code):
        self.write("src/a.cpp", code)
        result = subprocess.run(
            ["clang-tidy", "--quiet", f"--config-file={support.ROOT / '.clang-tidy'}",
             str(self.root / "src/a.cpp"), "--", "-std=c++20"], capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr

    def test_good_names(self):
        code, output = self.complaints(GOOD)
        self.assertEqual(code, 0, output)

    def test_bad_names(self):
        bad = ["int AddTwo();", "class entry_log {};", "struct S { int Serial; };",
               "class C { int value; };", "inline constexpr int limit = 1;",
               "enum class Kind { low };", "namespace State {}", "void f(int Amount);",
               "template <typename value_type> class T {};", "using entry = int;",
               "class C { public: void DoIt(); };", "#define consilium_x 1"]
        code, output = self.complaints("\n".join(f"{line}  // line" for line in bad) + "\n")
        self.assertNotEqual(code, 0)
        for number, line in enumerate(bad, 1):
            self.assertIn(f"a.cpp:{number}:", output, line)

    def test_key_covers_all_that_matters(self):
        self.write("src/b/deep.hpp", "int a;\n")
        self.write("src/b/b.hpp", '#include "b/deep.hpp"\n')
        self.write("src/b/b.cpp", '#include "b/b.hpp"\n')
        root = self.root.resolve()
        path = root / "src/b/b.cpp"
        key = lambda command="c", salt=b"s": tidy.key_of(path, command, root, salt)
        first = key()
        self.assertEqual(first, key())
        self.assertNotEqual(first, key(command="d"))
        self.assertNotEqual(first, key(salt=b"t"))
        self.assertEqual(key(command=f"-I{root}/src"), key(command="-I/src"))
        self.write("src/b/deep.hpp", "int b;\n")
        self.assertNotEqual(first, key())


if __name__ == "__main__":
    unittest.main()
