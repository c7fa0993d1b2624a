#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Are the C sources as clang-format leaves them?
#
# usage: format.sh [--fix] [ROOT]; other versions format otherwise, so the
# major version is pinned.

fix=
[ "${1:-}" != --fix ] || {
	fix=1
	shift
}
# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

major=14
tool=
for name in clang-format-$major clang-format; do
	if "$name" --version 2>/dev/null | grep -q "version $major\."; then
		tool=$name
		break
	fi
done
what="sources are as clang-format $major leaves them"
if [ -z "$tool" ]; then
	[ -z "$fix" ] || {
		echo "format.sh: clang-format $major is not installed" >&2
		exit 2
	}
	skip "$what" "clang-format $major is not installed"
	finish
fi
list=$(files . | grep -E '\.[ch]$')
[ -n "$list" ] || list=/dev/null
if [ -n "$fix" ]; then
	# shellcheck disable=SC2086 # a list of files
	exec "$tool" --style=file -i $list
fi
# shellcheck disable=SC2086 # a list of files
found=$("$tool" --style=file --dry-run -Werror $list 2>&1 |
    sed -n 's/: error: code should be clang-formatted.*/: run make fmt/p' |
    sort -t : -k 1,1 -u)
rule "$what" "$found"
finish
