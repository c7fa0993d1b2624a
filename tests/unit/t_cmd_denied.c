/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/replay_grant.c, replay_denied.c: the keys that owners hold, what is
 * bound under them, and what authority refuses. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/replay.h"
#include "filters/filters.h"
#include "tests/support/oom.h"

/* One run: its owners are those of the bindings, in the order of names. */
struct world {
	struct replay rp;
	struct replay_opts opts;
	struct replay_owner owners[4];
	uint32_t owner_of[8];
	struct flt_image img;
};

static int world_init(struct world *w, enum replay_policy policy,
    const char *const *grants, const char *const *bindings)
{
	const struct exo_core_config cfg = { .region_steps = 1000000 };
	char err[CMD_BINDING_ERR];
	struct flt_error why;
	int ret = 0;

	memset(w, 0, sizeof(*w));
	w->opts.policy = policy;
	w->rp.opts = &w->opts;
	w->rp.owners = w->owners;
	w->rp.owner_of = w->owner_of;
	for (; ret == 0 && *grants != NULL; grants++)
		ret = cmd_grants_add(&w->rp.set.grants, *grants, NULL, 0, err);
	for (; ret == 0 && *bindings != NULL; bindings++)
		ret = cmd_bindings_add(&w->rp.set, *bindings, err);
	if (ret == 0)
		ret = replay_grants_sort(&w->rp);
	if (ret == 0)
		ret = exo_core_new(&cfg, &w->rp.core);
	return ret == 0 ? flt_expr_image("ip", 1, 0, "t", &w->img, &why) : ret;
}

/* Make the owners, whose names are given in order. */
static int world_owners(struct world *w, const char *const *names)
{
	const struct exo_env_args args = { .plat = NULL };
	uint32_t next = 0, n;
	int ret = 0;

	for (n = 0; ret == 0 && names[n] != NULL; n++) {
		struct replay_owner *o = &w->owners[n];

		o->name = names[n];
		w->rp.nowners++;
		ret = exo_env_new(w->rp.core, &args, &o->env);
		if (ret == 0)
			ret = replay_keys_make(&w->rp, o, &next);
		for (uint32_t i = 0; i < w->rp.set.n; i++)
			if (strcmp(w->rp.set.v[i].owner, names[n]) == 0)
				w->owner_of[i] = n;
	}
	return ret;
}

static int world_bind(struct world *w, uint32_t i)
{
	const struct cmd_binding *b = &w->rp.set.v[i];
	struct exo_call_bind call = {
		.image = (uintptr_t)w->img.bytes,
		.image_size = w->img.size,
		.linktype = 1,
		.mode = replay_mode(&w->rp),
		.tag = i,
	};
	int err =
	    replay_bind_call(&w->rp, &w->owners[w->owner_of[i]], b, &call);

	if (replay_is_denied(err, 0))
		return replay_denied(&w->rp, b, 1, err);
	return err;
}

static void world_free(struct world *w)
{
	for (uint32_t i = 0; i < w->rp.nowners; i++)
		free(w->owners[i].keys);
	for (size_t i = 0; i < w->rp.nerrors; i++)
		free(w->rp.errors[i]);
	free(w->rp.errors);
	free(w->rp.granted);
	replay_denied_free(&w->rp);
	exo_core_free(w->rp.core);
	cmd_bindings_free(&w->rp.set);
	flt_image_free(&w->img);
}

static struct world w;

static const char *const none[] = { NULL };
static const char *const alice_bob[] = { "alice", "bob", NULL };

START_TEST(without_grants_all_is_theirs)
{
	static const char *const b[] = {
		"x,owner=alice=", "y,owner=bob=", NULL
	};

	ck_assert_int_eq(world_init(&w, REPLAY_ALL, none, b), 0);
	ck_assert(!replay_is_granted(&w.rp));
	ck_assert_int_eq(world_owners(&w, alice_bob), 0);
	ck_assert_uint_eq(w.owners[0].nkeys, 1);
	ck_assert_uint_eq(w.owners[0].keys[0].region, EXO_REGION_ALL);
	ck_assert_uint_eq(
	    w.owners[0].keys[0].rights, EXO_RIGHT_TAP | EXO_RIGHT_STEPS);
	ck_assert_int_eq(world_bind(&w, 0), 0);
	ck_assert_int_eq(world_bind(&w, 1), 0);
	world_free(&w);
}
END_TEST

/* A key for each grant that has the right, one for all of them; those of owners
 * without bindings, before and between, are passed over. */
START_TEST(keys_of_grants)
{
	static const char *const g[] = { "carol 'tcp' exclusive",
		"bob 'udp' exclusive,tell", "aaa 'arp' exclusive",
		"bob 'arp' shared,tell", "bob 'icmp' exclusive,delegate",
		"alice 'tcp' shared", "zoe 'arp' exclusive", NULL };
	static const char *const b[] = {
		"x,owner=alice=", "y,owner=bob=", NULL
	};

	ck_assert_int_eq(world_init(&w, REPLAY_EXCLUSIVE, g, b), 0);
	ck_assert_int_eq(world_owners(&w, alice_bob), 0);
	ck_assert_uint_eq(w.owners[0].nkeys, 0);
	ck_assert_uint_eq(w.owners[0].grants, 1);
	ck_assert_uint_eq(w.owners[1].nkeys, 3);
	ck_assert_uint_eq(w.owners[1].grants, 3);
	ck_assert_uint_eq(w.owners[1].keys[0].rights,
	    EXO_RIGHT_EXCLUSIVE | EXO_RIGHT_TELL | EXO_RIGHT_STEPS);
	ck_assert_uint_eq(w.owners[1].keys[1].rights,
	    EXO_RIGHT_EXCLUSIVE | EXO_RIGHT_DERIVE | EXO_RIGHT_STEPS);
	ck_assert_uint_eq(
	    w.owners[1].keys[2].rights, EXO_RIGHT_EXCLUSIVE | EXO_RIGHT_STEPS);
	ck_assert_int_eq(world_bind(&w, 0), CMD_NO);
	ck_assert_int_eq(w.rp.denials[0].why, REPLAY_NO_RIGHT);
	ck_assert_int_eq(world_bind(&w, 1), 0);
	world_free(&w);
}
END_TEST

