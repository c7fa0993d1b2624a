#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every command: its exit statuses, its JSON, its help and the examples there.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

web=$pcaps/web4.pcap
ret0='b700000000000000 9500000000000000'

# json NAME SCHEMA STATUS COMMAND...: one valid document of this schema.
json()
{
	name=$1 schema=$2 status=$3
	shift 3
	exits "$name" "$status" "$@"
	is "$name: one JSON document" \
	    "$(jq -s 'length' "$tmp/out" 2>&1)" 1
	is "$name: its schema" "$(field .schema)" "$schema"
}

# fails_json NAME SCHEMA STATUS COMMAND...: one object that says what was said.
fails_json()
{
	json "$@"
	is "$1: errors are what was said" "$(field '.errors[]')" \
	    "$(sed -e '/^Try /d' -e 's/^exopf[^:]*: //' "$tmp/err")"
	like "$1: an error" "$(field '.errors | length')" '^[1-9]'
}

# Results go to standard output, talk to standard error.
quiet_errors()
{
	is "$1: nothing on standard output" "$(cat "$tmp/out")" ""
	like "$1: a message" "$(cat "$tmp/err")" '^exopf'
}

# The tool itself.
exits "no command" 2 "$exopf"
exits "an unknown command" 2 "$exopf" frobnicate
quiet_errors "an unknown command"
exits "help" 0 "$exopf" help
exits "--help" 0 "$exopf" --help
exits "--version" 0 "$exopf" --version
like "the version" "$(cat "$tmp/out")" '^exopf [0-9]+\.[0-9]+\.[0-9]+$'
exits "version" 0 "$exopf" version
json "version --json" exopf.version/1 0 "$exopf" version --json
exits "version with an argument" 2 "$exopf" version 3
exits "help of no command" 2 "$exopf" help frobnicate
exits "help of two commands" 2 "$exopf" help run dump
json "help --json" exopf.help/1 0 "$exopf" help --json
is "help --json: all commands" "$(field '.commands[].name' | tr '\n' ' ')" \
    "replay map verify dump compile run region conflicts boot explain doctor version help "
json "--help --json" exopf.help/1 0 "$exopf" --help --json
json "help dump --json" exopf.help/1 0 "$exopf" help dump --json
is "help dump --json: the text" "$(field '.commands[].help')" \
    "$("$exopf" dump --help)"
fails_json "help --json, no such command" exopf.help/1 2 \
    "$exopf" help --json frobnicate
fails_json "version --json, an argument" exopf.version/1 2 \
    "$exopf" version --json 3

for command in replay verify dump run region conflicts explain doctor version help; do
	exits "$command --help" 0 "$exopf" "$command" --help
	like "$command --help ends in examples" \
	    "$(sed -n '/^examples:$/,$p' "$tmp/out")" "exopf $command"
	"$exopf" help "$command" | cmp -s - "$tmp/out"
	is "help $command is the same" "$?" 0
	exits "$command, an unknown option" 2 "$exopf" "$command" --no-such
	quiet_errors "$command, an unknown option"
	like "$command, an unknown option: points to --help" \
	    "$(cat "$tmp/err")" "exopf $command --help"
done

# The examples run, all of them, as one script, where pcaps/ is.
mkdir "$tmp/bin" "$tmp/here"
ln -s "$exopf" "$tmp/bin/exopf"
ln -s "$pcaps" "$tmp/here/pcaps"
for command in replay verify dump run region conflicts explain doctor version help; do
	"$exopf" help "$command" | sed '1,/^examples:$/d' >"$tmp/example.sh"
	(cd "$tmp/here" && PATH=$tmp/bin:$PATH sh -e "$tmp/example.sh") \
	    >"$tmp/out" 2>"$tmp/err"
	is "the examples of $command run" "$? $(cat "$tmp/err")" "0 "
done
"$exopf" help | sed '1,/^examples:$/d' >"$tmp/example.sh"
(cd "$tmp/here" && PATH=$tmp/bin:$PATH sh -e "$tmp/example.sh") \
    >"$tmp/out" 2>"$tmp/err"
is "the examples of help run" "$? $(cat "$tmp/err")" "0 "

# verify
exits "verify, accepted" 0 "$exopf" verify tcp port 80
like "verify, accepted: says so" "$(head -n 1 "$tmp/out")" '^accepted'
json "verify --json, accepted" exopf.verify/1 0 "$exopf" verify --json \
    --raw "$ret0"
is "verify --json: verdict" "$(field '.verdict, .code, .insn' |
    tr '\n' ' ')" "accepted null null "
exits "verify, refused" 1 "$exopf" verify --raw 9500000000000000
like "verify, refused: code, place, hint" "$(tr '\n' ' ' <"$tmp/out")" \
    '^refused VF302.*instruction 0: exit.*hint'
