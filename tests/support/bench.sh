#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Run every benchmark, one after the other: nothing else should run.
#
# usage: bench.sh BUILD [NAME...]: all, or those of these names.
# A benchmark prints CSV rows and ends with a line 'summary: name=value ...';
# one without that line has failed.

set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=$(cd "$1" && pwd) || exit 2
EXOPF=$BUILD/exopf
SRC=$(pwd)
export BUILD EXOPF SRC
failed=0
shift
names=$*
rm -f "$BUILD"/*.csv

bench() {
	name=$1
	shift
	case " $names " in
	"  " | *" $name "*) ;;
	*) return ;;
	esac
	echo "# $name"
	TEST_TMP=$(mktemp -d) || exit 2
	export TEST_TMP
	{
		"$@" </dev/null
		echo "$?" >"$TEST_TMP/status"
	} | tee "$BUILD/$name.csv"
	status=$(cat "$TEST_TMP/status")
	rm -rf "$TEST_TMP"
	if [ "$status" != 0 ]; then
		echo "bench: $name: exit status $status" >&2
		failed=1
	elif ! tail -n 1 "$BUILD/$name.csv" | grep -q '^summary: '; then
		echo "bench: $name: its last line is no summary" >&2
		failed=1
	fi
}

for source in tests/bench/bench_*.c; do
	[ -e "$source" ] || continue
	name=$(basename "$source" .c)
	bench "$name" "$BUILD/$name"
done
for script in tests/bench/*.sh; do
	[ -e "$script" ] || continue
	bench "$(basename "$script" .sh)" sh "$script"
done
grep -h '^summary: ' "$BUILD"/*.csv 2>/dev/null || {
	echo "bench: there is no benchmark" >&2
	exit 1
}
exit "$failed"
