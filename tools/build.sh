#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Configures a preset if need be and builds targets of it: tools/build.sh PRESET TARGET...
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
log=build/$preset/configure.log
mkdir -p "build/$preset"
if ! cmake --preset "$preset" >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
ninja -C "build/$preset" "$@"
