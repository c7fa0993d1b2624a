#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Who runs in which slot of time, exactly: the kernel says it (trace=slots), where QEMU
# counts instructions as nanoseconds, and a model says what is right (slots.py).
#
# usage: slots.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need slots attack_time
limit=300
exact='-icount shift=0,sleep=off'

# run NAME MACHINE SLOTS OPTIONS: what is in $tmp/modules, against the model
run() {
	# shellcheck disable=SC2086 # a list of options
	machine "tap test-key=1 trace=slots slot_us=1000 grace_us=100 slots=$3 $4" \
	    $2 $exact -initrd "$tmp/modules"
	went_well $?
	check $? "environments end as they should: $1"
	tr -d '\r' <"$tmp/out" | grep -a '^slot ' >"$tmp/trace"
	python3 "$bare/slots.py" "$conf" "$3" >"$tmp/want"
	diff "$tmp/want" "$tmp/trace" >"$tmp/out"
	check $? "$(grep -c . "$tmp/want") turns are those of the rule: $1"
}

# lost LABEL: slots of its own that it ran in, and that it lost, as the model has it.
lost() {
	python3 "$bare/slots.py" "$conf" 16 summary | sed -n "s/^$1 //p"
}

conf=$bare/slots.conf
modules "$conf" slots.elf
run "q35" "$q35" 16
cp "$tmp/trace" "$tmp/first"
run "microvm" "$microvm" 16
cmp -s "$tmp/first" "$tmp/trace"
check $? "both machines give the same turns"
run "a longer vector" "$q35" 32
run "slots of nobody" "$q35" 256

conf=$bare/burn.conf
modules "$conf" slots.elf
run "children that burn" "$q35" 16
[ "$(lost maker)" = "27 24" ]
check $? "what six children took, four slots each, their maker loses"
conf=$bare/slots.conf

modules "$bare/pair.conf" slots.elf attack_time.elf
# shellcheck disable=SC2086 # a list of options
machine "tap test-key=1 slot_us=1000" $q35 $exact -initrd "$tmp/modules"
went_well $?
check $? "two that give their time to each other have their own turns and no more"

[ "$(lost row)" = "32 0" ]
check $? "who yields in time loses no slot"
[ "$(lost late)" = "7 16" ]
check $? "who is late by 1.6 slots, ten times, loses sixteen"
[ "$(lost section)" = "9 5" ]
check $? "a critical section of 1.5 slots, eleven times, costs five"
finish
