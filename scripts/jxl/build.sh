#!/bin/sh
# Builds internal/imaging/jxl/jxl.wasm.gz out of this crate: see README.md beside it.
set -eu
cd "$(dirname "$0")"
target=${TARGET_DIR:-${TMPDIR:-/tmp}/sightline-jxl}
# Debian's rustc-web has the sources of its own standard library, which is built
# along because the target wasm32-unknown-unknown is not among its packages.
RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTFLAGS="--remap-path-prefix=$HOME=/home --remap-path-prefix=$PWD=/src -C target-feature=+simd128,+bulk-memory -C linker=wasm-ld-19" \
	/usr/bin/cargo build --locked --release --target wasm32-unknown-unknown \
	-Zbuild-std=std,panic_abort --target-dir "$target"
gzip -9 -n -c "$target/wasm32-unknown-unknown/release/sightline_jxl.wasm" >../../internal/imaging/jxl/jxl.wasm.gz
