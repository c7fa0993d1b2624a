#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Compiled code at the tool's surface: run --engine, dump --stage jit,
# --jit-passes, replay --judge, --perf-map, doctor.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

web=$pcaps/web4.pcap
ret0='b700000000000000 9500000000000000'
# r0 = 0; if r2 != 4 goto exit; r0 = *(u32 *)r1; *(u8 *)r1 = 1; exit
mem='b700000000000000 5502020004000000 6110000000000000 7201000001000000
    9500000000000000'

# run: both engines give what they give.
for engine in interp jit both; do
	exits "run, $engine" 0 "$exopf" run --engine $engine --raw "$mem" \
	    78563412
	is "run, $engine: r0" "$(cat "$tmp/out")" 0x12345678
	exits "run, $engine, --json" 0 "$exopf" run --engine $engine --json \
	    --raw "$mem" 78563412
	is "run, $engine, --json" "$(field '[.engine, .end, .trap, .r0, .memory,
	    .packet, (.steps != null), (.code_bytes != null)] | map(tostring) |
	    join(" ")')" "$engine exit false 0x12345678 01563412 null $(
		case $engine in
		interp) echo true false ;;
		jit) echo false true ;;
		both) echo true true ;;
		esac)"
	exits "run, $engine, less memory" 0 "$exopf" run --engine $engine \
	    --raw "$mem" --mem 010203
	is "run, $engine, less memory" "$(cat "$tmp/out")" 0x0
	exits "run, $engine, no memory" 0 "$exopf" run --engine $engine \
	    --raw "$mem"
	"$exopf" dump --hex arp >"$tmp/arp.hex"
	is "run, $engine, a packet" "$("$exopf" run --engine $engine --raw - \
	    --packet ffffffffffff02000000000108060001080006040001 \
	    <"$tmp/arp.hex")" 0x40000
	is "run, $engine, a packet that ends early" \
	    "$("$exopf" run --engine $engine --raw - --packet ffff \
	    --wirelen 60 <"$tmp/arp.hex")" 0x0
	is "run, $engine, no packet" "$("$exopf" run --engine $engine \
	    --type socket --raw - <"$tmp/arp.hex")" 0x0
done
is "run, both: they do not differ" "$("$exopf" run --json --engine both \
    --raw "$mem" 78563412 | jq .differ)" null

# What is not verified is not compiled.
unproven='6110000000000000 9500000000000000'
exits "run, interp, not verified" 0 "$exopf" run --raw "$unproven" 01020304
for engine in jit both; do
	exits "run, $engine, refused" 1 "$exopf" run --engine $engine \
	    --raw "$unproven" 01020304
	is "run, $engine, refused: no result" "$(cat "$tmp/out")" ""
	like "run, $engine, refused: why" "$(cat "$tmp/err")" \
	    '^refused VF409: '
	like "run, $engine, refused: the instruction" "$(cat "$tmp/err")" \
	    '^  at instruction 0: r0 = \*\(u32 \*\)\(r1 \+0\)$'
	like "run, $engine, refused: what to do" "$(cat "$tmp/err")" \
	    'engine interp runs it'
	exits "run, $engine, refused, --json" 1 "$exopf" run --json \
	    --engine $engine --raw "$unproven" 01020304
	is "run, $engine, refused, --json" "$(field '[.schema, .end, .r0,
	    .refusal.code, .refusal.insn, .refusal.name, (.errors | length)] |
	    map(tostring) | join(" ")')" \
	    "exopf.run/1 refused null VF409 0 MEM_OOB 1"
done
exits "run, both, an address" 1 "$exopf" run --engine both \
    --raw 'bf10000000000000 9500000000000000' 00
exits "run, jit, an address" 0 "$exopf" run --engine jit \
    --raw 'bf10000000000000 9500000000000000' 00
printf 'r0 = 100\nl: r0 += -1\nif r0 != 0 goto l\nexit\n' >"$tmp/loop.s"
exits "run, jit, too little fuel" 1 "$exopf" run --engine jit --fuel 100 \
    --asm "$tmp/loop.s"
