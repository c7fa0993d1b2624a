#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Instructions of the kernel's ways, exactly: QEMU counts them, and its time stamp
# counter goes by one for each. What changes a number says so in count.golden.
#
# usage: count.sh [--write]; BUILD names the folder with exopf.elf. Output is TAP.
# --write puts new numbers into count.golden; say there why they changed.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need count
golden=$bare/count.golden
limit=300
compiler=$(readelf -p .comment "$BUILD/bare/exo/bare/call.o" 2>/dev/null |
    sed -n 's/^ *\[ *[0-9a-f]*\] *//p' | head -n 1)
was=$(sed -n 's/^# compiler: //p' "$golden")
[ "${1:-}" = --write ] || [ "$compiler" = "$was" ] ||
    skip_all "the numbers are of $was, the kernel is of $compiler"

# run MACHINE COMMAND-LINE [CONF]: lines "name number" into numbers
run() {
	modules "$bare/${3:-count.conf}" count.elf
	# shellcheck disable=SC2086 # a list of options
	machine "test-key=1 $2" $1 -icount shift=0,sleep=off -initrd "$tmp/modules"
	status=$?
	tr -d '\r' <"$tmp/out" | sed 's/^[a-z]*: //' |
	    grep -E '^[a-z0-9_]+ [0-9]+$' >>"$tmp/numbers"
	[ "$status" = 33 ]
}

# both MACHINE: all numbers
both() {
	: >"$tmp/numbers"
	run "$1" "" && run "$1" "" count_ask.conf &&
	    run "$1" "" count_deaf.conf && run "$1" "" count_sleep.conf &&
	    run "$1" count
}

both "$q35"
status=$?
if [ "${1:-}" = --write ]; then
	[ "$status" = 0 ] || exit 1
	sed -n "/^#/p" "$golden" | sed "s/^# compiler: .*/# compiler: $compiler/" \
	    >"$tmp/new"
	cat "$tmp/numbers" >>"$tmp/new"
	cp "$tmp/new" "$golden"
	exit 0
fi
check $status "q35 counts"
cp "$tmp/numbers" "$tmp/q35"
both "$q35" && cmp -s "$tmp/numbers" "$tmp/q35"
check $? "it counts the same again"
both "$microvm" && cmp -s "$tmp/numbers" "$tmp/q35"
check $? "and so does microvm"
grep -q '^nops_100 100$' "$tmp/q35"
check $? "a tick is an instruction"
for m in "$q35" "$microvm"; do
	# shellcheck disable=SC2086 # a list of options
	machine "test test-key=1 clock_hz=1000000000" $m \
	    -icount shift=0,sleep=off
	went_well $?
	check $? "and a nanosecond, $m"
done

grep -v '^#' "$golden" >"$tmp/want"
cut -d' ' -f1 "$tmp/want" >"$tmp/names"
cut -d' ' -f1 "$tmp/q35" | cmp -s - "$tmp/names"
check $? "the numbers are those of count.golden, by name"
while read -r name want; do
	got=$(sed -n "s/^$name //p" "$tmp/q35")
	if [ "$got" = "$want" ]; then
		check 0 "$name: $want"
		continue
	fi
	echo "$name: $got, not $want; if that is meant: count.sh --write" \
	    >"$tmp/out"
	check 1 "$name"
done <"$tmp/want"
finish
