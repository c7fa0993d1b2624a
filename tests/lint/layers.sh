#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Does every include of the product stand in layers.tbl?

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

list=$(product)
# shellcheck disable=SC2086 # a list of files
found=$([ -z "$list" ] || awk -f "$here/layers.awk" "$here/layers.tbl" $list)
rule "includes follow layers.tbl" "$found"
finish
