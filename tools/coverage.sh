#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Line coverage of src/ by the unit tests: a table on the terminal, pages in build/coverage/html.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh coverage all
find build/coverage -name '*.gcda' -delete
ctest --test-dir build/coverage -L unit -j "$(nproc)" --output-on-failure --no-tests=error
mkdir -p build/coverage/html
gcovr --root . --filter src/ --exclude '.*_test\.cpp' -j "$(nproc)" \
    --html-details build/coverage/html/index.html --print-summary build/coverage
