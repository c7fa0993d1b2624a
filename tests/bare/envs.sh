#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Environments that test themselves, and attacks, on both machines (envs.conf).
#
# usage: envs.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need hello fault fpu attack
python3 "$bare/badelf.py" "$BUILD/ring3/hello.elf" "$tmp" >"$tmp/bad" || exit 2
# shellcheck disable=SC2046 # a list of files
modules "$bare/envs.conf" hello.elf fault.elf fpu.elf attack.elf sysret.elf \
    $(cat "$tmp/bad")

# all NAME MACHINE
all() {
	# shellcheck disable=SC2086 # a list of options
	machine tap $2 -initrd "$tmp/modules"
	went_well $?
	check $? "environments and attacks end as they should, on $1"
	want=$(grep -c '^env' "$bare/envs.conf")
	[ "$ran" = "$want" ]
	check $? "all of them: $ran of $want"
}

all q35 "$q35"
all microvm "$microvm"
finish
