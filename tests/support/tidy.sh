#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Run clang-tidy over sources, several at a time.
#
# usage: tidy.sh JOBS FLAG... -- SOURCE...; what to look for is in .clang-tidy.

set -u
jobs=$1
shift
flags=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	flags="$flags '$1'"
	shift
done
shift
failed=$(mktemp) || exit 2
trap 'rm -f "$failed"' EXIT
# clang-tidy counts the warnings that it did not show: noise.
printf '%s\0' "$@" | xargs -0 -n 4 -P "$jobs" sh -c "
	for file; do
		clang-tidy --quiet \"\$file\" -- $flags 2>/dev/null ||
		    echo \"\$file\" >>'$failed'
	done" tidy
if [ -s "$failed" ]; then
	sort "$failed" | sed 's/^/clang-tidy: findings in /' >&2
	exit 1
fi
echo "clang-tidy: no findings in $# sources"
