/* SPDX-License-Identifier: BSD-2-Clause */
/* Our index in bench_demux, read, and changed while it is read. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/index.h"
#include "exo/hosted/heap.h"
#include "tests/bench/demux_parts.h"

#define BATCH EXO_LOOK_BATCH

struct ours {
	struct exo_mem mem;
	struct exo_epoch epoch;
	struct exo_index *ix;
	struct exo_look *look;
};

/* Rule i of `shapes`: with more than one its source and its source port are
 * masked, in one way of 64. */
static struct sp_cube cube_of(
    const struct dx_flow *f, uint32_t i, uint32_t shapes, struct sp_atom a[5])
{
	uint32_t shape = i % shapes;

	a[0] = sp_masked(SP_IP_SRC, (uint64_t)UINT32_MAX << shape % 8,
	    __builtin_bswap32(f->src));
	a[1] = sp_is(SP_IP_DST, __builtin_bswap32(f->dst));
	a[2] = sp_is(SP_PROTO, f->proto);
	a[3] = sp_masked(SP_SPORT, (uint64_t)UINT16_MAX << shape / 8,
	    __builtin_bswap16(f->sport));
	a[4] = sp_is(SP_DPORT, __builtin_bswap16(f->dport));
	return (struct sp_cube){ a, 5 };
}

static struct ours *make(void)
{
	struct ours *o = dx_get(sizeof(*o));
	struct exo_index_config cfg = { .mem = &o->mem,
		.epoch = &o->epoch,
		.shapes = 256,
		.records = 1u << 24,
		.scanned = 16 };
	uint64_t rnd = 77;

	o->mem = cmd_heap();
	exo_epoch_init(&o->epoch);
	for (uint32_t i = 0; i < EXO_INDEX_KEY; i++)
		cfg.key[i] = dx_random(&rnd);
	if (exo_index_new(&cfg, &o->ix) != 0 ||
	    exo_look_new(&o->mem, &o->epoch, 0, &o->look) != 0)
		dx_die("no index");
	return o;
}

/* A shape whose key has nothing in common with the others', and a rule of it
 * that no packet is in, but that comes first: it must be looked for. */
static void other_rule(struct ours *o, uint32_t shape, uint32_t i, uint32_t id)
{
	static const uint8_t field[] = { SP_ETH_DST, SP_ETH_SRC, SP_IP_ID,
		SP_IP_LEN, SP_L4_4, SP_L4_8, SP_IP_SUM, SP_L4_12 };
	struct sp_atom a = sp_is((enum sp_field)field[shape % 8], 2 * i + 1);
	struct sp_cube c = { &a, 1 };
	uint32_t handle;

	if (exo_index_insert(o->ix, &c, 0, id, &handle) != 0)
		dx_die("a rule of another shape");
}

void *dx_index_open(const struct dx_flow *f, uint32_t n, uint32_t shapes,
    uint32_t more, uint32_t rules)
{
	struct ours *o = make();
	struct exo_index_stat st;
	struct sp_atom a[5];
	uint32_t handle;

	for (uint32_t i = 0; i < n; i++) {
		struct sp_cube c = cube_of(&f[i], i, shapes, a);

		if (exo_index_insert(o->ix, &c, 1, i, &handle) != 0)
			dx_die("rule %u", i);
	}
	for (uint32_t i = 0; i < more * rules; i++)
		other_rule(o, i / rules, i % rules, n + i);
	exo_index_stat(o->ix, &st);
	if (st.tables != 1 + more)
		dx_die("%u tables", st.tables);
	return o;
}

static void *ours_open(const struct dx_flow *f, uint32_t n, char why[DX_WHY])
{
	(void)why;
	return dx_index_open(f, n, 1, 0, 0);
}

static void *shapes_open(const struct dx_flow *f, uint32_t n, char why[DX_WHY])
{
	(void)why;
	return dx_index_open(f, n, 64, 0, 0);
}

static void ours_close(void *state)
{
	struct ours *o = state;

	exo_look_free(o->look);
	exo_index_free(o->ix);
	if (o->mem.used != 0)
		dx_die("%llu bytes are held", (unsigned long long)o->mem.used);
	free(o);
}

