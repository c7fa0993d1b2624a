#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# docs/diagnostics.md: what the terminal shows of refused programs, from the
# programs in docs/diagnostics/ and the tool itself.
#
# usage: diagnostics.sh --write | --check [ROOT]; EXOPF is the tool
# (build/exopf). A program begins with its title and its options, as comments.
set -eu
LC_ALL=C
export LC_ALL
mode=${1:-}
exopf=${EXOPF:-${BUILD:-build}/exopf}
cd "${2:-$(dirname "$0")/..}"
case $mode in
--write | --check) ;;
*)
	echo "usage: docs/diagnostics.sh --write | --check [ROOT]" >&2
	exit 2
	;;
esac
[ -x "$exopf" ] || {
	echo "diagnostics.sh: there is no $exopf; run make, or set EXOPF" >&2
	exit 2
}
page=docs/diagnostics.md
new=$(mktemp)
trap 'rm -f "$new"' EXIT

# shellcheck disable=SC2016 # markdown
{
	echo '# Diagnostics'
	echo
	echo 'Refused programs, and what `exopf verify` says of them: the code,'
	echo 'the place, the registers that matter, what on the way there gave'
	echo 'them their kinds and ranges, a packet with which it happens where'
	echo 'one was found, and what to do. `exopf explain VF404` tells the'
	echo 'story of a code; `--json` carries the same as data. The programs'
	echo 'are in docs/diagnostics/; docs/diagnostics.sh wrote this page.'
	for file in docs/diagnostics/*.s; do
		title=$(sed -n '1s/^; //p' "$file")
		options=$(sed -n '2s/^; options: //p' "$file")
		echo
		echo "## $(basename "$file" .s | sed 's/-.*//' |
		    tr '[:lower:]' '[:upper:]'): $title"
		echo
		echo '```'
		cat -n "$file" | sed '1,2d; s/^ *\([0-9]*\)\t/\1\t/'
		echo '```'
		echo
		echo '```'
		echo "\$ exopf verify $options --asm $file"
		eval "set -- $options"
		# its status says that it refuses
		"$exopf" verify "$@" --asm "$file" || [ $? -eq 1 ]
		echo '```'
	done
} >"$new"
cmp -s "$page" "$new" && exit 0
if [ "$mode" = --write ]; then
	cat "$new" >"$page"
else
	echo "$page: the tool says something else;" \
	    "run docs/diagnostics.sh --write"
	exit 1
fi
