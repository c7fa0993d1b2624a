#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Random calls by four libOSes (steps.c), step by step the same in the booted kernel and in
# its code in a process (tests/diff/diff_steps.c): who owns what, what is refused and how,
# what the kernel takes, and what is left when all have ended: nothing.
#
# usage: steps.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need steps
[ -e "$BUILD/diff_steps" ] || skip_all "$BUILD/diff_steps was not built"
limit=300 steps=500 seeds='1 2 3 4 5 6 7 8'
[ "${EXOPF_QUICK:-}" = 1 ] && steps=200 seeds='1 2 3'
pool=$("$BUILD/diff_steps" -f)

# hosted OPTIONS...: the lines of a sequence, its boot.conf if -c is among them
hosted() {
	"$BUILD/diff_steps" -k 1 -n "$steps" "$@"
}

# same: hosted and booted; else the first line that differs, and what was before it
same() {
	cmp -s "$tmp/hosted" "$tmp/booted" && [ -s "$tmp/booted" ] && return
	line=$(cmp "$tmp/hosted" "$tmp/booted" 2>&1 | sed -n 's/.*line //p')
	{
		grep -a '^#' "$tmp/out"
		sed -n "$((${line:-1} > 5 ? line - 5 : 1)),${line:-1}p" \
		    "$tmp/hosted" | sed '$s/^/in a process: /'
		sed -n "${line:-1}p" "$tmp/booted" | sed 's/^/booted:       /'
		[ -n "$line" ] || tail -n 3 "$tmp/booted"
	} >"$tmp/first"
	mv "$tmp/first" "$tmp/out"
	return 1
}

# both SEED PATIENT NAME MACHINE
both() {
	hosted -s "$1" -p "$2" -c >"$tmp/boot.conf" 2>"$tmp/out"
	hosted -s "$1" -p "$2" -v >"$tmp/hosted" 2>>"$tmp/out"
	check $? "seed $1, patient $2: $(grep -c . "$tmp/hosted") lines of a process"
	modules "$tmp/boot.conf" steps.elf
	patience=$(($2 * 1000000))
	# shellcheck disable=SC2086 # a list of options
	machine "tap slots=8 frames=$pool patience_ms=$patience" $4 \
	    -initrd "$tmp/modules"
	went_well $?
	check $? "they end as they should, and nothing is left, on $3"
	tr -d '\r' <"$tmp/out" | sed -n 's/^\(l[0-9]\|clerk\): //p' >"$tmp/booted"
	same
	check $? "each step is the same on $3"
}

for seed in $seeds; do
	both "$seed" $((seed % 2)) q35 "$q35"
done
both 9 0 microvm "$microvm"
sed 's/^/# /' "$tmp/booted" | tail -n 3
# a comparison that cannot fail is none
sed '7s/[0-9]/x/' "$tmp/hosted" >"$tmp/booted"
! same
check $? "a changed line would be seen"
finish
