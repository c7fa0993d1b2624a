/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random cubes and packets for the index.
 *
 * Cubes are made near a packet: each atom is one that the packet satisfies, or
 * nearly so. So they overlap, and packets find many of them. Chance comes from
 * bytes while there are some, then from a number.
 */
#ifndef TESTS_SUPPORT_INDEX_GEN_H
#define TESTS_SUPPORT_INDEX_GEN_H

#include <string.h>

#include "exo/space/region.h"

#define IG_BYTES 160u
#define IG_ATOMS 12u

struct ig_chance {
	const uint8_t *bytes;
	size_t n;
	uint64_t state;
};

static inline uint32_t ig_random(struct ig_chance *c)
{
	c->state ^= c->state >> 12;
	c->state ^= c->state << 25;
	c->state ^= c->state >> 27;
	return (uint32_t)((c->state * 0x2545f4914f6cdd1du) >> 32);
}

/* A number below n. */
static inline uint32_t ig_below(struct ig_chance *c, uint32_t n)
{
	if (c->n == 0)
		return ig_random(c) % n;
	c->n--;
	return *c->bytes++ % n;
}

static inline uint64_t ig_long(struct ig_chance *c)
{
	uint64_t hi = ig_random(c);

	return hi << 32 | ig_random(c);
}

