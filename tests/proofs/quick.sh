#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The quick form of the proofs: every pair of intervals of 6 bits; formulas
# against compiled C; a few properties proven, and wrong variants refuted.
# Everything else is for `make proofs`.

set -u
: "${BUILD:=build}" "${TEST_TMP:=${TMPDIR:-/tmp}}"
count=0
bad=0

# check WHAT MODES PATTERN
check() {
	count=$((count + 1))
	if python3 tests/proofs/prove.py -q -j 1 -b "$BUILD/proofs" -m "$2" \
	    "$3" >"$TEST_TMP/proofs.log" 2>&1; then
		echo "ok $count - $1"
	else
		sed 's/^/# /' "$TEST_TMP/proofs.log"
		echo "not ok $count - $1"
		bad=1
	fi
}

check "every pair of intervals of 6 bits" exhaust '^range'
missing=
for tool in z3 clang-14; do
	command -v "$tool" >/dev/null || missing="$missing $tool"
done
if [ -n "$missing" ]; then
	echo "ok 2 - proofs # SKIP not installed:$missing"
	exit "$bad"
fi
check "formulas are what compiled C computes" same \
    '^(tnum|range)_|^scalar_(sync|add|sext|jslt_half)$'
check "a few properties are proven, wrong variants refuted" prove,mutants \
    '^(tnum_(add|sub|and|range)|range_(sync|or|ult|sle|ne))$'
exit "$bad"
