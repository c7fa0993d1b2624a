# SPDX-License-Identifier: BSD-2-Clause
# What the scripts here share; sourced. BUILD names the folder with what is booted.
# shellcheck shell=sh disable=SC2034 # the scripts use what is set here

SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD=${BUILD:-$SRC/build}
bare=$SRC/tests/bare
tmp=$(mktemp -d) || exit 2
peer= # a process that ends with the script
trap '[ -z "$peer" ] || kill "$peer" 2>/dev/null; rm -rf "$tmp"' EXIT
n=0 bad=0

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

command -v qemu-system-x86_64 >/dev/null ||
    skip_all "there is no qemu-system-x86_64"

# need PROGRAM...: what must have been built, beside the kernel.
need() {
	[ -e "$BUILD/exopf.elf" ] || skip_all "$BUILD/exopf.elf was not built"
	for program; do
		[ -e "$BUILD/ring3/$program.elf" ] ||
		    skip_all "$BUILD/ring3/$program.elf was not built"
	done
}

# check STATUS NAME
check() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
		return
	fi
	bad=1
	echo "not ok $n - $2"
	grep -av "^ok" "$tmp/out" | uniq | sed "s/^/# /" | head -n 40
}

finish() {
	echo "1..$n"
	exit $bad
}

q35='-M q35'
microvm='-M microvm -global virtio-mmio.force-legacy=false'

# bus MACHINE: how virtio devices are called on it, behind their kind.
bus() {
	case $1 in
	*q35*) echo pci ;;
	*) echo device ;;
	esac
}

# card MACHINE: the kind of network card that it takes.
card() {
	echo "virtio-net-$(bus "$1")"
}

# modules CONF PROGRAM...: what is started, in $tmp/modules.
modules() {
	boot_conf=$1
	shift
	(cd "$BUILD/ring3" && python3 "$bare/cpio.py" "$tmp/modules" \
	    "boot.conf=$boot_conf" "$@") || exit 2
}

# machine COMMAND-LINE QEMU-OPTIONS...: runs to its end, where nothing may be left of
# environments; its console is in out.
machine() {
	line=$1
	shift
	timeout "${limit:-120}" qemu-system-x86_64 -accel tcg -cpu max -m 64 -nodefaults \
	    -no-user-config -display none -serial stdio -no-reboot \
	    -device isa-debug-exit,iobase=0xf4,iosize=4 \
	    -kernel "$BUILD/exopf.elf" -append "$line leaks" "$@" >"$tmp/out" 2>&1
}

# went_well STATUS: it ended as it should, after all that it had planned.
went_well() {
	plan=$(tr -d '\r' <"$tmp/out" | sed -n 's/^1\.\.//p')
	ran=$(grep -ac '^ok' "$tmp/out")
	[ "$1" = 33 ] && [ -n "$plan" ] && [ "$plan" = "$ran" ]
}

# boot_all CONF NAME MACHINE [COMMAND-LINE]: what is in $tmp/modules; each environment is
# a test.
boot_all() {
	# shellcheck disable=SC2086 # a list of options
	machine "tap ${4:-}" $3 -initrd "$tmp/modules"
	went_well $?
	check $? "environments of $1 end as they should, on $2"
	want=$(grep -c '^env' "$bare/$1")
	[ "$ran" = "$want" ]
	check $? "all of them: $ran of $want"
}

# await FILE: until the peer has made it.
await() {
	while [ ! -e "$1" ] && kill -0 "$peer" 2>/dev/null; do
		sleep 0.05
	done
}
