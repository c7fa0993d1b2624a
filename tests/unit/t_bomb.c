/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bombs: regions and conditions that explode, claims and shapes without number,
 * chains of keys. They end within a budget, give back what they took, and make
 * nothing dearer for anybody else.
 */
#include <stdio.h>

#include "tests/support/oom.h"
#include "tests/unit/theft.h"

/* --- bombs ---------------------------------------------------------------------- */

/* Cubes of single bits, no two of one shape; as many as may cross. */
static struct sp_region many_cubes(uint32_t n)
{
	struct sp_cube *v = exo_arena_get(&arena, n * sizeof(*v));
	struct sp_atom *a = exo_arena_get(&arena, 2 * n * sizeof(*a));

	for (uint32_t i = 0; i < n; i++, a += 2) {
		uint64_t x = i * 2654435761u % 0xffff | 1;
		uint64_t y = (i * 40503u + 7) % 0xffff | 0x8000;

		a[0] = sp_masked(SP_L4_0, x, x & (i * 7));
		a[1] = sp_masked(SP_L4_2, y, y & (i * 13));
		ck_assert(sp_tidy(&a[0], sp_max(SP_L4_0)));
		ck_assert(sp_tidy(&a[1], sp_max(SP_L4_2)));
		v[i] = (struct sp_cube){ a, 2 };
	}
	return (struct sp_region){ v, n };
}

/* A test for each of n bytes, and how many were true is what counts. */
static struct flt_image counting(uint32_t n, const char *test)
{
	static char text[65536];
	size_t at = (size_t)sprintf(text, "r6 = r1\nr7 = 0\n");

	for (uint32_t i = 0; i < n; i++)
		at += (size_t)sprintf(text + at,
		    "r0 = *(u8 *)skb[%u]\nif w0 %s goto l%u\nr7 += 1\nl%u:\n",
		    i, test, i, i);
	sprintf(text + at, "r0 = 0\nif r7 != %u goto no\nr0 = 1\nno:\nexit\n",
	    n / 2);
	return world_image(text, EXO_PROG_SOCKET);
}

/* Bind it and take it away, again and again: its memory is as it was, whether
 * it was refused or not; of the core's a little waits to be freed. */
static int bomb(const struct exo_key *k, const struct flt_image *img,
    uint32_t mode, struct exo_span claim)
{
	uint64_t name, before = spent(&thief), all = 0;
	int err = 0;

	for (int i = 0; i < 3; i++) {
		err = bind(&thief, k, img, mode, claim, &name);
		if (err == 0)
			ck_assert_int_eq(unbind(&thief, name), 0);
		ck_assert_uint_eq(spent(&thief), before);
		all = i == 0 ? held() : all; /* with the link type's tables */
	}
	ck_assert_uint_lt(held(), all + (64u << 10));
	return err;
}

/* With enough steps for the claim, and with too few. */
START_TEST(claims_that_explode)
{
	const struct exo_core_config cfg = { .region_steps =
		                                 _i == 0 ? 0 : 20000 };
	struct flt_image plain = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
	struct flt_image ranges = counting(12, "> 100");
	struct exo_span claim = span_of(many_cubes(4096));
	struct exo_key k, theirs;
	int want = _i == 0 ? -EXO_ELIMIT : -EXO_EBUDGET;

	end();
	begin(&cfg);
	k = grant(&thief, "has l4.0 and has l4.2");
	for (uint32_t mode = 1; mode <= 3; mode++) {
		ck_assert_int_eq(bomb(&k, &plain, mode, claim), want);
		ck_assert_int_eq(bomb(&k, &ranges, mode, claim), want);
	}
	/* nobody else is in its way, or hindered */
	theirs = grant(&victim, "arp");
	ck_assert_int_eq(
	    bind(&victim, &theirs, &plain, EXO_BIND_EXCLUSIVE, none, NULL), 0);
	flt_image_free(&plain);
	flt_image_free(&ranges);
}
END_TEST

static const char *const tests[] = { "> 100", "!= 7", "s< 3", "& 1" };

