#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Virtual memory that libOSes make for themselves (vm.conf), and what the S-TLB is worth
# to them (stlb.conf).
#
# usage: vm.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need vm stlb

# all CONF COMMAND-LINE NAME MACHINE
all() {
	modules "$bare/$1" vm.elf
	# shellcheck disable=SC2086 # a list of options
	machine "tap stats $2" $4 -initrd "$tmp/modules"
	went_well $?
	check $? "environments of $1 end as they should, on $3"
	want=$(grep -c '^env' "$bare/$1")
	[ "$ran" = "$want" ]
	check $? "all of them: $ran of $want"
	# the heap keeps some for its own use, however many environments there were
	tr -d '\r' <"$tmp/out" |
	    awk '/frames free before and after/ { kept = $(NF - 1) - $NF; n++ }
	        END { exit n != 1 || kept < 0 || kept > 16 }'
	check $? "and no frame is lost"
}

# numbers MODE: a line for each environment of stlb.conf, and the sum of upcalls for
# pages that were there before, in again.
numbers() {
	tr -d '\r' <"$tmp/out" >"$tmp/said"
	again=$(sed -n 's/^[a-z]*: upcalls again //p' "$tmp/said" |
	    awk '{ n += $1 } END { print n + 0 }')
	for label in first second third fourth; do
		printf '# %-6s %-6s %8s upcalls again' "$1" "$label" \
		    "$(sed -n "s/^$label: upcalls again //p" "$tmp/said")"
		sed -n "s/^exopf: $label: entries/, entered/p" "$tmp/said"
	done
}

# worth TABLES: the same work with the S-TLB and without.
worth() {
	modules "$bare/stlb.conf" stlb.elf
	# shellcheck disable=SC2086 # a list of options
	machine "tap stats tables=$1" $q35 -initrd "$tmp/modules"
	went_well $?
	check $? "four working sets in $1 tables, with the S-TLB"
	numbers S-TLB
	with=$again
	# shellcheck disable=SC2086 # a list of options
	machine "tap stats tables=$1 forget" $q35 -initrd "$tmp/modules"
	went_well $?
	check $? "and without"
	numbers forget
	[ "$with" = 0 ] && [ "$again" -gt 1000 ]
	check $? "upcalls for pages that were entered before: $with, not $again"
}

all vm.conf "" q35 "$q35"
grep -q '^vm_orphan_of_its_own: an orphan goes on' "$tmp/out"
check $? "a child with frames of its own outlives its parent"
! grep -q '^vm_orphan: an orphan goes on' "$tmp/out"
check $? "and one without does not"
all vm_forget.conf "forget tables=120" q35 "$q35"
worth 80
[ "${EXOPF_QUICK:-}" = 1 ] || worth 64
[ "${EXOPF_QUICK:-}" = 1 ] || all vm.conf "" microvm "$microvm"
finish
