/* SPDX-License-Identifier: BSD-2-Clause */
/* Later fragments follow the first, and only there. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/lib/bytes.h"
#include "exo/space/text.h"
#include "exo/space/wire.h"
#include "tests/support/mem.h"
#include "tests/support/world.h"

#define SECOND 1000000000u

static struct exo_core *core;
static struct world_env a, b;
static uint64_t now;
static uint32_t ifindex;

static void setup(void)
{
	core = world_new();
	world_env(core, &a, 0);
	world_env(core, &b, 0);
	now = 1000 * (uint64_t)SECOND;
	ifindex = 0;
}

static void teardown(void)
{
	world_end(core);
}

/* Bind a filter that accepts all of a claim. */
static int bind_as(const struct world_env *e, const struct exo_key *key,
    uint32_t mode, const char *text, uint32_t flags, uint64_t *name)
{
	static _Alignas(8) uint8_t wire[4096];
	struct exo_mem mem = mem_heap(NULL);
	struct flt_image img = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
	struct exo_call_bind args = world_bind_args(e, &img);
	struct sp_text_error err;
	struct exo_arena arena;
	struct sp_region r;
	struct sp_work w = { &arena, 1000000, &sp_packets, NULL, NULL };
	int ret;

	exo_arena_init(&arena, &mem);
	ck_assert_int_eq(
	    sp_text_parse(&w, text, (uint32_t)strlen(text), &r, &err), 0);
	ck_assert_uint_le(sp_wire_size(r), sizeof(wire));
	sp_wire_write(r, wire);
	args.claim = (struct exo_span){ (uintptr_t)wire, sp_wire_size(r), 0 };
	args.key = *key;
	args.mode = mode;
	args.flags = flags;
	ret = exo_call(core, e->name, EXO_CALL_BIND_NR, &args, sizeof(args));
	*name = args.out_binding;
	exo_arena_free(&arena);
	flt_image_free(&img);
	return ret;
}

static uint64_t follower(const struct world_env *e, const char *text)
{
	uint64_t name;

	ck_assert_int_eq(bind_as(e, &e->key, EXO_BIND_EXCLUSIVE, text,
	                     EXO_BIND_FOLLOW, &name),
	    0);
	return name;
}

/* A UDP packet or a part of one; off in units of 8 bytes, and MF. Returns
 * whether somebody took it. */
static bool packet(uint32_t vlan, uint32_t src, uint16_t id, uint16_t off,
    bool more, uint16_t dport)
{
	uint8_t d[80] = { 0 }, *ip = d + 14;
	struct exo_pkt p = { .data = d,
		.caplen = 64,
		.wirelen = 64,
		.linktype = 1,
		.time_ns = now,
		.ifindex = ifindex };

	exo_put_be16(d + 12, 0x800);
	if (vlan != 0) {
		exo_put_be16(d + 12, 0x8100);
		exo_put_be16(d + 14, (uint16_t)vlan);
		exo_put_be16(d + 16, 0x800);
		ip = d + 18;
	}
	ip[0] = 0x45;
	exo_put_be16(ip + 4, id);
	exo_put_be16(ip + 6, (uint16_t)(off | (more ? 0x2000 : 0)));
	ip[9] = 17;
	exo_put_le32(ip + 12, src);
	exo_put_be16(ip + 20, 5000);
	exo_put_be16(ip + 22, dport);
	exo_ingest(core, &p, 1);
	ck_assert_uint_le(p.matched, 1);
	return p.matched == 1;
}

static uint64_t followed(const struct world_env *e, uint64_t name)
{
	return world_stat(core, e, name).followed;
}

static uint64_t early(void)
{
	struct exo_core_stat st;

	exo_core_stat(core, &st);
	return st.early;
}

START_TEST(later_ones_follow)
{
	uint64_t x = follower(&a, "udp dst port 53");
	uint64_t y = follower(&b, "udp dst port 54");

	ck_assert(!packet(0, 1, 7, 10, true, 53)); /* before its first */
	ck_assert_uint_eq(early(), 1);
	ck_assert(packet(0, 1, 7, 0, true, 53));
	ck_assert(packet(0, 1, 7, 10, true, 99));
	ck_assert(packet(0, 1, 7, 20, false, 99));
	ck_assert_uint_eq(followed(&a, x), 2);
	ck_assert_uint_eq(world_stat(core, &a, x).matched, 3);
	/* another id, address, interface, VLAN */
	ck_assert(!packet(0, 1, 8, 10, true, 53));
	ck_assert(!packet(0, 2, 7, 10, true, 53));
	ck_assert(!packet(5, 1, 7, 10, true, 53));
	ifindex = 1;
	ck_assert(!packet(0, 1, 7, 10, true, 53));
	ifindex = 0;
	/* a second first one, of somebody else's ports, changes nothing */
	ck_assert(packet(0, 1, 7, 0, true, 54));
	ck_assert(packet(0, 1, 7, 10, true, 54));
	ck_assert_uint_eq(followed(&a, x), 3);
	ck_assert_uint_eq(followed(&b, y), 0);
}
END_TEST