START_TEST(conditions_that_explode)
{
	const struct exo_core_config cfg = { .verify_insns = 1000000,
		.verify_mem = 64u << 20,
		.region_steps = 100000 };
	struct flt_image img = counting(60, tests[_i]);
	struct exo_span claim;
	struct exo_pkt p;
	struct exo_key k;
	uint8_t data[80] = { [12] = 8, [14] = 0x45, [23] = 17 };
	uint64_t name;
	int err;

	end();
	begin(&cfg);
	k = grant(&thief, "ip");
	claim = span_of(region("ip and udp"));
	err = bomb(&k, &img, EXO_BIND_EXCLUSIVE, claim);
	ck_assert(err == 0 || err == -EXO_EBUDGET);
	if (err == 0) {
		ck_assert_int_eq(
		    bind(&thief, &k, &img, EXO_BIND_EXCLUSIVE, claim, &name),
		    0);
		p = (struct exo_pkt){
			.data = data, .caplen = 80, .wirelen = 80, .linktype = 1
		};
		exo_ingest(core, &p, 1);
		ck_assert_uint_le(world_stat(core, &thief, name).evaluated, 1);
		data[23] = 6;
		exo_ingest(core, &p, 1);
		ck_assert_uint_eq(p.matched, 0);
		ck_assert_uint_le(world_stat(core, &thief, name).evaluated, 1);
	}
	flt_image_free(&img);
}
END_TEST

/* Each key a little less than the one above it. */
START_TEST(long_chains_of_keys)
{
	struct flt_image img = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
	struct exo_key top = grant(&thief, "udp"), k = top;
	uint64_t before = held(), after;
	char text[80];
	uint32_t i;

	for (i = 0; i < 1500; i++) {
		snprintf(text, sizeof(text), "udp dst portrange %u-%u", i,
		    65535 - i);
		ck_assert_int_eq(
		    derive(&thief, &k, span_of(region(text)), &k), 0);
		if (i % 100 == 0)
			ck_assert_int_eq(
			    bind(&thief, &k, &img, EXO_BIND_TAP, none, NULL),
			    0);
	}
	ck_assert_uint_eq(bindings(), 15);
	ck_assert_int_eq(
	    derive(&thief, &k, span_of(region("udp dst port 3")), &k),
	    -EXO_EOUTSIDE);
	ck_assert_int_eq(revoke(&thief, &top), 0);
	ck_assert_uint_eq(bindings(), 0);
	after = held();
	/* pools and the tables of the link type stay, for the next ones */
	ck_assert_uint_lt(after, before + (1u << 20));
	top = k = grant(&thief, "udp");
	for (i = 0; i < 1500; i++)
		ck_assert_int_eq(
		    derive(&thief, &k, span_of(region("udp")), &k), 0);
	ck_assert_int_eq(revoke(&thief, &top), 0);
	ck_assert_uint_eq(held(), after);
	flt_image_free(&img);
}
END_TEST

/* An owner's memory is what its bindings take of the indexes, too: under a key
 * of every packet, of a grant of its own, and one that it was lent. */
START_TEST(rules_are_charged_to_their_owner)
{
	const struct exo_env_args args = { .mem = 1u << 20 };
	struct exo_call_bind a = { .linktype = 1, .mode = EXO_BIND_TAP };
	struct exo_key any = grant(&victim, "any");
	uint64_t env, theirs = spent(&victim), before;
	struct sp_region all = region("any");
	uint32_t n = 0;
	int err = 0;

	ck_assert_int_eq(exo_env_new(core, &args, &env), 0);
	if (_i < 2)
		ck_assert_int_eq(exo_grant(core, env, EXO_RIGHT_ALL,
		                     _i == 0 ? NULL : &all, &a.key),
		    0);
	else
		a.key = any;
	before = held();
	while (err == 0 && n++ < 2000) {
		struct flt_image img = odd_mask(n);

		a.image = (uintptr_t)img.bytes;
		a.image_size = img.size;
		err = exo_call(core, env, EXO_CALL_BIND_NR, &a, sizeof(a));
		flt_image_free(&img);
	}
	ck_assert_int_eq(err, -EXO_ENOMEM);
	ck_assert_uint_gt(n, 50);
	ck_assert_uint_eq(spent(&victim), theirs);
	/* tables of the link type and room in pools are the core's */
	ck_assert_uint_lt(held(), before + (3u << 19));
	ck_assert_int_eq(exo_env_end(core, env), 0);
	ck_assert_uint_lt(held(), before + (3u << 18));
}
END_TEST

/* A table's numbers for bindings are not used up by one who comes and goes, and
 * order stays that of age. */
