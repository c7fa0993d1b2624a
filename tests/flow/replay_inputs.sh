#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What replay reads: standard input, packed files, several at once, mixed link
# types, filters from files, damaged captures.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

web=$pcaps/web4.pcap
dns=$pcaps/dns.pcap
nweb=$(count "$web")
ndns=$(count "$dns")

# packets ARGUMENTS...: what replay counts in a trace on standard input.
packets()
{
	"$exopf" replay --json "$@" all= 2>"$tmp/err" | jq .packets
}

is "standard input" "$(packets -r - <"$web")" "$nweb"
# shellcheck disable=SC2002 # the pipe is the point
is "a pipe" "$(cat "$web" | packets -r -)" "$nweb"
for packer in gzip zstd lz4 xz; do
	command -v $packer >/dev/null || {
		skip "$packer" "it is not installed"
		continue
	}
	$packer -c <"$web" >"$tmp/packed" 2>/dev/null
	is "$packer, a file of any name" "$(packets -r "$tmp/packed")" "$nweb"
	is "$packer, a pipe" "$($packer -c <"$web" | packets -r -)" "$nweb"
done
is "two files" "$(packets -r "$web" -r "$dns")" $((nweb + ndns))

# Merging: times never go back, nothing is lost.
exits "merge" 0 "$exopf" replay -r "$web" -r "$dns" --merge \
    -o "$tmp/merged.pcap" all=
is "merged packets" "$(count "$tmp/merged.pcap")" $((nweb + ndns))
# As integers: the fraction has as many digits in every line.
stamps()
{
	tcpdump -tt --nano -nr "$1" 2>/dev/null |
	    awk '/^[0-9]+\.[0-9]+ / { sub(/\./, "", $1); print $1 }'
}
stamps "$web" >"$tmp/times"
stamps "$dns" >>"$tmp/times"
sort -n "$tmp/times" >"$tmp/sorted"
stamps "$tmp/merged.pcap" >"$tmp/times"
is "merged packets are in order of time" \
    "$(cmp "$tmp/times" "$tmp/sorted" && echo same)" same

# Nanoseconds survive.
if [ -f "$pcaps/nano.pcap" ]; then
	exits "nanoseconds" 0 "$exopf" replay -r "$pcaps/nano.pcap" \
	    -o "$tmp/nano.pcap" all=
	stamps "$pcaps/nano.pcap" >"$tmp/a"
	stamps "$tmp/nano.pcap" >"$tmp/b"
	like "a time with nanoseconds" "$(cat "$tmp/a")" '[1-9]..$'
	is "nanoseconds survive" "$(cmp "$tmp/a" "$tmp/b" && echo same)" same

	# A pcap output begins before the trace that brings nanoseconds.
	# later NAME TRACE [WANTED]: web first, then the trace.
	later()
	{
		exits "nanoseconds later, $1" 0 "$exopf" replay -r "$web" \
		    -r "$2" -o "$tmp/later.pcap" all=
		stamps "$tmp/later.pcap" | tail -n +$((nweb + 1)) >"$tmp/b"
		is "nanoseconds later, $1: they are ${3:-there}" \
		    "$(cmp -s "$tmp/a" "$tmp/b" && echo there || echo lost)" \
		    "${3:-there}"
		is "nanoseconds later, $1: a warning where they are lost" \
		    "$(grep -c 'lost the digits' "$tmp/err")" \
		    "$([ "${3:-there}" = lost ] && echo 1 || echo 0)"
	}
	later "pcap" "$pcaps/nano.pcap"
	for packer in gzip zstd lz4 xz; do
		command -v $packer >/dev/null || {
			skip "nanoseconds later, $packer" "it is not installed"
			continue
		}
		$packer -c <"$pcaps/nano.pcap" >"$tmp/packed" 2>/dev/null
		later $packer "$tmp/packed"
	done
	if "$exopf" replay -r "$pcaps/nano.pcap" -o "$tmp/nano.pcapng" all= \
	    >/dev/null; then
		later "pcapng" "$tmp/nano.pcapng"
	fi
	mkfifo "$tmp/nano.fifo"
	cat "$pcaps/nano.pcap" >"$tmp/nano.fifo" &
	later "a pipe" "$tmp/nano.fifo" lost
	wait
	"$exopf" replay -r "$web" -r - -o "$tmp/later.pcap" all= \
	    <"$pcaps/nano.pcap" >/dev/null 2>&1
	stamps "$tmp/later.pcap" | tail -n +$((nweb + 1)) >"$tmp/b"
	is "nanoseconds later, a file as standard input" \
	    "$(cmp "$tmp/a" "$tmp/b" && echo same)" same
