/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookups in a table of few chains, where no hash is worth it.
 *
 * Each chain's first record is asked of all packets in a row: its words stay in
 * registers, and one bit a packet comes out. Regions of grants are mostly such
 * tables, and each packet is looked up in them, whosesoever it is: what one
 * chain more costs a packet is what a neighbour's grant costs everybody.
 *
 * Cost: per packet and word a load, per packet and chain about 12 instructions.
 */
#include "exo/core/index_look.h"

#include "exo/lib/bytes.h"

#define INLINE static inline __attribute__((always_inline))

/* Copy the heads of a table's few chains. Returns how many, or IX_MANY. */
static uint32_t heads_of(const struct ix_table *t, uint32_t head[IX_FEW])
{
	uint32_t turn = ix_get32(&t->turn), n = ix_get32(&t->nfew);

	if ((turn & 1) != 0 || n > IX_FEW)
		return IX_MANY;
	for (uint32_t k = 0; k < n; k++)
		head[k] = ix_get32(&t->few[k]);
	return ix_get32(&t->turn) == turn ? n : IX_MANY;
}

/* Whether all packets' words are one load each. */
static bool plain_words(const struct exo_look *l)
{
	for (uint32_t m = l->seen; m != 0; m &= m - 1) {
		uint32_t c = (uint32_t)__builtin_ctz(m);
		const struct ix_prog *g;

		if (c == IX_PARSED)
			return false;
		g = &l->lay->prog[c];
		if (g->way != IX_NEVER &&
		    (g->way > IX_ONE || (g->check & ~l->common) != 0))
			return false;
	}
	return true;
}

/* The words of packets of one class, each a load, so many. */
INLINE void load(struct exo_look *l, const struct ix_prog *g,
    const uint8_t *list, uint32_t n, uint32_t words)
{
	for (uint32_t j = 0; j < n; j++) {
		const uint8_t *d = l->p[list[j]].data;
		uint64_t *w = l->w[list[j]];

		for (uint32_t k = 0; k < words; k++)
			w[k] = (exo_le64(d + g->load[k].off[0]) &
			           g->load[k].mask[0]) |
			       g->load[k].fixed;
	}
}

/* Those of the packets whose fields and first words are a record's, as bits. */
INLINE uint64_t equal(const struct exo_look *l, const struct ix_member *m,
    const struct ix_rec *r, const uint8_t *list, uint32_t n, uint32_t words)
{
	const uint64_t care = m->care, need = m->need;
	uint64_t in = 0;

	for (uint32_t j = 0; j < n; j++) {
		uint32_t i = list[j];
		uint64_t differ = (l->has[i] & care) ^ need;

		for (uint32_t k = 0; k < words; k++)
			differ |= (l->w[i][k] & m->mask[k]) ^ r->w[k];
		in |= (uint64_t)(differ == 0) << i;
	}
	return in;
}

/* Those that are in a record's cube. */
static uint64_t those_in(const struct exo_index *ix, const struct exo_look *l,
    const struct ix_rec *r, const uint8_t *list, uint32_t n)
{
	const struct ix_member *m = ix_member(ix, r->member);
	uint64_t in;

	if (m->gen > l->lay->gen)
		return 0;
	if (l->lay->words == 1)
		in = equal(l, m, r, list, n, 1);
	else if (l->lay->words == 2)
		in = equal(l, m, r, list, n, 2);
	else
		in = equal(l, m, r, list, n, l->lay->words);
	for (uint64_t k = r->ext == 0 ? 0 : in; k != 0; k &= k - 1)
		if (!ix_ext_has(ix, l, (uint32_t)__builtin_ctzll(k), r->ext))
			in ^= k & -k;
	return in;
}

/* Packets of one class. */
static void ask(const struct exo_index *ix, struct exo_look *l,
    const struct ix_prog *g, const uint8_t *list, uint32_t n)
{
	if (l->lay->words == 2)
		load(l, g, list, n, 2);
	else
		load(l, g, list, n, l->lay->words);
	for (uint32_t k = 0; k < l->nfew; k++)
		l->few[k].in |= those_in(ix, l, l->few[k].rec, list, n);
	for (uint32_t j = 0; j < n; j++)
		l->asked |= (uint64_t)1 << list[j];
}

bool ix_few(const struct exo_index *ix, struct exo_look *l,
    const struct ix_table *t, uint64_t which, bool whole)
{
	uint64_t best = __atomic_load_n(&t->best, __ATOMIC_ACQUIRE);
	uint32_t head[IX_FEW], nhead = heads_of(t, head);

	if (nhead == IX_MANY || !plain_words(l))
		return false;
	l->asked = 0;
	l->nfew = nhead;
	for (uint32_t k = 0; k < nhead; k++) {
		const struct ix_rec *r = ix_rec(ix, head[k]);

		l->few[k].rec = r;
		l->few[k].next = ix_get32(&r->next);
		l->few[k].in = 0;
	}
	for (uint32_t m = l->seen; m != 0; m &= m - 1) {
		uint32_t c = (uint32_t)__builtin_ctz(m), n;
		const struct ix_prog *g = &l->lay->prog[c];
		const uint8_t *list = ix_of_class(l, c, &n);

		if (g->way == IX_NEVER)
			continue;
		if (!whole) {
			n = ix_select(l, list, n, which, best);
			list = l->some;
		}
		ask(ix, l, g, list, n);
	}
	return true;
}
