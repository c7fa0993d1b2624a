/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buffers of trace outputs.
 *
 * Overview
 *	One piece of memory, as large as the bound on all buffers, is cut into
 *	units: the more outputs, the smaller ones, so that what lies idle at the
 *	ends of their buffers is an eighth of it.  Few outputs have units that
 *	are a whole buffer.  Pages that no unit was taken from are not touched.
 *
 *	A record that does not fit where the last unit ends is made in a spare
 *	one and copied.  One that would need a good part of all memory is
 *	written from there.
 *
 * Where memory goes
 *	When few units are free, those outputs are written out whose buffers
 *	hold much and fill slowly.  With a writer that is done while some are
 *	left still, and nobody waits unless it cannot keep up.
 */
#include "exo/hosted/trace_out_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* One output gathers this before it writes: a replay that wrote every eighth
 * packet took 5 % less time of a processor than with 64 KiB. */
#define OUT_BUFFER  (256U << 10)
#define UNIT_LEAST  ((size_t)512)
#define UNITS_LEAST 16U
#define HUGE_FROM   256 /* outputs: so many places in memory that it helps */
#define AHEAD       (4 * OUT_PIECE) /* of what is used, memory is touched */
#define SPARE_KEEP  ((size_t)64 << 10)

/* --- units ---------------------------------------------------------------- */

