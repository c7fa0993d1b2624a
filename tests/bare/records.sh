#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# One core, two platforms: the same captures through the same bindings give the same
# delivery records, byte by byte, in the booted kernel and in a process.
#
# usage: records.sh; BUILD names the folder with exopf.elf. Output is TAP.

SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD=${BUILD:-$SRC/build}
EXOPF=${EXOPF:-$BUILD/exopf}
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
n=0 bad=0

skip() {
	echo "1..0 # SKIP $1"
	exit 0
}
command -v qemu-system-x86_64 >/dev/null || skip "there is no qemu-system-x86_64"
for file in exopf.elf records_hosted; do
	[ -e "$BUILD/$file" ] || skip "$BUILD/$file was not built"
done

# check STATUS NAME; what is in why is shown when it failed
check() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
		return
	fi
	bad=1
	echo "not ok $n - $2"
	sed 's/^/# /' "$tmp/why" | head -n 20
}

# --- what goes in ----------------------------------------------------------------

# bind LABEL PROGRAM OPTIONS: an expression, or a sample's object
bind() {
	case $2 in
	*.o) program=$SRC/filters/samples/$2 ;;
	*) program=$2 ;;
	esac
	"$EXOPF" compile -o "$tmp/$1.xi" "$program" || exit 1
	echo "bind $1 $1.xi $3" >>"$tmp/records.conf"
}

# Owners of a part each, and one that sees all. Expressions that overlap; some that
# the index answers alone, some whose program has to run; programs with effects.
bindings() {
	echo "owner web (ip or ip6) and tcp port 80" >>"$tmp/records.conf"
	bind web 'tcp port 80' "exclusive snap=128"
	echo "owner names udp port 53" >>"$tmp/records.conf"
	bind names 'udp port 53' exclusive
	echo "owner few arp or icmp or icmp6" >>"$tmp/records.conf"
	bind arp 'arp' "first priority=5"
	bind echo 'icmp[0] = 8 or icmp6' "first priority=4"
	bind icmp 'icmp' "first priority=3 snap=48"
	echo "owner all" >>"$tmp/records.conf"
	bind ip 'ip' "tap snap=64"
	bind ip6 'ip6' tap
	bind syn 'tcp[tcpflags] & tcp-syn != 0' "tap snap=80"
	bind long 'len > 700' "tap snap=40"
	bind odd 'ether[6] & 1 = 1 or ip[1] != 0' "tap snap=96"
	bind sum 'ip[10:2] + ip[4:2] > 0x8000' "tap snap=60"
	bind nobody 'ip proto 200' tap
	bind fragments 'ip[6:2] & 0x3fff != 0' tap
	bind heavy heavy.bpf.o "tap snap=34"
	bind sampler sampler.bpf.o "tap priority=9"
	bind limiter limiter.bpf.o "tap snap=54"
	bind synflood synflood.bpf.o "tap snap=54"
	bind dns dns.bpf.o tap
	bind ports ports.bpf.o "tap snap=54"
	bind sni sni.bpf.o "tap snap=200"
	bind checksum checksum.bpf.o "tap snap=20"
	# refused by both alike: somebody owns them
	bind late 'tcp port 80' exclusive
	i=0
	while [ $i -lt 40 ]; do
		bind "port$i" "port $((i * 13 + 20)) or port 443" "tap snap=20"
		i=$((i + 1))
	done
}

traces='web4 web6 dns ssh fragments neighbours extensions vlan nano scan tls'
[ "${EXOPF_QUICK:-}" = 1 ] && traces='web4 dns ssh fragments neighbours nano'

: >"$tmp/records.conf"
bindings
for trace in $traces; do
	echo "trace $trace.pcap" >>"$tmp/records.conf"
	cp "$SRC/pcaps/$trace.pcap" "$tmp"
done
python3 "$SRC/tests/bare/cpio.py" "$tmp/in" "$tmp/records.conf" "$tmp"/*.xi \
    "$tmp"/*.pcap || exit 1

# --- what comes out --------------------------------------------------------------

# booted OUT COMMAND-LINE MACHINE-OPTIONS
booted() {
	# shellcheck disable=SC2086 # a list of options
	timeout 300 qemu-system-x86_64 -accel tcg -cpu max -m 128 -nodefaults \
	    -no-user-config -display none -serial stdio -no-reboot \
	    -device isa-debug-exit,iobase=0xf4,iosize=4 $3 \
	    -kernel "$BUILD/exopf.elf" -append "records $2" -initrd "$tmp/in" \
	    >"$tmp/console" 2>&1
	status=$?
	tr -d '\r' <"$tmp/console" |
	    sed -n '/^records begin$/,/^records end$/p' | sed '1d;$d' >"$1"
	[ "$status" = 33 ] || tail -n 5 "$tmp/console" >"$tmp/why"
	[ "$status" = 33 ]
}

# same NAME OUT
same() {
	[ -s "$2" ] && diff "$tmp/hosted" "$2" >"$tmp/why"
	check $? "$1: $(grep -c . "$2") lines, the same"
}

"$BUILD/records_hosted" -k 1 "$tmp/in" >"$tmp/hosted" 2>"$tmp/why"
check $? "the records of a process are made"
"$BUILD/records_hosted" "$tmp/in" >"$tmp/free"
same "a process with secrets of its own" "$tmp/free"
"$BUILD/records_hosted" -j -k 1 "$tmp/in" >"$tmp/judged"
same "a process that judges" "$tmp/judged"
for machine in q35 microvm; do
	booted "$tmp/out" test-key=1 "-M $machine"
	check $? "$machine runs"
	same "$machine" "$tmp/out"
done
booted "$tmp/out" "" "-M q35"
same "q35 with secrets of its own" "$tmp/out"
booted "$tmp/out" "test-key=1 judge" "-M q35"
same "q35 that judges" "$tmp/out"
# a comparison that cannot fail is none
sed '7s/1/2/' "$tmp/hosted" | cmp -s - "$tmp/hosted"
[ $? = 1 ]
check $? "a changed record would be seen"

# And it was worth while: each is matched but those that cannot be.
grep '^binding .* matched 0 ' "$tmp/hosted" >"$tmp/why"
[ "$(grep -cvE '^binding (nobody|port[0-9]+) ' "$tmp/why")" = 0 ]
check $? "every binding gets packets"
grep -E '^binding|^core' "$tmp/hosted" | grep -v 'differed 0$' >"$tmp/why"
[ ! -s "$tmp/why" ]
check $? "the engines do not differ"
grep '^refused' "$tmp/hosted" >"$tmp/why"
[ "$(cut -d' ' -f 1,2 "$tmp/why")" = "refused late" ]
check $? "what is owned is refused, and nothing else"
echo "1..$n"
exit $bad
