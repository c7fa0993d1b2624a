#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Tail calls: programs in slots, as objects declare them, as the command line says,
# and as images carry them.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

web=$pcaps/web4.pcap

compile tails <<'C' || {
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

int udp(struct xdp_md *ctx);
int tcp(struct xdp_md *ctx);
int syn(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, int (struct xdp_md *));
} flags SEC(".maps") = { .values = { [0] = (void *)&syn } };

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 20);
	__uint(key_size, sizeof(__u32));
	__array(values, int (struct xdp_md *));
} protocols SEC(".maps") = {
	.values = { [17] = (void *)&udp, [6] = (void *)&tcp },
};

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} empty SEC(".maps");

static __always_inline void count(__u32 k)
{
	__u64 *v = bpf_map_lookup_elem(&hits, &k);

	if (v)
		++*v;
}

SEC("xdp") int entry(struct xdp_md *ctx)
{
	unsigned char *d = (void *)(long)ctx->data;

	count(0);
	if (d + 34 > (unsigned char *)(long)ctx->data_end || d[12] != 8 ||
	    d[13] != 0 || d[14] != 0x45)
		return XDP_DROP;
	bpf_tail_call(ctx, &protocols, d[23]);
	count(1);
	return XDP_DROP;
}

SEC("xdp") int udp(struct xdp_md *ctx)
{
	count(2);
	return XDP_PASS;
}

SEC("xdp") int tcp(struct xdp_md *ctx)
{
	count(3);
	bpf_tail_call(ctx, &flags, 0);
	return XDP_DROP;
}

SEC("xdp") int syn(struct xdp_md *ctx)
{
	unsigned char *d = (void *)(long)ctx->data;

	if (d + 48 > (unsigned char *)(long)ctx->data_end || !(d[47] & 2))
		return XDP_DROP;
	count(4);
	return XDP_PASS;
}

SEC("xdp") int again(struct xdp_md *ctx)
{
	count(5);
	bpf_tail_call(ctx, &protocols, 6);
	return XDP_PASS;
}

SEC("xdp") int wrong(struct xdp_md *ctx)
{
	unsigned char *d = (void *)(long)ctx->data;

	return d[0];
}

SEC("socket") int other(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &empty, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
C
	skip "tails" "clang does not compile for BPF here: $(head -n 1 "$tmp/clang.err")"
	exit "$bad"
}

o=$tmp/tails.o
exits "programs come with the object" 0 "$exopf" verify "$o:entry"
like "they are counted" "$(cat "$tmp/out")" 'in slots *3 programs'
exits "as JSON" 0 "$exopf" verify --json "$o:entry"
is "the steps are those of all" "$([ "$(field .max_steps)" -gt 500 ] && echo yes)" yes
exits "one alone" 0 "$exopf" verify --json "$o:udp"
is "has few steps" "$([ "$(field .max_steps)" -lt 50 ] && echo yes)" yes

syns='(udp or tcp[tcpflags] & tcp-syn != 0) and ip[0] = 0x45'
exits "they are called" 0 "$exopf" replay --judge --json -r "$web" \
    c="$o:entry" text="$syns"
is "as tcpdump says" "$(field '.bindings[0].matched')" "$(count "$web" "$syns")"
is "they are some" "$([ "$(field '.bindings[0].matched')" -gt 10 ] && echo yes)" yes
is "and the text" "$(field '.bindings[1].matched')" "$(count "$web" "$syns")"
is "the judge has no doubts" "$(field '[.bindings[].differed] | add')" 0

exits "their maps are shared" 0 "$exopf" map dump --json -r "$web" c="$o:entry"
maps=$(field '.bindings[].maps | tojson')
like "the names are there" "$maps" '"name":"protocols"'

