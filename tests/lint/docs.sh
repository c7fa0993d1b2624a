#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Tables in docs/ and pcaps/README.md say what the files say.

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

found=$(sh docs/tables.sh --check . 2>&1)
rule "tables in docs/ are those of the .inc files" "$found"
finish