json "verify --json, refused" exopf.verify/1 1 "$exopf" verify --json \
    --raw 9500000000000000
is "verify --json: verdict" "$(field '.verdict, .code, .insn' |
    tr '\n' ' ')" "refused VF302 0 "
# Why: the way, the numbers, a packet that gets there.
cat >"$tmp/why.s" <<'END'
; the variable part is not compared again
r0 = 0
r2 = *(u32 *)(r1 +0)
r3 = *(u32 *)(r1 +4)
r4 = r2
r4 += 34
if r4 > r3 goto out
r5 = *(u8 *)(r2 +14)
if r5 < 5 goto out
r5 &= 15
r5 <<= 2
r2 += r5
r0 = *(u16 *)(r2 +22)
out: exit
END
exits "verify, why" 1 "$exopf" verify --type xdp --asm "$tmp/why.s"
like "verify, why: place and line" "$(cat "$tmp/out")" \
    '^  at instruction 11, line 13: r0 = \*\(u16 \*\)\(r2 \+22\)$'
like "verify, why: what was loaded" "$(cat "$tmp/out")" \
    '^    6: r5 = \*\(u8 \*\)\(r2 \+14\) +r5: 0 to 255$'
like "verify, why: the branch" "$(cat "$tmp/out")" \
    '^    7: if r5 < 0x5 goto pc\+4 +not taken; r5: 5 to 255$'
is "verify, why: nothing besides" "$(grep -c '^    [034]: ' "$tmp/out")" 0
like "verify, why: the hint has numbers" "$(cat "$tmp/out")" \
    '^  hint: compare r2 \+ 24 with data_end, which r3 holds'
json "verify --json, why" exopf.verify/1 1 "$exopf" verify --json --type xdp \
    --asm "$tmp/why.s"
is "verify --json, why: what was there before" \
    "$(field '[.name, .insn_text, .register.number, .offset, .size, .limit] |
        map(tostring) | join(" ")')" \
    "PKT_OOB r0 = *(u16 *)(r2 +22) 2 22 2 0"
is "verify --json, why: line, slice, witness" \
    "$(field '[.line, .way.instructions, (.way.slice | length),
        .way.slice[0].line, .witness.found, .registers[0].number] |
        map(tostring) | join(" ")')" "13 12 7 3 true 2"
field .witness.packet >"$tmp/hex"
"$exopf" run --type xdp --asm "$tmp/why.s" --packet "$(cat "$tmp/hex")" \
    >"$tmp/out" 2>"$tmp/err"
like "verify --json, why: the packet does it" "$(cat "$tmp/err")" \
    'trap load at instruction 11'
printf 'r1 = map[id:0]\nr0 = 0\nexit\n' >"$tmp/map.s"
exits "verify --map" 0 "$exopf" verify --asm "$tmp/map.s" --map 'array 4 8 1'
exits "verify, no map" 1 "$exopf" verify --asm "$tmp/map.s"
exits "verify --map, bad" 2 "$exopf" verify --asm "$tmp/map.s" --map 'array 4'
quiet_errors "verify --map, bad"
for map in 'percpu_array 4 8 1' 'percpu_hash 4 8 1' 'lru_hash 4 8 1' \
    'lru_percpu_hash 4 8 1' 'lpm_trie 8 8 1' 'queue 0 8 1' 'stack 0 8 1' \
    'ringbuf 0 0 4096' 'prog_array 4 4 1' 'perf_event_array 4 4 1'; do
	exits "run --map $map" 0 "$exopf" run --engine both --asm "$tmp/map.s" \
	    --type xdp --map "$map"
done
for map in 'queue 4 8 1' 'array 8 8 1' 'ringbuf 0 0 4095' 'lpm_trie 4 8 1'; do
	for command in verify run 'dump --stage jit'; do
		# shellcheck disable=SC2086 # words
		exits "$command --map $map" 2 "$exopf" $command \
		    --asm "$tmp/map.s" --map "$map"
		like "$command --map $map: why" "$(cat "$tmp/err")" 'no such map'
	done
done
exits "verify --trace" 1 "$exopf" verify --trace --type xdp --asm "$tmp/why.s"
like "verify --trace: a state" "$(cat "$tmp/out")" \
    '^  10: r2 \+= r5 +r5 = 0 to 60, a multiple of 4$'
like "verify --trace: the answer comes last" "$(tail -n 1 "$tmp/out")" \
    '^  more: exopf explain VF404'
exits "verify --trace --states" 1 "$exopf" verify --trace --states 3 \
    --type xdp --asm "$tmp/why.s"
