/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Environments that environments make: what is guaranteed to a child was its maker's,
 * who may start and end it, and that it lives on without its maker.
 *
 * frames.c begins once: see t_bare_space.c.
 */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/bare/family.h"
#include "exo/bare/frames.h"
#include "exo/bare/space.h"
#include "exo/bare/tlb.h"
#include "exo/core/core_int.h"
#include "tests/support/bare_unit.h"
#include "tests/support/walk.h"

#define VA ((uint64_t)0x40000000)

static struct bare b;

static void setup(void)
{
	bare_unit_new(&b, 0, false);
}

static void teardown(void)
{
	bare_unit_free(&b);
}

/* One that may make children, and always own so many frames. */
static struct plat_env *maker(uint32_t children, uint32_t frames)
{
	/* of which each child gets as few as can be */
	const struct env_args a = { .children = children, .tables = 400 };
	struct plat_env *e = bare_env(&b, &a);

	ck_assert_ptr_nonnull(e);
	ck_assert_int_eq(exo_holder_guarantee(b.phys, e->holder, frames), 0);
	return e;
}

static struct plat_env *child_of(
    struct plat_env *e, uint32_t frames, struct exo_key *key)
{
	struct exo_call_env_new a = { .frames = frames };
	struct exo_holder *h;

	ck_assert_int_eq(family_new(e, &a), 0);
	ck_assert_int_eq(
	    exo_holder_find(b.phys, &a.out_key, EXO_ENV_ALL, &h), 0);
	ck_assert_uint_eq(exo_holder_plat(h)->name, a.out_env);
	*key = a.out_key;
	return exo_holder_plat(h);
}

static int end(struct plat_env *by, const struct exo_key *key)
{
	const struct exo_call_env_end a = { *key };

	return family_end(by, &a);
}

static struct exo_key lesser(
    struct plat_env *e, const struct exo_key *key, uint32_t rights)
{
	struct exo_call_lessen a = { .key = *key, .rights = rights };

	ck_assert_int_eq(
	    exo_phys_call(b.phys, e->holder, EXO_CALL_LESSEN_NR, &a), 0);
	return a.out_key;
}

/* It begins without pages and waits; its maker gives it some, and starts it. */
START_TEST(life_of_one)
{
	struct plat_env *e = maker(2, 50), *c;
	struct exo_call_env_start start = { .rip = VA, .rsp = 7, .rdi = 9 };
	struct exo_key key, frame;

	memcpy(e->label, "maker", 6);
	c = child_of(e, 20, &key);
	ck_assert_int_eq(c->state, ENV_MADE);
	ck_assert_str_eq(c->label, "maker");
	ck_assert_ptr_null(c->ring);
	ck_assert_uint_eq(c->children, 0);
	ck_assert_uint_eq(e->children, 1);
	ck_assert_uint_eq(bare_stat(c).guaranteed, 20);
	ck_assert_uint_eq(bare_stat(c).owned, 0);
	ck_assert_uint_eq(bare_stat(e).guaranteed, 30);
	walk(c, NULL, NULL);
	ck_assert_int_eq(bare_frame(e, EXO_ANY, &frame), 0);
	ck_assert_int_eq(bare_enter(e, &key, VA, &frame, BARE_WRITE), 0);
	ck_assert_ptr_nonnull(env_at_user(c, VA, true));
	ck_assert_ptr_null(env_at_user(e, VA, true));
	walk(c, NULL, NULL);
	start.key = key;
	ck_assert_int_eq(family_start(e, &start), 0);
	ck_assert_int_eq(c->state, ENV_RUNNABLE);
	ck_assert_uint_eq(c->regs.rip, VA);
	ck_assert_uint_eq(c->regs.rsp, 7);
	ck_assert_uint_eq(c->regs.rdi, 9);
	ck_assert_int_eq(family_start(e, &start), -EXO_EINVAL); /* again */
	ck_assert_int_eq(end(e, &key), 0);
	ck_assert_int_eq(c->state, ENV_DEAD);
	ck_assert_int_eq(c->end, ENV_KILLED);
	ck_assert(env_any_dead());
	ck_assert_int_eq(end(e, &key), -EXO_ESTALE);
	env_free(c);
	ck_assert_int_eq(end(e, &key), -EXO_ESTALE);
	ck_assert_int_eq(family_start(e, &start), -EXO_ESTALE);
	ck_assert_int_eq(
	    bare_enter(e, &key, VA, &frame, BARE_READ), -EXO_ESTALE);
	ck_assert_uint_eq(b.rows[frame.region].maps, 0);
}
END_TEST

