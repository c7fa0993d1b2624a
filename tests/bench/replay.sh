#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# One pass with 1, 10 and 100 filters against one tcpdump run for each filter.
#
# Usage: replay.sh BUILD. Both read the same generated trace from the page
# cache, in turn. "count": exopf only counts, tcpdump writes to /dev/null.
# "write": both write one file for each filter. A row's ratio is
# tcpdump's seconds to ours; above 1 means that we are faster.
set -eu
build=${1:-${BUILD:-build}}
packets=${BENCH_PACKETS:-1000000}
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

echo "bench,filters,mode,packets,exopf_s,tcpdump_s,ratio,exopf_packets_per_s"
for n in 1 10 100; do
	head -n "$n" "$dir/filters" > "$dir/some"
	awk '{ printf "f%d=%s\n", NR, $0 }' "$dir/some" > "$dir/bindings"
	for mode in count write; do
		r=$rounds
		[ "$n" -lt 100 ] || r=1
		: > "$dir/a"
		: > "$dir/b"
		while [ "$r" -gt 0 ]; do
			ours $mode >> "$dir/a"
			theirs $mode >> "$dir/b"
			rm -f "$dir"/*.out.pcap "$dir"/t[0-9]*.pcap
			r=$((r - 1))
		done
		awk -v n="$n" -v mode=$mode -v p="$packets" \
		    -v a="$(median < "$dir/a")" -v b="$(median < "$dir/b")" \
		    'BEGIN { printf "replay,%d,%s,%d,%.3f,%.3f,%.2f,%.0f\n",
			n, mode, p, a / 1e9, b / 1e9, b / a, p / (a / 1e9) }' |
		    tee -a "$dir/rows"
	done
done
awk -F, '$2 == 1 && $3 == "count" { one = $7; pps = $8 }
	$2 == 100 && $3 == "count" { hundred = $7 }
	END { printf "summary: one_filter_vs_tcpdump=%s " \
	    "hundred_filters_vs_tcpdump=%s packets_per_s=%s\n",
	    one, hundred, pps }' "$dir/rows"
