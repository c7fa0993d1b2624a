/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The expressions of bench_jit by hand, as fast as C can be asked to be.
 *
 * Each gives what libpcap's program gives on every packet, cut ones and other
 * protocols included; bench_jit compares them before it times anything. A
 * packet as long as any access can reach is asked for its length once; others
 * take the same way with a check before each access. Numbers are compared as
 * they lie in the packet, without a byte swap.
 */
#include <stdbool.h>

#include "tests/bench/jit_yard.h"

#define COLD      __attribute__((noinline, cold))
#define INLINE    inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define NET16(v)  ((uint16_t)((v) >> 8 | ((v)&0xff) << 8))
#define NET32(a, b, c, d)                                           \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | \
	    (uint32_t)(d) << 24)
#define NEED(bytes)                          \
	do {                                 \
		if (!whole && len < (bytes)) \
			return 0;            \
	} while (0)

/* A packet that is whole goes past every NEED(); `name`_cut is for others. */
#define EXPRESSION(name, longest)                                \
	static COLD uint64_t name##_cut(                         \
	    struct jit_ctx *ctx, const uint8_t *d, uint64_t len) \
	{                                                        \
		(void)ctx;                                       \
		return name##_any(d, len, false);                \
	}                                                        \
	static uint64_t name(                                    \
	    struct jit_ctx *ctx, const uint8_t *d, uint64_t len) \
	{                                                        \
		if (LIKELY(len >= (longest)))                    \
			return name##_any(d, len, true);         \
		return name##_cut(ctx, d, len);                  \
	}

enum {
	ETHER_IP = NET16(0x0800),
	ETHER_IP6 = NET16(0x86dd),
	ETHER_ARP = NET16(0x0806),
	ETHER_RARP = NET16(0x8035),
	TCP = 6,
	UDP = 17,
	FRAGMENT = NET16(0x1fff),
	IP_MAX = 14 + 60, /* where a transport header begins at the latest */
};

