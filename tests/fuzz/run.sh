#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Let libFuzzer run for FUZZ_TIME seconds on each fuzzer.
#
# usage: run.sh BUILD FUZZER...; what it finds is kept in BUILD/corpus/NAME,
# what crashes in BUILD/crash-NAME-*. Exit 1: something crashed.

set -u
cd "$(dirname "$0")/../.." || exit 2

if [ "$1" = --one ]; then
	build=$2 name=$3
	# Findings go to the first folder; the others are only read.
	set -- "$build/corpus/$name"
	mkdir -p "$1" || exit 2
	for folder in "tests/fuzz/corpus/$name" tests/cases; do
		[ -d "$folder" ] && set -- "$@" "$folder"
	done
	"$build/$name" -max_total_time="$FUZZ_TIME" -timeout=20 \
	    -rss_limit_mb=4096 -max_len=65536 -print_final_stats=1 \
	    -artifact_prefix="$build/crash-$name-" "$@" \
	    >"$build/$name.log" 2>&1 </dev/null
	status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' \
	    "$build/$name.log")
	cover=$(grep -o 'cov: [0-9]*' "$build/$name.log" | tail -n 1)
	if [ "$status" = 0 ]; then
		echo "ok - $name: ${runs:-0} runs, ${cover:-cov: 0}"
		exit 0
	fi
	tail -n 60 "$build/$name.log" | sed 's/^/# /'
	echo "not ok - $name: exit status $status, see $build/$name.log"
	exit 1
fi

build=$1
shift
FUZZ_TIME=${FUZZ_TIME:-60}
export FUZZ_TIME
[ $# -gt 0 ] || {
	echo "there is no fuzzer below tests/fuzz" >&2
	exit 2
}
printf '%s\0' "$@" | xargs -0 -n 1 -P "${JOBS:-$(nproc)}" \
    sh tests/fuzz/run.sh --one "$build" || exit 1