/* What is refused changes nothing. */
START_TEST(refused)
{
	struct plat_env *e = maker(1, 10), *poor = maker(0, 10);
	struct exo_call_env_new a = { .frames = 0 };
	uint64_t left = frames_free();
	unsigned n = env_count();

	ck_assert_int_eq(family_new(e, &a), -EXO_EINVAL);
	a.frames = 11;
	ck_assert_int_eq(family_new(e, &a), -EXO_ELIMIT);
	a.frames = UINT32_MAX;
	ck_assert_int_eq(family_new(e, &a), -EXO_ELIMIT);
	a.frames = 1;
	ck_assert_int_eq(family_new(poor, &a), -EXO_EPERM);
	a.ring = 5; /* no power of two */
	ck_assert_int_eq(family_new(e, &a), -EXO_EINVAL);
	a.ring = 2 * EXO_CHILD_RING;
	ck_assert_int_eq(family_new(e, &a), -EXO_E2BIG);
	ck_assert_uint_eq(frames_free(), left);
	ck_assert_uint_eq(env_count(), n);
	ck_assert_uint_eq(e->children, 1);
	ck_assert_uint_eq(bare_stat(e).guaranteed, 10);
	a.ring = 4096;
	a.frames = 10;
	ck_assert_int_eq(family_new(e, &a), 0);
	ck_assert_uint_eq(bare_stat(e).guaranteed, 0);
	a.ring = 0;
	a.frames = 1;
	ck_assert_int_eq(family_new(e, &a), -EXO_EPERM); /* no more */
}
END_TEST

/* Keys say who may do what. */
START_TEST(keys)
{
	struct plat_env *e = maker(3, 50), *other = maker(0, 1), *c;
	struct exo_call_env_start start = { .rip = VA };
	struct exo_key all, bad, frame;

	c = child_of(e, 5, &all);
	ck_assert_int_eq(bare_frame(e, EXO_ANY, &frame), 0);
	for (uint32_t has = 0; has < EXO_ENV_ALL; has++) {
		struct exo_key key = lesser(e, &all, has);
		bool may = (has & EXO_ENV_MAP) != 0;

		ck_assert_int_eq(bare_enter(e, &key, VA, &frame, BARE_READ),
		    may ? 0 : -EXO_EPERM);
		start.key = key;
		if ((has & EXO_ENV_START) == 0)
			ck_assert_int_eq(family_start(e, &start), -EXO_EPERM);
		if ((has & EXO_ENV_END) == 0)
			ck_assert_int_eq(end(e, &key), -EXO_EPERM);
	}
	bad = all;
	bad.mac[3] ^= 1;
	ck_assert_int_eq(end(e, &bad), -EXO_EBADKEY);
	bad = all;
	bad.region++;
	ck_assert_int_eq(end(e, &bad), -EXO_EBADKEY);
	ck_assert_int_eq(end(e, &frame), -EXO_EBADKEY); /* another kind's */
	ck_assert_int_eq(c->state, ENV_MADE);
	/* whoever has the bytes may */
	start.key = lesser(e, &all, EXO_ENV_START);
	ck_assert_int_eq(family_start(other, &start), 0);
	ck_assert_int_eq(end(other, &all), 0);
}
END_TEST

/* Its maker's end is not its own: but frames that its maker owned are gone. */
START_TEST(without_a_maker)
{
	struct plat_env *e = maker(3, 50), *c;
	struct exo_key key, of_maker, own;

	c = child_of(e, 5, &key);
	ck_assert_int_eq(bare_frame(e, EXO_ANY, &of_maker), 0);
	ck_assert_int_eq(bare_enter(e, &key, VA, &of_maker, BARE_WRITE), 0);
	ck_assert(env_map_new(c, BARE_PAGE, BARE_WRITE));
	ck_assert_int_eq(bare_frame(c, EXO_ANY, &own), 0);
	ck_assert_int_eq(
	    bare_enter(c, NULL, VA + FRAME_SIZE, &own, BARE_WRITE), 0);
	space_run(c);
	tlb_touch_all(c);
	env_free(e);
	tlb_check();
	ck_assert_ptr_null(env_at_user(c, VA, false));
	ck_assert_ptr_nonnull(env_at_user(c, VA + FRAME_SIZE, true));
	ck_assert_uint_eq(bare_stat(c).guaranteed, 5);
	walk(c, NULL, NULL);
	e = maker(0, 1); /* in the same place */
	ck_assert_int_eq(end(e, &key), 0);
	tlb_use(TLB_KERNEL);
	env_free(c);
}
END_TEST

