#!/usr/bin/env bash
# Runs every check, from a fresh clone: format, vet, staticcheck, the tests, and those
# of the concurrent packages again under the race detector. The tests come last, so
# that their result is what a reader of the log sees.
#
# The Milvus servers that the tests need are started, and stopped at the end. One that
# runs already is used and left running, as is one elsewhere that
# SIGHTLINE_MILVUS_ADDRESS or SIGHTLINE_MILVUS_LITE_ADDRESS names.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"
cd "$root"

staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Those where goroutines meet. The rest is arithmetic on memory of its own, which the
# race detector makes slow without a chance to find anything.
concurrent=(
  ./internal/clip/... ./internal/index ./internal/store/... ./internal/tagging ./internal/terminal/...
  ./internal/transfer ./internal/walk
)

# The tags of the Makefile, so that the tests run what is shipped.
tags=${TAGS:-nodynamic}

started=()
stop_servers() {
  local kind
  for kind in "${started[@]}"; do scripts/milvus stop "$kind"; done
}
trap stop_servers EXIT

# server KIND starts a Milvus server, unless it runs. The trap knows of it first, for
# the case that starting fails half way.
server() {
  if ! scripts/milvus status "$1" 2>/dev/null; then
    started+=("$1")
    scripts/milvus start "$1"
  fi
}

scripts/setup.sh
scripts/photos.sh # the search quality is measured on them
scripts/chromium.sh # the gallery is looked at in it

if [ -z "${SIGHTLINE_ONNXRUNTIME_LIB:-}" ]; then
  case "$(uname -s)" in
    Darwin) SIGHTLINE_ONNXRUNTIME_LIB=$root/lib/libonnxruntime.dylib ;;
    *) SIGHTLINE_ONNXRUNTIME_LIB=$root/lib/libonnxruntime.so ;;
  esac
fi
export SIGHTLINE_ONNXRUNTIME_LIB

say "gofmt"
unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 gofmt -l)
[ -z "$unformatted" ] || die "not formatted, run gofmt -w on: $unformatted"

say "go vet"
go vet -tags "$tags" ./...
# The build without libjpeg-turbo compiles other files.
go vet -tags "$tags,nolibjpeg" ./internal/imaging
# So does that for processors without vector instructions of ours.
GOARCH=arm64 CGO_ENABLED=0 go vet -tags "$tags" ./internal/imaging/... ./internal/vec/...

say "staticcheck"
go run "$staticcheck" -tags "$tags" ./...

say "go test -race"
# Short leaves out what runs on one goroutine, for minutes under the detector, and the
# real servers of Milvus: the one that lives in the tests does.
go test -tags "$tags" -timeout 30m -race -short "${concurrent[@]}"

say "Milvus"
if [ -z "${SIGHTLINE_MILVUS_ADDRESS:-}" ]; then
  server standalone
  SIGHTLINE_MILVUS_ADDRESS=$(scripts/milvus address standalone)
fi
if [ -z "${SIGHTLINE_MILVUS_LITE_ADDRESS:-}" ]; then
  server lite
  SIGHTLINE_MILVUS_LITE_ADDRESS=$(scripts/milvus address lite)
fi
export SIGHTLINE_MILVUS_ADDRESS SIGHTLINE_MILVUS_LITE_ADDRESS

say "go test"
# The slowest first: the Milvus store waits for its servers more than it computes, and the
# scripts wait for programs that end. One package more than there are cores fills the gaps.
packages=$(($(getconf _NPROCESSORS_ONLN) + 1))
go test -tags "$tags" -timeout 30m -p "$packages" ./internal/store/milvus/... ./internal/e2e/... ./...
