#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Attacks by families, and on turns (attack_family.c), where QEMU counts instructions as
# nanoseconds.
#
# usage: family.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need attack_family attack_net
exact='-icount shift=0,sleep=off'
grace=100 # us

# run NAME LINE...: what boot.conf says
run() {
	name=$1
	shift
	printf '%s\n' "$@" >"$tmp/conf"
	modules "$tmp/conf" attack_family.elf attack_net.elf
	# shellcheck disable=SC2086 # a list of options
	machine "tap stats test-key=1 slot_us=1000 grace_us=$grace" $q35 $exact \
	    -initrd "$tmp/modules"
	went_well $?
	check $? "$name"
}

env='attack_family.elf'
run "who waits for one that ends with it ends, too" \
    "env end_both $env arg=end_both children=2 frames=100"
run "who has ended is not answered" \
    "env answer_ended $env arg=answer_ended children=2 frames=100"
run "whoever begins finds nothing of those before in its pages" \
    "env clean_pages $env arg=clean_pages children=1 frames=100"
run "what children take is their maker's time" \
    "env spin $env arg=spin" \
    "env burn_children $env arg=burn_children children=1 frames=100"
run "what programs take that look whether to wake is charged" \
    "env pays_program $env arg=pays_program"
run "who calls pays for it in all of its slots" \
    "env pays_callee $env arg=pays_callee children=1 frames=100 slots=0*16"
run "and in its turns in spare ones" \
    "env pays_callee $env arg=pays_callee children=1 frames=100"
run "who makes others pays for their ends" \
    "env pays_end $env arg=pays_end children=1 frames=2000"
grace=1
run "what calls take behind the end of a slot is charged" \
    "env spin $env arg=spin" "env burn_calls $env arg=burn_calls"
grace=100
run "what is done in one's slots is one's own time" \
    "env spin $env arg=spin" \
    "env burn_callee $env arg=burn_callee children=1 frames=100"
run "nobody is given so little that it cannot even yield" \
    "env yields $env arg=yields" "env crumbs $env arg=crumbs"
run "a family has no more than one of it would" \
    "env hoard_family $env arg=hoard_family children=3 frames=100 most=200"
run "a family says no more than one of it would" \
    "env flood_family $env arg=flood_family children=1 frames=100"
run "a call that paused goes on in time that is given to it" \
    "env gives $env arg=gives slots=0*15" \
    "env longest attack_net.elf arg=bomb_longest"
run "who is ended in the middle of a call does not end it" \
    "env end_calling $env arg=end_calling children=1 frames=100"
run "the kernel's memory takes nothing that is guaranteed" \
    "env wants_own $env arg=wants_own frames=2000" \
    "env hoard_kernel $env arg=hoard_kernel" \
    "env hoard_again $env arg=hoard_kernel"
finish