like "run, jit, too little fuel: why" "$(cat "$tmp/err")" '--fuel allows 100$'
exits "run, jit, fuel" 0 "$exopf" run --engine jit --asm "$tmp/loop.s"

# Maps and helpers, in both.
cat >"$tmp/map.s" <<'END'
*(u32 *)(r10 -4) = 1
*(u64 *)(r10 -16) = 77
r1 = map[id:0]
r2 = r10
r2 += -4
r3 = r10
r3 += -16
r4 = 0
call map_update_elem#2
r1 = map[id:0]
r2 = r10
r2 += -4
call map_lookup_elem#1
if r0 == 0 goto out
r0 = *(u64 *)(r0 +0)
out: exit
END
for engine in interp jit both; do
	for map in 'array 4 8 3' 'hash 4 8 3'; do
		exits "run, $engine, $map" 0 "$exopf" run --engine $engine \
		    --type xdp --asm "$tmp/map.s" --map "$map"
		is "run, $engine, $map" "$(cat "$tmp/out")" 0x4d
	done
done
exits "run, jit, no map" 1 "$exopf" run --engine jit --type xdp \
    --asm "$tmp/map.s"
exits "run, interp, no map" 1 "$exopf" run --type xdp --asm "$tmp/map.s"
like "run, interp, no map" "$(cat "$tmp/err")" 'trap map at instruction 2'
exits "run, no map that can be" 2 "$exopf" run --raw "$ret0" \
    --map 'array 5 8 3'
exits "run, a map without words" 2 "$exopf" run --raw "$ret0" --map array

# Passes: each of them alone, and all but each, change nothing.
rows=$("$exopf" run --engine jit --jit-passes nonsense --raw "$ret0" 2>&1 |
    sed -n 's/.*they are \(.*\), also.*/\1/p' | tr -d ,)
like "--jit-passes: an unknown one names the others" "$rows" 'fold .*chains'
is "--jit-passes: they are those of the table" \
    "$(for row in $rows; do echo "$row"; done)" \
    "$(sed -n 's/^JIT_PASS([0-9]*, *\([a-z]*\),.*/\1/p' \
        "$src/exo/jit/passes.inc")"
"$exopf" dump --hex 'tcp port 80 or udp port 53' >"$tmp/web.hex"
for row in $rows; do
	for list in "$row" "-$row" "all,-$row" "none,$row"; do
		"$exopf" run --engine both --raw - --jit-passes "$list" \
		    --packet "$(printf '%024d080045%016d06%020d0050%040d' \
		        0 0 0 0)" <"$tmp/web.hex"
	done
done >"$tmp/out" 2>&1
is "--jit-passes: none changes a result" "$(sort -u "$tmp/out")" 0x40000
for list in '' ',' 'fold,' all,,fold -nonsense all,nonsense 'fold '; do
	exits "--jit-passes '$list'" 2 "$exopf" run --engine jit \
	    --raw "$ret0" --jit-passes "$list"
	like "--jit-passes '$list': how it is" "$(cat "$tmp/err")" \
	    'is no pass; they are dead, '
done
exits "--jit-passes for the interpreter" 2 "$exopf" run --raw "$ret0" \
    --jit-passes all
exits "--perf-map for the interpreter" 2 "$exopf" run --raw "$ret0" --perf-map

# dump --stage jit
exits "dump --stage jit" 0 "$exopf" dump --stage jit 'tcp port 80'
like "dump --stage jit: an instruction" "$(cat "$tmp/out")" \
    '^ +[0-9]+: \(28\) r0 = \*\(u16 \*\)skb\[12\]$'
like "dump --stage jit: machine code" "$(cat "$tmp/out")" \
    '^ +[0-9a-f]+: c3 +ret$'
is "dump --stage jit: jumps have labels that are there" \
    "$(sed -n 's/^ .* j[a-z]* \(L[0-9]*\)$/\1:/p' "$tmp/out" | sort -u)" \
    "$(sed -n 's/^ *\(L[0-9]*:\)$/\1/p' "$tmp/out" | sort -u)"
is "dump --stage jit: no jump without" \
    "$(grep -c ' j[a-z]* 0x' "$tmp/out")" 0
