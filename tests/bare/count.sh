#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Instructions of the kernel's ways, exactly: QEMU counts them, and its time stamp
# counter goes by one for each. What changes a number says so in count.golden.
#
# usage: count.sh [--write]; BUILD names the folder with exopf.elf. Output is TAP.
# --write puts new numbers into count.golden; say there why they changed.

SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD=${BUILD:-$SRC/build}
golden=$SRC/tests/bare/count.golden
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
n=0 bad=0

skip() {
	echo "1..0 # SKIP $1"
	exit 0
}
command -v qemu-system-x86_64 >/dev/null || skip "there is no qemu-system-x86_64"
for file in exopf.elf ring3/count.elf; do
	[ -e "$BUILD/$file" ] || skip "$BUILD/$file was not built"
done
compiler=$(readelf -p .comment "$BUILD/bare/exo/bare/call.o" 2>/dev/null |
    sed -n 's/^ *\[ *[0-9a-f]*\] *//p' | head -n 1)
was=$(sed -n 's/^# compiler: //p' "$golden")
[ "${1:-}" = --write ] || [ "$compiler" = "$was" ] ||
    skip "the numbers are of $was, the kernel is of $compiler"

# run MACHINE COMMAND-LINE: lines "name number" into out
run() {
	timeout 300 qemu-system-x86_64 -accel tcg -icount shift=0,sleep=off \
	    -M "$1" -cpu max -m 64 -nodefaults -no-user-config -display none \
	    -serial stdio -no-reboot \
	    -device isa-debug-exit,iobase=0xf4,iosize=4 \
	    -kernel "$BUILD/exopf.elf" -append "test-key=1 $2" \
	    -initrd "$tmp/in" >"$tmp/console" 2>&1
	status=$?
	tr -d '\r' <"$tmp/console" | sed 's/^count: //' |
	    grep -E '^[a-z0-9_]+ [0-9]+$' >>"$tmp/out"
	[ "$status" = 33 ]
}

# check STATUS NAME; the console is shown when it failed
check() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
		return
	fi
	bad=1
	echo "not ok $n - $2"
	sed 's/^/# /' "$tmp/console" | head -n 20
}

# both MACHINE: all numbers
both() {
	: >"$tmp/out"
	run "$1" "" && run "$1" count
}

python3 "$SRC/tests/bare/cpio.py" "$tmp/in" \
    "boot.conf=$SRC/tests/bare/count.conf" "$BUILD/ring3/count.elf" || exit 1

both q35
status=$?
if [ "${1:-}" = --write ]; then
	[ "$status" = 0 ] || exit 1
	sed -n "/^#/p" "$golden" | sed "s/^# compiler: .*/# compiler: $compiler/" \
	    >"$tmp/new"
	cat "$tmp/out" >>"$tmp/new"
	cp "$tmp/new" "$golden"
	exit 0
fi
check $status "q35 counts"
cp "$tmp/out" "$tmp/q35"
both q35 && cmp -s "$tmp/out" "$tmp/q35"
check $? "it counts the same again"
both microvm && cmp -s "$tmp/out" "$tmp/q35"
check $? "and so does microvm"
grep -q '^nops_100 100$' "$tmp/q35"
check $? "a tick is an instruction"

grep -v '^#' "$golden" >"$tmp/want"
cut -d' ' -f1 "$tmp/want" >"$tmp/names"
cut -d' ' -f1 "$tmp/q35" | cmp -s - "$tmp/names"
check $? "the numbers are those of count.golden, by name"
while read -r name want; do
	got=$(sed -n "s/^$name //p" "$tmp/q35")
	if [ "$got" = "$want" ]; then
		check 0 "$name: $want"
		continue
	fi
	echo "$name: $got, not $want; if that is meant: count.sh --write" \
	    >"$tmp/console"
	check 1 "$name"
done <"$tmp/want"
echo "1..$n"
exit $bad
