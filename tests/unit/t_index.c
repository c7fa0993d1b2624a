/* SPDX-License-Identifier: BSD-2-Clause */
/* The index: against a model, its limits, hostile rules, and memory that fails.
 * More sets of cubes are in tests/diff/diff_index.c. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/index_int.h"
#include "tests/support/index_model.h"
#include "tests/support/oom.h"
#include "tests/support/plat_test.h"
#include "tests/support/tworld.h"

static struct exo_mem mem;
static struct exo_epoch epoch;
static struct ig_chance chance;

static struct exo_index_config config(uint32_t shapes, uint32_t records)
{
	struct exo_index_config cfg = { .mem = &mem,
		.epoch = &epoch,
		.shapes = shapes,
		.records = records,
		.scanned = 8 };

	for (uint32_t i = 0; i < EXO_INDEX_KEY; i++)
		cfg.key[i] = ig_long(&chance);
	return cfg;
}

static struct exo_index *make(uint32_t shapes, uint32_t records)
{
	struct exo_index_config cfg;
	struct exo_index *ix;

	mem = tworld_mem();
	chance.state = 0x1234567;
	exo_epoch_init(&epoch);
	cfg = config(shapes, records);
	ck_assert_int_eq(exo_index_new(&cfg, &ix), 0);
	return ix;
}

static void end(struct exo_index *ix)
{
	exo_index_free(ix);
	ck_assert_uint_eq(mem.used, 0);
	plat_test_check_leaks();
}

static struct exo_index_stat stat_of(const struct exo_index *ix)
{
	struct exo_index_stat st;

	exo_index_stat(ix, &st);
	return st;
}

static int add(struct exo_index *ix, const struct sp_atom *a, uint32_t n,
    uint32_t id, uint32_t *handle)
{
	struct sp_cube c = { a, n };
	uint32_t unused;

	return exo_index_insert(
	    ix, &c, 0, id, handle != NULL ? handle : &unused);
}

/* A UDP packet over IPv4. */
static struct sp_packet udp(
    uint8_t b[64], uint32_t src, uint32_t dst, uint32_t sport, uint32_t dport)
{
	memset(b, 0, 64);
	ig_put(b + 12, 0x0800, 2);
	b[14] = 0x45;
	b[23] = 17;
	ig_put(b + 26, src, 4);
	ig_put(b + 30, dst, 4);
	ig_put(b + 34, sport, 2);
	ig_put(b + 36, dport, 2);
	return (struct sp_packet){ b, 64, 64, SP_LINK_ETHERNET };
}

static uint64_t first_of(const struct exo_index *ix, const struct sp_packet *p)
{
	struct exo_look *l;
	uint64_t rank;

	ck_assert_int_eq(exo_look_new(&mem, &epoch, 5, &l), 0);
	exo_look_begin(l, p, 1);
	exo_index_first(ix, l, 1, &rank);
	exo_look_end(l);
	exo_look_free(l);
	return rank;
}

/* --- against the model ------------------------------------------------------ */

#define MODEL 300u
static struct ig_rule rule[MODEL];

static void new_rule(struct ig_rule *r, uint32_t i)
{
	uint8_t b[IG_BYTES];
	struct sp_packet p;
	struct sp_view v;

	ig_packet(&chance, b, &p);
	sp_parse(&p, &v);
	r->cube = ig_cube(&chance, &v, r->a);
	r->id = i / 2;
	r->order = r->id % 3;
	r->live = false;
}

static void check_batch(struct exo_index *ix, struct ig_model *m)
{
	static uint8_t b[EXO_LOOK_BATCH][IG_BYTES];
	struct sp_packet p[EXO_LOOK_BATCH];
	uint32_t n = 1 + ig_random(&chance) % EXO_LOOK_BATCH;
	struct exo_look *l;

	ck_assert_int_eq(exo_look_new(&mem, &epoch, 1, &l), 0);
	for (uint32_t i = 0; i < n; i++)
		ig_packet(&chance, b[i], &p[i]);
	ig_check(ix, l, m, p, n, 1 + ig_random(&chance) % 4);
	exo_look_free(l);
}

