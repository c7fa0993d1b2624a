#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# One core, two platforms: the same captures through the same bindings give the same
# delivery records, byte by byte, in the booted kernel and in a process.
#
# usage: records.sh; BUILD names the folder with exopf.elf. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
EXOPF=${EXOPF:-$BUILD/exopf}
need
[ -e "$BUILD/records_hosted" ] || skip_all "$BUILD/records_hosted was not built"
limit=300

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

# booted COMMAND-LINE MACHINE: its records in booted
booted() {
	# shellcheck disable=SC2086 # a list of options
	machine "records $1" $2 -m 128 -initrd "$tmp/in"
	status=$?
	tr -d '\r' <"$tmp/out" |
	    sed -n '/^records begin$/,/^records end$/p' | sed '1d;$d' >"$tmp/booted"
	[ "$status" = 33 ] && return
	tail -n 5 "$tmp/out" >"$tmp/end"
	mv "$tmp/end" "$tmp/out"
	return 1
}

# same NAME RECORDS
same() {
	[ -s "$2" ] && diff "$tmp/hosted" "$2" >"$tmp/out"
	check $? "$1: $(grep -c . "$2") lines, the same"
}

"$BUILD/records_hosted" -k 1 "$tmp/in" >"$tmp/hosted" 2>"$tmp/out"
check $? "the records of a process are made"
"$BUILD/records_hosted" "$tmp/in" >"$tmp/free"
same "a process with secrets of its own" "$tmp/free"
"$BUILD/records_hosted" -j -k 1 "$tmp/in" >"$tmp/judged"
same "a process that judges" "$tmp/judged"
booted test-key=1 "$q35"
check $? "q35 runs"
same q35 "$tmp/booted"
booted test-key=1 "$microvm"
check $? "microvm runs"
same microvm "$tmp/booted"
booted "" "$q35"
same "q35 with secrets of its own" "$tmp/booted"
booted "test-key=1 judge" "$q35"
same "q35 that judges" "$tmp/booted"
# a comparison that cannot fail is none
sed '7s/1/2/' "$tmp/hosted" | cmp -s - "$tmp/hosted"
[ $? = 1 ]
check $? "a changed record would be seen"

# And it was worth while: each is matched but those that cannot be.
grep '^binding .* matched 0 ' "$tmp/hosted" >"$tmp/out"
[ "$(grep -cvE '^binding (nobody|port[0-9]+) ' "$tmp/out")" = 0 ]
check $? "every binding gets packets"
grep -E '^binding|^core' "$tmp/hosted" | grep -v 'differed 0$' >"$tmp/out"
[ ! -s "$tmp/out" ]
check $? "the engines do not differ"
grep '^refused' "$tmp/hosted" >"$tmp/out"
[ "$(cut -d' ' -f 1,2 "$tmp/out")" = "refused late" ]
check $? "what is owned is refused, and nothing else"
finish
