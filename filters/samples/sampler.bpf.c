/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet sampler. One packet in sixteen, and the same ones everywhere.
 * Whoever follows packets through a network samples them at several places, and
 * has to see each of those that are chosen at all of them: so chance will not
 * do, and the choice is made by a hash of what no router changes (trajectory
 * sampling, RFC 5475): addresses, protocol, IPv4's identification or IPv6's
 * flow label, and the first bytes behind the IP header, which differ from
 * packet to packet of a flow. The hash is CRC-32, which every other
 * implementation has, too. A packet is taken when its hash is below 2^32 /
 * `one_in`; the result is `keep`, the bytes of it that are wanted. The map
 * `hashes` counts, per processor, in 16 parts of the hash's range, all packets
 * that were hashed: equal figures tell that the choice is fair.
 *
 *	exopf replay -r pcaps/web4.pcap -o few.pcap s=filters/samples/sampler.bpf.o
 */
#include "filters/samples/packet.h"

#define BYTES      16 /* behind the IP header; 0 where the packet has fewer */
#define PARTS      16
#define FLOW_LABEL bpf_htonl(0xfffff)

const volatile __u32 one_in = 16; /* not 0 */
const volatile __u32 keep = 128;

/* What is hashed, in this order. */
struct unchanging {
	struct address from;
	struct address to;
	__be32 label; /* or identification */
	__u8 proto;
	__u8 byte[BYTES];
};

#define HASHED (sizeof(struct address) * 2 + 4 + 1 + BYTES)

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PARTS);
	__type(key, __u32);
	__type(value, __u64);
} hashes SEC(".maps");

/* The CRC of four bits: 0xedb88320 is the polynomial, its bits reversed. */
static const __u32 crc_of[16] = {
	0x00000000,
	0x1db71064,
	0x3b6e20c8,
	0x26d930ac,
	0x76dc4190,
	0x6b6b51f4,
	0x4db26158,
	0x5005713c,
	0xedb88320,
	0xf00f9344,
	0xd6d6a3e8,
	0xcb61b38c,
	0x9b64c2b0,
	0x86d3d2d4,
	0xa00ae278,
	0xbdbdf21c,
};

static __always_inline __u32 crc32(const __u8 *byte, __u32 n)
{
	__u32 crc = ~0u;

	for (__u32 i = 0; i < n; i++) {
		crc ^= byte[i];
		crc = crc >> 4 ^ crc_of[crc & 15];
		crc = crc >> 4 ^ crc_of[crc & 15];
	}
	return ~crc;
}

/* 0, or -1 where it is no IP packet. */
static __always_inline int copy_unchanging(
    struct __sk_buff *skb, struct unchanging *u)
{
	struct tuple t;
	__be32 head[2]; /* of the IP header */
	__u32 ip, at;
	__be16 type = copy_ether(skb, &ip);
	__u32 end; /* of the IP packet: frames may be padded */

	if (copy_tuple(skb, &t, &at) < 0 ||
	    bpf_skb_load_bytes(skb, ip, head, sizeof(head)) < 0)
		return -1;
	u->from = t.from;
	u->to = t.to;
	u->proto = t.proto;
	if (type == bpf_htons(ETH_P_IP)) {
		u->label = bpf_htonl(bpf_ntohl(head[1]) >> 16);
		end = ip + (bpf_ntohl(head[0]) & 0xffff);
	} else {
		u->label = head[0] & FLOW_LABEL;
		end = at + (bpf_ntohl(head[1]) >> 16);
	}
	if (end >= at + BYTES)
		return bpf_skb_load_bytes(skb, at, u->byte, BYTES);
	for (__u32 i = 0; i < BYTES && at + i < end; i++)
		if (bpf_skb_load_bytes(skb, at + i, &u->byte[i], 1) < 0)
			return -1;
	return 0;
}

SEC("socket")
int sample(struct __sk_buff *skb)
{
	struct unchanging u;
	__u32 hash, part;
	__u64 *n;

	__builtin_memset(&u, 0, sizeof(u));
	if (copy_unchanging(skb, &u) < 0)
		return 0;
	hash = crc32((const __u8 *)&u, HASHED);
	part = hash / (~0u / PARTS + 1);
	n = bpf_map_lookup_elem(&hashes, &part);
	if (n)
		*n += 1;
	return hash < (1ull << 32) / one_in ? keep : 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
