#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Filters that were written in C and compiled for BPF.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

web=$pcaps/web4.pcap

# damage FILE NAME N: copies $tmp/NAME0.o ... of an object, cut anywhere, or with
# some bytes changed.
damage()
{
	python3 - "$1" "$tmp/$2" "$3" <<'P'
import random, sys
b = open(sys.argv[1], "rb").read()
random.seed(7)
for i in range(int(sys.argv[3])):
    m = bytearray(b)
    if i % 3 == 0:
        m = m[: random.randrange(len(m))]
    for _ in range(random.choice([1, 3, 12])):
        if m:
            p = random.randrange(len(m))
            if random.random() < 0.4:
                p = random.randrange(min(64, len(m)))
            m[p] = random.choice([0, 1, 0x7f, 0x80, 255, random.randrange(256)])
    open("%s%d.o" % (sys.argv[2], i), "wb").write(m)
P
}

compile web <<'C' || {
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} by_source SEC(".maps");

const volatile __u16 port = 80;
__u64 total = 5;

static __attribute__((noinline)) int note(__u32 src)
{
	__u64 one = 1, *v = bpf_map_lookup_elem(&by_source, &src);

	total++;
	if (v)
		*v += 1;
	else
		bpf_map_update_elem(&by_source, &src, &one, BPF_ANY);
	return v != 0;
}

SEC("xdp")
int web(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct tcphdr *tcp;

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    ip->protocol != IPPROTO_TCP || ip->ihl != 5)
		return XDP_DROP;
	tcp = (void *)(ip + 1);
	if ((void *)(tcp + 1) > end)
		return XDP_DROP;
	note(ip->saddr);
	return tcp->source == bpf_htons(port) || tcp->dest == bpf_htons(port)
	           ? XDP_PASS : XDP_DROP;
}

SEC("socket")
int large(struct __sk_buff *skb)
{
	return skb->len > 1000 ? 64 : 0;
}

SEC("tc")
int every_third(struct __sk_buff *skb)
{
	static __u32 n;

	return ++n % 3 == 0 ? 0 : 2;
}

SEC("kprobe/do_exit")
int other(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
C
	skip "objects" "clang does not compile for BPF here: $(head -n 1 "$tmp/clang.err")"
	exit "$bad"
}

o=$tmp/web.o
exits "a program of several" 0 "$exopf" verify "$o:web"
like "is accepted" "$(cat "$tmp/out")" '^accepted'
like "of its type" "$(cat "$tmp/out")" 'type *xdp'
exits "as JSON" 0 "$exopf" verify --json "$o:large"
is "of the other type" "$(field .type)" socket
exits "which is not said" 2 "$exopf" verify "$o"
like "the names are told" "$(cat "$tmp/err")" 'web, large, every_third'
exits "one that is not there" 2 "$exopf" verify "$o:nobody"
like "the names are told again" "$(cat "$tmp/err")" \
    'no program nobody; it has: web'
exits "one that is not for packets" 2 "$exopf" verify "$o:other"
like "it is told what it is" "$(cat "$tmp/err")" 'section kprobe/do_exit'
exits "a file that is not there" 2 "$exopf" verify "$tmp/none.o"
like "which is told" "$(cat "$tmp/err")" 'not the file of a BPF object'

exits "objects beside expressions" 0 "$exopf" replay --json -r "$web" \
    c="$o:web" text='tcp port 80 and ip[0] = 0x45' l="$o:large" \
    third="$o:every_third"
is "C and expression agree" "$(field '.bindings[0].matched')" \
    "$(field '.bindings[1].matched')"
is "they are some" "$([ "$(field '.bindings[0].matched')" -gt 100 ] && echo yes)" yes
is "lengths" "$(field '.bindings[2].matched')" "$(count "$web" 'greater 1001')"
is "what is counted in a variable" "$(field '.bindings[3].matched')" \
    $(($(count "$web") / 3))
exits "with the judge" 0 "$exopf" replay --judge --json -r "$web" \
    c="$o:web" l="$o:large" third="$o:every_third"
is "it has no doubts" "$(field '[.bindings[].differed] | add')" 0
exits "outputs of objects" 0 "$exopf" replay -q -r "$web" \
    -o "$tmp/{name}.pcap" l="$o:large"
is "as many as were taken" "$(count "$tmp/l.pcap")" \
    "$(count "$web" 'greater 1001')"
exits "claims bind it" 0 "$exopf" replay --json --policy exclusive -r "$web" \
    --grant "a 'tcp' exclusive" --grant "b 'not tcp' exclusive" \
    c,owner=a="$o:web" third,owner=b="$o:every_third"

# What is in its maps, by the types that it has them in.
compile held <<'C'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct seen {
	__u64 packets;
	__u32 first_bits : 20, flag : 1;
	char tag[8];
	struct { __s16 a, b; } pair[2];
	_Bool yes;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u8);
	__type(value, struct seen);
} by_proto SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");
int total = -3;

