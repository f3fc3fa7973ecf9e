#!/usr/bin/env bash
# Puts ONNX Runtime's shared library into lib/, where bin/indexer and bin/search
# look for it. It comes out of the Python wheel of ONNX Runtime, the one build of
# it that is published for every platform in one place and pinned by a hash. The
# wheel is only unpacked: nothing is installed and no Python code of it runs.
#
# Nothing is done where lib/ holds the right library already, or where
# SIGHTLINE_ONNXRUNTIME_LIB names another one.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"

version=1.32.0

# The SHA-256 of the wheel, which pip checks, and of the library inside it, which
# tells a later run that there is nothing to do.
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64)
    platform=manylinux_2_28_x86_64
    library=libonnxruntime.so.$version
    wheel_sha256=99e1074c4b2197accd5073052a465361be17b89c093b8ffb6e6bd8f986c52df8
    library_sha256=6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f
    ;;
  Linux-aarch64 | Linux-arm64)
    platform=manylinux_2_28_aarch64
    library=libonnxruntime.so.$version
    wheel_sha256=e36c187006e7a7c8b8d6d57f1a209dd63f52430dca6c282b177718ad6b841054
    library_sha256=49852228a93995158b2a813d4df487d47a1b76b0eaa894507ef49e91b6d7954a
    ;;
  Darwin-arm64)
    platform=macosx_14_0_arm64
    library=libonnxruntime.$version.dylib
    wheel_sha256=d52510bbbcc880c13b826f7d75cdf33ac5cf0bb864d960000fc29ce73f0cb83e
    library_sha256=fa585fabbea65b823b9a8f7e27d46aee3989d1be7e36b528203d3a1fd613aae7
    ;;
  *)
    [ -n "${SIGHTLINE_ONNXRUNTIME_LIB:-}" ] ||
      die "no ONNX Runtime $version is pinned for $(uname -s) $(uname -m): set SIGHTLINE_ONNXRUNTIME_LIB to a library of your own (1.24 or newer)"
    ;;
esac

if [ -n "${SIGHTLINE_ONNXRUNTIME_LIB:-}" ]; then
  [ -f "$SIGHTLINE_ONNXRUNTIME_LIB" ] ||
    die "SIGHTLINE_ONNXRUNTIME_LIB names $SIGHTLINE_ONNXRUNTIME_LIB, which is not a file"
  exit 0
fi

# link gives the library the name without a version, which is what loaders and
# people look for first.
link() { ln -sfn "$library" "$root/lib/$1"; }
link_all() {
  case "$library" in
    *.dylib) link libonnxruntime.dylib ;;
    *) link libonnxruntime.so ;;
  esac
}

if [ "$(sha256 "$root/lib/$library")" = "$library_sha256" ]; then
  link_all
  exit 0
fi

python3 -m pip --version >/dev/null 2>&1 ||
  die "pip is missing: install it (Debian and Ubuntu: apt-get install python3-pip; macOS: python3 -m ensurepip)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "fetching ONNX Runtime $version ($platform, about 27 MB)"
printf 'onnxruntime==%s --hash=sha256:%s\n' "$version" "$wheel_sha256" >"$work/requirements.txt"
# The wheel is asked for by platform and by a Python of our choice, so that it does
# not matter which Python runs this.
if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
  --only-binary=:all: --platform "$platform" --implementation cp --python-version 3.12 \
  --dest "$work" --requirement "$work/requirements.txt" >&2; then
  die "pip could not fetch ONNX Runtime $version: check the network, or set SIGHTLINE_ONNXRUNTIME_LIB to a library that you have"
fi

python3 -m zipfile -e "$work"/onnxruntime-"$version"-*.whl "$work/wheel"
[ "$(sha256 "$work/wheel/onnxruntime/capi/$library")" = "$library_sha256" ] ||
  die "the wheel of ONNX Runtime $version does not hold the expected $library"

mkdir -p "$root/lib"
# Copied beside its place and renamed, so that an interrupted run leaves no half of
# a library under the final name.
cp "$work/wheel/onnxruntime/capi/$library" "$root/lib/.$library.new"
mv -f "$root/lib/.$library.new" "$root/lib/$library"
cp "$work/wheel/onnxruntime/LICENSE" "$root/lib/onnxruntime-LICENSE"
cp "$work/wheel/onnxruntime/ThirdPartyNotices.txt" "$root/lib/onnxruntime-ThirdPartyNotices.txt"
link_all
say "lib/$library is ready"