START_TEST(time_ends_it)
{
	uint64_t x = follower(&a, "udp dst port 53");

	ck_assert(packet(3, 1, 7, 0, true, 53));
	now += 29 * (uint64_t)SECOND;
	ck_assert(packet(3, 1, 7, 10, true, 53));
	now += 2 * (uint64_t)SECOND;
	ck_assert(!packet(3, 1, 7, 10, true, 53));
	now -= 62 * (uint64_t)SECOND; /* nor does it work backwards */
	ck_assert(!packet(3, 1, 7, 10, true, 53));
	ck_assert_uint_eq(followed(&a, x), 1);
	ck_assert_uint_eq(early(), 2);
}
END_TEST

START_TEST(not_out_of_the_claim)
{
	uint64_t x = follower(&a, "udp dst port 53 and src host 1.0.0.0"), y;

	ck_assert(packet(0, 1, 7, 0, true, 53));
	/* the same table line, but not the claim's address */
	ck_assert(!packet(0, 2, 7, 10, true, 53));
	ck_assert(packet(0, 1, 7, 10, true, 53));
	/* what somebody owns does not follow */
	ck_assert_int_eq(bind_as(&b, &b.key, EXO_BIND_EXCLUSIVE,
	                     "frag = 2 and ip.ttl = 0", 0, &y),
	    0);
	ck_assert(packet(0, 1, 7, 10, true, 53));
	ck_assert_uint_eq(world_stat(core, &b, y).matched, 1);
	ck_assert_uint_eq(followed(&a, x), 1);
}
END_TEST

START_TEST(it_is_a_right)
{
	struct exo_key k;
	uint64_t x;

	ck_assert_int_eq(exo_grant(core, a.name,
	                     EXO_RIGHT_ALL & ~EXO_RIGHT_FOLLOW, NULL, &k),
	    0);
	ck_assert_int_eq(
	    bind_as(&a, &k, EXO_BIND_EXCLUSIVE, "udp", EXO_BIND_FOLLOW, &x),
	    -EXO_EPERM);
	ck_assert_int_eq(
	    bind_as(&a, &a.key, EXO_BIND_TAP, "udp", EXO_BIND_FOLLOW, &x),
	    -EXO_EINVAL);
	ck_assert_int_eq(
	    bind_as(&a, &a.key, EXO_BIND_FIRST, "udp", EXO_BIND_FOLLOW, &x),
	    -EXO_EINVAL);
	ck_assert_int_eq(
	    bind_as(&a, &a.key, EXO_BIND_EXCLUSIVE, "udp", 4, &x), -EXO_EINVAL);
}
END_TEST

START_TEST(who_is_gone_gets_nothing)
{
	uint64_t x = follower(&a, "udp dst port 53"), y;
	struct exo_call_unbind u = { .binding = x };

	y = follower(&a, "udp dst port 55");
	ck_assert(packet(0, 1, 7, 0, true, 53));
	ck_assert_int_eq(
	    exo_call(core, a.name, EXO_CALL_UNBIND_NR, &u, sizeof(u)), 0);
	ck_assert(!packet(0, 1, 7, 10, true, 53));
	/* and the place is free for another first one */
	ck_assert(packet(0, 1, 7, 0, true, 55));
	ck_assert(packet(0, 1, 7, 10, true, 53));
	ck_assert_uint_eq(followed(&a, y), 1);
}
END_TEST

/* A flood of first fragments costs its owner; others keep theirs. */
START_TEST(a_flood_costs_a_counter)
{
	uint64_t x = follower(&a, "udp dst port 53");
	uint64_t y = follower(&b, "udp dst port 54");
	uint64_t room = 0;

	ck_assert(packet(0, 1, 9, 0, true, 54));
	for (uint32_t i = 0; i < 20000; i++)
		ck_assert(packet(0, i, 7, 0, true, 53));
	for (uint32_t i = 0; i < 20000; i++)
		room += packet(0, i, 7, 10, true, 53);
	ck_assert_uint_gt(room, 800);
	ck_assert_uint_le(room, 1024);
	ck_assert_uint_eq(world_stat(core, &a, x).crowded, 20000 - room);
	ck_assert(packet(0, 1, 9, 10, true, 54));
	ck_assert_uint_eq(followed(&b, y), 1);
	ck_assert_uint_eq(world_stat(core, &b, y).crowded, 0);
}
END_TEST

Suite *t_follow_suite(void)
{
	Suite *s = suite_create("follow");
	TCase *t = tcase_create("follow");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, later_ones_follow);
	tcase_add_test(t, time_ends_it);
	tcase_add_test(t, not_out_of_the_claim);
	tcase_add_test(t, it_is_a_right);
	tcase_add_test(t, who_is_gone_gets_nothing);
	tcase_add_test(t, a_flood_costs_a_counter);
	suite_add_tcase(s, t);
	return s;
}
