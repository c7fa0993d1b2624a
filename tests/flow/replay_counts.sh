#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# One pass of replay gives the counts of one pass of tcpdump for each filter.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

cat >"$tmp/filters" <<'END'
ip
ip6
tcp
udp port 53
arp or icmp or icmp6
tcp[tcpflags] & tcp-syn != 0
ip[6:2] & 0x1fff != 0
greater 500
not port 80
vlan
portrange 1-1023 and not tcp
END
awk '{ print "f" NR "=" $0 }' "$tmp/filters" >"$tmp/bindings"

# What tcpdump says of this capture, a line a filter; "-" where it refuses.
tcpdump_says()
{
	while IFS= read -r filter; do
		n=$(count "$1" "$filter")
		echo "${n:--}"
	done <"$tmp/filters"
}

# The same of ours.
we_say()
{
	field '.bindings[] | if (.refused | length) > 0 then "-" else
	    .matched end' "$1"
}

files=0
for file in "$pcaps"/*.pcap; do
	"$exopf" replay --json -r "$file" -f "$tmp/bindings" \
	    >"$tmp/all" 2>"$tmp/err"
	we_say "$tmp/all" >"$tmp/ours"
	tcpdump_says "$file" >"$tmp/theirs"
	is "tcpdump's counts, $(basename "$file")" "$(cat "$tmp/ours")" \
	    "$(cat "$tmp/theirs")"
	is "any and unmatched make the total, $(basename "$file")" \
	    "$(field '.any + .unmatched == .packets and
	        .any_bytes + .unmatched_bytes == .bytes' "$tmp/all")" true
	files=$((files + 1))
done
like "there were captures" "$files" '^[1-9]'

# With -O the counts are the same.
for file in "$pcaps/web4.pcap" "$pcaps/dns.pcap"; do
	"$exopf" replay --json -r "$file" -f "$tmp/bindings" 2>/dev/null |
	    jq -c '[.bindings[].matched]' >"$tmp/a"
	"$exopf" replay --json -O -r "$file" -f "$tmp/bindings" 2>/dev/null |
	    jq -c '[.bindings[].matched]' >"$tmp/b"
	is "unoptimised filters count the same, $(basename "$file")" \
	    "$(cat "$tmp/b")" "$(cat "$tmp/a")"
done

# Outputs hold what tcpdump -w would write, byte for byte.
exits "outputs" 0 "$exopf" replay -r "$pcaps/web4.pcap" \
    -o "$tmp/o/{owner}/{name}.pcap" syn='tcp[tcpflags] & tcp-syn != 0' \
    big,owner=bulk='greater 500' none='ip[0] == 0'
tcpdump -r "$pcaps/web4.pcap" -w "$tmp/syn.pcap" \
    'tcp[tcpflags] & tcp-syn != 0' 2>/dev/null
tcpdump -r "$pcaps/web4.pcap" -w "$tmp/big.pcap" 'greater 500' 2>/dev/null
# The header's snaplen is each writer's own; 24 bytes are the header.
same_packets()
{
	tail -c +25 "$1" | cmp -s - "$2" && echo same
}
tail -c +25 "$tmp/syn.pcap" >"$tmp/syn.bytes"
tail -c +25 "$tmp/big.pcap" >"$tmp/big.bytes"
is "tcpdump -w writes the same packets (syn)" \
    "$(same_packets "$tmp/o/default/syn.pcap" "$tmp/syn.bytes")" same
is "tcpdump -w writes the same packets (big)" \
    "$(same_packets "$tmp/o/bulk/big.pcap" "$tmp/big.bytes")" same
is "an output without packets is a capture" \
    "$(count "$tmp/o/default/none.pcap")" 0

# Policy first: every packet has one owner, the rest has the others.
exits "policy first" 0 "$exopf" replay --json -r "$pcaps/web4.pcap" \
    -r "$pcaps/dns.pcap" --policy first -o "$tmp/p/{name}.pcap" \
    --rest "$tmp/p/rest.pcap" tcp=tcp syn@5='tcp[tcpflags] & tcp-syn != 0' \
    dns='udp port 53' udp=udp late@-1=ip
total=$(($(count "$pcaps/web4.pcap") + $(count "$pcaps/dns.pcap")))
is "all packets were read" "$(field .packets)" "$total"
is "the bindings add up to any" \
    "$(field '([.bindings[].matched] | add) == .any')" true
is "so do their bytes" \
    "$(field '([.bindings[].bytes] | add) == .any_bytes')" true
sum=0
for name in tcp syn dns udp late rest; do
	sum=$((sum + $(count "$tmp/p/$name.pcap")))
done
is "the outputs and the rest are the input" "$sum" "$total"
is "the higher priority is asked first" \
    "$(count "$tmp/p/tcp.pcap" 'tcp[tcpflags] & tcp-syn != 0')" 0
is "unmatched is what the rest holds" "$(count "$tmp/p/rest.pcap")" \
    "$(field .unmatched)"

# Policy all: each gets what it would get alone.
exits "policy all" 0 "$exopf" replay --json -r "$pcaps/web4.pcap" \
    tcp=tcp syn@5='tcp[tcpflags] & tcp-syn != 0'
is "policy all: tcp alone" "$(field '.bindings[0].matched')" \
    "$(count "$pcaps/web4.pcap" tcp)"

# The table says the same as the JSON.
exits "table" 0 "$exopf" replay -r "$pcaps/web4.pcap" tcp=tcp
is "the table's last row is the total" \
    "$(awk '$1 == "total" { gsub(/,/, "", $2); print $2 }' "$tmp/out")" \
    "$(count "$pcaps/web4.pcap")"
finish
