/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that wait: what others do meanwhile counts, and nothing is left behind
 * whatever the answer is.
 */
#include <stdio.h>

#include "tests/unit/suites.h"
#include "tests/unit/theft.h"

#define LONG 3000u

/* What is done when the call asks for the n-th time, from 1 on. */
static struct {
	void (*does)(void);
	uint32_t at, asked;
	bool stops; /* the answer is no from then on */
	bool again; /* it is done whenever the call asks */
	bool within;
} hook;

static struct exo_key theirs, mine;
static struct flt_image image, small;
static uint64_t other; /* a binding of the victim's */
static int their_err;

static bool pause(void *arg, struct plat_env *env)
{
	(void)env;
	ck_assert_ptr_eq(arg, &hook);
	if (hook.within || ++hook.asked < hook.at)
		return true;
	if ((hook.asked == hook.at || hook.again) && hook.does != NULL) {
		hook.within = true;
		hook.does();
		hook.within = false;
	}
	return !hook.stops;
}

static void arm(void (*does)(void), uint32_t at, bool stops)
{
	hook.does = does;
	hook.at = at;
	hook.asked = 0;
	hook.stops = stops;
	hook.again = false;
}

/* As long as asked: a test for each of some bytes, and plain instructions. */
static struct flt_image long_image(uint32_t n)
{
	static char text[65536];
	size_t at = (size_t)sprintf(text, "r6 = r1\nr7 = 0\n");

	for (uint32_t i = 0; i < 4; i++)
		at += (size_t)sprintf(text + at,
		    "r0 = *(u8 *)skb[%u]\nif w0 > 100 goto l%u\nr7 += "
		    "1\nl%u:\n",
		    i, i, i);
	for (uint32_t i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "r7 += %u\n", i);
	sprintf(text + at, "r0 = r7\nexit\n");
	return world_image(text, EXO_PROG_SOCKET);
}

static void setup_pause(void)
{
	static const struct exo_core_config cfg = {
		.pause = pause, .pause_arg = &hook, .bindings = 3, .linear = 1
	};

	setup();
	end();
	hook.within = false;
	arm(NULL, 0, false);
	begin(&cfg);
	mine = grant(&thief, "ip");
	theirs = grant(&victim, "ip");
	image = long_image(LONG);
	small = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
	ck_assert_int_eq(
	    bind(&victim, &theirs, &small, EXO_BIND_TAP, none, &other), 0);
}

static void teardown_pause(void)
{
	arm(NULL, 0, false);
	flt_image_free(&image);
	flt_image_free(&small);
	teardown();
}

static int bind_mine(uint64_t *name)
{
	return bind(&thief, &mine, &image, EXO_BIND_EXCLUSIVE,
	    span_of(region("ip and udp")), name);
}

/* --- what others do ------------------------------------------------------------- */

static void revoke_mine(void)
{
	ck_assert_int_eq(revoke(&victim, &mine), 0);
}

static void claim_some(void)
{
	ck_assert_int_eq(bind(&victim, &theirs, &small, EXO_BIND_EXCLUSIVE,
	                     span_of(region("ip and udp dst port 53")), NULL),
	    0);
}

static void bind_all(void)
{
	while (bind(&victim, &theirs, &small, EXO_BIND_TAP, none, NULL) == 0)
		continue;
}

static void end_victim(void)
{
	ck_assert_int_eq(exo_env_end(core, victim.name), 0);
}

static void new_env(void)
{
	struct exo_env_args args = { .mem = 1u << 20 };
	uint64_t name;

	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(exo_env_new(core, &args, &name), 0);
}

static void take_packets(void)
{
	static const uint8_t data[60] = { [12] = 8, [14] = 0x45 };
	struct exo_pkt p = {
		.data = data, .caplen = 60, .wirelen = 60, .linktype = 1
	};

	for (int i = 0; i < 100; i++)
		exo_ingest(core, &p, 1);
}

/* It takes long, too. */
static void bind_theirs(void)
{
	hook.within = false;
	arm(NULL, UINT32_MAX, false);
	their_err = bind(&victim, &theirs, &image, EXO_BIND_EXCLUSIVE,
	    span_of(region("ip and tcp")), NULL);
}

