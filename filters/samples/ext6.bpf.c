/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk of IPv6 extension headers. The extension headers of IPv6 at the edge
 * of a network. They are where filters are evaded: a chain that is long,
 * repeats itself or is split over fragments hides the transport header from
 * whoever looks at a fixed place. This walk goes through the whole chain and
 * lets pass what RFC 7045, 7112 and 9288 would have pass. XDP_DROP: hop-by-hop
 * options that are not first; one kind twice (destination options three times);
 * more than `most` headers; a routing header whose type is one of `routing`
 * (bits: 0, deprecated by RFC 5095, and 4, segments that strangers choose); a
 * chain that is cut, by the packet's end or into a second fragment; a header of
 * another version. XDP_PASS: all other packets, and all that are not IPv6. The
 * per-processor array `headers` counts, by number, the headers that were
 * walked, those of what was dropped included.
 *
 *	exopf replay -r pcaps/extensions.pcap edge=filters/samples/ext6.bpf.o
 */
#include "filters/samples/packet.h"

#define WALK        8 /* headers that are looked at, at most */
#define HOP_BY_HOP  0
#define ROUTING     43
#define FRAGMENT    44
#define AUTH        51
#define NO_NEXT     59
#define DESTINATION 60
#define MOBILITY    135
#define HIP         139
#define SHIM        140
#define LONGEST     2047 /* above 255 * 8; a table's numbers are any numbers */
#define AGAIN       (1 << 8) /* of `seen`: destination options, twice */

const volatile __u32 most = 4; /* below WALK */
const volatile __u32 routing = 1u << 0 | 1u << 4;

/* What all extension headers begin with. */
struct extension {
	__u8 next;
	__u8 length; /* of FRAGMENT: nothing */
	__u8 byte[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} headers SEC(".maps");

static __always_inline void count(__u32 kind)
{
	__u64 *n = bpf_map_lookup_elem(&headers, &kind);

	if (n)
		*n += 1;
}

/* The headers that another may follow. Their length is 8 bytes, and `unit`
 * more for each that the header's second byte says. */
static const struct kind {
	__u16 bit; /* of `seen` */
	__u16 unit;
} kinds[256] = {
	[HOP_BY_HOP] = { 1 << 0, 8 },
	[ROUTING] = { 1 << 1, 8 },
	[FRAGMENT] = { 1 << 2, 0 },
	[AUTH] = { 1 << 3, 4 },
	[MOBILITY] = { 1 << 4, 8 },
	[HIP] = { 1 << 5, 8 },
	[SHIM] = { 1 << 6, 8 },
	[DESTINATION] = { 1 << 7, 8 },
};

/* May this header stand here, behind those of `seen`? */
static __always_inline int in_order(
    __u8 number, const struct extension *e, __u32 seen)
{
	if (number == HOP_BY_HOP && seen)
		return 0;
	if (number == DESTINATION)
		return !(seen & AGAIN);
	if (number == ROUTING && e->byte[0] < 32 && routing >> e->byte[0] & 1)
		return 0;
	return !(seen & kinds[number].bit);
}

/* Is the chain that begins with this header one to let pass? */
static __always_inline int walk(struct cursor *c, __u8 number)
{
	__u32 seen = 0;

	for (__u32 i = 0; i < WALK; i++) {
		struct kind kind = kinds[number];
		struct extension *e = c->at;

		if (kind.bit == 0) /* the transport's, ESP or none */
			return number == NO_NEXT || c->at + 1 <= c->end;
		if (i >= most)
			return 0;
		if (!pass(c, sizeof(*e)))
			return 0;
		count(number);
		if (!in_order(number, e, seen))
			return 0;
		if (number == FRAGMENT &&
		    (e->byte[0] << 8 | e->byte[1]) & IP6_OFFSET)
			return 1; /* the first one had the chain */
		seen |= kind.bit | (seen & kind.bit) << 1;
		c->at += e->length * kind.unit & LONGEST;
		number = e->next;
	}
	return 0;
}

SEC("xdp")
int edge(struct xdp_md *ctx)
{
	struct cursor c = {
		(void *)(long)ctx->data,
		(void *)(long)ctx->data_end,
	};
	struct ipv6hdr *ip;

	if (read_ether(&c) != bpf_htons(ETH_P_IPV6))
		return XDP_PASS;
	ip = read_ipv6(&c);
	if (!ip)
		return XDP_DROP;
	return walk(&c, ip->nexthdr) ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
