#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the kernel is made of, and what it needs: lines, bytes of the image, and memory for
# an environment and a binding, as the booted kernel shows it.
#
# usage: accounting.sh [--lines]; BUILD names the folder with exopf, exopf.elf and ring3.
# --lines: those alone, which need no machine.
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
CC=${CC:-gcc}

# lines FILE...: without comments and empty ones
lines() {
	cat "$@" | $CC -w -fpreprocessed -dD -E -P -x c - | grep -c .
}

echo "lines of code, without comments:"
in_kernel=0
for dir in exo/abi exo/lib exo/plat exo/isa exo/space exo/maps exo/jit verifier \
    exo/core exo/bare; do
	files=$(find "$dir" -maxdepth 1 -name '*.[ch]' -o -maxdepth 1 -name '*.inc' \
	    2>/dev/null | grep -v '/test' | sort)
	# shellcheck disable=SC2086 # a list of files
	n=$(lines $files)
	in_kernel=$((in_kernel + n))
	printf '  %-22s %7d\n' "$dir" "$n"
	case $dir in exo/core | exo/bare) ;; *) continue ;; esac
	for file in $files; do
		case $file in *.c) printf '    %-22s %5d\n' "${file##*/}" \
		    "$(lines "$file")" ;; esac
	done
done
printf '  %-22s %7d\n' "the kernel" "$in_kernel"
# shellcheck disable=SC2046 # a list of files
printf '  %-22s %7d\n' "beside it, libos-net" \
    $(lines $(find libos-net -name '*.[ch]'))
[ "${1:-}" != --lines ] || exit 0

echo "bytes of the image, $BUILD/exopf.elf:"
size -A "$BUILD/exopf.elf" | awk '$1 ~ /^\.(text|rodata|ksyms|data|bss)$/ {
	printf "  %-22s %7d\n", $1, $2 }'

# What each environment has, by the structures' sizes.
echo "bytes of structures:"
for one in plat_env:exo/bare/env.h exo_holder:exo/core/phys_int.h \
    exo_losses:exo/abi/phys.h exo_pe:exo/abi/pe.h exo_env_row:exo/abi/phys.h; do
	name=${one%%:*}
	size=$(printf '#include "%s"\nchar size[sizeof(struct %s)];\n' \
	    "${one#*:}" "$name" | $CC -std=c11 -I. -ffreestanding -x c -c \
	    -o "$BUILD/size.o" - && nm -S "$BUILD/size.o" | awk '{ print $2 }')
	printf '  %-22s %7d\n' "struct $name" "0x$size"
done
rm -f "$BUILD/size.o"

echo "bytes of the kernel's for an environment, on a machine:"
"$BUILD/exopf" boot --exact --timeout 60 --append test-key=1 \
    tests/bare/account.conf | tr -d '\r' | awk '
	/^account: / { n[$2] = $3 }
	END {
		if (!("entries_64" in n)) exit 1
		printf "  %-30s %7d\n", "one that does nothing", n["environment"]
		printf "  %-30s %7d\n", "its first binding", n["binding_1"]
		printf "  %-30s %7d\n", "each of the next nine", \
		    (n["bindings_10"] - n["binding_1"]) / 9
		printf "  %-30s %7d\n", "each of the next ninety", \
		    (n["bindings_100"] - n["bindings_10"]) / 90
		printf "  %-30s %7d\n", "64 frames", n["frames_64"]
		printf "  %-30s %7d\n", "entries of them", n["entries_64"]
	}'
