/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is lent: whose packets a borrower's bindings cost, who has a domain of
 * his own, who pays for it, and when it goes.
 */
#include <stdio.h>

#include "tests/support/oom.h"
#include "tests/unit/theft.h"

static struct flt_image plain;

static void begin_all(void)
{
	setup();
	plain = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
}

static void end_all(void)
{
	flt_image_free(&plain);
	teardown();
}

/* --- what a test asks ------------------------------------------------------------- */

static struct exo_key lend(
    const struct world_env *e, const struct exo_key *from, const char *text)
{
	struct exo_key k;

	ck_assert_int_eq(derive(e, from, span_of(region(text)), &k), 0);
	return k;
}

/* A binding that takes all of a key. */
static uint64_t all_of(const struct world_env *e, const struct exo_key *k)
{
	uint64_t name;

	ck_assert_int_eq(bind(e, k, &plain, EXO_BIND_TAP, none, &name), 0);
	return name;
}

/* The domain of a key's region, or NULL. */
static struct domain *domain_of(const struct exo_key *k)
{
	const struct linkset *set = linkset_find(core, 1);

	if (set == NULL)
		return NULL;
	if (k->region == EXO_REGION_ALL)
		return set->everyone;
	for (uint32_t i = 0; i < set->domain_room; i++)
		if (set->domain[i] != NULL &&
		    set->domain[i]->grant->id == k->region)
			return set->domain[i];
	return NULL;
}

static uint32_t domains(void)
{
	const struct linkset *set = linkset_find(core, 1);
	uint32_t n;

	if (set == NULL)
		return 0;
	n = set->everyone != NULL;
	for (uint32_t i = 0; i < set->domain_room; i++)
		n += set->domain[i] != NULL;
	return n;
}

static uint32_t tables_of(const struct exo_index *ix)
{
	struct exo_index_stat st;

	if (ix == NULL)
		return 0;
	exo_index_stat(ix, &st);
	return st.tables + st.scanned;
}

/* What a packet of a key costs, and of none that was derived from it: looks at
 * tables. */
static uint32_t looks_of(const struct exo_key *k)
{
	uint32_t n = tables_of(linkset_find(core, 1)->grants);
	const struct domain *d = domain_of(k);

	ck_assert(d != NULL);
	for (; d != NULL; d = d->up)
		n += tables_of(d->ix) + tables_of(d->below);
	return n;
}

static struct domain *home_of(uint64_t name)
{
	return ((struct binding *)exo_pool_find(&core->binds, name))->domain;
}

/* A UDP packet to a port; returns how many took it. */
static uint32_t udp_to(uint32_t port)
{
	uint8_t data[60] = { [12] = 8,
		[14] = 0x45,
		[23] = 17,
		[36] = (uint8_t)(port >> 8),
		[37] = (uint8_t)port };
	struct exo_pkt p = {
		.data = data, .caplen = 60, .wirelen = 60, .linktype = 1
	};

	exo_ingest(core, &p, 1);
	return p.matched;
}

/* --- whose packets they cost -------------------------------------------------------- */