START_TEST(who_comes_and_goes_uses_nothing_up)
{
	static const uint8_t data[60] = { [12] = 8, [14] = 0x45, [23] = 17 };
	const struct exo_core_config cfg = { .linear = 1 };
	struct flt_image img[3] = {
		world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET),
		counting(3, "> 9"),
		world_image(
		    "r6 = r1\nr0 = *(u8 *)skb[23]\nr0 *= 7\nr0 &= 3\nexit\n",
		    EXO_PROG_SOCKET),
	};
	struct exo_pkt p = {
		.data = data, .caplen = 60, .wirelen = 60, .linktype = 1
	};
	uint64_t own[12], name, last;
	struct exo_key mine, theirs;

	end();
	begin(&cfg);
	core->slots_max = 40;
	mine = grant(&thief, "any");
	theirs = grant(&victim, "udp");
	ck_assert_int_eq(
	    bind(&thief, &mine, &img[0], EXO_BIND_TAP, none, &last), 0);
	for (uint32_t i = 0; i < 2000; i++) {
		if (i % 100 == 50 && i / 100 < 12)
			ck_assert_int_eq(
			    bind(&victim, &theirs, &img[i / 100 % 2 * 2],
			        EXO_BIND_FIRST, none, &own[i / 100]),
			    0);
		ck_assert_int_eq(
		    bind(&thief, &mine, &img[i % 3], EXO_BIND_TAP, none, &name),
		    0);
		ck_assert_int_eq(unbind(&thief, last), 0);
		last = name;
	}
	/* the oldest that takes it is the first */
	for (uint32_t i = 0; i < 12; i++) {
		exo_ingest(core, &p, 1);
		ck_assert_uint_eq(world_stat(core, &victim, own[i]).matched, 1);
		ck_assert_int_eq(unbind(&victim, own[i]), 0);
	}
	for (uint32_t i = 1; i < 40; i++)
		ck_assert_int_eq(
		    bind(&victim, &theirs, &img[0], EXO_BIND_TAP, none, NULL),
		    0);
	ck_assert_int_eq(
	    bind(&victim, &theirs, &img[0], EXO_BIND_TAP, none, NULL),
	    -EXO_ELIMIT);
	for (uint32_t i = 0; i < 3; i++)
		flt_image_free(&img[i]);
}
END_TEST

/* A binding without rules, never run and not compiled, is something all the
 * same. */
START_TEST(bindings_are_charged_to_their_owner)
{
	struct flt_image img = world_image("r0 = 0\nexit\n", EXO_PROG_SOCKET);
	uint64_t before = 0, all = 0;

	for (uint32_t i = 0; i < 5000; i++) {
		struct exo_call_bind a = world_bind_args(&thief, &img);

		if (i == 100) {
			before = spent(&thief);
			all = held();
		}
		ck_assert_int_eq(
		    exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a)),
		    0);
	}
	/* tables that grow by doubling are half empty at worst */
	ck_assert_uint_lt(held() - all, 3 * (spent(&thief) - before) / 2);
	flt_image_free(&img);
}
END_TEST

/* A few bindings are asked in order, each packet looked up in each claim, cube
 * by cube: whoever claims much is found by index, or others' packets pay. Who is
 * asked in order is asked about each packet of the claim, by index of a rule. */
START_TEST(long_claims_are_not_walked)
{
	struct flt_image img = world_image("r0 = 0\nexit\n", EXO_PROG_SOCKET);
	struct exo_key k = grant(&thief, "any");
	char text[2048];
	struct exo_pkt p = { .linktype = 1, .wirelen = 60 };
	static uint8_t data[60] = { [12] = 8, [14] = 0x45, [17] = 46 };
	const uint32_t n = _i == 0 ? 20 : 100;
	uint64_t name;

	p.data = data;
	p.caplen = sizeof(data);
	snprintf(text, sizeof(text), "proto 0");
	for (uint32_t i = 1; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    " or proto %u", 2 * i);
	ck_assert_int_eq(
	    bind(&thief, &k, &img, EXO_BIND_TAP, span_of(region(text)), &name),
	    0);
	exo_ingest(core, &p, 1);
	ck_assert_uint_eq(
	    world_stat(core, &thief, name).evaluated, _i == 0 ? 1 : 0);
	ck_assert_int_eq(unbind(&thief, name), 0);
	ck_assert_int_eq(bind(&thief, &k, &img, EXO_BIND_TAP, none, &name), 0);
	exo_ingest(core, &p, 1);
	ck_assert_uint_eq(world_stat(core, &thief, name).evaluated, 1);
	flt_image_free(&img);
}
END_TEST

/* Claims without number, of packets that nobody else may claim: of another
 * grant, or of another key of the same one. */