static bool pool_make(struct tr_outs *set)
{
	struct out_pool *p = &set->pool;
	size_t want = set->memory / 2 / (size_t)set->count, units;
	void *mem = MAP_FAILED;

	p->unit = OUT_BUFFER;
	while (p->unit > UNIT_LEAST &&
	       (p->unit > want || set->memory / p->unit < UNITS_LEAST))
		p->unit /= 2;
	units = set->memory / p->unit;
	units = units < UNITS_LEAST ? UNITS_LEAST : units;
	units = units > UINT32_MAX ? UINT32_MAX : units;
	for (; mem == MAP_FAILED && units >= UNITS_LEAST; units /= 2) {
		mem = mmap(NULL, units * p->unit, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		p->units = (uint32_t)units;
	}
	if (mem == MAP_FAILED)
		return false;
	if (set->count >= HUGE_FROM)
		(void)madvise(mem, p->units * p->unit, MADV_HUGEPAGE);
	p->mem = mem;
	p->room = (uint32_t)(p->unit - offsetof(struct out_unit, data));
	p->most = (uint32_t)(OUT_BUFFER / p->unit);
	out_writer_begin(set);
	return true;
}

void out_pool_free(struct tr_outs *set)
{
	struct out_pool *p = &set->pool;

	if (p->mem != NULL)
		(void)munmap(p->mem, p->units * p->unit);
	free(p->spare);
	*p = (struct out_pool){ 0 };
}

static uint32_t pool_left(const struct out_pool *p)
{
	return p->free_units + (p->units - p->cut);
}

void out_give(struct tr_outs *set, const struct out_chain *c)
{
	if (c->first == NULL)
		return;
	c->last->next = set->pool.free;
	set->pool.free = c->first;
	set->pool.free_units += c->units;
}

/* A unit that was never used. */
static struct out_unit *unit_cut(struct tr_outs *set)
{
	struct out_pool *p = &set->pool;
	size_t at = p->unit * p->cut++, soon = at + AHEAD + OUT_PIECE;

	if (at % OUT_PIECE == 0 && soon <= p->units * p->unit)
		out_writer_touch(set, soon);
	return (struct out_unit *)(void *)(p->mem + at);
}

static struct out_unit *unit_take(struct tr_outs *set)
{
	struct out_pool *p = &set->pool;
	struct out_unit *u;

	if (p->free == NULL && p->away != 0)
		out_writer_back(set, 0);
	u = p->free;
	if (u == NULL)
		return unit_cut(set);
	p->free = u->next;
	p->free_units--;
	__builtin_prefetch(p->free, 1);
	return u;
}

/* --- what is written out, and when ---------------------------------------- */

#define WEIGHTS 128U

/* The highest bit that is set; v is not 0. */
static unsigned log2_of(uint64_t v)
{
	return 63U - (unsigned)__builtin_clzll(v);
}

/*
 * How much is won by writing a buffer out, as a logarithm: its size, and the
 * time that it took to fill, for which its memory will not be asked for again.
 * Going by it, an output that gets packets at a rate r has a buffer as sqrt(r),
 * and a given memory makes the fewest writes so.
 */
static unsigned out_weight(const struct tr_outs *set, const struct out *o)
{
	return log2_of(set->clock - o->since + 1) + log2_of(o->units);
}

/* The least weight of the heaviest buffers that have so many units together. */
static unsigned weight_of_most(const struct tr_outs *set, uint32_t units)
{
	size_t have[WEIGHTS] = { 0 }, sum = 0;
	unsigned w = WEIGHTS;

	for (int i = 0; i < set->count; i++) {
		const struct out *o = &set->v[i];

		if (o->units != 0)
			have[out_weight(set, o)] += o->units;
	}
	while (w > 0 && sum < units)
		sum += have[--w];
	return w;
}

/* Write out the heaviest buffers, so many units or all. Of those that weigh
 * the same, one that was passed over comes first next time. */
static void outs_reclaim(struct tr_outs *set, uint32_t units)
{
	unsigned least = weight_of_most(set, units);
	uint32_t sum = 0;

	for (int n = 0; n < set->count && sum < units; n++) {
		struct out *o = &set->v[set->hand];

		set->hand = (set->hand + 1) % set->count;
		if (o->units == 0 || out_weight(set, o) < least)
			continue;
		sum += o->units;
		out_flush(set, o);
	}
}

/* Have so many units free, a quarter of all at most. */
static void outs_reserve(struct tr_outs *set, uint32_t need)
{
	struct out_pool *p = &set->pool;
	uint32_t eighth = p->units / 8;

	if (pool_left(p) >= (need > eighth ? need : eighth))
		return;
	if (set->writer != NULL && p->away < eighth / 2)
		outs_reclaim(set, eighth);
	while (pool_left(p) < need) {
		if (p->away == 0)
			outs_reclaim(set, p->units / 4);
		if (p->away != 0)
			out_writer_back(set, eighth / 2 + 1);
	}
}

struct out_chain out_take(struct out *o)
{
	struct out_chain c = { o->first, o->last, o->full + o->len, o->units };

	if (o->first == NULL)
		return c;
	o->last->len = o->len;
	o->last->next = NULL;
	o->first = NULL;
	o->last = NULL;
	o->len = 0;
	o->cap = 0;
	o->full = 0;
	o->units = 0;
	return c;
}

void out_flush(struct tr_outs *set, struct out *o)
{
	struct out_chain c;

	if (o->first == NULL)
		return;
	c = out_take(o);
	if (out_writer_has(set, o)) {
		out_writer_give(set, o, &c);
		return;
	}
	out_file_write(set, o, &c);
	out_give(set, &c);
	out_settle(set);
}

/* --- filling -------------------------------------------------------------- */

static void unit_init(const struct out *o, struct out_unit *u)
{
	u->starts = !o->started;
	u->next = NULL;
}

/* Begin the next unit of a buffer; one is free. */
static void unit_add(struct tr_outs *set, struct out *o)
{
	struct out_unit *u = unit_take(set);

	unit_init(o, u);
	if (o->last == NULL) {
		o->first = u;
		o->since = set->clock;
	} else {
		o->last->len = o->len;
		o->last->next = u;
		o->full += o->len;
	}
	o->last = u;
	o->len = 0;
	o->cap = set->pool.room;
	o->units++;
}

/* How many units n bytes fill. */
static uint32_t units_of(const struct out_pool *p, size_t n)
{
	size_t k = (n + p->room - 1) / p->room;

	return k < UINT32_MAX ? (uint32_t)k : UINT32_MAX;
}

/* Whether a record is too large for buffers. */
static bool too_large(const struct out_pool *p, size_t n)
{
	uint32_t k = units_of(p, n);

	return k > p->most || k >= p->units / 4;
}

static uint8_t *spare_room(struct tr_outs *set, struct out *o, size_t n)
{
	struct out_pool *p = &set->pool;

	if (n > p->spare_room) {
		free(p->spare);
		p->spare_room = 0;
		p->spare = n <= UINT32_MAX
		               ? malloc(offsetof(struct out_unit, data) + n)
		               : NULL;
		if (p->spare == NULL) {
			out_fail(set, o, OUT_MEMORY, 0);
			return NULL;
		}
		p->spare_room = n;
	}
	return p->spare->data;
}

/* There is not room enough in the unit that is being filled. */
static uint8_t *room_more(struct tr_outs *set, struct out *o, size_t n)
{
	struct out_pool *p = &set->pool;

	if (o->dead)
		return NULL;
	if (p->mem == NULL && !pool_make(set)) {
		out_fail(set, o, OUT_MEMORY, 0);
		return NULL;
	}
	if (too_large(p, n)) {
		out_flush(set, o);
		return o->dead ? NULL : spare_room(set, o, n);
	}
	if (o->units + units_of(p, n - (o->cap - o->len)) > p->most)
		out_flush(set, o);
	if (!o->dead)
		outs_reserve(set, units_of(p, n) + 1);
	if (o->dead)
		return NULL;
	if (o->last != NULL || n > p->room)
		return spare_room(set, o, n);
	unit_add(set, o);
	return o->last->data;
}

uint8_t *out_room(struct tr_outs *set, struct out *o, size_t n)
{
	if (n <= o->cap - o->len)
		return o->last->data + o->len;
	return room_more(set, o, n);
}

/* Write a large record from where it was made. */
static void spare_write(struct tr_outs *set, struct out *o, size_t n)
{
	struct out_pool *p = &set->pool;
	struct out_chain c = { p->spare, p->spare, (uint32_t)n, 1 };

	unit_init(o, p->spare);
	p->spare->len = (uint32_t)n;
	out_writer_wait(set);
	out_file_write(set, o, &c);
	out_settle(set);
	if (p->spare_room > SPARE_KEEP) {
		free(p->spare);
		p->spare = NULL;
		p->spare_room = 0;
	}
}

/* Copy what was made in the spare unit to the end of the buffer. */
static void spare_copy(struct tr_outs *set, struct out *o, size_t n)
{
	const uint8_t *from = set->pool.spare->data;

	while (n > 0) {
		size_t k = o->cap - o->len;

		if (k == 0) {
			unit_add(set, o);
			continue;
		}
		k = k < n ? k : n;
		memcpy(o->last->data + o->len, from, k);
		o->len += (uint32_t)k;
		from += k;
		n -= k;
	}
}

void out_used(struct tr_outs *set, struct out *o, const uint8_t *p, size_t n)
{
	const struct out_unit *spare = set->pool.spare;

	if (spare == NULL || p != spare->data)
		o->len += (uint32_t)n;
	else if (too_large(&set->pool, n))
		spare_write(set, o, n);
	else
		spare_copy(set, o, n);
}