else
	skip "nanoseconds survive" "there is no nano.pcap"
fi

# pcapng to pcapng: interfaces and comments survive.
if ! command -v capinfos >/dev/null || ! command -v editcap >/dev/null; then
	skip "pcapng round trip" "capinfos or editcap is not installed"
else
	editcap -F pcapng -a "3:what a comment" "$dns" "$tmp/c.pcapng"
	exits "pcapng" 0 "$exopf" replay -r "$tmp/c.pcapng" \
	    -o "$tmp/d.pcapng" all=
	is "packets survive" "$(count "$tmp/d.pcapng")" "$ndns"
	is "the comment survives" \
	    "$(grep -ac 'what a comment' "$tmp/d.pcapng")" 1
	mergecap -F pcapng -w "$tmp/two.pcapng" "$tmp/c.pcapng" "$web"
	exits "pcapng of two interfaces" 0 "$exopf" replay \
	    -r "$tmp/two.pcapng" -o "$tmp/three.pcapng" all=
	is "interfaces survive" \
	    "$(capinfos -TrcI "$tmp/three.pcapng" | cut -f 2-)" \
	    "$(capinfos -TrcI "$tmp/two.pcapng" | cut -f 2-)"
fi

# Two link types in one file. The first is Ethernet, the second raw IP.
make_mixed()
{
	# section; interface 0: Ethernet; interface 1: raw IP; a packet of each
	shb=0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000
	idb0=0100000014000000010000000000040014000000
	idb1=0100000014000000650000000000040014000000
	arp=ffffffffffff02000000000108060001080006040001020000000001
	arp=${arp}0a0000010000000000000a0000020000
	epb0=060000004c000000000000000000000000000000
	epb0=${epb0}2a0000002a000000${arp}4c000000
	ip=45000014000000004001000a0a0000010a000002
	epb1=0600000034000000010000000000000001000000
	epb1=${epb1}1400000014000000${ip}34000000
	printf '%s' "$shb$idb0$idb1$epb0$epb1" | xxd -r -p
}
if command -v xxd >/dev/null; then
	make_mixed >"$tmp/mixed.pcapng"
	exits "mixed link types" 0 "$exopf" replay --json \
	    -r "$tmp/mixed.pcapng" ip=ip ether='ether broadcast' none=ip6
	is "two link types" "$(field '[.linktypes[].name] | join(" ")')" \
	    "EN10MB RAW"
	is "a filter is compiled for each" \
	    "$(field '[.bindings[].matched] | join(" ")')" "1 1 0"
	is "refused for one is named" \
	    "$(field '[.bindings[].refused[].linktype] | join(" ")')" RAW
	like "refused for one is warned of once" \
	    "$(grep -c 'ether: matches nothing' "$tmp/err")" '^1$'
	exits "refused for every link type" 2 "$exopf" replay --json \
	    -r "$tmp/mixed.pcapng" rad='type mgt' ip=ip
	like "libpcap's words for it" "$(cat "$tmp/err")" '802\.11'
	is "it is an error, the others count" \
	    "$(field '(.errors | length > 0), .bindings[1].matched' |
	    tr '\n' ' ')" "true 1 "
else
	skip "mixed link types" "xxd is not installed"
fi

