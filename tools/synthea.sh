#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For the tools that make test populations with Synthea: to be sourced. Needs Java 17, Maven, and
# the network for Maven's downloads. A development tool only; nothing that is built or installed
# uses it.

readonly SYNTHEA_VERSION=3.3.0
readonly SYNTHEA_DATE=20240101           # "today" of the population
readonly SYNTHEA_DATE_MS=1704067200000   # the same at 00:00 UTC, as Synthea puts it into file names

fail() {
  echo "$(basename "$0" .sh): $*" >&2
  exit 1
}

needs() { # TOOL...: those, Java 17 and Maven
  local tool
  for tool in java mvn "$@"; do
    command -v "$tool" >/dev/null || fail "needs $tool"
  done
  # Later versions of Java may write numbers differently.
  [[ $(java -version 2>&1) == *'version "17.'* ]] || fail "needs Java 17"
}

fetch_synthea() { # FOLDER: puts Synthea and all that it needs there, if it is not there yet
  [[ ! -f $1/synthea-$SYNTHEA_VERSION.jar ]] || return 0
  mkdir -p "$1"
  cat >"$1/pom.xml" <<POM
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>consilium</groupId>
  <artifactId>test-populations</artifactId>
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
  (cd "$1" && mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=.)
  [[ -f $1/synthea-$SYNTHEA_VERSION.jar ]] || fail "Maven brought no Synthea"
}

synthea() { # LIB FOLDER OPTION...: the Bundles go to FOLDER/fhir, what Synthea says to FOLDER/log
  local lib out
  lib=$(realpath "$1")
  out=$(realpath "$2")
  shift 2
  # Time zone, language and encoding are fixed, since the output or its file names depend on them.
  (cd "$out" && TZ=UTC LC_ALL=C.UTF-8 java -Xmx2g \
    -Duser.timezone=UTC -Duser.language=en -Duser.country=US -Dfile.encoding=UTF-8 \
    -cp "$lib/*" App \
    -r "$SYNTHEA_DATE" -e "$SYNTHEA_DATE" "$@" \
    --exporter.fhir.transaction_bundle=true \
    --exporter.hospital.fhir.export=true \
    --exporter.practitioner.fhir.export=true \
    --exporter.metadata.export=false \
    --exporter.baseDirectory="$out/" \
    --generate.thread_pool_size=1 \
    Massachusetts) >"$out/log" 2>&1 || { tail -n 20 "$out/log" >&2; fail "Synthea failed"; }
}
