#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The trace generator: same seed, same bytes, and flows that are what it says.
#
# BUILD is the build folder. tcpdump is the judge of packets and expressions.

set -u
LC_ALL=C
export LC_ALL
mktrace=${BUILD:-build}/mktrace
bad=0

if [ -n "${TEST_TMP:-}" ]; then
	tmp=$TEST_TMP
else
	tmp=$(mktemp -d) || exit 1
	trap 'rm -rf "$tmp"' EXIT
fi
[ -x "$mktrace" ] || {
	echo "not ok - there is no $mktrace; run make first"
	exit 1
}

# is NAME GOT WANTED
is()
{
	if [ "$2" = "$3" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "#   got $2, wanted $3"
		bad=1
	fi
}

# within NAME GOT LEAST MOST
within()
{
	if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "#   got $2, wanted $3 to $4"
		bad=1
	fi
}

# Bytes: known sums, so that a change of the generator or of the machine shows.
sum()
{
	"$mktrace" "$@" -o - | sha256sum | cut -c1-16
}

is "the same seed gives the same bytes" "$(sum -n 3000 -s 7)" \
    "$(sum -n 3000 -s 7)"
is "uniform flows, bytes as ever" "$(sum -n 3000 -s 7)" 8d67e7a6ac49649c
is "Zipf flows, bytes as ever" \
    "$(sum -n 3000 -s 7 -f 100000 -d zipf:1.25 -t pcapng -N -6 50)" 81df213ece528503
[ "$(sum -n 3000 -s 7)" != "$(sum -n 3000 -s 8)" ]
is "another seed gives other bytes" $? 0

# No flow twice among a million.
for seed in 1 2; do
	is "a million flows are a million 5-tuples, seed $seed" "$("$mktrace" \
	    -f 1000000 -s $seed -6 30 --list-flows 1000000 | sort -u |
	    wc -l)" 1000000
done

# What must be refused.
for arguments in "" "-n" "-f 9 -o -" "-f 1000001 -o -" "-d pareto -o -" \
    "-d zipf:5 -o -" "-d zipf:x -o -" "-l 59 -o -" "-6 101 -o -" "-q 1 -o -" \
    "-t erf -o -" "-f 10 --list-flows 11" "-o $tmp/none/none"; do
	# shellcheck disable=SC2086 # words
	"$mktrace" $arguments >/dev/null 2>"$tmp/err"
	is "refused: '$arguments'" "$?$([ -s "$tmp/err" ] || echo silent)" 2
done
if [ -w /dev/full ]; then
	"$mktrace" -n 1000 -o - >/dev/full 2>/dev/null
	is "a full disk is an error" $? 2
else
	echo "skip - a full disk is an error: there is no /dev/full"
fi
"$mktrace" --help | grep -q 'list-flows'
is "--help" $? 0

command -v tcpdump >/dev/null || {
	echo "skip - packets: tcpdump is not installed"
	exit $bad
}

# The packets of FILE that match.
count()
{
	count_file=$1
	shift
	tcpdump --count -nr "$count_file" "$@" 2>/dev/null | awk '{print $1}'
}

# Every form is read whole, and every checksum is right.
for form in "-l imix" "-l 60 -6 100" "-l 1514 -t pcapng" "-l 9014 -6 0" \
    "-N -t pcapng -d zipf" "-N -d zipf:0.5 -f 1000000" "-l 75 -f 11"; do
	# shellcheck disable=SC2086 # words
	"$mktrace" -n 5000 $form -o "$tmp/a" && tcpdump -nvvr "$tmp/a" \
	    >"$tmp/text" 2>"$tmp/err"
	is "$form: tcpdump reads it" $? 0
	is "$form: all packets" "$(count "$tmp/a")" 5000
	is "$form: no checksum is wrong" \
	    "$(grep -Ec 'incorrect|bad cksum|bad udp|truncated' \
	        "$tmp/text")" 0
	is "$form: checksums were looked at" \
	    "$(($(grep -Ec 'cksum 0x[0-9a-f]+ \(correct\)|udp sum ok' \
	        "$tmp/text") > 4000))" 1
	tcpdump -ttnr "$tmp/a" 2>/dev/null | awk '{print $1}' |
	    sort -nuc 2>/dev/null
	is "$form: time rises" $? 0
done
"$mktrace" -n 2000 -f 100 -o "$tmp/a" &&
    "$mktrace" -n 2000 -f 100 -t pcapng -o "$tmp/b"
is "pcap and pcapng hold the same packets" \
    "$(tcpdump -ttnxr "$tmp/a" 2>/dev/null | sha256sum)" \
    "$(tcpdump -ttnxr "$tmp/b" 2>/dev/null | sha256sum)"
is "a hundred percent of IPv6" \
    "$("$mktrace" -n 500 -6 100 -o - | tcpdump --count -nr - ip6 \
        2>/dev/null)" "500 packets"
is "no IPv6" "$("$mktrace" -n 500 -6 0 -o - | tcpdump --count -nr - ip \
    2>/dev/null)" "500 packets"

# Lengths: seven, four and one of twelve.
"$mktrace" -n 12000 -6 0 -o "$tmp/a"
within "imix: short frames" "$(count "$tmp/a" 'less 60')" 6800 7200
within "imix: long frames" "$(count "$tmp/a" 'greater 1514')" 880 1120

# The listed expressions part the trace: none is empty, together they are all.
"$mktrace" -n 20000 -f 10 -6 50 -s 3 -o "$tmp/a"
"$mktrace" -n 20000 -f 10 -6 50 -s 3 -d zipf -o "$tmp/z"
"$mktrace" -f 10 -6 50 -s 3 --list-flows 10 >"$tmp/flows"
is "ten expressions" "$(wc -l <"$tmp/flows")" 10
all=0 zipf_all=0 i=0
while read -r expression; do
	i=$((i + 1))
	n=$(count "$tmp/a" "$expression")
	z=$(count "$tmp/z" "$expression")
	all=$((all + n)) zipf_all=$((zipf_all + z))
	within "uniform, flow $i" "$n" 1850 2150
	# 20000 / i, divided by 1 + 1/2 + ... + 1/10
	share=$((200000000 / (29290 * i)))
	within "Zipf, flow $i" "$z" $((share * 88 / 100)) $((share * 112 / 100))
done <"$tmp/flows"
is "uniform: the expressions cover the trace" $all 20000
is "Zipf: the expressions cover the trace" $zipf_all 20000

# An exponent that is no whole number: 1 against 2^-1.5, of ten.
"$mktrace" -n 20000 -f 10 -6 50 -s 3 -d zipf:1.5 -o "$tmp/z"
n=$(count "$tmp/z" "$(sed -n 1p "$tmp/flows")")
z=$(count "$tmp/z" "$(sed -n 2p "$tmp/flows")")
within "zipf:1.5, the second flow against the first, per mille" \
    $((z * 1000 / n)) 330 377

exit $bad