static const struct {
	void (*does)(void);
	int want;
} deeds[] = {
	{ NULL, 0 },
	{ revoke_mine, -EXO_ESTALE },
	{ claim_some, -EXO_ECONFLICT },
	{ bind_all, -EXO_ELIMIT },
	{ end_victim, 0 },
	{ new_env, 0 },
	{ take_packets, 0 },
	{ bind_theirs, 0 },
};
#define NDEEDS (sizeof(deeds) / sizeof(deeds[0]))

/* At the first pause, in the middle, at the last. */
START_TEST(others_are_heard)
{
	const uint64_t before = world_env_stat(core, &thief).mem;
	uint32_t asked;
	uint64_t name;

	arm(NULL, UINT32_MAX, false);
	ck_assert_int_eq(bind_mine(&name), 0);
	ck_assert_int_eq(unbind(&thief, name), 0);
	asked = hook.asked;
	ck_assert_uint_gt(asked, 4);
	arm(deeds[_i / 3].does,
	    _i % 3 == 0   ? 1
	    : _i % 3 == 1 ? asked / 2
	                  : asked,
	    false);
	their_err = 0;
	ck_assert_int_eq(bind_mine(&name), deeds[_i / 3].want);
	ck_assert_int_eq(their_err, 0);
	if (deeds[_i / 3].want == 0)
		ck_assert_int_eq(unbind(&thief, name), 0);
	if (deeds[_i / 3].does != revoke_mine)
		ck_assert_uint_eq(world_env_stat(core, &thief).mem, before);
	if (deeds[_i / 3].does == take_packets)
		ck_assert_uint_eq(
		    world_stat(core, &victim, other).matched, 100);
}
END_TEST

/* Wherever it is told to end it leaves nothing. */
START_TEST(a_no_ends_the_call)
{
	const uint64_t before = world_env_stat(core, &thief).mem;
	struct exo_core_stat st;
	uint32_t calls = 0;
	uint64_t name;
	int err = -EXO_EBUDGET;

	for (uint32_t n = 1; err != 0 && n < 100000; n += 1 + n / 8) {
		arm(NULL, n, true);
		err = bind_mine(&name);
		if (err == 0)
			break;
		ck_assert_int_eq(err, -EXO_EBUDGET);
		ck_assert_uint_eq(hook.asked, n);
		ck_assert_uint_eq(world_env_stat(core, &thief).mem, before);
		exo_core_stat(core, &st);
		ck_assert_uint_eq(st.refused, ++calls);
	}
	ck_assert_int_eq(err, 0);
	ck_assert_uint_gt(calls, 5);
}
END_TEST

/* --- many rules ------------------------------------------------------------------- */

#define PORTS 300u /* every other one: each is a cube, and a rule */

static struct exo_span many;
static uint32_t taps; /* others that are bound, and take each packet */

static void make_many(void)
{
	char text[PORTS * 24];
	size_t at = (size_t)sprintf(text, "ip and (");

	for (uint32_t i = 0; i < PORTS; i++)
		at += (size_t)sprintf(text + at, "%sudp dst port %u",
		    i == 0 ? "" : " or ", 1000 + 2 * i);
	sprintf(text + at, ")");
	many = span_of(region(text));
}

static int bind_many(uint64_t *name)
{
	return bind(&thief, &mine, &small, EXO_BIND_EXCLUSIVE, many, name);
}

/* How often it asks when nobody is in its way. */
static uint32_t asks_of_many(void)
{
	uint64_t name;

	make_many();
	taps = 1;
	arm(NULL, UINT32_MAX, false);
	ck_assert_int_eq(bind_many(&name), 0);
	ck_assert_int_eq(unbind(&thief, name), 0);
	ck_assert_uint_gt(hook.asked, 20);
	return hook.asked;
}

/* Who takes packets of some of its ports, and of one that it does not claim. */
static uint32_t takers(uint32_t port)
{
	uint8_t data[60] = { [12] = 8, [14] = 0x45, [23] = 17 };
	struct exo_pkt p = {
		.data = data, .caplen = 60, .wirelen = 60, .linktype = 1
	};

	data[36] = (uint8_t)(port >> 8);
	data[37] = (uint8_t)port;
	exo_ingest(core, &p, 1);
	return p.matched;
}

