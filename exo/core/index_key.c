/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cubes as words: shapes, where their fields lie in words, and how the words
 * of a packet come about.
 *
 * A field gets a place where, in a plain IPv4 packet, the bytes lie beside
 * those of the same word: then one load brings them all. Else it gets a word
 * of its own, or, if it is small, any bytes that are free: then the word needs
 * a second load, and a rotation.
 */
#include "exo/core/index_int.h"

#include "exo/abi/err.h"
#include "exo/lib/bits.h"

#define NOWHERE   INT16_MIN
#define ETH_AT    (-14) /* the first byte of a plain packet */
#define PORTS_END 24    /* behind it not all plain packets have bytes */
#define IP6_AT    256   /* apart from everything of IPv4 */

/* Fields that change from packet to packet without a place in it. */
#define MOVING (SP_BIT(SP_CAPLEN) | SP_BIT(SP_LEN) | SP_BIT(SP_L4_LEFT))

/* Fields of few values. */
#define WEAK                                                               \
	(SP_BIT(SP_LINK) | SP_BIT(SP_TYPE0) | SP_BIT(SP_TYPE1) |           \
	    SP_BIT(SP_TYPE2) | SP_BIT(SP_AF) | SP_BIT(SP_TAGS) |           \
	    SP_BIT(SP_TYPE) | SP_BIT(SP_IP_VHL) | SP_BIT(SP_IP_TOS) |      \
	    SP_BIT(SP_IP_FRAG) | SP_BIT(SP_IP_TTL) | SP_BIT(SP_IP_PROTO) | \
	    SP_BIT(SP_IP6_VTF) | SP_BIT(SP_IP6_NH) | SP_BIT(SP_IP6_HLIM) | \
	    SP_BIT(SP_IP6_XNH) | SP_BIT(SP_ARP_HRD) | SP_BIT(SP_ARP_PRO) | \
	    SP_BIT(SP_ARP_HLN) | SP_BIT(SP_ARP_PLN) | SP_BIT(SP_ARP_OP) |  \
	    SP_BIT(SP_FRAG) | SP_BIT(SP_PROTO) | SP_BIT(SP_ICMP_TYPE) |    \
	    SP_BIT(SP_ICMP_CODE) | SP_BIT(SP_TCP_FLAGS))

uint32_t ix_strength(uint32_t field, uint64_t mask)
{
	return (WEAK & SP_BIT(field)) != 0 ? 0 : exo_popcount64(mask);
}

bool ix_atom_masked(const struct sp_atom *a)
{
	return a->lo == a->value &&
	       a->hi ==
	           (a->value | (sp_max((enum sp_field)a->field) & ~a->mask));
}

/* Keyed, so that nobody can choose shapes that are in one chain. */
static void shape_hash(const struct exo_index *ix, struct ix_shape *s)
{
	uint64_t h =
	    ix_mul(ix->key, 0, s->need) ^ ix_mul(ix->key, 1, s->absent);

	for (uint32_t i = 0; i < s->n; i++) {
		h ^= h >> 29 ^ s->mask[i] ^ (uint64_t)s->field[i] << 56;
		h = ix_mul(ix->key, i % IX_WORDS, h);
	}
	s->hash = ix_mix(h);
}

/* Strong fields come first: they get the places. */
static void add_key(struct ix_shape *s, const struct sp_atom *a)
{
	uint32_t i, strong = ix_strength(a->field, a->mask);

	if (s->n == IX_KEYS)
		return;
	for (i = s->n; i > 0 && strong > 0 &&
	               ix_strength(s->field[i - 1], s->mask[i - 1]) == 0;
	     i--) {
		s->field[i] = s->field[i - 1];
		s->mask[i] = s->mask[i - 1];
	}
	s->field[i] = a->field;
	s->mask[i] = a->mask;
	s->n++;
}

int ix_shape_of(struct exo_index *ix, const struct sp_cube *c)
{
	struct ix_shape *s = &ix->now;
	int last = -1;

	*s = (struct ix_shape){ .n = 0 };
	ix->natoms = 0;
	if (c->n > SP_FIELDS)
		return -EXO_EINVAL;
	for (uint32_t i = 0; i < c->n; i++) {
		struct sp_atom *a = &ix->atom[ix->natoms++];

		*a = c->a[i];
		if (a->field >= SP_FIELDS || a->field <= last ||
		    !sp_tidy(a, sp_max((enum sp_field)a->field)))
			return -EXO_EINVAL;
		last = a->field;
		if (a->absent)
			s->absent |= SP_BIT(a->field);
		else
			s->need |= SP_BIT(a->field);
		if (a->mask != 0 && (MOVING & SP_BIT(a->field)) == 0)
			add_key(s, a);
	}
	shape_hash(ix, s);
	return 0;
}

