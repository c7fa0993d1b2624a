/* SPDX-License-Identifier: BSD-2-Clause */
/* Wake-up predicates: which programs are taken, what they see, what they cost. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/abi/image.h"
#include "tests/support/oom.h"
#include "tests/support/world.h"

static struct exo_core *core;
static struct world_env e;
static struct exo_report report;

static void setup(void)
{
	core = world_new();
	world_env(core, &e, 0);
}

static void teardown(void)
{
	world_end(core);
}

static int give(const struct flt_image *img)
{
	return exo_env_predicate(
	    core, e.name, (uintptr_t)img->bytes, img->size, &report);
}

static int give_text(const char *text)
{
	struct flt_image img = world_image(text, EXO_PROG_MEM);
	int err = give(&img);

	flt_image_free(&img);
	return err;
}

static bool wakes(uint64_t now, uint64_t packets, uint64_t word)
{
	struct {
		struct exo_wake head;
		uint64_t word;
	} mem = { { now, packets }, word };

	return exo_env_wakes(core, e.name, &mem, sizeof(mem));
}

#define WORD                             \
	"r0 = 1\nif r2 < 24 goto out\n"  \
	"r0 = *(u64 *)(r1 + 16)\nout:\n" \
	"exit\n"

START_TEST(who_has_none_wakes)
{
	ck_assert(wakes(0, 0, 0));
	ck_assert_uint_eq(world_env_stat(core, &e).paid, 0);
	ck_assert(exo_env_wakes(core, UINT64_MAX, NULL, 0)); /* it is gone */
}
END_TEST

START_TEST(it_sees_its_memory)
{
	ck_assert_int_eq(give_text(WORD), 0);
	ck_assert(!wakes(7, 8, 0));
	ck_assert(wakes(0, 0, 1));
	ck_assert(wakes(0, 0, UINT64_MAX));
	ck_assert_int_eq(give_text("r0 = 0\nif r2 < 8 goto out\n"
	                           "r0 = *(u64 *)(r1 + 0)\nout:\nexit\n"),
	    0);
	ck_assert(!wakes(0, 8, 9));
	ck_assert(wakes(7, 0, 0));
	ck_assert_int_eq(give_text("r0 = 0\nif r2 < 16 goto out\n"
	                           "r0 = *(u64 *)(r1 + 8)\nout:\nexit\n"),
	    0);
	ck_assert(!wakes(7, 0, 9));
	ck_assert(wakes(0, 8, 0));
}
END_TEST

/* Its proven steps each time, and nothing of what filters may take. */
START_TEST(it_is_paid)
{
	uint64_t once;
	int64_t credit = world_env_stat(core, &e).credit;

	ck_assert_int_eq(give_text(WORD), 0);
	(void)wakes(0, 0, 0);
	once = world_env_stat(core, &e).paid;
	ck_assert_uint_ge(once, 3);
	for (int i = 0; i < 99; i++)
		(void)wakes(0, 0, 1);
	ck_assert_uint_eq(world_env_stat(core, &e).paid, 100 * once);
	ck_assert_int_eq(world_env_stat(core, &e).credit, credit);
}
END_TEST

/* n instructions and four more. */
static void long_one(char *text, size_t room, unsigned n)
{
	size_t at = (size_t)snprintf(text, room, "r0 = 0\n");

	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, room - at, "r0 += 1\n");
	snprintf(text + at, room - at, "exit\n");
}

START_TEST(so_many_steps)
{
	char text[8192];

	long_one(text, sizeof(text), EXO_WAKE_STEPS - 2);
	ck_assert_int_eq(give_text(text), 0);
	(void)wakes(0, 0, 0);
	ck_assert_uint_le(world_env_stat(core, &e).paid, EXO_WAKE_STEPS);
	long_one(text, sizeof(text), EXO_WAKE_STEPS);
	ck_assert_int_eq(give_text(text), -EXO_E2BIG);
	ck_assert(wakes(0, 0, 0));         /* the one before it: 254 */
	long_one(text, sizeof(text), 600); /* more than a page */
	ck_assert_int_eq(give_text(text), -EXO_EIMAGE);
	/* a loop is as long as it is proven to be */
	ck_assert_int_eq(give_text("r0 = 0\nmore:\nr0 += 1\n"
	                           "if r0 < 50 goto more\nexit\n"),
	    0);
	ck_assert_int_eq(give_text("r0 = 0\nmore:\nr0 += 1\n"
	                           "if r0 < 500 goto more\nexit\n"),
	    -EXO_E2BIG);
	ck_assert_int_eq(give_text("r0 = 0\nmore:\nr0 += 1\ngoto more\nexit\n"),
	    -EXO_EREFUSED);
	ck_assert_int_eq(give_text("r0 = 0\nr3 = 0\nmore:\nr3 += 1\n"
	                           "if r3 < 1000000 goto more\nexit\n"),
	    -EXO_EBUDGET);
}
END_TEST

