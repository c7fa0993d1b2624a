#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Filter images: written by compile, taken wherever an object is.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

web=$pcaps/web4.pcap

# Of an expression: the same program.
exits "of an expression" 0 "$exopf" compile -o "$tmp/web.xi" tcp port 80
exits "verify takes it" 0 "$exopf" verify --json "$tmp/web.xi"
is "of the type" "$(field .type)" socket
exits "dump takes it" 0 "$exopf" dump --hex "$tmp/web.xi"
cp "$tmp/out" "$tmp/hex"
exits "dump of the expression" 0 "$exopf" dump --hex tcp port 80
is "they are the same instructions" "$(cmp "$tmp/hex" "$tmp/out" && echo yes)" yes
exits "replay takes it" 0 "$exopf" replay --json -r "$web" \
    image="$tmp/web.xi" text='tcp port 80'
is "they match the same" "$(field '.bindings[0].matched')" \
    "$(field '.bindings[1].matched')"
is "as many as tcpdump" "$(field '.bindings[0].matched')" \
    "$(count "$web" 'tcp port 80')"

# Again, and to standard output.
exits "of an image" 0 "$exopf" compile -o "$tmp/again.xi" "$tmp/web.xi"
is "it is the same" "$(cmp "$tmp/web.xi" "$tmp/again.xi" && echo yes)" yes
"$exopf" compile -o - tcp port 80 >"$tmp/piped.xi"
is "through a pipe" "$(cmp "$tmp/web.xi" "$tmp/piped.xi" && echo yes)" yes
exits "stripped" 0 "$exopf" compile --strip -o "$tmp/bare.xi" "$tmp/web.xi"
is "the text is gone" "$(grep -c 'tcp port 80' "$tmp/bare.xi")" 0
is "it was there" "$(grep -c 'tcp port 80' "$tmp/web.xi")" 1
exits "a name" 0 "$exopf" compile --name hello -o "$tmp/named.xi" arp
is "is in it" "$(grep -c hello "$tmp/named.xi")" 1

# Of assembler text with a map, and what is wrong with it is seen later.
cat >"$tmp/p.asm" <<'A'
*(u32 *)(r10 -4) = 0
r2 = r10
r2 += -4
r1 = map[id:0]
call map_lookup_elem
r0 = *(u64 *)(r0 +0)
exit
A
exits "of assembler text" 0 "$exopf" compile --asm "$tmp/p.asm" --type xdp \
    --map 'array 4 8 1' -o "$tmp/p.xi"
exits "it is not safe" 1 "$exopf" verify --json "$tmp/p.xi"
is "for this reason" "$(field .code)" VF310
is "of its type" "$(field .type)" xdp
sed -i 's/^r0 = .*/if r0 == 0 goto +1\n&/' "$tmp/p.asm"
exits "mended" 0 "$exopf" compile --asm "$tmp/p.asm" --type xdp \
    --map 'array 4 8 1' -o "$tmp/p.xi"
exits "it is safe" 0 "$exopf" verify "$tmp/p.xi"
exits "and bound" 0 "$exopf" replay -q -r "$web" p="$tmp/p.xi"

# What cannot be.
exits "no output" 2 "$exopf" compile tcp
like "is said" "$(cat "$tmp/err")" 'say -o FILE'
exits "no program" 2 "$exopf" compile -o "$tmp/x.xi"
exits "an output that cannot be" 2 "$exopf" compile -o "$tmp/no/x.xi" tcp
like "why" "$(cat "$tmp/err")" 'cannot be written: No such file'
exits "a full disk" 2 "$exopf" compile -o /dev/full tcp
exits "an image has one program" 2 "$exopf" verify "$tmp/web.xi:web"
exits "its maps are its own" 2 "$exopf" compile --map 'array 4 8 1' \
    -o "$tmp/x.xi" "$tmp/web.xi"
exits "a name that cannot be" 2 "$exopf" compile --name "$(printf 'a\tb')" \
    -o "$tmp/x.xi" tcp
exits "a file that is not there" 2 "$exopf" verify "$tmp/none.xi"
like "is no expression" "$(cat "$tmp/err")" 'not the file of'

# Damaged ones: cut anywhere, each byte changed.
size=$(wc -c <"$tmp/web.xi")
died=0 wrong=0 k=0
while [ $k -lt "$size" ]; do
	head -c $k "$tmp/web.xi" >"$tmp/cut.xi"
	"$exopf" dump "$tmp/cut.xi" >/dev/null 2>&1
	[ $? -eq 2 ] || wrong=$((wrong + 1))
	k=$((k + 7))
done
is "a cut image is refused" $wrong 0
python3 - "$tmp/web.xi" "$tmp" <<'P'
import random, sys
b = open(sys.argv[1], "rb").read()
random.seed(3)
for i in range(40):
    m = bytearray(b)
    m[random.randrange(4, len(m))] = random.choice([0, 1, 0x80, 255])
    open("%s/m%d.xi" % (sys.argv[2], i), "wb").write(m)
P
for k in $(seq 0 39); do
	"$exopf" verify "$tmp/m$k.xi" >/dev/null 2>&1
	[ $? -le 2 ] || died=$((died + 1))
done
is "40 damaged images are survived" $died 0
finish
