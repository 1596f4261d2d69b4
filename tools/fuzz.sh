#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds every fuzz target, in the sanitizers' build, and runs each for some seconds from its seeds.
#   tools/fuzz.sh SECONDS
# What it finds beyond the seeds stays in build/fuzz/corpus and is used again; an input that fails
# is written to build/fuzz/failures/.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?seconds per target}
# Only the fuzz targets; nothing to do before the first of them exists.
cmake --preset asan >/dev/null
mapfile -t targets < <(ninja -C build/asan -t targets all |
    sed -n 's/^\(fuzz_[a-z0-9_]*\): phony$/\1/p' | sort -u)
if [ ${#targets[@]} -eq 0 ]; then
    echo "no fuzz targets in tests/fuzz" >&2
    exit 1
fi
tools/build.sh asan "${targets[@]}"

run_one() {
    local target=$1 seconds=$2
    local found=build/fuzz/corpus/$target seeds=tests/fuzz/corpus/${target#fuzz_}
    local log=build/fuzz/$target.log
    mkdir -p "$found" build/fuzz/failures
    local inputs=("$found")
    [ ! -d "$seeds" ] || inputs+=("$seeds")
    if ! build/asan/bin/"$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
        -artifact_prefix="build/fuzz/failures/$target-" -print_final_stats=1 \
        "${inputs[@]}" >"$log" 2>&1; then
        tail -n 60 "$log" >&2
        echo "FAILED $target" >&2
        return 1
    fi
    echo "$target: $(awk '/number_of_executed_units/{print $2}' "$log") inputs, no failure"
}
export -f run_one
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c "run_one {} $seconds"
