#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two libOSes lose none of their packets while all attackers run beside them.
#
# usage: victim.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need echo attack attack_net
modules "$bare/victim.conf" echo.elf attack.elf attack_net.elf
rounds=40 limit=400
[ "${EXOPF_QUICK:-}" = 1 ] && rounds=3

# talk NAME MACHINE
talk() {
	rm -f "$tmp/wire"
	python3 "$bare/client.py" "$tmp/wire" "$rounds" attacked \
	    >"$tmp/client" 2>&1 &
	peer=$!
	await "$tmp/wire"
	# shellcheck disable=SC2086 # a list of options
	machine tap $2 -initrd "$tmp/modules" -device "$(card "$2"),netdev=n0" \
	    -netdev "stream,id=n0,server=off,addr.type=unix,addr.path=$tmp/wire"
	went_well $?
	check $? "victims and attackers end as they should, on $1"
	want=$(grep -c '^env' "$bare/victim.conf")
	[ "$ran" = "$want" ]
	check $? "all of them: $ran of $want"
	wait "$peer"
	check $? "the victims' client finds each answer right"
	peer=
	sed 's/^/# /' "$tmp/client"
}

talk q35 "$q35"
[ "${EXOPF_QUICK:-}" = 1 ] || talk microvm "$microvm"
finish
