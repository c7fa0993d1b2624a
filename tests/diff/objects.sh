#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Programs that others wrote, compiled from Debian's packages: our verdicts
# and results beside Linux's (tests/objects).
#
# Compiled are the packet programs of linux-source-6.1's selftests that need no
# vmlinux.h, into BUILD/objects, where they are found the next time; xdp-tools
# and libxdp1 bring objects; short.bpf.c is of our own, packet loads past the end
# in functions, which none of those make. BUILD/objects/rows.csv has a line for
# each program, BUILD/objects/log what was said.

set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")/../objects" && pwd)
src=${SRC:-$(cd "$here/../.." && pwd)}
build=${BUILD:-build}
mkdir -p "$build/objects" || exit 2
build=$(cd "$build" && pwd)
dir=$build/objects
package=linux-source-6.1
tarball=/usr/src/$package.tar.xz
tests=$package/tools/testing/selftests/bpf
multiarch=$(gcc -print-multiarch 2>/dev/null)
# Per cent of what Linux accepts. All of it is accepted; but another kernel, or
# another compiler's code, may have a program that is not.
enough=98

# The sources of the programs, and what they include of their own folder.
unpack()
{
	rm -rf "$dir/src" "$dir/src.new" "$dir/linux" "$dir/linux.new"
	mkdir "$dir/src.new" &&
	    tar xJf "$tarball" -C "$dir/src.new" --strip-components=5 \
		--wildcards "$tests/*.h" "$tests/progs/*.[ch]" &&
	    mv "$dir/src.new" "$dir/src"
}

# Files of progs that are for packets, themselves or by what they include.
for_packets()
{
	awk '
	FNR == 1 { files[++n] = FILENAME }
	/SEC\("\??(xdp|socket|tc|classifier|action)[".\/]/ { packets[FILENAME] = 1 }
	/^#[ \t]*include[ \t]*"vmlinux.h"|^#[ \t]*include[ \t]*<vmlinux.h>/ {
		vmlinux[FILENAME] = 1
	}
	/^#[ \t]*include[ \t]*"/ {
		split($0, part, "\"")
		takes[FILENAME] = takes[FILENAME] " " part[2]
	}
	END {
		for (i = 1; i <= n; i++) {
			m = split(takes[files[i]], list, " ")
			for (k = 1; k <= m; k++) {
				if ("./" list[k] in packets)
					packets[files[i]] = 1
				if ("./" list[k] in vmlinux)
					vmlinux[files[i]] = 1
			}
			if (files[i] ~ /\.c$/ && files[i] in packets &&
			    !(files[i] in vmlinux))
				print files[i]
		}
	}' ./*.[ch] | sed 's,^\./,,'
}

compile()
{
	mkdir "$dir/linux.new" && cd "$dir/src/progs" || return 1
	# shellcheck disable=SC2016 # it is the inner shell's
	for_packets | xargs -P 2 -I '{}' sh -c '
		clang -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -I.. -I. \
		    -I"/usr/include/$1" -c "$2" -o "$3/${2%.c}.o" \
		    2>"$3/${2%.c}.err" || {
			rm -f "$3/${2%.c}.o"
			echo "# $2 is not compiled: $(grep -m 1 error: \
			    "$3/${2%.c}.err")"
		}' sh "$multiarch" '{}' "$dir/linux.new"
	cd "$src" && mv "$dir/linux.new" "$dir/linux"
}

# Objects of the sources, made anew for another package or compiler.
prepare()
{
	now="$(stat -c '%s %Y' "$tarball") $(clang --version | head -n 1)"
	if [ "$(cat "$dir/made" 2>/dev/null)" != "$now" ]; then
		rm -f "$dir/made"
		unpack && compile && printf '%s\n' "$now" >"$dir/made"
	fi
}

if [ ! -r "$tarball" ]; then
	echo "skip - Linux's selftests: $package is not installed"
elif ! command -v clang >/dev/null; then
	echo "skip - Linux's selftests: there is no clang"
elif prepare; then
	set -- "$dir"/linux/*.o
	echo "ok - $# objects of Linux's selftests"
	clang -O2 -g -target bpf -mcpu=v3 -I"/usr/include/$multiarch" \
	    -c "$here/short.bpf.c" -o "$dir/short.o" || exit 1
	set -- "$@" "$dir/short.o"
else
	echo "not ok - Linux's selftests are not prepared"
	exit 1
fi
for object in "/usr/lib/$multiarch"/bpf/*.o; do
	[ ! -e "$object" ] || set -- "$@" "$object"
done
[ $# -gt 0 ] || {
	echo "skip - objects of others: there are none, xdp-tools has some"
	exit 0
}
"$build/diff_objects" -a "$enough" -o "$dir/rows.csv" -p "$src/pcaps" \
    -k "$here/known.tbl" "$@" >"$dir/log"
status=$?
sed 's/^/# /' "$dir/log"
last=$(tail -n 1 "$dir/log")
case $status in
0) echo "ok - $last" ;;
77) echo "skip - objects of others: $last" ;;
*) echo "not ok - $last" ;;
esac
[ $status = 0 ] || [ $status = 77 ]
