#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# One pass with 1, 10 and 100 filters against one tcpdump run for each filter,
# and against a bare walk over the trace (bench_walk, by read).
#
# Usage: replay.sh BUILD. All read the same generated trace from the page
# cache, in turn. "count": exopf only counts, tcpdump writes to /dev/null.
# "write": both write one file for each filter. Seconds are medians, ratios
# medians of those of each round: tcpdump's seconds to ours (above 1 means that
# we are faster) with the lowest and highest, and ours to the walk's.
# BENCH_MB=1000 makes a trace of 1 GB; BENCH_PACKETS says how many packets,
# BENCH_ROUNDS how many rounds.
set -eu
build=${1:-${BUILD:-build}}
# a packet of the generated trace and its header have 367 bytes in the mean
packets=${BENCH_PACKETS:-$((${BENCH_MB:-367} * 1000000 / 367))}
rounds=${BENCH_ROUNDS:-3}
dir=$(mktemp -d "${TMPDIR:-/tmp}/exopf-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

command -v tcpdump >/dev/null || {
	echo "bench replay: tcpdump is missing: apt-get install tcpdump" >&2
	exit 2
}
trace=$dir/trace.pcap
"$build/mktrace" -n "$packets" -f 10000 -d zipf -s 1 -l imix -o "$trace"
{
	echo 'tcp port 80'
	echo 'udp port 53'
	echo 'ip6 and tcp port 443'
	echo 'net 10.0.0.0/8 and not port 22'
	echo 'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0'
	echo 'udp and greater 1000'
	echo 'icmp or icmp6'
	echo 'portrange 1-1023 and udp'
	echo 'tcp dst port 443 and ip[2:2] > 1000'
	"$build/mktrace" -n "$packets" -f 10000 -d zipf -s 1 --list-flows 91
} > "$dir/filters"
cat "$trace" > /dev/null

now() {
	date +%s%N
}
median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

ours() { # MODE
	set -- "$1" "$(now)"
	if [ "$1" = write ]; then
		"$build/exopf" replay -r "$trace" -f "$dir/bindings" \
		    -o "$dir/{name}.out.pcap" >/dev/null 2>&1
	else
		"$build/exopf" replay -r "$trace" -f "$dir/bindings" \
		    >/dev/null 2>&1
	fi
	echo $(($(now) - $2))
}
theirs() { # MODE
	set -- "$1" "$(now)" 0
	while read -r expr; do
		to=/dev/null
		[ "$1" = count ] || to=$dir/t$3.pcap
		tcpdump -r "$trace" -w "$to" "$expr" 2>/dev/null
		set -- "$1" "$2" $(($3 + 1))
	done < "$dir/some"
	echo $(($(now) - $2))
}

bare() {
	set -- "$(now)"
	"$build/bench_walk" -r 1 -m read "$trace" >/dev/null
	echo $(($(now) - $1))
}

printf 'bench,filters,mode,packets,exopf_s,tcpdump_s,walk_s,ratio,ratio_low,'
echo 'ratio_high,to_walk,exopf_packets_per_s'
for n in 1 10 100; do
	head -n "$n" "$dir/filters" > "$dir/some"
	awk '{ printf "f%d=%s\n", NR, $0 }' "$dir/some" > "$dir/bindings"
	for mode in count write; do
		r=$rounds
		[ "$n" -lt 100 ] || r=1
		: > "$dir/a"
		: > "$dir/b"
		: > "$dir/w"
		while [ "$r" -gt 0 ]; do
			ours $mode >> "$dir/a"
			theirs $mode >> "$dir/b"
			bare >> "$dir/w"
			rm -f "$dir"/*.out.pcap "$dir"/t[0-9]*.pcap
			r=$((r - 1))
		done
		paste "$dir/a" "$dir/b" | awk '{ print $2 / $1 }' |
		    sort -n > "$dir/r"
		paste "$dir/w" "$dir/a" | awk '{ print $2 / $1 }' > "$dir/x"
		awk -v n="$n" -v mode=$mode -v p="$packets" \
		    -v a="$(median < "$dir/a")" -v b="$(median < "$dir/b")" \
		    -v w="$(median < "$dir/w")" -v r="$(median < "$dir/r")" \
		    -v lo="$(head -n 1 "$dir/r")" -v hi="$(tail -n 1 "$dir/r")" \
		    -v x="$(median < "$dir/x")" \
		    'BEGIN {
			printf "replay,%d,%s,%d,%.3f,%.3f,%.3f,", n, mode, p,
			    a / 1e9, b / 1e9, w / 1e9
			printf "%.2f,%.2f,%.2f,%.2f,%.0f\n", r, lo, hi, x,
			    p / (a / 1e9)
		    }' | tee -a "$dir/rows"
	done
done
awk -F, '$2 == 1 && $3 == "count" { one = $8; walk = $11; pps = $12 }
	$2 == 1 && $3 == "write" { wrote = $8 }
	$2 == 100 && $3 == "count" { hundred = $8 }
	END { printf "summary: one_filter_vs_tcpdump=%s " \
	    "one_filter_written_vs_tcpdump=%s one_filter_to_walk=%s " \
	    "hundred_filters_vs_tcpdump=%s packets_per_s=%s\n",
	    one, wrote, walk, hundred, pps }' "$dir/rows"
