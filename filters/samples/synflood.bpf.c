/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sketch against floods of SYNs. A flood of connection requests, held back
 * before it costs the victim memory. What is to be counted, the requests (SYN
 * without ACK) to each destination, has no bound that a table could be made
 * for: sources are forged, and destinations may be a whole network. So they are
 * counted in a count-min sketch, the array `sketch`: each of its four rows adds
 * to the one cell that a hash of the destination picks, and the least of the
 * four is at least the true number. A cell belongs to a window of time
 * (2^`window_shift` nanoseconds, about a second) and starts anew with the next.
 * XDP_DROP: a request beyond the first `limit` to this destination in this
 * window; XDP_PASS: everything else, so connections that stand go on. The first
 * request that is dropped of a window is told to the owner through the ring
 * buffer `alarms`.
 *
 *	exopf replay -r pcaps/scan.pcap calm=filters/samples/synflood.bpf.o
 */
#include "filters/samples/hash.h"
#include "filters/samples/packet.h"

#define ROWS    4
#define COLUMNS 4096 /* a power of two */

const volatile __u32 limit = 20;
const volatile __u32 window_shift = 30; /* below 64 */
const volatile __u32 seed = 0x5eed;

struct cell {
	__u32 window;
	__u32 count;
};

struct alarm {
	struct address to;
	__u64 time;
	__u32 count;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ROWS *COLUMNS);
	__type(key, __u32);
	__type(value, struct cell);
} sketch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} alarms SEC(".maps");

/* Count one request in a row: the number that its cell has then. */
static __always_inline __u32 count_in(
    __u32 row, const struct address *to, __u32 window)
{
	__u32 column = hash_words(to->word, 4, seed + row) & (COLUMNS - 1);
	__u32 index = row * COLUMNS + column;
	struct cell *cell = bpf_map_lookup_elem(&sketch, &index);

	if (!cell)
		return 0;
	/* Requests of another processor that come between are lost. */
	if (cell->window != window) {
		cell->count = 0;
		cell->window = window;
	}
	return __sync_fetch_and_add(&cell->count, 1) + 1;
}

static __always_inline void tell(
    const struct address *to, __u64 now, __u32 count)
{
	struct alarm *a = bpf_ringbuf_reserve(&alarms, sizeof(*a), 0);

	if (!a)
		return;
	a->to = *to;
	a->time = now;
	a->count = count;
	a->unused = 0;
	bpf_ringbuf_submit(a, 0);
}

SEC("xdp")
int requests(struct xdp_md *ctx)
{
	struct cursor c = {
		(void *)(long)ctx->data,
		(void *)(long)ctx->data_end,
	};
	__u64 now = bpf_ktime_get_ns();
	__u32 least = ~0u;
	struct tcphdr *tcp;
	struct tuple t;

	if (read_ip(&c, read_ether(&c), &t) < 0 || t.later ||
	    t.proto != IPPROTO_TCP)
		return XDP_PASS;
	tcp = c.at;
	if (!pass(&c, sizeof(*tcp)) || !tcp->syn || tcp->ack)
		return XDP_PASS;
	for (__u32 row = 0; row < ROWS; row++) {
		__u32 n = count_in(row, &t.to, now >> (window_shift & 63));

		least = n < least ? n : least;
	}
	if (least <= limit)
		return XDP_PASS;
	if (least == limit + 1)
		tell(&t.to, now, least);
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