START_TEST(as_the_model_says)
{
	struct exo_index *ix = make(1000, MODEL);
	struct ig_model m = { .rule = rule, .n = 1u << (_i % 9) };

	chance.state = (uint64_t)_i * 77 + 1;
	for (uint32_t i = 0; i < m.n; i++)
		new_rule(&rule[i], i);
	for (uint32_t turn = 0; turn < 20; turn++) {
		for (uint32_t k = 0; k < m.n; k++) {
			uint32_t i = ig_random(&chance) % m.n;
			int rc;

			if (!rule[i].live)
				new_rule(&rule[i], i);
			rc = ig_turn(ix, &rule[i]);
			ck_assert(rc == 0 || rc == -EXO_ELIMIT);
		}
		check_batch(ix, &m);
	}
	for (uint32_t i = 0; i < m.n; i++)
		if (rule[i].live)
			ck_assert_int_eq(ig_turn(ix, &rule[i]), 0);
	ck_assert_uint_eq(stat_of(ix).records, 0);
	ck_assert_uint_eq(stat_of(ix).shapes, 0);
	ck_assert_uint_eq(stat_of(ix).tables, 0);
	end(ix);
}
END_TEST

/* The first rules of each packet, of all of three indexes. */
static void check_merged(
    struct exo_index *const ix[3], struct ig_model *m, uint32_t room)
{
	static uint8_t b[EXO_LOOK_BATCH][IG_BYTES];
	struct sp_packet p[EXO_LOOK_BATCH];
	uint64_t rank[4 * EXO_LOOK_BATCH], want[MODEL], more = 0;
	struct exo_hits h = { .rank = rank, .room = room };
	struct exo_look *l;

	ck_assert_int_eq(exo_look_new(&mem, &epoch, 1, &l), 0);
	for (uint32_t i = 0; i < EXO_LOOK_BATCH; i++)
		ig_packet(&chance, b[i], &p[i]);
	exo_look_begin(l, p, EXO_LOOK_BATCH);
	for (uint32_t k = 0; k < 3; k++)
		more |= exo_index_merge(ix[k], l, UINT64_MAX, &h);
	exo_look_end(l);
	exo_look_free(l);
	for (uint32_t i = 0; i < EXO_LOOK_BATCH; i++) {
		uint32_t n = ig_want(m, &p[i], want);

		ck_assert_uint_eq(more >> i & 1, n > room);
		ck_assert_uint_eq(h.n[i], n < room ? n : room);
		ck_assert_uint_eq(h.from[i], 0);
		for (uint32_t k = 0; k < h.n[i]; k++)
			ck_assert_uint_eq(rank[i * room + k], want[k]);
	}
}

START_TEST(of_several_indexes)
{
	struct exo_index *ix[3];
	struct ig_model m = { .rule = rule, .n = 1u << (_i % 9) };
	struct exo_index_config cfg = config(1000, MODEL);
	int rc;

	ix[0] = make(1000, MODEL);
	for (uint32_t k = 1; k < 3; k++)
		ck_assert_int_eq(exo_index_new(&cfg, &ix[k]), 0);
	chance.state = (uint64_t)_i * 91 + 1;
	for (uint32_t i = 0; i < m.n; i++) {
		new_rule(&rule[i], i);
		rc = ig_turn(ix[i % 3], &rule[i]);
		ck_assert(rc == 0 || rc == -EXO_ELIMIT);
	}
	for (uint32_t room = 1; room <= 4; room++)
		check_merged(ix, &m, room);
	for (uint32_t k = 1; k < 3; k++)
		exo_index_free(ix[k]);
	end(ix[0]);
}
END_TEST