exits "an image carries them" 0 "$exopf" compile -o "$tmp/t.xi" "$o:entry"
exits "which is verified whole" 0 "$exopf" verify "$tmp/t.xi"
like "with what is in slots" "$(cat "$tmp/out")" 'in slots *3 programs'
exits "and does the same" 0 "$exopf" map dump --json -r "$web" c="$tmp/t.xi"
is "to the maps" "$(field '.bindings[].maps | tojson')" "$maps"
exits "they are shown" 0 "$exopf" dump "$tmp/t.xi"
like "with their slots" "$(cat "$tmp/out")" '^; in protocols\[17\], [0-9]* instructions'
exits "as JSON" 0 "$exopf" dump --json "$o:entry"
is "each of them" "$(field '[.in_slots[].slots] | sort | join(" ")')" \
    'flags[0] protocols[17] protocols[6]'

# The command line says otherwise: each TCP packet calls itself 33 times.
exits "slots by the command line" 0 "$exopf" replay --judge --json -r "$web" \
    c="$o:entry,protocols[6]=again"
is "all packets of TCP and UDP" "$(field '.bindings[0].matched')" \
    "$(count "$web" '(tcp or udp) and ip[0] = 0x45')"
exits "to the end" 0 "$exopf" map dump -r "$web" \
    c="$o:entry,protocols[6]=again"
like "33 times each" "$(cat "$tmp/out")" \
    "^    5: $((33 * $(count "$web" 'tcp and ip[0] = 0x45')))\$"
exits "another one" 0 "$exopf" verify "$o:entry,protocols[1]=udp,empty[0]=udp"

exits "one that is refused" 1 "$exopf" verify "$o:entry,protocols[1]=wrong"
like "where it is" "$(cat "$tmp/out")" 'program in protocols\[1\]: refused VF'
like "which line" "$(cat "$tmp/out")" 'return d\[0\]'
exits "it binds nothing" 2 "$exopf" replay -r "$web" \
    c="$o:entry,protocols[1]=wrong"
like "and says so" "$(cat "$tmp/err")" 'is refused: VF404'

# slots NAME N FUNCTION: an object that declares N slots with a function
slots()
{
	{
		printf '#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n'
		printf 'int sub(struct xdp_md *c);\nint tail(struct xdp_md *c);\n'
		printf 'struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); '
		printf '__uint(max_entries, 600); __uint(key_size, 4); '
		printf '__array(values, int (struct xdp_md *)); } jmp SEC(".maps") = {'
		printf '.values = {'
		seq 1 "$2" | sed "s/.*/[&] = (void *)\&$3,/"
		printf '} };\n__attribute__((noinline)) int sub(struct xdp_md *c)'
		printf '{ return c->ingress_ifindex + 7; }\n'
		printf 'SEC("xdp") int tail(struct xdp_md *c) { return XDP_PASS; }\n'
		printf 'SEC("xdp") int entry(struct xdp_md *c)'
		printf '{ bpf_tail_call(c, &jmp, 1); return sub(c); }\n'
		printf 'char l[] SEC("license") = "GPL";\n'
	} | compile "$1"
}
slots many 256 tail
exits "as many as there may be" 0 "$exopf" verify "$tmp/many.o:entry"
slots more 257 tail
exits "one more" 2 "$exopf" verify "$tmp/more.o:entry"
like "it is told" "$(cat "$tmp/err")" 'more than 256 slots'
slots none 1 sub
exits "a function that is no program" 2 "$exopf" verify "$tmp/none.o:entry"
like "it is told" "$(cat "$tmp/err")" 'slot is declared to have what is no program'

# refused NAME TEXT PATTERN
refused()
{
	exits "$1" 2 "$exopf" verify "$o:$2"
	like "$1: it is told" "$(cat "$tmp/err")" "$3"
}
refused "no such map" 'entry,nomap[1]=udp' 'has no map nomap'
refused "no such program" 'entry,protocols[1]=nobody' 'has no program nobody'
refused "no such slot" 'entry,protocols[20]=udp' 'protocols has no slot 20'
refused "no map of programs" 'entry,hits[1]=udp' 'hits has no slot 1'
refused "another type" 'entry,protocols[1]=other' 'other, a program of another type'
refused "no slot at all" 'entry,protocols' 'fills no slot'
refused "no number" 'entry,protocols[x]=udp' 'names no slot'
refused "a negative number" 'entry,protocols[-1]=udp' 'names no slot'
exit "$bad"
