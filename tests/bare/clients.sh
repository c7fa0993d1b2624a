#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Linux's own clients against two libOSes: ping, arping and nc, through a tap in a
# network namespace that ends with the test.
#
# usage: clients.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

if [ "${CLIENTS_INSIDE:-}" != 1 ]; then
	for tool in unshare ip ping arping nc; do
		command -v "$tool" >/dev/null || {
			echo "1..0 # SKIP there is no $tool"
			exit 0
		}
	done
	[ -c /dev/net/tun ] || {
		echo "1..0 # SKIP there is no /dev/net/tun"
		exit 0
	}
	flags=-n
	[ "$(id -u)" = 0 ] || flags=-Urn
	unshare $flags ip tuntap add t0 mode tap 2>/dev/null || {
		echo "1..0 # SKIP no network namespace with a tap may be made here"
		exit 0
	}
	CLIENTS_INSIDE=1 exec unshare $flags sh "$0"
fi

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
need echo
modules "$bare/echo.conf" echo.elf ashecho.elf
pings=20
[ "${EXOPF_QUICK:-}" = 1 ] && pings=5

# Nothing but what the tests send: no IPv6.
ip link set lo up
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6 2>/dev/null
ip tuntap add t0 mode tap && ip address add 10.0.2.1/24 dev t0 &&
    ip link set t0 up || exit 2

# quietly COMMAND...: what it says is shown when it fails.
quietly() {
	timeout 60 "$@" >"$tmp/said" 2>&1 && return
	sed 's/^/# /' "$tmp/said"
	return 1
}

# echoes FILE ADDRESS PORT: a datagram with it, and whether it comes back. At the end
# of its input nc listens no longer.
echoes() {
	{ cat "$1" && sleep 0.5; } |
	    timeout 20 nc -u -w 1 "$2" "$3" >"$tmp/back" 2>/dev/null
	cmp -s "$1" "$tmp/back"
}

# clients ADDRESS
clients() {
	quietly arping -q -c 1 -w 10 -I t0 "$1"
	check $? "$1 answers arping"
	# not the slowest machine may lose one
	quietly ping -q -i 0.02 -c "$pings" -w 30 "$1" &&
	    grep -q ' 0% packet loss' "$tmp/said"
	check $? "and $pings pings, each of them"
	quietly ping -q -i 0.02 -c 3 -w 30 -s 1472 -M 'do' "$1"
	check $? "and the longest"
	! quietly ping -q -c 1 -w 1 -s 1473 "$1" >/dev/null
	check $? "and none that is in fragments"
	echoes "$tmp/short" "$1" 7
	check $? "and returns a datagram to nc"
	echoes "$tmp/long" "$1" 7
	check $? "and a longer one"
}

# up: until both are.
up() {
	for _ in $(seq 100); do
		[ "$(grep -ac ': up' "$tmp/out")" = 2 ] && return
		sleep 0.1
	done
	return 1
}

printf 'hello\n' >"$tmp/short"
head -c 1400 /dev/urandom >"$tmp/long"

# talk NAME MACHINE
talk() {
	: >"$tmp/out"
	# shellcheck disable=SC2086 # a list of options
	machine tap $2 -initrd "$tmp/modules" -device "$(card "$2"),netdev=n0" \
	    -netdev tap,id=n0,ifname=t0,script=no,downscript=no &
	peer=$!
	up
	check $? "two libOSes are up, on $1"
	for address in 10.0.2.15 10.0.2.16; do
		ip neighbour flush dev t0
		clients $address
	done
	for address in 10.0.2.15 10.0.2.16; do
		echoes "$tmp/short" $address 7000
		check $? "$address ends when told"
	done
	wait "$peer"
	went_well $?
	check $? "the kernel, too"
	peer=
}

talk q35 "$q35"
[ "${EXOPF_QUICK:-}" = 1 ] || talk microvm "$microvm"
finish
