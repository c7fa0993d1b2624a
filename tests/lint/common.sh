# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# What the lints share: the tree, its files, and how they report.
#
# Sourced, not run. ROOT is the tree under test: the first argument of a lint,
# else the tree that the lint is in. A lint reports each rule by one TAP line;
# findings stand before it as "# FILE:LINE: what is wrong; what to do".

here=$(cd "$(dirname "$0")" && pwd)
ROOT=${1:-$(cd "$here/../.." && pwd)}
cd "$ROOT" || exit 2
LC_ALL=C
export LC_ALL
count=0
bad=0

# Every file of the tree below the given folders, without build outputs.
files() {
	for place; do
		[ -e "$place" ] || continue
		find "$place" \( -path ./build -o -path ./.git \) -prune -o \
		    -type f -print
	done | sed 's,^\./,,' | sort
}

# Sources of the product, one a line.
product() {
	files exo verifier filters libos-net examples include |
	    grep -E '\.(c|h|inc|S)$'
}

# rule DESCRIPTION FINDINGS: one TAP line; no findings is a pass.
rule() {
	count=$((count + 1))
	if [ -n "$2" ]; then
		printf '%s\n' "$2" | sed 's/^/# /'
		echo "not ok $count - $1"
		bad=1
	else
		echo "ok $count - $1"
	fi
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

finish() {
	echo "1..$count"
	exit "$bad"
}
