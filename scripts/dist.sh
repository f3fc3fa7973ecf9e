#!/usr/bin/env bash
# Builds what a release has for the machine that it runs on: scripts/dist.sh [OUT]
#
#   sightline-VERSION-linux-amd64.tar.gz   programs, ONNX Runtime, starter model; needs a
#                                          C library only (on Linux glibc)
#   sightline_VERSION-1_amd64.deb          the same for Debian and Ubuntu, and
#   sightline-VERSION-1.x86_64.rpm         for Fedora and others (Linux alone)
#   sightline-VERSION-linux-amd64.cdx.json the parts list, in CycloneDX
#   SHA256SUMS
#
# The programs need cgo, so that each platform is built on a machine of its own by this
# same script. Built twice from one commit by the same tools, all files have equal bytes:
# the time in them is the commit's, or SOURCE_DATE_EPOCH.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"
cd "$root"

nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.44.1
cyclonedx=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.9.0

out=${1:-dist}
mkdir -p "$out"
out=$(cd "$out" && pwd)
VERSION=$(cat VERSION)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export VERSION SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022

# A library of one's own in SIGHTLINE_ONNXRUNTIME_LIB is not what a release has.
unset SIGHTLINE_ONNXRUNTIME_LIB
scripts/setup.sh
os=$(go env GOOS) arch=$(go env GOARCH)
name=sightline-$VERSION-$os-$arch
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/$name
mkdir -p "$tree/bin" "$tree/lib" "$tree/models" "$tree/licences"

# libjpeg-turbo goes into the programs: a folder that has the archive alone is looked at
# before those with the shared library.
case "$os" in
  darwin) prefix=$(brew --prefix jpeg-turbo) archive=$prefix/lib/libjpeg.a jpeg_licence=$prefix/LICENSE.md
    JPEG_VERSION=$(brew list --versions jpeg-turbo | cut -d ' ' -f 2)
    export CGO_CFLAGS="-O2 -g -I$prefix/include" ;;
  *) archive=$(${CC:-gcc} -print-file-name=libjpeg.a)
    [ -f "$archive" ] || die "libjpeg.a is missing: install your system's development package of libjpeg-turbo"
    jpeg_licence=$(ls /usr/share/doc/libjpeg62-turbo-dev/copyright /usr/share/doc/libjpeg-turbo8-dev/copyright \
      /usr/share/licenses/libjpeg-turbo*/LICENSE.md 2>/dev/null | head -1) || true
    JPEG_VERSION=$(printf '#include <stdio.h>\n#include <jconfig.h>\nLIBJPEG_TURBO_VERSION\n' | ${CC:-gcc} -E -P - | tail -1 | tr -d ' ') ;;
esac
[ -n "$jpeg_licence" ] || die "the licence of libjpeg-turbo was not found beside it"
static=$root/build/static # always the same: it is part of what Go's cache goes by
rm -rf "$static"
mkdir -p "$static"
ln -s "$archive" "$static/libjpeg.a"

say "building $name"
CGO_ENABLED=1 CGO_LDFLAGS="-O2 -L$static" go build -tags "${TAGS:-nodynamic}" -trimpath -buildvcs=false -o "$tree/bin/" \
  -ldflags "-s -w -buildid= -X github.com/sightline/sightline/internal/cmdline.Version=$VERSION" ./cmd/...

