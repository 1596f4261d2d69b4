#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes FHIR R4 Bundles of a synthetic population of any size, for benchmarks and tests at size:
# tools/make_bench_data.sh PATIENTS SEED. The same numbers give the same population. Bundles of
# facilities and practitioners, to which the others refer, come with it; a patient who died counts
# beside those asked for, so there can be a few more. A development tool: see synthea.sh.
set -euo pipefail
# shellcheck source=tools/synthea.sh
. "$(dirname "$0")/synthea.sh"

[[ $# -eq 2 && $1 =~ ^[1-9][0-9]{0,5}$ && $2 =~ ^[0-9]{1,9}$ ]] ||
  fail "usage: PATIENTS SEED (1 to 999999 patients, a seed of 1 to 9 digits)"
readonly PATIENTS=$1 SEED=$2
cd "$(dirname "$0")/.."
readonly FOLDER=build/bench-data/$PATIENTS-$SEED
if [[ -d $FOLDER ]]; then
  echo "make_bench_data: $FOLDER is there already; remove it to make it anew"
  exit 0
fi
needs
fetch_synthea build/synthea
mkdir -p build/bench-data
scratch=$(mktemp -d build/bench-data/part.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
synthea build/synthea "$scratch" -s "$SEED" -cs "$SEED" -p "$PATIENTS" \
  --exporter.use_uuid_filenames=true
# What the others refer to sorts first, so that a folder is imported in the order of its names.
for name in hospital practitioner; do
  source=$scratch/fhir/${name}Information$SYNTHEA_DATE_MS.json
  [[ -s $source ]] || fail "Synthea made no $(basename "$source")"
  mv "$source" "$scratch/fhir/0-${name}s.json"
done
mv "$scratch/fhir" "$FOLDER"
echo "make_bench_data: $(find "$FOLDER" -name '*.json' | wc -l) Bundles," \
  "$(du -sh "$FOLDER" | cut -f1), in $FOLDER"
