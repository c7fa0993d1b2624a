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

build_example() {
	# --define-prefix: the folder that the .pc file lies in, not /usr.
	flags=$(PKG_CONFIG_LIBDIR=$dest/usr/lib/pkgconfig \
	    pkg-config --define-prefix --cflags --libs exopf) || return 1
	# shellcheck disable=SC2086 # flags are a list
	${CC:-gcc} -std=c11 -Wall -Werror -o "$TEST_TMP/example" "$1" $flags
}

needs_no_pcap() {
	! ldd "$TEST_TMP/example" | grep -E 'libpcap|libbpf'
}

tool_runs() {
	"$dest/usr/bin/exopf" --help
}

page_reads() {
	[ -s "$dest/usr/share/man/man1/exopf.1" ] &&
	    grep -qE '^\.(TH|Dd)' "$dest/usr/share/man/man1/exopf.1"
}

nothing_left() {
	left=$(find "$dest" -type f)
	[ -z "$left" ] || {
		printf '%s\n' "$left"
		return 1
	}
}

step "make install" install_make install
step "the tool runs from there" tool_runs
step "the man page is there" page_reads
for example in "$SRC"/examples/*.c; do
	[ -e "$example" ] || continue
	step "$(basename "$example") builds through pkg-config" \
	    build_example "$example"
	step "$(basename "$example") needs neither libpcap nor libbpf" \
	    needs_no_pcap
done
step "make uninstall" install_make uninstall
step "uninstall leaves no file" nothing_left
echo "1..$n"
exit "$bad"
