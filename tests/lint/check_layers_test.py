#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Feeds tools/check_layers.py trees that break each of its rules, and some that break none."""
import unittest

import support

layers = support.load("check_layers")


class LayersTest(support.TreeTest):
    def setUp(self):
        super().setUp()
        self.write("layers.txt", "# rooms\nbase:\ncrypto: base\nstore: base\nhttp: base\n")
        self.room("base", "a.cpp")
        self.write("src/base/a.hpp", support.HEADER)
        self.write("src/base/a.cpp", '#include "base/a.hpp"\n')

    def room(self, name, *sources, rest=""):
        listing = f"consilium_room({name}\n    SOURCES {' '.join(sources)}\n    {rest})\n"
        self.write(f"src/{name}/CMakeLists.txt", listing)

    def add(self, room, name, text, rest=""):
        self.room(room, *([name] if name.endswith(".cpp") else []), rest=rest)
        self.write(f"src/{room}/{name}", text)

    def problems(self):
        return layers.Checker(self.root).run()

    def test_clean_tree(self):
        self.add("crypto", "b.cpp", '#include <openssl/evp.h>\n#include "base/a.hpp"\n')
        self.assertEqual(self.problems(), [])

    def test_upward_include(self):
        self.write("src/crypto/b.hpp", support.HEADER)
        self.room("crypto")
        self.write("src/base/a.cpp", '#include "crypto/b.hpp"\n')
        self.assert_problem(self.problems(), "src/base/a.cpp:1", "base may not include crypto")

    def test_sideways_include(self):
        self.write("src/crypto/b.hpp", support.HEADER)
        self.room("crypto")
        self.add("store", "s.cpp", '\n#  include "crypto/b.hpp"\n')
        self.assert_problem(self.problems(), "src/store/s.cpp:2", "store may not include crypto")

    def test_include_in_a_comment_is_prose(self):
        self.write("src/base/a.cpp", '/*\n#include "crypto/b.hpp"\n*/\n// #include "x.hpp"\n')
        self.assertEqual(self.problems(), [])

    def test_include_by_macro(self):
        self.write("src/base/a.cpp", "#include WHATEVER\n")
        self.assert_problem(self.problems(), "literally")

    def test_generated_headers_belong_to_proto(self):
        for header in ("consilium/v1/ledger.pb.h", "cometbft/v038/abci.pb.h"):
            self.add("crypto", "b.cpp", f'#include "{header}"\n')
            self.assert_problem(self.problems(), "crypto may not include proto")

    def test_file_without_a_room(self):
        self.write("src/stray/x.hpp", support.HEADER)
        self.assert_problem(self.problems(), "src/stray/x.hpp", "belongs to no room")

    def test_longest_room_wins(self):
        self.write("layers.txt", "base:\ncontracts/sdk: base\ncontracts: base\n")
        self.add("contracts/sdk", "x.hpp", support.HEADER)
        self.add("contracts", "y.cpp", '#include "contracts/sdk/x.hpp"\n')
        self.assert_problem(self.problems(), "contracts may not include contracts/sdk")

    def test_source_not_in_cmake(self):
        self.write("src/base/extra.cpp", "")
        self.assert_problem(self.problems(), "src/base/extra.cpp", "is not listed")

    def test_source_only_in_a_cmake_comment(self):
        self.write("src/base/CMakeLists.txt", "consilium_room(base SOURCES\n# a.cpp\n)\n")
        self.assert_problem(self.problems(), "src/base/a.cpp", "is not listed")

    def test_room_without_cmake(self):
        self.write("src/crypto/b.hpp", support.HEADER)
        self.assert_problem(self.problems(), "built by nobody")

    def test_room_under_another_name(self):
        self.write("src/crypto/CMakeLists.txt", "consilium_room(store)\n")
        self.assertEqual(len(self.problems()), 2)

    def test_link_by_name(self):
        self.add("crypto", "b.cpp", "", rest="PUBLIC_LIBS consilium_store")
        self.assert_problem(self.problems(), "links consilium_store by name")

    def test_libraries_have_owners(self):
        for header, room in [("openssl/evp.h", "store"), ("sodium.h", "http"),
                             ("CLI/CLI.hpp", "http"), ("rocksdb/db.h", "crypto"),
                             ("boost/json.hpp", "store"), ("spdlog/spdlog.h", "http"),
                             ("gtest/gtest.h", "store")]:
            with self.subTest(header=header):
                self.add(room, "b.cpp", f"#include <{header}>\n")
                self.assert_problem(self.problems(), f"<{header}>", "only in")
                self.write(f"src/{room}/b.cpp", "")

    def test_headers_that_bring_a_library_in_are_private(self):
        self.write("layers.txt", "base:\nstore: base\nnode: base store\n")
        self.add("store", "s.hpp", support.HEADER + "#include <rocksdb/db.h>\n")
        self.write("src/store/t.hpp", support.HEADER + '#include "store/s.hpp"\n')
        self.assertEqual(self.problems(), [])
        self.add("node", "n.cpp", '#include "store/t.hpp"\n')
        self.assert_problem(self.problems(), "src/node/n.cpp:1", "brings in rocksdb/", "private")

    def test_unknown_library(self):
        for header in ("nlohmann/json.hpp", "curl/curl.h", "zlib.h"):
            with self.subTest(header=header):
                self.write("src/base/a.cpp", f"#include <{header}>\n")
                self.assert_problem(self.problems(), header, "knows not")

    def test_kernel_headers(self):
        for header in ("thread", "chrono", "fstream", "random", "sys/socket.h"):
            with self.subTest(header=header):
                self.write("src/base/a.cpp", f"#include <{header}>\n")
                self.assert_problem(self.problems(), header, "kernel")
        self.write("src/base/a.cpp", "#include <vector>\n")
        self.add("http", "h.cpp", "#include <thread>\n#include <boost/asio.hpp>\n")
        self.assertEqual(self.problems(), [])

    def test_tests_may_reach_down_and_to_named_fixtures(self):
        self.write("src/crypto/b.hpp", support.HEADER)
        self.room("crypto")
        self.write("src/http/h_testing.hpp", support.HEADER)
        self.room("http")
        self.add("store", "s_test.cpp",
                 '#include <gtest/gtest.h>\n#include <thread>\n#include "crypto/b.hpp"\n')
        self.assertEqual(self.problems(), [])
        self.write("src/store/s_test.cpp", '#include "http/h_testing.hpp"\n')
        self.assert_problem(self.problems(), "store may not include http")
        self.room("store", "s_test.cpp", rest="TEST_LIBS consilium_http_testing")
        self.assertEqual(self.problems(), [])

    def test_code_may_not_use_fixtures(self):
        self.write("src/base/a_testing.hpp", support.HEADER)
        self.write("src/base/a.cpp", '#include "base/a_testing.hpp"\n')
        self.assert_problem(self.problems(), "is a test fixture")

    def test_missing_header_and_relative_path(self):
        self.write("src/base/a.cpp", '#include "base/none.hpp"\n')
        self.assert_problem(self.problems(), "does not exist")
        self.write("src/base/a.cpp", '#include "a.hpp"\n')
        self.assert_problem(self.problems(), "write the path from src/")

    def test_layers_file_itself(self):
        for text, message in [("base: crypto\ncrypto:\n", "not on a line above"),
                              ("base:\nbase:\n", "listed twice"),
                              ("base base\n", "cannot read")]:
            with self.subTest(text=text):
                self.write("layers.txt", text)
                self.assert_problem(self.problems(), message)


if __name__ == "__main__":
    unittest.main()
