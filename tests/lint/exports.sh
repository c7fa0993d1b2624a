#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Does the shared library export what its headers declare, and nothing else?
#
# usage: exports.sh [ROOT]; BUILD names the folder with the library.

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

BUILD=${BUILD:-$ROOT/build/strict}
lib=$BUILD/libexopf.so
words=$(mktemp -d) || exit 2
trap 'rm -rf "$words"' EXIT

if [ ! -e "$lib" ]; then
	rule "libexopf.so" "$lib: it was not built; run make build-strict"
	finish
fi

# Functions that the headers declare; the preprocessor takes comments off.
for header in include/exopf/*.h; do
	${CC:-gcc} -E -P -Iinclude "$header"
done | grep -oE '(^|[^A-Za-z0-9_])exopf_[a-z0-9_]+ *\(' |
    grep -oE 'exopf_[a-z0-9_]+' | sort -u >"$words/declared"

# What the dynamic linker sees, without the names of versions.
nm -D --defined-only "$lib" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
    sort -u >"$words/exported"

found=$(comm -23 "$words/declared" "$words/exported" |
    sed 's/^/include\/exopf: /; s/$/() is not exported; add it to the map/')
[ -s "$words/declared" ] || found="include/exopf: declares no function"
rule "what the headers declare is exported" "$found"
found=$(comm -13 "$words/declared" "$words/exported" |
    sed 's/^/libexopf.so: exports /; s/$/, which no header declares; hide it/')
rule "what is exported is declared" "$found"

found=$(nm -g --defined-only "$BUILD/libexopf.a" 2>/dev/null |
    awk 'NF == 3 { print $3 }' | sort -u | comm -3 - "$words/declared" |
    tr -d '\t' | sed 's/^/libexopf.a: /; s/$/ is not in both/')
rule "the static library shows the same" "$found"

# VERSION in the Makefile is the file's; its first number is the soname's.
version=$(sed -n 's/^VERSION := *//p' Makefile 2>/dev/null)
soname=$(readelf -d "$lib" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
found=
[ "$soname" = "libexopf.so.${version%%.*}" ] ||
    found="libexopf.so: its soname is '$soname', not libexopf.so.${version%%.*}"
[ "$(readlink -f "$lib")" = "$(readlink -f "$BUILD")/libexopf.so.$version" ] ||
    found="libexopf.so: it is no link to libexopf.so.$version"
rule "the soname is libexopf.so and the major version" "$found"

# The library's own symbols carry a version; nothing writable is executable.
found=$(nm -D --defined-only "$lib" | awk '$3 ~ /^exopf_/ && $3 !~ /@@EXOPF_/ {
	print "libexopf.so: " $3 " has no version; name it in the map" }')
rule "what is exported has a version" "$found"
found=$(readelf -lW "$lib" | awk '$1 == "LOAD" && / RWE / || /GNU_STACK.*RWE/ {
	print "libexopf.so: a segment may be written and executed" }')
readelf -d "$lib" | grep -q TEXTREL &&
    found="libexopf.so: its code has relocations"
rule "no code of it can be written" "$found"
finish