/* Of a grant, and of a key of every packet. */
START_TEST(masks_of_a_borrower_cost_his_packets)
{
	struct exo_key top = _i == 0 ? grant(&victim, "ip or arp") : victim.key;
	struct exo_key lent = lend(&thief, &top, "ip and udp");
	struct exo_key other = lend(&victim, &top, "ip and tcp");
	struct exo_key apart = grant(&victim, "ip and icmp");
	uint32_t mine, its, others, beside, bound = 0;
	struct flt_image img;
	int err;

	(void)all_of(&victim, &top);
	(void)all_of(&victim, &other);
	(void)all_of(&victim, &apart);
	(void)all_of(&thief, &lent);
	mine = looks_of(&lent);
	its = looks_of(&top);
	others = looks_of(&other);
	beside = looks_of(&apart);
	for (uint32_t i = 0; i < 1500; i++) {
		img = odd_mask(i);
		err = bind(&thief, &lent, &img, EXO_BIND_TAP, none, NULL);
		ck_assert(err == 0 || err == -EXO_ELIMIT);
		bound += err == 0;
		flt_image_free(&img);
	}
	ck_assert_uint_gt(bound, 200);
	ck_assert_uint_gt(looks_of(&lent), mine + 100);
	ck_assert_uint_eq(looks_of(&top), its);
	ck_assert_uint_eq(looks_of(&other), others);
	ck_assert_uint_eq(looks_of(&apart), beside);
	/* the shapes that others may have are not used up */
	for (uint32_t i = 0; i < 250; i++) {
		img = odd_mask(i);
		ck_assert_int_eq(
		    bind(&victim, &top, &img, EXO_BIND_TAP, none, NULL), 0);
		ck_assert_int_eq(
		    bind(&victim, &other, &img, EXO_BIND_TAP, none, NULL), 0);
		flt_image_free(&img);
	}
}
END_TEST

/* He lends it on, in parts that overlap and have masks of their own: that costs
 * packets of his. */
START_TEST(what_he_lends_on_costs_his_packets)
{
	struct exo_key top = grant(&victim, "ip or arp"), k;
	struct exo_key lent = lend(&thief, &top, "ip and udp");
	uint32_t its, all;
	char text[100];

	(void)all_of(&victim, &top);
	(void)all_of(&thief, &lent);
	its = looks_of(&top);
	all = tables_of(linkset_find(core, 1)->grants);
	for (uint32_t i = 1; i < 200; i++) {
		snprintf(text, sizeof(text), "ip and udp and ip.src & %u = 0",
		    i * 7919u);
		k = lend(&thief, &lent, text);
		(void)all_of(&thief, &k);
	}
	ck_assert_uint_eq(looks_of(&top), its);
	ck_assert_uint_eq(tables_of(linkset_find(core, 1)->grants), all);
	ck_assert_uint_eq(domains(), 2 + 8);
	ck_assert_uint_eq(udp_to(7), 2 + 199);
}
END_TEST

/* --- one order ----------------------------------------------------------------------- */

static int32_t last;

static void see_order(
    void *user, const struct exo_rec *rec, const uint8_t *data)
{
	(void)user;
	(void)data;
	ck_assert_int_gt((int32_t)rec->tag, last);
	last = (int32_t)rec->tag;
}

/* What a packet's domains have for it comes in one order. */
START_TEST(one_order_for_all)
{
	const struct exo_core_config cfg = { .linear = 1 };
	struct exo_key k[5];
	uint32_t n = _i == 0 ? 15 : 60; /* more than are got at once */

	end();
	begin(&cfg);
	k[0] = thief.key;
	k[1] = grant(&thief, "ip");
	k[2] = lend(&thief, &k[1], "ip and udp");
	k[3] = lend(&thief, &k[2], "ip and udp dst port 53");
	k[4] = lend(&thief, &k[1], "ip and caplen > 20");
	for (uint32_t i = 0; i < n; i++) {
		struct exo_call_bind a = world_bind_args(&thief, &plain);

		a.key = k[i % 5];
		a.snap = 20;
		a.tag = i * 7 % n;
		a.priority = 1000 - (int32_t)a.tag;
		ck_assert_int_eq(
		    exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a)),
		    0);
	}
	ck_assert_uint_eq(domains(), 5);
	ck_assert_uint_eq(udp_to(53), n);
	last = -1;
	ck_assert_int_eq(lnet_tap_poll(&thief.tap, see_order, NULL), (int)n);
	ck_assert_uint_eq(udp_to(54), n / 5 * 4);
}
END_TEST

/* --- who has one ----------------------------------------------------------------------- */