/* Where a field lies behind the network header of plain IPv4. */
static int32_t wire_at(uint32_t f)
{
	int32_t off = ix_class_off(IX_ETH4, f);

	if (off >= 0)
		return off - 14;
	off = ix_class_off(IX_RAW6, f);
	return off >= 0 && off < 40 ? IP6_AT + off : NOWHERE;
}

static uint32_t bits_at(uint32_t byte, uint32_t bytes)
{
	return ((1u << bytes) - 1) << byte;
}

/* Bytes beside others in the wire's order. */
static bool place_beside(
    const struct ix_layout *lay, uint32_t f, struct ix_place *p)
{
	int32_t at = wire_at(f);

	for (uint32_t w = 0; at != NOWHERE && w < lay->words; w++) {
		int32_t byte = at - lay->base[w];

		if (lay->base[w] == NOWHERE || byte < 0 ||
		    byte + p->bytes > 8 ||
		    (lay->used[w] & bits_at((uint32_t)byte, p->bytes)) != 0)
			continue;
		p->word = (uint8_t)w;
		p->byte = (uint8_t)byte;
		return true;
	}
	return false;
}

/* Where one load gives it with a field that has a place already. */
static bool place_along(
    const struct ix_layout *lay, uint32_t f, struct ix_place *p)
{
	int32_t at = wire_at(f);

	for (uint32_t i = 0; at != NOWHERE && i < lay->places; i++) {
		const struct ix_place *q = &lay->place[i];
		int32_t other = wire_at(q->field), byte = at - other + q->byte;

		if (other == NOWHERE || byte < 0 || byte + p->bytes > 8 ||
		    (lay->used[q->word] & bits_at((uint32_t)byte, p->bytes)) !=
		        0)
			continue;
		p->word = q->word;
		p->byte = (uint8_t)byte;
		return true;
	}
	return false;
}

static bool place_anywhere(const struct ix_layout *lay, struct ix_place *p)
{
	for (uint32_t w = 0; w < lay->words; w++) {
		for (uint32_t b = 0; b + p->bytes <= 8; b++) {
			if ((lay->used[w] & bits_at(b, p->bytes)) != 0)
				continue;
			p->word = (uint8_t)w;
			p->byte = (uint8_t)b;
			return true;
		}
	}
	return false;
}

/* A word of its own: where the bytes are aligned, but neither before the packet
 * nor behind what is wanted where the packet might end. */
static bool place_new(struct ix_layout *lay, uint32_t f, struct ix_place *p)
{
	int32_t at = wire_at(f), base = at;
	uint32_t w = lay->words;

	if (w == IX_WORDS)
		return false;
	if (at >= PORTS_END && at < IP6_AT)
		base = at + p->bytes - 8;
	else if (at != NOWHERE && (at & 7) + p->bytes <= 8)
		base = at - (at & 7);
	if (base != NOWHERE && base < ETH_AT)
		base = ETH_AT;
	lay->base[w] = (int16_t)base;
	lay->used[w] = 0;
	lay->words++;
	p->word = (uint8_t)w;
	p->byte = (uint8_t)(at == NOWHERE ? 0 : at - base);
	return true;
}

/* It has one value in plain IPv4, and needs no load there. */
static bool is_fixed(uint32_t f)
{
	uint64_t v;

	return ix_class_fixed(IX_ETH4, f, &v);
}

static bool place(struct ix_layout *lay, uint32_t f)
{
	struct ix_place p = { .field = (uint8_t)f,
		.bytes = (uint8_t)ix_bytes(f) };

	if (lay->places == IX_PLACES)
		return false;
	if (!place_beside(lay, f, &p) && !place_along(lay, f, &p) &&
	    !(is_fixed(f) && place_anywhere(lay, &p)) &&
	    !place_new(lay, f, &p) && !place_anywhere(lay, &p))
		return false;
	lay->used[p.word] |= (uint8_t)bits_at(p.byte, p.bytes);
	lay->fields |= SP_BIT(f);
	lay->place[lay->places++] = p;
	return true;
}

bool ix_layout_add(struct ix_layout *lay, const struct ix_shape *s)
{
	uint32_t before = lay->places;

	/* what needs no load takes what the others leave */
	for (uint32_t i = 0; i < s->n; i++)
		if ((lay->fields & SP_BIT(s->field[i])) == 0 &&
		    !is_fixed(s->field[i]))
			(void)place(lay, s->field[i]);
	for (uint32_t i = 0; i < s->n; i++)
		if ((lay->fields & SP_BIT(s->field[i])) == 0)
			(void)place(lay, s->field[i]);
	return lay->places != before;
}

