/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firewall of VXLAN's inner 5-tuples. A firewall on the cable for what is
 * inside the tunnels: many tenants share a data centre's network, each with a
 * VXLAN of its own, and the host's card sees nothing but UDP between hosts.
 * This one opens the tunnel: outer Ethernet, IP, UDP to port 4789, the VXLAN
 * header, and inside it Ethernet, IP and ports. The LRU hash `flows` has
 * packets and bytes of each inner flow, under its network's number and 5-tuple.
 * XDP_DROP: an inner TCP packet from or to port `closed` in network `tenant`;
 * XDP_PASS: everything else, in this tunnel, in others, or in none.
 *
 *	exopf replay -r pcaps/overlays.pcap in=filters/samples/vxlan.bpf.o
 */
#include "filters/samples/packet.h"

#define VXLAN_PORT 4789

const volatile __u32 tenant = 42;
const volatile __u16 closed = 5201;

struct vxlan {
	__u8 flags;
	__u8 unused[3];
	__u8 network[3];
	__u8 unused_too;
};

#define VXLAN_NETWORK 0x08 /* a flag: the number is there */

struct flow {
	__u32 network;
	struct tuple inner;
};

struct traffic {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow);
	__type(value, struct traffic);
} flows SEC(".maps");

static __always_inline void count(const struct flow *flow, __u64 bytes)
{
	struct traffic first = { 1, bytes };
	struct traffic *sum = bpf_map_lookup_elem(&flows, flow);

	if (!sum) {
		bpf_map_update_elem(&flows, flow, &first, BPF_NOEXIST);
		return;
	}
	__sync_fetch_and_add(&sum->packets, 1);
	__sync_fetch_and_add(&sum->bytes, bytes);
}

/* The cursor goes into the tunnel: the network's number, or -1. */
static __always_inline int enter(struct cursor *c)
{
	struct vxlan *vxlan;
	struct udphdr *udp;
	struct tuple outer;

	if (read_ip(c, read_ether(c), &outer) < 0 || outer.later ||
	    outer.proto != IPPROTO_UDP)
		return -1;
	udp = c->at;
	if (!pass(c, sizeof(*udp)) || udp->dest != bpf_htons(VXLAN_PORT))
		return -1;
	vxlan = c->at;
	if (!pass(c, sizeof(*vxlan)) || !(vxlan->flags & VXLAN_NETWORK))
		return -1;
	return vxlan->network[0] << 16 | vxlan->network[1] << 8 |
	       vxlan->network[2];
}

SEC("xdp")
int inner_firewall(struct xdp_md *ctx)
{
	struct cursor c = {
		(void *)(long)ctx->data,
		(void *)(long)ctx->data_end,
	};
	struct flow flow;
	int network = enter(&c);
	__u64 bytes;

	if (network < 0)
		return XDP_PASS;
	flow.network = network;
	bytes = c.end - c.at;
	if (read_ip(&c, read_ether(&c), &flow.inner) < 0 ||
	    read_ports(&c, &flow.inner) < 0)
		return XDP_PASS;
	count(&flow, bytes);
	if (flow.network != tenant || flow.inner.proto != IPPROTO_TCP)
		return XDP_PASS;
	if (flow.inner.from_port == bpf_htons(closed) ||
	    flow.inner.to_port == bpf_htons(closed))
		return XDP_DROP;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
