#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The network device of the bare kernel against a peer, on both machines, with both
# forms of ring.
#
# usage: net.sh; BUILD names the folder with exopf.elf. Output is TAP.

SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD=${BUILD:-$SRC/build}
tmp=$(mktemp -d) || exit 2
peer=
trap '[ -z "$peer" ] || kill "$peer" 2>/dev/null; rm -rf "$tmp"' EXIT
n=0 bad=0

command -v qemu-system-x86_64 >/dev/null || {
	echo "1..0 # SKIP there is no qemu-system-x86_64"
	exit 0
}
[ -e "$BUILD/exopf.elf" ] || {
	echo "1..0 # SKIP $BUILD/exopf.elf was not built"
	exit 0
}

# Enough for every length, and for the rings to wrap.
frames=3002
[ "${EXOPF_QUICK:-}" = 1 ] && frames=1501

# check STATUS NAME
check() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
		return
	fi
	bad=1
	echo "not ok $n - $2"
	grep -av '^ok' "$tmp/out" | sed 's/^/# /' | head -n 20
}

# machine DEVICE-OPTIONS COMMAND-LINE QEMU-OPTIONS...; its console is in out.
machine() {
	device=$1 line=$2
	shift 2
	timeout 120 qemu-system-x86_64 -accel tcg -cpu max -m 64 -nodefaults \
	    -no-user-config -display none -serial stdio -no-reboot \
	    -device isa-debug-exit,iobase=0xf4,iosize=4 \
	    -kernel "$BUILD/exopf.elf" -append "test $line" "$@" \
	    -device "$device" >"$tmp/out" 2>&1
}

q35='-M q35'
microvm='-M microvm -global virtio-mmio.force-legacy=false'
noacpi='-M microvm,acpi=off -global virtio-mmio.force-legacy=false'

# talk NAME MACHINE DEVICE-OPTIONS COMMAND-LINE
talk() {
	case $2 in
	*q35*) device=virtio-net-pci,netdev=n0$3 ;;
	*) device=virtio-net-device,netdev=n0$3 ;;
	esac
	rm -f "$tmp/wire"
	python3 "$SRC/tests/bare/peer.py" "$tmp/wire" &
	peer=$!
	while [ ! -e "$tmp/wire" ] && kill -0 "$peer" 2>/dev/null; do
		sleep 0.05
	done
	# shellcheck disable=SC2086 # a list of options
	machine "$device" "net_frames=$frames $4" $2 -netdev \
	    "stream,id=n0,server=off,addr.type=unix,addr.path=$tmp/wire"
	status=$?
	wait "$peer"
	heard=$?
	peer=
	plan=$(tr -d '\r' <"$tmp/out" | sed -n 's/^1\.\.//p')
	ran=$(grep -ac '^ok' "$tmp/out")
	[ "$status $heard" = "33 0" ] && [ "$plan" = "$ran" ]
	check $? "$1"
	grep -a '^# ' "$tmp/out"
}

# all NAME MACHINE
all() {
	talk "$1, split" "$2" ""
	talk "$1, packed" "$2" ,packed=on
	talk "$1, split, no merging" "$2" ,mrg_rxbuf=off
	talk "$1, packed, no merging" "$2" ,packed=on,mrg_rxbuf=off
	talk "$1, split, no event index" "$2" ,event_idx=off
	talk "$1, packed, no event index" "$2" ,packed=on,event_idx=off
	talk "$1, split, small buffers" "$2" "" net_room=200
	talk "$1, packed, small buffers" "$2" ,packed=on net_room=200
}

all q35 "$q35"
all microvm "$microvm"
talk "q35, modern only" "$q35" ,disable-legacy=on
talk "q35, no MSI-X" "$q35" ,vectors=0
# a neighbour that fits nowhere else takes all of its kind there
talk "q35, high" "$q35 -device pci-testdev,membar=8G" ,disable-legacy=on
grep -aqE 'registers at 0*[1-9a-f][0-9a-f]{8}' "$tmp/out"
check $? "its registers are above 4 GiB"
talk "microvm without ACPI" "$noacpi" ""

machine virtio-net-device "" -M microvm
[ $? = 33 ] && ! grep -aq 'a network device starts' "$tmp/out"
check $? "a device that is not modern is left alone, on microvm"
machine virtio-net-pci,disable-modern=on "" -M q35
[ $? = 33 ] && ! grep -aq 'a network device starts' "$tmp/out"
check $? "and on q35"
echo "1..$n"
exit $bad