START_TEST(nine_of_one_packet_share)
{
	struct exo_key top = grant(&victim, "udp"), k[10];
	uint64_t name[10], own;
	char text[80];

	for (uint32_t i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "udp dst portrange 9-%u", 99 + i);
		k[i] = lend(&thief, &top, text);
		name[i] = all_of(&thief, &k[i]);
		ck_assert_int_eq(domain_of(&k[i]) != NULL, i < 8);
	}
	ck_assert_ptr_eq(home_of(name[8]), domain_of(&top));
	ck_assert_ptr_eq(home_of(name[9]), domain_of(&top));
	ck_assert_uint_eq(udp_to(50), 10);
	ck_assert_uint_eq(udp_to(107), 2);
	/* one goes, one comes; what is bound stays where it is */
	ck_assert_int_eq(revoke(&victim, &k[3]), 0);
	own = all_of(&thief, &k[9]);
	ck_assert_ptr_eq(home_of(own), domain_of(&k[9]));
	ck_assert_ptr_eq(home_of(name[9]), domain_of(&top));
	ck_assert_uint_eq(udp_to(50), 10);
	ck_assert_int_eq(unbind(&thief, own), 0);
	ck_assert(domain_of(&k[9]) == NULL);
}
END_TEST

/* What overlaps with many has a place beside them, in whatever order. */
START_TEST(many_places_are_one)
{
	struct exo_key top = grant(&victim, "udp"), k[62];
	char text[80];

	for (uint32_t i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "udp dst portrange %u-%u", 10 * i,
		    10 * i + 15);
		k[i] = lend(&thief, &top, text);
	}
	k[60] = lend(&thief, &top, "udp dst portrange 0-900");
	k[61] = lend(&thief, &top, "udp src portrange 0-9000");
	for (uint32_t i = 0; i < 62; i++) {
		uint32_t at = _i == 0 ? i : _i == 1 ? 61 - i : i * 37 % 62;

		(void)all_of(&thief, &k[at]);
		ck_assert(domain_of(&k[at]) != NULL);
	}
	ck_assert_uint_eq(udp_to(12), 4);
	ck_assert_uint_eq(udp_to(18), 3);
}
END_TEST

/* However many there are that have no packet in common. */
START_TEST(those_apart_have_their_own)
{
	struct exo_key top = grant(&victim, "udp"), k;
	char text[80];

	for (uint32_t i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "udp dst port %u", i);
		k = lend(&thief, &top, text);
		(void)all_of(&thief, &k);
		ck_assert(domain_of(&k) != NULL);
	}
	ck_assert_uint_eq(udp_to(299), 1);
	ck_assert_uint_eq(udp_to(300), 0);
	ck_assert_int_eq(revoke(&victim, &top), 0);
	ck_assert_uint_eq(domains(), 0);
}
END_TEST

/* Two levels below a grant; a key of as much is as the one above. */
START_TEST(levels)
{
	struct exo_key top = grant(&victim, "ip"), same, a, b, c;
	uint64_t name;

	ck_assert_int_eq(derive(&thief, &top, none, &same), 0);
	name = all_of(&thief, &same);
	ck_assert_ptr_eq(home_of(name), domain_of(&top));
	ck_assert_int_eq(unbind(&thief, name), 0);
	a = lend(&thief, &same, "ip and udp");
	ck_assert_int_eq(derive(&thief, &a, none, &a), 0);
	b = lend(&thief, &a, "ip and udp dst portrange 50-60");
	c = lend(&thief, &b, "ip and udp dst port 53");
	ck_assert_uint_eq(domains(), 0);
	name = all_of(&thief, &c);
	ck_assert_uint_eq(domains(), 3);
	ck_assert_ptr_eq(home_of(name), domain_of(&b));
	ck_assert_ptr_eq(home_of(name)->up, domain_of(&a));
	ck_assert_ptr_eq(home_of(name)->up->up, domain_of(&top));
	ck_assert_uint_eq(udp_to(53), 1);
	ck_assert_uint_eq(udp_to(54), 0);
	(void)all_of(&thief, &same);
	ck_assert_uint_eq(udp_to(53), 2);
	ck_assert_int_eq(revoke(&thief, &a), 0);
	ck_assert_uint_eq(domains(), 1);
	ck_assert(domain_of(&top)->below == NULL);
	ck_assert_uint_eq(udp_to(53), 1);
	ck_assert_int_eq(revoke(&victim, &top), 0);
	ck_assert_uint_eq(domains(), 0);
}
END_TEST

