#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Files have at most 800 lines, headers 350, functions 60.

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

# Switches on the opcode: one long function each.
licence="exo/isa/interp.c:1 exo/jit/lower_x64.c:1"

list=$(files . | grep -E '\.(c|h|S|sh|awk|mk|py)$|(^|/)(Makefile|run|test)$')
# shellcheck disable=SC2086 # a list of files
found=$([ -z "$list" ] || awk -v licence="$licence" -f "$here/sizes.awk" $list)
rule "files <= 800 lines, headers <= 350, functions <= 60" "$found"
finish