is "verify --trace --states: so many" "$(grep -c '^  [0-9]*: ' "$tmp/out")" 3
like "verify --trace --states: says so" "$(cat "$tmp/err")" \
    'states more were not printed'
exits "verify --trace --json" 1 "$exopf" verify --trace --json --type xdp \
    --asm "$tmp/why.s"
is "verify --trace --json: a document a line" \
    "$(jq -r .schema "$tmp/out" | uniq | tr '\n' ' ')" \
    "exopf.trace/1 exopf.verify/1 "
is "verify --trace --json: registers" "$(jq -r 'select(.insn == 10) |
    .registers.r5? // empty' "$tmp/out" | uniq)" "0 to 60, a multiple of 4"
exits "verify --trace --batch" 2 "$exopf" verify --trace --batch -

exits "verify, no instruction" 1 "$exopf" verify --raw ''
exits "verify, not whole" 2 "$exopf" verify --raw 95000000
quiet_errors "verify, not whole"
exits "verify, no hexadecimal" 2 "$exopf" verify --raw 'nonsense'
exits "verify, nothing to verify" 2 "$exopf" verify
exits "verify, two programs" 2 "$exopf" verify --raw "$ret0" tcp
exits "verify, bad expression" 2 "$exopf" verify 'tcp prot 80'
exits "verify, bad type" 2 "$exopf" verify --type none --raw "$ret0"
exits "verify, bad link type" 2 "$exopf" verify --linktype NONE tcp
exits "verify, link type by number" 0 "$exopf" verify --linktype 101 tcp
exits "verify, no file" 2 "$exopf" verify --asm "$tmp/nowhere"
printf 'r0 = 1\nexit\n' >"$tmp/a.s"
exits "verify --asm" 0 "$exopf" verify --asm "$tmp/a.s" --type xdp
printf 'r0 = 1\nfly\n' >"$tmp/b.s"
exits "verify --asm, bad text" 2 "$exopf" verify --asm "$tmp/b.s"
like "verify --asm: file and line" "$(cat "$tmp/err")" 'b\.s:2:'
echo "$ret0" | "$exopf" verify --raw - >"$tmp/out"
is "verify --raw -" "$?" 0

exits "verify, empty input" 1 "$exopf" verify --raw -
like "verify, empty input: its code" "$(cat "$tmp/out")" '^refused VF101'
fails_json "verify --json, bad expression" exopf.verify/1 2 \
    "$exopf" verify --json 'tcp prot 80'
fails_json "verify --json, no file" exopf.verify/1 2 \
    "$exopf" verify --json --asm "$tmp/nowhere"
fails_json "verify --json, no program" exopf.verify/1 2 "$exopf" verify --json
exits "verify --json, bad option" 2 "$exopf" verify --json --no-such
quiet_errors "verify --json, bad option"

# region
exits "region" 0 "$exopf" region 'udp dst port 53 and dst host 10.0.0.0/8'
is "region: its canonical form" "$(head -n 1 "$tmp/out")" \
    'ip.dst = 10.0.0.0/8 and proto = 17 and dport = 53'
like "region: a packet" "$(sed -n 2p "$tmp/out")" \
    '^packet: EN10MB .* IP .* > 10\.0\.0\.0\.53: udp, 42 bytes$'
exits "region, empty" 1 "$exopf" region 'arp and tcp port 80'
is "region, empty: says so" "$(tr '\n' ' ' <"$tmp/out")" \
    "none empty: no packet is in it "
exits "region --in, inside" 0 "$exopf" region --in tcp \
    'tcp port 80 and not src host 10.0.0.1'
is "region --in: says so" "$(sed -n 2p "$tmp/out")" "inside: yes"
exits "region --in, not inside" 1 "$exopf" region --in 'port 80' 'tcp port 80
    or udp port 53'
is "region --in: says no" "$(sed -n 2p "$tmp/out")" "inside: no"
like "region --in: who is outside" "$(sed -n 3p "$tmp/out")" \
    '^outside: .*\.53: udp'
exits "region --in, not inside a net" 1 "$exopf" region --in \
    'dst net 10.0.0.0/8' 'tcp and src host 192.0.2.9'
like "region --in: who is outside is whole" "$(sed -n 3p "$tmp/out")" \
    '^outside: EN10MB .* IP 192\.0\.2\.9\..*: tcp \[S], 54 bytes$'
exits "region --in, nothing is inside anything" 0 "$exopf" region --in arp none
exits "region --and --minus" 0 "$exopf" region --and 'dst net 10.0.0.0/8' \
    --minus 'dst net 10.0.0.0/9' ip
is "region --and --minus: what is left" "$(head -n 1 "$tmp/out")" \
    'type = 0x0800 and ip.dst = 10.128.0.0/9'
