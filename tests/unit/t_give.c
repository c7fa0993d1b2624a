/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bindings and keys that are given up or taken: by name, all or none; who is told that
 * something of his is gone, and by whose doing.
 */
#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "tests/support/world.h"

#define ENVS 3u
#define SEEN 64u

static struct exo_core *core;
static struct plat_env plats[ENVS];
static uint64_t env[ENVS];
static struct exo_key key[ENVS]; /* granted, with all rights */
/* What the platform was told. */
static struct {
	uint32_t who;
	enum exo_kind kind;
	uint64_t name;
	bool own;
} seen[SEEN];
static uint32_t nseen;

static void gone(
    struct plat_env *plat, enum exo_kind kind, uint64_t name, bool own)
{
	ck_assert_uint_lt(nseen, SEEN);
	seen[nseen].who = (uint32_t)(plat - plats);
	seen[nseen].kind = kind;
	seen[nseen].name = name;
	seen[nseen++].own = own;
}

static void setup(void)
{
	const struct exo_core_config cfg = { .gone = gone };

	core = world_new_as(&cfg);
	for (uint32_t i = 0; i < ENVS; i++) {
		const struct exo_env_args a = { .plat = &plats[i] };

		/* all of this process */
		plats[i] = (struct plat_env){ .base = NULL, .size = SIZE_MAX };
		ck_assert_int_eq(exo_env_new(core, &a, &env[i]), 0);
		ck_assert_int_eq(
		    exo_grant(core, env[i], EXO_RIGHT_ALL, NULL, &key[i]), 0);
	}
	nseen = 0;
}

static void teardown(void)
{
	world_end(core);
}

static uint64_t name_of(const struct exo_key *k)
{
	return k->epoch << 32 | k->slot;
}

static uint64_t bind(uint32_t who, const struct exo_key *k)
{
	struct world_env e = { .name = env[who], .key = *k };

	return world_bind(core, &e, "r0 = 1\nexit\n", 0, EXO_BIND_TAP, 0);
}

static struct exo_key derive(uint32_t who, const struct exo_key *from)
{
	struct exo_call_derive a = { .key = *from, .rights = from->rights };

	ck_assert_int_eq(
	    exo_call(core, env[who], EXO_CALL_DERIVE_NR, &a, sizeof(a)), 0);
	return a.out_key;
}

static void revoke(uint32_t who, const struct exo_key *k)
{
	struct exo_call_revoke a = { *k };

	ck_assert_int_eq(
	    exo_call(core, env[who], EXO_CALL_REVOKE_NR, &a, sizeof(a)), 0);
}

static int give(uint32_t who, enum exo_kind kind, uint64_t a, uint64_t b)
{
	const uint64_t names[] = { a, b };

	return exo_env_give(core, env[who], kind, names, b == 0 ? 1 : 2);
}

static uint32_t bindings(uint32_t who)
{
	struct exo_env_stat st;

	ck_assert_int_eq(exo_env_stat(core, env[who], &st), 0);
	return st.bindings;
}

/* Exactly once, and whose doing it was. */
static void told(uint32_t who, enum exo_kind kind, uint64_t name, bool own)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < nseen; i++)
		if (seen[i].who == who && seen[i].kind == kind &&
		    seen[i].name == name) {
			ck_assert(seen[i].own == own);
			n++;
		}
	ck_assert_uint_eq(n, 1);
}

/* --- giving ---------------------------------------------------------------------- */

START_TEST(bindings_are_given)
{
	uint64_t a = bind(0, &key[0]), b = bind(0, &key[0]),
	         c = bind(0, &key[0]);

	ck_assert_int_eq(give(0, EXO_KIND_BINDING, a, c), 0);
	ck_assert_uint_eq(bindings(0), 1);
	ck_assert_uint_eq(nseen, 2);
	told(0, EXO_KIND_BINDING, a, true);
	told(0, EXO_KIND_BINDING, c, true);
	ck_assert_int_eq(give(0, EXO_KIND_BINDING, a, 0), -EXO_ENOENT);
	ck_assert_int_eq(give(0, EXO_KIND_BINDING, b, 0), 0);
}
END_TEST

/* UNBIND is told likewise. */
START_TEST(unbind_is_told)
{
	struct exo_call_unbind a = { bind(0, &key[0]) };

	ck_assert_int_eq(
	    exo_call(core, env[0], EXO_CALL_UNBIND_NR, &a, sizeof(a)), 0);
	ck_assert_uint_eq(nseen, 1);
	told(0, EXO_KIND_BINDING, a.binding, true);
	ck_assert_int_eq(
	    exo_call(core, env[0], EXO_CALL_UNBIND_NR, &a, sizeof(a)),
	    -EXO_ENOENT);
	ck_assert_uint_eq(nseen, 1);
}
END_TEST

