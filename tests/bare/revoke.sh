#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Environments that are asked to give something up: those that do, and those from which
# the kernel takes it, and saves it on the disk; a hoarder and one who comes late; sleepers.
#
# usage: revoke.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need revoke share sleeper
limit=300

disk="-blockdev driver=raw,node-name=d0,file.driver=file,file.filename=$tmp/disk"
net=

slow="-object throttle-group,id=t0,x-iops-total=20 \
    -blockdev driver=raw,node-name=f0,file.driver=file,file.filename=$tmp/disk \
    -blockdev driver=throttle,node-name=d0,throttle-group=t0,file=f0"

# all CONF NAME MACHINE: what it starts ends as it should.
all() {
	modules "$bare/$1" revoke.elf share.elf sleeper.elf
	head -c 131072 /dev/zero | tr '\0' 'x' >"$tmp/disk"
	# shellcheck disable=SC2086 # a list of options
	machine tap $3 -initrd "$tmp/modules" $disk -device \
	    "virtio-blk-$(bus "$3"),drive=d0" $net
	went_well $?
	check $? "environments of $1 end as they should, on $2"
	want=$(grep -c '^env' "$bare/$1")
	[ "$ran" = "$want" ]
	check $? "all of them: $ran of $want"
}

# saved: the pages that were taken are on the disk, each whole, those that came last
# first, and nothing else of the extent's neighbours was written (revoke.c, fill()).
saved() {
	python3 - "$tmp/disk" >"$tmp/out" <<'P'
import struct
import sys

def page(i):
    x, out = i + 100, []
    for _ in range(1024):
        out.append(x)
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
    return struct.pack("<1024I", *out)

with open(sys.argv[1], "rb") as f:
    disk = f.read()
blocks = [disk[i:i + 4096] for i in range(0, len(disk), 4096)]
for i, block in enumerate(blocks):
    if 8 <= i < 13:
        right = block == page(15 - (i - 8))
    else:
        right = i < 3 or block == b"x" * 4096
    if not right:
        sys.exit(f"block {i} is not what it should be")
P
	check $? "the image has what was taken, and else what it had, on $1"
}

# order: three that sleep until a time wake in its order.
order() {
	tr -d '\r' <"$tmp/out" | sed -n 's/^.*woke after \([0-9]*\).*$/\1/p' \
	    >"$tmp/woke"
	sort -n "$tmp/woke" | cmp -s - "$tmp/woke" &&
	    [ "$(grep -c . "$tmp/woke")" = 3 ]
	check $? "three sleepers wake in the order of their times, on $1"
}

on() {
	all revoke.conf "$1" "$2"
	saved "$1"
	net="-netdev user,id=n0,restrict=on -device $(card "$2"),netdev=n0"
	all sleep.conf "$1" "$2"
	net=
	order "$1"
	all share.conf "$1" "$2"
	fast=$disk disk=$slow
	all slow.conf "$1, with a slow disk" "$2"
	disk=$fast
}

on q35 "$q35"
[ "${EXOPF_QUICK:-}" = 1 ] || on microvm "$microvm"
finish
