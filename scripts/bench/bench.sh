#!/usr/bin/env bash
# Measures Sightline and its peers on this machine: indexing with run.py, exact search
# with search.py. What is missing is made first: the programs, one virtual environment for each peer (every package pinned by
# its hash), a full-size model with random weights, and the photos. All of it goes to
# build/bench and .venv, about 20 GB.
#
#   bench.sh            everything, more than an hour on two cores
#   bench.sh --quick    few photos and vectors, two rounds, and PyTorch only to make the model
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"
cd "$root"

quick=
case "${1:-}" in
  '') ;;
  --quick) quick=1 ;;
  *) die "usage: bench.sh [--quick]" ;;
esac

# sound NAME tells whether a virtual environment works: its Python may be gone, and its
# scripts name the folder that it was made in, which may have been moved.
sound() {
  local interpreter
  interpreter=$(sed -n '1s/^#!//p' ".venv/$1/bin/pip" 2>/dev/null)
  [ -x "$interpreter" ] && ".venv/$1/bin/python" -m pip --version >/dev/null 2>&1
}

# environment NAME PYTHON REQUIREMENTS... makes a virtual environment, unless it works
# and holds exactly what the files ask for.
environment() {
  local name=$1 python=$2 file wanted args=()
  shift 2
  for file in "$@"; do args+=(-r "$file"); done
  wanted=$(cat "$@")
  sound "$name" && [ "$(cat ".venv/$name/.requirements" 2>/dev/null)" = "$wanted" ] && return 0
  say "installing .venv/$name"
  sound "$name" || "$python" -m venv --clear ".venv/$name"
  ".venv/$name/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes "${args[@]}"
  printf '%s\n' "$wanted" >".venv/$name/.requirements"
}

# python_since MINOR prints the first Python found that is 3.MINOR or newer.
python_since() {
  local python
  for python in python3 python3.14 python3.13 python3.12 "$HOME"/.pyenv/versions/3.*/bin/python3; do
    if have "$python" && "$python" -c "import sys; sys.exit(sys.version_info < (3, $1))" 2>/dev/null; then
      echo "$python"
      return 0
    fi
  done
  return 1
}

environment reference python3 scripts/reference/requirements-models.txt scripts/bench/requirements-torch.txt
environment bench-fastembed python3 scripts/bench/requirements-fastembed.txt
environment bench-search python3 scripts/bench/requirements-search.txt
if python=$(python_since 12); then
  environment bench-rclip "$python" scripts/bench/requirements-rclip.txt
else
  say "no Python 3.12 or newer, which rclip needs: it is left out"
fi

models=.venv/reference/bin/python
vectors=.venv/bench-search/bin/python
[ -f build/bench/rclip/THIRD_PARTY_NOTICES.md ] || "$models" scripts/bench/make_towers.py --side 256
model=build/bench/vit-b32-256
[ -f "$model/onnx/vision_model_int8.onnx" ] || bin/indexer model quantize "$model" --python "$models"

if [ -n "$quick" ]; then
  "$models" scripts/bench/photos.py --out build/bench/photos \
    --set vga=64 --set 12mp=16 --set 2mp=16 --set 12mp-progressive=8 --set png=16
  "$models" scripts/bench/run.py --fresh --sets vga-64,12mp-16,2mp-16,12mp-progressive-8,png-16 --rounds 2 \
    --programs "sightline fp32,sightline int8,rclip,fastembed"
  exec "$vectors" scripts/bench/search.py --rows 50000 --rounds 2 --sqlite
fi
"$models" scripts/bench/photos.py --out build/bench/photos \
  --set vga=500 --set 12mp=100 --set 2mp=100 --set 12mp-progressive=40 --set png=100
"$models" scripts/bench/run.py --fresh --sets vga-500,12mp-100,2mp-100,12mp-progressive-40,png-100
"$vectors" scripts/bench/search.py --sqlite

# Milvus comes last and has fewer vectors: while it runs it takes memory and time from the others.
if ! scripts/milvus status standalone >/dev/null 2>&1; then
  trap 'scripts/milvus stop standalone' EXIT
  scripts/milvus start standalone
fi
"$vectors" scripts/bench/search.py --rows 200000 --milvus "$(scripts/milvus address standalone)"
