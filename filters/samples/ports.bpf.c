/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A port counter. Which services does a network use, and how much? Whoever is
 * to write a firewall's rules for machines that nobody has a list of wants one
 * packet of each service, and the figures. The map `ports` has an element for
 * each protocol and destination port that was seen, with packets and bytes, one
 * value per processor, so that counting costs no shared cache line; the owner
 * adds them up. The filter takes the first packet to each port (its result is
 * the packet's length) and leaves all others (0): an output file of it lists
 * the ports. Ports from `ephemeral` on are the clients' own and are not
 * counted. When the map is full, further ports are neither counted nor taken.
 *
 *	exopf replay -r pcaps/scan.pcap -o ports.pcap p=filters/samples/ports.bpf.o
 */
#include "filters/samples/packet.h"

const volatile __u16 ephemeral = 32768;

struct port {
	__u8 proto;
	__u8 unused;
	__be16 number;
};

struct traffic {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct port);
	__type(value, struct traffic);
} ports SEC(".maps");

SEC("socket")
int count_ports(struct __sk_buff *skb)
{
	struct traffic first = { 1, skb->len };
	struct traffic *sum;
	struct port port = { 0 };
	struct tuple t;
	__u32 at;

	if (copy_tuple(skb, &t, &at) < 0 || !has_ports(&t) ||
	    bpf_ntohs(t.to_port) >= ephemeral)
		return 0;
	port.proto = t.proto;
	port.number = t.to_port;
	sum = bpf_map_lookup_elem(&ports, &port);
	if (sum) {
		/* Nobody else writes this processor's value. */
		int unseen = sum->packets == 0;

		sum->packets++;
		sum->bytes += skb->len;
		return unseen ? skb->len : 0;
	}
	if (bpf_map_update_elem(&ports, &port, &first, BPF_NOEXIST) < 0)
		return 0;
	return skb->len;
}

char _license[] SEC("license") = "Dual BSD/GPL";
