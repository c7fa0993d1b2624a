#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the kernel must not survive (exo/bare/test_die.c): each ends it with a panic that
# names the exception, and the address, in the function that did it.
#
# usage: die.sh; BUILD names the folder with exopf.elf. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need

# dies NAME PANIC [TEXT [OPTIONS]]: TEXT is what the panic says besides
dies() {
	machine "die=$1 ${4:-watchdog=1}" -M "$type"
	ended "$1" "$2" "$3" $?
}

# ended NAME PANIC TEXT STATUS
ended() {
	status=$4
	tr -d '\r' <"$tmp/out" >"$tmp/said"
	[ "$status" = 35 ] && grep -q "^panic: $2\$" "$tmp/said" &&
	    grep -q "$3" "$tmp/said" && ! grep -q survived "$tmp/said"
	check $? "$1, on $type: $2"
}

late="watchdog: the kernel does not come back"
for i in $(seq 3000); do
	echo "recv not (udp port $i or tcp port $i or host 10.0.1.1 or host 10.0.2.2)"
done >"$tmp/boot.conf"
modules "$tmp/boot.conf"
both='q35 microvm'
[ "${EXOPF_QUICK:-}" = 1 ] && both=q35
for type in $both; do
	dies write_text "exception 14" "err 0000000000000003"
	dies write_constants "exception 14" "err 0000000000000003"
	dies write_filter "exception 14" "err 0000000000000003"
	dies write_filter_frame "exception 14" "err 0000000000000002"
	dies run_data "exception 14" "err 0000000000000011"
	dies run_stack "exception 14" "err 0000000000000011"
	dies run_heap "exception 14" "err 0000000000000011"
	dies read_user "exception 14" "cr2 0000000000400000"
	dies write_user "exception 14" "cr2 0000000000400000"
	dies run_user "exception 14" "cr2 0000000000400000"
	dies read_null "exception 14" "cr2 0000000000000000"
	dies overrun_stack "exception 8" "deeper+"
	dies overrun_fiber "exception 8" "deeper+"
	dies below_kernel_stack "exception 14" "cr2 ffffffffe0000fff"
	dies below_nmi_stack "exception 14" "cr2 ffffffffe0020fff"
	dies below_fault_stack "exception 14" "cr2 ffffffffe0030fff"
	dies below_check_stack "exception 14" "cr2 ffffffffe0040fff"
	dies below_fiber_stack "exception 14" "cr2 ffffffffe1020fff"
	dies keep_flags ".*/trap.h:.*" "test_die+"
	dies nmi "exception 2" "nmi+" watchdog=0
	dies hang "$late" "hang+"
	dies hang_without_frame "$late" "test_die+"
	# for longer than a second, before anything runs
	machine watchdog=1 -M "$type" -initrd "$tmp/modules"
	ended "a long start" "$late" "conf_start+" $?
done
finish
