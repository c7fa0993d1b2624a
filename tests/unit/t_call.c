/* SPDX-License-Identifier: BSD-2-Clause */
/* Environments, keys and the call table: names, rights, forgery, revocation. */
#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/core.h"
#include "tests/support/oom.h"
#include "tests/support/world.h"

#define ACCEPT "r0 = 1\nexit\n"

static struct exo_core *core;
static struct world_env a, b;

static void setup(void)
{
	core = world_new();
	world_env(core, &a, 0);
	world_env(core, &b, 0);
}

static void teardown(void)
{
	world_end(core);
}

static int bind_with(const struct world_env *e, const struct exo_key *key,
    uint32_t mode, uint64_t *name)
{
	struct flt_image img = world_image(ACCEPT, EXO_PROG_SOCKET);
	struct exo_call_bind args = world_bind_args(e, &img);
	int err;

	args.key = *key;
	args.mode = mode;
	err = exo_call(core, e->name, EXO_CALL_BIND_NR, &args, sizeof(args));
	flt_image_free(&img);
	if (name != NULL)
		*name = args.out_binding;
	return err;
}

static int derive(const struct world_env *e, const struct exo_key *from,
    uint32_t rights, struct exo_key *out)
{
	struct exo_call_derive args = { .key = *from, .rights = rights };
	int err =
	    exo_call(core, e->name, EXO_CALL_DERIVE_NR, &args, sizeof(args));

	*out = args.out_key;
	return err;
}

static int revoke(const struct world_env *e, const struct exo_key *key)
{
	struct exo_call_revoke args = { .key = *key };

	return exo_call(core, e->name, EXO_CALL_REVOKE_NR, &args, sizeof(args));
}

START_TEST(calls_are_known_by_number_and_size)
{
	uint8_t args[sizeof(struct exo_call_bind) + 8] = { 0 };
	static const size_t sizes[] = {
#define EXO_CALL_ROW(name, number, type, meaning) \
	[number] = sizeof(struct type),
#include "exo/abi/call.inc"
#undef EXO_CALL_ROW
	};
	uint32_t n = sizeof(sizes) / sizeof(sizes[0]);

	for (uint32_t nr = 0; nr < n; nr++) {
		ck_assert_int_eq(
		    exo_call(core, a.name, nr, args, sizes[nr] - 1),
		    -EXO_EINVAL);
		ck_assert_int_eq(
		    exo_call(core, a.name, nr, args, sizes[nr] + 1),
		    -EXO_EINVAL);
		ck_assert_int_eq(
		    exo_call(core, a.name, nr, args, 0), -EXO_EINVAL);
		ck_assert_int_eq(exo_call(core, a.name ^ (uint64_t)2 << 32, nr,
		                     args, sizes[nr]),
		    -EXO_ESTALE);
	}
	ck_assert_int_eq(exo_call(core, a.name, n, args, 8), -EXO_ENOSYS);
	ck_assert_int_eq(
	    exo_call(core, a.name, UINT32_MAX, args, 8), -EXO_ENOSYS);
	ck_assert_int_eq(exo_call(core, a.name, EXO_CALL_NULL_NR, args, 8), 0);
	args[3] = 1;
	ck_assert_int_eq(
	    exo_call(core, a.name, EXO_CALL_NULL_NR, args, 8), -EXO_EINVAL);
}
END_TEST

START_TEST(one_flipped_bit_makes_a_key_worthless)
{
	for (size_t bit = 0; bit < 8 * sizeof(a.key); bit++) {
		struct exo_key k = a.key;

		((uint8_t *)&k)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(
		    bind_with(&a, &k, EXO_BIND_TAP, NULL), -EXO_EBADKEY);
	}
	ck_assert_int_eq(bind_with(&a, &a.key, EXO_BIND_TAP, NULL), 0);
}
END_TEST

START_TEST(a_key_of_another_boot_is_forged)
{
	struct exo_core_config cfg = { 0 };
	struct exo_core *other;
	struct world_env e;

	plat_test_reset(2);
	ck_assert_int_eq(exo_core_new(&cfg, &other), 0);
	world_env(other, &e, 0);
	ck_assert_uint_eq(e.key.slot, a.key.slot);
	ck_assert_int_eq(
	    bind_with(&a, &e.key, EXO_BIND_TAP, NULL), -EXO_EBADKEY);
	exo_core_free(other);
}
END_TEST