/* A region of n masks, each of another port: from one to the next. */
static struct sp_region many_masks(uint32_t from, uint32_t n)
{
	struct sp_cube *v = exo_arena_get(&arena, n * sizeof(*v));
	struct sp_atom *a = exo_arena_get(&arena, 2 * n * sizeof(*a));

	for (uint32_t i = from; i < from + n; i++, a += 2, v++) {
		a[0] = sp_masked(SP_IP_SRC, (i + 1) * 2654435761u | 1, 0);
		a[1] = sp_is(SP_L4_2, i);
		*v = (struct sp_cube){ a, 2 };
	}
	return (struct sp_region){ v - n, n };
}

/* They share the lender's, whom they would cost more otherwise. */
START_TEST(masks_that_do_not_fit)
{
	struct exo_key top = grant(&victim, "any"), k[80], many;
	uint32_t own = 0;
	uint64_t name;

	ck_assert_int_eq(
	    derive(&thief, &top, span_of(many_masks(100, 100)), &many), 0);
	name = all_of(&thief, &many);
	ck_assert_ptr_eq(home_of(name), domain_of(&top));
	ck_assert(domain_of(&top)->below == NULL);
	ck_assert_uint_eq(udp_to(150), 1);
	for (uint32_t i = 0; i < 80; i++) {
		ck_assert_int_eq(
		    derive(&thief, &top, span_of(many_masks(i, 1)), &k[i]), 0);
		(void)all_of(&thief, &k[i]);
		own += domain_of(&k[i]) != NULL;
	}
	ck_assert_uint_eq(own, 64);
	ck_assert_uint_le(tables_of(domain_of(&top)->below), 64);
	for (uint32_t i = 0; i < 80; i++)
		ck_assert_uint_eq(udp_to(i), 1);
	ck_assert_uint_eq(udp_to(80), 0);
}
END_TEST

/* Steps of the algebra run out: the binding is not refused. */
START_TEST(too_many_to_compare)
{
	const struct exo_core_config cfg = { .region_steps = 2000 };
	struct exo_key top, k;
	char text[80];
	uint32_t own = 0;

	end();
	begin(&cfg);
	top = grant(&victim, "udp");
	for (uint32_t i = 0; i < 1500; i++) {
		snprintf(text, sizeof(text), "udp dst port %u", i);
		k = lend(&thief, &top, text);
		(void)all_of(&thief, &k);
		own += domain_of(&k) != NULL;
	}
	ck_assert_uint_gt(own, 50);
	ck_assert_uint_lt(own, 1500);
	ck_assert_uint_eq(udp_to(1499), 1);
}
END_TEST

/* --- who pays ------------------------------------------------------------------------- */

