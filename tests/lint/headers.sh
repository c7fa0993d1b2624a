#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Does each installed header compile alone, as C11 and as C++17, twice in a row?

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
warn='-Wall -Wextra -Wpedantic -Werror'

# each COMPILER STANDARD LANGUAGE
each() {
	what="headers compile alone: $1 -std=$2"
	if ! command -v "$1" >/dev/null; then
		skip "$what" "$1 is not installed"
		return
	fi
	found=
	for header in include/exopf/*.h; do
		name=${header#include/}
		printf '#include <%s>\n' "$name" "$name" >"$tmp/unit"
		echo 'int unit(void);' >>"$tmp/unit"
		# shellcheck disable=SC2086 # a list of flags
		out=$("$1" "-std=$2" $warn -Iinclude -fsyntax-only -x "$3" \
		    "$tmp/unit" 2>&1) ||
		    found="$found$header: $(printf '%s\n' "$out" | grep -m 1 error:)
"
	done
	[ -e "$header" ] || found="include/exopf: no header is there"
	rule "$what" "$found"
}

each gcc c11 c
each clang c11 c
each g++ c++17 c++
each clang++ c++17 c++
finish
