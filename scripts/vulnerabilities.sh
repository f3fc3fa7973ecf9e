#!/usr/bin/env bash
# Looks for published vulnerabilities in the code that the programs call. It fails where
# there are some. Where the database of the Go project cannot be reached it says so, and
# does not fail: then nothing was looked up.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"
cd "$root"

govulncheck=golang.org/x/vuln/cmd/govulncheck@v1.9.0

if report=$(go run "$govulncheck" ${VULNDB:+-db "$VULNDB"} -tags "${TAGS:-nodynamic}" ./cmd/... 2>&1); then
  say "no known vulnerability in what the programs call"
elif grep -q 'fetching vulnerabilities: ' <<<"$report"; then
  say "vulnerabilities were not looked up: the database at vuln.go.dev cannot be reached"
else
  printf '%s\n' "$report" >&2
  die "there are vulnerabilities in what the programs call, or they could not be looked for"
fi
