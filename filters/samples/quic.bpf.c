/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firewall of QUIC connection ids. It stands before a server and keeps state.
 * Connections of QUIC do not hang on addresses: a client whose NAT gives it
 * another port goes on under its connection id (RFC 9000), and one that takes
 * another id goes on from its address; but packets that have neither belong to
 * nobody, and make the server answer with resets. The LRU hash `ids` has the
 * ids that clients used in long headers, which begin connections, and `paths`
 * the addresses and ports that packets of known connections came from; whatever
 * is known makes the other known. Who takes a new id and a new address at once,
 * as active migration does, is a stranger here: only the server can tell.
 * XDP_DROP: a packet to port `service` with a short header, of an id and a path
 * that are both unknown; XDP_PASS: everything else. A short header does not say
 * how long its id is: `id_bytes` is what the server gives out. Value of either
 * map: the time at which a packet was seen last.
 *
 *	exopf replay -r pcaps/quic.pcap in=filters/samples/quic.bpf.o
 */
#include "filters/samples/packet.h"

#define LONGEST  20   /* bytes of an id, in version 1 */
#define LONG     0x80 /* the bit below it says nothing: RFC 9287 */
#define SHORTEST 1    /* as an id: none would say nothing */

const volatile __u16 service = 4433;
const volatile __u8 id_bytes = 18;

struct id {
	__u8 length;
	__u8 byte[LONGEST];
	__u8 unused[3];
};

struct long_header {
	__u8 first;
	__u8 version[4];
	__u8 id_length;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct id);
	__type(value, __u64);
} ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct tuple);
	__type(value, __u64);
} paths SEC(".maps");

/* The id of so many bytes at the cursor: 0, or -1 where it is cut. */
static __always_inline int read_id(
    struct cursor *c, __u32 length, struct id *id)
{
	__builtin_memset(id, 0, sizeof(*id));
	if (length < SHORTEST || length > LONGEST)
		return -1;
	id->length = length;
	for (__u32 i = 0; i < LONGEST && i < length; i++) {
		__u8 *byte = c->at;

		if (!pass(c, 1))
			return -1;
		id->byte[i] = *byte;
	}
	return 0;
}

static __always_inline void learn(const struct id *id, const struct tuple *path)
{
	__u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&ids, id, &now, BPF_ANY);
	bpf_map_update_elem(&paths, path, &now, BPF_ANY);
}

/* What to do with a datagram's payload that came on this path. */
static __always_inline int judge(struct cursor *c, const struct tuple *path)
{
	__u8 *first = c->at;
	struct id id;

	if ((void *)(first + 1) > c->end)
		return XDP_PASS;
	if (*first & LONG) {
		struct long_header *h = c->at;

		if (pass(c, sizeof(*h)) && read_id(c, h->id_length, &id) == 0)
			learn(&id, path);
		return XDP_PASS;
	}
	c->at = first + 1;
	if (read_id(c, id_bytes, &id) < 0)
		return XDP_DROP;
	if (!bpf_map_lookup_elem(&ids, &id) &&
	    !bpf_map_lookup_elem(&paths, path))
		return XDP_DROP;
	learn(&id, path);
	return XDP_PASS;
}

SEC("xdp")
int known_connections(struct xdp_md *ctx)
{
	struct cursor c = {
		(void *)(long)ctx->data,
		(void *)(long)ctx->data_end,
	};
	struct tuple path;

	if (read_ip(&c, read_ether(&c), &path) < 0 ||
	    path.proto != IPPROTO_UDP || read_ports(&c, &path) < 0 ||
	    path.to_port != bpf_htons(service))
		return XDP_PASS;
	if (!pass(&c, sizeof(struct udphdr)))
		return XDP_PASS;
	return judge(&c, &path);
}

char _license[] SEC("license") = "Dual BSD/GPL";
