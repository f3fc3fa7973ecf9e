#!/usr/bin/env bash
# Prints the version of this tree: what VERSION says where the commit is tagged with it and
# nothing is changed, else that of the next release with the commit behind it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$(cat VERSION)
commit=$(git rev-parse --short HEAD 2>/dev/null) || { echo "$version"; exit 0; }
dirty=$(git status --porcelain --untracked-files=no 2>/dev/null | head -1)
if [ -z "$dirty" ] && git tag --points-at HEAD | grep -qxF "v$version"; then
  echo "$version"
else
  echo "$version-dev+$commit${dirty:+.dirty}"
fi