static INLINE uint16_t load16(const uint8_t *p)
{
	uint16_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static INLINE uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

/* Bytes before the transport header of an IPv4 packet. */
static INLINE uint64_t ip_header(const uint8_t *d)
{
	return 14 + (d[14] & 15u) * 4;
}

/* Is one of the two ports at `at` this one? */
static INLINE uint64_t has_port(
    const uint8_t *d, uint64_t len, bool whole, uint64_t at, uint16_t port)
{
	NEED(at + 2);
	if (load16(d + at) == port)
		return YARD_KEEP;
	NEED(at + 4);
	return load16(d + at + 2) == port ? YARD_KEEP : 0;
}

static INLINE uint64_t tcp_port_any(const uint8_t *d, uint64_t len, bool whole)
{
	uint16_t type;

	NEED(14);
	type = load16(d + 12);
	if (LIKELY(type == ETHER_IP)) {
		NEED(24);
		if (d[23] != TCP || (load16(d + 20) & FRAGMENT) != 0)
			return 0;
		return has_port(d, len, whole, ip_header(d), NET16(80));
	}
	if (type != ETHER_IP6)
		return 0;
	NEED(21);
	return d[20] == TCP ? has_port(d, len, whole, 54, NET16(80)) : 0;
}
EXPRESSION(tcp_port, IP_MAX + 4)

static INLINE uint64_t host_udp_any(const uint8_t *d, uint64_t len, bool whole)
{
	const uint32_t host = NET32(10, 1, 2, 3);

	NEED(14);
	if (load16(d + 12) != ETHER_IP)
		return 0;
	NEED(30);
	if (load32(d + 26) != host) {
		NEED(34);
		if (load32(d + 30) != host)
			return 0;
	}
	if (d[23] != UDP || (load16(d + 20) & FRAGMENT) != 0)
		return 0;
	return has_port(d, len, whole, ip_header(d), NET16(53));
}
EXPRESSION(host_udp, IP_MAX + 4)

static INLINE bool in_range(const uint8_t *p)
{
	return (uint16_t)(__builtin_bswap16(load16(p)) - 8000) <= 100;
}

static INLINE uint64_t ip6_range_any(const uint8_t *d, uint64_t len, bool whole)
{
	NEED(14);
	if (load16(d + 12) != ETHER_IP6)
		return 0;
	NEED(21);
	if (d[20] != TCP)
		return 0;
	NEED(56);
	if (in_range(d + 54))
		return YARD_KEEP;
	NEED(58);
	return in_range(d + 56) ? YARD_KEEP : 0;
}
EXPRESSION(ip6_range, 58)

static INLINE uint64_t vlan_arp_any(const uint8_t *d, uint64_t len, bool whole)
{
	uint16_t type;

	NEED(14);
	type = load16(d + 12);
	if (type != NET16(0x8100) && type != NET16(0x88a8) &&
	    type != NET16(0x9100))
		return 0;
	NEED(18);
	return load16(d + 16) == ETHER_ARP ? YARD_KEEP : 0;
}
EXPRESSION(vlan_arp, 18)

static INLINE uint64_t tcp_flags_any(const uint8_t *d, uint64_t len, bool whole)
{
	uint64_t at;

	NEED(14);
	if (load16(d + 12) != ETHER_IP)
		return 0;
	NEED(24);
	if (d[23] != TCP || (load16(d + 20) & FRAGMENT) != 0)
		return 0;
	at = ip_header(d) + 13;
	NEED(at + 1);
	return (d[at] & 3) != 0 ? YARD_KEEP : 0;
}
EXPRESSION(tcp_flags, IP_MAX + 14)

/*
 * Lists of hosts, in IPv4 and in ARP.
 */

typedef bool listed_fn(uint32_t addr);

static INLINE uint64_t any_host(
    const uint8_t *d, uint64_t len, bool whole, listed_fn *listed)
{
	uint64_t from, to;
	uint16_t type;

	NEED(14);
	type = load16(d + 12);
	if (LIKELY(type == ETHER_IP)) {
		from = 26;
		to = 30;
	} else if (type == ETHER_ARP || type == ETHER_RARP) {
		from = 28;
		to = 38;
	} else {
		return 0;
	}
	NEED(from + 4);
	if (listed(load32(d + from)))
		return YARD_KEEP;
	NEED(to + 4);
	return listed(load32(d + to)) ? YARD_KEEP : 0;
}

/* The compilers make a tree of it. */
static INLINE bool listed_chain(uint32_t addr)
{
	switch (addr) {
#define HOST(a, b, c, d) case NET32(a, b, c, d):
#include "tests/bench/jit_hosts.inc"
#undef HOST
		return true;
	default:
		return false;
	}
}

/* Open addressing: twice as many places as hosts at least; 0 is an empty one,
 * and no host. */
#define PLACES      128u
#define MANY_PLACES 2048u

static uint32_t places[PLACES], many_places[MANY_PLACES];

static INLINE bool listed_in(
    const uint32_t *table, uint32_t size, uint32_t addr)
{
	uint32_t i = addr * 0x9e3779b1u >> (32 - __builtin_ctz(size));

	for (; table[i] != 0; i = (i + 1) & (size - 1)) {
		if (table[i] == addr)
			return true;
	}
	return false;
}

static INLINE bool listed_hash(uint32_t addr)
{
	return listed_in(places, PLACES, addr);
}

static INLINE bool listed_many(uint32_t addr)
{
	return listed_in(many_places, MANY_PLACES, addr);
}

static void put_in(uint32_t *table, uint32_t size, uint32_t addr)
{
	uint32_t i = addr * 0x9e3779b1u >> (32 - __builtin_ctz(size));

	while (table[i] != 0)
		i = (i + 1) & (size - 1);
	table[i] = addr;
}

static void set_hosts(void)
{
	static const uint32_t hosts[] = {
#define HOST(a, b, c, d) NET32(a, b, c, d),
#include "tests/bench/jit_hosts.inc"
#undef HOST
	};
	uint32_t i;

	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		put_in(places, PLACES, hosts[i]);
}

static void set_many(const uint32_t *addr, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		put_in(many_places, MANY_PLACES, addr[i]);
}

#define HOSTS(name, listed)                             \
	static INLINE uint64_t name##_any(              \
	    const uint8_t *d, uint64_t len, bool whole) \
	{                                               \
		return any_host(d, len, whole, listed); \
	}                                               \
	EXPRESSION(name, 42)

HOSTS(hosts_chain, listed_chain)
HOSTS(hosts_hash, listed_hash)
HOSTS(many_hash, listed_many)

const struct yard YARD = {
	.tcp_port = tcp_port,
	.host_udp = host_udp,
	.ip6_range = ip6_range,
	.vlan_arp = vlan_arp,
	.tcp_flags = tcp_flags,
	.hosts_chain = hosts_chain,
	.hosts_hash = hosts_hash,
	.many_hash = many_hash,
	.set_hosts = set_hosts,
	.set_many = set_many,
};
