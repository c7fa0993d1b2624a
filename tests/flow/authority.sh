#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Grants and claims: who gets what, who is refused, and which packet shows it.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

web=$pcaps/web4.pcap
dns=$pcaps/dns.pcap
cat >"$tmp/good.xf" <<'END'
# who has what
grant alice 'tcp port 80 or tcp port 443' exclusive,tell
grant bob "udp" exclusive, tell
grant bob 'icmp or icmp6 or arp' exclusive

syn@5,owner=alice,claim='tcp dst port 80'=tcp[tcpflags] & tcp-syn != 0
all,owner=alice=
dns,owner=bob,claim="udp port 53"=
rest,owner=bob=
END

# matched NAME [FILE]
matched()
{
	field ".bindings[] | select(.name == \"$1\") | .matched" "${2:-$tmp/out}"
}

# Everybody gets what is theirs, the first of an owner's bindings of it.
exits "exclusive" 0 "$exopf" replay --json --policy exclusive -r "$web" \
    -r "$dns" -f "$tmp/good.xf"
both=$(($(count "$web" udp) + $(count "$dns" udp)))
port53=$(($(count "$web" 'udp port 53') + $(count "$dns" 'udp port 53')))
syn=$(count "$web" 'tcp dst port 80 and tcp[tcpflags] & tcp-syn != 0')
http=$(count "$web" 'tcp port 80 or tcp port 443')
other='icmp or icmp6 or arp'
others=$(($(count "$web" "$other") + $(count "$dns" "$other")))
is "exclusive: a claim, and its filter" "$(matched syn)" "$syn"
is "exclusive: the grant, less what came before" "$(matched all)" \
    $((http - syn))
is "exclusive: a claim in one of two grants" "$(matched dns)" "$port53"
is "exclusive: no claim is all grants" "$(matched rest)" \
    $((both - port53 + others))
is "exclusive: nobody gets a packet twice" \
    "$(field '([.bindings[].matched] | add) == .any')" true
is "exclusive: the JSON has claims and grants" \
    "$(field '[.policy, .bindings[0].claim, .bindings[1].claim,
        .grants[1].owner, .grants[1].region, .grants[1].rights,
        (.denied | length), .owners[1].grants] |
        map(tostring) | join("; ")')" \
    "exclusive; proto = 6 and dport = 80; null; bob; proto = 17; exclusive,tell; 0; 2"
exits "exclusive, the table" 0 "$exopf" replay --policy exclusive -r "$web" \
    -f "$tmp/good.xf"
like "exclusive, the table: says so" "$(head -n 1 "$tmp/out")" \
    'policy exclusive$'