exits "region --minus, all of it" 1 "$exopf" region --minus ip 'ip and tcp'
exits "region --witness" 0 "$exopf" region --witness "$tmp/w.pcap" \
    'vlan 5 and tcp dst port 80 and dst host 2001:db8::5'
is "region --witness: tcpdump sees it" "$(count "$tmp/w.pcap" \
    'vlan 5 and tcp dst port 80 and dst host 2001:db8::5')" 1
exits "region --witness, of nothing" 2 "$exopf" region \
    --witness "$tmp/none.pcap" none
like "region --witness, of nothing: why" "$(cat "$tmp/err")" 'no packet'
exits "region --witness, no capture" 2 "$exopf" region --witness "$tmp/w.txt" ip
json "region --json" exopf.region/1 1 "$exopf" region --json --in udp \
    'port 53 and ip proto 6'
is "region --json: the answer" "$(field '[.cubes, .empty, .inside,
    .witness.linktype, .witness.flaws] | map(tostring) | join(" ")')" \
    "2 false false 1 []"
is "region --json: the packet is one of it" "$(field .witness.bytes |
    xxd -r -p | od -An -tx1 -j23 -N1 | tr -d ' ')" 06
exits "region, no region" 2 "$exopf" region 'tcp port'
like "region, no region: the place" "$(cat "$tmp/err")" '^          \^$'
fails_json "region --json, no region" exopf.region/1 2 "$exopf" region --json \
    --in udp 'tcp port 99999'
fails_json "region --json, no region beside" exopf.region/1 2 \
    "$exopf" region --json --in 'udp or' udp
exits "region, nothing" 2 "$exopf" region
exits "region, two" 2 "$exopf" region tcp port

# conflicts
cat >"$tmp/c.xf" <<'END'
grant alice 'tcp' exclusive
grant bob 'ip' exclusive,tell
web,owner=alice=
dns,owner=bob,claim='udp port 53'=
any,owner=bob=
eve,owner=eve,claim='arp'=
END
exits "conflicts" 1 "$exopf" conflicts -f "$tmp/c.xf"
like "conflicts: the pair" "$(cat "$tmp/out")" \
    '^1\. web of alice and any of bob claim the same packets$'
like "conflicts: what they share" "$(cat "$tmp/out")" \
    '^   both: type = 0x0800 and proto = 6$'
like "conflicts: a packet" "$(cat "$tmp/out")" '^   packet: EN10MB .*: tcp'
like "conflicts: a claim that is outside" "$(cat "$tmp/out")" \
    '^2\. dns of bob: the claim is not inside'
like "conflicts: who has no grant" "$(cat "$tmp/out")" '^3\. eve owns nothing'
like "conflicts: the matrix" "$(cat "$tmp/out")" '^web  *\.  *1  *\.  *\.$'
json "conflicts --json" exopf.conflicts/1 1 "$exopf" conflicts --json \
    -f "$tmp/c.xf" --emit-witness "$tmp/c-{n}.pcapng"
is "conflicts --json: totals" "$(field '.totals | [.claims, .outside,
    .ungranted, .grants] | map(tostring) | join(" ")')" "1 1 1 1"
is "conflicts --emit-witness: they are in both" \
    "$(count "$tmp/c-1.pcapng" 'ip and tcp') $(count "$tmp/c-2.pcapng" \
        'ip6 and udp port 53') $(count "$tmp/c-4.pcapng" 'ip and tcp')" "1 1 1"
exits "conflicts --emit-witness, a directory" 1 "$exopf" conflicts \
    -f "$tmp/c.xf" --emit-witness "$tmp/c.d"
is "conflicts --emit-witness, a directory: its files" \
    "$(cd "$tmp/c.d" && echo ./*)" "./1.pcap ./2.pcap ./4.pcap"
exits "conflicts --emit-witness, one file" 1 "$exopf" conflicts \
    -f "$tmp/c.xf" --emit-witness "$tmp/c.pcap"
is "conflicts --emit-witness, one file: the first" \
    "$(count "$tmp/c.pcap") $(count "$tmp/c.pcap" 'ip and tcp')" "1 1"
exits "conflicts --limit" 1 "$exopf" conflicts --limit 0 -f "$tmp/c.xf"
like "conflicts --limit: says so" "$(cat "$tmp/out")" '^4 more are not shown'
grep -e alice -e 'grant bob' "$tmp/c.xf" | sed "s/'ip'/'udp'/" >"$tmp/d.xf"
exits "conflicts, none" 0 "$exopf" conflicts -f "$tmp/d.xf"
is "conflicts, none: says so" "$(cat "$tmp/out")" \
    "bindings: 1; owners: 1; grants: 2; no conflict"