/* Nothing to look at, nobody asked for, nothing in it. */
START_TEST(nothing)
{
	struct exo_index *ix = make(1, 1);
	struct sp_packet none = { NULL, 0, 0, SP_LINK_ETHERNET };
	struct exo_look *l;
	uint64_t rank = 7;

	ck_assert_uint_eq(first_of(ix, &none), EXO_RANK_NONE);
	ck_assert_int_eq(add(ix, NULL, 0, 3, NULL), 0); /* every packet */
	ck_assert_uint_eq(first_of(ix, &none), 3);
	ck_assert_int_eq(exo_look_new(&mem, &epoch, 0, &l), 0);
	exo_look_begin(l, NULL, 0);
	exo_index_first(ix, l, UINT64_MAX, &rank);
	exo_look_end(l);
	exo_look_begin(l, &none, 1);
	exo_index_first(ix, l, 0, &rank);
	exo_look_end(l);
	ck_assert_uint_eq(rank, 7);
	exo_look_free(l);
	end(ix);
}
END_TEST

/* --- limits and refusals ---------------------------------------------------- */

START_TEST(refused_configurations)
{
	struct exo_index *ix = NULL;
	struct exo_index_config cfg;

	mem = tworld_mem();
	for (int i = 0; i < 4; i++) {
		cfg = config(1, 1);
		cfg.shapes = i == 0 ? 0 : i == 1 ? EXO_INDEX_SHAPES + 1 : 1;
		cfg.records = i == 2 ? 0 : i == 3 ? (uint32_t)INT32_MAX + 1 : 1;
		ck_assert_int_eq(exo_index_new(&cfg, &ix), -EXO_EINVAL);
	}
	ck_assert_ptr_null(ix);
}
END_TEST

START_TEST(refused_cubes)
{
	struct exo_index *ix = make(4, 4);
	struct sp_atom twice[] = { sp_is(SP_DPORT, 1), sp_is(SP_DPORT, 1) };
	struct sp_atom order[] = { sp_is(SP_DPORT, 1), sp_is(SP_SPORT, 1) };
	struct sp_atom none = sp_between(SP_DPORT, 2, 1);
	struct sp_atom large = sp_is(SP_DPORT, 0x10000);
	struct sp_atom field = { .field = SP_FIELDS, .hi = UINT64_MAX };
	uint32_t handle;

	ck_assert_int_eq(add(ix, twice, 2, 0, NULL), -EXO_EINVAL);
	ck_assert_int_eq(add(ix, order, 2, 0, NULL), -EXO_EINVAL);
	ck_assert_int_eq(add(ix, &none, 1, 0, NULL), -EXO_EINVAL);
	ck_assert_int_eq(add(ix, &large, 1, 0, NULL), -EXO_EINVAL);
	ck_assert_int_eq(add(ix, &field, 1, 0, NULL), -EXO_EINVAL);
	ck_assert_int_eq(add(ix, twice, SP_FIELDS + 1, 0, NULL), -EXO_EINVAL);
	ck_assert_int_eq(exo_index_insert(ix, &(struct sp_cube){ twice, 1 },
	                     UINT32_MAX, UINT32_MAX, &handle),
	    -EXO_EINVAL);
	ck_assert_uint_eq(stat_of(ix).records, 0);
	end(ix);
}
END_TEST

START_TEST(refused_handles)
{
	struct exo_index *ix = make(4, 4);
	struct sp_atom a = sp_is(SP_DPORT, 80);
	uint32_t h;

	ck_assert_int_eq(exo_index_delete(ix, 0), -EXO_ENOENT);
	ck_assert_int_eq(exo_index_delete(ix, 1), -EXO_ENOENT);
	ck_assert_int_eq(exo_index_delete(ix, UINT32_MAX), -EXO_ENOENT);
	ck_assert_int_eq(add(ix, &a, 1, 9, &h), 0);
	ck_assert_int_eq(exo_index_delete(ix, h + 1), -EXO_ENOENT);
	ck_assert_int_eq(exo_index_delete(ix, h), 0);
	ck_assert_int_eq(exo_index_delete(ix, h), -EXO_ENOENT);
	end(ix);
}
END_TEST

