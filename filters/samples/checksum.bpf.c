/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A checksum of the payload. Damaged packets, found where they can still be
 * counted. A cable, a switch's memory or a driver that damages one packet in a
 * million is seen by no application, only as retransmissions; a network's owner
 * has this run at several places and sees between which of them packets break.
 * The checksum of the whole payload is computed for TCP and UDP over both
 * families and for ICMPv6. TC_ACT_SHOT: it is wrong; TC_ACT_OK: it is right, or
 * there is none (UDP over IPv4 may have none), or the packet is another, a
 * fragment, longer than `MOST`, or not all there. The per-processor array
 * `packets` counts by outcome: 0 right, 1 wrong, 2 not looked at. Behind a card
 * that leaves checksums to be filled in later, all that is sent looks wrong.
 *
 *	exopf replay -r pcaps/web4.pcap whole=filters/samples/checksum.bpf.o
 */
#include <linux/pkt_cls.h>

#include "filters/samples/packet.h"

#define BLOCK    64 /* bytes that are added at a time, a power of two */
#define MOST     9216
#define FRAGMENT 0x3fff /* of frag_off: an offset, or more to come */

enum {
	RIGHT,
	WRONG,
	UNKNOWN,
	OUTCOMES
};

/* What is summed before the payload. */
struct pseudo {
	struct address from;
	struct address to;
	__be32 length;
	__be32 proto;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, OUTCOMES);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

static __always_inline void count(__u32 outcome)
{
	__u64 *n = bpf_map_lookup_elem(&packets, &outcome);

	if (n)
		*n += 1;
}

/* The sum of n bytes at `at` added to `sum`, or -1 where they are not there. */
static __always_inline __s64 add(
    struct __sk_buff *skb, __u32 at, __u32 n, __u32 sum)
{
	__be32 block[BLOCK / 4];

	for (int i = 0; i < MOST / BLOCK && n >= BLOCK; i++) {
		if (bpf_skb_load_bytes(skb, at, block, BLOCK) < 0)
			return -1;
		sum = bpf_csum_diff(NULL, 0, block, BLOCK, sum);
		at += BLOCK;
		n -= BLOCK;
	}
	__builtin_memset(block, 0, BLOCK);
	n &= BLOCK - 1;
	if (n > 0 && bpf_skb_load_bytes(skb, at, block, n) < 0)
		return -1;
	return (__u32)bpf_csum_diff(NULL, 0, block, BLOCK, sum);
}

static __always_inline __u32 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* How many of the n bytes at `at` UDP's checksum is about; 0 where it has none
 * or its length is wrong. */
static __always_inline __u32 udp_bytes(struct __sk_buff *skb, __u32 at, __u32 n)
{
	struct udphdr udp;

	if (bpf_skb_load_bytes(skb, at, &udp, sizeof(udp)) < 0 ||
	    udp.check == 0 || bpf_ntohs(udp.len) < sizeof(udp) ||
	    bpf_ntohs(udp.len) > n)
		return 0;
	return bpf_ntohs(udp.len);
}

/* The outcome for the n bytes at `at` that a packet of this tuple carries. */
static __always_inline __u32 check(
    struct __sk_buff *skb, __u32 at, const struct tuple *t, __u32 n)
{
	struct pseudo pseudo = { .from = t->from, .to = t->to };
	__s64 sum;

	if (t->proto == IPPROTO_UDP)
		n = udp_bytes(skb, at, n);
	if (n == 0 || n > MOST)
		return UNKNOWN;
	pseudo.length = bpf_htonl(n);
	pseudo.proto = bpf_htonl(t->proto);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&pseudo, sizeof(pseudo), 0);
	sum = add(skb, at, n, sum);
	if (sum < 0)
		return UNKNOWN;
	return fold(sum) == 0xffff ? RIGHT : WRONG;
}

/* What an IPv4 packet carries is its tuple and how much: 0 where it is not to
 * be looked at. Addresses are not mapped, since zeroes add nothing. */
static __always_inline __u32 read_v4(
    struct __sk_buff *skb, __u32 *at, struct tuple *t)
{
	struct iphdr ip;
	__u32 header;

	if (bpf_skb_load_bytes(skb, *at, &ip, sizeof(ip)) < 0 ||
	    ip.version != 4 || ip.ihl < 5 || ip.frag_off & bpf_htons(FRAGMENT))
		return 0;
	header = ip.ihl * 4;
	if (bpf_ntohs(ip.tot_len) < header)
		return 0;
	t->from.word[0] = ip.saddr;
	t->to.word[0] = ip.daddr;
	t->proto = ip.protocol;
	*at += header;
	return bpf_ntohs(ip.tot_len) - header;
}

static __always_inline __u32 read_v6(
    struct __sk_buff *skb, __u32 *at, struct tuple *t)
{
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(skb, *at, &ip, sizeof(ip)) < 0 ||
	    ip.version != 6)
		return 0;
	set_ipv6(t, &ip);
	*at += sizeof(ip);
	return bpf_ntohs(ip.payload_len);
}

static __always_inline __u32 outcome(struct __sk_buff *skb)
{
	struct tuple t = { 0 };
	__u32 at;
	__be16 type = copy_ether(skb, &at);
	__u32 n;

	if (type == bpf_htons(ETH_P_IP))
		n = read_v4(skb, &at, &t);
	else if (type == bpf_htons(ETH_P_IPV6))
		n = read_v6(skb, &at, &t);
	else
		return UNKNOWN;
	if (t.proto != IPPROTO_TCP && t.proto != IPPROTO_UDP &&
	    (t.proto != IPPROTO_ICMPV6 || type == bpf_htons(ETH_P_IP)))
		return UNKNOWN;
	return check(skb, at, &t, n);
}

SEC("tc")
int verify_payload(struct __sk_buff *skb)
{
	__u32 is = outcome(skb);

	count(is);
	return is == WRONG ? TC_ACT_SHOT : TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