exits "conflicts, and replay agrees" 0 "$exopf" replay -r "$web" \
    --policy exclusive -f "$tmp/d.xf"
exits "conflicts, nothing to compare" 2 "$exopf" conflicts
exits "conflicts, bad limit" 2 "$exopf" conflicts --limit x -f "$tmp/d.xf"
exits "conflicts, bad grant" 2 "$exopf" conflicts --grant tcp
fails_json "conflicts --json, no file" exopf.conflicts/1 2 \
    "$exopf" conflicts --json -f "$tmp/nowhere"
cp "$tmp/c.xf" "$tmp/in.pcap"
exits "conflicts --emit-witness, no such directory" 2 "$exopf" conflicts \
    -f "$tmp/c.xf" --emit-witness "$tmp/nowhere/{n}.pcap"
ln -s "$tmp/in.pcap" "$tmp/over1.pcap"
exits "conflicts --emit-witness, over its input by a link" 2 "$exopf" \
    conflicts -f "$tmp/in.pcap" --emit-witness "$tmp/over{n}.pcap"
is "conflicts --emit-witness: the input is as it was" \
    "$(cmp "$tmp/c.xf" "$tmp/in.pcap" && echo same)" same

# dump
exits "dump" 0 "$exopf" dump udp port 53
like "dump: both stages" "$(tr '\n' ' ' <"$tmp/out")" \
    '\(000\) ldh.*ret.*0: \([0-9a-f][0-9a-f]\)'
tcpdump -d -y EN10MB 'udp port 53' >"$tmp/theirs" 2>/dev/null
exits "dump --stage cbpf" 0 "$exopf" dump --stage cbpf udp port 53
is "dump --stage cbpf is tcpdump -d" "$(cat "$tmp/out")" "$(cat "$tmp/theirs")"
tcpdump -O -d -y EN10MB 'udp port 53' >"$tmp/theirs" 2>/dev/null
exits "dump -O" 0 "$exopf" dump -O --stage cbpf udp port 53
is "dump -O is tcpdump -O -d" "$(cat "$tmp/out")" "$(cat "$tmp/theirs")"
json "dump --json" exopf.dump/1 0 "$exopf" dump --json ip6
is "dump --json: the bytes are those of --hex" \
    "$(field '.ebpf[].bytes')" "$("$exopf" dump --hex ip6)"
exits "dump --stage ebpf" 0 "$exopf" dump --stage ebpf ip6
"$exopf" dump --asm "$tmp/out" --hex >"$tmp/again" 2>"$tmp/err"
is "what dump writes, --asm reads" "$(cat "$tmp/again")" \
    "$("$exopf" dump --hex ip6)"
exits "dump --opcodes" 0 "$exopf" dump --opcodes
rows=$(($(wc -l <"$tmp/out") - 1))
like "dump --opcodes: the instructions of RFC 9669" "$rows" '^[12][0-9][0-9]$'
json "dump --opcodes --json" exopf.opcodes/1 0 "$exopf" dump --opcodes --json
is "dump --opcodes --json: as many" "$(field '.opcodes | length')" "$rows"
exits "dump, bad stage" 2 "$exopf" dump --stage three tcp
exits "dump, cbpf of no expression" 2 "$exopf" dump --stage cbpf --raw "$ret0"
exits "dump, nothing" 2 "$exopf" dump
exits "dump, empty input" 2 "$exopf" dump --asm -
like "dump, empty input: why" "$(cat "$tmp/err")" 'there is no program'
fails_json "dump --json, empty input" exopf.dump/1 2 "$exopf" dump --json --raw -
fails_json "dump --json, bad expression" exopf.dump/1 2 \
    "$exopf" dump --json 'tcp prot 80'
fails_json "dump --json, cbpf of no expression" exopf.dump/1 2 \
    "$exopf" dump --json --stage cbpf --raw "$ret0"
fails_json "dump --json, --opcodes of a program" exopf.opcodes/1 2 \
    "$exopf" dump --json --opcodes tcp

# run
exits "run" 0 "$exopf" run --raw 'b700000007000000 9500000000000000'
is "run: r0" "$(cat "$tmp/out")" 0x7
printf '61 10 00 00 00 00 00 00\n95 00 00 00 00 00 00 00\n' >"$tmp/load"
is "run --raw -, --mem" "$("$exopf" run --raw - --mem '78 56 34 12' \
    <"$tmp/load")" 0x12345678
is "run --raw -, memory as an argument" "$("$exopf" run --raw - 78563412 \
    <"$tmp/load")" 0x12345678
is "run: r2 is the memory's size" "$("$exopf" run \
    --raw 'bf20000000000000 9500000000000000' --mem 00112233)" 0x4
