#!/usr/bin/env bash
# Runs every check, from a fresh clone: format, vet, staticcheck, the tests, and those
# of the concurrent packages again under the race detector. The tests come last, so
# that their result is what a reader of the log sees.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"
cd "$root"

staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Those where goroutines meet. The rest is arithmetic on memory of its own, which the
# race detector makes slow without a chance to find anything.
concurrent=(
  ./internal/clip/... ./internal/hub ./internal/index ./internal/ort ./internal/progress
  ./internal/store/... ./internal/walk
)

# The tags of the Makefile, so that the tests run what is shipped.
tags=${TAGS:-nodynamic}

scripts/setup.sh
scripts/photos.sh # the search quality is measured on them

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

say "staticcheck"
go run "$staticcheck" -tags "$tags" ./...

say "go test -race"
go test -tags "$tags" -race "${concurrent[@]}"

say "go test"
go test -tags "$tags" ./...
