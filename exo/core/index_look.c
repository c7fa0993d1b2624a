/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookups: a batch of packets in one table after the other.
 *
 * In three stages, so that the cache misses of a batch overlap: hash each
 * packet and ask for its bucket; find its tag there and ask for the record;
 * check the record. What is not simple (a second tag that is the same, a further
 * bucket, a table that grew meanwhile) is left to look_again(), which does it
 * for one packet from the start.
 *
 * Cost of the usual case: per packet and table about 30 instructions and a
 * bucket's cache line, per record met about 20 and its line.
 */
#include "exo/core/index_look.h"

#include "exo/abi/err.h"
#include "exo/lib/tags.h"

#define INLINE static inline __attribute__((always_inline))
#define SLOTS  ((1u << IX_SLOTS) - 1)
#define FLAT   UINT32_MAX

enum mode {
	FIRST,
	ORDERED,
	ALL,
	MARK,
};

/* The order of packets that are all of one class. */
const uint8_t ix_same_order[EXO_LOOK_BATCH] = {
#define FOUR(i) (i), (i) + 1, (i) + 2, (i) + 3
	FOUR(0), FOUR(4), FOUR(8), FOUR(12), FOUR(16), FOUR(20), FOUR(24),
	FOUR(28), FOUR(32), FOUR(36), FOUR(40), FOUR(44), FOUR(48), FOUR(52),
	FOUR(56), FOUR(60)
#undef FOUR
};

int exo_look_new(struct exo_mem *mem, struct exo_epoch *epoch, uint32_t reader,
    struct exo_look **out)
{
	struct exo_look *l = exo_mem_get(mem, sizeof(*l));

	if (l == NULL)
		return -EXO_ENOMEM;
	l->mem = mem;
	l->epoch = epoch;
	l->reader = reader;
	*out = l;
	return 0;
}

void exo_look_free(struct exo_look *l)
{
	if (l != NULL)
		exo_mem_put(l->mem, l, sizeof(*l));
}

/* Packets of several classes: those of each one together. */
static void sort(struct exo_look *l)
{
	uint8_t count[IX_CLASSES] = { 0 }, at = 0;

	for (uint32_t i = 0; i < l->n; i++)
		count[l->cls[i]]++;
	for (uint32_t c = 0; c < IX_CLASSES; c++) {
		l->start[c] = at;
		at = (uint8_t)(at + count[c]);
		count[c] = l->start[c];
	}
	for (uint32_t i = 0; i < l->n; i++)
		l->order[count[l->cls[i]]++] = (uint8_t)i;
}

void exo_look_begin(struct exo_look *l, const struct sp_packet *p, uint32_t n)
{
	exo_epoch_enter(l->epoch, l->reader);
	l->p = p;
	l->n = n;
	l->all = n == 0 ? 0 : UINT64_MAX >> (64 - n);
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(p[i].data);
	l->seen = ix_classify(p, n, l->cls, l->has, &l->common);
	for (uint32_t i = 0; (l->seen >> IX_PARSED & 1) != 0 && i < n; i++) {
		if (l->cls[i] != IX_PARSED)
			continue;
		sp_parse(&p[i], &l->view[i]);
		l->has[i] = l->view[i].has;
	}
	l->start[IX_CLASSES] = (uint8_t)n;
	if ((l->seen & (l->seen - 1)) != 0)
		sort(l);
}

void exo_look_end(struct exo_look *l)
{
	exo_epoch_leave(l->epoch, l->reader);
}

/* Whether packet i, of whose words the first are looked at, is in a record's
 * cube. */
INLINE bool is_in(const struct exo_index *ix, const struct exo_look *l,
    uint32_t i, const struct ix_rec *r, uint32_t words)
{
	const struct ix_member *m = ix_member(ix, r->member);
	uint64_t differ = (l->has[i] & m->care) ^ m->need;

	for (uint32_t k = 0; k < words; k++)
		differ |= (l->w[i][k] & m->mask[k]) ^ r->w[k];
	return differ == 0 && m->gen <= l->lay->gen &&
	       (r->ext == 0 || ix_ext_has(ix, l, i, r->ext));
}

