#!/usr/bin/env bash
# Tests what make dist builds, on Linux as root: the same bytes twice, nothing needed but
# glibc, and the .deb installed, used and removed in a root of its own, without a network.
# scripts/dist_test.sh [--once] [DIST] takes a release that is there as the first of the two,
# and builds no second one with --once.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"
cd "$root"
[ "$(uname -s)" = Linux ] && [ "$(id -u)" -eq 0 ] || die "this test needs Linux, and root for chroot"
have dpkg && have unshare && have chroot || die "this test needs dpkg, unshare and chroot"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(cat VERSION)

# is WHAT COMMAND... fails the test where the command does.
is() {
  local what=$1
  shift
  "$@" || die "not true: $what"
  say "ok: $what"
}
not() { ! "$@"; }

# build OUT builds a release, and shows how only where that fails.
build() { scripts/dist.sh "$1" 2>"$work/built" || { cat "$work/built" >&2; return 1; }; }

once=
if [ "${1:-}" = --once ]; then once=1 && shift; fi
first=${1:-$work/first}
[ -n "${1:-}" ] || build "$first"
if [ -z "$once" ]; then
  # Into another folder, with another time zone and mask.
  (umask 077 && TZ=Asia/Tokyo build "$work/a second one")
  is "two builds have equal bytes" diff -r "$first" "$work/a second one"
fi
(cd "$first" && sha256sum --quiet -c SHA256SUMS) || die "SHA256SUMS is wrong"

