#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Does the core ask its platform for nothing but the contract, and does the
# library show nothing but its own names?
#
# usage: symbols.sh [ROOT]; BUILD names the folder with the objects.

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

BUILD=${BUILD:-$ROOT/build/strict}
contract='^(plat_[a-z0-9_]+|memcpy|memmove|memset|memcmp)$'
# What a compiler adds by itself on a hosted system.
compiler='^(__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)$'

undefined() {
	nm -u "$1" | awk '{ print $NF }' | sort -u
}

# core NAME OBJECT ALLOWED
core() {
	if [ ! -e "$2" ]; then
		rule "$1" "$2: it was not built; run make build-strict"
		return
	fi
	found=$(undefined "$2" | grep -vE "$3" | sed "s,^,$(basename "$2"): \
undefined: ,; s,\$,; the core may ask for plat_* and mem* only,")
	rule "$1" "$found"
}

core "the bare core needs plat_* and mem* only" "$BUILD/core-bare.o" \
    "$contract"
core "the hosted core needs plat_* and mem* only" "$BUILD/core-host.o" \
    "$contract|$compiler"

lib=$BUILD/libexopf.a
if [ -e "$lib" ]; then
	found=$(nm -g --defined-only "$lib" 2>/dev/null |
	    awk 'NF == 3 && $3 !~ /^exopf_/ {
		print "libexopf.a: exports " $3 "; hide it or name it exopf_*" }')
	rule "libexopf.a exports exopf_* only" "$found"
	found=$(undefined "$lib" | grep -E '^(pcap|bpf|btf|libbpf|elf)_' |
	    sed 's/^/libexopf.a: needs /; s/$/; keep that library outside/')
	rule "libexopf.a needs neither libpcap nor libbpf" "$found"
	found=$(nm -g --defined-only "$lib" 2>/dev/null | grep -q ' exopf_' ||
	    echo "libexopf.a: exports nothing at all")
	rule "libexopf.a exports something" "$found"
else
	rule "libexopf.a" "$lib: it was not built; run make build-strict"
fi
finish