/* Thousands of odd masks: so many shapes as are allowed, and the rest refused. */
START_TEST(odd_masks)
{
	struct exo_index *ix = make(64, 10000);
	uint8_t b[64];
	struct sp_packet p = udp(b, 1, 2, 3, 4);
	uint32_t refused = 0, first = 0;

	for (uint32_t i = 0; i < 5000; i++) {
		struct sp_atom a =
		    sp_masked(SP_IP_SRC, 2 * i + 1, i == 17 ? 1 : 0);
		int rc = add(ix, &a, 1, i, i == 0 ? &first : NULL);

		refused += rc != 0;
		ck_assert(rc == 0 || rc == -EXO_ELIMIT);
	}
	ck_assert_uint_eq(stat_of(ix).shapes, 64);
	ck_assert_uint_eq(refused, 5000 - 64);
	ck_assert_uint_le(stat_of(ix).tables, 64);
	ck_assert_uint_eq(first_of(ix, &p), 17);
	/* one goes, one may come */
	ck_assert_int_eq(exo_index_delete(ix, first), 0);
	ck_assert_int_eq(add(ix,
	                     &(struct sp_atom){ .field = SP_IP_DST,
	                         .mask = 7,
	                         .value = 2,
	                         .hi = UINT64_MAX },
	                     1, 1, NULL),
	    0);
	ck_assert_uint_eq(first_of(ix, &p), 1);
	end(ix);
}
END_TEST

START_TEST(records_and_scanned_rules)
{
	struct exo_index *ix = make(64, 20);
	uint32_t i, h = 0;

	for (i = 0; i < 8; i++) {
		struct sp_atom a = sp_between(SP_DPORT, i, 0x8000 + i);

		ck_assert_int_eq(add(ix, &a, 1, i, &h), 0);
	}
	ck_assert_uint_eq(stat_of(ix).scanned, 8);
	ck_assert_int_eq(add(ix, NULL, 0, i, NULL), -EXO_ELIMIT);
	for (; i < 20; i++) {
		struct sp_atom a = sp_is(SP_DPORT, i);

		ck_assert_int_eq(add(ix, &a, 1, i, NULL), 0);
	}
	ck_assert_int_eq(
	    add(ix,
	        &(struct sp_atom){
	            .field = SP_DPORT, .mask = 1, .hi = UINT64_MAX },
	        1, 0, NULL),
	    -EXO_ELIMIT);
	ck_assert_int_eq(exo_index_delete(ix, h), 0);
	ck_assert_int_eq(add(ix, NULL, 0, i, NULL), 0);
	end(ix);
}
END_TEST

/* --- tables ------------------------------------------------------------------ */

static void five(struct sp_atom a[5], uint32_t i, uint32_t shape)
{
	a[0] = sp_masked(SP_IP_SRC, 0xffffffffu << shape % 8, i * 2654435761u);
	a[1] = sp_is(SP_IP_DST, 0x0a000000 + i);
	a[2] = sp_is(SP_PROTO, 17);
	a[3] = sp_masked(SP_SPORT, 0xffffu << shape / 8, i & 0xffff);
	a[4] = sp_is(SP_DPORT, 53);
}

static void find_five(struct exo_index *ix, uint32_t from, uint32_t to)
{
	uint8_t b[64];

	for (uint32_t i = from; i < to; i++) {
		struct sp_packet p =
		    udp(b, i * 2654435761u, 0x0a000000 + i, i & 0xffff, 53);

		ck_assert_uint_eq(first_of(ix, &p), i);
	}
}

START_TEST(shapes_with_a_part_in_common)
{
	struct exo_index *ix = make(64, 4000);
	struct sp_atom a[5];

	for (uint32_t i = 0; i < 4000; i++) {
		five(a, i, i % 64);
		ck_assert_int_eq(add(ix, a, 5, i, NULL), 0);
	}
	ck_assert_uint_eq(stat_of(ix).shapes, 64);
	ck_assert_uint_eq(stat_of(ix).tables, 1);
	ck_assert_uint_le(stat_of(ix).longest, 4);
	find_five(ix, 0, 4000);
	end(ix);
}
END_TEST