/* Keep the lowest ranks, in order, each once; what has no room is more. */
static void keep(struct exo_look *l, uint32_t i, uint64_t rank)
{
	struct exo_hits *h = l->hits;
	uint64_t *v = h->rank + (size_t)i * h->room;
	uint32_t k = h->n[i];

	if (rank < h->from[i])
		return;
	while (k > 0 && v[k - 1] > rank)
		k--;
	if (k > 0 && v[k - 1] == rank)
		return;
	if (h->n[i] == h->room) {
		l->more |= (uint64_t)1 << i;
		if (k == h->room)
			return;
	} else {
		h->n[i]++;
	}
	for (uint32_t j = h->n[i] - 1; j > k; j--)
		v[j] = v[j - 1];
	v[k] = rank;
}

INLINE void mark(struct exo_look *l, uint64_t packets, uint64_t rank)
{
	struct exo_marks *m = l->marks;
	uint32_t id = exo_rank_id(rank);
	uint64_t was = m->mark[id];

	if (was == 0)
		m->fresh[m->n++] = id;
	m->mark[id] = was | packets;
}

INLINE void emit(struct exo_look *l, uint32_t i, uint64_t rank, enum mode mode)
{
	if (mode == FIRST)
		l->best[i] = rank < l->best[i] ? rank : l->best[i];
	else if (mode == ORDERED)
		keep(l, i, rank);
	else if (mode == MARK)
		mark(l, (uint64_t)1 << i, rank);
	else
		l->fn(l->arg, i, rank);
}

/* The records of a chain, from number next on. Returns whether the packet is in
 * one. */
INLINE bool chain(const struct exo_index *ix, struct exo_look *l, uint32_t i,
    uint32_t next, enum mode mode)
{
	bool found = false;

	while (next != 0) {
		const struct ix_rec *r = ix_rec(ix, next);

		if (is_in(ix, l, i, r, IX_WORDS)) {
			emit(l, i, r->rank, mode);
			found = true;
		}
		next = ix_get32(&r->next);
	}
	return found;
}

/* All chains of packet i's bucket that have its tag, until its own is found; once
 * more if its bucket was divided meanwhile. */
static void look_again(const struct exo_index *ix, struct exo_look *l,
    const struct ix_table *t, uint32_t i, enum mode mode)
{
	uint32_t x = l->x[i], n = ix_get32(&t->buckets), now;

	for (;; n = now) {
		const struct ix_bucket *b = ix_bucket(t, ix_which(x, n));
		bool found = false;

		while (b != NULL && !found) {
			uint32_t m = exo_tags_find(b->tag, ix_tag(x)) & SLOTS;
			uint32_t extra = ix_get32(&b->extra);

			for (; m != 0 && !found; m &= m - 1) {
				uint32_t head = ix_get32(
				    &b->head[(uint32_t)__builtin_ctz(m)]);

				found = chain(ix, l, i, head, mode);
			}
			b = extra != 0 ? ix_extra(t, extra) : NULL;
		}
		now = ix_get32(&t->buckets);
		if (found || ix_which(x, now) == ix_which(x, n))
			return;
	}
}

/* Where buckets are, and how many. A copy: what is stored meanwhile is not of
 * it, and the compiler knows that. */
struct where {
	const uintptr_t *at;
	uint32_t n, all;
};

INLINE struct where where_of(const struct exo_look *l, const struct ix_table *t)
{
	return (struct where){ t->slab.at, l->buckets,
		UINT32_MAX >> __builtin_clz(l->buckets) };
}

/* Packet i has its words: find its bucket. */
INLINE void hashed(
    struct exo_look *l, struct where at, uint32_t k, uint32_t i, uint64_t sum)
{
	uint32_t x = ix_mix(sum), n = x & at.all;
	const struct ix_bucket *b;

	n = n < at.n ? n : n & at.all >> 1;
	b = ix_at(at.at, n, IX_BUCKETS, sizeof(*b));
	__builtin_prefetch(b);
	l->x[i] = x;
	l->b[i] = b;
	if (k != FLAT)
		l->act[k] = i;
}

static uint64_t sum_of(const struct exo_index *ix, const struct exo_look *l,
    const struct ix_table *t, const uint64_t *w)
{
	uint64_t sum = l->seed;

	for (uint32_t k = 0; k < l->lay->words; k++)
		sum += ix_mul(ix->key, k, w[k] & t->coarse[k]);
	return sum;
}

