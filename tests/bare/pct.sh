#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Calls between environments, on both machines (pct.conf).
#
# usage: pct.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need pct
modules "$bare/pct.conf" pct.elf
boot_all pct.conf q35 "$q35"
[ "${EXOPF_QUICK:-}" = 1 ] || boot_all pct.conf microvm "$microvm"
finish
