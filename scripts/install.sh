#!/usr/bin/env bash
# Copies what was built to where the programs look for it: scripts/install.sh PREFIX
#
#   PREFIX/bin               indexer and search
#   PREFIX/lib/sightline     ONNX Runtime
#   PREFIX/share/sightline   the starter model, and the settings with their defaults
#
# A program that runs meanwhile keeps its files: new ones take their place by renaming.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"
cd "$root"

[ $# -eq 1 ] || die "usage: scripts/install.sh PREFIX"
prefix=${1%/}

# put MODE FOLDER FILE... copies files into a folder.
put() {
  local mode=$1 folder=$2 file to
  shift 2
  mkdir -p "$folder" || die "cannot make $folder (with sudo, or PREFIX=~/.local?)"
  for file; do
    to=$folder/$(basename "$file")
    install -m "$mode" "$file" "$to.new" || die "cannot write to $folder (with sudo, or PREFIX=~/.local?)"
    mv -f "$to.new" "$to"
  done
}

put 755 "$prefix/bin" bin/indexer bin/search

library=$prefix/lib/sightline
for file in lib/*; do
  if [ -L "$file" ]; then
    mkdir -p "$library"
    ln -sfn "$(readlink "$file")" "$library/$(basename "$file")"
  else
    put 644 "$library" "$file"
  fi
done

starter=models/starter
(cd "$starter" && find . -type f) | while read -r file; do
  put 644 "$(dirname "$prefix/share/sightline/$starter/$file")" "$starter/$file"
done
put 644 "$prefix/share/sightline" config.yaml LICENSE

say "installed below $prefix"
case ":$PATH:" in
  *":$prefix/bin:"*) ;;
  *) say "put $prefix/bin into your PATH to type indexer and search alone" ;;
esac