/* However children are made and end, frames change hands and end, what is guaranteed to
 * all is always the same, and each of them can have it. */
START_TEST(conserved)
{
	struct plat_env *e[8] = { maker(200, 150), maker(200, 60) };
	uint32_t rng = (uint32_t)_i * 99 + 7;
	const uint64_t sum = 210;

	for (int i = 0; i < 600; i++) {
		struct exo_call_env_new a = { .ring = 0 };
		struct exo_key frame;
		uint64_t now = 0;

		rng = rng * 1664525u + 1013904223u;
		unsigned k = (rng >> 8) % 8, by = (rng >> 12) % 2;

		if (rng >> 29 > 2 && e[k] != NULL) {
			(void)bare_frame(e[k], EXO_ANY, &frame);
		} else if (rng >> 29 > 0 && k > 1 && e[k] == NULL) {
			a.frames = 2 + (rng >> 16) % 30;
			if (family_new(e[by], &a) == 0) {
				struct exo_holder *h;

				ck_assert_int_eq(
				    exo_holder_find(
				        b.phys, &a.out_key, EXO_ENV_MAP, &h),
				    0);
				e[k] = exo_holder_plat(h);
				ck_assert(
				    env_map_new(e[k], BARE_PAGE, BARE_WRITE));
			}
		} else if (k > 1 && e[k] != NULL) {
			env_free(e[k]);
			e[k] = NULL;
		}
		for (unsigned j = 0; j < 8; j++)
			now += e[j] == NULL ? 0 : bare_stat(e[j]).guaranteed;
		ck_assert_uint_eq(now, sum);
	}
	/* one takes all there is; the others still get theirs */
	for (struct exo_key key; bare_frame(e[0], EXO_ANY, &key) == 0;)
		continue;
	for (unsigned j = 0; j < 8; j++) {
		struct exo_key key;

		while (e[j] != NULL &&
		       bare_stat(e[j]).owned < bare_stat(e[j]).guaranteed)
			ck_assert_int_eq(bare_frame(e[j], EXO_ANY, &key), 0);
	}
	ck_assert_uint_ge(frames_free(), BARE_RESERVE);
}
END_TEST

static uint32_t take_all(struct plat_env *e)
{
	struct exo_key key;
	uint32_t n = 0;

	while (bare_frame(e, EXO_ANY, &key) == 0)
		n++;
	ck_assert_int_eq(bare_frame(e, EXO_ANY, &key), -EXO_ELIMIT);
	return n;
}

/* Whoever takes them, and when: no more frames than one may own, and a child has what was
 * guaranteed to it. Its end gives back what it used of the limit. */
START_TEST(frames_of_a_family)
{
	const struct env_args a = { .children = 4, .tables = 120, .most = 80 };
	struct plat_env *e = bare_env(&b, &a), *c[3];
	struct exo_key key[3];
	uint32_t sum;

	ck_assert_int_eq(exo_holder_guarantee(b.phys, e->holder, 60), 0);
	for (int i = 0; i < 3; i++) {
		c[i] = child_of(e, 10, &key[i]);
		ck_assert(env_map_new(c[i], BARE_PAGE, BARE_WRITE));
	}
	ck_assert_uint_gt(take_all(c[0]), 10);
	(void)take_all(e);
	(void)take_all(c[1]);
	(void)take_all(c[2]);
	ck_assert_uint_eq(bare_stat(c[1]).owned, 10);
	ck_assert_uint_eq(bare_stat(c[2]).owned, 10);
	sum = bare_stat(e).owned + bare_stat(c[0]).owned + 20;
	ck_assert_uint_eq(sum, 80);
	env_free(c[1]);
	ck_assert_uint_eq(take_all(e), 10);
	env_free(e); /* those who are left have the limit still */
	ck_assert_uint_eq(take_all(c[2]), 80 - 10 - bare_stat(c[0]).owned);
}
END_TEST

/* What is guaranteed to a child it may always own, also where its maker has all of their
 * limit. */
