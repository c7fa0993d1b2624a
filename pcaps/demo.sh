#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What `make run` shows: the captures of this folder through many filters.
#
# usage: demo.sh; EXOPF names the tool (build/exopf).

set -eu
cd "$(dirname "$0")/.."
exopf=${EXOPF:-build/exopf}

# Show a command as a person would type it, and run it.
show() {
	printf '\n$'
	for word; do
		case $word in
		*[!A-Za-z0-9_./:=,@-]*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	printf '\n'
	"$@"
}

set --
for file in pcaps/*.pcap pcaps/*.pcapng pcaps/*.pcap.* pcaps/*.pcapng.*; do
	[ -f "$file" ] && set -- "$@" -r "$file"
done
[ $# -gt 0 ] || {
	echo "demo.sh: there is no capture in pcaps/" >&2
	exit 2
}

echo "One pass over $(($# / 2)) captures, $(grep -c '^[^#]' pcaps/demo.xf) \
filters (pcaps/demo.xf), each proven safe before it runs:"
printf '\n$ %s replay --merge %s %s ... -f pcaps/demo.xf\n' "$exopf" "$1" "$2"
"$exopf" replay --merge "$@" -f pcaps/demo.xf

echo
echo "Owners to whom packets are granted, and nobody else's (pcaps/owners.xf):"
printf '\n$ %s replay --merge %s %s ... --policy exclusive -f pcaps/owners.xf\n' \
    "$exopf" "$1" "$2"
"$exopf" replay --merge "$@" --policy exclusive -f pcaps/owners.xf

echo
echo "A claim to what is granted to another is refused, with a packet:"
spy="spy,owner=ops,claim='tcp dst port 443'="
printf '\n$ %s replay %s %s --policy exclusive -f pcaps/owners.xf "%s"\n' \
    "$exopf" "$1" "$2" "$spy"
if "$exopf" replay "$1" "$2" --policy exclusive -f pcaps/owners.xf "$spy" \
    2>&1; then
	echo "demo.sh: that claim must be refused" >&2
	exit 3
fi

echo
echo "Filters in C beside an expression (docs/samples.md):"
show "$exopf" replay -r pcaps/scan.pcap -r pcaps/quic.pcap \
    syn='tcp[tcpflags] = tcp-syn' ports=filters/samples/ports.bpf.o \
    calm=filters/samples/synflood.bpf.o quic=filters/samples/quic.bpf.o

echo
echo "What the verifier proved about one of them:"
show "$exopf" verify 'tcp port 80 or tcp port 443'

echo
echo "A program that reads what it never wrote is refused:"
printf '\n$ %s verify --raw 9500000000000000\n' "$exopf"
if "$exopf" verify --raw 9500000000000000; then
	echo "demo.sh: that program must be refused" >&2
	exit 3
fi

echo
echo "More: $exopf --help. Split a trace into one file a filter:"
echo "  $exopf replay -r pcaps/web4.pcap -o '/tmp/{name}.pcap' web='tcp port 80'"