START_TEST(somebody_pays)
{
	struct exo_key top = grant(&victim, "ip"), k, below, other;
	uint64_t mine, theirs, first, second, alone, third, both;
	struct world_env founder = { .name = 0 };

	/* somebody else pays for the table of the link type */
	world_env(core, &founder, WORLD_RING);
	other = grant(&founder, "arp");
	(void)all_of(&founder, &other);
	k = lend(&victim, &top, "ip and udp");
	below = lend(&victim, &k, "ip and udp dst port 53");
	theirs = spent(&victim);
	first = all_of(&victim, &below);
	ck_assert_int_eq(unbind(&victim, first), 0);
	ck_assert_uint_eq(spent(&victim), theirs);
	/* who comes second pays for what is its own */
	mine = spent(&thief);
	first = all_of(&thief, &below);
	alone = spent(&thief) - mine;
	second = all_of(&victim, &below);
	both = spent(&victim) - theirs;
	ck_assert_uint_gt(alone, both + (48u << 10));
	/* and for all, once the first has gone; then whoever is below */
	ck_assert_int_eq(unbind(&thief, first), 0);
	ck_assert_uint_eq(spent(&thief), mine);
	ck_assert_uint_ge(spent(&victim) - theirs + SHAPE_CHARGE, alone);
	third = all_of(&thief, &k);
	both = spent(&victim);
	ck_assert_int_eq(unbind(&victim, second), 0);
	ck_assert_uint_eq(spent(&victim), theirs);
	ck_assert_uint_lt(spent(&thief) - mine, both - theirs);
	first = all_of(&victim, &below);
	ck_assert_int_eq(unbind(&thief, third), 0);
	ck_assert_uint_eq(spent(&thief), mine);
	ck_assert_uint_eq(spent(&victim), both + SHAPE_CHARGE);
	ck_assert_int_eq(exo_env_end(core, thief.name), 0);
	ck_assert_uint_eq(bindings(), 2);
	ck_assert_int_eq(udp_to(53), 1);
	ck_assert_int_eq(exo_env_end(core, founder.name), 0);
	world_env_free(&founder);
}
END_TEST

/* Who has no memory for a domain of his own gets none of his lender's. */
START_TEST(no_memory_is_no_way_out)
{
	const struct exo_env_args args = { .mem = 100u << 10 };
	struct exo_call_bind a = world_bind_args(&thief, &plain);
	struct exo_key top = grant(&victim, "udp"), k;
	struct world_env poor = { .name = 0 };
	uint32_t bound = 0, before = bindings() + 1;
	char text[80];
	int err = 0;

	ck_assert_int_eq(exo_env_new(core, &args, &poor.name), 0);
	(void)all_of(&victim, &top);
	for (uint32_t i = 0; i < 100 && err == 0; i++) {
		snprintf(text, sizeof(text), "udp dst port %u", i);
		k = lend(&thief, &top, text);
		a.key = k;
		err =
		    exo_call(core, poor.name, EXO_CALL_BIND_NR, &a, sizeof(a));
		ck_assert_int_eq(domain_of(&k) != NULL, err == 0);
		bound += err == 0;
	}
	ck_assert_int_eq(err, -EXO_ENOMEM);
	ck_assert_uint_ge(bound, 1);
	ck_assert_uint_eq(domain_of(&top)->n, 1);
	ck_assert_uint_eq(bindings(), before + bound);
	ck_assert_int_eq(exo_env_end(core, poor.name), 0);
	ck_assert_uint_eq(domains(), 1);
}
END_TEST

/* Filters of a borrower who is in debt are not asked; the lender's are. */
START_TEST(debts_are_the_borrowers)
{
	const struct exo_env_args args = { .rate = 1 };
	struct exo_key top = grant(&victim, "ip"), k;
	struct world_env poor = { .name = 0 };
	struct flt_image img = world_image(
	    "r6 = r1\nr0 = *(u8 *)skb[20]\nr8 = r0\nr7 = 0\nmore:\nr8 *= 3\n"
	    "r8 ^= r7\nr7 += 1\nif r7 < 900 goto more\nr0 = r8\nr0 &= 1\n"
	    "exit\n",
	    EXO_PROG_SOCKET);
	struct exo_call_bind a = world_bind_args(&poor, &img);
	struct exo_env_stat st;
	uint64_t own, got, unpaid;

	ck_assert_int_eq(exo_env_new(core, &args, &poor.name), 0);
	k = lend(&thief, &top, "ip and udp");
	own = all_of(&victim, &top);
	a.key = k;
	ck_assert_int_eq(
	    exo_call(core, poor.name, EXO_CALL_BIND_NR, &a, sizeof(a)), 0);
	ck_assert_ptr_eq(domain_of(&k)->sole, env_find(core, poor.name));
	for (uint32_t i = 0; i < 20000; i++)
		ck_assert_uint_ge(udp_to(i), 1);
	ck_assert_uint_eq(world_stat(core, &victim, own).matched, 20000);
	got = world_stat(core, &poor, a.out_binding).evaluated;
	unpaid = world_stat(core, &poor, a.out_binding).unpaid;
	st = world_env_stat(core, &poor);
	ck_assert_uint_ge(got, 1);
	ck_assert_uint_lt(got, 20);
	ck_assert_uint_eq(got + unpaid + st.unpaid, 20000);
	ck_assert_uint_gt(st.unpaid, 15000);
	/* a domain that stays for what is below is nobody's */
	a.key = top;
	ck_assert_int_eq(unbind(&victim, own), 0);
	ck_assert_int_eq(
	    exo_call(core, poor.name, EXO_CALL_BIND_NR, &a, sizeof(a)), 0);
	ck_assert_ptr_eq(domain_of(&top)->sole, env_find(core, poor.name));
	(void)all_of(&thief, &k);
	ck_assert_int_eq(exo_env_end(core, poor.name), 0);
	ck_assert(domain_of(&top)->sole == NULL);
	ck_assert_uint_eq(udp_to(7), 1);
	flt_image_free(&img);
}
END_TEST

