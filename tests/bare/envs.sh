#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Environments that test themselves, and attacks, on both machines (envs.conf,
# attacks.conf, exhaust.conf).
#
# usage: envs.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need hello fault fpu attack attack_net attack_time attack_mem state
python3 "$bare/badelf.py" "$BUILD/ring3/hello.elf" "$tmp" >"$tmp/bad" || exit 2

# all NAME MACHINE: what is in $tmp/modules, by $conf
all() {
	# shellcheck disable=SC2086 # a list of options
	machine tap $2 -initrd "$tmp/modules"
	went_well $?
	check $? "environments of $conf end as they should, on $1"
	want=$(grep -c '^env' "$bare/$conf")
	[ "$ran" = "$want" ]
	check $? "all of them: $ran of $want"
}

conf=envs.conf
# shellcheck disable=SC2046 # a list of files
modules "$bare/$conf" hello.elf fault.elf fpu.elf attack.elf sysret.elf \
    state.elf $(cat "$tmp/bad")
all q35 "$q35"
all microvm "$microvm"
conf=attacks.conf
modules "$bare/$conf" attack_net.elf attack_time.elf attack_mem.elf
all q35 "$q35"
[ "${EXOPF_QUICK:-}" = 1 ] || all microvm "$microvm"
conf=exhaust.conf
modules "$bare/$conf" attack_mem.elf
all q35 "$q35"
finish
