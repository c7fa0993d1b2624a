#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two libOSes with an address each answer a client on the wire, on both machines.
#
# usage: echo.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need echo
modules "$bare/echo.conf" echo.elf ashecho.elf
rounds=200
[ "${EXOPF_QUICK:-}" = 1 ] && rounds=40

# talk NAME MACHINE CARD-OPTIONS
talk() {
	rm -f "$tmp/wire"
	python3 "$bare/client.py" "$tmp/wire" "$rounds" >"$tmp/client" 2>&1 &
	peer=$!
	await "$tmp/wire"
	# shellcheck disable=SC2086 # a list of options
	machine tap $2 -initrd "$tmp/modules" -device "$(card "$2"),netdev=n0$3" \
	    -netdev "stream,id=n0,server=off,addr.type=unix,addr.path=$tmp/wire"
	went_well $?
	check $? "two libOSes end as they are told, on $1"
	wait "$peer"
	check $? "their client finds each answer right"
	peer=
	sed 's/^/# /' "$tmp/client"
}

talk q35 "$q35" ""
talk microvm "$microvm" ""
talk "q35, packed" "$q35" ,packed=on
talk "microvm, packed" "$microvm" ,packed=on
finish
