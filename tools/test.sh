#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that a change must pass. Stops at the first step that fails and names it; prints how
# long each step took; ctest's summary of the whole test suite comes last.
#
#   lint    layers, hygiene, format, links, and the tests of those checks
#   dev     everything built with g++
#   asan    everything built with clang++ (AddressSanitizer and UBSan), and its unit tests run
#   tidy    names, by clang-tidy on that build
#   tsan    the rooms that use threads, under ThreadSanitizer
#   fuzz    every fuzz target for FUZZ_SECONDS (10)
#   demo    the README's `make demo ONCE=1` on the release build
#   tests   all of ctest on the dev build: lint, unit, sim, e2e, conformance
set -euo pipefail
cd "$(dirname "$0")/.."
FUZZ_SECONDS=${FUZZ_SECONDS:-10}
jobs=$(nproc)
# Rooms with threads of their own or with code that runs on several.
tsan_rooms=(execution consensus_embedded consensus_cometbft vault_delivery services_ehr node http
            services_ledger)

step=start
report() { [ $? -eq 0 ] || echo "make test: FAILED in step '$step' after ${SECONDS} s" >&2; }
trap report EXIT
timings=()
run() {
    step=$1
    shift
    local from=$SECONDS
    echo "==> $step"
    "$@"
    timings+=("$(printf '%-6s %5d s' "$step" $((SECONDS - from)))")
}

asan() {
    tools/build.sh asan all
    ctest --test-dir build/asan -L unit -j "$jobs" --output-on-failure --no-tests=error
}

tsan() {
    cmake --preset tsan >/dev/null
    local targets=() filters=()
    for room in "${tsan_rooms[@]}"; do
        ninja -C build/tsan -t query "consilium_${room}_test" >/dev/null 2>&1 || continue
        targets+=("consilium_${room}_test")
        filters+=("^${room/_//}\\.")
    done
    [ ${#targets[@]} -gt 0 ] || return 0
    tools/build.sh tsan "${targets[@]}"
    local pattern
    pattern=$(IFS='|'; echo "${filters[*]}")
    # ThreadSanitizer of these compilers cannot map its shadow under some kernels' randomisation.
    local fixed=()
    ! setarch -R true 2>/dev/null || fixed=(setarch -R)
    TSAN_OPTIONS="suppressions=$PWD/tools/tsan.supp halt_on_error=1" "${fixed[@]}" \
        ctest --test-dir build/tsan -R "$pattern" -j "$jobs" --output-on-failure --no-tests=error
}

run install tools/install_dependencies.sh test
run lint tools/lint.sh
run dev tools/build.sh dev all
run asan asan
run tidy tools/tidy.py build/asan
run tsan tsan
run fuzz tools/fuzz.sh "$FUZZ_SECONDS"
run demo make --no-print-directory demo ONCE=1
echo "Steps before the test suite:"
printf '  %s\n' "${timings[@]}"
step=tests
ctest --test-dir build/dev -j "$jobs" --output-on-failure --no-tests=error