START_TEST(false_names_change_nothing)
{
	struct exo_key mine = derive(0, &key[0]), its = derive(1, &key[1]);
	uint64_t a = bind(0, &key[0]), b = bind(1, &key[1]);

	for (int i = 0; i < 4; i++) {
		const uint64_t no[] = { b, 1, UINT64_MAX,
			a ^ (uint64_t)2 << 32 };

		ck_assert_int_eq(
		    give(0, EXO_KIND_BINDING, a, no[i]), -EXO_ENOENT);
		ck_assert_int_eq(
		    give(0, EXO_KIND_BINDING, no[i], a), -EXO_ENOENT);
	}
	ck_assert_int_eq(give(0, EXO_KIND_BINDING, a, a), -EXO_EINVAL);
	ck_assert_int_eq(
	    give(0, EXO_KIND_KEY, name_of(&mine), name_of(&its)), -EXO_ENOENT);
	ck_assert_int_eq(
	    give(0, EXO_KIND_KEY, name_of(&mine), name_of(&mine)), -EXO_EINVAL);
	ck_assert_int_eq(give(0, EXO_KIND_FRAME, a, 0), -EXO_EINVAL);
	ck_assert_int_eq(give(0, EXO_KIND_SLOT, a, 0), -EXO_EINVAL);
	ck_assert_int_eq(
	    exo_env_give(core, UINT64_MAX, EXO_KIND_KEY, &a, 1), -EXO_ESTALE);
	ck_assert_uint_eq(nseen, 0);
	ck_assert_uint_eq(bindings(0), 1);
	ck_assert_int_eq(give(0, EXO_KIND_KEY, name_of(&mine), 0), 0);
}
END_TEST

/* A key, and one that was below it: it goes once. Another's below it hears of it. */
START_TEST(keys_are_given)
{
	struct exo_key top = derive(0, &key[0]), low = derive(0, &top),
	               its = derive(1, &low);
	uint64_t own = bind(0, &low), other = bind(1, &its),
	         borrowed = bind(2, &top);

	ck_assert_int_eq(
	    give(0, EXO_KIND_KEY, name_of(&top), name_of(&low)), 0);
	ck_assert_uint_eq(nseen, 6);
	told(0, EXO_KIND_KEY, name_of(&top), true);
	told(0, EXO_KIND_KEY, name_of(&low), true);
	told(0, EXO_KIND_BINDING, own, true);
	told(1, EXO_KIND_KEY, name_of(&its), false);
	told(1, EXO_KIND_BINDING, other, false);
	told(2, EXO_KIND_BINDING, borrowed, false);
	ck_assert_uint_eq(bindings(0) + bindings(1) + bindings(2), 0);
}
END_TEST

/* --- by others --------------------------------------------------------------------- */

/* Whoever holds a key may end it; its owner hears of it, and not the one who did. */
START_TEST(a_bearer_revokes)
{
	struct exo_key low = derive(0, &key[0]), its = derive(1, &low);
	uint64_t own = bind(0, &low), other = bind(1, &low);

	revoke(1, &low);
	ck_assert_uint_eq(nseen, 4);
	told(0, EXO_KIND_KEY, name_of(&low), false);
	told(0, EXO_KIND_BINDING, own, false);
	told(1, EXO_KIND_KEY, name_of(&its), true);
	told(1, EXO_KIND_BINDING, other, true);
}
END_TEST

START_TEST(an_end_revokes)
{
	struct exo_key low = derive(1, &key[0]);
	uint64_t other = bind(1, &low);

	ck_assert_int_eq(exo_env_end(core, env[0]), 0);
	told(1, EXO_KIND_KEY, name_of(&low), false);
	told(1, EXO_KIND_BINDING, other, false);
}
END_TEST

/* --- taking -------------------------------------------------------------------------- */

START_TEST(bindings_are_taken)
{
	uint64_t a = bind(0, &key[0]), b = bind(0, &key[0]), name = 0;

	ck_assert(exo_env_take(core, env[0], EXO_KIND_BINDING, &name));
	ck_assert_uint_eq(name, b);
	ck_assert(exo_env_take(core, env[0], EXO_KIND_BINDING, &name));
	ck_assert_uint_eq(name, a);
	ck_assert(!exo_env_take(core, env[0], EXO_KIND_BINDING, &name));
	ck_assert_uint_eq(nseen, 0); /* who took them says so */
	ck_assert(!exo_env_take(core, env[0], EXO_KIND_FRAME, &name));
	ck_assert(!exo_env_take(core, env[0], EXO_KIND_SLOT, &name));
	ck_assert(!exo_env_take(core, UINT64_MAX, EXO_KIND_KEY, &name));
}
END_TEST

/* The newest that was derived; what is granted stays. What goes with it is told, whosever
 * it is. */
START_TEST(keys_are_taken)
{
	struct exo_key top = derive(0, &key[0]), low = derive(0, &top),
	               its = derive(1, &low);
	uint64_t own = bind(0, &low), under = bind(0, &top), name = 0;

	ck_assert(exo_env_take(core, env[0], EXO_KIND_KEY, &name));
	ck_assert_uint_eq(name, name_of(&low));
	ck_assert_uint_eq(nseen, 2);
	told(0, EXO_KIND_BINDING, own, false);
	told(1, EXO_KIND_KEY, name_of(&its), false);
	ck_assert(exo_env_take(core, env[0], EXO_KIND_KEY, &name));
	ck_assert_uint_eq(name, name_of(&top));
	ck_assert_uint_eq(nseen, 3);
	told(0, EXO_KIND_BINDING, under, false);
	ck_assert(!exo_env_take(core, env[0], EXO_KIND_KEY, &name));
	ck_assert_uint_eq(nseen, 3);
	(void)bind(0, &key[0]);
}
END_TEST

Suite *t_give_suite(void)
{
	Suite *s = suite_create("give");
	TCase *t = tcase_create("give");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, bindings_are_given);
	tcase_add_test(t, unbind_is_told);
	tcase_add_test(t, false_names_change_nothing);
	tcase_add_test(t, keys_are_given);
	tcase_add_test(t, a_bearer_revokes);
	tcase_add_test(t, an_end_revokes);
	tcase_add_test(t, bindings_are_taken);
	tcase_add_test(t, keys_are_taken);
	suite_add_tcase(s, t);
	return s;
}