/* Packet i's words field by field. */
static void apart(const struct exo_index *ix, struct exo_look *l,
    const struct ix_table *t, uint32_t i)
{
	const struct ix_layout *lay = l->lay;
	uint64_t *w = l->w[i];

	if ((l->has[i] & t->need) != t->need)
		return;
	for (uint32_t k = 0; k < lay->words; k++)
		w[k] = 0;
	for (uint32_t k = 0; k < lay->places; k++) {
		const struct ix_place *p = &lay->place[k];

		if ((l->has[i] & SP_BIT(p->field)) != 0)
			w[p->word] |=
			    ix_wire(ix_value_of(l, i, p->field), p->bytes)
			    << (8 * p->byte);
	}
	hashed(l, where_of(l, t), l->nact++, i, sum_of(ix, l, t, w));
}

static inline uint64_t rotate(uint64_t v, uint32_t r)
{
	return v << r | v >> (-r & 63);
}

/* Packets whose words are one load each; raw: and nothing else. */
INLINE void one(const struct exo_index *ix, struct exo_look *l,
    const struct ix_table *t, const struct ix_prog *g, const uint8_t *list,
    uint32_t n, uint32_t words, bool raw, bool flat)
{
	uint64_t mask[IX_WORDS], fixed[IX_WORDS], coarse[IX_WORDS];
	uint64_t key[2 * IX_WORDS], seed = l->seed;
	uint32_t off[IX_WORDS], nact = l->nact;
	struct where at = where_of(l, t);
	const struct sp_packet *p = l->p;

	for (uint32_t k = 0; k < words; k++) {
		uint32_t i = 2 * k;

		key[i] = ix->key[i];
		key[i + 1] = ix->key[i + 1];
		mask[k] = g->load[k].mask[0];
		fixed[k] = g->load[k].fixed;
		off[k] = g->load[k].off[0];
		coarse[k] = t->coarse[k];
	}
	for (uint32_t j = 0; j < n; j++) {
		uint32_t i = flat ? j : list[j];
		const uint8_t *d = p[i].data;
		uint64_t sum = seed;

		for (uint32_t k = 0; k < words; k++) {
			uint64_t w = exo_le64(d + off[k]);

			if (!raw)
				w = (w & mask[k]) | fixed[k];
			l->w[i][k] = w;
			sum += ix_mul(key, k, w & coarse[k]);
		}
		hashed(l, at, flat ? FLAT : nact + j, i, sum);
	}
	l->nact = nact + n;
	l->flat = flat;
}

/* Packets whose words are two loads each. */
static void two(const struct exo_index *ix, struct exo_look *l,
    const struct ix_table *t, const struct ix_prog *g, const uint8_t *list,
    uint32_t n)
{
	for (uint32_t j = 0; j < n; j++) {
		uint32_t i = list[j];
		const uint8_t *d = l->p[i].data;
		uint64_t *w = l->w[i];

		if ((l->has[i] & g->check) != g->check) {
			apart(ix, l, t, i);
			continue;
		}
		for (uint32_t k = 0; k < l->lay->words; k++) {
			const struct ix_load *f = &g->load[k];

			w[k] = rotate(exo_le64(d + f->off[0]), f->rot[0]) &
			       f->mask[0];
			w[k] |= rotate(exo_le64(d + f->off[1]), f->rot[1]) &
			        f->mask[1];
			w[k] |= f->fixed;
		}
		hashed(l, where_of(l, t), l->nact++, i, sum_of(ix, l, t, w));
	}
}

static void by_class(const struct exo_index *ix, struct exo_look *l,
    const struct ix_table *t, uint32_t cls, const uint8_t *list, uint32_t n)
{
	const struct ix_prog *g = cls == IX_PARSED ? NULL : &l->lay->prog[cls];
	uint32_t way = g == NULL ? IX_APART : g->way;
	bool raw, flat;

	if (way == IX_NEVER)
		return;
	if (way == IX_TWO || (way < IX_TWO && (g->check & ~l->common) != 0)) {
		two(ix, l, t, g, list, n);
		return;
	}
	for (uint32_t j = 0; way == IX_APART && j < n; j++)
		apart(ix, l, t, list[j]);
	if (way == IX_APART)
		return;
	raw = way == IX_RAW;
	flat = list == ix_same_order;
	if (raw && flat && l->lay->words == 1)
		one(ix, l, t, g, list, n, 1, true, true);
	else if (raw && flat && l->lay->words == 2)
		one(ix, l, t, g, list, n, 2, true, true);
	else if (l->lay->words == 1)
		one(ix, l, t, g, list, n, 1, false, false);
	else if (l->lay->words == 2)
		one(ix, l, t, g, list, n, 2, false, false);
	else if (l->lay->words == 3)
		one(ix, l, t, g, list, n, 3, false, false);
	else if (l->lay->words == 4)
		one(ix, l, t, g, list, n, 4, false, false);
	else
		one(ix, l, t, g, list, n, IX_WORDS, false, false);
}

