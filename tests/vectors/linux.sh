#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Program vectors from Linux's own verifier tests, made from Debian's package.
#
# usage: linux.sh BUILD: writes BUILD/vectors/linux-6.1-verifier.jsonl, compares
# it with that of $EXOPF_VECTORS where there is one, and lets check.sh judge.
#
# The package is downloaded, unpacked below BUILD and not installed, unless its
# tarball is in /usr/src. EXOPF_NO_INSTALL=1 only reports.

set -u
LC_ALL=C
export LC_ALL
package=linux-source-6.1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/vectors" || exit 2
dir=$(cd "$1/vectors" && pwd)
src=$dir/$package
tests=$src/tools/testing/selftests/bpf
out=$dir/linux-6.1-verifier.jsonl

say()
{
	printf '%s\n' "vectors: $*" >&2
}

# As root, or by sudo.
refresh()
{
	if [ "$(id -u)" = 0 ]; then
		apt-get -o DPkg::Lock::Timeout=120 update -q >&2
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true; }; then
		sudo apt-get -o DPkg::Lock::Timeout=120 update -q >&2
	else
		false
	fi
}

# The tarball of the sources, on standard output.
tarball()
{
	if [ -r "/usr/src/$package.tar.xz" ]; then
		cat "/usr/src/$package.tar.xz"
		return
	fi
	dpkg-deb --fsys-tarfile "$dir/$package"_*.deb |
	    tar xOf - "./usr/src/$package.tar.xz"
}

fetch()
{
	[ ! -r "/usr/src/$package.tar.xz" ] || return 0
	for deb in "$dir/$package"_*.deb; do
		[ ! -e "$deb" ] || return 0
	done
	if [ "${EXOPF_NO_INSTALL:-}" = 1 ]; then
		say "EXOPF_NO_INSTALL=1, so nothing is fetched; the command" \
		    "is: apt-get download $package"
		exit 0
	fi
	say "fetching $package (139 MB) into $dir"
	(cd "$dir" && apt-get download -q "$package" >&2) && return 0
	say "once more, with new package lists"
	refresh
	(cd "$dir" && apt-get download -q "$package" >&2)
}

# Only what the tests need.
unpack()
{
	rm -rf "$src" "$src.new"
	mkdir "$src.new" || return 1
	tarball | tar xJf - -C "$src.new" --strip-components=1 --wildcards \
	    "$package/tools/include" "$package/tools/arch" \
	    "$package/tools/lib/bpf/*.h" \
	    "$package/tools/testing/selftests/bpf/*.h" \
	    "$package/tools/testing/selftests/bpf/test_verifier.c" \
	    "$package/tools/testing/selftests/bpf/verifier" || return 1
	mv "$src.new" "$src"
}

# One array for each file of tests, in the order of Linux's Makefile; nothing
# where Linux itself includes all of them.
headers()
{
	mkdir -p "$dir/include/verifier" || return 1
	: >"$dir/include/verifier/tests.h"
	n=0 rows=
	for file in "$tests"/verifier/*.c; do
		n=$((n + 1))
		name=$(basename "$file")
		rows="$rows TEST_FILE($n, \"$name\")"
		printf 'static struct bpf_test in_%d[] = {\n' "$n"
		printf '#include "verifier/%s"\n};\n' "$name"
	done >"$dir/include/files.h"
	echo "#define TEST_FILES$rows" >>"$dir/include/files.h"
}

# Linux's tests are not written for our warnings.
extract()
{
	"${CC:-gcc}" -w -O1 -ffunction-sections -fdata-sections \
	    -Wl,--gc-sections -I"$dir/include" -I"$tests" \
	    -I"$src/tools/include" -I"$src/tools/include/uapi" \
	    -I"$src/tools/lib" -o "$dir/extract" "$here/extract.c" &&
	    "$dir/extract" >"$out.new" && mv "$out.new" "$out"
}

# What makes two vectors the same: all but what one machine measured.
same()
{
	jq -cS 'del(.features, .linux_6_18) | .maps |= sort_by(.insn)' | sort
}

compare()
{
	theirs=${EXOPF_VECTORS:-}/linux-6.1-verifier.jsonl.xz
	if [ -z "${EXOPF_VECTORS:-}" ] || [ ! -r "$theirs" ]; then
		echo "skip - the same as those of EXOPF_VECTORS: it names none"
		return 0
	fi
	same <"$out" >"$dir/ours" && xz -dc "$theirs" | same >"$dir/theirs" ||
	    return 1
	if cmp -s "$dir/ours" "$dir/theirs"; then
		echo "ok - the same as those of EXOPF_VECTORS"
		return 0
	fi
	echo "not ok - the same as those of EXOPF_VECTORS; these differ:"
	diff "$dir/theirs" "$dir/ours" | cut -c 1-200 | head -n 20
	return 1
}

step()
{
	"$@" || {
		echo "not ok - $* failed"
		exit 1
	}
}

step fetch
[ -d "$src" ] || step unpack
step headers
step extract
echo "ok - $(wc -l <"$out") vectors from $package in $out"
compare
differ=$?
sh "$here/check.sh" "$out" && [ "$differ" = 0 ]