/* --- memory ends in the middle ----------------------------------------------------------- */

struct life {
	struct sp_region where;
	struct exo_span less[3];
};

/* A grant, keys one below the other, bindings under the last and the first. */
static int whole_life(void *arg)
{
	const struct life *x = arg;
	const struct exo_core_config cfg = { .linear = 1 };
	struct exo_call_bind a = world_bind_args(&thief, &plain);
	struct exo_key key[4];
	struct world_life l;
	int err = world_life(&l, &cfg, 1u << 20, &x->where);

	key[0] = l.key;
	for (uint32_t i = 0; err == 0 && i < 3; i++) {
		struct exo_call_derive d = { .key = key[i],
			.rights = EXO_RIGHT_ALL,
			.region = x->less[i] };

		err =
		    exo_call(l.core, l.env, EXO_CALL_DERIVE_NR, &d, sizeof(d));
		key[i + 1] = d.out_key;
	}
	for (uint32_t i = 4; err == 0 && i-- > 0;) {
		a.key = key[i];
		err = exo_call(l.core, l.env, EXO_CALL_BIND_NR, &a, sizeof(a));
	}
	exo_core_free(l.core);
	return err;
}

START_TEST(every_allocation_fails_in_turn)
{
	struct life x = { .where = region("ip") };

	x.less[0] = span_of(region("ip and udp"));
	x.less[1] = span_of(region("ip and udp dst portrange 50-60"));
	x.less[2] = span_of(region("ip and udp dst port 53"));
	ck_assert_uint_gt(test_oom_loop(whole_life, &x), 50);
}
END_TEST

Suite *t_domain_tree_suite(void)
{
	Suite *s = suite_create("domain_tree");
	TCase *t = tcase_create("lent"), *oom = tcase_create("oom");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, begin_all, end_all);
	tcase_add_loop_test(t, masks_of_a_borrower_cost_his_packets, 0, 2);
	tcase_add_test(t, what_he_lends_on_costs_his_packets);
	tcase_add_loop_test(t, one_order_for_all, 0, 2);
	tcase_add_test(t, nine_of_one_packet_share);
	tcase_add_loop_test(t, many_places_are_one, 0, 3);
	tcase_add_test(t, those_apart_have_their_own);
	tcase_add_test(t, levels);
	tcase_add_test(t, masks_that_do_not_fit);
	tcase_add_test(t, too_many_to_compare);
	tcase_add_test(t, somebody_pays);
	tcase_add_test(t, no_memory_is_no_way_out);
	tcase_add_test(t, debts_are_the_borrowers);
	suite_add_tcase(s, t);
	tcase_set_timeout(oom, 60);
	tcase_add_checked_fixture(oom, begin_all, end_all);
	tcase_add_test(oom, every_allocation_fails_in_turn);
	suite_add_tcase(s, oom);
	return s;
}