static void find_with(const struct exo_index *ix, struct exo_look *l,
    const struct sp_packet *p, uint32_t n, uint32_t *id)
{
	uint64_t rank[BATCH];

	while (n > 0) {
		uint32_t k = n < BATCH ? n : BATCH;

		exo_look_begin(l, p, k);
		exo_index_first(ix, l, UINT64_MAX, rank);
		exo_look_end(l);
		for (uint32_t i = 0; i < k; i++)
			id[i] = exo_rank_id(rank[i]);
		p += k;
		id += k;
		n -= k;
	}
}

static void ours_find(
    void *state, const struct sp_packet *p, uint32_t n, uint32_t *id)
{
	const struct ours *o = state;

	find_with(o->ix, o->look, p, n, id);
}

const struct dx_engine dx_ours = {
	.name = "ours; one shape",
	.open = ours_open,
	.find = ours_find,
	.close = ours_close,
};

const struct dx_engine dx_shapes = {
	.name = "ours; 64 shapes",
	.open = shapes_open,
	.find = ours_find,
	.close = ours_close,
};

/*
 * With a reader at work
 */

struct reader {
	struct ours *o;
	const struct dx_packets *p;
	int stop;
	uint64_t looked;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;
	struct exo_look *l;
	uint32_t at = 0, id[BATCH];

	if (exo_look_new(&r->o->mem, &r->o->epoch, 1, &l) != 0)
		dx_die("no memory");
	while (__atomic_load_n(&r->stop, __ATOMIC_RELAXED) == 0) {
		find_with(r->o->ix, l, r->p->p + at, BATCH, id);
		for (uint32_t i = 0; i < BATCH; i++)
			r->looked += id[i] != DX_NONE;
		at = (at + BATCH) % r->p->n;
	}
	return l;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double at_rank(const double *v, uint32_t n, double part)
{
	return v[(uint32_t)((double)(n - 1) * part)];
}

void dx_churn(const struct dx_flow *f, uint32_t n, uint32_t pairs,
    const struct dx_packets *p, struct dx_churn *out)
{
	struct reader r = { .o = make(), .p = p };
	struct sp_atom(*a)[5] = dx_get((size_t)(n + pairs) * sizeof(*a));
	double *ns = dx_get((n + pairs) * sizeof(*ns));
	uint32_t handle;
	pthread_t t;
	void *look;

	for (uint32_t i = 0; i < n + pairs; i++)
		(void)cube_of(&f[i], i, 1, a[i]);
	if (pthread_create(&t, NULL, read_on, &r) != 0)
		dx_die("no thread");
	for (uint32_t i = 0; i < n + pairs; i++) {
		struct sp_cube c = { a[i], 5 };
		double begin = dx_now_ns();

		if (exo_index_insert(r.o->ix, &c, 1, i, &handle) != 0 ||
		    (i >= n && exo_index_delete(r.o->ix, handle) != 0))
			dx_die("rule %u", i);
		ns[i] = dx_now_ns() - begin;
	}
	__atomic_store_n(&r.stop, 1, __ATOMIC_RELAXED);
	if (pthread_join(t, &look) != 0)
		dx_die("the reader is lost");
	exo_look_free(look);
	qsort(ns, n, sizeof(*ns), by_value);
	qsort(ns + n, pairs, sizeof(*ns), by_value);
	*out = (struct dx_churn){
		.insert_p50 = at_rank(ns, n, 0.5),
		.insert_p99 = at_rank(ns, n, 0.99),
		.insert_p999 = at_rank(ns, n, 0.999),
		.insert_max = at_rank(ns, n, 1),
		.pair_p50 = at_rank(ns + n, pairs, 0.5),
		.pair_p99 = at_rank(ns + n, pairs, 0.99),
		.pair_p999 = at_rank(ns + n, pairs, 0.999),
		.pair_max = at_rank(ns + n, pairs, 1),
		.looked = r.looked,
	};
	ours_close(r.o);
	free(a);
	free(ns);
}
