#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Signals that come while libpcap compiles, which looks at no flag: they end
# the run all the same, and what was written before them is whole.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

web=$pcaps/web4.pcap

# Quick to compile where all is IPv6; on Ethernet libpcap's optimiser takes all
# the time it may have. With `pppoed` it is not split.
awk 'BEGIN {
	printf "slow=icmp6 or (not ip6 and (pppoed or host 10.0.0.0"
	for (i = 1; i < 1200; i++)
		printf " or host 10.%d.%d.%d", i % 7, i % 251, i % 241
	print "))"
}' >"$tmp/slow"

# One packet of 40 bytes, link type 229: ICMPv6.
{
	printf '\324\303\262\241\002\000\004\000\000\000\000\000\000\000\000\000'
	printf '\000\000\004\000\345\000\000\000'
	printf '\000\000\000\000\000\000\000\000\050\000\000\000\050\000\000\000'
	printf '\140\000\000\000\000\000\072\100'
	head -c 32 /dev/zero
} >"$tmp/six.pcap"

# start ARG...: run the tool in the background, with SIGINT as a terminal has
# it, and wait until the file $ready is there or, without one, a while.
start()
{
	env --default-signal=INT "$exopf" replay -q --json "$@" \
	    >"$tmp/out" 2>"$tmp/err" &
	job=$!
	i=0
	while [ "$i" -lt 100 ] && [ -n "$ready" ] && [ ! -s "$ready" ]; do
		sleep 0.1
		i=$((i + 1))
	done
	sleep 0.7
}

# ended NAME STATUS: the job ends within 10 s, with this status.
ended()
{
	i=0
	while [ "$i" -lt 100 ] && kill -0 "$job" 2>/dev/null; do
		sleep 0.1
		i=$((i + 1))
	done
	kill -KILL "$job" 2>/dev/null
	wait "$job"
	is "$1" "$?" "$2"
}

ready=
for signal in INT TERM; do
	start -r "$web" -f "$tmp/slow" -o "$tmp/none/{name}.pcap"
	kill -s "$signal" "$job"
	[ "$signal" = INT ] && want=130 || want=143
	ended "SIG$signal in the first compilation ends it" "$want"
	why="stopped by signal $((want - 128)) while a filter was compiled"
	is "SIG$signal in the first compilation: it is said" \
	    "$(cat "$tmp/err")" "exopf: $why"
	is "SIG$signal in the first compilation: an object" \
	    "$(field '[.schema, .interrupted] + .errors | join(" ")')" \
	    "exopf.replay/1 true $why"
done
is "no output was made" "$(ls "$tmp/none" 2>/dev/null)" ""

# The first only asks, once packets were written; they are in the file then.
ready=$tmp/some/slow.pcap
echo 'none=udp' >>"$tmp/slow"
start -r "$tmp/six.pcap" -r "$web" -f "$tmp/slow" -o "$tmp/some/{name}.pcap" \
    --rest "$tmp/some/rest.pcapng"
kill -s INT "$job"
sleep 0.5
if kill -0 "$job" 2>/dev/null; then
	ok "the first SIGINT in a later compilation only asks"
else
	not_ok "the first SIGINT in a later compilation only asks"
fi
kill -s INT "$job"
ended "the second ends it" 130
is "what was written before is whole" "$(count "$ready")" 1
is "outputs without packets are captures" "$(count "$tmp/some/none.pcap") $(
    wc -c <"$tmp/some/rest.pcapng")" "0 28"
is "the second: an object" "$(field '[.schema, .interrupted] | join(" ")')" \
    "exopf.replay/1 true"

finish
