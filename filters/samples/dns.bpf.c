/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DNS name match. Queries and answers about one zone, out of all that a
 * resolver does. Whoever runs the zone wants to see who asks for what, and
 * nothing of other people's names. The filter takes a UDP packet from or to
 * port 53 whose first question is `zone` or a name below it, in letters of any
 * case (its result is the packet's length, else 0); `zone` is as names are on
 * the wire, a byte of length before each label, and the empty label at the end.
 * The per-processor array `questions` counts what was looked at: element 0 the
 * names of the zone, 1 the others, 2 packets without a question that can be
 * read. TCP, where one message may be in several segments, is not looked into.
 *
 *	exopf replay -r pcaps/dns.pcap -o zone.pcap z=filters/samples/dns.bpf.o
 */
#include "filters/samples/packet.h"

#define NAME   255 /* bytes of a name, at most */
#define LABELS 64  /* a power of two; names of addresses have 34 */
#define ZONE   64

const volatile __u8 zone[ZONE] = "\7example\4test";
const volatile __u32 zone_bytes = 14; /* with the empty label */
const volatile __u32 zone_labels = 2; /* without it */

struct dns_header {
	__be16 id;
	__be16 flags;
	__be16 questions;
	__be16 answers;
	__be16 authorities;
	__be16 others;
};

struct name {
	__u8 byte[NAME + 1]; /* 0 behind what was read */
	__u8 label[LABELS];  /* where each begins */
};

enum {
	OURS,
	OTHERS,
	UNREADABLE,
	KINDS
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, __u32);
	__type(value, __u64);
} questions SEC(".maps");

static __always_inline void count(__u32 kind)
{
	__u64 *n = bpf_map_lookup_elem(&questions, &kind);

	if (n)
		*n += 1;
}

static __always_inline __u8 lower(__u8 c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Note where labels begin: how many there are before the empty one, which is
 * the last that is noted, or LABELS where the name does not end so. A name that
 * is compressed is none in a question. */
static __always_inline __u32 walk(struct name *name)
{
	__u32 at = 0;

	for (__u32 i = 0; i < LABELS; i++) {
		__u8 length = name->byte[at & NAME];

		name->label[i] = at;
		if (length == 0)
			return i;
		at += length + 1;
		if (length > 63 || at >= NAME)
			break;
	}
	return LABELS;
}

/* Is a name of so many labels the zone or below it? */
static __always_inline int below(const struct name *name, __u32 labels)
{
	__u32 at;

	if (labels < zone_labels)
		return 0;
	at = name->label[(labels - zone_labels) & (LABELS - 1)];
	for (__u32 i = 0; i < ZONE; i++) {
		__u8 c = zone[i];

		/* Of two names that are equal so far, both lengths are. */
		if (lower(name->byte[(at + i) & NAME]) != lower(c))
			return 0;
		if (i + 1 == zone_bytes)
			return 1;
	}
	return 0;
}

/* The first question of a message: which kind it is. Not static: Linux proves
 * such a function once, and not once for each way to its calls. */
__noinline int question(struct __sk_buff *skb, __u32 at)
{
	struct dns_header dns;
	struct name name = { 0 };
	__s32 n;
	__u32 labels;

	if (bpf_skb_load_bytes(skb, at, &dns, sizeof(dns)) < 0 ||
	    dns.questions == 0)
		return UNREADABLE;
	at += sizeof(dns);
	n = (__s32)(skb->len - at);
	if (n <= 0)
		return UNREADABLE;
	if (n > NAME)
		n = NAME;
	if (bpf_skb_load_bytes(skb, at, &name, n) < 0)
		return UNREADABLE;
	labels = walk(&name);
	if (labels == LABELS || name.label[labels & (LABELS - 1)] >= n)
		return UNREADABLE;
	return below(&name, labels) ? OURS : OTHERS;
}

SEC("socket")
int zone_names(struct __sk_buff *skb)
{
	struct tuple t;
	__u32 at, kind;

	if (copy_tuple(skb, &t, &at) < 0 || !has_ports(&t) ||
	    t.proto != IPPROTO_UDP ||
	    (t.from_port != bpf_htons(53) && t.to_port != bpf_htons(53)))
		return 0;
	kind = question(skb, at + sizeof(struct udphdr));
	count(kind);
	return kind == OURS ? skb->len : 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
