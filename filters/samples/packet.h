/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the samples share: from an Ethernet frame to the addresses and ports of
 * what it carries. Two ways of reading: xdp programs look at the packet where
 * it is (a cursor), those of sockets copy from it (an offset), since Linux lets
 * them do nothing else.
 *
 * Up to two VLAN tags are passed over. IPv4 addresses are written as IPv6 has
 * them, ::ffff:a.b.c.d, so that maps need one form of key. Extension headers of
 * IPv6 are not walked here: `proto` is then the first of them.
 */
#ifndef SAMPLES_PACKET_H
#define SAMPLES_PACKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAPPED     bpf_htonl(0xffff) /* the third word of a mapped address */
#define VLAN_TAGS  2
#define IP_OFFSET  0x1fff /* of iphdr's frag_off: in units of 8 bytes */
#define IP6_OFFSET 0xfff8 /* of a fragment header's second half-word */

struct vlan {
	__be16 tci;
	__be16 type;
};

struct address {
	__be32 word[4];
};

/* Who talks to whom. Ports are 0 where there are none, as in later fragments. */
struct tuple {
	struct address from;
	struct address to;
	__be16 from_port;
	__be16 to_port;
	__u8 proto;
	__u8 later;   /* 1: a fragment that is not the first */
	__u16 unused; /* 0, for keys are compared as bytes */
};

/* Where reading goes on, and the first byte that is not there. */
struct cursor {
	void *at;
	void *end;
};

/* Go past n bytes: 0 where they are not there. */
static __always_inline int pass(struct cursor *c, __u32 n)
{
	void *next = c->at + n;

	if (next > c->end)
		return 0;
	c->at = next;
	return 1;
}

static __always_inline int is_vlan(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) ||
	       type == bpf_htons(ETH_P_8021AD);
}

static __always_inline void set_mapped(struct address *a, __be32 v4)
{
	a->word[0] = 0;
	a->word[1] = 0;
	a->word[2] = MAPPED;
	a->word[3] = v4;
}

static __always_inline void set_ip6(
    struct address *a, const struct in6_addr *v6)
{
	a->word[0] = v6->in6_u.u6_addr32[0];
	a->word[1] = v6->in6_u.u6_addr32[1];
	a->word[2] = v6->in6_u.u6_addr32[2];
	a->word[3] = v6->in6_u.u6_addr32[3];
}

static __always_inline void set_ipv4(struct tuple *t, const struct iphdr *ip)
{
	set_mapped(&t->from, ip->saddr);
	set_mapped(&t->to, ip->daddr);
	t->proto = ip->protocol;
	t->later = (ip->frag_off & bpf_htons(IP_OFFSET)) != 0;
}

static __always_inline void set_ipv6(struct tuple *t, const struct ipv6hdr *ip)
{
	set_ip6(&t->from, &ip->saddr);
	set_ip6(&t->to, &ip->daddr);
	t->proto = ip->nexthdr;
}

static __always_inline int has_ports(const struct tuple *t)
{
	return !t->later &&
	       (t->proto == IPPROTO_TCP || t->proto == IPPROTO_UDP);
}

/* -- where the packet is ---------------------------------------------------- */

/* The type of what an Ethernet frame carries, or 0; the cursor is at it. */
static __always_inline __be16 read_ether(struct cursor *c)
{
	struct ethhdr *eth = c->at;
	__be16 type;

	if (!pass(c, sizeof(*eth)))
		return 0;
	type = eth->h_proto;
	for (int i = 0; i < VLAN_TAGS && is_vlan(type); i++) {
		struct vlan *tag = c->at;

		if (!pass(c, sizeof(*tag)))
			return 0;
		type = tag->type;
	}
	return type;
}

static __always_inline struct iphdr *read_ipv4(struct cursor *c)
{
	struct iphdr *ip = c->at;

	if (!pass(c, sizeof(*ip)) || ip->version != 4 || ip->ihl < 5)
		return NULL;
	c->at = (void *)ip + ip->ihl * 4;
	return ip;
}

static __always_inline struct ipv6hdr *read_ipv6(struct cursor *c)
{
	struct ipv6hdr *ip = c->at;

	return pass(c, sizeof(*ip)) && ip->version == 6 ? ip : NULL;
}

/* Addresses and protocol of an IP packet of this type: 0, or -1 where it is
 * none. The cursor is behind the IP header. */
static __always_inline int read_ip(
    struct cursor *c, __be16 type, struct tuple *t)
{
	__builtin_memset(t, 0, sizeof(*t));
	if (type == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = read_ipv4(c);

		if (!ip)
			return -1;
		set_ipv4(t, ip);
		return 0;
	}
	if (type == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = read_ipv6(c);

		if (!ip)
			return -1;
		set_ipv6(t, ip);
		return 0;
	}
	return -1;
}

/* Ports, where there are some; the cursor stays. */
static __always_inline int read_ports(const struct cursor *c, struct tuple *t)
{
	__be16 *port = c->at;

	if (!has_ports(t))
		return 0;
	if ((void *)(port + 2) > c->end)
		return -1;
	t->from_port = port[0];
	t->to_port = port[1];
	return 0;
}

/* -- copied from it --------------------------------------------------------- */

/* The type of what the frame carries, or 0; *at is where that begins. */
static __always_inline __be16 copy_ether(struct __sk_buff *skb, __u32 *at)
{
	struct ethhdr eth;

	if (bpf_skb_load_bytes(skb, 0, &eth, sizeof(eth)) < 0)
		return 0;
	*at = sizeof(eth);
	for (int i = 0; i < VLAN_TAGS && is_vlan(eth.h_proto); i++) {
		struct vlan tag;

		if (bpf_skb_load_bytes(skb, *at, &tag, sizeof(tag)) < 0)
			return 0;
		*at += sizeof(tag);
		eth.h_proto = tag.type;
	}
	return eth.h_proto;
}

/* The tuple of an IP packet; *at is where its transport header begins.
 * Returns 0, or -1 where it is no IP packet, or is cut before its ports. */
static __always_inline int copy_tuple(
    struct __sk_buff *skb, struct tuple *t, __u32 *at)
{
	__be16 type = copy_ether(skb, at);
	__be16 port[2];

	__builtin_memset(t, 0, sizeof(*t));
	if (type == bpf_htons(ETH_P_IP)) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(skb, *at, &ip, sizeof(ip)) < 0 ||
		    ip.version != 4 || ip.ihl < 5)
			return -1;
		set_ipv4(t, &ip);
		*at += ip.ihl * 4;
	} else if (type == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr ip;

		if (bpf_skb_load_bytes(skb, *at, &ip, sizeof(ip)) < 0 ||
		    ip.version != 6)
			return -1;
		set_ipv6(t, &ip);
		*at += sizeof(ip);
	} else {
		return -1;
	}
	if (!has_ports(t))
		return 0;
	if (bpf_skb_load_bytes(skb, *at, port, sizeof(port)) < 0)
		return -1;
	t->from_port = port[0];
	t->to_port = port[1];
	return 0;
}

#endif
