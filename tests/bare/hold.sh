#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# How long calls hold the kernel where much is asked of one: who never rests waits for a slot
# of the other's, and no more than MOST microseconds beyond it. QEMU counts instructions
# as nanoseconds, so that this does not depend on how busy the machine is. What the console
# takes behind the end of a slot, and its grace, is debt.
#
# usage: hold.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need hold
limit=200
most=3000
slot=10000

# run CONF MACHINE COMMAND-LINE
run() {
	modules "$bare/$1" hold.elf
	# shellcheck disable=SC2086 # a list of options
	machine "tap clock_hz=1000000000 $3" $2 -m 128 \
	    -icount shift=0,sleep=off -initrd "$tmp/modules"
	went_well $?
	check $? "environments of $1 end as they should, $2"
}

for m in "$q35" "$microvm"; do
	run hold.conf "$m" ""
	away=$(tr -d '\r' <"$tmp/out" | sed -n 's/^watch: away //p')
	[ "${away:-999999}" -le $((slot + most)) ]
	check $? "others wait a slot, and not more than $most us: ${away:-?} us"
	run hold_print.conf "$m" "slot_us=1000 grace_us=0"
	run hold_trap.conf "$m" "slot_us=1000 grace_us=0"
done
finish
