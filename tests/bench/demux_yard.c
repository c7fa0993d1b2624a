/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The yardstick: five-tuples by a parser and a hash table written by hand.
 *
 * Open addressing, slots of 32 bytes that never cross a cache line, at most
 * half of them in use, batches of 32: parse, hash and prefetch, then compare.
 * The hash is a public multiplication: cheaper than what an attacker may see.
 *
 * Beside it the same as tight as can be for such flows: slots of 16 bytes, four a
 * cache line and a quarter of them in use at most, the protocol as one bit beside
 * the id. And the linear search over the same keys.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/bench/demux_parts.h"

struct slot {
	uint64_t addresses, rest; /* rest 0: free; proto is not */
	uint32_t id;
	uint32_t pad[3];
};

struct yard {
	struct slot *slot;
	uint32_t mask;
	uint32_t n;
};

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint16_t load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The key: Ethernet, IPv4 without options, no fragment, TCP or UDP, captured up
 * to the ports. */
static inline bool parse(
    const struct sp_packet *p, uint64_t *addresses, uint64_t *rest)
{
	const uint8_t *d = p->data;

	if (p->link != SP_LINK_ETHERNET || p->caplen < 38 ||
	    load16(d + 12) != 0x0008 || d[14] != 0x45 ||
	    (load16(d + 20) & 0xff3f) != 0 ||
	    ((uint32_t)(d[23] == 6) | (uint32_t)(d[23] == 17)) == 0)
		return false;
	*addresses = load64(d + 26);
	*rest = load32(d + 34) | (uint64_t)d[23] << 32;
	return true;
}

static inline uint32_t hash(uint64_t addresses, uint64_t rest)
{
	uint64_t h = addresses * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32 ^ rest) * 0xd6e8feb86659fd93u;
	return (uint32_t)(h >> 32);
}

static void *yard_open(const struct dx_flow *f, uint32_t n, char why[DX_WHY])
{
	struct yard *y = dx_get(sizeof(*y));
	uint32_t room = 64;

	(void)why;
	while (room < 2 * n)
		room *= 2;
	y->slot = dx_get(room * sizeof(*y->slot));
	y->mask = room - 1;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t a = f[i].src | (uint64_t)f[i].dst << 32;
		uint64_t r = f[i].sport | (uint64_t)f[i].dport << 16 |
		             (uint64_t)f[i].proto << 32;
		uint32_t h = hash(a, r) & y->mask;

		while (y->slot[h].rest != 0)
			h = (h + 1) & y->mask;
		y->slot[h] = (struct slot){ a, r, i, { 0 } };
	}
	return y;
}

static void yard_close(void *state)
{
	struct yard *y = state;

	free(y->slot);
	free(y);
}

static void yard_find(
    void *state, const struct sp_packet *p, uint32_t n, uint32_t *id)
{
	const struct yard *y = state;
	const struct slot *table = y->slot;
	uint64_t a[DX_BATCH], r[DX_BATCH];
	uint32_t h[DX_BATCH], mask = y->mask;

	for (; n > 0; n -= DX_BATCH, p += DX_BATCH, id += DX_BATCH) {
		for (uint32_t i = 0; i < DX_BATCH; i++)
			__builtin_prefetch(p[i].data);
		for (uint32_t i = 0; i < DX_BATCH; i++) {
			a[i] = 0;
			r[i] = 1; /* nobody's */
			(void)parse(&p[i], &a[i], &r[i]);
			h[i] = hash(a[i], r[i]) & mask;
			__builtin_prefetch(&table[h[i]]);
		}
		for (uint32_t i = 0; i < DX_BATCH; i++) {
			const struct slot *s = &table[h[i]];

			while (s->rest != 0 &&
			       (s->addresses != a[i] || s->rest != r[i])) {
				h[i] = (h[i] + 1) & mask;
				s = &table[h[i]];
			}
			id[i] = s->rest != 0 ? s->id : DX_NONE;
		}
	}
}

const struct dx_engine dx_yard = {
	.name = "C parser + hash",
	.open = yard_open,
	.find = yard_find,
	.close = yard_close,
};

