/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A token-bucket limiter. No source may send more than its share: a token
 * bucket for each of them. An operator puts it in front of a service that a
 * single client could fill. A bucket holds `burst` bytes at most and is filled
 * by one byte every `byte_ns` nanoseconds; a packet that finds fewer bytes than
 * its length is refused (TC_ACT_SHOT) and takes none, any other passes
 * (TC_ACT_OK), and so does all that is not IP. The map `buckets` has one word
 * for each source that was seen lately: the time at which its bucket will be
 * full again, from which the tokens follow: burst - (full - now) / byte_ns. One
 * word can be exchanged atomically, so processors that see the same source need
 * no lock. The defaults, 1 Mbit/s after 30,000 bytes, cut the bulk streams of a
 * bundled capture and leave their acknowledgements.
 *
 *	exopf replay -r pcaps/iperf.pcap -o '{name}.pcap' \
 *	    kept=filters/samples/limiter.bpf.o
 */
#include <linux/pkt_cls.h>

#include "filters/samples/packet.h"

#define TRIES 4 /* to exchange the word; then the packet passes unpaid */

const volatile __u64 byte_ns = 8000;
const volatile __u64 burst = 30000;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct address);
	__type(value, __u64);
} buckets SEC(".maps");

/* Take ns out of a bucket that will be full at *full: 0 where it has less. */
static __always_inline int pay(__u64 *full, __u64 now, __u64 ns)
{
	for (int i = 0; i < TRIES; i++) {
		__u64 old = *(volatile __u64 *)full;
		__u64 from = old > now ? old : now;

		if (from + ns - now > burst * byte_ns)
			return 0;
		if (__sync_val_compare_and_swap(full, old, from + ns) == old)
			return 1;
	}
	return 1;
}

SEC("tc")
int limit(struct __sk_buff *skb)
{
	struct cursor c = {
		(void *)(long)skb->data,
		(void *)(long)skb->data_end,
	};
	__u64 ns = skb->len * byte_ns;
	__u64 now = bpf_ktime_get_ns();
	__u64 fresh = now; /* full already */
	struct tuple t;
	__u64 *full;

	if (read_ip(&c, read_ether(&c), &t) < 0)
		return TC_ACT_OK;
	full = bpf_map_lookup_elem(&buckets, &t.from);
	if (!full) {
		/* Another processor may be first: its bucket is as good. */
		bpf_map_update_elem(&buckets, &t.from, &fresh, BPF_NOEXIST);
		full = bpf_map_lookup_elem(&buckets, &t.from);
		if (!full)
			return TC_ACT_OK;
	}
	return pay(full, now, ns) ? TC_ACT_OK : TC_ACT_SHOT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