# Later fragments follow the first that a claim of ports has.
frags=$pcaps/fragments.pcap
all=$(count "$frags" 'udp')
first=$(count "$frags" '(udp and ip[6:2] & 0x1fff = 0) or
    (ip6[6] = 44 and ip6[40] = 17 and ip6[42:2] & 0xfff8 = 0) or
    ip6[6] = 17')
ports="claim='udp and has sport'"
exits "fragments" 0 "$exopf" replay --json --policy exclusive -r "$frags" \
    --grant "a 'udp' exclusive,fragments" "u,owner=a,$ports,fragments="
is "fragments: all of a packet" "$(matched u)" "$all"
exits "fragments, not wanted" 0 "$exopf" replay --json --policy exclusive \
    -r "$frags" --grant "a 'udp' exclusive,fragments" "u,owner=a,$ports="
is "fragments, not wanted: those with ports" "$(matched u)" "$first"
exits "fragments without the right" 1 "$exopf" replay --policy exclusive \
    -r "$frags" --grant "a 'udp' exclusive" "u,owner=a,$ports,fragments="
like "fragments without the right: says which" "$(cat "$tmp/err")" \
    'without the right fragments'
exits "fragments under another policy" 2 "$exopf" replay -r "$frags" \
    "u,fragments="

# A claim bounds its filter under every policy, whatever the filter is.
for policy in all first; do
	exits "a claim under $policy" 0 "$exopf" replay --json \
	    --policy "$policy" -r "$web" "a,claim='tcp dst port 80'="
	is "a claim under $policy: nothing else" "$(matched a)" \
	    "$(count "$web" 'tcp dst port 80')"
done
exits "grants on the command line" 0 "$exopf" replay --json -r "$web" \
    --grant "a 'tcp' shared" --grant 'b "ip" shared,first' \
    a,owner=a=ip b,owner=b=
is "grants on the command line: held to them" "$(matched a) $(matched b)" \
    "$(count "$web" 'ip and tcp') $(count "$web" ip)"

# Each packet of a claim that reaches over two grants.
exits "over two grants" 0 "$exopf" replay --json --policy exclusive -r "$web" \
    --grant "a 'tcp src port 80' exclusive" \
    --grant "a 'tcp dst port 80' exclusive" "a,owner=a,claim='tcp port 80'="
is "over two grants: all of them" "$(matched a)" \
    "$(count "$web" 'tcp port 80')"

# refused NAME WHY PATTERN OPTION...: exit 1, nothing printed, a message.
refused()
{
	name=$1 why=$2 pattern=$3
	shift 3
	exits "$name" 1 "$exopf" replay -r "$web" --policy exclusive "$@"
	is "$name: no table" "$(cat "$tmp/out")" ""
	like "$name: why" "$(tr '\n' ' ' <"$tmp/err")" "$pattern"
	grep -v -e --emit-witness "$tmp/err" | sed 's/^exopf[^:]*: //' \
	    >"$tmp/said"
	exits "$name, --json" 1 "$exopf" replay --json -r "$web" \
	    --policy exclusive "$@"
	is "$name, --json: why" "$(field '.denied[0].why')" "$why"
	is "$name, --json: errors are what was said" \
	    "$(field '.errors[]')" "$(cat "$tmp/said")"
}

refused "no grant" "no grant" \
    "a: nothing is granted to its owner, default: write *grant default 'REGION' exclusive" \
    a=tcp
refused "no grant, another has one" "no grant" "owner, eve: write" \
    --grant "a 'tcp' exclusive" e,owner=eve=tcp f,owner=eve=udp
is "no grant: told once an owner" "$(field '.errors | length')" 1
is "no grant: all bindings in JSON" "$(field '.denied | length')" 2
refused "no right" "no right" \
    'without the right exclusive, which --policy exclusive asks for' \
    --grant "a 'tcp' shared,tell" a,owner=a=tcp
refused "outside" "outside" \
    'owner, a, with the right exclusive *outside: EN10MB .*: udp' \
    --grant "a 'ip and tcp' exclusive" --grant "a 'arp' exclusive,tell" \
    "a,owner=a,claim='ip and (tcp or udp port 53)'="
refused "outside a net" "outside" 'outside: EN10MB .*: tcp \[S], 54 bytes' \
    --grant "a 'dst net 10.0.0.0/8' exclusive" "a,owner=a,claim='tcp'="
set -- --grant "a 'tcp' exclusive" --grant "b 'ip' exclusive,tell" \
    a,owner=a= "b,owner=b,claim='ip and (tcp dst port 25 or udp)'="
refused "conflict" "conflict" \
    'b: a, of owner a, claims some of its packets exclusively *both: EN10MB .*\.25: tcp' "$@"
is "conflict, --json: whose" "$(field '.denied[0] |
    [.binding, .owner, .other, .other_owner, .linktype,
    (.witness.flaws | length)] | join(" ")')" "b b a a EN10MB 0"
field '.denied[0].witness.bytes' >"$tmp/hex"
set -- --grant "a 'tcp' exclusive" --grant "b 'ip or arp' exclusive" \
    a,owner=a= "b,owner=b,claim='ip and (tcp dst port 25 or udp)'="
refused "conflict, without tell" "conflict" \
    'b: another owner claims .* right tell' "$@"
is "conflict, without tell: nobody" "$(field '.denied[0].other')" null
is "conflict, without tell: the same packet" \
    "$(field '.denied[0].witness.bytes')" "$(cat "$tmp/hex")"
is "one owner's claims may overlap" "$("$exopf" replay --json -r "$web" \
    --policy exclusive --grant "a 'ip' exclusive" a,owner=a=tcp b,owner=a= |
    jq -r '[.bindings[].matched | tostring] | join(" ")')" \
    "$(count "$web" 'ip and tcp') $(count "$web" 'ip and not tcp')"
