#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Many outputs, which a thread writes: the same packets, whatever goes wrong.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

mktrace=${BUILD:-build}/mktrace
[ -x "$mktrace" ] || {
	skip "many outputs" "there is no $mktrace"
	finish
	exit
}
n=200
trace=$tmp/t.pcap
"$mktrace" -n 60000 -f 400 -d zipf -s 1 -l imix -o "$trace"
"$mktrace" -f 400 -d zipf -s 1 --list-flows $n |
    awk '{ print "f" NR "=" $0 }' >"$tmp/flows"
grep '^f7=' "$tmp/flows" >"$tmp/f7"

# total DIR: packets in all of its files.
total()
{
	for f in "$1"/*.pcap*; do
		count "$f"
	done | awk '{ n += $1 } END { print n + 0 }'
}

for form in pcap pcapng; do
	"$exopf" replay --json -r "$trace" -f "$tmp/flows" \
	    -o "$tmp/$form/{name}.$form" --rest "$tmp/rest.$form" \
	    >"$tmp/out" 2>"$tmp/err"
	is "$form: exit status" "$?" 0
	is "$form: outputs" "$(find "$tmp/$form" -type f | wc -l)" $n
	is "$form: all that was matched" "$(total "$tmp/$form")" \
	    "$(field '[.bindings[].matched] | add')"
	is "$form: and the rest" "$(count "$tmp/rest.$form")" \
	    "$(field .unmatched)"
	"$exopf" replay -q -r "$trace" -o "$tmp/one.$form" -f "$tmp/f7" \
	    >"$tmp/out" 2>"$tmp/err"
	if cmp -s "$tmp/one.$form" "$tmp/$form/f7.$form"; then
		ok "$form: the same bytes as of one output"
	else
		not_ok "$form: the same bytes as of one output"
	fi
done

# To standard output as well, which is not the thread's.
"$exopf" replay -q -r "$trace" -f "$tmp/flows" -o "$tmp/std/{name}.pcap" \
    --rest - 2>"$tmp/err" >"$tmp/std.pcap"
is "standard output: exit status" "$?" 0
is "standard output: the same" "$(count "$tmp/std.pcap")" \
    "$(count "$tmp/rest.pcap")"
is "standard output: the others" "$(total "$tmp/std")" "$(total "$tmp/pcap")"

# Fewer descriptors than outputs.
(
	# shellcheck disable=SC3045 # dash, bash and busybox have it
	ulimit -n 100
	"$exopf" replay -q -r "$trace" -f "$tmp/flows" \
	    -o "$tmp/few/{name}.pcap" >"$tmp/out" 2>"$tmp/err"
)
is "100 descriptors: exit status" "$?" 0
if diff -r "$tmp/pcap" "$tmp/few" >"$tmp/diff"; then
	ok "100 descriptors: the same files"
else
	not_ok "100 descriptors: the same files"
fi

# SIGINT: nothing of what was read is lost.
rm -f "$tmp/fifo"
mkfifo "$tmp/fifo"
env --default-signal=INT "$exopf" replay -q --json -r "$tmp/fifo" \
    -f "$tmp/flows" -o "$tmp/int/{name}.pcap" >"$tmp/out" 2>"$tmp/err" &
job=$!
{
	head -c 15000000 "$trace"
	sleep 1
	kill -s INT "$job"
	sleep 0.3
} >"$tmp/fifo"
wait "$job"
is "SIGINT: exit status" "$?" 130
is "SIGINT: packets were read" "$(field '.packets > 1000')" true
is "SIGINT: what was matched is in the files" "$(total "$tmp/int")" \
    "$(field '[.bindings[].matched] | add')"

# A limit on the size of files, in blocks of 512 bytes: some are cut, the others
# go on.
(
	ulimit -f 400
	"$exopf" replay -q --json -r "$trace" -f "$tmp/flows" \
	    -o "$tmp/cut/{name}.pcap" 2>"$tmp/err" | cat >"$tmp/out"
)
is "no room: written and lost are what was matched" \
    "$(field 'all(.bindings[];
        .output.packets + .output.lost == .matched)')" true
is "no room: some are lost, not all" "$(field '[.bindings[].output.lost] |
    (max > 0 and min == 0)')" true
is "no room: the files hold what was written" "$(total "$tmp/cut")" \
    "$(field '[.bindings[].output.packets] | add')"
is "no room: each is named once, with what is in it" \
    "$(sed -n 's/.*\/\(f[0-9]*\)\.pcap: .*; \([0-9]*\) packets.*/\1 \2/p' \
        "$tmp/err" | sort)" \
    "$(field '.bindings[] | select(.output.lost > 0) |
        "\(.name) \(.output.packets)"' | sort)"
finish
