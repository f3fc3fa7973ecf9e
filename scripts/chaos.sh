#!/bin/sh
# Crash, damage and race tests in their long form: an hour or so. The short form of each is
# part of `go test ./...`. SIGHTLINE_YEAR=20000x365 sets pictures and days of the year.
# Build tags come from the environment (TAGS), as in the Makefile.
set -eu
cd "$(dirname "$0")/.."
tags=${TAGS:-nodynamic}
export SIGHTLINE_CHAOS=1
scripts/milvus setup
go test -tags "$tags" -timeout 60m ./internal/store/local/... ./internal/chaos ./internal/store/milvus ./internal/imaging/hostile ./internal/clip/ort ./internal/atomicfile ./internal/tagging/...
# The heavy tests of each package leave out what the race detector would only repeat.
go test -tags "$tags" -timeout 60m -race -short ./...
for package in $(go list -tags "$tags" ./...); do
	for target in $(go test -tags "$tags" -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		go test -tags "$tags" -run xxx -fuzz "^$target\$" -fuzztime "${FUZZTIME:-20s}" "$package"
	done
done
