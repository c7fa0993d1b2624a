#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The samples in C: what they take of real captures, and that their objects are
# those of their sources.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

samples=filters/samples

# -- objects ------------------------------------------------------------------

for source in "$samples"/*.bpf.c; do
	object=${source%.c}.o
	name=$(basename "$source" .bpf.c)
	exits "$name is safe" 0 "$exopf" verify --json "$object"
	is "$name: for a bound filter, too" "$(
		"$exopf" replay --json -q -r "$pcaps/web4.pcap" x="$object" \
		    2>&1 | jq -r '.packets, (.errors | length)' | tr '\n' ' '
	)" "$(count "$pcaps/web4.pcap") 0 "
done

exits "objects are of these sources" 0 sh "$samples/build.sh" --check

# The code of objects that are built anew. Line information says the same where
# the code does.
rebuild()
{
	mkdir -p "$tmp/built"
	sh "$samples/build.sh" --into "$tmp/built" >"$tmp/log" 2>&1
	built=$?
	if [ $built = 77 ]; then
		skip "objects are built again" "$(tail -n 1 "$tmp/log")"
		return
	fi
	is "sources compile" "$built $(grep -m 1 error: "$tmp/log")" "0 "
	[ $built = 0 ] || return
	with=$(sh "$samples/build.sh" --compiler)
	was=$(sed -n 's/^compiler //p' "$samples/objects.tab")
	for object in "$samples"/*.bpf.o; do
		name=$(basename "$object")
		"$exopf" dump "$object" >"$tmp/was"
		"$exopf" dump "$tmp/built/$name" >"$tmp/is"
		if cmp -s "$tmp/was" "$tmp/is"; then
			ok "$name is what its source becomes"
		elif [ "$with" != "$was" ]; then
			skip "$name is what its source becomes" \
			    "it was made by $was, here is $with"
		else
			not_ok "$name is what its source becomes"
			diff "$tmp/was" "$tmp/is" | head -n 5 | sed 's/^/#   /'
		fi
	done
}
rebuild

# -- what they take -----------------------------------------------------------

for tool in tshark python3; do
	command -v "$tool" >/dev/null || {
		skip "what samples take" "$tool is not installed"
		finish
	}
done
python3 tests/flow/samples.py "$exopf" "$pcaps" "$tmp" || bad=1

# The command that each source tells.
for source in "$samples"/*.bpf.c; do
	# shellcheck disable=SC2016 # for eval
	command=$(sed -n '1,/^ \*\//s/^ \*\t\{1,\} *//p' "$source" |
	    tr -d '\\\n' | sed 's/^exopf/"$exopf"/; s, -o , -o "$tmp"/,')
	is "$(basename "$source" .bpf.c): its command runs" \
	    "$(eval "$command" >"$tmp/out" 2>&1 && grep -c '^total' "$tmp/out")" 1
done
finish
