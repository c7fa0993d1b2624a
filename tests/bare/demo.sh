#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The demonstration: each of its libOSes ends as it should, with its data whole, and says
# all that it is to say (demo.golden): sentences without their numbers, each once. How
# often and when is the machine's: a disk takes as long as it takes.
#
# usage: demo.sh [--write]; BUILD names the folder with exopf, exopf.elf and ring3. Output
# is TAP. --write makes demo.golden anew.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need batch quick
[ -x "$BUILD/exopf" ] || skip_all "$BUILD/exopf was not built"
golden=$bare/demo.golden

# sentences: numbers and the order taken away
sentences() {
	sed -n 's/  *[0-9][0-9.]* ms  */ /; s/[0-9][0-9,]*/#/g; s/   *#/  #/g
	    /^\(batch\|quick\):/p' | LC_ALL=C sort -u
}

# runs MACHINE
runs() {
	BUILD=$BUILD limit=120 sh "$SRC/libos-net/demo/run.sh" --machine "$1" \
	    >"$tmp/said" 2>"$tmp/err"
	status=$?
	tr -d '\r' <"$tmp/said" | tee "$tmp/out" | sentences >"$tmp/sentences"
	[ "$status" = 0 ]
}

runs q35
status=$?
if [ "${1:-}" = --write ]; then
	[ "$status" = 0 ] && cp "$tmp/sentences" "$golden"
	exit
fi
check $status "both libOSes end as they should, on q35"
lines=$(wc -l <"$tmp/out")
[ "$lines" -ge 50 ] && [ "$lines" -le 110 ]
check $? "a person can follow it: $lines lines"
diff "$golden" "$tmp/sentences" >"$tmp/out"
check $? "they say what they are to say"
sed -n '/^<!-- a run -->/,/^<!-- end/s/^	//p' "$SRC/docs/exokernel.md" | sentences |
    diff "$golden" - >"$tmp/out"
check $? "docs/exokernel.md has a run that says the same"
if [ "${EXOPF_QUICK:-}" != 1 ]; then
	runs microvm
	check $? "and on microvm"
	diff "$golden" "$tmp/sentences" >"$tmp/out"
	check $? "they say the same there"
fi
finish
