#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two libOSes lose none of their packets while all attackers run beside them, and while
# a few flood the wire.
#
# usage: victim.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need echo attack attack_net
rounds=40 limit=400
[ "${EXOPF_QUICK:-}" = 1 ] && rounds=3

# talk CONF NAME MACHINE
talk() {
	modules "$bare/$1" echo.elf attack.elf attack_net.elf
	rm -f "$tmp/wire"
	python3 "$bare/client.py" "$tmp/wire" "$rounds" attacked \
	    >"$tmp/client" 2>&1 &
	peer=$!
	await "$tmp/wire"
	# shellcheck disable=SC2086 # a list of options
	machine tap $3 -initrd "$tmp/modules" -device "$(card "$3"),netdev=n0" \
	    -netdev "stream,id=n0,server=off,addr.type=unix,addr.path=$tmp/wire"
	went_well $?
	check $? "victims and attackers of $1 end as they should, on $2"
	want=$(grep -c '^env' "$bare/$1")
	[ "$ran" = "$want" ]
	check $? "all of them: $ran of $want"
	wait "$peer"
	check $? "the victims' client finds each answer right"
	peer=
	sed 's/^/# /' "$tmp/client"
}

talk flood.conf q35 "$q35"
talk victim.conf q35 "$q35"
[ "${EXOPF_QUICK:-}" = 1 ] || talk victim.conf microvm "$microvm"
finish