/* A large table is emptied into a coarser one bit by bit; meanwhile rules are
 * found and go, in either. */
START_TEST(a_table_is_emptied)
{
	struct exo_index *ix = make(64, 10000);
	uint32_t *h = malloc(6000 * sizeof(*h)), n = 0;
	struct sp_atom a[5];

	ck_assert_ptr_nonnull(h);
	for (; n < 3000; n++) {
		five(a, n, 0);
		ck_assert_int_eq(add(ix, a, 5, n, &h[n]), 0);
	}
	five(a, n, 1);
	ck_assert_int_eq(add(ix, a, 5, n, &h[n]), 0);
	n++;
	ck_assert_uint_eq(stat_of(ix).emptying, 1);
	ck_assert_uint_eq(stat_of(ix).tables, 2);
	for (uint32_t i = 0; i < 1500; i++) {
		if (i % 100 == 0)
			find_five(ix, i, n);
		ck_assert_int_eq(exo_index_delete(ix, h[i]), 0);
		five(a, n, n % 2);
		ck_assert_int_eq(add(ix, a, 5, n, &h[n]), 0);
		n++;
	}
	ck_assert_uint_eq(stat_of(ix).emptying, 0);
	ck_assert_uint_eq(stat_of(ix).tables, 1);
	find_five(ix, 1500, n);
	for (uint32_t i = 1500; i < n; i++)
		ck_assert_int_eq(exo_index_delete(ix, h[i]), 0);
	ck_assert_uint_eq(stat_of(ix).tables, 0);
	free(h);
	end(ix);
}
END_TEST

/* Rules that a coarse key does not tell apart get a finer table. */
START_TEST(a_crowd_gets_its_own_table)
{
	struct exo_index *ix = make(64, 1000);
	struct sp_atom wide[2] = { sp_is(SP_IP_DST, 7), sp_is(SP_DPORT, 80) };
	struct sp_atom a[3] = { sp_is(SP_IP_SRC, 0), wide[0], wide[1] };
	uint8_t b[64];
	struct sp_packet p;

	ck_assert_int_eq(add(ix, wide, 2, 1000, NULL), 0);
	for (uint32_t i = 0; i < 900; i++) {
		a[0] = sp_is(SP_IP_SRC, i);
		ck_assert_int_eq(add(ix, a, 3, i, NULL), 0);
	}
	ck_assert_uint_eq(stat_of(ix).tables, 2);
	ck_assert_uint_eq(stat_of(ix).longest, IX_CHAIN + 1);
	for (uint32_t i = 0; i < 901; i++) {
		p = udp(b, i, 7, 1, 80);
		ck_assert_uint_eq(first_of(ix, &p), i < 900 ? i : 1000);
	}
	end(ix);
}
END_TEST

/* Ranges on one exact key: one chain, which costs the packets of that key. */
START_TEST(ranges_on_one_key)
{
	struct exo_index *ix = make(64, 2000);
	struct sp_atom a[2] = { sp_is(SP_IP_DST, 7), sp_is(SP_DPORT, 80) };
	uint32_t h[1000];
	uint8_t b[64];
	struct sp_packet p;

	for (uint32_t i = 0; i < 1000; i++) {
		a[1] = sp_between(SP_DPORT, i, 0x8000 + i);
		ck_assert_int_eq(add(ix, a, 2, 1000 - i, &h[i]), 0);
	}
	ck_assert_uint_eq(stat_of(ix).tables, 1);
	ck_assert_uint_eq(ix->list->t[0]->slots, 1);
	p = udp(b, 1, 7, 1, 500);
	ck_assert_uint_eq(first_of(ix, &p), 500);
	for (uint32_t i = 0; i < 1000; i += 2)
		ck_assert_int_eq(exo_index_delete(ix, h[i]), 0);
	ck_assert_uint_eq(first_of(ix, &p), 501);
	end(ix);
}
END_TEST

