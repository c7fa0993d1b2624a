/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A batch of packets at work in an index: what the files of lookups share.
 */
#ifndef EXO_CORE_INDEX_LOOK_H
#define EXO_CORE_INDEX_LOOK_H

#include "exo/core/index_int.h"

struct exo_look {
	struct exo_mem *mem;
	struct exo_epoch *epoch;
	uint32_t reader;

	/* the batch */
	const struct sp_packet *p;
	uint32_t n;
	uint64_t all; /* a bit for each packet */
	uint8_t cls[EXO_LOOK_BATCH];
	uint32_t seen;                 /* classes, as bits */
	uint8_t order[EXO_LOOK_BATCH]; /* packets by class, if there are two */
	uint8_t start[IX_CLASSES + 1]; /* where each class begins there */
	uint64_t has[EXO_LOOK_BATCH];
	uint64_t common; /* what all plain ones have */

	/* the call */
	uint64_t *best; /* the caller's, when only the first is asked for */
	struct exo_hits *hits;
	struct exo_marks *marks;
	uint64_t more;
	void (*fn)(void *arg, uint32_t packet, uint64_t rank);
	void *arg;

	/* the table */
	const struct ix_layout *lay;
	uint8_t some[EXO_LOOK_BATCH]; /* of a class, those asked for */
	uint32_t act[EXO_LOOK_BATCH]; /* those that have a bucket */
	uint32_t hit[EXO_LOOK_BATCH]; /* and those that have a tag there */
	uint32_t nact, nhit;
	bool flat;  /* act is all packets, and not written down */
	bool found; /* any rule, in this call */
	uint32_t buckets;
	uint64_t seed; /* of the hash */
	uint32_t x[EXO_LOOK_BATCH];
	const struct ix_bucket *b[EXO_LOOK_BATCH];
	const struct ix_rec *cand[EXO_LOOK_BATCH];
	uint32_t rest[EXO_LOOK_BATCH];
	uint64_t w[EXO_LOOK_BATCH][IX_WORDS];

	/* its few chains */
	struct {
		const struct ix_rec *rec; /* the first */
		uint32_t next;
		uint64_t in; /* packets that are in it */
	} few[IX_FEW];
	uint32_t nfew;
	uint64_t asked; /* packets that were looked at */

	struct sp_view view[EXO_LOOK_BATCH];
};

static inline uint32_t ix_get32(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline uint64_t ix_value_of(
    const struct exo_look *l, uint32_t i, uint32_t field)
{
	return l->cls[i] == IX_PARSED
	           ? l->view[i].v[field]
	           : ix_class_value(l->cls[i], &l->p[i], field);
}

/* What a record demands besides its words. */
static inline bool ix_ext_has(const struct exo_index *ix,
    const struct exo_look *l, uint32_t i, uint32_t ext)
{
	const struct ix_ext *e = *ix_ext(ix, ext);

	for (uint32_t k = 0; k < e->n; k++) {
		const struct sp_atom *a = &e->a[k];
		uint64_t v = ix_value_of(l, i, a->field);

		if ((v & a->mask) != a->value || v < a->lo || v > a->hi)
			return false;
	}
	return true;
}

/* The order of packets that are all of one class. */
extern const uint8_t ix_same_order[EXO_LOOK_BATCH];

/* The n packets of a class. */
static inline const uint8_t *ix_of_class(
    const struct exo_look *l, uint32_t c, uint32_t *n)
{
	if ((l->seen & (l->seen - 1)) == 0) {
		*n = l->n;
		return ix_same_order;
	}
	*n = (uint32_t)(l->start[c + 1] - l->start[c]);
	return l->order + l->start[c];
}

/* The packets of a class that are asked for, and may find something better than
 * they have. */
static inline uint32_t ix_select(struct exo_look *l, const uint8_t *list,
    uint32_t n, uint64_t which, uint64_t best)
{
	uint32_t k = 0;

	for (uint32_t j = 0; j < n; j++) {
		uint32_t i = list[j];

		l->some[k] = (uint8_t)i;
		k += (which >> i & 1) != 0 &&
		     (l->best == NULL || l->best[i] > best);
	}
	return k;
}

/* --- index_few.c ------------------------------------------------------------ */

/** Look into a table of few chains: l->few says which packets are in each one's
 * first record, and where it goes on. False: it has more, or what is looked at
 * is not plain; nothing was done. */
bool ix_few(const struct exo_index *ix, struct exo_look *l,
    const struct ix_table *t, uint64_t which, bool whole);

#endif