exits "run, a trap" 1 "$exopf" run --raw '6110000000000000 9500000000000000'
is "run, a trap: no result" "$(cat "$tmp/out")" ""
like "run, a trap: its kind" "$(cat "$tmp/err")" 'trap load at instruction 0'
exits "run, no such instruction" 1 "$exopf" run --raw ffffffffffffffff
exits "run, endless" 1 "$exopf" run --fuel 1000 --raw '0500ffff00000000'
like "run, endless: its kind" "$(cat "$tmp/err")" 'trap fuel'
json "run --json" exopf.run/1 0 "$exopf" run --json --raw "$ret0"
is "run --json: end, r0, steps" "$(field '.end, .r0, .steps' | tr '\n' ' ')" \
    "exit 0x0 2 "
json "run --json, a trap" exopf.run/1 1 "$exopf" run --json \
    --raw '0500ffff00000000' --fuel 10
is "run --json, a trap" "$(field '.end, .trap, .r0' | tr '\n' ' ')" \
    "fuel true null "
arp='ffffffffffff020000000001 0806 0001080006040001'
"$exopf" dump --hex arp >"$tmp/arp.hex"
is "run --packet" "$("$exopf" run --raw - --packet "$arp" <"$tmp/arp.hex")" \
    0x40000
is "run --type, another packet" "$("$exopf" run --raw - --type socket \
    --packet 00 <"$tmp/arp.hex")" 0x0
exits "run, bad engine" 2 "$exopf" run --engine warp --raw "$ret0"
exits "run --engine interp" 0 "$exopf" run --engine interp --raw "$ret0"
exits "run, memory twice" 2 "$exopf" run --raw "$ret0" --mem 00 00
exits "run, memory and a packet" 2 "$exopf" run --raw "$ret0" --mem 00 \
    --packet 00
exits "run, no program" 2 "$exopf" run
exits "run, bad fuel" 2 "$exopf" run --fuel none --raw "$ret0"
for from in '--raw -' '--asm -' '--asm /dev/null'; do
	# shellcheck disable=SC2086 # an option and its value
	exits "run $from, empty" 2 "$exopf" run $from
	quiet_errors "run $from, empty"
	like "run $from, empty: why" "$(cat "$tmp/err")" 'there is no program'
done
exits "run, an empty program" 2 "$exopf" run --raw ''
fails_json "run --json, empty input" exopf.run/1 2 "$exopf" run --json --raw -
fails_json "run --json, no file" exopf.run/1 2 \
    "$exopf" run --json --asm "$tmp/nowhere"
fails_json "run --json, bad memory" exopf.run/1 2 \
    "$exopf" run --json --raw "$ret0" --mem 0
fails_json "run --json, no program" exopf.run/1 2 "$exopf" run --json

# explain
exits "explain" 0 "$exopf" explain
rows=$(($(wc -l <"$tmp/out") - 1))
json "explain --json" exopf.explain/1 0 "$exopf" explain --json
is "explain lists all codes" "$(field '.codes | length')" "$rows"
field '.codes[].code' >"$tmp/codes"
while read -r code; do
	"$exopf" explain "$code" >"$tmp/out" 2>&1 ||
	    echo "$code is not explained"
	grep -q "^$code " "$tmp/out" || echo "$code: $(head -n 1 "$tmp/out")"
done <"$tmp/codes" >"$tmp/bad"
is "every code is explained" "$(cat "$tmp/bad")" ""
"$exopf" explain VF404 >"$tmp/out"
like "explain: the refusal as it is printed" "$(cat "$tmp/out")" \
    '^    refused VF404: '
like "explain: the repaired program" "$(cat "$tmp/out")" '^  repaired:$'
"$exopf" explain --json VF404 >"$tmp/out"
field '.codes[0].program' >"$tmp/bad.s"
field '.codes[0].repaired' >"$tmp/good.s"
exits "explain: its program" 1 "$exopf" verify --type xdp --asm "$tmp/bad.s"
like "explain: its program earns it" "$(cat "$tmp/out")" '^refused VF404'
exits "explain: repaired" 0 "$exopf" verify --type xdp --asm "$tmp/good.s"
exits "explain, without VF" 0 "$exopf" explain 104
exits "explain, by name" 0 "$exopf" explain bad_reg
exits "explain, no such code" 1 "$exopf" explain VF999
exits "explain, no code at all" 1 "$exopf" explain nonsense
fails_json "explain --json, no such code" exopf.explain/1 1 \
    "$exopf" explain --json VF999

# doctor
exits "doctor" 0 "$exopf" doctor
json "doctor --json" exopf.doctor/1 0 "$exopf" doctor --json
is "doctor: all packings are built in" \
    "$(field '[.findings[] | select(.kind == "tool" and .ok) | .name] |
        map(select(. == ("gzip", "zstd", "lz4", "xz"))) | length')" 4
