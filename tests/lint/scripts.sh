#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Does shellcheck find nothing in the scripts?

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

what="shellcheck finds nothing"
if ! command -v shellcheck >/dev/null; then
	skip "$what" "shellcheck is not installed"
	finish
fi
list=$(files . | grep -E '\.sh$|^(run|test|\.ci/run)$')
[ -n "$list" ] || list=/dev/null
# SC2317: it does not see functions that are called through "$@".
# shellcheck disable=SC2086 # a list of files
found=$(shellcheck -x -e SC2317 -f gcc $list)
rule "$what" "$found"
finish