START_TEST(claims_without_number_hinder_nobody)
{
	const struct exo_core_config cfg = { .region_steps = 20000 };
	struct flt_image img = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
	struct exo_key mine, theirs, top;
	char text[120];

	end();
	begin(&cfg);
	mine = grant(&thief, "udp");
	theirs = grant(&victim, "tcp");
	if (_i != 0) {
		top = grant(&victim, "ip or ip6");
		ck_assert_int_eq(
		    derive(&thief, &top, span_of(region("ip and udp")), &mine),
		    0);
		ck_assert_int_eq(derive(&victim, &top,
		                     span_of(region("ip and tcp")), &theirs),
		    0);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text),
		    "ip and udp and (dst port %u or src port %u or "
		    "dst net 10.%u.0.0/16)",
		    i, 2 * i, i % 256);
		ck_assert_int_eq(bind(&thief, &mine, &img, EXO_BIND_FIRST,
		                     span_of(region(text)), NULL),
		    0);
	}
	ck_assert_int_eq(bind(&victim, &theirs, &img, EXO_BIND_EXCLUSIVE,
	                     span_of(region("ip and tcp dst port 80")), NULL),
	    0);
	flt_image_free(&img);
}
END_TEST

/* --- link types without number --------------------------------------------------- */

static int bind_link(
    const struct world_env *e, const struct exo_key *k, uint32_t link)
{
	struct flt_image img = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
	struct exo_call_bind a = world_bind_args(e, &img);
	int err;

	a.key = *k;
	a.linktype = link;
	err = exo_call(core, e->name, EXO_CALL_BIND_NR, &a, sizeof(a));
	flt_image_free(&img);
	return err;
}

/* One owner has 256 tables of its own, and pays for them; others are not in its
 * way, and what it leaves is nobody's. */
START_TEST(link_types_cost_their_owner)
{
	struct exo_key mine = grant(&thief, "any"), other;
	struct exo_pkt p = { .linktype = 70000, .wirelen = 60 };
	uint64_t before = spent(&thief), all;

	other = grant(&victim, "any");
	for (uint32_t link = 0; link < 256; link++)
		ck_assert_int_eq(bind_link(&thief, &mine, link * 64), 0);
	all = spent(&thief);
	ck_assert_uint_ge(all, before + 256 * (uint64_t)16384);
	ck_assert_int_eq(bind_link(&thief, &mine, 70000), -EXO_ELIMIT);
	for (uint32_t link = 70000; link < 70010; link++)
		ck_assert_int_eq(bind_link(&victim, &other, link), 0);
	exo_ingest(core, &p, 1);
	ck_assert_uint_eq(p.matched, 1);
	/* in a table that is there already */
	ck_assert_int_eq(bind_link(&thief, &mine, 70000), 0);
	ck_assert_int_eq(bind_link(&victim, &other, 64), 0);
	ck_assert_int_eq(exo_env_end(core, thief.name), 0);
	p.linktype = 64;
	exo_ingest(core, &p, 1);
	ck_assert_uint_eq(p.matched, 1);
	p.linktype = 128;
	exo_ingest(core, &p, 1);
	ck_assert_uint_eq(p.matched, 0);
	ck_assert_ptr_null(linkset_find(core, 128));
	ck_assert_ptr_null(linkset_find(core, 64)->founder);
}
END_TEST

/* --- shapes without number ------------------------------------------------------- */

/* What a packet of a grant costs: looks at tables. */
static uint32_t looks_of(const struct exo_key *k)
{
	const struct linkset *set = linkset_find(core, 1);
	struct exo_index_stat st;
	uint32_t n;

	exo_index_stat(set->grants, &st);
	n = st.tables + st.scanned;
	for (uint32_t i = 0; i < set->domain_room; i++)
		if (set->domain[i] != NULL &&
		    set->domain[i]->grant->id == k->region) {
			exo_index_stat(set->domain[i]->ix, &st);
			return n + st.tables + st.scanned;
		}
	ck_abort_msg("the grant has no domain");
}

