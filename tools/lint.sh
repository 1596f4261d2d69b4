#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What can be judged without building: layers, hygiene, format, and the tests of those checks.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/check_layers.py
tools/check_hygiene.py
tools/format.sh
python3 -m unittest discover -q -s tests/lint -p '*_test.py'