static void stage_one(const struct exo_index *ix, struct exo_look *l,
    const struct ix_table *t, uint64_t which, bool whole)
{
	uint64_t best = __atomic_load_n(&t->best, __ATOMIC_ACQUIRE);

	l->nact = 0;
	l->flat = false;
	l->buckets = ix_get32(&t->buckets);
	l->seed = ix->key[(size_t)2 * IX_WORDS];
	for (uint32_t k = t->hashed; k < l->lay->words; k++)
		l->seed -= ix_mul(ix->key, k, 0);
	for (uint32_t m = l->seen; m != 0; m &= m - 1) {
		uint32_t c = (uint32_t)__builtin_ctz(m), n;
		const uint8_t *list = ix_of_class(l, c, &n);

		if (!whole) {
			n = ix_select(l, list, n, which, best);
			list = l->some;
		}
		if (n != 0)
			by_class(ix, l, t, c, list, n);
	}
}

/* Buckets were divided meanwhile: what was in them may have moved on. */
static void divided(const struct exo_index *ix, struct exo_look *l)
{
	for (uint32_t j = 0; j < l->nact; j++) {
		l->hit[j] = l->flat ? j : l->act[j];
		l->cand[j] = ix_rec(ix, 0);
		l->rest[j] = true;
	}
	l->nhit = l->nact;
}

/* Of what follows only the packets that have a tag in their bucket, or more than
 * one bucket, are of interest. */
INLINE void look_for_tags(
    const struct exo_index *ix, struct exo_look *l, bool flat)
{
	const uint32_t n = l->nact;
	uint32_t k = 0;

	for (uint32_t j = 0; j < n; j++) {
		uint32_t i = flat ? j : l->act[j], head = 0;
		const struct ix_bucket *b = l->b[i];
		uint32_t m = exo_tags_find(b->tag, ix_tag(l->x[i])) & SLOTS;
		uint32_t extra = ix_get32(&b->extra);

		if ((m | extra) == 0)
			continue;
		if (m != 0)
			head = ix_get32(&b->head[(uint32_t)__builtin_ctz(m)]);
		l->hit[k] = i;
		l->cand[k] = ix_rec(ix, head);
		__builtin_prefetch(l->cand[k]);
		l->rest[k++] = (m & (m - 1)) | extra;
	}
	l->nhit = k;
}

static void stage_two(
    const struct exo_index *ix, struct exo_look *l, const struct ix_table *t)
{
	if (l->flat)
		look_for_tags(ix, l, true);
	else
		look_for_tags(ix, l, false);
	if (ix_get32(&t->buckets) != l->buckets)
		divided(ix, l);
}

/* What is not simple: a chain goes on, or it is not the packet's. */
static __attribute__((noinline)) void further(const struct exo_index *ix,
    struct exo_look *l, const struct ix_table *t, uint32_t i, uint32_t next,
    bool found, enum mode mode)
{
	if (chain(ix, l, i, next, mode) || found)
		return;
	look_again(ix, l, t, i, mode);
}

INLINE void stage_three(const struct exo_index *ix, struct exo_look *l,
    const struct ix_table *t, uint32_t words, enum mode mode)
{
	const uint32_t n = l->nhit;

	l->found = l->found || n != 0;
	for (uint32_t j = 0; j < n; j++) {
		uint32_t i = l->hit[j];
		const struct ix_rec *r = l->cand[j];
		uint32_t next = ix_get32(&r->next);
		bool found = is_in(ix, l, i, r, words);

		if (found)
			emit(l, i, r->rank, mode);
		if (next != 0 || (!found && l->rest[j] != 0))
			further(ix, l, t, i, next, found, mode);
	}
}

/* Every packet against every record. */
static void scan(const struct exo_index *ix, struct exo_look *l,
    const struct ix_table *t, uint64_t which, enum mode mode)
{
	uint32_t next = ix_get32(&t->head);

	while (next != 0) {
		const struct ix_rec *r = ix_rec(ix, next);

		next = ix_get32(&r->next);
		for (uint64_t m = which; m != 0; m &= m - 1) {
			uint32_t i = (uint32_t)__builtin_ctzll(m);

			if (is_in(ix, l, i, r, 0))
				emit(l, i, r->rank, mode);
		}
	}
}

