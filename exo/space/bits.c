/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that share bits.
 *
 * l4.12 and tcp.flags are the same bytes, and an IPv4 header whose length says
 * 8 has its ports where its own addresses are. Whether such demands can hold
 * together is decided bit by bit from the first: of each number it is enough to
 * know whether its bits so far are those of its lo, and those of its hi. Three
 * numbers at a bit make 64 such states, one word holds the set of those that
 * can be reached, and the last set is empty exactly if there is no solution.
 * Going back through the sets gives one.
 */
#include "exo/space/form.h"

#include "exo/abi/err.h"
#include "exo/lib/arena.h"
#include "exo/space/space_int.h"

#define SLOTS 3u

#define AT_LO 1u
#define AT_HI 2u

/* The numbers that a bit belongs to. */
struct bits_at {
	uint8_t slot[SLOTS]; /* which one, and one more; 0: none */
	uint8_t begin;       /* states of those that begin here */
};

/* What is found out for each bit. */
struct bits_known {
	uint64_t set[SP_GROUP_MAX * 64 + 1]; /* states before the bit */
	struct bits_at at[SP_GROUP_MAX * 64];
};

struct group {
	const struct sp_span *v;
	uint32_t n;
	uint32_t bit; /* the one at hand */
};

static bool get_bit(const uint8_t *buf, uint32_t room, uint32_t bit)
{
	return buf != NULL && bit / 8 < room &&
	       (buf[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

static void set_bit(uint8_t *buf, uint32_t room, uint32_t bit, bool x)
{
	uint8_t one = (uint8_t)(1u << (7 - bit % 8));

	if (buf == NULL || bit / 8 >= room)
		return;
	buf[bit / 8] = (uint8_t)(x ? buf[bit / 8] | one : buf[bit / 8] & ~one);
}

/* Who has the bit. Numbers take the first slot that is free when they begin,
 * so that each keeps its own. False: there are more than was ever foreseen. */
static bool look(const struct group *g, struct bits_at *b)
{
	uint32_t i, k;

	b->begin = 0;
	for (k = 0; k < SLOTS; k++) {
		i = b->slot[k];
		if (i != 0 && g->bit >= g->v[i - 1].bit + g->v[i - 1].bits)
			b->slot[k] = 0;
	}
	for (i = 0; i < g->n && g->v[i].bit <= g->bit; i++) {
		if (g->v[i].bit != g->bit)
			continue;
		for (k = 0; k < SLOTS && b->slot[k] != 0; k++)
			continue;
		if (k == SLOTS)
			return false;
		b->slot[k] = (uint8_t)(i + 1);
		b->begin |= (uint8_t)((AT_LO | AT_HI) << 2 * k);
	}
	return true;
}

/* Append a bit x to a number. Returns what is known of it then, or -1. */
static int append(const struct sp_atom *a, uint32_t nth, uint32_t t, unsigned x)
{
	if ((a->mask >> nth & 1) != 0 && (a->value >> nth & 1) != x)
		return -1;
	if ((t & AT_LO) != 0 && (a->lo >> nth & 1) != x) {
		if (x == 0)
			return -1;
		t &= ~AT_LO;
	}
	if ((t & AT_HI) != 0 && (a->hi >> nth & 1) != x) {
		if (x != 0)
			return -1;
		t &= ~AT_HI;
	}
	return nth == 0 ? 0 : (int)t;
}

/* Append a bit x in a state. Returns the next state, or -1. */
static int step(
    const struct group *g, const struct bits_at *b, uint32_t state, unsigned x)
{
	uint32_t next = 0;

	state |= b->begin;
	for (uint32_t k = 0; k < SLOTS; k++) {
		const struct sp_span *s;
		int t;

		if (b->slot[k] == 0)
			continue;
		s = &g->v[b->slot[k] - 1];
		t = append(&s->a, s->bits - 1 - (g->bit - s->bit),
		    state >> 2 * k & 3, x);
		if (t < 0)
			return -1;
		next |= (uint32_t)t << 2 * k;
	}
	return (int)next;
}

/* The states that a bit leads to. */
static uint64_t reach(
    const struct group *g, const struct bits_at *b, uint64_t states)
{
	uint64_t out = 0;
	int next;

	for (; states != 0; states &= states - 1) {
		uint32_t s = (uint32_t)__builtin_ctzll(states);

		for (unsigned x = 0; x < 2; x++) {
			next = step(g, b, s, x);
			if (next >= 0)
				out |= (uint64_t)1 << next;
		}
	}
	return out;
}

/* A state and a bit that lead to a state; what stands in the buffer is liked. */
static void back(const struct group *g, const struct bits_at *b,
    uint64_t states, uint32_t *state, uint8_t *buf, uint32_t room)
{
	bool liked = get_bit(buf, room, g->bit);

	for (unsigned i = 0; i < 2; i++) {
		unsigned x = i == 0 ? liked : !liked;

		for (uint64_t left = states; left != 0; left &= left - 1) {
			uint32_t s = (uint32_t)__builtin_ctzll(left);

			if (step(g, b, s, x) != (int)*state)
				continue;
			set_bit(buf, room, g->bit, x != 0);
			*state = s;
			return;
		}
	}
}

/* One number only: what stands there if it will do, else the least. */
static void put_one(const struct sp_span *s, uint8_t *buf, uint32_t room)
{
	uint64_t x = 0;

	for (uint32_t i = 0; i < s->bits; i++)
		x = x << 1 | get_bit(buf, room, s->bit + i);
	if (!sp_atom_has(&s->a, true, x))
		x = s->a.lo;
	for (uint32_t i = 0; i < s->bits; i++)
		set_bit(
		    buf, room, s->bit + i, (x >> (s->bits - 1 - i) & 1) != 0);
}

int sp_bits(struct sp_work *w, const struct sp_span *v, uint32_t n,
    uint8_t *buf, uint32_t room)
{
	struct group g = { v, n, v[0].bit };
	struct bits_known *know = w->scratch;
	uint32_t bits = 0, state = 0;

	if (n == 1) {
		if (buf != NULL)
			put_one(v, buf, room);
		return 1;
	}
	for (uint32_t i = 0; i < n; i++)
		if (v[i].bit + v[i].bits - v[0].bit > bits)
			bits = v[i].bit + v[i].bits - v[0].bit;
	if (n > SP_GROUP_MAX || sp_spend(w, (uint64_t)bits * n) != 0)
		return -EXO_EBUDGET;
	if (know == NULL)
		know = w->scratch = exo_arena_get(w->arena, sizeof(*know));
	if (know == NULL)
		return -EXO_ENOMEM;
	know->set[0] = 1;
	for (uint32_t i = 0; i < bits; i++, g.bit++) {
		know->at[i] = i > 0 ? know->at[i - 1] : (struct bits_at){ 0 };
		if (!look(&g, &know->at[i]))
			return -EXO_EBUDGET;
		know->set[i + 1] = reach(&g, &know->at[i], know->set[i]);
	}
	if (know->set[bits] == 0)
		return 0;
	for (uint32_t i = bits; buf != NULL && i-- > 0;) {
		g.bit--;
		back(&g, &know->at[i], know->set[i], &state, buf, room);
	}
	return 1;
}