cp -P lib/libonnxruntime* "$tree/lib/"
cp -R models/starter "$tree/models/"
cp scripts/install.sh config.yaml README.md CHANGELOG.md LICENSE NOTICE "$tree/"
cp -R docs "$tree/"
rm -f "$tree"/docs/*_test.go
scripts/share.sh "$tree/bin" "$tree/share"

# ONNX Runtime is C++. It looks for the runtime of its compiler beside itself first.
GCC_VERSION=
if [ "$os" = linux ]; then
  for library in libstdc++.so.6 libgcc_s.so.1; do
    cp -L "$(${CC:-gcc} -print-file-name=$library)" "$tree/lib/$library"
  done
  GCC_VERSION=$(${CC:-gcc} -dumpfullversion)
  for doc in /usr/share/doc/libstdc++6/copyright /usr/share/licenses/libstdc++/COPYING.RUNTIME; do
    [ ! -f "$doc" ] || cp "$doc" "$tree/licences/gcc-runtime.txt"
  done
  [ -f "$tree/licences/gcc-runtime.txt" ] || die "the licence of libstdc++ was not found"
fi

# The licence of everything that is inside goes along.
cp lib/onnxruntime-LICENSE "$tree/licences/onnxruntime.txt"
cp lib/onnxruntime-ThirdPartyNotices.txt "$tree/licences/onnxruntime-third-party.txt"
cp "$jpeg_licence" "$tree/licences/libjpeg-turbo.txt"
cp internal/imaging/heif/licences/* "$tree/licences/"
cp scripts/jxl/LICENSES.txt "$tree/licences/jxl.txt"
cp "$(go env GOROOT)/LICENSE" "$tree/licences/go.txt" 2>/dev/null || cp /usr/share/doc/golang*/copyright "$tree/licences/go.txt"
go version -m "$tree"/bin/* | awk '$1 == "dep" { print $2 "@" $3 }' | sort -u | while read -r module; do
  folder=$(go mod download -json "$module" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
  found=
  for file in "$folder"/LICEN[CS]E* "$folder"/COPYING* "$folder"/NOTICE* "$folder"/License*; do
    [ -f "$file" ] || continue
    mkdir -p "$tree/licences/go/$module"
    install -m 644 "$file" "$tree/licences/go/$module/"
    found=1
  done
  case "$module" in
    # Its module lies in a folder below the licence of its repository, which is ours.
    github.com/milvus-io/milvus-proto/go-api/v2@*)
      mkdir -p "$tree/licences/go/$module"
      install -m 644 LICENSE "$tree/licences/go/$module/"
      found=1
      ;;
  esac
  [ -n "$found" ] || die "the licence of $module was not found in $folder"
done

say "writing the parts list"
parts=()
for program in indexer search; do
  go run "$cyclonedx" bin -json -noserial -output-version 1.5 -version "v$VERSION" -output "$work/$program.json" "$tree/bin/$program" 2>/dev/null
  parts+=("$work/$program.json")
done
ONNXRUNTIME_VERSION=$(sed -n 's/^version=//p' scripts/onnxruntime.sh)
export ONNXRUNTIME_VERSION JPEG_VERSION GCC_VERSION
python3 scripts/dist/sbom.py "$VERSION" "$SOURCE_DATE_EPOCH" scripts/dist/bundled.json "$tree/sbom.cdx.json" "${parts[@]}"
cp "$tree/sbom.cdx.json" "$out/$name.cdx.json"

say "packing"
find "$tree" -type d -exec chmod 755 {} +
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} + 2>/dev/null ||
  find "$tree" -exec touch -h -t "$(date -r "$SOURCE_DATE_EPOCH" +%Y%m%d%H%M.%S)" {} +
python3 scripts/dist/pack.py "$tree" "$out/$name.tar.gz" "$SOURCE_DATE_EPOCH"

if [ "$os" = linux ]; then
  # In packages the compiler's runtime is the system's.
  rm "$tree/lib/libstdc++.so.6" "$tree/lib/libgcc_s.so.1" "$tree/licences/gcc-runtime.txt" "$tree/install.sh"
  gzip -n -9 "$tree"/share/man/man1/*.1
  for file in "$tree" "$tree/lib" "$tree/licences" "$tree/share/man/man1" "$tree"/share/man/man1/*; do
    touch -d "@$SOURCE_DATE_EPOCH" "$file"
  done
  TREE=$tree ARCH=$arch scripts/dist/nfpm.sh >"$work/nfpm.yaml"
  for packager in deb rpm; do
    go run "$nfpm" package --config "$work/nfpm.yaml" --packager "$packager" --target "$out" >/dev/null
  done
fi

cd "$out"
rm -f SHA256SUMS
for file in *; do
  printf '%s  %s\n' "$(sha256 "$file")" "$file"
done >"$work/sums"
mv "$work/sums" SHA256SUMS
say "$out:"
cat SHA256SUMS >&2
