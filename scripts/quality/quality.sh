#!/usr/bin/env bash
# Puts the pictures on which labelling is measured into build/quality: one folder for
# each list of internal/zeroshot/testdata/sets, but the demo photos, which make photos
# fetches. They come out of Debian packages, which apt fetches and dpkg-deb unpacks
# without installing anything and without root. The pictures have the packages' licences
# (GPL, LGPL, CC-BY-SA, public domain), which is why none is committed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"

packages=(gcompris-qt-data openclipart-png mate-backgrounds plasma-workspace-wallpapers
  lomiri-wallpapers-16.04 lomiri-wallpapers-20.04)

pick() {
  python3 "$root/scripts/quality/pictures.py" --lists "$root/internal/zeroshot/testdata/sets" \
    --target "$root/build/quality" "$@"
}

if pick --check; then exit 0; fi
have apt-get && have dpkg-deb || die "the pictures come out of Debian packages: there is no apt here"
mkdir -p "$root/build"
work=$(mktemp -d "$root/build/.quality.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# download fetches the packages into the working folder. In a fresh container apt has no
# package lists, and writing them needs root: lists of our own do not.
download() {
  local own=(-o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache")
  local quiet=(-qq -o APT::Sandbox::User=root)
  apt-get "${quiet[@]}" download "${packages[@]}" >/dev/null 2>&1 && return 0
  mkdir -p lists/partial cache/archives/partial
  apt-get "${quiet[@]}" "${own[@]}" update >/dev/null 2>&1 || true
  apt-get "${quiet[@]}" "${own[@]}" download "${packages[@]}" >/dev/null 2>&1
}

say "fetching pictures to measure labelling on (${packages[*]}, 340 MB)"
download || die "apt could not fetch ${packages[*]}"
for package in *.deb; do
  dpkg-deb -x "$package" unpacked
done
pick --source unpacked/usr/share
