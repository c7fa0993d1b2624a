/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An allow and deny list of prefixes. Who may talk to this machine: a list of
 * prefixes, each allowed or denied, of which the longest that an address begins
 * with decides. Operators keep such lists for whole countries and exempt the
 * few hosts of a partner. The trie `prefixes` maps a prefix of the source
 * address to a verdict; IPv4 prefixes are 96 bits longer, in ::ffff:0:0/96. A
 * loader fills it with its list, any time; the few prefixes of `rules` below
 * are put there by the first packet, so that the program works without a
 * loader. XDP_PASS: the longest prefix allows, or no prefix knows the source,
 * or the packet is not IP; XDP_DROP: it denies. By default the networks of the
 * bundled captures' clients are closed to all but the client itself.
 *
 *	exopf replay -r pcaps/errors.pcap in=filters/samples/addresses.bpf.o
 */
#include "filters/samples/packet.h"

#define RULES 8

struct prefix {
	__u32 bits;
	struct address address;
};

struct rule {
	struct prefix prefix;
	__u32 verdict;
};

#define V4(a, b, c, d)                                                        \
	{                                                                     \
		{                                                             \
			0, 0, MAPPED,                                         \
			    bpf_htonl((a) << 24 | (b) << 16 | (c) << 8 | (d)) \
		}                                                             \
	}
#define V6(a, b, c, d)                                                         \
	{                                                                      \
		{                                                              \
			bpf_htonl(a), bpf_htonl(b), bpf_htonl(c), bpf_htonl(d) \
		}                                                              \
	}

/* Rules of 0 bits end the list. */
const volatile struct rule rules[RULES] = {
	{ { 96 + 24, V4(10, 1, 0, 0) }, XDP_DROP },
	{ { 96 + 32, V4(10, 1, 0, 10) }, XDP_PASS },
	{ { 64, V6(0xfd000001, 0, 0, 0) }, XDP_DROP },
	{ { 128, V6(0xfd000001, 0, 0, 0x10) }, XDP_PASS },
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u32);
} prefixes SEC(".maps");

static volatile __u32 filled;

/* Twice at the same time does no harm: it is the same list. */
static __always_inline void fill(void)
{
	for (int i = 0; i < RULES; i++) {
		struct prefix key = {
			rules[i].prefix.bits,
			{ { rules[i].prefix.address.word[0],
			    rules[i].prefix.address.word[1],
			    rules[i].prefix.address.word[2],
			    rules[i].prefix.address.word[3] } },
		};
		__u32 verdict = rules[i].verdict;

		if (key.bits == 0)
			break;
		bpf_map_update_elem(&prefixes, &key, &verdict, BPF_ANY);
	}
	filled = 1;
}

SEC("xdp")
int admit(struct xdp_md *ctx)
{
	struct cursor c = {
		(void *)(long)ctx->data,
		(void *)(long)ctx->data_end,
	};
	struct prefix key = { .bits = 128 };
	__u32 *verdict;
	struct tuple t;

	if (read_ip(&c, read_ether(&c), &t) < 0)
		return XDP_PASS;
	if (!filled)
		fill();
	key.address = t.from;
	verdict = bpf_map_lookup_elem(&prefixes, &key);
	return verdict && *verdict == XDP_DROP ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
