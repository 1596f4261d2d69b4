#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what a task needs and is not there yet: Debian 12 packages only.
#   tools/install_dependencies.sh build     to build and run a node
#   tools/install_dependencies.sh test      all of that, and what `make test` needs
#   tools/install_dependencies.sh coverage  all of that, and what `make coverage` needs
# Root is asked for (through sudo) only when something is missing. docs/dependencies.md says why
# each package is needed.
set -euo pipefail

build_packages=(
    make g++ cmake ninja-build ccache mold pkg-config
    librocksdb-dev libboost1.81-dev libboost-json1.81-dev
    libprotobuf-dev protobuf-compiler libsodium-dev libssl-dev libcli11-dev
    prometheus-cpp-dev libtomlplusplus-dev libspdlog-dev libzstd-dev libjemalloc-dev
)
test_packages=(
    clang clang-tidy clang-format libclang-rt-14-dev
    libgtest-dev libgmock-dev python3 curl git zstd man-db
)
coverage_packages=(gcovr)
# Debian's npm brings some 400 packages with it: only where no other one is there.
command -v npm >/dev/null || test_packages+=(npm)

task=${1:-build}
case "$task" in
    build) wanted=("${build_packages[@]}") ;;
    test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
    coverage) wanted=("${build_packages[@]}" "${test_packages[@]}" "${coverage_packages[@]}") ;;
    *) echo "usage: $0 build|test|coverage" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "This is not a Debian system, so nothing was installed. Needed, under Debian's names:" >&2
    echo "  ${wanted[*]}" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    state=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    [ "$state" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "Installing Debian packages that '$task' needs (docs/dependencies.md says why):"
printf '  %s\n' "${missing[@]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Installing needs root, and there is no sudo. As root, run:" >&2
        echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get -q update </dev/null
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" </dev/null
