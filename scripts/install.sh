#!/usr/bin/env bash
# Puts the programs where shells find them, or takes them away again. In a clone it
# installs what make build left, in an unpacked release what lies beside it.
#
#   install.sh PREFIX
#   install.sh --uninstall PREFIX
#
#   PREFIX/bin               indexer, search and sightline
#   PREFIX/lib/sightline     ONNX Runtime
#   PREFIX/share/sightline   the starter model, the settings with their defaults, licences
#   PREFIX/share             manual pages, completions of bash, zsh and fish
#   PREFIX/share/doc/sightline   README.md and the pages of docs, which help texts name
#
# A program that runs meanwhile keeps its files: new ones take their place by renaming.
# Indexes, fetched models and settings lie in the folders of those who use the programs,
# in none of these: nothing that an uninstall takes is anybody's data.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
case "$(basename "$here")" in
  scripts) root=${here%/*} ;;
  *) root=$here ;;
esac

uninstall=
if [ "${1:-}" = --uninstall ]; then
  uninstall=1
  shift
fi
[ $# -eq 1 ] || die "usage: install.sh [--uninstall] PREFIX"
# Not every shell puts the home folder in the place of a ~ behind PREFIX=.
case "$1" in
  '') die "PREFIX is empty: give a folder, such as PREFIX=\$HOME/.local" ;;
  '~' | '~/'*) prefix=${HOME:?}${1#\~} ;;
  *) prefix=$1 ;;
esac
case "$prefix" in
  /*) ;;
  *) prefix=$PWD/$prefix ;;
esac
[ "$prefix" = / ] || prefix=${prefix%/}

cd "$root"

# extras lists the files of manual pages and completions below share.
extras() {
  local program
  for program in indexer search sightline; do
    printf '%s\n' "man/man1/$program.1" "bash-completion/completions/$program" \
      "zsh/site-functions/_$program" "fish/vendor_completions.d/$program.fish"
  done
}

if [ -n "$uninstall" ]; then
  for program in indexer search sightline; do rm -f "$prefix/bin/$program"; done
  extras | while read -r file; do rm -f "$prefix/share/$file"; done
  rm -rf "$prefix/lib/sightline" "$prefix/share/sightline/models/starter" "$prefix/share/sightline/licences" \
    "$prefix/share/doc/sightline"
  rm -f "$prefix/share/sightline/config.yaml" "$prefix/share/sightline/LICENSE" "$prefix/share/sightline/NOTICE"
  # With PREFIX=~/.local share/sightline also holds the indexes and the fetched models of
  # whoever installed: it goes only where nothing of theirs is left.
  rmdir "$prefix/share/sightline/models" "$prefix/share/sightline" 2>/dev/null || true
  say "removed from $prefix; indexes, fetched models and settings stay where they are"
  exit 0
fi

# put MODE FOLDER FILE... copies files into a folder.
put() {
  local mode=$1 folder=$2 file to
  shift 2
  mkdir -p "$folder" || die "cannot make $folder (with sudo, or PREFIX=\$HOME/.local?)"
  for file; do
    to=$folder/$(basename "$file")
    install -m "$mode" "$file" "$to.new" || die "cannot write to $folder (with sudo, or PREFIX=\$HOME/.local?)"
    mv -f "$to.new" "$to"
  done
}

put 755 "$prefix/bin" bin/indexer bin/search bin/sightline

library=$prefix/lib/sightline
for file in lib/*; do
  if [ -L "$file" ]; then
    mkdir -p "$library"
    ln -sfn "$(readlink "$file")" "$library/$(basename "$file")"
  else
    put 644 "$library" "$file"
  fi
done

# tree FROM TO copies the files below a folder.
tree() {
  (cd "$1" && find . -type f ! -name '*.go') | while read -r file; do
    put 644 "$(dirname "$2/$file")" "$1/$file"
  done
}
tree models/starter "$prefix/share/sightline/models/starter"
put 644 "$prefix/share/sightline" config.yaml LICENSE NOTICE
put 644 "$prefix/share/doc/sightline" README.md CHANGELOG.md
tree docs "$prefix/share/doc/sightline/docs"
[ ! -d licences ] || tree licences "$prefix/share/sightline/licences"

share=$root/share
if [ ! -d "$share" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  share=$work
  scripts/share.sh bin "$share"
fi
extras | while read -r file; do put 644 "$(dirname "$prefix/share/$file")" "$share/$file"; done

say "installed below $prefix"
case ":$PATH:" in
  *":$prefix/bin:"*) ;;
  *) say "put $prefix/bin into your PATH to type sightline, indexer and search alone" ;;
esac
