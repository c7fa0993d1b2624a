/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A finder of heavy hitters. The few flows that fill the line, without a table
 * of all flows. Operators look for them when a link is full, and keep their
 * packets only. Each of the two rows of `buckets` sends a flow (5-tuple) to the
 * one bucket that its hash picks. A bucket holds the bytes of all its flows
 * and, by majority vote, one of them as a candidate: bytes of the candidate are
 * votes for it, bytes of others against, and at 0 the next takes its place. So
 * a flow with more than half of a bucket's bytes is always its candidate, and
 * bytes and votes bound what a flow can have sent (MV-Sketch, Tang, Huang and
 * Lee 2019). The bound is never below the truth. The filter takes a packet (its
 * result is the length, else 0) when its flow's bound is more than 1 /
 * 2^`share` of all bytes of this window of 2^`window_shift` nanoseconds, once
 * there were `enough`. The map `totals` has the bytes of the window. Both are
 * per processor: no vote is torn by another's. Heavy flows can be read out of
 * the map, since it has their names, which a count-min sketch has not.
 *
 *	exopf replay -r pcaps/iperf.pcap -o big.pcap h=filters/samples/heavy.bpf.o
 */
#include "filters/samples/hash.h"
#include "filters/samples/packet.h"

#define ROWS    2
#define COLUMNS 1024 /* a power of two */
#define WORDS   ((int)(sizeof(struct tuple) / sizeof(__u32)))

const volatile __u32 share = 3;
const volatile __u32 window_shift = 32; /* below 64: about four seconds */
const volatile __u64 enough = 20000;
const volatile __u32 seed = 0x5eed;

struct bucket {
	struct tuple candidate;
	__u32 window;
	__u64 bytes;
	__u64 votes;
};

struct total {
	__u64 bytes;
	__u32 window;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ROWS *COLUMNS);
	__type(key, __u32);
	__type(value, struct bucket);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct total);
} totals SEC(".maps");

static __always_inline int same(const struct tuple *a, const struct tuple *b)
{
	const __u32 *x = (const __u32 *)a;
	const __u32 *y = (const __u32 *)b;
	__u32 differ = 0;

	for (int i = 0; i < WORDS; i++)
		differ |= x[i] ^ y[i];
	return differ == 0;
}

/* Vote in a bucket: what the flow can have sent at most, as far as it knows. */
static __always_inline __u64 vote(
    struct bucket *b, const struct tuple *flow, __u32 bytes, __u32 window)
{
	if (b->window != window || b->bytes == 0) {
		b->window = window;
		b->bytes = 0;
		b->votes = 0;
	}
	b->bytes += bytes;
	if (b->votes > 0 && same(&b->candidate, flow)) {
		b->votes += bytes;
	} else if (b->votes >= bytes) {
		b->votes -= bytes;
		return (b->bytes - b->votes) / 2;
	} else {
		b->candidate = *flow;
		b->votes = bytes - b->votes;
	}
	return (b->bytes + b->votes) / 2;
}

/* All bytes of the window, these included. */
static __always_inline __u64 add(__u32 bytes, __u32 window)
{
	__u32 zero = 0;
	struct total *all = bpf_map_lookup_elem(&totals, &zero);

	if (!all)
		return 0;
	if (all->window != window)
		all->bytes = 0;
	all->window = window;
	all->bytes += bytes;
	return all->bytes;
}

SEC("socket")
int heavy_flows(struct __sk_buff *skb)
{
	__u32 window = bpf_ktime_get_ns() >> (window_shift & 63);
	__u64 least = ~0ull;
	__u64 all;
	struct tuple t;
	__u32 at;

	if (copy_tuple(skb, &t, &at) < 0)
		return 0;
	all = add(skb->len, window);
	for (__u32 row = 0; row < ROWS; row++) {
		__u32 column = hash_words((__u32 *)&t, WORDS, seed + row);
		__u32 index = row * COLUMNS + (column & (COLUMNS - 1));
		struct bucket *b = bpf_map_lookup_elem(&buckets, &index);
		__u64 most;

		if (!b)
			return 0;
		most = vote(b, &t, skb->len, window);
		least = most < least ? most : least;
	}
	return all >= enough && least > all >> (share & 63) ? skb->len : 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
