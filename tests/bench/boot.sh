#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The booted kernel under load, and how fast answers are.
#
# usage: boot.sh BUILD
#
# load: a trace's frames (BENCH_PACKETS, 1,000,000 made-up ones of 60 bytes; TRACE names
# another file of whole Ethernet frames) go through the card to four libOSes, each of
# which has the destination ports that tests/bare/load.conf says; at most 1 or 32 frames
# are taken from the card at once. None may be lost. Then one of the four stalls: what
# finds no room in its ring must be counted as its loss, and nobody else may lose any.
#
# answer: a datagram's way there and back, in microseconds, to a libOS that answers
# itself and to one that has a handler in the kernel, while other environments never
# rest. Medians of BENCH_ROUNDS (3) machines, with the least and the greatest.
#
# QEMU emulates the processor: only ratios mean something elsewhere.
set -eu
build=${1:-${BUILD:-build}}
packets=${BENCH_PACKETS:-1000000}
rounds=${BENCH_ROUNDS:-3}
src=$(cd "$(dirname "$0")/../.." && pwd)
bare=$src/tests/bare
dir=$(mktemp -d "${TMPDIR:-/tmp}/exopf-bench.XXXXXX")
peer=
trap '[ -z "$peer" ] || kill "$peer" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
missed=0

command -v qemu-system-x86_64 >/dev/null || {
	echo "bench boot: QEMU is missing: apt-get install qemu-system-x86" >&2
	exit 2
}

miss() {
	echo "missed: $1"
	missed=1
}

# median of a column of numbers, with the least and the greatest
middle() {
	sort -n | awk '{ v[NR] = $1 } END { printf "%s,%s,%s", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

# --- load -----------------------------------------------------------------------

trace=${TRACE:-$dir/trace.pcap}
[ -n "${TRACE:-}" ] ||
    "$build/mktrace" -n "$packets" -f 10000 -d zipf -s 1 -l 60 -o "$trace"

# What each libOS is to get, as the hosted core says: "name number".
awk '/^recv/ { sub(/^recv /, ""); region = $0 } /^env/ { print $2 "=" region }' \
    "$bare/load.conf" >"$dir/split"
set --
while read -r line; do
	set -- "$@" "$line"
done <"$dir/split"
"$build/exopf" replay -r "$trace" "$@" --json | python3 -c '
import json, sys
for b in json.load(sys.stdin)["bindings"]:
    print(b["name"], b["matched"])' >"$dir/want"

# conf FILE [STALLS]: with the numbers of the trace
conf() {
	cp "$bare/load.conf" "$1"
	while read -r name want; do
		[ "$name" = "${2:-}" ] && want=$want,stall
		sed -i "s/@$name /$want /" "$1"
	done <"$dir/want"
}

# load CONF BATCH: its console in out
load() {
	"$build/exopf" boot --replay "$trace" --append "stats batch=$2" \
	    --linger 600 --timeout 600 "$1" >"$dir/out" 2>"$dir/err" && return
	cat "$dir/out" "$dir/err"
	miss "the machine did not end as it should"
}

# got NAME: "got matched dropped"
got() {
	sed -n "s/^$1: got \([0-9]*\) bytes [0-9]* matched \([0-9]*\) dropped \([0-9]*\).*/\1 \2 \3/p" \
	    "$dir/out" | tr -d '\r'
}

conf "$dir/all.conf"
round=0
while [ $round -lt "$rounds" ]; do
	for batch in 1 32; do
		load "$dir/all.conf" $batch
		while read -r name want; do
			[ "$(got "$name")" = "$want $want 0" ] ||
			    miss "$name got $(got "$name"), not $want, at batch $batch"
		done <"$dir/want"
		sed -n 's/.* \([0-9]*\) frames a second.*/\1/p' "$dir/out" >>"$dir/rate.$batch"
		grep 'frames a second' "$dir/out" | sed 's/.*second: //' | tr -d '\r' \
		    >"$dir/spent.$batch"
	done
	round=$((round + 1))
done
echo "load,batch,frames_per_s,least,greatest,where_the_time_goes"
for batch in 1 32; do
	printf 'load,%s,%s,"%s"\n' $batch "$(middle <"$dir/rate.$batch")" \
	    "$(cat "$dir/spent.$batch")"
done
ratio=$(paste "$dir/rate.1" "$dir/rate.32" | awk '{ printf "%.2f\n", $2 / $1 }' | middle)

conf "$dir/stall.conf" high
load "$dir/stall.conf" 32
while read -r name want; do
	# shellcheck disable=SC2046 # three numbers
	set -- $(got "$name")
	echo "stall,$name,of $want,got ${1:-0},lost ${3:-0}"
	if [ "$name" = high ]; then
		[ $((${1:-0} + ${3:-0})) = "$want" ] && [ "${3:-0}" -gt 0 ]
	else
		[ "${1:-0} ${3:-x}" = "$want 0" ]
	fi || miss "$name: $want frames were its, with one that stalls"
done <"$dir/want"

# --- answers --------------------------------------------------------------------

# answer BUSY: beside so many that never rest; "libos US..." and "handler US..."
answer() {
	cp "$bare/echo.conf" "$dir/answer.conf"
	i=0
	while [ $i -lt "$1" ]; do
		echo "env spin_$i spin.elf" >>"$dir/answer.conf"
		i=$((i + 1))
	done
	rm -f "$dir/wire"
	python3 "$bare/latency.py" "$dir/wire" 50 >"$dir/client" 2>&1 &
	client=$!
	while [ ! -e "$dir/wire" ]; do sleep 0.1; done
	"$build/exopf" boot --net "unix:$dir/wire" "$dir/answer.conf" \
	    >"$dir/out" 2>&1 &
	peer=$!
	wait $client || {
		cat "$dir/client" "$dir/out"
		miss "an answer, beside $1 that never rest"
	}
	kill $peer 2>/dev/null
	wait $peer 2>/dev/null || true
	peer=
}

echo "answer,busy,libos_us,least,greatest,handler_us,least,greatest"
for busy in 0 1 2 5 10; do
	round=0
	rm -f "$dir/libos" "$dir/handler"
	while [ $round -lt "$rounds" ]; do
		answer $busy
		for who in libos handler; do
			sed -n "s/^$who \([0-9]*\) .*/\1/p" "$dir/client" >>"$dir/$who"
		done
		round=$((round + 1))
	done
	printf 'answer,%s,%s,%s\n' $busy "$(middle <"$dir/libos")" "$(middle <"$dir/handler")"
	middle <"$dir/libos" >"$dir/libos.$busy"
	middle <"$dir/handler" >"$dir/handler.$busy"
done
grows() {
	a=$(cut -d, -f1 "$dir/$1.1")
	b=$(cut -d, -f1 "$dir/$1.10")
	awk -v a="$a" -v b="$b" 'BEGIN { printf "%.2f", b / a }'
}
at_least() {
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }' || miss "$3: $1, not $2"
}
at_least "${ratio%%,*}" 1.2 "frames a second, 32 at once to 1"
at_least "$(grows libos)" 4 "a libOS's answer beside 10 that never rest, to 1"
at_least 3 "$(grows handler)" "a handler's answer, times 3 at most"
echo "summary: batch_32_to_1=$ratio libos_10_to_1=$(grows libos) handler_10_to_1=$(grows handler)"
exit $missed