static void nobody_but_the_tap(void)
{
	for (uint32_t i = 0; i < PORTS; i += PORTS / 10)
		ck_assert_uint_eq(takers(1000 + 2 * i), taps);
	ck_assert_uint_eq(takers(1001), taps);
}

static uint32_t shown(void)
{
	uint32_t index = 0, n = 0;
	uint64_t name, env;
	struct exo_bind_stat st;

	while (exo_binding_each(core, &index, &name, &env, &st))
		n++;
	return n;
}

static void unseen(void)
{
	uint64_t name;

	nobody_but_the_tap();
	ck_assert_uint_eq(world_env_stat(core, &thief).delivered, 0);
	ck_assert_uint_eq(shown(), taps);
	ck_assert(!exo_env_take(core, thief.name, EXO_KIND_BINDING, &name));
}

/* However far it came, none of its rules has a packet before all have: two others are too
 * many to be asked in order, so that the index is. */
START_TEST(half_a_set_is_unseen)
{
	uint32_t asked = asks_of_many();
	uint64_t name;

	ck_assert_int_eq(
	    bind(&victim, &theirs, &small, EXO_BIND_TAP, none, NULL), 0);
	taps = 2;
	arm(unseen, 1, false);
	hook.again = true;
	ck_assert_int_eq(bind_many(&name), 0);
	ck_assert_uint_eq(hook.asked, asked);
	for (uint32_t i = 0; i < PORTS; i++)
		ck_assert_uint_eq(takers(1000 + 2 * i), taps + 1);
	ck_assert_uint_eq(takers(1001), taps);
	ck_assert_uint_eq(world_stat(core, &thief, name).matched, PORTS);
	ck_assert_uint_eq(shown(), taps + 1);
	ck_assert_int_eq(unbind(&thief, name), 0);
	nobody_but_the_tap();
}
END_TEST

/* Wherever its key ends, or it is told to end, nothing is left. */
START_TEST(half_a_set_goes)
{
	uint32_t asked = asks_of_many();
	uint64_t before = world_env_stat(core, &thief).mem, name;

	for (uint32_t n = 1; n <= asked; n++) {
		arm(NULL, n, true);
		ck_assert_int_eq(bind_many(&name), -EXO_EBUDGET);
		ck_assert_uint_eq(world_env_stat(core, &thief).mem, before);
		arm(revoke_mine, n, false);
		ck_assert_int_eq(bind_many(&name), -EXO_ESTALE);
		ck_assert_uint_eq(world_env_stat(core, &thief).mem, 0);
		ck_assert_uint_eq(world_env_stat(core, &thief).bindings, 0);
		ck_assert_uint_eq(world_env_stat(core, &thief).code, 0);
		nobody_but_the_tap();
		mine = grant(&thief, "ip");
	}
}
END_TEST

static void claim_one(void)
{
	their_err = bind(&victim, &theirs, &small, EXO_BIND_EXCLUSIVE,
	    span_of(region("ip and udp dst port 1000")), &other);
}

/* Of two that claim the same one has it, whoever came first. */
START_TEST(half_a_set_is_claimed)
{
	uint32_t asked = asks_of_many(), first = 0;
	uint64_t name;

	for (uint32_t n = 1; n <= asked; n++) {
		int err;

		arm(claim_one, n, false);
		err = bind_many(&name);
		ck_assert((err == 0 && their_err == -EXO_ECONFLICT) ||
		          (err == -EXO_ECONFLICT && their_err == 0));
		first += err == 0;
		ck_assert_uint_eq(takers(1000), 2);
		ck_assert_int_eq(
		    err == 0 ? unbind(&thief, name) : unbind(&victim, other),
		    0);
	}
	ck_assert_uint_gt(first, 5);
	ck_assert_uint_lt(first, asked - 5);
}
END_TEST

/* Its table, its domain and its slots are others', too. */
START_TEST(half_a_set_is_alone)
{
	uint32_t asked = asks_of_many();
	uint64_t name;

	arm(end_victim, (uint32_t)_i * asked / 7 + 1, false);
	ck_assert_int_eq(bind_many(&name), 0);
	ck_assert_uint_eq(takers(1000), 1);
	ck_assert_uint_eq(takers(1001), 0);
	ck_assert_int_eq(unbind(&thief, name), 0);
	ck_assert_uint_eq(takers(1000), 0);
}
END_TEST