START_TEST(odd_masks_cost_their_owner)
{
	static const uint8_t data[60] = {
		[12] = 8, [14] = 0x45, [23] = 6, [37] = 80
	};
	struct flt_image plain = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
	struct exo_key mine = grant(&thief, "udp"), theirs;
	struct exo_pkt p = {
		.data = data, .caplen = 60, .wirelen = 60, .linktype = 1
	};
	static uint64_t name[2000];
	uint32_t before, bound = 0, refused = 0, looks;
	uint64_t own;

	theirs = grant(&victim, "tcp");
	ck_assert_int_eq(
	    bind(&victim, &theirs, &plain, EXO_BIND_EXCLUSIVE, none, &own), 0);
	ck_assert_int_eq(
	    bind(&thief, &mine, &plain, EXO_BIND_TAP, none, NULL), 0);
	before = looks_of(&theirs);
	looks = looks_of(&mine);
	for (uint32_t i = 0; i < 2000; i++) {
		struct flt_image img = odd_mask(i);
		int err = bind(&thief, &mine, &img,
		    i % 3 == 0 ? EXO_BIND_EXCLUSIVE : EXO_BIND_TAP, none,
		    &name[bound]);

		ck_assert(err == 0 || err == -EXO_ELIMIT);
		bound += err == 0;
		refused += err != 0;
		flt_image_free(&img);
	}
	ck_assert_uint_gt(bound, 500);
	ck_assert_uint_gt(refused, 500);
	/* they are there, and cost packets of their grant */
	ck_assert_uint_gt(looks_of(&mine), looks + 500);
	ck_assert_uint_eq(looks_of(&theirs), before);
	for (int i = 0; i < 100; i++) {
		exo_ingest(core, &p, 1);
		ck_assert_uint_eq(p.matched, 1);
	}
	ck_assert_uint_eq(world_stat(core, &victim, own).matched, 100);
	for (uint32_t i = 0; i < bound; i++)
		ck_assert_uint_eq(
		    world_stat(core, &thief, name[i]).evaluated, 0);
	/* nor is the other one refused what it may have */
	for (uint32_t i = 0; i < 500; i++) {
		struct flt_image img = odd_mask(i);

		ck_assert_int_eq(
		    bind(&victim, &theirs, &img, EXO_BIND_TAP, none, NULL), 0);
		flt_image_free(&img);
	}
	flt_image_free(&plain);
}
END_TEST

/* --- memory ends in the middle --------------------------------------------------- */

struct whole {
	struct flt_image img[3];
	struct sp_region where;
	struct exo_span less, claim;
};

/* A grant, a lesser key, three bindings found by index. */
static int whole_life(void *arg)
{
	const struct whole *x = arg;
	const struct exo_core_config cfg = { .linear = 1 };
	struct exo_call_derive d = { .rights = EXO_RIGHT_ALL,
		.region = x->less };
	static const uint8_t data[60] = { [12] = 8, [14] = 0x45, [23] = 17 };
	struct exo_pkt p = {
		.data = data, .caplen = 60, .wirelen = 60, .linktype = 1
	};
	struct world_life l;
	int err = world_life(&l, &cfg, 1u << 20, &x->where);

	d.key = l.key;
	if (err == 0)
		err =
		    exo_call(l.core, l.env, EXO_CALL_DERIVE_NR, &d, sizeof(d));
	for (uint32_t i = 0; err == 0 && i < 3; i++) {
		struct exo_call_bind a = { .key = d.out_key,
			.claim = x->claim,
			.image = (uintptr_t)x->img[i].bytes,
			.image_size = x->img[i].size,
			.linktype = 1,
			.mode = 1 + i };

		err = exo_call(l.core, l.env, EXO_CALL_BIND_NR, &a, sizeof(a));
	}
	if (err == 0)
		exo_ingest(l.core, &p, 1);
	if (err == 0 && p.matched == 0)
		err = -1000;
	exo_core_free(l.core);
	return err;
}

START_TEST(every_allocation_fails_in_turn)
{
	struct whole x = { .where = region("ip") };

	x.less = span_of(region("ip and udp"));
	x.claim = span_of(region("ip and udp and caplen > 20"));
	x.img[0] = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
	x.img[1] = odd_mask(1);
	x.img[2] = counting(3, "> 9");
	ck_assert_uint_gt(test_oom_loop(whole_life, &x), 50);
	for (uint32_t i = 0; i < 3; i++)
		flt_image_free(&x.img[i]);
}
END_TEST

Suite *t_bomb_suite(void)
{
	Suite *s = suite_create("bomb");
	TCase *t = tcase_create("bomb"), *oom = tcase_create("oom");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, claims_that_explode, 0, 2);
	tcase_add_loop_test(t, conditions_that_explode, 0,
	    (int)(sizeof(tests) / sizeof(tests[0])));
	tcase_add_test(t, long_chains_of_keys);
	tcase_add_loop_test(t, rules_are_charged_to_their_owner, 0, 3);
	tcase_add_loop_test(t, claims_without_number_hinder_nobody, 0, 2);
	tcase_add_test(t, who_comes_and_goes_uses_nothing_up);
	tcase_add_test(t, bindings_are_charged_to_their_owner);
	tcase_add_loop_test(t, long_claims_are_not_walked, 0, 2);
	tcase_add_test(t, odd_masks_cost_their_owner);
	tcase_add_test(t, link_types_cost_their_owner);
	suite_add_tcase(s, t);
	tcase_set_timeout(oom, 60);
	tcase_add_checked_fixture(oom, setup, teardown);
	tcase_add_test(oom, every_allocation_fails_in_turn);
	suite_add_tcase(s, oom);
	return s;
}