SEC("xdp")
int held(struct xdp_md *ctx)
{
	unsigned char *d = (void *)(long)ctx->data;
	unsigned char *end = (void *)(long)ctx->data_end;
	struct seen new = { 1, 77, 1, "a\"b", { { -1, 2 }, { 3, -4 } }, 1 };
	struct seen *old;
	unsigned char k;

	if (d + 34 > end || d[12] != 8 || d[13] != 0)
		return XDP_DROP;
	k = d[23];
	if (total++ < 0)
		bpf_ringbuf_output(&ring, d, 14, 0);
	old = bpf_map_lookup_elem(&by_proto, &k);
	if (old)
		old->packets++;
	else
		bpf_map_update_elem(&by_proto, &k, &new, BPF_ANY);
	return XDP_PASS;
}
C
exits "map dump" 0 "$exopf" map dump -r "$web" c="$tmp/held.o"
like "the map" "$(cat "$tmp/out")" '^  2 by_proto: hash 1 32 64$'
like "its elements" "$(cat "$tmp/out")" '^    17: \{"packets":'
like "global data" "$(cat "$tmp/out")" "\"total\":$(($(count "$web" ip) - 3))"
exits "as JSON" 0 "$exopf" map dump --json -r "$web" c="$tmp/held.o"
maps='.bindings[0].maps[0].maps[]'
is "TCP in it" "$(field "$maps | select(.name == \"by_proto\") | .elements[] |
    select(.key == 6) | .value.packets")" "$(count "$web" 'tcp')"
is "the rest of the value" \
    "$(field "$maps | select(.name == \"by_proto\") | .elements[] |
    select(.key == 6) | .value | del(.packets) | tostring")" \
    '{"first_bits":77,"flag":1,"tag":"a\"b","pair":[{"a":-1,"b":2},{"a":3,"b":-4}],"yes":true}'
is "records" "$(field "$maps | select(.name == \"ring\") | .records | length")" 3
exits "beside a replay" 0 "$exopf" replay --maps -r "$web" c="$tmp/held.o"
like "is both" "$(cat "$tmp/out")" '^unmatched'
like "indeed" "$(cat "$tmp/out")" '^maps of c$'
exits "an image keeps the types" 0 \
    "$exopf" compile -o "$tmp/held.xi" "$tmp/held.o"
"$exopf" map dump -r "$web" c="$tmp/held.o" >"$tmp/a"
"$exopf" map dump -r "$web" c="$tmp/held.xi" >"$tmp/b"
is "the same from it" "$(cmp "$tmp/a" "$tmp/b" && echo yes)" yes
exits "stripped of them" 0 \
    "$exopf" compile --strip -o "$tmp/held.xi" "$tmp/held.o"
exits "it is bytes" 0 "$exopf" map dump -r "$web" c="$tmp/held.xi"
like "of the key" "$(cat "$tmp/out")" '^    "06": "[0-9a-f]{64}"$'
exits "no verb" 2 "$exopf" map
exits "no such verb" 2 "$exopf" map drop

# Its instructions, and its machine code.
exits "dump" 0 "$exopf" dump "$o:large"
like "shows it" "$(cat "$tmp/out")" 'exit'
exits "dump of machine code" 0 "$exopf" dump --stage jit "$o:web"
like "with what it calls" "$(cat "$tmp/out")" 'map_lookup_elem'
exits "dump beside C" 0 "$exopf" dump "$o:web"
like "lines of the function" "$(cat "$tmp/out")" \
    '^; web.c:[0-9]*: note\(ip->saddr\);$'
like "and of the one it calls" "$(cat "$tmp/out")" \
    '^; web.c:[0-9]*: total\+\+;$'
exits "dump as JSON" 0 "$exopf" dump --json "$o:web"
is "lines have their text" \
    "$(field '[.ebpf[] | .line > 0 and (.source | length) > 0] | map(select(.)) | length')" \
    "$(field '[.ebpf[] | select(.line != null)] | length')"
is "nearly each" "$(field '[.ebpf[] | select(.line == null)] | length < 5')" true
exits "machine code beside C" 0 "$exopf" dump --stage jit "$o:web"
like "has it, too" "$(cat "$tmp/out")" '^; web.c:[0-9]*: total\+\+;$'
exits "no classic BPF" 2 "$exopf" dump --stage cbpf "$o:large"

# What the verifier refuses is the author's matter.
compile bad <<'C'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("xdp")
int peeks(struct xdp_md *ctx)
{
	return *(unsigned char *)(long)ctx->data;
}
C
exits "a program that is unsafe" 1 "$exopf" verify "$tmp/bad.o"
like "the reason" "$(cat "$tmp/out")" '^refused VF'
like "the line of C" "$(cat "$tmp/out")" \
    '^  ; bad.c:6: return \*\(unsigned char \*\)\(long\)ctx->data;$'
exits "the same as JSON" 1 "$exopf" verify --json "$tmp/bad.o"
is "where it is" "$(field '[.line, .column > 0, .source] | join(" ")')" \
    '6 true return *(unsigned char *)(long)ctx->data;'
is "each step has its own" "$(field '[.way.slice[].line | . == 6] | all')" true
exits "is not bound" 2 "$exopf" replay -r "$web" x="$tmp/bad.o"
like "nor said to be ours" "$(cat "$tmp/err")" 'is refused: VF'

# Maps as they were declared before 2022: structures in a section of their own.
cat >"$tmp/old.c" <<'C'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_map_def {
	unsigned type, key_size, value_size, max_entries, map_flags;
};
struct bpf_map_def SEC("maps") by_proto = { BPF_MAP_TYPE_HASH, 1, 8, 256, 0 };
struct bpf_map_def SEC("maps") all = { BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0 };
int start = 5;

static __attribute__((noinline)) void more(void *map, void *key)
{
	__u64 one = 1, *v = bpf_map_lookup_elem(map, key);

	if (v)
		*v += 1;
	else
		bpf_map_update_elem(map, key, &one, BPF_ANY);
}

SEC("xdp")
int old(struct xdp_md *ctx)
{
	unsigned char *d = (void *)(long)ctx->data;
	unsigned char *end = (void *)(long)ctx->data_end, k;
	__u32 zero = 0;

	if (d + 34 > end || d[12] != 8 || d[13] != 0)
		return XDP_DROP;
	k = d[23];
	start++;
	more(&by_proto, &k);
	more(&all, &zero);
	return XDP_PASS;
}
C
for types in -g ''; do
	# shellcheck disable=SC2086 # an option, or none
	clang -O2 $types -target bpf -I"/usr/include/$arch" -c "$tmp/old.c" \
	    -o "$tmp/old.o"
	exits "old maps, $types" 0 \
	    "$exopf" map dump --json -r "$web" c="$tmp/old.o"
	is "each by its name, $types" "$(field "[$maps.name] | sort | join(\" \")")" \
	    ".data all by_proto"
	is "one has all, $types" "$(field "$maps | select(.name == \"all\") |
	    .elements[0].value")" "$(printf '%016x' "$(count "$web" ip)" |
	    fold -w2 | tac | tr -d '\n')"
	is "the other some of each, $types" \
	    "$(field "$maps | select(.name == \"by_proto\") | .elements |
	    map(.key) | sort | join(\" \")")" "06 11"
done
damage "$tmp/old.o" o 30
died=0
for i in $(seq 0 29); do
	timeout 60 "$exopf" verify "$tmp/o$i.o" >/dev/null 2>&1
	[ $? -le 2 ] || died=$((died + 1))
done
is "30 malformed old ones are survived" $died 0

# What is safe, and yet no filter.
compile writes <<'C'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("xdp")
int zeroes(struct xdp_md *ctx)
{
	unsigned char *d = (void *)(long)ctx->data;

	if (!d || d + 1 > (unsigned char *)(long)ctx->data_end)
		return XDP_DROP;
	*d = 0;
	return XDP_PASS;
}
C
exits "a program that writes the packet" 0 "$exopf" verify "$tmp/writes.o"
like "is no filter" "$(cat "$tmp/out")" \
    'note: as a filter it is refused by VF406, .*, at instruction [0-9]+$'
exits "as JSON" 0 "$exopf" verify --json "$tmp/writes.o"
is "it is told" "$(field .as_filter)" VF406
exits "of another one" 0 "$exopf" verify --json "$o:large"
is "that it is" "$(field .as_filter)" null
exits "indeed" 2 "$exopf" replay -r "$web" x="$tmp/writes.o"

# What it prints: a thousand lines, then one of a thousand.
compile prints <<'C'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("socket")
int prints(struct __sk_buff *skb)
{
	bpf_printk("%u bytes", skb->len);
	return 1;
}
char _license[] SEC("license") = "GPL";
C
exits "lines of filters" 0 "$exopf" replay -q -r "$web" p="$tmp/prints.o"
is "each packet's" "$(grep -cE '^exopf: default: [0-9]+ bytes$' "$tmp/err")" \
    "$(count "$web")"
six="-r $web -r $web -r $web -r $web -r $web -r $web"
# shellcheck disable=SC2086 # options are a list
exits "2,160 of them" 0 "$exopf" replay -q $six p="$tmp/prints.o"
is "are no flood" "$(grep -c 'bytes$' "$tmp/err")" 1001
# shellcheck disable=SC2086
exits "nor are they twice with a judge" 0 \
    "$exopf" replay -q --judge $six p="$tmp/prints.o"
is "they are as many" "$(grep -c 'bytes$' "$tmp/err")" 1001

# Objects that were made to harm: cut anywhere, and with bytes changed.
size=$(wc -c <"$o")
damage "$o" m 60
died=0
for i in $(seq 0 59); do
	timeout 60 "$exopf" verify "$tmp/m$i.o:web" >/dev/null 2>&1
	[ $? -le 2 ] || died=$((died + 1))
done
is "60 malformed objects of $size bytes are survived" $died 0
exit "$bad"
