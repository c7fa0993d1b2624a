/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of the index: buckets, slots, chains, growth by division.
 *
 * For readers: a slot's head is written before its tag, a chain's records
 * before what leads to them. A chain goes into its new place before its old
 * slot is cleared, so that whoever looks at the old place first, then at the
 * new, finds it. When bucket n is born the chains that go there are in it before
 * the number of buckets changes, and leave their old bucket afterwards: a
 * reader that finds the number as it was, after it has looked at slots, has
 * seen all of them; else it looks again (index_look.c).
 */
#include "exo/core/index_int.h"

#include "exo/abi/err.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

/* Where a chain's head stands. */
struct slot {
	struct ix_bucket *b;
	uint32_t i;
};

static void set32(uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static void set_tag(const struct slot *s, uint8_t tag)
{
	__atomic_store_n(&s->b->tag[s->i], tag, __ATOMIC_RELEASE);
}

struct ix_table *ix_table_new(struct exo_index *ix, struct ix_layout *lay,
    const uint64_t coarse[IX_WORDS], uint64_t need)
{
	struct ix_table *t = exo_mem_get(ix->mem, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->lay = lay;
	t->best = EXO_RANK_NONE;
	t->need = need;
	for (uint32_t w = 0; w < IX_WORDS; w++) {
		t->coarse[w] = coarse[w];
		if (coarse[w] != 0)
			t->hashed = w + 1;
	}
	ix_slab_init(&t->slab, sizeof(struct ix_bucket), IX_BUCKETS);
	ix_slab_init(&t->extras, sizeof(struct ix_bucket), IX_BUCKETS);
	if (t->hashed == 0)
		return t;
	if (ix_slab_reach(&t->slab, ix->mem, 0) != 0) {
		exo_mem_put(ix->mem, t, sizeof(*t));
		return NULL;
	}
	memset(ix_bucket(t, 0), 0, IX_BUCKETS * sizeof(struct ix_bucket));
	t->buckets = IX_BUCKETS;
	return t;
}

/* A table that nothing refers to goes, and those that only it referred to. */
static void let_go(struct exo_index *ix, struct ix_table *t)
{
	while (t != NULL && t->gone && t->origin == 0) {
		struct ix_table *into = t->into;

		if (into != NULL)
			into->origin--;
		ix_slab_put(&ix->tables, t->number);
		exo_mem_put(ix->mem, t, sizeof(*t));
		t = into;
	}
}

void ix_table_free(struct exo_index *ix, struct ix_table *t)
{
	ix_slab_free(&t->slab, ix->mem);
	ix_slab_free(&t->extras, ix->mem);
	t->gone = true;
	let_go(ix, t);
}

void ix_origin_drop(struct exo_index *ix, struct ix_table *t)
{
	t->origin--;
	let_go(ix, t);
}

static bool same_key(
    const struct ix_table *t, const uint64_t *a, const uint64_t *b)
{
	uint64_t differ = 0;

	for (uint32_t w = 0; w < t->hashed; w++)
		differ |= (a[w] ^ b[w]) & t->coarse[w];
	return differ == 0;
}

static struct ix_bucket *next_bucket(
    const struct ix_table *t, const struct ix_bucket *b)
{
	return b->extra != 0 ? ix_extra(t, b->extra) : NULL;
}

static bool find(const struct exo_index *ix, const struct ix_table *t,
    const uint64_t *w, struct slot *s)
{
	uint32_t x = ix_hash(ix->key, t, w);

	s->b = ix_bucket(t, ix_which(x, t->buckets));
	for (; s->b != NULL; s->b = next_bucket(t, s->b))
		for (s->i = 0; s->i < IX_SLOTS; s->i++)
			if (s->b->tag[s->i] == ix_tag(x) &&
			    same_key(t, ix_rec(ix, s->b->head[s->i])->w, w))
				return true;
	return false;
}

/* A free slot of a bucket and those behind it. */
static bool find_free(
    const struct ix_table *t, struct ix_bucket *from, struct slot *s)
{
	for (s->b = from; s->b != NULL; s->b = next_bucket(t, s->b))
		for (s->i = 0; s->i < IX_SLOTS; s->i++)
			if (s->b->tag[s->i] == 0)
				return true;
	return false;
}

/* --- few -------------------------------------------------------------------- */

static void turn(struct ix_table *t)
{
	set32(&t->turn, t->turn + 1);
}

/* A chain is there anew, has another head, or is gone: from and to are heads, or
 * 0. Stores are releases, so that none passes a turn. */
static void few_change(struct ix_table *t, uint32_t from, uint32_t to)
{
	uint32_t n = t->nfew, i = 0;

	if (t->slots == 0 && n == IX_MANY)
		n = 0;
	else if (n == IX_MANY)
		return;
	turn(t);
	while (from != 0 && i < n && t->few[i] != from)
		i++;
	if (from != 0 && to != 0) {
		set32(&t->few[i], to);
	} else if (from != 0) {
		set32(&t->few[i], t->few[--n]);
	} else if (n < IX_FEW) {
		set32(&t->few[n++], to);
	} else {
		n = IX_MANY;
	}
	set32(&t->nfew, n);
	turn(t);
}

uint32_t ix_chain_of(
    const struct exo_index *ix, struct ix_table *t, const uint64_t *w)
{
	struct slot s;

	if (t->hashed == 0)
		return t->head;
	return find(ix, t, w, &s) ? s.b->head[s.i] : 0;
}

/* A further bucket behind the last. */
static int lengthen(
    struct exo_index *ix, struct ix_table *t, struct ix_bucket *b)
{
	uint32_t extra = ix_slab_take(&t->extras, ix->mem);

	if (extra == 0)
		return -EXO_ENOMEM;
	while (next_bucket(t, b) != NULL)
		b = next_bucket(t, b);
	set32(&b->extra, extra);
	return 0;
}

int ix_chain_reserve(
    struct exo_index *ix, struct ix_table *t, const uint64_t *w)
{
	struct ix_bucket *b;
	struct slot s;

	if (t->hashed == 0 || find(ix, t, w, &s))
		return 0;
	b = ix_bucket(t, ix_which(ix_hash(ix->key, t, w), t->buckets));
	return find_free(t, b, &s) ? 0 : lengthen(ix, t, b);
}

/* Copy the chains of a bucket that belong to bucket n, or clear them. */
static int divide(struct exo_index *ix, struct ix_table *t,
    struct ix_bucket *from, uint32_t n, bool clear)
{
	struct slot s, to;

	for (s.b = from; s.b != NULL; s.b = next_bucket(t, s.b)) {
		for (s.i = 0; s.i < IX_SLOTS; s.i++) {
			uint32_t head = s.b->head[s.i];

			if (s.b->tag[s.i] == 0 ||
			    ix_which(ix_hash(ix->key, t, ix_rec(ix, head)->w),
			        n + 1) != n)
				continue;
			if (clear) {
				set_tag(&s, 0);
				continue;
			}
			if (!find_free(t, ix_bucket(t, n), &to) &&
			    (lengthen(ix, t, ix_bucket(t, n)) != 0 ||
			        !find_free(t, ix_bucket(t, n), &to)))
				return -EXO_ENOMEM;
			set32(&to.b->head[to.i], head);
			set_tag(&to, s.b->tag[s.i]);
		}
	}
	return 0;
}

/* One more bucket, if there is memory: without it all goes on, slower. */
static void grow(struct exo_index *ix, struct ix_table *t)
{
	uint32_t n = t->buckets, i, next;
	struct ix_bucket *from = ix_bucket(t, n - (1u << ix_top(n)));

	if (n == UINT32_MAX >> 1 || ix_slab_reach(&t->slab, ix->mem, n) != 0)
		return;
	memset(ix_bucket(t, n), 0, sizeof(struct ix_bucket));
	if (divide(ix, t, from, n, false) == 0) {
		set32(&t->buckets, n + 1);
		(void)divide(ix, t, from, n, true);
		return;
	}
	for (i = ix_bucket(t, n)->extra; i != 0; i = next) {
		next = ix_extra(t, i)->extra;
		ix_slab_put(&t->extras, i);
	}
}

/* Put chain h in front of chain g. */
static void splice(const struct exo_index *ix, uint32_t h, uint32_t g)
{
	struct ix_rec *first = ix_rec(ix, h), *second = ix_rec(ix, g);
	uint32_t tail = first->prev;

	set32(&ix_rec(ix, tail)->next, g);
	first->prev = second->prev;
	second->prev = tail;
}

void ix_chain_add(struct exo_index *ix, struct ix_table *t, uint32_t head)
{
	const uint64_t *w = ix_rec(ix, head)->w;
	struct slot s;
	uint32_t x;

	if (t->hashed == 0) {
		if (t->head != 0)
			splice(ix, head, t->head);
		set32(&t->head, head);
		return;
	}
	if (find(ix, t, w, &s)) {
		uint32_t was = s.b->head[s.i];

		splice(ix, head, was);
		few_change(t, was, head);
		set32(&s.b->head[s.i], head);
		return;
	}
	few_change(t, 0, head);
	x = ix_hash(ix->key, t, w);
	exo_assert(find_free(t, ix_bucket(t, ix_which(x, t->buckets)), &s));
	set32(&s.b->head[s.i], head);
	set_tag(&s, ix_tag(x));
	t->slots++;
	if ((t->buckets & (t->buckets - 1)) != 0 ||
	    t->slots > IX_LOAD * t->buckets)
		grow(ix, t);
}

void ix_chain_drop(struct exo_index *ix, struct ix_table *t, uint32_t rec)
{
	struct ix_rec *r = ix_rec(ix, rec);
	struct slot s = { NULL, 0 };
	uint32_t *head;

	/* A chain leaves a table that is being emptied as a whole. */
	while (t->gone || (t->hashed != 0 && !find(ix, t, r->w, &s)))
		t = t->into;
	head = t->hashed == 0 ? &t->head : &s.b->head[s.i];
	if (*head != rec) {
		set32(&ix_rec(ix, r->prev)->next, r->next);
		ix_rec(ix, r->next != 0 ? r->next : *head)->prev = r->prev;
	} else if (r->next != 0) {
		ix_rec(ix, r->next)->prev = r->prev;
		if (t->hashed != 0)
			few_change(t, rec, r->next);
		set32(head, r->next);
	} else if (t->hashed == 0) {
		set32(head, 0);
	} else {
		few_change(t, rec, 0);
		set_tag(&s, 0);
		t->slots--;
	}
}

bool ix_table_move(struct exo_index *ix, struct ix_table *t)
{
	struct slot s;

	for (s.b = ix_bucket(t, t->cursor); s.b != NULL;
	     s.b = next_bucket(t, s.b)) {
		for (s.i = 0; s.i < IX_SLOTS; s.i++) {
			uint32_t head = s.b->head[s.i];

			if (s.b->tag[s.i] == 0)
				continue;
			if (ix_chain_reserve(
			        ix, t->into, ix_rec(ix, head)->w) != 0)
				return false;
			ix_chain_add(ix, t->into, head);
			few_change(t, head, 0);
			set_tag(&s, 0);
			t->slots--;
		}
	}
	t->cursor++;
	return true;
}