# Traces of the other byte order whose packets begin with a number in it: one
# IPv4 packet and one IPv6 packet each, of link types NULL, ENC and LOOP.
# order NAME LINKTYPE HEAD: HEAD is put between family and packet, in hex.
order()
{
	ip=4500001c00010000401100000a0000010a0000020035003500080000
	ip6=6000000000081140$(printf '%031d1%031d2' 0 0)0035003500080000
	size=$(printf '%08x' $((4 + ${#3} / 2 + 28)))
	size6=$(printf '%08x' $((4 + ${#3} / 2 + 48)))
	{
		printf 'a1b2c3d400020004000000000000000000040000000000%s' "$2"
		printf '000003e800000000%s%s00000002%s%s' "$size" "$size" "$3" $ip
		printf '000003e900000000%s%s%s%s%s' "$size6" "$size6" \
		    0000001e "$3" "$ip6"
	} | xxd -r -p >"$tmp/$1.pcap"
}
# ordered NAME TRACE EXPRESSION: as tcpdump reads it; what is written, too.
ordered()
{
	wanted=$(count "$2" "$3")
	exits "$1, $3" 0 "$exopf" replay --json -r "$2" \
	    -o "$tmp/order/{name}.pcap" --rest "$tmp/order/rest.pcapng" t="$3"
	is "$1, $3: what tcpdump matches" "$(field '.bindings[0].matched')" \
	    "$wanted"
	is "$1, $3: written, it is the same" \
	    "$(count "$tmp/order/t.pcap" 'ip or ip6')" "$wanted"
	# tcpdump does not read a pcapng without interfaces
	left=$(count "$tmp/order/rest.pcapng" 'ip or ip6')
	is "$1, $3: and so is the rest" "${left:-0}" \
	    $(($(field .packets) - wanted))
}
if command -v xxd >/dev/null; then
	order null 00 ''
	order enc 6d 0000000000000000
	order loop 6c ''
	for type in null enc loop; do
		like "$type, swapped, ip: a packet" \
		    "$(count "$tmp/$type.pcap" ip)" '^1$'
		for expr in ip ip6 'udp port 53' 'not ip' 'link[3] = 2'; do
			ordered "$type, swapped" "$tmp/$type.pcap" "$expr"
		done
	done
	# the other order next to ours, which the first output is in
	cp "$tmp/null.pcap" "$tmp/theirs.pcap"
	"$exopf" replay -r "$tmp/theirs.pcap" -o "$tmp/ours.pcap" all= \
	    >/dev/null
	exits "both byte orders" 0 "$exopf" replay --json \
	    -r "$tmp/ours.pcap" -r "$tmp/theirs.pcap" -o "$tmp/both.pcap" \
	    v4=ip
	is "both byte orders: what matches" "$(field '.bindings[0].matched')" 2
	is "both byte orders: two link types" \
	    "$(field '[.linktypes[] | [.name, .swapped] | join(" ")] |
	        join(", ")')" "NULL false, NULL true"
	is "both byte orders: what is written" "$(count "$tmp/both.pcap" ip)" 2
	# a pcapng with sections of both
	shb=0a0d0d0a0000001c1a2b3c4d00010000ffffffffffffffff0000001c
	idb=0000000100000014000000000004000000000014
	epb=0000000600000040000000000000000000000000
	epb=${epb}000000200000002000000002$ip$(printf %08x 64)
	{
		printf %s "$shb$idb$epb" | xxd -r -p
		"$exopf" replay -r "$tmp/ours.pcap" -o -.pcapng v4=ip \
		    2>/dev/null
	} >"$tmp/sections.pcapng"
	exits "sections of both byte orders" 0 "$exopf" replay --json \
	    -r "$tmp/sections.pcapng" -o "$tmp/both.pcapng" v4=ip
	is "sections of both byte orders: what matches" \
	    "$(field '.bindings[0].matched')" 2
	is "sections of both byte orders: what is written" \
	    "$(count "$tmp/both.pcapng" ip)" 2
else
	skip "traces of the other byte order" "xxd is not installed"
fi

# Refused before anything is read or written.
exits "wrong everywhere" 2 "$exopf" replay -r "$web" -o "$tmp/no/{name}.pcap" \
    good=tcp bad='tcp prot 80'
like "the binding is named" "$(cat "$tmp/err")" "bad: 'tcp prot 80'"
is "no output was made" "$(ls "$tmp/no" 2>/dev/null)" ""

# Filters from files.
printf '# a comment\ntcp\n  and port 80\n' >"$tmp/filter"
exits "a filter from a file" 0 "$exopf" replay --json -r "$web" \
    w=@"$tmp/filter"
is "its count" "$(field '.bindings[0].matched')" \
    "$(count "$web" 'tcp and port 80')"
printf '\177ELF\002\001\001' >"$tmp/prog.o"
exits "an ELF object by name" 2 "$exopf" replay -r "$web" w="$tmp/prog.o"
like "ELF is refused with a reason" "$(cat "$tmp/err")" 'ELF object'
exits "an ELF object by @" 2 "$exopf" replay -r "$web" w=@"$tmp/prog.o"
exits "no such filter file" 2 "$exopf" replay -r "$web" w=@"$tmp/nowhere"
printf '# comment\n\nweb=tcp port 80\n  dns@3,owner=bob=udp port 53 \n' \
    >"$tmp/bindings"
exits "a file of bindings" 0 "$exopf" replay --json -r "$dns" \
    -f "$tmp/bindings"
is "names, owners, priorities" \
    "$(field '.bindings[] | [.name, .owner, .priority] | join(",")' |
    tr '\n' ' ')" "web,default,0 dns,bob,3 "
printf 'web=tcp\nweb=udp\n' >"$tmp/bindings"
exits "two bindings of one name" 2 "$exopf" replay -r "$dns" -f "$tmp/bindings"
like "file and line" "$(cat "$tmp/err")" 'bindings:2:'
# A wrong filter has its place as well, and the hint that helps there.
printf '# list\n\nweb=tcp prot 80\n' >"$tmp/bindings"
exits "a wrong filter in a file of bindings" 2 "$exopf" replay -r "$dns" \
    -f "$tmp/bindings"
like "its file and line" "$(cat "$tmp/err")" "bindings:3: web: 'tcp prot 80'"
is "no hint about quotes" "$(grep -c 'quote' "$tmp/err")" 0
printf 'web=ip # all\n' >"$tmp/bindings"
exits "a comment after a binding" 2 "$exopf" replay -r "$dns" \
    -f "$tmp/bindings"
like "it is told" "$(cat "$tmp/err")" 'bindings:1: .* a line of its own'
printf 'ip # all\n' >"$tmp/filter"
exits "a comment after a filter" 2 "$exopf" replay -r "$dns" w=@"$tmp/filter"
like "it is told, with the file" "$(cat "$tmp/err")" \
    'w: in .*filter: .* a line of its own'
printf 'w=type mgt\n' >"$tmp/bindings"
exits "a filter of no link type here" 2 "$exopf" replay -r "$dns" \
    -f "$tmp/bindings"
like "its place" "$(cat "$tmp/err")" 'bindings:1: w: libpcap refused'
exits "a wrong filter in an argument" 2 "$exopf" replay -r "$dns" 'w=tcp prot'
like "a hint about quotes" "$(cat "$tmp/err")" 'quote the whole binding'

# Damaged captures: what came before counts, the error has its place.
size=$(wc -c <"$web")
head -c $((size - 7)) "$web" >"$tmp/cut.pcap"
exits "a truncated file" 2 "$exopf" replay --json -r "$tmp/cut.pcap" \
    -o "$tmp/kept.pcap" all=
is "all but the last packet" "$(field .packets)" $((nweb - 1))
is "they are in the output" "$(count "$tmp/kept.pcap")" $((nweb - 1))
is "one error" "$(field '.errors | length')" 1
like "it names file and offset" "$(cat "$tmp/err")" 'cut\.pcap.*[0-9]'
exits "the other file goes on" 2 "$exopf" replay --json -r "$tmp/cut.pcap" \
    -r "$dns" all=
is "both count" "$(field .packets)" $((nweb - 1 + ndns))
gzip -c "$web" | head -c 5000 >"$tmp/cut.gz"
exits "a truncated gzip" 2 "$exopf" replay --json -r "$tmp/cut.gz" all=
like "some packets" "$(field .packets)" '^[1-9]'
echo "this is no capture at all" >"$tmp/text"
exits "no capture" 2 "$exopf" replay -r "$tmp/text" all=
exits "no file" 2 "$exopf" replay -r "$tmp/nowhere" all=
exits "an empty file" 2 "$exopf" replay -r /dev/null all=
head -c 24 "$web" >"$tmp/empty.pcap"
exits "a capture without packets" 0 "$exopf" replay --json \
    -r "$tmp/empty.pcap" -o "$tmp/e/{name}.pcap" a=tcp
is "its output is a capture" "$(count "$tmp/e/a.pcap")" 0
# headed NAME FILE ERRORS: a trace that is cut in its first record.
headed()
{
	exits "$1" 2 "$exopf" replay --json -r "$2" -o "$tmp/h/{name}.pcap" \
	    --rest "$tmp/h/rest.pcapng" a=tcp b=udp
	is "$1: one error" "$(field '.errors | length')" 1
	is "$1: its outputs are captures" \
	    "$(count "$tmp/h/a.pcap") $(count "$tmp/h/b.pcap") $(
	        wc -c <"$tmp/h/rest.pcapng")" "0 0 28"
	rm -rf "$tmp/h"
}
head -c 30 "$web" >"$tmp/cut1"
headed "cut in the first record" "$tmp/cut1"
gzip -c "$tmp/cut1" >"$tmp/cut1.gz"
headed "packed, cut in the first record" "$tmp/cut1.gz"
if "$exopf" replay -r "$web" -o "$tmp/cut1.pcapng" all= >/dev/null; then
	head -c 70 "$tmp/cut1.pcapng" >"$tmp/cut1"
	headed "pcapng, cut in the first packet" "$tmp/cut1"
	head -c 35 "$tmp/cut1.pcapng" >"$tmp/cut1"
	headed "pcapng, cut in the first interface" "$tmp/cut1"
fi
exits "cut in the file header" 2 "$exopf" replay -r "$tmp/text" \
    -o "$tmp/h/{name}.pcap" a=tcp
is "cut in the file header: no outputs" "$(ls "$tmp/h" 2>/dev/null)" ""
exits "a capture without packets, a wrong filter" 2 "$exopf" replay \
    -r "$tmp/empty.pcap" a='tcp prot'

# Never write over an input.
cp "$dns" "$tmp/in.pcap"
exits "an output that is an input" 2 "$exopf" replay -r "$tmp/in.pcap" \
    -o "$tmp/in.pcap" all=
is "the input is unharmed" "$(count "$tmp/in.pcap")" "$ndns"
ln -s in.pcap "$tmp/soft.pcap"
ln "$tmp/in.pcap" "$tmp/hard.pcap"
echo precious >"$tmp/first.pcap"
for link in soft hard; do
	exits "an output that is a $link link onto an input" 2 "$exopf" replay \
	    -r "$tmp/in.pcap" -o "$tmp/{name}.pcap" first=udp $link=tcp
	like "$link link: it is said" "$(cat "$tmp/err")" \
	    "$link\\.pcap: is also an input"
	exits "a rest that is a $link link onto an input" 2 "$exopf" replay \
	    -r "$tmp/in.pcap" --rest "$tmp/$link.pcap" all=
	exits "an output onto an input that is a $link link" 2 "$exopf" replay \
	    -r "$tmp/$link.pcap" -o "$tmp/in.pcap" all=
	exits "$link link, the trace on standard input" 2 sh -c \
	    "'$exopf' replay -r - -o '$tmp/$link.pcap' all= <'$tmp/in.pcap'"
	is "$link link: the input is unharmed" \
	    "$(cmp "$tmp/in.pcap" "$dns" && echo same)" same
done
# Filters and lists of bindings are inputs as well.
echo tcp >"$tmp/filter.pcap"
echo 'w=tcp' >"$tmp/list.pcap"
exits "an output that is a filter's file" 2 "$exopf" replay -r "$tmp/in.pcap" \
    -o "$tmp/{name}.pcap" first=udp filter=@"$tmp/filter.pcap"
like "it is said" "$(cat "$tmp/err")" 'filter\.pcap: is also an input'
exits "an output that is a list of bindings" 2 "$exopf" replay \
    -r "$tmp/in.pcap" -f "$tmp/list.pcap" --rest "$tmp/list.pcap"
like "it is said" "$(cat "$tmp/err")" 'list\.pcap: is also an input'
is "they are unharmed" "$(cat "$tmp/filter.pcap" "$tmp/list.pcap")" "tcp
w=tcp"
is "refused before another output is emptied" "$(cat "$tmp/first.pcap")" \
    precious
exits "packets appended to their own trace" 2 sh -c \
    "'$exopf' replay -r '$tmp/in.pcap' -o - all= >>'$tmp/in.pcap'"
is "it is unharmed" "$(cmp "$tmp/in.pcap" "$dns" && echo same)" same
# Any other link is followed.
ln -s target.pcap "$tmp/link.pcap"
exits "an output that is a link" 0 "$exopf" replay -r "$tmp/in.pcap" \
    -o "$tmp/link.pcap" all=
is "it is followed" "$(count "$tmp/target.pcap")" "$ndns"
finish
