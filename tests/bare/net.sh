#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The network device of the bare kernel against a peer, on both machines, with both
# forms of ring.
#
# usage: net.sh; BUILD names the folder with exopf.elf. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need

# Enough for every length, and for the rings to wrap.
frames=3002
[ "${EXOPF_QUICK:-}" = 1 ] && frames=1501

noacpi='-M microvm,acpi=off -global virtio-mmio.force-legacy=false'

# talk NAME MACHINE DEVICE-OPTIONS COMMAND-LINE
talk() {
	rm -f "$tmp/wire"
	python3 "$SRC/tests/bare/peer.py" "$tmp/wire" &
	peer=$!
	await "$tmp/wire"
	# shellcheck disable=SC2086 # a list of options
	machine "test net_frames=$frames $4" $2 -device \
	    "$(card "$2"),netdev=n0$3" -netdev \
	    "stream,id=n0,server=off,addr.type=unix,addr.path=$tmp/wire"
	status=$?
	wait "$peer"
	heard=$?
	peer=
	[ "$heard" = 0 ] && went_well "$status"
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

machine test -M microvm -device virtio-net-device
[ $? = 33 ] && ! grep -aq 'a network device starts' "$tmp/out"
check $? "a device that is not modern is left alone, on microvm"
machine test -M q35 -device virtio-net-pci,disable-modern=on
[ $? = 33 ] && ! grep -aq 'a network device starts' "$tmp/out"
check $? "and on q35"
finish