/* Whatever was there of an earlier BIND is no witness of a later one. */
START_TEST(why_it_is_refused)
{
	static const char *const g[] = { "alice 'tcp' exclusive",
		"bob 'ip' exclusive,tell", "bob 'arp' exclusive", NULL };
	static const char *const b[] = { "x,owner=alice=",
		"out,owner=alice,claim='tcp or udp'=",
		"y,owner=bob,claim='ip and not udp'=",
		"z,owner=bob,claim='udp and ip'=", "all,owner=bob=", NULL };
	const struct replay_denial *d;

	ck_assert_int_eq(world_init(&w, REPLAY_EXCLUSIVE, g, b), 0);
	ck_assert_int_eq(world_owners(&w, alice_bob), 0);
	ck_assert_int_eq(world_bind(&w, 0), 0);
	ck_assert_int_eq(world_bind(&w, 1), CMD_NO);
	ck_assert_int_eq(world_bind(&w, 2), CMD_NO);
	ck_assert_int_eq(world_bind(&w, 3), 0);
	ck_assert_int_eq(world_bind(&w, 4), CMD_NO);
	ck_assert_uint_eq(w.rp.ndenials, 3);
	d = w.rp.denials;
	ck_assert_int_eq(d[0].why, REPLAY_OUTSIDE);
	ck_assert_uint_eq(d[0].other, REPLAY_NOBODY);
	ck_assert(d[0].x.made);
	ck_assert_int_eq(d[1].why, REPLAY_CONFLICT);
	ck_assert_uint_eq(d[1].other, 0);
	ck_assert_uint_eq(d[1].x.p.data[23], 6);
	/* the key of both grants has not the right tell, as one of them */
	ck_assert_int_eq(d[2].why, REPLAY_CONFLICT);
	ck_assert_uint_eq(d[2].other, REPLAY_NOBODY);
	ck_assert_uint_eq(w.rp.nerrors, 3);
	world_free(&w);
}
END_TEST

/* What the tool cannot bring about itself: it derives no keys, and its budget
 * is large. */
START_TEST(rare_refusals)
{
	static const char *const b[] = { "x=", NULL };
	static const char *const me[] = { "default", NULL };

	ck_assert_int_eq(world_init(&w, REPLAY_ALL, none, b), 0);
	ck_assert_int_eq(world_owners(&w, me), 0);
	ck_assert(replay_is_denied(-EXO_ELENT, 0));
	ck_assert(replay_is_denied(-EXO_EBUDGET, 0));
	ck_assert(!replay_is_denied(-EXO_EBUDGET, 901));
	ck_assert(!replay_is_denied(-EXO_ENOMEM, 0));
	ck_assert_int_eq(
	    replay_denied(&w.rp, &w.rp.set.v[0], 1, -EXO_ELENT), CMD_NO);
	ck_assert_ptr_nonnull(strstr(w.rp.errors[0], "are lent to others"));
	ck_assert_ptr_nonnull(strstr(w.rp.errors[0], "none could be made"));
	ck_assert_int_eq(
	    replay_denied(&w.rp, &w.rp.set.v[0], 1, -EXO_EBUDGET), CMD_NO);
	ck_assert_ptr_nonnull(strstr(w.rp.errors[1], "too intricate"));
	ck_assert_str_eq(replay_why_text(w.rp.denials[0].why), "lent");
	ck_assert_str_eq(replay_why_text(w.rp.denials[1].why), "budget");
	/* more than are told are kept */
	for (int i = 0; i < 30; i++)
		(void)replay_denied(&w.rp, &w.rp.set.v[0], 1, -EXO_EBUDGET);
	ck_assert_uint_eq(w.rp.ndenials, 32);
	ck_assert_uint_eq(w.rp.nerrors, 21);
	world_free(&w);
}
END_TEST

static int refuse_some(void *arg)
{
	static const char *const g[] = { "alice 'tcp' exclusive",
		"bob 'ip' exclusive,tell", "bob 'arp' exclusive", NULL };
	static const char *const b[] = {
		"x,owner=alice=", "y,owner=bob=", NULL
	};
	struct world *t = arg;
	int ret = world_init(t, REPLAY_EXCLUSIVE, g, b);

	if (ret == 0)
		ret = world_owners(t, alice_bob);
	if (ret == 0)
		ret = world_bind(t, 0);
	if (ret == 0)
		ret = world_bind(t, 1) == CMD_NO && t->rp.nerrors == 1 ? 0 : -1;
	world_free(t);
	return ret;
}

START_TEST(memory_runs_out)
{
	ck_assert_uint_gt(test_oom_loop(refuse_some, &w), 30);
}
END_TEST

Suite *t_cmd_denied_suite(void)
{
	Suite *s = suite_create("t_cmd_denied");
	TCase *t = tcase_create("denied"), *oom = tcase_create("oom");

	tcase_add_test(t, without_grants_all_is_theirs);
	tcase_add_test(t, keys_of_grants);
	tcase_add_test(t, why_it_is_refused);
	tcase_add_test(t, rare_refusals);
	suite_add_tcase(s, t);
	tcase_add_test(oom, memory_runs_out);
	suite_add_tcase(s, oom);
	return s;
}