/* Nothing but its memory and its stack. */
START_TEST(what_is_refused)
{
	static const struct {
		uint32_t type;
		int err;
		const char *text;
	} row[] = {
		{ EXO_PROG_SOCKET, -EXO_EINVAL, "r0 = 0\nexit\n" },
		{ EXO_PROG_XDP, -EXO_EINVAL, "r0 = 0\nexit\n" },
		{ EXO_PROG_MEM, -EXO_EREFUSED, "call 5\nexit\n" },
		{ EXO_PROG_MEM, -EXO_EREFUSED, "call 7\nexit\n" },
		{ EXO_PROG_MEM, -EXO_EREFUSED,
		    "r0 = *(u64 *)(r1 + 0)\nexit\n" },
		{ EXO_PROG_MEM, -EXO_EREFUSED,
		    "r0 = 0\nif r2 < 8 goto out\n"
		    "r0 = *(u64 *)(r1 + 1)\nout:\nexit\n" },
		{ EXO_PROG_MEM, -EXO_EREFUSED, "r0 = r1\nexit\n" },
		{ EXO_PROG_MEM, -EXO_EREFUSED, "r0 = r10\nexit\n" },
		{ EXO_PROG_MEM, -EXO_EREFUSED, "r0 = *(u8 *)skb[0]\nexit\n" },
		{ EXO_PROG_MEM, -EXO_EREFUSED, "exit\n" },
	};
	struct flt_image img = world_image(row[_i].text, row[_i].type);

	ck_assert_int_eq(give_text(WORD), 0);
	ck_assert_int_eq(give(&img), row[_i].err);
	ck_assert(row[_i].err != -EXO_EREFUSED || report.code != 0);
	ck_assert(!wakes(1, 1, 0)); /* it keeps what it had */
	ck_assert(wakes(1, 1, 1));
	flt_image_free(&img);
}
END_TEST

START_TEST(maps_are_refused)
{
	const struct exo_map_def map = { 2, 4, 8, 1, 0 };
	struct flt_image img =
	    world_image_maps("r0 = 0\nexit\n", EXO_PROG_MEM, &map, 1);

	ck_assert_int_eq(give(&img), -EXO_EINVAL);
	ck_assert(wakes(0, 0, 0));
	flt_image_free(&img);
}
END_TEST

START_TEST(bad_images)
{
	struct flt_image img = world_image("r0 = 0\nexit\n", EXO_PROG_MEM);

	for (uint32_t n = 1; n < img.size; n++)
		ck_assert_int_eq(exo_env_predicate(core, e.name,
		                     (uintptr_t)img.bytes, n, &report),
		    -EXO_EIMAGE);
	ck_assert_int_eq(exo_env_predicate(core, e.name, (uintptr_t)img.bytes,
	                     EXO_PAGE + 1, &report),
	    -EXO_EIMAGE);
	ck_assert_int_eq(exo_env_predicate(core, UINT64_MAX,
	                     (uintptr_t)img.bytes, img.size, &report),
	    -EXO_ESTALE);
	img.bytes[0] ^= 1;
	ck_assert_int_eq(give(&img), -EXO_EIMAGE);
	flt_image_free(&img);
}
END_TEST

/* Instead of what it had, and none; all goes back. */
START_TEST(one_after_the_other)
{
	uint64_t mem = world_env_stat(core, &e).mem;

	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(give_text(WORD), 0);
	ck_assert_uint_gt(world_env_stat(core, &e).mem, mem);
	ck_assert_uint_gt(world_env_stat(core, &e).code, 0);
	ck_assert_int_eq(exo_env_predicate(core, e.name, 0, 0, &report), 0);
	ck_assert_uint_eq(world_env_stat(core, &e).mem, mem);
	ck_assert_uint_eq(world_env_stat(core, &e).code, 0);
	ck_assert(wakes(0, 0, 0));
	ck_assert_int_eq(give_text(WORD), 0);
}
END_TEST

/* What is proven is work. */
START_TEST(work_has_a_limit)
{
	const struct exo_env_args args = { .work = 20 };
	uint64_t was = e.name;
	int n = 0;

	ck_assert_int_eq(exo_env_new(core, &args, &e.name), 0);
	while (give_text(WORD) == 0)
		ck_assert_int_lt(n++, 20);
	ck_assert_int_eq(give_text(WORD), -EXO_EBUDGET);
	ck_assert_int_gt(n, 0);
	ck_assert(!wakes(0, 0, 0));
	ck_assert_int_eq(exo_env_end(core, e.name), 0);
	e.name = was;
}
END_TEST

static struct flt_image word;

static int life(void *arg)
{
	struct world_life l;
	int err = world_life(&l, &(struct exo_core_config){ 0 }, 0, NULL);

	(void)arg;
	for (int i = 0; err == 0 && i < 2; i++)
		err = exo_env_predicate(
		    l.core, l.env, (uintptr_t)word.bytes, word.size, &report);
	exo_core_free(l.core);
	return err;
}

START_TEST(without_memory)
{
	word = world_image(WORD, EXO_PROG_MEM);
	ck_assert_uint_gt(test_oom_loop(life, NULL), 5);
	flt_image_free(&word);
}
END_TEST

Suite *t_predicate_suite(void)
{
	Suite *s = suite_create("predicate");
	TCase *t = tcase_create("predicate"), *oom = tcase_create("oom");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, who_has_none_wakes);
	tcase_add_test(t, it_sees_its_memory);
	tcase_add_test(t, it_is_paid);
	tcase_add_test(t, so_many_steps);
	tcase_add_loop_test(t, what_is_refused, 0, 10);
	tcase_add_test(t, maps_are_refused);
	tcase_add_test(t, bad_images);
	tcase_add_test(t, one_after_the_other);
	tcase_add_test(t, work_has_a_limit);
	suite_add_tcase(s, t);
	tcase_add_test(oom, without_memory);
	suite_add_tcase(s, oom);
	return s;
}