# its QEMU: none, one that is old, no such program, one that never ends
qemu='.findings[] | select(.name == "qemu-system-x86_64") | "\(.kind) \(.ok) \(.value)"'
mkdir "$tmp/doctor"
doctor_qemu()
{
	exits "doctor: $1" 0 env PATH="$tmp/doctor" "$exopf" doctor --json
	is "doctor: $1: is said" "$(field "$qemu")" "boot $2"
}
doctor_qemu "no QEMU" "false missing: apt-get install qemu-system-x86"
fake=$tmp/doctor/qemu-system-x86_64
says_version()
{
	printf '#!/bin/sh\n[ "$*" = --version ] && echo "%s"\n' "$1" >"$fake"
	chmod +x "$fake"
}
says_version "QEMU emulator version 9.10.1 (Debian 1:9.10)"
doctor_qemu "a QEMU" "true 9.10.1, $fake"
says_version "QEMU emulator version 7.2.0"
doctor_qemu "the oldest that will do" "true 7.2.0, $fake"
says_version "QEMU emulator version 7.1.99"
doctor_qemu "an old QEMU" "false 7.1.99, older than 7.2, $fake"
says_version "hello"
doctor_qemu "no QEMU by that name" "false $fake does not say its version"
: >"$fake"
doctor_qemu "no program by that name" "false $fake: Exec format error"
printf '#!/bin/sh\nexec /bin/sleep 100\n' >"$fake"
doctor_qemu "a QEMU that never ends" "false $fake does not say its version"
exits "doctor with an argument" 2 "$exopf" doctor who
fails_json "doctor --json, an argument" exopf.doctor/1 2 \
    "$exopf" doctor --json who

# replay: usage
json "replay --json" exopf.replay/1 0 "$exopf" replay --json -r "$web" t=tcp
is "replay --json: the fields that are promised" \
    "$(field '[has("packets", "bytes", "unmatched", "interrupted")] +
        (.bindings[0] | [has("name", "expr", "matched", "bytes",
        "delivered", "dropped")]) | all')" true
exits "replay, no trace" 2 "$exopf" replay t=tcp
exits "replay, no binding" 2 "$exopf" replay -r "$web"
exits "replay, no name" 2 "$exopf" replay -r "$web" 'tcp port 80'
like "replay, no name: how to" "$(cat "$tmp/err")" 'NAME=FILTER'
exits "replay, bad policy" 2 "$exopf" replay -r "$web" --policy last t=tcp
exits "replay, bad extension" 2 "$exopf" replay -r "$web" -o "$tmp/x.txt" t=tcp
exits "replay, one file for two" 2 "$exopf" replay -r "$web" \
    -o "$tmp/x.pcap" t=tcp u=udp
exits "replay, standard input twice" 2 "$exopf" replay -r - -r - t=tcp
for name in .hidden a/b '' 'a b' 'ü'; do
	exits "replay, a bad name '$name'" 2 "$exopf" replay -r "$web" \
	    "$name=tcp"
done

# With --json a replay that could not begin prints an object as well.
fails_json "replay --json, no trace" exopf.replay/1 2 "$exopf" replay --json t=
fails_json "replay --json, no binding" exopf.replay/1 2 \
    "$exopf" replay --json -r "$web"
fails_json "replay --json, a bad binding" exopf.replay/1 2 \
    "$exopf" replay --json -r "$web" tcp
fails_json "replay --json, no file of bindings" exopf.replay/1 2 \
    "$exopf" replay -f "$tmp/nowhere" --json -r "$web"
fails_json "replay --json, a bad pattern" exopf.replay/1 2 \
    "$exopf" replay --json -r "$web" -o "$tmp/x.txt" t=tcp
fails_json "replay --json, a bad filter" exopf.replay/1 2 \
    "$exopf" replay --json -r "$web" 't=tcp prot 80'
fails_json "replay --json, no such trace" exopf.replay/1 2 \
    "$exopf" replay --json -r "$tmp/nowhere" t=tcp
fails_json "replay --json, no output" exopf.replay/1 2 \
    "$exopf" replay --json -r "$web" -o /dev/null/x.pcap t=tcp
is "replay --json, no output: nothing is counted" \
    "$(field '[.packets, .linktypes]' | tr -d ' \n')" '[0,[]]'

# Names of all lengths: more than the label of a filter image may have.
for length in 64 65 128; do
	name=$(printf "%0${length}d" 7)
	exits "replay, a name of $length" 0 "$exopf" replay -q -r "$web" \
	    -o "$tmp/long/{owner}/{name}.pcap" "$name,owner=$name=tcp"
	is "replay, a name of $length: its output" \
	    "$(count "$tmp/long/$name/$name.pcap")" "$(count "$web" tcp)"
