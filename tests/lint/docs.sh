#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Tables in docs/ say what the files say, and docs/diagnostics.md what the tool
# says.

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

found=$(sh docs/tables.sh --check . 2>&1)
rule "tables in docs/ are those of the .inc files" "$found"

what="docs/diagnostics.md is what the tool says"
if [ -x "${EXOPF:-${BUILD:-build}/exopf}" ]; then
	found=$(sh docs/diagnostics.sh --check . 2>&1)
	rule "$what" "$found"
else
	skip "$what" "there is no tool: run make"
fi
finish
