#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Does `make install` give an embedder all it needs, and uninstall take it back?

set -u
case $BUILD in
*/cover | */asan)
	echo "1..0 # SKIP this flavour of the build is not for installation"
	exit 0
	;;
esac
dest=$TEST_TMP/root
n=0
bad=0

# step WHAT COMMAND...
step() {
	what=$1
	shift
	n=$((n + 1))
	if out=$("$@" 2>&1); then
		echo "ok $n - $what"
	else
		printf '%s\n' "$out" | sed 's/^/# /'
		echo "not ok $n - $what"
		bad=1
	fi
}

# The flavour under test, as it was built; whoever calls has a make running.
install_make() {
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$SRC" BUILD="$BUILD" \
	    WERROR=1 DESTDIR="$dest" PREFIX=/usr "$@"
}

# How an embedder asks for flags; --define-prefix: the folder that the .pc file
# lies in, not /usr.
flags_of() {
	PKG_CONFIG_LIBDIR=$dest/usr/lib/pkgconfig \
	    pkg-config --define-prefix --cflags --libs "$@" exopf
}

# build HOW SOURCE: HOW is shared or static.
build() {
	link='' ask=''
	[ "$1" = shared ] || link=-static ask=--static
	# shellcheck disable=SC2086 # flags are a list, or nothing
	flags=$(flags_of $ask) || return 1
	# shellcheck disable=SC2086
	${CC:-gcc} -std=c11 -Wall -Wextra -Wpedantic -Werror $link \
	    -o "$TEST_TMP/$1" "$2" $flags
}

# Where the shared library is found is the system's to know; here it is told.
run() {
	how=$1
	shift
	LD_LIBRARY_PATH=$dest/usr/lib "$TEST_TMP/$how" "$@" >"$TEST_TMP/out"
}

# A caller in C++.
build_cxx() {
	cat >"$TEST_TMP/caller.cc" <<-'C'
		#include <exopf/exopf.h>
		int main()
		{
			exopf_options options = {};
			exopf_program *program = nullptr;

			options.size = sizeof(options);
			return exopf_load_with("\x95\0\0\0\0\0\0", 8,
			           EXOPF_TYPE_MEM, &options, nullptr,
			           &program) == EXOPF_EREFUSED
			    ? 0
			    : 1;
		}
	C
	flags=$(flags_of) || return 1
	# shellcheck disable=SC2086
	g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror \
	    -o "$TEST_TMP/caller" "$TEST_TMP/caller.cc" $flags
}

fails() {
	run "$@" 2>"$TEST_TMP/err" && return 1
	grep 'not a filter image\|is malformed' "$TEST_TMP/err"
}

says() {
	grep -q -- "$1" "$TEST_TMP/out" || {
		cat "$TEST_TMP/out"
		return 1
	}
}

# The shared library by its soname, no other but libc, nothing of ours inside.
needs_soname() {
	needed=$(readelf -d "$TEST_TMP/shared" |
	    sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')
	[ "$needed" = "libc.so.6 libexopf.so.0 " ] || {
		echo "it needs $needed"
		return 1
	}
}

needs_libc_only() {
	needed=$(readelf -d "$dest/usr/lib/libexopf.so" |
	    sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
	    grep -vE '^(libc|ld-linux.*)\.so')
	[ -z "$needed" ] || {
		echo "it needs $needed"
		return 1
	}
}

needs_nothing() {
	! readelf -d "$TEST_TMP/static" | grep NEEDED
}

# Links lead to the file, by their names alone: the folder may move.
links_are_whole() {
	lib=$dest/usr/lib
	[ "$(readlink "$lib/libexopf.so")" = libexopf.so.0 ] &&
	    [ "$(readlink "$lib/libexopf.so.0")" = libexopf.so.0.1.0 ] &&
	    [ -f "$lib/libexopf.so.0.1.0" ] && [ ! -L "$lib/libexopf.so.0.1.0" ]
}

links() {
	find "$dest/usr/lib" -name 'libexopf.so*' -printf '%f %l\n' | sort
}

ldconfig_agrees() {
	before=$(links)
	/sbin/ldconfig -n "$dest/usr/lib" || return 1
	[ "$before" = "$(links)" ]
}

# The kernel and its program are found from where the tool is.
boots_from_there() {
	line=$("$dest/usr/bin/exopf" boot --dry-run) || return 1
	case $line in
	*" -kernel $(readlink -f "$dest")/usr/bin/../libexec/exopf/exopf.elf "*) ;;
	*)
		echo "$line"
		return 1
		;;
	esac
}