/* What is gone is kept while a reader stays, and charged; then it is free. */
START_TEST(a_reader_that_stays)
{
	struct exo_index *ix = make(8, 8);
	struct exo_look *l;
	uint32_t h, n = 0;
	int rc = 0;

	ck_assert_int_eq(exo_look_new(&mem, &epoch, 7, &l), 0);
	exo_look_begin(l, NULL, 0);
	mem.limit = mem.used + (1u << 20);
	for (; rc == 0 && n < 100000; n++) {
		struct sp_atom a = sp_masked(SP_IP_SRC, n + 1, 0);

		rc = add(ix, &a, 1, n, &h);
		if (rc == 0)
			ck_assert_int_eq(exo_index_delete(ix, h), 0);
	}
	ck_assert_int_eq(rc, -EXO_ENOMEM);
	exo_look_end(l);
	for (uint32_t i = 0; i < 100; i++) {
		struct sp_atom a = sp_is(SP_IP_SRC, i);

		if (add(ix, &a, 1, i, &h) == 0)
			ck_assert_int_eq(exo_index_delete(ix, h), 0);
		else
			ck_assert_uint_lt(i, 50);
	}
	exo_look_free(l);
	end(ix);
}
END_TEST

/* What libpcap makes of a five-tuple is looked at by one load a word, in plain
 * packets of IPv4: its type is one there. */
START_TEST(one_load_a_word)
{
	struct exo_index *ix = make(64, 10);
	const struct sp_atom a[] = { sp_is(SP_TYPE0, 0x0800),
		sp_masked(SP_IP_FRAG, 0x1fff, 0), sp_is(SP_IP_PROTO, 17),
		sp_is(SP_IP_SRC, 1), sp_is(SP_IP_DST, 7), sp_is(SP_L4_0, 1),
		sp_is(SP_L4_2, 53) };
	const struct ix_layout *lay;
	uint8_t b[64];
	struct sp_packet p = udp(b, 1, 7, 1, 53);

	ck_assert_int_eq(add(ix, a, 7, 3, NULL), 0);
	lay = ix->list->t[0]->lay;
	ck_assert_uint_eq(lay->words, 3);
	ck_assert_uint_le(lay->prog[IX_ETH4].way, IX_ONE);
	ck_assert_uint_ne(first_of(ix, &p), EXO_RANK_NONE);
	b[23] = 6;
	ck_assert_uint_eq(first_of(ix, &p), EXO_RANK_NONE);
	end(ix);
}
END_TEST

/* --- a flood that was made for another key ------------------------------------ */

/* The most buckets that a packet may have to look at. */
static uint32_t longest_walk(const struct exo_index *ix)
{
	const struct ix_table *t = ix->list->t[0];
	uint32_t most = 0;

	for (uint32_t b = 0; b < t->buckets; b++) {
		const struct ix_bucket *at = ix_bucket(t, b);
		uint32_t n = 1;

		for (; at->extra != 0; n++)
			at = ix_extra(t, at->extra);
		most = n > most ? n : most;
	}
	return most;
}

#define FLOOD 1500u

/* Sources whose rules a known key puts into one bucket. */
static uint32_t craft(uint32_t *src, const uint64_t *key)
{
	struct ix_table t = { .hashed = 1 };
	uint32_t n = 0;

	t.coarse[0] = (uint64_t)UINT32_MAX << 32;
	for (uint32_t i = 0; n < FLOOD; i++) {
		uint64_t w = (uint64_t)__builtin_bswap32(i) << 32;

		if ((ix_hash(key, &t, &w) & 0x3ff) == 0)
			src[n++] = i;
	}
	return n;
}

