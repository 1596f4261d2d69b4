#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the demo's FHIR Bundles from nothing: tools/make_demo_data.sh OUTPUT_FOLDER
# A development tool only; nothing that is built or installed uses it. demo/data/README.md says
# what comes out. Needs Java 17, Maven, zstd, and the network for Maven's downloads. Ends with an
# error, and leaves OUTPUT_FOLDER as it was, if any Bundle differs from the SHA-256 below.
set -euo pipefail

readonly SYNTHEA_VERSION=3.3.0
readonly SEED=2024
readonly CLINICIAN_SEED=2024
readonly DATE=20240101
readonly DATE_MS=1704067200000 # DATE at 00:00 UTC, as Synthea puts it into file names
readonly POPULATION=6
readonly AGES=0-40
readonly YEARS_OF_HISTORY=5

# our name, Synthea's name (a patient's is the Patient's id)
readonly KEPT="\
patient-1 17754331-7bbf-27c7-1eb9-8e65d67a1a44
patient-2 da3970f7-646b-8ac2-7329-1c876ba9780e
patient-3 afc17d1d-db58-80f2-f993-db8b6541116e
hospitals hospitalInformation$DATE_MS
practitioners practitionerInformation$DATE_MS"

readonly SHA256="\
ae7f7f2c6280312680a9ee5ff7d9bcbc882914bf53696a8bcc0813c209f618e5  patient-1.json
7963eff960ec276d0ff0507cae5666b5139596a4245a61029ccfd686a4181a89  patient-2.json
98107e3b84452ce667b76c34885cb4af2a0f949b23d5fe332bd0a0c72ce20594  patient-3.json
7f216dafb72362e67210434ed8c56ff9ec1558728258f4eec7149c4616448cdd  hospitals.json
1ce21bccf82f69032b2d9afaba70655fa5d474a3e0a2b89abeedd3ed4e83d429  practitioners.json"

fail() {
  echo "make_demo_data: $*" >&2
  exit 1
}

fetch_synthea() { # FOLDER: puts Synthea and all that it needs into FOLDER/lib
  cat >"$1/pom.xml" <<POM
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>consilium.demo</groupId>
  <artifactId>demo-data</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.mitre.synthea</groupId>
      <artifactId>synthea</artifactId>
      <version>$SYNTHEA_VERSION</version>
    </dependency>
  </dependencies>
</project>
POM
  (cd "$1" && mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=lib)
  [[ -f $1/lib/synthea-$SYNTHEA_VERSION.jar ]] || fail "Maven brought no Synthea"
}

run_synthea() { # FOLDER: the Bundles go to FOLDER/out/fhir, what Synthea says to FOLDER/log
  # Time zone, language and encoding are fixed, since the output or its file names depend on them.
  (cd "$1" && TZ=UTC LC_ALL=C.UTF-8 java -Xmx1g \
    -Duser.timezone=UTC -Duser.language=en -Duser.country=US -Dfile.encoding=UTF-8 \
    -cp 'lib/*' App \
    -s "$SEED" -cs "$CLINICIAN_SEED" -r "$DATE" -e "$DATE" -p "$POPULATION" -a "$AGES" \
    --exporter.years_of_history="$YEARS_OF_HISTORY" \
    --exporter.use_uuid_filenames=true \
    --exporter.fhir.transaction_bundle=true \
    --exporter.hospital.fhir.export=true \
    --exporter.practitioner.fhir.export=true \
    --exporter.metadata.export=false \
    --exporter.baseDirectory=out/ \
    --generate.thread_pool_size=1 \
    Massachusetts) >"$1/log" 2>&1 || { tail -n 20 "$1/log" >&2; fail "Synthea failed"; }
}

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
for tool in java mvn sha256sum zstd; do
  command -v "$tool" >/dev/null || fail "needs $tool"
done
# Later versions of Java may write numbers differently.
[[ $(java -version 2>&1) == *'version "17.'* ]] || fail "needs Java 17"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fetch_synthea "$scratch"
run_synthea "$scratch"
keep "$scratch"
mkdir -p "$1"
cp "$scratch"/kept/*.json.zst "$1"/
echo "make_demo_data: wrote $(wc -l <<<"$KEPT") files to $1"