/* rest: the ports, a bit for TCP, and the id with one added: 0 is free. */
struct tight {
	uint64_t addresses, rest;
};

#define KEY 0x1ffffffffu
#define ID  33

struct packed {
	struct tight *slot;
	uint32_t mask;
};

static uint64_t tight_key(uint64_t rest)
{
	return (uint32_t)rest | (uint64_t)(rest >> 32 == 6) << 32;
}

static void *packed_open(const struct dx_flow *f, uint32_t n, char why[DX_WHY])
{
	struct packed *y = dx_get(sizeof(*y));
	uint32_t room = 64;

	(void)why;
	while (room < 4 * n)
		room *= 2;
	y->slot = dx_get(room * sizeof(*y->slot));
	y->mask = room - 1;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t a = f[i].src | (uint64_t)f[i].dst << 32;
		uint64_t r = tight_key(f[i].sport | (uint64_t)f[i].dport << 16 |
		                       (uint64_t)f[i].proto << 32);
		uint32_t h = hash(a, r) & y->mask;

		while (y->slot[h].rest != 0)
			h = (h + 1) & y->mask;
		y->slot[h] = (struct tight){ a, r | (i + (uint64_t)1) << ID };
	}
	return y;
}

static void packed_close(void *state)
{
	struct packed *y = state;

	free(y->slot);
	free(y);
}

static void packed_find(
    void *state, const struct sp_packet *p, uint32_t n, uint32_t *id)
{
	const struct packed *y = state;
	const struct tight *table = y->slot;
	uint64_t a[DX_BATCH], r[DX_BATCH];
	uint32_t h[DX_BATCH], mask = y->mask;

	for (; n > 0; n -= DX_BATCH, p += DX_BATCH, id += DX_BATCH) {
		for (uint32_t i = 0; i < DX_BATCH; i++)
			__builtin_prefetch(p[i].data);
		for (uint32_t i = 0; i < DX_BATCH; i++) {
			a[i] = 0;
			r[i] = 0;
			if (parse(&p[i], &a[i], &r[i]))
				r[i] = tight_key(r[i]);
			h[i] = hash(a[i], r[i]) & mask;
			__builtin_prefetch(&table[h[i]]);
		}
		for (uint32_t i = 0; i < DX_BATCH; i++) {
			const struct tight *s = &table[h[i]];

			while (s->rest != 0 && (s->addresses != a[i] ||
			                           (s->rest & KEY) != r[i])) {
				h[i] = (h[i] + 1) & mask;
				s = &table[h[i]];
			}
			id[i] = (uint32_t)(s->rest >> ID) - 1;
		}
	}
}

const struct dx_engine dx_packed = {
	.name = "C parser + hash; packed",
	.open = packed_open,
	.find = packed_find,
	.close = packed_close,
};

static void *linear_open(const struct dx_flow *f, uint32_t n, char why[DX_WHY])
{
	struct yard *y = dx_get(sizeof(*y));

	(void)why;
	y->slot = dx_get(n * sizeof(*y->slot));
	y->n = n;
	for (uint32_t i = 0; i < n; i++)
		y->slot[i] = (struct slot){ f[i].src | (uint64_t)f[i].dst << 32,
			f[i].sport | (uint64_t)f[i].dport << 16 |
			    (uint64_t)f[i].proto << 32,
			i, { 0 } };
	return y;
}

static void linear_find(
    void *state, const struct sp_packet *p, uint32_t n, uint32_t *id)
{
	const struct yard *y = state;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t a = 0, r = 1;

		id[i] = DX_NONE;
		if (!parse(&p[i], &a, &r))
			continue;
		for (uint32_t k = 0; k < y->n && id[i] == DX_NONE; k++)
			if (y->slot[k].addresses == a && y->slot[k].rest == r)
				id[i] = y->slot[k].id;
	}
}

const struct dx_engine dx_linear = {
	.name = "linear",
	.most = 1000,
	.open = linear_open,
	.find = linear_find,
	.close = yard_close,
};
