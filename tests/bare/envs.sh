#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Environments that test themselves, and attacks, on both machines (envs.conf,
# hello.conf, cross.conf, marks.conf, attacks.conf, exhaust.conf, stacks.conf).
#
# usage: envs.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need hello fault fpu cross marks attack attack_net attack_time attack_mem attack_pct attack_revoke state
python3 "$bare/badelf.py" "$BUILD/ring3/hello.elf" "$tmp" >"$tmp/bad" || exit 2

# shellcheck disable=SC2046 # a list of files
modules "$bare/envs.conf" hello.elf fault.elf fpu.elf attack.elf sysret.elf \
    state.elf $(cat "$tmp/bad")
boot_all envs.conf q35 "$q35"
boot_all envs.conf microvm "$microvm"
modules "$bare/hello.conf" hello.elf
boot_all hello.conf "q35, where frames have one owner and no more" "$q35" \
    generation=4294967294
modules "$bare/cross.conf" cross.elf
boot_all cross.conf q35 "$q35"
modules "$bare/marks.conf" marks.elf
boot_all marks.conf q35 "$q35"
boot_all marks.conf microvm "$microvm"
modules "$bare/attacks.conf" attack_net.elf attack_time.elf attack_mem.elf
boot_all attacks.conf q35 "$q35"
[ "${EXOPF_QUICK:-}" = 1 ] || boot_all attacks.conf microvm "$microvm"
modules "$bare/attacks_pct.conf" attack_pct.elf
boot_all attacks_pct.conf q35 "$q35"
modules "$bare/attacks_revoke.conf" attack_revoke.elf
boot_all attacks_revoke.conf q35 "$q35"
modules "$bare/exhaust.conf" attack_mem.elf
boot_all exhaust.conf q35 "$q35"
modules "$bare/stacks.conf" attack_mem.elf
boot_all stacks.conf q35 "$q35"
finish
