#!/usr/bin/env bash
# Makes sure that the headers of libjpeg-turbo are there: the JPEG decoder is a thin
# layer of C over it. They are installed where that needs no password; otherwise one
# line says what to type.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"

# compiles asks the compiler itself, with the search paths that the Go build will use.
compiles() {
  # shellcheck disable=SC2086 # CGO_CFLAGS is a list of flags
  printf '#include <stdio.h>\n#include <jpeglib.h>\nint main(void){return 0;}\n' |
    ${CC:-gcc} ${CGO_CFLAGS:-} -x c -fsyntax-only - 2>/dev/null
}

if compiles; then exit 0; fi

if [ "$(uname -s)" = Darwin ]; then
  # Homebrew keeps it out of the compiler's default path.
  have brew || die "the headers of libjpeg-turbo are missing: install Homebrew, then: brew install jpeg-turbo"
  brew list jpeg-turbo >/dev/null 2>&1 || brew install jpeg-turbo >&2 ||
    die "the headers of libjpeg-turbo are missing: brew install jpeg-turbo"
  exit 0
fi

have apt-get ||
  die "the headers of libjpeg-turbo (jpeglib.h) are missing: install your system's development package of it (Fedora: libjpeg-turbo-devel; Alpine: libjpeg-turbo-dev)"

# The package has another name on each system: Debian's comes first.
install_headers() {
  local package
  for package in libjpeg62-turbo-dev libjpeg-turbo8-dev libjpeg-dev; do
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null 2>&1 && compiles; then
      say "installed $package"
      return 0
    fi
  done
  return 1
}

say "installing the headers of libjpeg-turbo"
install_headers && exit 0
# The package lists are empty in a fresh container.
as_root apt-get update -qq >/dev/null 2>&1 || true
install_headers && exit 0
die "the headers of libjpeg-turbo are missing: sudo apt-get install libjpeg-dev"