/* What is in a table of few chains. */
INLINE void show_few(
    const struct exo_index *ix, struct exo_look *l, enum mode mode)
{
	for (uint32_t k = 0; k < l->nfew; k++) {
		const struct ix_rec *r = l->few[k].rec;
		uint32_t next = l->few[k].next;
		uint64_t in = l->few[k].in;

		if (mode == MARK && in != 0)
			mark(l, in, r->rank);
		for (; mode != MARK && in != 0; in &= in - 1)
			emit(l, (uint32_t)__builtin_ctzll(in), r->rank, mode);
		for (in = next == 0 ? 0 : l->asked; in != 0; in &= in - 1)
			(void)chain(
			    ix, l, (uint32_t)__builtin_ctzll(in), next, mode);
	}
	l->found = true;
}

INLINE void look_in(const struct exo_index *ix, struct exo_look *l,
    const struct ix_list *list, uint64_t which, enum mode mode)
{
	bool whole;

	l->found = false;
	for (uint32_t k = 0; k < list->n; k++) {
		const struct ix_table *t = list->t[k];

		l->lay = __atomic_load_n(&t->lay, __ATOMIC_ACQUIRE);
		if (t->hashed == 0) {
			scan(ix, l, t, which, mode);
			l->found = true;
			continue;
		}
		whole = which == l->all && (!l->found || mode != FIRST);
		if (ix_few(ix, l, t, which, whole)) {
			show_few(ix, l, mode);
			continue;
		}
		stage_one(ix, l, t, which, whole);
		stage_two(ix, l, t);
		if (mode != FIRST || l->lay->words > 2)
			stage_three(ix, l, t, IX_WORDS, mode);
		else if (l->lay->words == 2)
			stage_three(ix, l, t, 2, mode);
		else
			stage_three(ix, l, t, 1, mode);
	}
}

/* A table may be emptied into one that is not in the list. Whoever misses a
 * chain for that finds another list afterwards, since it was published before;
 * then all is done again. */
INLINE void look(const struct exo_index *ix, struct exo_look *l, uint64_t which,
    enum mode mode)
{
	const struct ix_list *list, *now;

	now = __atomic_load_n(&ix->list, __ATOMIC_ACQUIRE);
	do {
		list = now;
		look_in(ix, l, list, which & l->all, mode);
		now = __atomic_load_n(&ix->list, __ATOMIC_ACQUIRE);
	} while (now != list);
}

void exo_index_first(const struct exo_index *ix, struct exo_look *l,
    uint64_t which, uint64_t *rank)
{
	uint32_t n = l->n;

	which &= l->all;
	l->best = rank;
	for (uint32_t i = 0; which == l->all && i < n; i++)
		rank[i] = EXO_RANK_NONE;
	for (uint32_t i = 0; which != l->all && i < n; i++)
		if ((which >> i & 1) != 0)
			rank[i] = EXO_RANK_NONE;
	look(ix, l, which, FIRST);
}

uint64_t exo_index_merge(const struct exo_index *ix, struct exo_look *l,
    uint64_t which, struct exo_hits *h)
{
	l->hits = h;
	l->more = 0;
	l->best = NULL;
	look(ix, l, which, ORDERED);
	return l->more;
}

uint64_t exo_index_ordered(const struct exo_index *ix, struct exo_look *l,
    uint64_t which, struct exo_hits *h)
{
	uint64_t more;

	for (uint32_t i = 0; i < l->n; i++)
		if ((which >> i & 1) != 0)
			h->n[i] = 0;
	more = exo_index_merge(ix, l, which, h);
	for (uint64_t m = more; m != 0; m &= m - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(m);

		h->from[i] = h->rank[(size_t)(i + 1) * h->room - 1] + 1;
	}
	return more;
}

void exo_index_mark(const struct exo_index *ix, struct exo_look *l,
    uint64_t which, struct exo_marks *m)
{
	l->marks = m;
	l->best = NULL;
	look(ix, l, which, MARK);
}

void exo_index_all(const struct exo_index *ix, struct exo_look *l,
    uint64_t which, void (*fn)(void *arg, uint32_t packet, uint64_t rank),
    void *arg)
{
	l->fn = fn;
	l->arg = arg;
	l->best = NULL;
	look(ix, l, which, ALL);
}
