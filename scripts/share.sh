#!/usr/bin/env bash
# Writes what the programs say about themselves for other programs: manual pages and
# shell completions. scripts/share.sh BIN OUT
#
#   OUT/man/man1                          indexer.1, search.1, sightline.1
#   OUT/bash-completion/completions       the same for bash,
#   OUT/zsh/site-functions                zsh
#   OUT/fish/vendor_completions.d         and fish
set -euo pipefail

bin=$1
out=$2
mkdir -p "$out/man/man1" "$out/bash-completion/completions" "$out/zsh/site-functions" "$out/fish/vendor_completions.d"
for program in indexer search sightline; do
  "$bin/$program" __man >"$out/man/man1/$program.1"
  "$bin/$program" __completion bash >"$out/bash-completion/completions/$program"
  "$bin/$program" __completion zsh >"$out/zsh/site-functions/_$program"
  "$bin/$program" __completion fish >"$out/fish/vendor_completions.d/$program.fish"
done