static uint64_t in_word(const struct ix_place *p, uint64_t v)
{
	return ix_wire(v, p->bytes) << (8 * p->byte);
}

static const struct ix_place *place_of(
    const struct ix_layout *lay, uint32_t field)
{
	for (uint32_t i = 0; i < lay->places; i++)
		if (lay->place[i].field == field)
			return &lay->place[i];
	return NULL;
}

uint64_t ix_layout_masks(const struct ix_layout *lay, const struct ix_shape *s,
    uint64_t mask[IX_WORDS])
{
	uint64_t inside = 0;

	for (uint32_t w = 0; w < IX_WORDS; w++)
		mask[w] = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		const struct ix_place *p = place_of(lay, s->field[i]);

		if (p == NULL)
			continue;
		mask[p->word] |= in_word(p, s->mask[i]);
		inside |= SP_BIT(p->field);
	}
	return inside;
}

void ix_layout_words(const struct ix_layout *lay, const struct exo_index *ix,
    const struct ix_shape *s, uint64_t w[IX_WORDS])
{
	for (uint32_t i = 0; i < IX_WORDS; i++)
		w[i] = 0;
	for (uint32_t i = 0; i < ix->natoms; i++) {
		const struct sp_atom *a = &ix->atom[i];
		const struct ix_place *p = place_of(lay, a->field);

		if (!a->absent && p != NULL &&
		    (s->inside & SP_BIT(a->field)) != 0)
			w[p->word] |= in_word(p, a->value);
	}
}

/*
 * Programs
 */

/* A load for word byte 0 at packet byte at, of which the bits of mask, up to
 * packet byte end, are wanted: it must neither begin before the packet nor, if
 * the class does not promise them, reach bytes behind the end. */
static void set_load(struct ix_load *l, uint32_t i, int32_t at, int32_t end,
    uint64_t mask, int32_t promised)
{
	int32_t off = at;

	if (off + 8 > promised && off + 8 > end)
		off = end - 8;
	off = off < 0 ? 0 : off;
	l->off[i] = (uint16_t)off;
	l->rot[i] = (uint8_t)(8 * (off - at) & 63);
	l->mask[i] = mask;
}

/* The program of a word. False: two loads are not enough. */
static bool word_prog(
    const struct ix_layout *lay, uint32_t cls, uint32_t w, struct ix_prog *g)
{
	int32_t promised = (int32_t)ix_class_bytes(cls);
	int32_t at[2] = { NOWHERE, NOWHERE }, end[2] = { 0, 0 };
	uint64_t mask[2] = { 0, 0 }, v;

	for (uint32_t i = 0; i < lay->places; i++) {
		const struct ix_place *p = &lay->place[i];
		int32_t off = ix_class_off(cls, p->field), from;
		uint32_t k = 0;

		if (p->word != w)
			continue;
		if (ix_class_fixed(cls, p->field, &v)) {
			g->load[w].fixed |= in_word(p, v);
			g->way = g->way < IX_ONE ? IX_ONE : g->way;
			continue;
		}
		if (off < 0)
			continue;
		from = off - p->byte;
		while (k < 2 && at[k] != NOWHERE && at[k] != from)
			k++;
		if (k == 2)
			return false;
		at[k] = from;
		mask[k] |= in_word(p, UINT64_MAX);
		end[k] = end[k] > off + p->bytes ? end[k] : off + p->bytes;
		if (off + p->bytes > promised)
			g->check |= SP_BIT(p->field);
	}
	for (uint32_t k = 0; k < 2; k++)
		if (at[k] != NOWHERE)
			set_load(
			    &g->load[w], k, at[k], end[k], mask[k], promised);
	return true;
}

void ix_layout_progs(struct ix_layout *lay, uint64_t need)
{
	for (uint32_t cls = 0; cls < IX_PLAIN; cls++) {
		struct ix_prog *g = &lay->prog[cls];

		*g = (struct ix_prog){ .way = IX_RAW };
		if ((need & ~ix_class_most(cls)) != 0) {
			g->way = IX_NEVER;
			continue;
		}
		for (uint32_t w = 0; w < lay->words; w++) {
			const struct ix_load *l = &g->load[w];
			uint8_t way = IX_RAW;

			if (!word_prog(lay, cls, w, g))
				way = IX_APART;
			else if (l->mask[1] != 0 || l->rot[0] != 0)
				way = IX_TWO;
			g->way = g->way > way ? g->way : way;
		}
		g->check |= need & ~ix_class_least(cls);
	}
}
