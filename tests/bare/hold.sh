#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# How long calls hold the kernel where much is asked of one: who never rests waits for a slot
# of the other's, and no more than MOST microseconds beyond it. QEMU counts instructions
# as nanoseconds, so that this does not depend on how busy the machine is.
#
# usage: hold.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need hold
limit=200
most=3000
slot=10000

for m in "$q35" "$microvm"; do
	modules "$bare/hold.conf" hold.elf
	# shellcheck disable=SC2086 # a list of options
	machine "tap clock_hz=1000000000" $m -m 128 -icount shift=0,sleep=off \
	    -initrd "$tmp/modules"
	went_well $?
	check $? "what claims thousands of cubes ends as it should, $m"
	away=$(tr -d '\r' <"$tmp/out" | sed -n 's/^watch: away //p')
	[ "${away:-999999}" -le $((slot + most)) ]
	check $? "others wait a slot, and not more than $most us: ${away:-?} us"
done
finish