tool_runs() {
	"$dest/usr/bin/exopf" --help
}

page_reads() {
	[ -s "$dest/usr/share/man/man1/exopf.1" ] &&
	    grep -qE '^\.(TH|Dd)' "$dest/usr/share/man/man1/exopf.1"
}

nothing_left() {
	left=$(find "$dest" ! -type d)
	[ -z "$left" ] || {
		printf '%s\n' "$left"
		return 1
	}
}

step "make install" install_make install
step "the tool runs from there" tool_runs
step "the man page is there" page_reads
if [ -e "$BUILD/exopf.elf" ] && [ -e "$BUILD/ring3/echo.elf" ]; then
	step "the kernel is found there" boots_from_there
fi
step "the library's links are whole" links_are_whole
step "ldconfig would make the same" ldconfig_agrees
step "the library needs libc alone" needs_libc_only

# Count IPv4 packets by protocol: an image with a map, as maps.c wants it.
cat >"$TEST_TMP/count.asm" <<'A'
r2 = *(u32 *)(r1 +0)
r3 = *(u32 *)(r1 +4)
r4 = r2
r4 += 34
if r4 > r3 goto out
r4 = *(u8 *)(r2 +23)
*(u32 *)(r10 -4) = r4
r1 = map[idx:0]
r2 = r10
r2 += -4
call map_lookup_elem
if r0 == 0 goto out
r1 = 1
lock *(u64 *)(r0 +0) += r1
out:
r0 = 2
exit
A
image=$TEST_TMP/count.xi
step "the tool makes an image with a map" "$dest/usr/bin/exopf" compile \
    --asm "$TEST_TMP/count.asm" --type xdp --map 'array 4 8 256' -o "$image"

# The same in C, by the name of its map, which is not the first.
c_image() {
	cat >"$TEST_TMP/count.c" <<-'C'
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>

		unsigned long long packets;

		struct {
			__uint(type, BPF_MAP_TYPE_HASH);
			__uint(max_entries, 256);
			__type(key, __u32);
			__type(value, __u64);
		} counts SEC(".maps");

		SEC("xdp") int count(struct xdp_md *ctx)
		{
			unsigned char *data = (void *)(long)ctx->data;
			__u64 one = 1, *seen;
			__u32 key;

			packets++;
			if (data + 34 > (unsigned char *)(long)ctx->data_end)
				return XDP_PASS;
			key = data[23];
			seen = bpf_map_lookup_elem(&counts, &key);
			if (seen)
				*seen += 1;
			else
				bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
			return XDP_PASS;
		}
	C
	clang -O2 -g -target bpf "-I/usr/include/$(gcc -print-multiarch)" \
	    -c "$TEST_TMP/count.c" -o "$TEST_TMP/count.bpf.o" || return 1
	"$dest/usr/bin/exopf" compile -o "$TEST_TMP/c.xi" "$TEST_TMP/count.bpf.o"
}

embed=$SRC/examples/embed.c
for how in shared static; do
	step "embed.c builds through pkg-config: $how" build $how "$embed"
	step "embed.c runs: $how" run $how
	step "embed.c says what it is to: $how" says \
	    '^IPv4, at most [0-9]* steps, [1-9][0-9]* bytes of code$'
	case $how in
	shared) step "it needs the soname and libc" needs_soname ;;
	static) step "it needs no library at all" needs_nothing ;;
	esac
done
if command -v g++ >/dev/null; then
	step "a caller in C++ builds" build_cxx
	step "it runs" run caller
fi
for how in shared static; do
	step "maps.c builds through pkg-config: $how" \
	    build $how "$SRC/examples/maps.c"
	step "maps.c runs: $how" run $how "$image"
	for line in '^1: 1$' '^6: 3$' '^17: 1$'; do
		step "maps.c counted: $how" says "$line"
	done
	step "maps.c refuses what is no image: $how" fails $how "$embed"
done
if command -v clang >/dev/null; then
	step "an image of an object in C" c_image
	for how in shared static; do
		step "is counted with: $how" run $how "$TEST_TMP/c.xi"
		step "by name: $how" says '^6: 3$'
	done
fi
step "embed.c has less than 60 lines" [ "$(wc -l <"$embed")" -lt 60 ]
step "make uninstall" install_make uninstall
step "uninstall leaves no file" nothing_left
echo "1..$n"
exit "$bad"
