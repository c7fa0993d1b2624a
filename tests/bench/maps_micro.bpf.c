/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One operation of a map a run: the programs of maps_micro.inc, compiled for BPF
 * and, by maps_native.c, for this machine.
 *
 * A program fills its map by itself, an element a run, so that all engines'
 * maps are filled alike. From then on it makes a key by a generator of numbers,
 * looks it up, and reads the value that it finds. Its twin does all of that but
 * what is done to the map: the difference of both is the operation.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define INDEXES  1024u
#define PREFIXES 1000u
#define UPDATED  1000u

struct key4 {
	__u32 word[1];
};

struct key16 {
	__u32 word[4];
};

struct prefix {
	__u32 bits;
	__be32 address;
};

struct record {
	__u64 word[2];
};

/* One of the numbers below n. */
static __always_inline __u32 draw(__u32 *turn, __u32 n)
{
	*turn = *turn * 1664525 + 1013904223;
	return (__u64)*turn * n >> 32;
}

static __always_inline struct key4 key4(__u32 i)
{
	struct key4 key = { { i } };

	return key;
}

static __always_inline struct key16 key16(__u32 i)
{
	struct key16 key = { { i, i * 0x9e3779b9, ~i, 1 } };

	return key;
}

/* The key is made, whether or not somebody looks at it. */
#define MADE(key) __asm__ volatile("" : : "r"(&(key)) : "memory")

static __always_inline int value_of(const __u64 *value)
{
	return value ? (int)*value : -1;
}

/* -- arrays, hashes ----------------------------------------------------------- */

#define MAP_OF(name, kind, n, key_type)            \
	static __u32 turn_##name, filled_##name;   \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__uint(max_entries, n);            \
		__type(key, key_type);             \
		__type(value, __u64);              \
	} map_##name SEC(".maps");                 \
	int name(struct __sk_buff *skb);           \
	int name##_base(struct __sk_buff *skb);

#define ARRAY_KEY(name, keys) \
	(keys) ? draw(&turn_##name, INDEXES) : (__u32)(keys)

#define ARRAY(name, kind, keys, what)                                    \
	MAP_OF(name, kind, INDEXES, __u32)                               \
	SEC("tc") int name(struct __sk_buff *skb)                        \
	{                                                                \
		__u32 key = ARRAY_KEY(name, keys);                       \
                                                                         \
		return value_of(bpf_map_lookup_elem(&map_##name, &key)); \
	}                                                                \
	SEC("tc") int name##_base(struct __sk_buff *skb)                 \
	{                                                                \
		__u32 key = ARRAY_KEY(name, keys);                       \
                                                                         \
		MADE(key);                                               \
		return filled_##name;                                    \
	}

/* Linux's LRU hash gives elements up before it is full. */
#define ROOM_HASH(n)     (n)
#define ROOM_LRU_HASH(n) (4 * (n))

#define HASH(name, kind, size, n, among, what)                            \
	MAP_OF(name, kind, ROOM_##kind(n), struct key##size)              \
	static __always_inline int fill_##name(void)                      \
	{                                                                 \
		__u64 value = filled_##name;                              \
		struct key##size key = key##size(filled_##name++);        \
                                                                          \
		return bpf_map_update_elem(&map_##name, &key, &value, 0); \
	}                                                                 \
	SEC("tc") int name(struct __sk_buff *skb)                         \
	{                                                                 \
		struct key##size key;                                     \
                                                                          \
		if (filled_##name < n)                                    \
			return fill_##name();                             \
		key = key##size(draw(&turn_##name, among));               \
		return value_of(bpf_map_lookup_elem(&map_##name, &key));  \
	}                                                                 \
	SEC("tc") int name##_base(struct __sk_buff *skb)                  \
	{                                                                 \
		struct key##size key;                                     \
                                                                          \
		if (filled_##name < n)                                    \
			return filled_##name++;                           \
		key = key##size(draw(&turn_##name, among));               \
		MADE(key);                                                \
		return 0;                                                 \
	}

#define OTHER(name, form, what)
#include "tests/bench/maps_micro.inc"
#undef ARRAY
#undef HASH
#undef OTHER

/* -- prefixes ----------------------------------------------------------------- */

static __u32 turn_trie, filled_trie;

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, PREFIXES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u64);
} map_trie SEC(".maps");

static __always_inline __u32 address(__u32 i)
{
	i *= 0x9e3779b9;
	return i ^ i >> 15;
}

static __always_inline int fill_trie(void)
{
	__u64 value = filled_trie;
	__u32 i = filled_trie++;
	struct prefix key = { 8 + i % 25, bpf_htonl(address(i)) };

	return bpf_map_update_elem(&map_trie, &key, &value, 0);
}

/* One that begins as a prefix does, mostly. */
static __always_inline struct prefix any_address(void)
{
	__u32 i = draw(&turn_trie, PREFIXES);
	struct prefix key = { 32, bpf_htonl(address(i) ^ (turn_trie & 0xff)) };

	return key;
}

SEC("tc") int trie(struct __sk_buff *skb)
{
	struct prefix key;

	if (filled_trie < PREFIXES)
		return fill_trie();
	key = any_address();
	return value_of(bpf_map_lookup_elem(&map_trie, &key));
}

SEC("tc") int trie_base(struct __sk_buff *skb)
{
	struct prefix key;

	if (filled_trie < PREFIXES)
		return filled_trie++;
	key = any_address();
	MADE(key);
	return 0;
}

/* -- what is no lookup -------------------------------------------------------- */

MAP_OF(update, HASH, UPDATED, struct key16)

SEC("tc") int update(struct __sk_buff *skb)
{
	__u64 value = turn_update;
	struct key16 key = key16(draw(&turn_update, UPDATED));

	return bpf_map_update_elem(&map_update, &key, &value, 0);
}

SEC("tc") int update_base(struct __sk_buff *skb)
{
	__u64 value = turn_update;
	struct key16 key = key16(draw(&turn_update, UPDATED));

	MADE(key);
	MADE(value);
	return filled_update;
}

static __u32 turn_queue;

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, INDEXES);
	__type(value, __u64);
} map_queue SEC(".maps");

SEC("tc") int queue(struct __sk_buff *skb)
{
	__u64 value = draw(&turn_queue, INDEXES), oldest = 0;

	if (bpf_map_push_elem(&map_queue, &value, 0) < 0)
		return -1;
	return bpf_map_pop_elem(&map_queue, &oldest) < 0 ? -1 : (int)oldest;
}

SEC("tc") int queue_base(struct __sk_buff *skb)
{
	__u64 value = draw(&turn_queue, INDEXES);

	MADE(value);
	return (int)value;
}

static __u32 turn_ring;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} map_ring SEC(".maps");

SEC("tc") int ring(struct __sk_buff *skb)
{
	struct record *r = bpf_ringbuf_reserve(&map_ring, sizeof(*r), 0);

	if (!r)
		return -1;
	r->word[0] = turn_ring++;
	r->word[1] = 1;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tc") int ring_base(struct __sk_buff *skb)
{
	struct record r = { { turn_ring++, 1 } };

	MADE(r);
	return 0;
}

/* -- nothing at all, by type: what is taken off samples ------------------------- */

SEC("tc") int nothing_tc(struct __sk_buff *skb)
{
	return 0;
}

SEC("socket") int nothing_socket(struct __sk_buff *skb)
{
	return 0;
}

SEC("xdp") int nothing_xdp(struct xdp_md *ctx)
{
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