static uint32_t walk_of_flood(struct exo_index *ix, const uint32_t *src)
{
	uint32_t walk;

	for (uint32_t i = 0; i < FLOOD; i++) {
		struct sp_atom a = sp_is(SP_IP_SRC, src[i]);

		ck_assert_int_eq(add(ix, &a, 1, i, NULL), 0);
	}
	walk = longest_walk(ix);
	end(ix);
	return walk;
}

START_TEST(a_flood_for_another_key)
{
	static uint32_t src[FLOOD];
	struct exo_index *ix = make(4, FLOOD);
	struct exo_index_config cfg;

	ck_assert_uint_eq(craft(src, ix->key), FLOOD);
	ck_assert_uint_gt(walk_of_flood(ix, src), 50); /* it is one */
	mem = tworld_mem();
	chance.state = 424242;
	cfg = config(4, FLOOD);
	ck_assert_int_eq(exo_index_new(&cfg, &ix), 0);
	ck_assert_uint_le(walk_of_flood(ix, src), 3);
}
END_TEST

/* --- memory that fails -------------------------------------------------------- */

#define FEW 70u

/* Insert all while memory fails, look, end. What failed is not there, all else
 * is. Returns the allocations; *failed counts refusals. */
static uint64_t come_and_go(uint32_t *failed)
{
	static struct ig_rule few[FEW];
	struct ig_model m = { .rule = few, .n = FEW };
	struct exo_index_config cfg;
	struct exo_index *ix;
	uint32_t odd = 0; /* check itself allocates */
	uint64_t made;
	int rc;

	mem = tworld_mem();
	chance.state = 99;
	exo_epoch_init(&epoch);
	cfg = config(100, 100);
	for (uint32_t i = 0; i < FEW; i++)
		new_rule(&few[i], i);
	rc = exo_index_new(&cfg, &ix);
	for (uint32_t i = 0; rc == 0 && i < FEW; i++) {
		int err = ig_turn(ix, &few[i]);

		odd += err != 0 && err != -EXO_ENOMEM && err != -EXO_ELIMIT;
		*failed += err == -EXO_ENOMEM;
	}
	made = test_oom_disarm();
	ck_assert_uint_eq(odd, 0);
	if (rc == 0) {
		check_batch(ix, &m);
		exo_index_free(ix);
	} else {
		++*failed;
	}
	ck_assert_uint_eq(mem.used, 0);
	plat_test_check_leaks();
	return made;
}

/* Some failures cost speed only: a table that cannot grow goes on. */
START_TEST(every_allocation_fails)
{
	uint32_t failed = 0, once = 0;

	for (uint64_t n = 1;; n++) {
		test_oom_arm(n, _i == 1);
		once = 0;
		if (come_and_go(&once) < n)
			break;
		failed += once;
	}
	ck_assert_uint_eq(once, 0);
	ck_assert_uint_gt(failed, 50);
}
END_TEST

Suite *t_index_suite(void)
{
	Suite *s = suite_create("index");
	TCase *t = tcase_create("index"), *oom = tcase_create("oom");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, as_the_model_says, 0, 30);
	tcase_add_loop_test(t, of_several_indexes, 0, 30);
	tcase_add_test(t, nothing);
	tcase_add_test(t, refused_configurations);
	tcase_add_test(t, refused_cubes);
	tcase_add_test(t, refused_handles);
	tcase_add_test(t, odd_masks);
	tcase_add_test(t, records_and_scanned_rules);
	tcase_add_test(t, shapes_with_a_part_in_common);
	tcase_add_test(t, a_table_is_emptied);
	tcase_add_test(t, a_crowd_gets_its_own_table);
	tcase_add_test(t, ranges_on_one_key);
	tcase_add_test(t, one_load_a_word);
	tcase_add_test(t, a_reader_that_stays);
	tcase_add_test(t, a_flood_for_another_key);
	suite_add_tcase(s, t);
	tcase_set_timeout(oom, 60);
	tcase_add_loop_test(oom, every_allocation_fails, 0, 2);
	suite_add_tcase(s, oom);
	return s;
}
