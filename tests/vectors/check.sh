#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Our verdicts on program vectors against the expected ones.
#
# usage: check.sh [FILE...]
#   FILE: vectors, packed or not, in the format that `exopf verify --batch`
#   reads, with id, name, expect (accept, refuse) and expect_unprivileged.
#   Without: linux-6.1-verifier.jsonl.xz and attacks.jsonl of $EXOPF_VECTORS.
#
# What fails: a line that is no program; a program that is to be refused and
# was accepted, and has no row in tests/diff/vectors.licensed; a row there that
# licenses nothing; fewer than 95 % accepted of what is to be accepted (of
# attacks*: fewer than all); one accepted, and refused only without privileges,
# which Linux accepts there, too. Every deviation is listed.

set -u
LC_ALL=C
export LC_ALL
here=$(dirname "$0")
exopf=${EXOPF:-${BUILD:-build}/exopf}
licensed=${LICENSED:-$here/../diff/vectors.licensed}
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT

if [ $# = 0 ]; then
	if [ -z "${EXOPF_VECTORS:-}" ]; then
		echo "skip - vectors: EXOPF_VECTORS names no folder"
		exit 77
	fi
	for name in linux-6.1-verifier.jsonl.xz attacks.jsonl; do
		[ -r "$EXOPF_VECTORS/$name" ] || {
			echo "skip - vectors: there is no $EXOPF_VECTORS/$name"
			exit 77
		}
		set -- "$@" "$EXOPF_VECTORS/$name"
	done
fi

# What is expected, a line each: set, id, expect, expect_unprivileged, whether
# the line itself is unprivileged, name.
expected() {
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.gz) gzip -dc "$1" ;;
	*.zst) zstd -dcq "$1" ;;
	*) cat "$1" ;;
	esac | jq -r --arg set "$2" '[$set, .id, .expect,
	    .expect_unprivileged // "-", .unprivileged // false,
	    .name + (if .twin then " (safe twin)" else "" end)] | @tsv'
}

# judged FILE OUT [OPTION]: line, verdict, code (or why there is none).
judged() {
	file=$1 out=$2
	shift 2
	"$exopf" verify --batch "$file" "$@" >"$out.json"
	status=$?
	case $status in
	0 | 2) ;;
	*)
		echo "not ok - verify --batch $file: exit status $status"
		exit 1
		;;
	esac
	jq -r '[.line, .verdict, .code // "-", .reason // "-"] | @tsv' \
	    "$out.json" >"$out"
}

for file; do
	case $(basename "$file") in
	attacks*) set=attacks ;;
	*) set=linux ;;
	esac
	expected "$file" "$set" >"$tmp/expected" || exit 1
	judged "$file" "$tmp/priv"
	judged "$file" "$tmp/unpriv" --unprivileged
	for out in priv unpriv; do
		[ "$(wc -l <"$tmp/$out")" = "$(wc -l <"$tmp/expected")" ] || {
			echo "not ok - $file: not one answer a line"
			exit 1
		}
	done
	paste "$tmp/expected" "$tmp/priv" "$tmp/unpriv" >>"$tmp/all"
done
grep -v '^ *\(#\|$\)' "$licensed" | tr -s '\t' ' ' >"$tmp/licensed"
awk -F '\t' -v licensed="$tmp/licensed" -f "$here/judge.awk" "$tmp/all"