START_TEST(derived_keys_are_lesser)
{
	struct exo_key tap, none, more;

	ck_assert_int_eq(derive(&a, &a.key, EXO_RIGHT_TAP, &tap), 0);
	ck_assert_int_eq(bind_with(&b, &tap, EXO_BIND_TAP, NULL), 0);
	ck_assert_int_eq(bind_with(&b, &tap, EXO_BIND_FIRST, NULL), -EXO_EPERM);
	ck_assert_int_eq(derive(&a, &tap, EXO_RIGHT_TAP, &none), -EXO_EPERM);
	ck_assert_int_eq(
	    derive(&a, &a.key, EXO_RIGHT_TAP | EXO_RIGHT_DERIVE, &none), 0);
	ck_assert_int_eq(
	    derive(&b, &none, EXO_RIGHT_EXCLUSIVE, &more), -EXO_EPERM);
	ck_assert_int_eq(derive(&b, &none, 1u << 31, &more), -EXO_EPERM);
	ck_assert_int_eq(derive(&b, &none, 0, &more), 0);
	ck_assert_int_eq(bind_with(&b, &more, EXO_BIND_TAP, NULL), -EXO_EPERM);
}
END_TEST

START_TEST(revoking_withdraws_all_below)
{
	struct exo_key k[4];
	struct exo_core_stat st;
	uint64_t own, below;

	ck_assert_int_eq(bind_with(&a, &a.key, EXO_BIND_TAP, &own), 0);
	ck_assert_int_eq(derive(&b, &a.key, EXO_RIGHT_ALL, &k[0]), 0);
	ck_assert_int_eq(derive(&a, &k[0], EXO_RIGHT_ALL, &k[1]), 0);
	ck_assert_int_eq(derive(&b, &k[1], EXO_RIGHT_ALL, &k[2]), 0);
	ck_assert_int_eq(derive(&b, &k[0], EXO_RIGHT_ALL, &k[3]), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(bind_with(&b, &k[i], EXO_BIND_TAP, &below), 0);
	exo_core_stat(core, &st);
	ck_assert_uint_eq(st.bindings, 5);
	ck_assert_int_eq(revoke(&a, &k[1]), 0);
	exo_core_stat(core, &st);
	ck_assert_uint_eq(st.bindings, 3);
	ck_assert_int_eq(revoke(&a, &k[2]), -EXO_ESTALE);
	ck_assert_int_eq(bind_with(&b, &k[2], EXO_BIND_TAP, NULL), -EXO_ESTALE);
	ck_assert_int_eq(bind_with(&b, &k[3], EXO_BIND_TAP, NULL), 0);
	ck_assert_int_eq(revoke(&b, &k[0]), 0);
	exo_core_stat(core, &st);
	ck_assert_uint_eq(st.bindings, 1);
	/* the slots are used again, under other names */
	ck_assert_int_eq(derive(&b, &a.key, EXO_RIGHT_ALL, &k[3]), 0);
	ck_assert_int_eq(bind_with(&b, &k[1], EXO_BIND_TAP, NULL), -EXO_ESTALE);
	ck_assert_int_eq(revoke(&a, &a.key), 0);
	ck_assert_int_eq(revoke(&a, &a.key), -EXO_ESTALE);
	exo_core_stat(core, &st);
	ck_assert_uint_eq(st.bindings, 0);
	(void)own;
}
END_TEST

START_TEST(a_deep_chain_of_keys_ends_without_recursion)
{
	struct exo_key k = a.key;
	int n = 0;

	while (derive(&a, &k, EXO_RIGHT_ALL, &k) == 0)
		n++;
	ck_assert_int_gt(n, 1000); /* until the environment's limit */
	ck_assert_int_eq(revoke(&b, &a.key), 0);
	ck_assert_int_eq(exo_grant(core, a.name, EXO_RIGHT_ALL, NULL, &k), 0);
}
END_TEST

START_TEST(an_environment_takes_its_keys_and_bindings_along)
{
	struct exo_core_stat st;
	struct exo_key k;

	ck_assert_int_eq(derive(&b, &a.key, EXO_RIGHT_ALL, &k), 0);
	ck_assert_int_eq(bind_with(&b, &k, EXO_BIND_TAP, NULL), 0);
	ck_assert_int_eq(bind_with(&b, &b.key, EXO_BIND_TAP, NULL), 0);
	ck_assert_int_eq(exo_env_end(core, a.name), 0);
	exo_core_stat(core, &st);
	ck_assert_uint_eq(st.envs, 1);
	ck_assert_uint_eq(st.bindings, 1);
	ck_assert_int_eq(exo_env_end(core, a.name), -EXO_ESTALE);
	ck_assert_int_eq(bind_with(&b, &k, EXO_BIND_TAP, NULL), -EXO_ESTALE);
	ck_assert_int_eq(exo_grant(core, a.name, 1, NULL, &k), -EXO_ESTALE);
}
END_TEST

START_TEST(grants_and_environments_are_checked)
{
	static struct {
		struct exo_ring r;
		uint8_t room[8192];
	} mem;
	struct exo_env_args args = { .ring = &mem.r, .ring_size = 2048 };
	struct exo_key k;
	uint64_t name;

	ck_assert_int_eq(
	    exo_grant(core, a.name, EXO_RIGHT_ALL + 1, NULL, &k), -EXO_EINVAL);
	ck_assert_int_eq(exo_env_new(core, &args, &name), -EXO_EINVAL);
	args.ring_size = 4096 + 8;
	ck_assert_int_eq(exo_env_new(core, &args, &name), -EXO_EINVAL);
	args.ring_size = 1u << 31;
	ck_assert_int_eq(exo_env_new(core, &args, &name), -EXO_EINVAL);
	args = (struct exo_env_args){ .ring_size = 4096 };
	ck_assert_int_eq(exo_env_new(core, &args, &name), -EXO_EINVAL);
}
END_TEST

START_TEST(tables_have_limits)
{
	struct exo_core_config cfg = { .envs = 2, .bindings = 1 };
	struct exo_core *saved = core;
	struct exo_env_args args = { 0 };
	struct world_env x, y;
	uint64_t name;

	ck_assert_int_eq(exo_core_new(&cfg, &core), 0);
	world_env(core, &x, 0);
	world_env(core, &y, 0);
	ck_assert_int_eq(exo_env_new(core, &args, &name), -EXO_ELIMIT);
	ck_assert_int_eq(bind_with(&x, &x.key, EXO_BIND_TAP, NULL), 0);
	ck_assert_int_eq(
	    bind_with(&y, &y.key, EXO_BIND_TAP, NULL), -EXO_ELIMIT);
	ck_assert_int_eq(exo_env_end(core, x.name), 0);
	ck_assert_int_eq(bind_with(&y, &y.key, EXO_BIND_TAP, NULL), 0);
	exo_core_free(core);
	core = saved;
}
END_TEST

START_TEST(without_entropy_there_is_no_core)
{
	struct exo_core_config cfg = { 0 };
	struct exo_core *none = NULL;

	plat_test_no_entropy(true);
	ck_assert_int_eq(exo_core_new(&cfg, &none), -EXO_ENOENTROPY);
	ck_assert_ptr_null(none);
	plat_test_no_entropy(false);
}
END_TEST

/* A whole life of a core, for allocations that fail in turn. */
static int whole_life(void *arg)
{
	const struct flt_image *img = arg;
	struct exo_core_config cfg = { 0 };
	struct world_life l;
	struct exo_call_bind bind = {
		.image = (uintptr_t)img->bytes,
		.image_size = img->size,
		.linktype = 1,
		.mode = EXO_BIND_TAP,
	};
	int err = world_life(&l, &cfg, 0, NULL);

	bind.key = l.key;
	for (int i = 0; i < 20 && err == 0; i++) {
		bind.linktype = (uint32_t)i % 3;
		err = exo_call(
		    l.core, l.env, EXO_CALL_BIND_NR, &bind, sizeof(bind));
	}
	exo_core_free(l.core);
	return err;
}

START_TEST(every_allocation_fails_in_turn)
{
	struct flt_image img = world_image(
	    "r6 = r1\nr0 = *(u16 *)skb[12]\nif w0 == 0x800 goto pc+1\n"
	    "r0 = 0\nexit\n",
	    EXO_PROG_SOCKET);

	ck_assert_uint_gt(test_oom_loop(whole_life, &img), 20);
	flt_image_free(&img);
}
END_TEST

Suite *t_call_suite(void)
{
	Suite *s = suite_create("call");
	TCase *t = tcase_create("call");
	TCase *oom = tcase_create("oom");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, calls_are_known_by_number_and_size);
	tcase_add_test(t, one_flipped_bit_makes_a_key_worthless);
	tcase_add_test(t, a_key_of_another_boot_is_forged);
	tcase_add_test(t, derived_keys_are_lesser);
	tcase_add_test(t, revoking_withdraws_all_below);
	tcase_add_test(t, a_deep_chain_of_keys_ends_without_recursion);
	tcase_add_test(t, an_environment_takes_its_keys_and_bindings_along);
	tcase_add_test(t, grants_and_environments_are_checked);
	tcase_add_test(t, tables_have_limits);
	tcase_add_test(t, without_entropy_there_is_no_core);
	suite_add_tcase(s, t);
	tcase_add_test(oom, every_allocation_fails_in_turn);
	suite_add_tcase(s, oom);
	return s;
}