static inline void ig_put(uint8_t *at, uint32_t v, uint32_t bytes)
{
	while (bytes-- > 0) {
		at[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

/* The link header; returns where the network header begins. */
static inline uint32_t ig_link(
    struct ig_chance *c, uint8_t *b, uint32_t type, uint32_t *link)
{
	static const uint16_t tpid[] = { 0x8100, 0x8100, 0x88a8, 0x9100 };
	static const uint32_t links[] = { 101, 101, 113, 276, 0, 108, 228, 229,
		147 };
	uint32_t tags = ig_below(c, 8), at = 12;

	*link = 1;
	if (ig_below(c, 4) == 0)
		*link = links[ig_below(c, 9)];
	switch (*link) {
	case 1:
		ig_put(b + 4, ig_below(c, 3), 2);
		ig_put(b + 10, ig_below(c, 3), 2);
		for (tags = tags < 5 ? 0 : tags - 5; tags > 0; tags--) {
			ig_put(b + at, tpid[ig_below(c, 4)], 2);
			ig_put(b + at + 2, ig_below(c, 4), 2);
			at += 4;
		}
		ig_put(b + at, type, 2);
		return at + 2;
	case 113:
		ig_put(b + 14, type, 2);
		return 16;
	case 276:
		ig_put(b, type, 2);
		return 20;
	case 0:
		b[0] = type == 0x0800 ? 2 : 30;
		return 4;
	case 108:
		b[3] = type == 0x0800 ? 2 : 24;
		return 4;
	default:
		return 0;
	}
}

static inline uint32_t ig_proto(struct ig_chance *c)
{
	static const uint8_t protos[] = { 6, 6, 6, 17, 17, 17, 1, 58, 132, 47 };

	return protos[ig_below(c, 10)];
}

static inline uint32_t ig_ip6(struct ig_chance *c, uint8_t *b)
{
	uint32_t nh = ig_proto(c), ext = ig_below(c, 8), at = 40;

	ig_put(b, 0x60000000 | ig_below(c, 3), 4);
	b[6] = (uint8_t)nh;
	ig_put(b + 8, 0x20010db8, 4);
	ig_put(b + 22, ig_below(c, 6), 2);
	ig_put(b + 24, 0x20010db8, 4);
	ig_put(b + 38, ig_below(c, 6), 2);
	for (ext = ext < 6 ? 0 : ext - 5; ext > 0; ext--) {
		b[6] = ig_below(c, 2) != 0 ? 44 : 0;
		b[at] = (uint8_t)(ext > 1 ? 60 : nh);
		if (b[6] == 44)
			ig_put(b + at + 2, ig_below(c, 3), 2);
		at += 8;
	}
	return at;
}

static inline uint32_t ig_ip4(struct ig_chance *c, uint8_t *b)
{
	uint32_t odd = ig_below(c, 12);

	b[0] = (uint8_t)(odd == 0 ? 0x46 : odd == 1 ? 0x40 : 0x45);
	if (odd == 2)
		ig_put(b + 6, ig_below(c, 2) != 0 ? 0x2000 : 3, 2);
	else if (odd < 6)
		b[6] = 0x40;
	ig_put(b + 4, ig_below(c, 4), 2);
	b[8] = (uint8_t)(62 + ig_below(c, 4));
	b[9] = (uint8_t)ig_proto(c);
	ig_put(b + 12, 0x0a000000 | ig_below(c, 8) << 12 | ig_below(c, 8), 4);
	ig_put(b + 16, 0x0a010000 | ig_below(c, 8) << 8 | ig_below(c, 8), 4);
	return 4 * (b[0] & 15u);
}

/* Make a packet in b of IG_BYTES. */
static inline void ig_packet(
    struct ig_chance *c, uint8_t *b, struct sp_packet *p)
{
	static const uint16_t types[] = { 0x0800, 0x0800, 0x0800, 0x0800,
		0x86dd, 0x86dd, 0x0806, 0x88cc };
	uint32_t type = types[ig_below(c, 8)], at, whole;

	memset(b, 0, IG_BYTES);
	at = ig_link(c, b, type, &p->link);
	if (type == 0x0800)
		at += ig_ip4(c, b + at);
	else if (type == 0x86dd)
		at += ig_ip6(c, b + at);
	ig_put(b + at, 1024 + ig_below(c, 16), 2);
	ig_put(b + at + 2, 80 + ig_below(c, 16), 2);
	ig_put(b + at + 4, ig_below(c, 3), 4);
	b[at + 13] = (uint8_t)(1u << ig_below(c, 5));
	whole = at + 4 + ig_below(c, 30);
	p->data = b;
	p->len = whole;
	p->caplen = ig_below(c, 8) == 0 ? ig_below(c, whole + 1) : whole;
}

/* An atom of field f, near what is seen. */
static inline struct sp_atom ig_atom(
    struct ig_chance *c, const struct sp_view *v, enum sp_field f)
{
	uint64_t x = (v->has & SP_BIT(f)) != 0 ? v->v[f] : ig_long(c);
	uint32_t bits = sp_field_row[f].bits, kind = ig_below(c, 16);
	struct sp_atom a;

	x &= sp_max(f);
	if (kind == 15)
		x = ig_below(c, 64);
	if ((v->has & SP_BIT(f)) == 0 && kind < 14)
		return sp_absent(f);
	if (kind < 6 || kind > 13)
		return sp_is(f, x);
	if (kind < 10)
		return sp_masked(
		    f, sp_max(f) << ig_below(c, bits) & sp_max(f), x);
	if (kind == 10)
		return sp_masked(f, ig_long(c), x);
	if (kind == 11)
		return sp_present(f);
	a = sp_between(f, x > 3 ? x - ig_below(c, 4) : 0, x);
	a.hi = ig_below(c, 2) != 0 ? x + ig_below(c, 70) : sp_max(f);
	return a;
}

/* Make a cube of atoms at a, IG_ATOMS, near what is seen. */
static inline struct sp_cube ig_cube(
    struct ig_chance *c, const struct sp_view *v, struct sp_atom *a)
{
	static const uint8_t often[] = { SP_TYPE, SP_IP_SRC, SP_IP_DST,
		SP_PROTO, SP_SPORT, SP_DPORT, SP_IP_PROTO, SP_L4_0, SP_L4_2,
		SP_IP6_SRC2, SP_IP6_DST2, SP_TYPE0 };
	struct sp_cube cube = { .a = a, .n = 0 };
	uint64_t fields = 0;
	uint32_t n = ig_below(c, 7);

	for (uint32_t i = 0; i < n; i++)
		fields |= SP_BIT(ig_below(c, 3) != 0
		                     ? often[ig_below(c, sizeof(often))]
		                     : ig_below(c, SP_FIELDS));
	for (uint32_t f = 0; f < SP_FIELDS && cube.n < IG_ATOMS; f++) {
		if ((fields & SP_BIT(f)) == 0)
			continue;
		a[cube.n] = ig_atom(c, v, (enum sp_field)f);
		if (sp_tidy(&a[cube.n], sp_max((enum sp_field)f)))
			cube.n++;
	}
	return cube;
}

#endif
