#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two libOSes lose none of their packets while all attackers run beside them, those on
# memory apart from the others, and while a few flood the wire; and one finds room for
# its own in a queue that others filled.
#
# usage: victim.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need echo ashecho attack attack_net attack_time attack_mem attack_pct attack_revoke
rounds=40 limit=400
[ "${EXOPF_QUICK:-}" = 1 ] && rounds=3

# talk CONF NAME MACHINE HOST...: HOST is the other end, a script with its arguments
talk() {
	modules "$bare/$1" echo.elf ashecho.elf attack.elf attack_net.elf \
	    attack_time.elf attack_mem.elf attack_pct.elf attack_revoke.elf
	head -c 131072 /dev/zero >"$tmp/disk"
	rm -f "$tmp/wire"
	host=$4 conf=$1 name=$2 type=$3
	shift 4
	python3 "$bare/$host" "$tmp/wire" "$@" >"$tmp/client" 2>&1 &
	peer=$!
	await "$tmp/wire"
	# shellcheck disable=SC2086 # a list of options
	machine tap $type -initrd "$tmp/modules" -device "$(card "$type"),netdev=n0" \
	    -blockdev "driver=raw,node-name=d0,file.driver=file,file.filename=$tmp/disk" \
	    -device "virtio-blk-$(bus "$type"),drive=d0" \
	    -netdev "stream,id=n0,server=off,addr.type=unix,addr.path=$tmp/wire"
	went_well $?
	check $? "victims and attackers of $conf end as they should, on $name"
	want=$(grep -c '^env' "$bare/$conf")
	[ "$ran" = "$want" ]
	check $? "all of them: $ran of $want"
	wait "$peer"
	check $? "the victims' client finds each answer right"
	peer=
	sed 's/^/# /' "$tmp/client"
}

talk full.conf q35 "$q35" deaf.py
talk flood.conf q35 "$q35" client.py "$rounds" attacked
talk time.conf q35 "$q35" client.py "$rounds" attacked
talk victim_pct.conf q35 "$q35" client.py "$rounds" attacked
talk taking.conf q35 "$q35" client.py "$rounds" attacked
talk victim.conf q35 "$q35" client.py "$rounds" attacked
talk victim_mem.conf q35 "$q35" client.py "$rounds" attacked
[ "${EXOPF_QUICK:-}" = 1 ] || talk victim.conf microvm "$microvm" \
    client.py "$rounds" attacked
finish
