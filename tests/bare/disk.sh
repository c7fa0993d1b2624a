#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The disk of the bare kernel, on both machines, with both forms of ring: what the kernel
# reads is what was in the image, and what it wrote is there afterwards, and no more.
#
# usage: disk.sh; BUILD names the folder with exopf.elf. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need hello

blocks=64

# Images of before and after: the numbers are those of exo/bare/test_disk.c. Part of a
# block is behind the last.
python3 - "$tmp" "$blocks" <<'P' || exit 2
import sys

def block(x):
    out = bytearray()
    for _ in range(4096):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(x >> 24)
    return bytes(out)

folder, n = sys.argv[1], int(sys.argv[2])
old = [block(i) for i in range(n)]
new = [old[i] if i % 2 == 0 else block(1000000 + i) for i in range(n)]
for name, blocks in ("before", old), ("after", new):
    with open(folder + "/" + name, "wb") as f:
        f.write(b"".join(blocks) + b"the end".ljust(1536, b"."))
P

# boots NAME MACHINE DEVICE-OPTIONS COMMAND-LINE NODE EXPECTED: the disk is a node of
# QEMU's, over the file disk; how that is to look in the end.
boots() {
	cp "$tmp/before" "$tmp/disk"
	# shellcheck disable=SC2086 # a list of options
	machine "test disk_blocks=$blocks $4" $2 -blockdev "$5" -device \
	    "virtio-blk-$(bus "$2"),drive=d0$3"
	went_well $?
	check $? "$1"
	grep -a '^# .*blocks' "$tmp/out"
	cmp "$tmp/disk" "$tmp/$6"
	check $? "$1: the image"
}

raw="driver=raw,node-name=d0,file.driver=file,file.filename=$tmp/disk"

# all NAME MACHINE
all() {
	boots "$1, split" "$2" "" "" "$raw" after
	boots "$1, packed" "$2" ,packed=on "" "$raw" after
	boots "$1, larger sectors" "$2" \
	    ,logical_block_size=4096,physical_block_size=4096 "" \
	    "$raw,size=$((blocks * 4096))" after
	boots "$1, no cache to flush" "$2" ,write-cache=off "" "$raw" after
	boots "$1, nothing settled" "$2" "" disk_without=17179869792 "$raw" after
	boots "$1, read only" "$2" "" disk_read_only "$raw,read-only=on" before
}

all q35 "$q35"
all microvm "$microvm"
boots "q35, modern only" "$q35" ,disable-legacy=on "" "$raw" after
boots "beside a network card" \
    "$microvm -netdev user,id=n0,restrict=on -device virtio-net-device,netdev=n0" \
    "" "" "$raw" after

# fails MACHINE: reads do, by QEMU's hand.
fails() {
	boots "reads fail, $1" "$2" ,rerror=report disk_fails \
	    "driver=raw,node-name=d0,file.driver=blkdebug,file.image.driver=file,file.image.filename=$tmp/disk,file.inject-error.0.event=read_aio,file.inject-error.0.iotype=read" \
	    one
}

# Block 1 alone is written then.
cp "$tmp/before" "$tmp/one"
dd if="$tmp/after" of="$tmp/one" bs=4096 skip=1 seek=1 count=1 conv=notrunc \
    2>"$tmp/out"
fails q35 "$q35"
fails microvm "$microvm"

# Requests take 3 s, which the kernel does not wait for.
for m in "$q35" "$microvm"; do
	# shellcheck disable=SC2086 # a list of options
	machine "test disk_blocks=$blocks disk_silent=500" $m -blockdev \
	    "driver=null-co,node-name=d0,size=$((blocks * 4096)),latency-ns=3000000000" \
	    -device "virtio-blk-$(bus "$m"),drive=d0"
	went_well $?
	check $? "a disk that does not answer in time, $m"
done

# shares NAME STATUS BLOCKS BLOCKS OPTIONS: two environments are started with such.
shares() {
	printf 'env one hello.elf disk=%s\nenv two hello.elf disk=%s\n' "$3" \
	    "$4" >"$tmp/boot.conf"
	modules "$tmp/boot.conf" hello.elf
	# shellcheck disable=SC2086 # a list of options
	machine tap $q35 -initrd "$tmp/modules" $5
	status=$?
	[ "$status" = "$2" ] && { [ "$2" = 33 ] ||
	    grep -aq 'the disk has no such blocks' "$tmp/out"; }
	check $? "$1"
}

there="-blockdev driver=null-co,node-name=d0,size=$((blocks * 4096)) \
    -device virtio-blk-pci,drive=d0"
shares "two environments have blocks each" 33 0+32 32+32 "$there"
shares "or share some" 33 0+32,shared 16+48,shared "$there"
shares "not if only one says so" 35 0+32 16+48,shared "$there"
shares "nor behind the end" 35 0+32 32+33 "$there"
shares "nor where there is no disk" 35 0+32 32+32 ""

# Disks that are none.
# none NAME BYTES MACHINE DEVICE
none() {
	# shellcheck disable=SC2086 # a list of options
	machine test $3 -blockdev "driver=null-co,node-name=d0,size=$2" \
	    -device "$4,drive=d0"
	[ $? = 33 ] && ! grep -aq 'a disk starts' "$tmp/out"
	check $? "$1 is left alone"
}

none "a disk of less than a block" 3584 "$q35" virtio-blk-pci
none "one of larger sectors" 1048576 "$q35" \
    virtio-blk-pci,logical_block_size=8192,physical_block_size=8192
none "one that is not modern" 1048576 "-M microvm" virtio-blk-device
none "the same on q35" 1048576 "$q35" virtio-blk-pci,disable-modern=on
finish
