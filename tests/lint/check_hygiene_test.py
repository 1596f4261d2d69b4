#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Feeds tools/check_hygiene.py trees that break each of its rules, and some that break none."""
import unittest

import support

hygiene = support.load("check_hygiene")
SPDX = support.SPDX


class HygieneTest(support.TreeTest):
    def problems(self):
        return hygiene.Checker(self.root).run()

    def only(self, name, text):
        """What is reported of one file, then removed."""
        self.write(name, text)
        found = self.problems()
        (self.root / name).unlink()
        return found

    def test_clean_tree(self):
        self.write("src/base/a.cpp", SPDX + "int one() {\n    return 1;\n}\n")
        self.write("README.md", "# Title\n\n[up](#title) [a](src/base/a.cpp)\n")
        self.assertEqual(self.problems(), [])

    def test_text_rules(self):
        for name, text, message in [
                ("src/base/a.cpp", "int a;\n", "no SPDX line"),
                ("tools/a.sh", "#!/bin/sh\n\n# SPDX-License-Identifier: Apache-2.0\n", "no SPDX"),
                ("cmake/a.cmake", "set(a b)\n", "no SPDX line"),
                ("src/base/a.cpp", SPDX + "int a;", "no newline"),
                ("src/base/a.cpp", SPDX + "int a;\n\n", "empty line"),
                ("src/base/a.cpp", SPDX + "int a;  \n", "space at its end"),
                ("src/base/a.cpp", SPDX + "\tint a;\n", "has a tab"),
                ("src/base/a.hpp", SPDX + "int a;\n", "#pragma once"),
                ("src/base/a.cpp", SPDX + "// " + "x" * 98 + "\n", "101 columns"),
                ("src/base/a.cpp", SPDX + "// TO" + "DO later\n", "unfinished"),
                ("docs/a.md", "FIX" + "ME\n", "unfinished"),
                ("src/base/a.cpp", SPDX + "// As DES" + "IGN section 4 says.\n", "not in the rep"),
                ("docs/a.md", "See DES" + "IGN.md.\n", "not in the repository"),
                ("src/base/a.cpp", SPDX + "// docs/formats/" + "none.md\n", "does not exist"),
                ("docs/a.md", "see /ho" + "me/someone/file\n", "machine")]:
            with self.subTest(message=message, name=name):
                self.assert_problem(self.only(name, text), name, message)

    def test_limits_are_inclusive(self):
        line = "// " + "x" * 97 + "\n"
        self.assertEqual(self.only("src/base/a.cpp", SPDX + line), [])
        self.assertEqual(self.only("src/base/a.cpp", SPDX + "//\n" * 499), [])
        found = self.only("src/base/a.cpp", SPDX + "//\n" * 500)
        self.assert_problem(found, "501 lines; the limit is 500")
        self.assertEqual(self.only("src/base/a.hpp", support.HEADER + "//\n" * 198), [])
        found = self.only("src/base/a.hpp", support.HEADER + "//\n" * 199)
        self.assert_problem(found, "201 lines; the limit is 200")

    def test_function_length(self):
        body = "    one();\n" * 68
        ok = SPDX + "namespace a {\nvoid f(int x) {\n" + body + "}\n}\n"
        self.assertEqual(self.only("src/http/a.cpp", ok), [])
        long = SPDX + "namespace a {\nvoid C::f(int x) const {\n" + body + "    two();\n}\n}\n"
        self.assert_problem(self.only("src/http/a.cpp", long), "C::f", "71 lines")
        method = (SPDX + "class A {\n public:\n    A() : b_{1}, c_{2} {}\n    void g() {\n" + body
                  + "    two();\n    }\n};\n")
        self.assert_problem(self.only("src/http/a.cpp", method), "g", "71 lines")

    def test_text_in_literals_is_not_code(self):
        code = SPDX + 'const char* a = "} float throw";\nchar b = \'{\'; int n = 1\'000\'000;\n'
        self.assertEqual(self.only("src/base/a.cpp", code), [])
        self.assertEqual(self.only("src/base/a.cpp", SPDX + "// a float, thrown: throw it\n"), [])

    def test_oversize_needs_an_entry_that_is_not_outgrown(self):
        self.write("src/http/a.cpp", SPDX + "//\n" * 520)
        listing = "tests/lint/allowed_sizes.txt"
        self.write(listing, "src/http/a.cpp 521 one table\n")
        self.assertEqual(self.problems(), [])
        self.write(listing, "src/http/a.cpp 520 one table\n")
        self.assert_problem(self.problems(), "521 lines; the limit is 520")
        self.write(listing, "src/http/a.cpp 521\n")
        self.assertEqual(len(self.problems()), 2)
        self.write("src/http/a.cpp", SPDX)
        self.write(listing, "src/http/a.cpp 521 one table\n")
        self.assert_problem(self.problems(), "remove it")
        many = "".join(f"src/{i}.cpp 501 why\n" for i in range(hygiene.ALLOWED_SIZES_MAX + 1))
        self.write(listing, many)
        self.assertTrue(any("entries; the limit" in p for p in self.problems()))

    def test_banned_everywhere(self):
        for line in ("strcpy(a, b);", "int x = atoi(s);", "using namespace std;", "assert(x);",
                     "throw 1;", "system(c);", "sprintf(a, b);", "auto n = std::stoull(s);",
                     "auto n = strtoull(s, &end, 10);", "auto d = std::strtod(s, nullptr);",
                     "int r = rand();", "std::srand(1);", 'setlocale(LC_ALL, "");',
                     "auto* t = gmtime(&now);"):
            with self.subTest(line=line):
                text = SPDX + f"void f() {{\n    {line}\n}}\n"
                self.assert_problem(self.only("src/http/a.cpp", text), "src/http/a.cpp:3")
                self.assertEqual(self.only("src/http/a_test.cpp", text), [])

    def test_banned_in_kernel_rooms(self):
        for line in ("auto t = std::chrono::system_clock::now();", "double d = 0;", "float f;",
                     "std::thread t;", "std::random_device r;", "std::ifstream in;",
                     "std::map<Foo*, int> m;", "auto t = time(nullptr);",
                     "thread_local int x;", 'auto e = getenv("X");', "std::mt19937_64 r(1);",
                     "int s = socket(1, 2, 3);", "c = std::toupper(c);", "std::cout << 1;"):
            with self.subTest(line=line):
                text = SPDX + f"void f() {{\n    {line}\n}}\n"
                self.assert_problem(self.only("src/contracts/x/a.cpp", text), "kernel room")
                self.assertEqual(self.only("src/http/a.cpp", text), [])
                self.assertEqual(self.only("src/state/a_test.cpp", text), [])

    def test_unordered_containers_are_not_walked(self):
        walk = (SPDX + "std::unordered_map<int, int> seen_;\nvoid f() {\n"
                "    for (auto& x : seen_) use(x);\n}\n")
        self.assert_problem(self.only("src/state/a.cpp", walk), "a.cpp:4", "walks")
        begin = SPDX + "std::unordered_set<int> s;\nauto i = s.begin();\n"
        self.assert_problem(self.only("src/state/a.cpp", begin), "walks")
        look = SPDX + "std::unordered_set<int> s;\nauto i = s.find(1);\n"
        self.assertEqual(self.only("src/state/a.cpp", look), [])
        self.write("src/state/b.hpp", support.HEADER + "std::unordered_map<int, int> seen_;\n")
        member = SPDX + "void f() {\n    for (auto& x : seen_) use(x);\n}\n"
        self.assert_problem(self.only("src/state/b.cpp", member), "walks")

    def test_big_files(self):
        self.assertEqual(self.only("a.bin", b"\0" * 1024 * 1024), [])
        self.assert_problem(self.only("a.bin", b"\0" * (1024 * 1024 + 1)), "limit")
        self.assertEqual(self.only("demo/data/a", b"\0" * 3 * 1024 * 1024), [])
        self.assert_problem(self.only("demo/data/a", b"\0" * (3 * 1024 * 1024 + 1)), "demo/data")

    def test_links(self):
        self.write("docs/b.md", "# The Words, all\n\n## Two\n\n## Two\n")
        good = "[x](b.md) [y](b.md#the-words-all) [z](b.md#two-1) [w](https://example.org)\n"
        self.assertEqual(self.only("docs/a.md", good + "`[x](nowhere)`\n"), [])
        self.assert_problem(self.only("docs/a.md", "[x](c.md)\n"), "docs/a.md:1", "leads nowhere")
        self.assert_problem(self.only("docs/a.md", "[x](b.md#none)\n"), "names no heading")
        self.assert_problem(self.only("docs/a.md", "[x](../../c.md)\n"), "leaves the repository")

    def test_decisions_are_numbered(self):
        self.write("docs/adr/README.md", "[1](0001-a.md) [2](0002-b.md)\n")
        form = "\nOnce.\n\n**Decision.** This.\n\n**Consequences.** That.\n"
        self.write("docs/adr/0001-a.md", "# 1. A\n" + form)
        self.write("docs/adr/0002-b.md", "# 2. B\n" + form)
        self.assertEqual(self.problems(), [])
        self.assert_problem(self.only("docs/adr/0004-c.md", "# 4. C\n" + form), "should be 0003")
        self.assert_problem(self.only("docs/adr/0003-c.md", "# 3. C\n" + form), "not linked")
        for wrong in (form.replace("Decision", "So"), form.replace("Consequences", "Price"),
                      form.replace("Once.\n\n", ""), ""):
            found = self.only("docs/adr/0002-b.md", "# 2. B\n" + wrong)
            self.assert_problem(found, "its decision and its consequences")
        self.write("docs/adr/0002-b.md", "# B\n" + form)
        self.assert_problem(self.problems(), "should begin '# 2. Title'")


if __name__ == "__main__":
    unittest.main()
