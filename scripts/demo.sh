#!/usr/bin/env bash
# Shows what Sightline does: indexes the demo photos with the starter model and
# searches them by text and by picture. `make demo` builds and fetches first.
#
# Logs and progress go to stderr, what a reader should see goes to stdout.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/shell.sh
. "$root/scripts/shell.sh"
cd "$root"

for program in bin/indexer bin/search; do
  [ -x "$program" ] || die "$program is not built: make demo"
done
[ -f demo/captions.tsv ] || die "the demo photos are not there: make demo"

if [ -d demo/photos/skimage ]; then # the fallback set of scripts/photos.sh
  queries=("a cat" "a cup of coffee" "a motorcycle")
  picture=demo/photos/sklearn/datasets/images/flower.jpg
else
  queries=("a musical instrument" "a slice of citrus fruit" "a yellow flower")
  picture=demo/photos/animals/mammals/cats/tiger.png
fi

if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi

# show prints a command as a user would type it, and runs it.
show() {
  local word line='$'
  for word in "$@"; do
    case "$word" in
      *[!A-Za-z0-9_./-]*) line="$line \"$word\"" ;;
      *) line="$line $word" ;;
    esac
  done
  printf '\n%s%s%s\n' "$bold" "$line" "$plain"
  "$@"
}

show bin/indexer run demo/photos --db demo/index
for query in "${queries[@]}"; do
  show bin/search "$query" -k 5 --db demo/index
done
show bin/search image "$picture" -k 5 --db demo/index

cat <<END

The index is in demo/index, the photos are in demo/photos. Now your own words:

    bin/search "a red flower" --db demo/index
    bin/search "a bird" -k 20 --paths --db demo/index

the same in a browser, with a map, copies and labels:

    bin/search serve --open --allow-write --db demo/index

and your own photos, in an index of their own:

    bin/indexer run ~/Pictures
    bin/search "a dog on a beach"

The results are the starter model's, which is small and not CLIP. To change an
index to CLIP (bin/indexer model list shows what there is):

    bin/indexer model use Xenova/clip-vit-base-patch32 --variant quantized
END