START_TEST(guaranteed_within_a_limit)
{
	const struct env_args a = { .children = 4, .tables = 120, .most = 80 };
	struct plat_env *e = bare_env(&b, &a), *c;
	struct exo_call_env_new none = { .frames = 10 };
	struct exo_key key;

	ck_assert_int_eq(exo_holder_guarantee(b.phys, e->holder, 60), 0);
	c = child_of(e, 10, &key);
	ck_assert(env_map_new(c, BARE_PAGE, BARE_WRITE));
	(void)take_all(e);
	ck_assert_uint_eq(bare_stat(e).owned, 70);
	ck_assert_int_eq(family_new(e, &none), -EXO_ELIMIT);
	ck_assert_uint_eq(bare_stat(e).guaranteed, 50);
	ck_assert_uint_eq(take_all(c), 9);
	ck_assert_uint_eq(bare_stat(c).owned, 10);
	env_free(c);
	ck_assert_uint_eq(take_all(e), 10);
}
END_TEST

/* Kilobytes of the core's memory that it may have, which it has then. */
static uint32_t fill(struct plat_env *e, void *to[64])
{
	struct exo_mem *mem = &env_find(b.core, e->name)->mem;
	uint32_t n = 0;

	while (n < 64 && (to[n] = exo_mem_get(mem, 1024)) != NULL)
		n++;
	return n;
}

static void empty(struct plat_env *e, void *of[64], uint32_t n)
{
	while (n > 0)
		exo_mem_put(&env_find(b.core, e->name)->mem, of[--n], 1024);
}

/* The same of the core's memory. */
START_TEST(memory_of_a_family)
{
	const struct env_args a = {
		.children = 4, .tables = 120, .mem = 32768
	};
	struct plat_env *e = bare_env(&b, &a), *c[2];
	void *own[64], *of[2][64];
	struct exo_key key;
	uint32_t n;

	ck_assert_int_eq(exo_holder_guarantee(b.phys, e->holder, 20), 0);
	n = fill(e, own);
	ck_assert_uint_gt(n, 30);
	c[0] = child_of(e, 5, &key);
	c[1] = child_of(e, 5, &key);
	ck_assert_uint_eq(fill(c[0], of[0]) + fill(c[1], of[1]), 0);
	empty(e, own, n);
	ck_assert_uint_eq(fill(c[0], of[0]), n);
	ck_assert_uint_eq(fill(e, own) + fill(c[1], of[1]), 0);
	env_free(e);
	ck_assert_uint_eq(fill(c[1], of[1]), 0);
	empty(c[0], of[0], n);
	env_free(c[0]);
	ck_assert_uint_eq(fill(c[1], of[1]), n);
	empty(c[1], of[1], n);
}
END_TEST

/* Tables are divided, and come back: whoever is there, all together may have so many. */
START_TEST(tables_of_a_family)
{
	const struct env_args a = { .children = 3, .tables = 120 },
	                      poor = { .children = 1, .tables = 20 };
	struct plat_env *e = bare_env(&b, &a), *p = bare_env(&b, &poor), *c[3];
	struct exo_call_env_new call = { .frames = 1 };
	uint64_t spare;
	uint32_t had = p->tables_most;
	struct exo_key key;

	ck_assert_int_eq(exo_holder_guarantee(b.phys, e->holder, 60), 0);
	spare = exo_phys_spare(b.phys);
	for (int i = 0; i < 3; i++) {
		c[i] = child_of(e, 10, &key);
		ck_assert_uint_eq(c[i]->tables_most, 30);
		/* as many as it can, and no more */
		for (uint64_t n = 0; n < 40; n++)
			(void)env_map_new(c[i], VA + (n << 30), BARE_WRITE);
		ck_assert_uint_le(c[i]->tables, 30);
		walk(c[i], NULL, NULL);
	}
	ck_assert_uint_eq(e->tables_most, 30);
	ck_assert_uint_le(exo_phys_spare(b.phys), spare);
	env_free(c[1]);
	ck_assert_uint_eq(e->tables_most, 60);
	env_free(c[0]);
	env_free(c[2]);
	ck_assert_uint_eq(e->tables_most, 120);
	ck_assert_uint_eq(e->children, 3);
	/* there is no room for two */
	ck_assert_int_eq(exo_holder_guarantee(b.phys, p->holder, 9), 0);
	ck_assert_int_eq(family_new(p, &call), -EXO_ELIMIT);
	ck_assert_uint_eq(p->tables_most, had);
	ck_assert_uint_eq(p->children, 1);
}
END_TEST

