#!/usr/bin/env bash
# Makes sure that there is a Chromium for the tests of the gallery (internal/e2e/browser).
# It is installed where that needs no password. Where it cannot be had, those tests say so
# and are skipped; with CI set this script fails instead, and so do they.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"

[ -z "${SIGHTLINE_CHROMIUM:-}" ] || exit 0
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if have "$name"; then exit 0; fi
done

missing() {
  [ -z "${CI:-}" ] || die "$1"
  say "$1; the tests of the gallery are skipped"
  exit 0
}

have apt-get || missing "no Chromium: install one, or set SIGHTLINE_CHROMIUM to its path"

install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null 2>&1 && have chromium
}

say "installing Chromium, for the tests of the gallery"
install && exit 0
# The package lists are empty in a fresh container.
as_root apt-get update -qq >/dev/null 2>&1 || true
install && exit 0
missing "no Chromium: sudo apt-get install chromium"
