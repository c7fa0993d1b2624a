#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Compile the samples for BPF: `make samples`.
#
# usage: build.sh [--into DIR]   objects go to DIR, else beside their sources,
#                                and objects.tab says what they were made of
#        build.sh --check        exit 1 when sources are not those of the objects
#        build.sh --compiler     name the compiler that would be taken
#
# clang, or gcc for BPF where that is missing: one of 14 at least, since older
# ones write no types of maps. CLANG and BPF_GCC name others. Exit 77: there is
# no compiler for BPF.

set -u
cd "$(dirname "$0")/../.." || exit 2
here=filters/samples
LC_ALL=C
export LC_ALL

# What the objects depend on, in a stable order.
sources()
{
	ls $here/*.bpf.c $here/*.h
}

find_compiler()
{
	flags='-O2 -g -std=gnu11 -Wall -Wextra -I.'
	arch=$(gcc -print-multiarch 2>/dev/null)
	[ -z "$arch" ] || flags="$flags -I/usr/include/$arch"
	for cc in "${CLANG:-clang}" "${BPF_GCC:-bpf-gcc}" bpf-unknown-none-gcc; do
		command -v "$cc" >/dev/null || continue
		if "$cc" --version 2>/dev/null | grep -q clang; then
			flags="$flags -target bpf -mcpu=v3"
			flags="$flags -fdebug-compilation-dir=."
			return 0
		fi
		major=$("$cc" -dumpversion 2>/dev/null | cut -d . -f 1)
		if [ "${major:-0}" -ge 14 ]; then
			flags="$flags -I/usr/include"
			return 0
		fi
	done
	echo "build.sh: there is no clang, nor gcc 14 for BPF" >&2
	exit 77
}

# Debug information goes, but for types and lines, which loaders read.
strip_it()
{
	for tool in llvm-strip llvm-strip-14 llvm-strip-15 llvm-strip-16; do
		if command -v $tool >/dev/null; then
			$tool -g "$1"
			return
		fi
	done
	echo "build.sh: $1 keeps its DWARF: there is no llvm-strip" >&2
}

table()
{
	echo "# SPDX-License-Identifier: BSD-2-Clause"
	echo "# By build.sh: the compiler of the objects, and their sources."
	echo "compiler $("$cc" --version | head -n 1)"
	# shellcheck disable=SC2046 # file names without spaces
	sha256sum $(sources)
}

into=$here
case ${1:-} in
'') ;;
--into) into=$2 ;;
--check)
	if grep -E '^[0-9a-f]{64} ' $here/objects.tab | sha256sum -c --quiet &&
	    [ "$(sed -n 's/^[0-9a-f]\{64\} *//p' $here/objects.tab)" = \
	        "$(sources)" ]; then
		exit 0
	fi
	echo "build.sh: objects are not of these sources: make samples" >&2
	exit 1
	;;
--compiler)
	find_compiler
	"$cc" --version | head -n 1
	exit 0
	;;
*)
	sed -n '/^# usage/,/^$/s/^# //p' "$0" >&2
	exit 2
	;;
esac

find_compiler
for source in filters/samples/*.bpf.c; do
	object=$into/$(basename "$source" .c).o
	# shellcheck disable=SC2086 # words
	"$cc" $flags -c "$source" -o "$object" && strip_it "$object" || exit 1
done
[ "$into" != $here ] || table >$here/objects.tab