name=$(basename "$first"/*.tar.gz .tar.gz)
tar xzf "$first/$name.tar.gz" -C "$work"
release=$work/$name

# Everything that is loaded comes from the release or from glibc.
glibc='^(linux-vdso|ld-linux[-a-z0-9_]*|libc|libm|libdl|librt|libpthread|libresolv)\.so\.?[0-9]*$'
foreign=$(for file in "$release"/bin/* "$release"/lib/libonnxruntime.so; do
  { ldd "$file" 2>/dev/null || true; } | awk '{ print $1 " " $3 }' # sightline itself is static
done | while read -r library path; do
  case "$path" in "$release"/*) continue ;; esac
  basename "$library" | grep -Ev "$glibc" || true
done)
is "nothing is needed but glibc" test -z "$foreign"

python3 - "$release/sbom.cdx.json" <<'PY' || die "the parts list is not whole"
import json, sys
bom = json.load(open(sys.argv[1]))
names = {c["name"] for c in bom["components"]}
want = {"onnxruntime", "libjpeg-turbo", "libde265", "dav1d", "jxl-oxide", "github.com/urfave/cli/v2", "modernc.org/sqlite"}
assert want <= names, want - names
assert all(c.get("version") for c in bom["components"])
assert bom["metadata"]["component"]["version"], "no version"
PY
is "each Go module has its licence" test "$(find "$release/licences/go" -type f | wc -l)" -ge 40

# glibc_of ROOT copies the system's glibc and a shell into a new root, with what dpkg
# must know of them.
glibc_of() {
  local package path
  mkdir -p "$1"/{usr/bin,usr/lib64,usr/lib,var/lib/dpkg/info,var/lib/dpkg/updates,etc,tmp,root,photos,dev,proc}
  ln -s usr/lib "$1/lib"
  ln -s usr/lib64 "$1/lib64"
  ln -s usr/bin "$1/bin"
  : >"$1/var/lib/dpkg/status"
  local target=$1
  shift
  for package; do
    dpkg-query -L "$package" | while read -r path; do
      case "$path" in
        *.so | *.so.*) [ -e "$path" ] && (cd / && cp -a --parents ".$(realpath -s "$path" | sed 's#^/lib#/usr/lib#')" "$target") ;;
      esac
    done
    dpkg-query -s "$package" | sed '/^Depends\|^Pre-Depends\|^Recommends\|^Conffiles/d;/^ \/etc/d' >>"$target/var/lib/dpkg/status"
    echo >>"$target/var/lib/dpkg/status"
  done
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$target/etc/passwd"
  paint "$target/photos"
  cp internal/imaging/metadata/testdata/iptc_utf8.jpg "$target/photos/photo.jpg"
}

# paint FOLDER paints two pictures.
paint() {
  python3 - "$1" <<'PY'
import struct, sys, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
for name, colour in (("red", b"\xd0\x20\x20"), ("blue", b"\x20\x30\xd0")):
    rows = (b"\0" + colour * 64) * 64
    with open(f"{sys.argv[1]}/{name}.png", "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
PY
}

# inside ROOT COMMAND... runs a command in a root, without a network.
inside() {
  local where=$1
  shift
  # shellcheck disable=SC2016 # the inner shell expands
  env -i HOME=/root PATH="$PATH" LANG=C.UTF-8 chroot="$(command -v chroot)" unshare --net --mount bash -c '
    mount --bind /proc "$0/proc" && mount --bind /dev "$0/dev" && PATH=/usr/bin exec "$chroot" "$@"' "$where" "$where" "$@"
}

# uses ROOT PREFIX indexes and searches pictures there.
uses() {
  inside "$1" "$2sightline" run /photos --json >"$work/run" && grep -q '"failed":0' "$work/run" || { cat "$work/run"; return 1; }
  [ "$(inside "$1" "$2sightline" search a red thing --paths -k 3 | sort | tr '\n' ' ')" = "/photos/blue.png /photos/photo.jpg /photos/red.png " ] || return 1
  [ "$(inside "$1" "$2search" red --paths -k 1)" = /photos/red.png ]
}

say "the archive, in a root with nothing but glibc"
glibc_of "$work/bare" libc6
cp -a "$release" "$work/bare/opt"
is "the archive indexes and finds" uses "$work/bare" /opt/bin/

say "the .deb"
deb=$(echo "$first"/*.deb)
glibc_of "$work/debian" libc6 libstdc++6 libgcc-s1
install_deb() { dpkg --root="$work/debian" --log=/dev/null "$@" >"$work/dpkg" 2>&1 || { cat "$work/dpkg" >&2; return 1; }; }
is "dpkg installs it, with its dependencies checked" install_deb -i "$deb"
is "the package indexes and finds" uses "$work/debian" ""
is "it says its version" test "$(inside "$work/debian" sightline --version)" = "sightline version $version"
is "its manual pages are there" test -s "$work/debian/usr/share/man/man1/sightline.1.gz"
for file in bash-completion/completions/search zsh/vendor-completions/_search fish/vendor_completions.d/search.fish; do
  is "its completion $file is there" test -s "$work/debian/usr/share/$file"
done
is "its licences are there" test -s "$work/debian/usr/share/doc/sightline/copyright" -a -d "$work/debian/usr/share/doc/sightline/licences/go"
is "the pages that help names are there" test -s "$work/debian/usr/share/doc/sightline/docs/query.md" -a ! -e "$work/debian/usr/share/doc/sightline/docs/docs_test.go"
is "it writes settings" inside "$work/debian" sightline config init
is "dpkg removes it" install_deb -r sightline
is "nothing of it is left" test -z "$(find "$work/debian/usr" -path '*sightline*' ! -path '*/dpkg/*')"
is "the index and the settings stay" test -s "$work/debian/root/.config/sightline/config.yaml" -a -d "$work/debian/root/.local/share/sightline/default"

say "the archive's own install.sh"
is "it installs" "$release/install.sh" "$work/my prefix"
is "what it installed runs" env -i HOME="$work/home" "$work/my prefix/bin/sightline" model list >/dev/null
is "its pages are there" test -s "$work/my prefix/share/doc/sightline/docs/query.md"
is "it uninstalls" "$release/install.sh" --uninstall "$work/my prefix"
is "nothing of it is left" test -z "$(find "$work/my prefix" -type f -o -type l)"

if have rpm; then
  rpm=$(echo "$first"/*.rpm)
  is "the .rpm is sound" rpm -K --nosignature "$rpm"
  rpm -qpl "$rpm" >"$work/rpm" 2>/dev/null
  is "the .rpm has the programs" grep -qx /usr/bin/sightline "$work/rpm"
fi
say "all is well"
