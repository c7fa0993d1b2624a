#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the kernel must not survive (exo/bare/test_die.c): each ends it with a panic that
# names the exception, and the address, in the function that did it.
#
# usage: die.sh; BUILD names the folder with exopf.elf. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need

# dies NAME PANIC [TEXT]: TEXT is what the panic says besides
dies() {
	machine "die=$1 watchdog=1" -M "$type"
	status=$?
	tr -d '\r' <"$tmp/out" >"$tmp/said"
	[ "$status" = 35 ] && grep -q "^panic: $2\$" "$tmp/said" &&
	    grep -q "$3" "$tmp/said" && ! grep -q survived "$tmp/said"
	check $? "$1, on $type: $2"
}

both='q35 microvm'
[ "${EXOPF_QUICK:-}" = 1 ] && both=q35
for type in $both; do
	dies write_text "exception 14" "err 0000000000000003"
	dies write_constants "exception 14" "err 0000000000000003"
	dies write_filter "exception 14" "err 0000000000000003"
	dies run_data "exception 14" "err 0000000000000011"
	dies run_stack "exception 14" "err 0000000000000011"
	dies run_heap "exception 14" "err 0000000000000011"
	dies read_user "exception 14" "cr2 0000000000400000"
	dies write_user "exception 14" "cr2 0000000000400000"
	dies run_user "exception 14" "cr2 0000000000400000"
	dies read_null "exception 14" "cr2 0000000000000000"
	dies overrun_stack "exception 8" "deeper+"
	dies overrun_fiber "exception 8" "deeper+"
	dies hang "watchdog: the kernel does not come back" "hang+"
done
finish