"$exopf" dump --stage ebpf 'tcp port 80' | sort >"$tmp/ebpf"
grep '^ *[0-9]*: (' "$tmp/out" | sort -u | comm -23 - "$tmp/ebpf" >"$tmp/odd"
is "dump --stage jit: instructions as ebpf shows them" "$(cat "$tmp/odd")" ""
size=$(sed -n 's/^; machine code, \([0-9]*\) bytes$/\1/p' "$tmp/out")
"$exopf" dump --stage jit --hex 'tcp port 80' >"$tmp/hex"
is "dump --stage jit --hex: as many bytes" \
    "$(tr -d '\n' <"$tmp/hex" | wc -c)" "$((size * 2))"
is "dump --stage jit: the same bytes" "$(sed -n \
    's/^ *[0-9a-f]*: \([0-9a-f][0-9a-f] .*\)/\1/p' "$tmp/out" | cut -c 1-30 |
    tr -d ' \n')" "$(tr -d '\n' <"$tmp/hex")"
exits "dump --stage jit --json" 0 "$exopf" dump --stage jit --json 'tcp port 80'
is "dump --stage jit --json: the same bytes" \
    "$(field '.jit | (.code + .tables)[].bytes' | tr -d '\n')" \
    "$(tr -d '\n' <"$tmp/hex")"
is "dump --stage jit --json: schema, size" \
    "$(field '[.schema, .jit.bytes] | map(tostring) | join(" ")')" \
    "exopf.dump/1 $size"
"$exopf" dump --stage jit --jit-passes none 'tcp port 80' >"$tmp/none"
like "dump --jit-passes: without any there is more" \
    "$(sed -n 's/^; machine code, \([0-9]*\) bytes$/\1/p' "$tmp/none") $size" \
    '^([0-9]{3,} [0-9]{2,3})$'
ports=$(i=1; while [ $i -le 39 ]; do printf 'tcp port %d or ' $i
    i=$((i + 1)); done; echo 'tcp port 40')
"$exopf" dump --stage jit "$ports" >"$tmp/out"
like "dump --stage jit: tables" "$(cat "$tmp/out")" '^; tables, [0-9]+ bytes$'
exits "dump --stage jit, a map" 0 "$exopf" dump --stage jit --type xdp \
    --asm "$tmp/map.s" --map 'hash 4 8 3'
like "dump --stage jit, a map" "$(cat "$tmp/out")" 'call map_lookup_elem#1$'
exits "dump --stage jit, refused" 1 "$exopf" dump --stage jit --type mem \
    --raw "$unproven"
like "dump --stage jit, refused: why" "$(cat "$tmp/err")" '^refused VF409: '
exits "dump --stage jit, refused, --json" 1 "$exopf" dump --stage jit --json \
    --type mem --raw "$unproven"
is "dump --stage jit, refused, --json" "$(field .refusal.code)" VF409
exits "dump --stage jit, empty input" 2 "$exopf" dump --stage jit --raw -

# replay --judge: the interpreter says the same.
for list in all none all,-swap; do
	exits "replay --judge, $list" 0 "$exopf" replay --judge --json -q \
	    --jit-passes "$list" -r "$web" web='tcp port 80' dns='udp port 53'
	is "replay --judge, $list" "$(field '[.judged, .bindings[].differed] |
	    map(tostring) | join(" ")')" "true 0 0"
	is "replay --judge, $list: the counts" \
	    "$(field '.bindings[].matched' | tr '\n' ' ')" \
	    "$(count "$web" tcp port 80) $(count "$web" udp port 53) "
done
for list in blind fence fence,blind none; do
	exits "replay --harden $list" 0 "$exopf" replay --judge --json -q \
	    --harden "$list" -r "$web" web='tcp port 80' dns='udp port 53'
	is "replay --harden $list" "$(field '[.bindings[].differed,
	    .bindings[].matched] | map(tostring) | join(" ")')" \
	    "0 0 $(count "$web" tcp port 80) $(count "$web" udp port 53)"
