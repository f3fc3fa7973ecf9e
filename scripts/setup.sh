#!/usr/bin/env bash
# Makes a fresh clone ready to build: looks for the tools, installs libjpeg-turbo's
# headers where that needs no password, and puts ONNX Runtime into lib/. Everything
# that is there already is left alone, so that a second run takes no time and no
# network.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"

missing=0

# need COMMAND ADVICE says what is missing; all of it, so that one look is enough.
need() {
  have "$1" && return 0
  say "missing: $1. $2"
  missing=1
}

need go "Install Go 1.26 or newer (Debian's golang-go may be older; macOS: brew install go)"
need "${CC:-gcc}" "Install a C compiler (Debian and Ubuntu: apt-get install gcc libc6-dev; macOS: xcode-select --install)"
need git "Install git (Debian and Ubuntu: apt-get install git; macOS: xcode-select --install)"
need python3 "Install Python 3.9 or newer (Debian and Ubuntu: apt-get install python3; macOS: brew install python3)"
[ "$missing" -eq 0 ] || die "install what is missing, then run make again"

# Before 1.21 the go command cannot read the version in go.mod, nor fetch a newer Go.
case "$(cd / && go env GOVERSION)" in
  go1.? | go1.?.* | go1.1? | go1.1?.* | go1.20 | go1.20.*) die "Go is too old ($(go version)): install Go 1.26 or newer" ;;
esac

"$root/scripts/libjpeg.sh"
"$root/scripts/onnxruntime.sh"
