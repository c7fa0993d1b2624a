#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A trace that somebody cuts short while it is read: one error, exit status 2,
# what was counted stands, and no signal ends the run, however it is read.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

mktrace=${BUILD:-build}/mktrace
"$mktrace" -n 120000 -f 2000 -l 400 -o "$tmp/whole.pcap"
"$mktrace" -n 120000 -f 2000 -l 400 -t pcapng -o "$tmp/whole.pcapng"
gzip -1 -c "$tmp/whole.pcap" >"$tmp/whole.pcap.gz"
# Enough filters that it is still at work when it is looked at.
"$mktrace" -n 1000 -f 2000 --list-flows 700 |
    awk '{ printf "f%d=%s\n", NR, $0 }' >"$tmp/list"

# cut NAME FORM LENGTH COMMAND...: replay a copy, and when some of it has come
# out stop the process, cut the copy, let it go on.
cut()
{
	name=$1 form=$2 length=$3
	shift 3
	cp "$tmp/whole.$form" "$tmp/t.$form"
	rm -f "$tmp/rest.pcapng"
	"$@" "$exopf" replay -q --json -r "$tmp/t.$form" -f "$tmp/list" \
	    --rest "$tmp/rest.pcapng" >"$tmp/out" 2>"$tmp/err" &
	job=$!
	i=0
	while [ "$i" -lt 600 ] && [ ! -s "$tmp/rest.pcapng" ] &&
	    kill -0 "$job" 2>/dev/null; do
		sleep 0.05
		i=$((i + 1))
	done
	kill -STOP "$job"
	truncate -s "$length" "$tmp/t.$form"
	kill -CONT "$job"
	wait "$job"
	status=$?
	if [ "$status" = 0 ]; then
		skip "$name" "it was through before the file was cut"
		return
	fi
	is "$name: exit status 2" "$status" 2
	is "$name: one error" "$(field '.errors | length')" 1
	is "$name: it says that the file was cut" "$(field '.errors[0]' |
	    grep -c -e 'was cut to this length' -e 'truncated capture' -e 'cut short')" 1
	is "$name: what was counted adds up" \
	    "$(field '.packets > 0 and .packets < 120000')" true
}

# Mapped, or copied where that is cheaper; packed, a thread has read it.
cut "cut" pcap 30000007
cut "cut, pcapng" pcapng 30000006
cut "cut to a page" pcap 20480000
cut "emptied" pcap 0
cut "packed" pcap.gz 20000007
finish