done
exits "replay, a name of 129" 2 "$exopf" replay -q -r "$web" \
    "$(printf '%0129d' 7)=tcp"
like "replay, a name of 129: why" "$(cat "$tmp/err")" 'a name is 1 to 128'

# Text as other systems write it: a byte order mark, lines that end in CR LF.
printf '\357\273\277# list\r\nt=tcp\r\nf=@%s\r\n' "$tmp/filter" >"$tmp/list"
printf '\357\273\277tcp and\r\n# web\r\nport 80\r\n' >"$tmp/filter"
json "replay -f, byte order mark, CR LF" exopf.replay/1 0 "$exopf" replay \
    --json -r "$web" -f "$tmp/list"
is "replay -f, byte order mark, CR LF: the names" \
    "$(field '.bindings[].name' | tr '\n' ' ')" "t f "
is "replay -f, byte order mark, CR LF: the filters" \
    "$(field '.bindings[].matched' | tr '\n' ' ')" \
    "$(count "$web" tcp) $(count "$web" tcp and port 80) "

bom=$(printf '\357\273\277')
echo "${bom}r0 = 7
exit" >"$tmp/bom.s"
is "--asm, byte order mark" "$("$exopf" run --asm "$tmp/bom.s" 2>&1)" 0x7
is "--raw, byte order mark" "$("$exopf" run --raw "$bom$ret0" 2>&1)" 0x0
is "--raw -, byte order mark" "$(echo "$bom$ret0" | "$exopf" run --raw - 2>&1)" \
    0x0
exits "--raw, a byte order mark elsewhere" 2 "$exopf" run --raw "95$bom"

# One of a thing.
exits "one byte" 2 "$exopf" verify --raw 95
like "one byte" "$(cat "$tmp/err")" ': 1 byte is no whole number'
printf x >"$tmp/one"
exits "a trace of one byte" 2 "$exopf" replay -r "$tmp/one" all=
like "a trace of one byte" "$(cat "$tmp/err")" ': 1 byte is no capture'

# What others wrote cannot command the terminal: ESC, CR, DEL, CSI of one byte,
# CSI in UTF-8, the order of text (U+202E, U+2066). Other UTF-8 is printed.
raw=$(printf 'a\033[2Jb\rc\177d\233e\302\233f\342\200\256\342\201\246\303\274')
safe='a\x1b[2Jb\x0dc\x7fd\x9be\xc2\x9bf\xe2\x80\xae\xe2\x81\xa6'
safe=$safe$(printf '\303\274')
exits "control bytes: a trace" 2 "$exopf" replay -r "$raw" t=tcp
is "control bytes: a trace" "$(cat "$tmp/err")" \
    "exopf: $safe: cannot open: No such file or directory"
exits "control bytes: a usage error" 2 "$exopf" verify --type "$raw" tcp
like "control bytes: a usage error" "$(head -n 1 "$tmp/err" | tr '\134' /)" \
    "^exopf verify: --type $(printf %s "$safe" | tr '\134' / | sed 's/\[/\\[/')"
exits "control bytes: a command" 2 "$exopf" "$raw"
is "control bytes: a command" "$(cat "$tmp/err")" \
    "exopf: there is no command '$safe'; 'exopf help' lists them"
ln -s /usr/bin "$tmp/$raw"
exits "control bytes: a table" 0 env PATH="$tmp/$raw:$PATH" "$exopf" doctor
is "control bytes: a table" "$(grep -cF "$safe/make" "$tmp/out") $(LC_ALL=C \
    tr -d '\n -~\303\274' <"$tmp/out" | wc -c)" "1 0"

# Hostile bytes in names and filters leave the JSON valid.
bytes=$(printf '\377\302\240"\\\001')
exits "replay --json, hostile file name" 2 "$exopf" replay --json \
    -r "$tmp/$bytes" t=tcp
is "replay --json, hostile file name: valid" \
    "$(jq -r '.files | length' "$tmp/out")" 1

# No colour without a terminal, nor with NO_COLOR.
esc=$(printf '\033')
is "no colour without a terminal" \
    "$("$exopf" explain | grep -c "$esc")" 0
if command -v script >/dev/null; then
	like "colour on a terminal" "$(TERM=xterm script -qc \
	    "env -u NO_COLOR '$exopf' explain" /dev/null)" "$esc"
	is "no colour with NO_COLOR" "$(TERM=xterm NO_COLOR=1 script -qc \
	    "'$exopf' explain" /dev/null | grep -c "$esc")" 0
else
	skip "colour on a terminal" "script is not installed"
fi
finish