/* A key of so much waits likewise, and its parent may end. */
START_TEST(a_key_of_much_waits)
{
	uint64_t before = world_env_stat(core, &thief).mem;
	struct exo_call_derive a;
	uint32_t asked = 0;

	make_many();
	for (uint32_t n = 0; n <= asked; n++) {
		a = (struct exo_call_derive){
			.key = mine, .region = many, .rights = EXO_RIGHT_TAP
		};
		arm(n == 0 ? NULL : revoke_mine, n, false);
		ck_assert_int_eq(exo_call(core, thief.name, EXO_CALL_DERIVE_NR,
		                     &a, sizeof(a)),
		    n == 0 ? 0 : -EXO_ESTALE);
		if (n == 0)
			asked = hook.asked;
		else
			mine = grant(&thief, "ip");
	}
	ck_assert_uint_gt(asked, 5);
	ck_assert_uint_eq(world_env_stat(core, &thief).mem, before);
}
END_TEST

/* --- slots ---------------------------------------------------------------------- */

static const struct exo_map_def defs[] = {
	{ EXO_MAP_PROG_ARRAY, 4, 4, 4, 0 },
};
static uint64_t bound;

/* A binding with a slot, and a long program for that. */
static int put_long(uint32_t n)
{
	static char text[65536];
	struct exo_call_slot a = { .binding = bound, .slot = 1 };
	struct flt_image img;
	size_t at = 0;
	int err;

	for (uint32_t i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "r7 = %u\n", i);
	sprintf(text + at, "r0 = -1\nexit\n");
	img = world_image_maps(text, EXO_PROG_SOCKET, defs, 1);
	a.image = (uintptr_t)img.bytes;
	a.image_size = img.size;
	err = exo_call(core, thief.name, EXO_CALL_SLOT_NR, &a, sizeof(a));
	flt_image_free(&img);
	return err;
}

static void bind_slots(void)
{
	struct flt_image img = world_image_maps(
	    "r2 = map[idx:0]\nr3 = 1\ncall tail_call\nr0 = 0\nexit\n",
	    EXO_PROG_SOCKET, defs, 1);

	ck_assert_int_eq(
	    bind(&thief, &mine, &img, EXO_BIND_TAP, none, &bound), 0);
	flt_image_free(&img);
}

START_TEST(a_slot_may_go)
{
	uint64_t before, code;

	bind_slots();
	before = world_env_stat(core, &thief).mem;
	code = world_env_stat(core, &thief).code;
	for (uint32_t n = 1; n < 5; n++) {
		arm(NULL, n, true);
		ck_assert_int_eq(put_long(2000), -EXO_EBUDGET);
		ck_assert_uint_eq(world_env_stat(core, &thief).mem, before);
		ck_assert_uint_eq(world_env_stat(core, &thief).code, code);
	}
	arm(take_packets, 2, false);
	ck_assert_int_eq(put_long(2000), 0);
	ck_assert_uint_gt(world_env_stat(core, &thief).code, code);
	take_packets();
	ck_assert_uint_eq(world_stat(core, &thief, bound).matched, 100);
	arm(revoke_mine, (uint32_t)_i + 1, false);
	ck_assert_int_eq(put_long(2000), -EXO_ENOENT);
	ck_assert_uint_eq(world_env_stat(core, &thief).code, 0);
	ck_assert_uint_eq(world_env_stat(core, &thief).mem, 0);
}
END_TEST

Suite *t_pause_suite(void)
{
	Suite *s = suite_create("pause");
	TCase *t = tcase_create("pause");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup_pause, teardown_pause);
	tcase_add_loop_test(t, others_are_heard, 0, 3 * (int)NDEEDS);
	tcase_add_test(t, a_no_ends_the_call);
	tcase_add_test(t, half_a_set_is_unseen);
	tcase_add_test(t, half_a_set_goes);
	tcase_add_test(t, half_a_set_is_claimed);
	tcase_add_loop_test(t, half_a_set_is_alone, 0, 7);
	tcase_add_test(t, a_key_of_much_waits);
	tcase_add_loop_test(t, a_slot_may_go, 0, 5);
	suite_add_tcase(s, t);
	return s;
}
