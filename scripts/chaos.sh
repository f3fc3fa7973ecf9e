#!/bin/sh
# Crash, damage, race and fuzz tests in their long form: two hours or so. The short form of
# each is part of `go test ./...`. Every part runs, and what failed is told in the end.
# SIGHTLINE_YEAR=20000x365 sets pictures and days of the year, FUZZTIME=20s how long each
# target is fuzzed, CHAOS="kills race fuzz" which parts run.
# Build tags come from the environment (TAGS), as in the Makefile.
set -eu
cd "$(dirname "$0")/.."
tags=${TAGS:-nodynamic}
parts=${CHAOS:-kills race fuzz}
failed=

# part TITLE COMMAND... runs a command, and notes the title if it fails.
part() {
	title=$1
	shift
	printf '== %s (%s)\n' "$title" "$(date +%T)"
	"$@" || failed="$failed
  $title"
}

# fuzz TARGET PACKAGE. Once in a while the fuzzing engine ends with "context deadline
# exceeded" when its time is up (go.dev/issue/75804), and has found nothing: that counts as a
# pass.
fuzz() {
	log=$(mktemp)
	if go test -tags "$tags" -run xxx -fuzz "^$1\$" -fuzztime "${FUZZTIME:-20s}" -fuzzminimizetime 1s "$2" >"$log" 2>&1; then
		result=0
	elif grep -q '^ *context deadline exceeded$' "$log" && ! grep -Eq 'Failing input|panic|hung or terminated' "$log"; then
		result=0
	else
		result=1
	fi
	cat "$log"
	rm -f "$log"
	return $result
}

for name in $parts; do
	case $name in
	kills)
		scripts/milvus setup
		export SIGHTLINE_CHAOS=1
		for package in store/local/... chaos store/milvus imaging/hostile clip/ort atomicfile tagging/...; do
			part "$package" go test -tags "$tags" -timeout 60m "./internal/$package"
		done
		unset SIGHTLINE_CHAOS
		;;
	race)
		# The heavy tests of each package leave out what the race detector would only repeat.
		part 'race detector' go test -tags "$tags" -timeout 60m -race -short ./...
		;;
	fuzz)
		for package in $(go list -tags "$tags" ./...); do
			for target in $(go test -tags "$tags" -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
				part "${package#*/internal/} $target" fuzz "$target" "$package"
			done
		done
		;;
	*)
		echo "chaos: no part is called $name; there are kills, race and fuzz" >&2
		exit 2
		;;
	esac
done

if [ -n "$failed" ]; then
	printf 'these failed:%s\n' "$failed"
	exit 1
fi
echo 'all parts passed'