done
exits "replay, no such hardening" 2 "$exopf" replay -q --harden x -r "$web" a=
exits "dump, blinded" 0 "$exopf" dump --stage jit --harden blind 'tcp port 8080'
is "dump, blinded: no constant" "$(grep -c '0x901f' "$tmp/out")" 0
exits "dump, as it is" 0 "$exopf" dump --stage jit 'tcp port 8080'
is "dump, as it is: its constants" "$(grep -c '0x901f' "$tmp/out")" 4
exits "replay, no such pass" 2 "$exopf" replay -q --jit-passes x -r "$web" a=

# --perf-map: what is named there is executable memory of the process.
mkfifo "$tmp/fifo"
"$exopf" replay -q --json --perf-map -r "$tmp/fifo" web='tcp port 80' \
    dns-1='udp port 53' >"$tmp/out" 2>"$tmp/err" &
pid=$!
exec 3>"$tmp/fifo"
cat "$web" >&3
tries=0
while [ "$(wc -l <"/tmp/perf-$pid.map" 2>/dev/null || echo 0)" -lt 2 ] &&
    [ $tries -lt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
cp "/proc/$pid/maps" "$tmp/maps"
exec 3>&-
wait $pid
is "--perf-map: the replay" "$?" 0
map=/tmp/perf-$pid.map
is "--perf-map: the JSON says where" "$(field .perf_map)" "$map"
is "--perf-map: names" "$(cut -d ' ' -f 3 "$map" | tr '\n' ' ')" "web dns-1 "
is "--perf-map: for its owner alone" "$(stat -c %a "$map")" 600
is "--perf-map: sizes" "$(while read -r at size name; do
	echo $((0x$size)); done <"$map" | awk '{ n += $1 } END { print n }')" \
    "$(field .code_bytes)"
while read -r at size name; do
	from=$((0x$at)) to=$((0x$at + 0x$size))
	while read -r range bits rest; do
		[ $((0x${range%-*})) -le $from ] &&
		    [ $((0x${range#*-})) -ge $to ] && echo "$name $bits $rest"
	done <"$tmp/maps"
done <"$map" >"$tmp/where"
is "--perf-map: each is in executable memory" \
    "$(cut -c 1-10 "$tmp/where" | tr '\n' ' ')" "web r-xs 0 dns-1 r-xs "
like "--perf-map: that of our code" "$(cat "$tmp/where")" 'memfd:exopf-code'
rm -f "$map"

# Others may have been there before. The shell's process becomes the tool.
perf()
{
	# shellcheck disable=SC2016 # expanded by the shell that is started
	sh -c 'prepare=$1; shift; eval "$prepare"; exec "$@"' sh "$1" \
	    "$exopf" run --engine jit --raw "$ret0" --perf-map
}
echo kept >"$tmp/target"
# shellcheck disable=SC2016 # expanded by the shell that is started
perf "echo \$\$ >'$tmp/pid'; ln -s '$tmp/target' /tmp/perf-\$\$.map" \
    >"$tmp/out" 2>&1
is "--perf-map, a link is there: the run" "$? $(cat "$tmp/out")" "0 0x0"
map=/tmp/perf-$(cat "$tmp/pid").map
is "--perf-map, a link is there: it is not followed" "$(cat "$tmp/target")" \
    kept
like "--perf-map, a link is there: the file" "$(stat -c %F "$map"; cat "$map")" \
    '^[0-9a-f]+ [0-9a-f]+ program$'
rm -f "$map"
# shellcheck disable=SC2016 # expanded by the shell that is started
perf "echo \$\$ >'$tmp/pid'; mkdir /tmp/perf-\$\$.map" >"$tmp/out" 2>&1
is "--perf-map, it cannot be made: the run" "$?" 2
map=/tmp/perf-$(cat "$tmp/pid").map
like "--perf-map, it cannot be made: why" "$(cat "$tmp/out")" \
    "^exopf: --perf-map: cannot make $map: "
rmdir "$map"

# doctor
exits "doctor" 0 "$exopf" doctor --json
is "doctor: compiled code" "$(field '[.findings[] | select(.name ==
    ("executable memory", "compiler", "instruction sets", "disassembler")) |
    .ok] | map(tostring) | join(" ")')" "true true true true"
finish
