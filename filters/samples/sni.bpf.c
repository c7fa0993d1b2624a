/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TLS server name match. No TLS connection to one name, or to any name below
 * it: the filter of an office or a school that may look at no content and has
 * to block one site, whose addresses change by the hour. A client says the name
 * in its first message, in the server_name extension of RFC 6066. A packet that
 * holds such a hello for `blocked` is refused (TC_ACT_SHOT), so that the
 * connection never comes to be; everything else passes (TC_ACT_OK): hellos for
 * other names or for none, and those that are cut into several segments before
 * their name. The LRU hash `refused` counts, by client address, how many were.
 * Letters may be of any case. The message is copied piece by piece, each piece
 * at an offset that the packet says, in loops that are bounded by the number of
 * extensions.
 *
 *	exopf replay -r pcaps/tls.pcap pass=filters/samples/sni.bpf.o
 */
#include <linux/pkt_cls.h>

#include "filters/samples/packet.h"

#define EXTENSIONS  32
#define NAME        255
#define BLOCKED     64
#define HANDSHAKE   22 /* a record's type */
#define HELLO       1  /* a handshake message's */
#define SERVER_NAME 0  /* an extension's */
#define HOST_NAME   0  /* a server name's */

const volatile char blocked[BLOCKED] = "blocked.test";
const volatile __u32 blocked_length = 12;

struct record {
	__u8 type;
	__u8 version[2];
	__u8 length[2];
	/* the handshake message in it */
	__u8 message;
	__u8 message_length[3];
	__u8 hello_version[2];
	__u8 random[32];
};

struct extension {
	__be16 type;
	__be16 length;
};

struct server_name {
	__u8 list_length[2];
	__u8 type;
	__u8 length[2];
};

struct name {
	char byte[NAME + 1];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct address);
	__type(value, __u64);
} refused SEC(".maps");

static __always_inline char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Is it `blocked`, or below it? */
static __always_inline int matches(const struct name *name, __u32 length)
{
	__u32 at = length - blocked_length;

	if (blocked_length > BLOCKED || length < blocked_length ||
	    (at > 0 && name->byte[(at - 1) & NAME] != '.'))
		return 0;
	for (__u32 i = 0; i < BLOCKED && i < blocked_length; i++)
		if (lower(name->byte[(at + i) & NAME]) != lower(blocked[i]))
			return 0;
	return 1;
}

/* The extension at `at`: does it name what is blocked? */
static __always_inline int names_it(struct __sk_buff *skb, __u32 at)
{
	struct name name = { 0 };
	struct server_name head;
	__u32 length;

	if (bpf_skb_load_bytes(skb, at, &head, sizeof(head)) < 0 ||
	    head.type != HOST_NAME)
		return 0;
	length = head.length[0] << 8 | head.length[1];
	if (length == 0 || length > NAME)
		return 0;
	if (bpf_skb_load_bytes(skb, at + sizeof(head), &name, length) < 0)
		return 0;
	return matches(&name, length);
}

/* Where the extensions of the hello begin, or 0 where there is no hello. */
static __always_inline __u32 extensions(struct __sk_buff *skb, __u32 at)
{
	struct record record;
	__u8 bytes;
	__u8 half[2];

	if (bpf_skb_load_bytes(skb, at, &record, sizeof(record)) < 0 ||
	    record.type != HANDSHAKE || record.version[0] != 3 ||
	    record.message != HELLO)
		return 0;
	at += sizeof(record);
	if (bpf_skb_load_bytes(skb, at, &bytes, sizeof(bytes)) < 0)
		return 0;
	at += sizeof(bytes) + bytes; /* the session's id */
	if (bpf_skb_load_bytes(skb, at, half, sizeof(half)) < 0)
		return 0;
	at += sizeof(half) + (half[0] << 8 | half[1]); /* ciphers */
	if (bpf_skb_load_bytes(skb, at, &bytes, sizeof(bytes)) < 0)
		return 0;
	at += sizeof(bytes) + bytes; /* compressions */
	return at + sizeof(half);    /* how long extensions are */
}

/* Does the TCP payload at `at` begin a connection to what is blocked? Not
 * static: Linux proves such a function once, and not once for each call. */
__noinline int hello_to_it(struct __sk_buff *skb, __u32 at)
{
	at = extensions(skb, at);
	if (at == 0)
		return 0;
	for (int i = 0; i < EXTENSIONS; i++) {
		struct extension e;

		if (bpf_skb_load_bytes(skb, at, &e, sizeof(e)) < 0)
			return 0;
		at += sizeof(e);
		if (e.type == bpf_htons(SERVER_NAME))
			return names_it(skb, at);
		at += bpf_ntohs(e.length);
	}
	return 0;
}

static __always_inline void note(const struct address *client)
{
	__u64 one = 1;
	__u64 *n = bpf_map_lookup_elem(&refused, client);

	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&refused, client, &one, BPF_NOEXIST);
}

SEC("tc")
int block_name(struct __sk_buff *skb)
{
	struct tcphdr tcp;
	struct tuple t;
	__u32 at;

	if (copy_tuple(skb, &t, &at) < 0 || t.later || t.proto != IPPROTO_TCP ||
	    bpf_skb_load_bytes(skb, at, &tcp, sizeof(tcp)) < 0 || tcp.doff < 5)
		return TC_ACT_OK;
	if (!hello_to_it(skb, at + tcp.doff * 4))
		return TC_ACT_OK;
	note(&t.from);
	return TC_ACT_SHOT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
