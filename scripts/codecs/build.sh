#!/bin/sh
# Builds the HEVC and AV1 decoders of internal/imaging/heif: libde265 and dav1d,
# compiled to WebAssembly by zig's clang. The same inputs give the same bytes.
#
# Needs apt with a deb-src line for Debian sid, python3 with pip, sha256sum and gzip.
# DE265_TARBALL and DAV1D_TARBALL name tarballs that are there already.
set -eu
zig_version=0.15.2
de265_version=1.1.3 de265_sum=554228bd17788c99a7e63b37ab5634722190e6e2bf60c1dcb01cef328e133905
dav1d_version=1.5.4 dav1d_sum=686616b7c69eb88d44459391ab25cac13b6647a3b288835c5784e71c1514a5c5

here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../internal/imaging/heif
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
cd "$work"

if [ ! -x venv/bin/python ]; then
	python3 -m venv venv
	venv/bin/pip install -q "ziglang==$zig_version"
fi
zig() { venv/bin/python -m ziglang "$@"; }

# tarball PACKAGE FILE SUM GIVEN unpacks the upstream source of a Debian package.
tarball() {
	if [ -n "$4" ]; then cp "$4" "$2"; fi
	[ -f "$2" ] || apt-get source --download-only "$1" || true
	echo "$3  $2" | sha256sum -c -
	tar xf "$2"
}
tarball libde265 "libde265_$de265_version.orig.tar.gz" $de265_sum "${DE265_TARBALL:-}"
tarball dav1d "dav1d_$dav1d_version.orig.tar.xz" $dav1d_sum "${DAV1D_TARBALL:-}"

# insert FILE EDIT: a sed edit that calls host_tick must change the file.
insert() {
	sed -i -e "$2" "$1"
	grep -q host_tick "$1" || { echo "$1: no place for host_tick" >&2; exit 1; }
}
insert "libde265-$de265_version/libde265/slice.cc" \
	'/^void read_coding_tree_unit(thread_context\* tctx)$/,/^{/s/^{/{ host_tick();/'
insert "libde265-$de265_version/libde265/decctx.cc" 's#//return decode_NAL_OLD(nal);#host_tick();#'
insert "dav1d-$dav1d_version/src/decode.c" 's/if (atomic_load_explicit(c->flush/host_tick(); &/'
insert "dav1d-$dav1d_version/src/obu.c" 's/dav1d_init_get_bits(&gb, in->data, in->sz);/host_tick(); &/'

# Vector instructions gain nothing here (measured). Signed overflow wraps instead of
# being undefined.
flags="-target wasm32-wasi -mcpu=generic+bulk_memory+sign_ext+nontrapping_fptoint+mutable_globals \
 -O3 -g0 -DNDEBUG -include $here/picture.h -fwrapv -fno-sanitize=all -I$here/shim -I$here"
link="-mexec-model=reactor -Wl,--no-entry -Wl,--strip-all -Wl,-z,stack-size=1048576"

sed -e "s/@NUMERIC_VERSION@/0x01010300/; s/@PROJECT_VERSION@/$de265_version/" \
	"libde265-$de265_version/libde265/de265-version.h.in" >"libde265-$de265_version/libde265/de265-version.h"
mkdir -p hevc
for f in "libde265-$de265_version"/libde265/*.cc; do
	case $f in */image-io.cc | */quality.cc | */visualize.cc) continue ;; esac
	zig c++ $flags -std=c++17 -fno-exceptions -fno-rtti -w -DHAVE_STDINT_H=1 -DHAVE_POSIX_MEMALIGN=1 -D_WASI_EMULATED_SIGNAL -I"libde265-$de265_version" \
		-I"libde265-$de265_version/libde265" -c "$f" -o "hevc/$(basename "$f").o"
done
zig c++ $flags $link -std=c++17 -fno-exceptions -fno-rtti -I"libde265-$de265_version" -I"libde265-$de265_version/libde265" \
	"$here/hevc.cc" hevc/*.o -o hevc.wasm

d=dav1d-$dav1d_version
echo "#define DAV1D_VERSION \"$dav1d_version\"" >$d/vcs_version.h
mkdir -p av1
compile() { # FILE OBJECT [FLAG...]
	file=$1 object=$2
	shift 2
	zig cc $flags -std=gnu11 -w -I$d -I$d/include -I$d/include/compat/gcc -I$d/src "$@" -c "$file" -o "$object"
}
for f in cdf cpu ctx data decode dequant_tables getbits intra_edge itx_1d lf_mask lib log mem msac obu pal \
	picture qm ref refmvs scan tables thread_task warpmv wedge; do
	compile $d/src/$f.c av1/$f.o
done
for f in cdef_apply cdef fg_apply filmgrain ipred_prepare ipred itx lf_apply loopfilter looprestoration \
	lr_apply mc recon; do
	compile $d/src/${f}_tmpl.c av1/$f.8.o -DBITDEPTH=8
	compile $d/src/${f}_tmpl.c av1/$f.16.o -DBITDEPTH=16
done
zig cc $flags $link -std=gnu11 -I$d/include "$here/av1.c" av1/*.o -o av1.wasm

for f in hevc av1; do
	gzip -9nc $f.wasm >"$out/$f.wasm.gz"
	sha256sum $f.wasm
done
ls -l "$out"/*.wasm.gz