/* Its maker answers for a child that ends; then a sibling that was started. */
START_TEST(heirs)
{
	struct plat_env *e = maker(3, 50), *other = maker(0, 1), *c[3];
	struct exo_call_env_start start = { .rip = VA };
	struct exo_key key;

	for (int i = 0; i < 3; i++) {
		c[i] = child_of(e, 5, &key);
		start.key = key;
		if (i < 2)
			ck_assert_int_eq(family_start(e, &start), 0);
	}
	ck_assert_ptr_eq(family_heir(c[0]), e);
	ck_assert_ptr_null(family_heir(other));
	ck_assert_ptr_eq(family_heir(e), c[0]);
	env_free(e);
	ck_assert_ptr_eq(family_heir(c[0]), c[1]);
	ck_assert_ptr_eq(family_heir(c[1]), c[0]);
	env_free(c[0]);
	ck_assert_ptr_null(family_heir(c[1])); /* the third may never run */
}
END_TEST

/* The kernel takes frames for itself until this one has so many fewer than are its reserve
 * and others' promises. */
static void starve(uint64_t missing)
{
	while (exo_phys_spare(b.phys) > 0 || missing-- > 0) {
		ck_assert_uint_ne(frames_get(0), 0);
		b.free--;
	}
}

/* What was guaranteed stays so, where there is nothing to spare: the frames of who has
 * ended are there for it. */
START_TEST(nothing_to_spare)
{
	struct plat_env *e = maker(2, 50), *c;
	struct exo_key key, frame;

	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(bare_frame(e, EXO_ANY, &frame), 0);
	c = child_of(e, 10, &key);
	ck_assert(env_map_new(c, BARE_PAGE, BARE_WRITE));
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(bare_frame(c, EXO_ANY, &frame), 0);
	starve(30);
	/* it owns frames in the place of those */
	ck_assert_int_eq(
	    exo_holder_pass(b.phys, e->holder, c->holder, 10), -EXO_ELIMIT);
	ck_assert_int_eq(
	    exo_holder_pass(b.phys, e->holder, c->holder, 41), -EXO_ELIMIT);
	ck_assert_uint_eq(bare_stat(e).guaranteed, 40);
	ck_assert_uint_eq(bare_stat(c).guaranteed, 10);
	ck_assert_int_eq(end(e, &key), 0);
	env_free(c);
	ck_assert_uint_eq(bare_stat(e).guaranteed, 50);
	while (bare_stat(e).owned < 50)
		ck_assert_int_eq(bare_frame(e, EXO_ANY, &frame), 0);
}
END_TEST

/* There are so many places. */
START_TEST(too_many)
{
	const struct env_args args = { .children = 100, .tables = 1600 };
	struct plat_env *e = bare_env(&b, &args);
	struct exo_call_env_new a = { .frames = 1 };
	unsigned n = 1;

	ck_assert_int_eq(exo_holder_guarantee(b.phys, e->holder, 200), 0);
	while (family_new(e, &a) == 0)
		n++;
	ck_assert_uint_eq(n, ENVS_MAX);
	ck_assert_int_eq(family_new(e, &a), -EXO_ELIMIT);
	ck_assert_uint_eq(bare_stat(e).guaranteed, 200 - (ENVS_MAX - 1));
}
END_TEST

/* The kernel's own mistake: a frame that is not an environment's. */
START_TEST(pin_of_nobody)
{
	struct plat_env *e = maker(0, 1);

	(void)exo_holder_pin(b.phys, e->holder, VA, 0, BARE_READ);
}
END_TEST

Suite *t_bare_family_suite(void)
{
	Suite *s = suite_create("bare_family");
	TCase *t = tcase_create("bare_family");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, life_of_one);
	tcase_add_test(t, refused);
	tcase_add_test(t, keys);
	tcase_add_test(t, without_a_maker);
	tcase_add_loop_test(t, conserved, 0, 8);
	tcase_add_test(t, frames_of_a_family);
	tcase_add_test(t, guaranteed_within_a_limit);
	tcase_add_test(t, memory_of_a_family);
	tcase_add_test(t, tables_of_a_family);
	tcase_add_test(t, heirs);
	tcase_add_test(t, nothing_to_spare);
	tcase_add_test(t, too_many);
	tcase_add_test_raise_signal(t, pin_of_nobody, SIGABRT);
	suite_add_tcase(s, t);
	return s;
}