exits "held to grants under all" 1 "$exopf" replay -r "$web" \
    --grant "a 'tcp' exclusive" a,owner=a=
like "held to grants under all: which right" "$(cat "$tmp/err")" \
    'without the right shared, which --policy all asks for'
exits "held to grants under first" 1 "$exopf" replay -r "$web" --policy first \
    --grant "a 'tcp' shared" a,owner=a=

# Witnesses in files.
refused "a witness in a file" "conflict" both: \
    --emit-witness "$tmp/w.pcap" "$@"
is "a witness in a file: it is in both claims" \
    "$(count "$tmp/w.pcap" 'tcp dst port 25') $(count "$tmp/w.pcap")" "1 1"
refused "a witness for each" "conflict" both: \
    --emit-witness "$tmp/w-{name}.pcapng" "$@" "c,owner=a,claim='arp'="
is "a witness for each: one of b" "$(count "$tmp/w-b.pcapng" 'port 25')" 1
is "a witness for each: one of c" "$(count "$tmp/w-c.pcapng" 'arp')" 1
refused "no witness" "no grant" 'there is no witness to write' \
    --emit-witness "$tmp/no.pcap" a=tcp
is "no witness: no file" "$([ -e "$tmp/no.pcap" ] || echo none)" none
cp "$web" "$tmp/in.pcap"
exits "a witness over the trace" 2 "$exopf" replay -r "$tmp/in.pcap" \
    --policy exclusive --emit-witness "$tmp/in.pcap" "$@"
is "a witness over the trace: it is as it was" \
    "$(cmp "$web" "$tmp/in.pcap" && echo same)" same
exits "a witness of no format" 2 "$exopf" replay -r "$web" \
    --emit-witness "$tmp/w.txt" a=tcp
exits "a witness to standard output" 2 "$exopf" replay -r "$web" \
    --emit-witness - a=tcp

# Claims that meet in one link type only: what was counted until then is shown.
exits "refused later" 1 "$exopf" replay -r "$web" -r "$pcaps/any-sll.pcap" \
    --policy exclusive --grant "a 'any' exclusive" \
    --grant "b 'link = 113' exclusive,tell" a,owner=a= b,owner=b= \
    -o "$tmp/later/{name}.pcap" --emit-witness "$tmp/later.pcap"
like "refused later: the message" "$(cat "$tmp/err")" \
    'a, of owner a, claims some'
like "refused later: what was counted" "$(cat "$tmp/out")" \
    "^a  *$(count "$web") "
is "refused later: the outputs are whole" "$(count "$tmp/later/a.pcap")" \
    "$(count "$web")"
is "refused later: the witness" "$(count "$tmp/later.pcap")" 1
exits "a witness over an output" 2 "$exopf" replay -r "$web" \
    -r "$pcaps/any-sll.pcap" --policy exclusive --grant "a 'any' exclusive" \
    --grant "b 'link = 113' exclusive,tell" a,owner=a= b,owner=b= \
    -o "$tmp/later/{name}.pcap" --emit-witness "$tmp/later/a.pcap"
like "a witness over an output: why" "$(cat "$tmp/err")" \
    '--emit-witness .*later/a.pcap'
is "a witness over an output: that is whole" "$(count "$tmp/later/a.pcap")" \
    "$(count "$web")"

# What is wrong with a line.
exits "a bad grant" 2 "$exopf" replay -r "$web" --grant "a 'tcp' owns" a=
like "a bad grant: why" "$(cat "$tmp/err")" "--grant: 'owns' is no right"
printf '\ngrant a "tcp" exclusive,transmit\n' >"$tmp/bad.xf"
exits "a bad grant in a file" 2 "$exopf" replay -r "$web" -f "$tmp/bad.xf"
like "a bad grant in a file: where" "$(cat "$tmp/err")" \
    'bad.xf:2: the right transmit'
exits "a bad claim" 2 "$exopf" replay -r "$web" "a,claim='tcp prot 80'="
like "a bad claim: where" "$(sed -n 3p "$tmp/err")" '^ *\^+$'
exits "a bad policy" 2 "$exopf" replay -r "$web" --policy none a=
finish
