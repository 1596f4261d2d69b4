#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the demo's FHIR Bundles from nothing: tools/make_demo_data.sh OUTPUT_FOLDER
# A development tool only; nothing that is built or installed uses it. demo/data/README.md says
# what comes out. Needs Java 17, Maven, zstd, and the network for Maven's downloads. Ends with an
# error, and leaves OUTPUT_FOLDER as it was, if any Bundle differs from the SHA-256 below.
set -euo pipefail
# shellcheck source=tools/synthea.sh
. "$(dirname "$0")/synthea.sh"

readonly SEED=2024
readonly CLINICIAN_SEED=2024
readonly POPULATION=6
readonly AGES=0-40
readonly YEARS_OF_HISTORY=5

# our name, Synthea's name (a patient's is the Patient's id)
readonly KEPT="\
patient-1 17754331-7bbf-27c7-1eb9-8e65d67a1a44
patient-2 da3970f7-646b-8ac2-7329-1c876ba9780e
patient-3 afc17d1d-db58-80f2-f993-db8b6541116e
hospitals hospitalInformation$SYNTHEA_DATE_MS
practitioners practitionerInformation$SYNTHEA_DATE_MS"

readonly SHA256="\
ae7f7f2c6280312680a9ee5ff7d9bcbc882914bf53696a8bcc0813c209f618e5  patient-1.json
7963eff960ec276d0ff0507cae5666b5139596a4245a61029ccfd686a4181a89  patient-2.json
98107e3b84452ce667b76c34885cb4af2a0f949b23d5fe332bd0a0c72ce20594  patient-3.json
7f216dafb72362e67210434ed8c56ff9ec1558728258f4eec7149c4616448cdd  hospitals.json
1ce21bccf82f69032b2d9afaba70655fa5d474a3e0a2b89abeedd3ed4e83d429  practitioners.json"

keep() { # FOLDER: takes what KEPT lists, checks it, and puts it compressed into FOLDER/kept
  local name source
  mkdir "$1/kept"
  while read -r name source; do
    [[ -s $1/out/fhir/$source.json ]] || fail "Synthea made no $source.json"
    mv "$1/out/fhir/$source.json" "$1/kept/$name.json"
  done <<<"$KEPT"
  if ! (cd "$1/kept" && sha256sum --check --strict --quiet <<<"$SHA256"); then
    (cd "$1/kept" && sha256sum ./*.json) >&2
    fail "Synthea made something else than before; nothing was written"
  fi
  zstd -q -19 --rm "$1"/kept/*.json
}

[[ $# -eq 1 && -n $1 && $1 != -* ]] || fail "usage: tools/make_demo_data.sh OUTPUT_FOLDER"
needs sha256sum zstd

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fetch_synthea "$scratch/lib"
mkdir "$scratch/out"
synthea "$scratch/lib" "$scratch/out" -s "$SEED" -cs "$CLINICIAN_SEED" -p "$POPULATION" -a "$AGES" \
  --exporter.years_of_history="$YEARS_OF_HISTORY" --exporter.use_uuid_filenames=true
keep "$scratch"
mkdir -p "$1"
cp "$scratch"/kept/*.json.zst "$1"/
echo "make_demo_data: wrote $(wc -l <<<"$KEPT") files to $1"
