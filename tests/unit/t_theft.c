/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theft: programs that accept what is not theirs, and keys that are forged,
 * stale or of a revoked tree; none of them gets a packet of somebody else's.
 */
#include "tests/support/spacegen.h"
#include "tests/unit/theft.h"

static struct spacegen gen;

/* A packet of Ethernet, and whether it is in a region. */
static bool next_packet(uint8_t *buf, struct exo_pkt *out, struct sp_region r)
{
	struct sp_packet p = sg_packet(&gen, buf);
	struct sp_view v;

	p.link = 1;
	sp_parse(&p, &v);
	*out = (struct exo_pkt){
		.data = buf, .caplen = p.caplen, .wirelen = p.len, .linktype = 1
	};
	return sp_region_has(r, &v);
}

/* --- programs that want everything --------------------------------------------- */

/* All accept every packet, or every one that is long enough for them. */
static const struct {
	uint32_t type;
	const char *text;
} greedy[] = {
	{ EXO_PROG_SOCKET, "r0 = -1\nexit\n" },
	{ EXO_PROG_SOCKET, "r0 = *(u32 *)(r1 + 0)\nr0 |= 1\nexit\n" },
	{ EXO_PROG_SOCKET, "r2 = *(u32 *)(r1 + 76)\nr3 = *(u32 *)(r1 + 80)\n"
	                   "r4 = r2\nr4 += 1\nr0 = 7\nif r4 > r3 goto out\n"
	                   "r0 = *(u8 *)(r2 + 0)\nr0 *= 3\nr0 |= 256\nout:\n"
	                   "exit\n" },
	{ EXO_PROG_SOCKET, "r2 = *(u32 *)(r1 + 36)\n"
	                   "*(u32 *)(r1 + 48) = r2\nr0 = *(u32 *)(r1 + 48)\n"
	                   "r0 ^= -1\nexit\n" },
	{ EXO_PROG_XDP, "r0 = *(u32 *)(r1 + 12)\nr0 &= 0\nr0 |= 2\nexit\n" },
	{ EXO_PROG_TC, "r0 = *(u32 *)(r1 + 0)\nr0 &= 0\nexit\n" },
	{ EXO_PROG_SOCKET, "call get_prandom_u32\nr0 |= 1\nexit\n" },
};
#define NGREEDY (sizeof(greedy) / sizeof(greedy[0]))

static void see(void *user, const struct exo_rec *rec, const uint8_t *data)
{
	(void)user;
	(void)rec;
	(void)data;
}

/* Each in each mode, by index and asked in order: what it gets, and is asked
 * about, is its claim; what is beside it is the victim's. */
START_TEST(greedy_programs_get_their_claims)
{
	const uint32_t g = (uint32_t)_i % NGREEDY,
	               rest = (uint32_t)_i / NGREEDY;
	const uint32_t mode = 1 + rest % 3;
	const struct exo_core_config cfg = { .linear =
		                                 rest < 3 ? 1 : UINT32_MAX };
	struct flt_image img = world_image(greedy[g].text, greedy[g].type);
	struct sp_region mine = region("udp portrange 0-20000 or arp");
	struct sp_region theirs = region("not (udp portrange 0-20000 or arp)");
	struct exo_bind_stat st;
	struct exo_key k[2];
	uint8_t buf[SG_PACKET_MAX];
	uint64_t a, b, in = 0;

	end();
	begin(&cfg);
	gen = (struct spacegen){ .seed = 4711 };
	k[0] = grant(&thief, "udp or arp");
	k[1] = grant(&victim, "any");
	ck_assert_int_eq(bind(&thief, &k[0], &img, mode, span_of(mine), &a), 0);
	ck_assert_int_eq(
	    bind(&victim, &k[1], &img, EXO_BIND_EXCLUSIVE, span_of(theirs), &b),
	    0);
	for (int i = 0; i < 2000; i++) {
		struct exo_pkt p;
		bool has = next_packet(buf, &p, mine);

		in += has;
		exo_ingest(core, &p, 1);
		ck_assert_uint_eq(p.matched, 1);
		ck_assert_int_eq(lnet_tap_poll(&thief.tap, see, NULL), has);
		ck_assert_int_eq(lnet_tap_poll(&victim.tap, see, NULL), !has);
	}
	ck_assert_uint_gt(in, 50);
	st = world_stat(core, &thief, a);
	ck_assert_uint_eq(st.matched, in);
	ck_assert_uint_eq(st.evaluated, in);
	st = world_stat(core, &victim, b);
	ck_assert_uint_eq(st.matched, 2000 - in);
	ck_assert_uint_eq(st.evaluated, 2000 - in);
	flt_image_free(&img);
}
END_TEST

/* --- keys that are not what they say ------------------------------------------- */

/* What can be done with a key: nothing. */
static void useless(const struct exo_key *k, int want)
{
	struct flt_image img = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
	struct exo_key out;
	uint32_t before = bindings();

	for (uint32_t mode = 1; mode <= 3; mode++)
		ck_assert_int_eq(bind(&thief, k, &img, mode, none, NULL), want);
	ck_assert_int_eq(derive(&thief, k, none, &out), want);
	ck_assert_int_eq(revoke(&thief, k), want);
	ck_assert_uint_eq(bindings(), before);
	flt_image_free(&img);
}

START_TEST(each_bit_of_a_key_counts)
{
	struct exo_key k = grant(&victim, "udp"), forged;

	for (uint32_t bit = 0; bit < 8 * sizeof(k); bit++) {
		uint8_t bytes[sizeof(k)];

		memcpy(bytes, &k, sizeof(k));
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		memcpy(&forged, bytes, sizeof(k));
		useless(&forged, -EXO_EBADKEY);
	}
	ck_assert_int_eq(revoke(&victim, &k), 0);
}
END_TEST

/* What one genuine key says does not go with another's signature. */
START_TEST(keys_cannot_be_mixed)
{
	struct exo_key a = grant(&thief, "udp dst port 53"), b, wide, forged;

	wide = grant(&victim, "udp");
	ck_assert_int_eq(
	    derive(&thief, &wide, span_of(region("udp dst port 9")), &b), 0);
	forged = a;
	forged.region = wide.region;
	useless(&forged, -EXO_EBADKEY);
	forged = b;
	forged.region = EXO_REGION_ALL;
	useless(&forged, -EXO_EBADKEY);
	forged = a;
	forged.slot = wide.slot;
	forged.epoch = wide.epoch;
	useless(&forged, -EXO_EBADKEY);
	forged = wide;
	memcpy(forged.mac, a.mac, sizeof(a.mac));
	useless(&forged, -EXO_EBADKEY);
	memset(forged.mac, 0, sizeof(forged.mac));
	useless(&forged, -EXO_EBADKEY);
	memset(&forged, 0, sizeof(forged));
	useless(&forged, -EXO_EBADKEY);
}
END_TEST

START_TEST(rights_are_not_widened)
{
	struct exo_key k = grant(&victim, "udp"), less, more;
	struct exo_call_derive a = { .key = k };
	struct flt_image img = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);

	a.rights = EXO_RIGHT_TAP | EXO_RIGHT_DERIVE;
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_DERIVE_NR, &a, sizeof(a)), 0);
	less = a.out_key;
	for (uint32_t right = 1; right <= EXO_RIGHT_ALL; right <<= 1) {
		a = (struct exo_call_derive){ .key = less, .rights = right };
		ck_assert_int_eq(exo_call(core, thief.name, EXO_CALL_DERIVE_NR,
		                     &a, sizeof(a)),
		    (less.rights & right) != 0 ? 0 : -EXO_EPERM);
	}
	ck_assert_int_eq(
	    bind(&thief, &less, &img, EXO_BIND_FIRST, none, NULL), -EXO_EPERM);
	ck_assert_int_eq(
	    bind(&thief, &less, &img, EXO_BIND_EXCLUSIVE, none, NULL),
	    -EXO_EPERM);
	ck_assert_int_eq(
	    derive(&thief, &less, span_of(region("ip")), &more), -EXO_EOUTSIDE);
	ck_assert_int_eq(
	    bind(&thief, &less, &img, EXO_BIND_TAP, none, NULL), 0);
	flt_image_free(&img);
}
END_TEST

/* A record that is used again is not the old key's. */
START_TEST(revoked_keys_stay_revoked)
{
	struct exo_key old = grant(&thief, "udp"), k;
	uint32_t tries = 0;

	ck_assert_int_eq(revoke(&thief, &old), 0);
	useless(&old, -EXO_ESTALE);
	do
		k = grant(&victim, "tcp");
	while (k.slot != old.slot && ++tries < 1000);
	ck_assert_uint_eq(k.slot, old.slot);
	ck_assert_uint_ne(k.epoch, old.epoch);
	useless(&old, -EXO_ESTALE);
	old.epoch = k.epoch;
	useless(&old, -EXO_EBADKEY);
	ck_assert_int_eq(revoke(&victim, &k), 0);
}
END_TEST

START_TEST(keys_of_another_boot_are_none)
{
	const struct exo_core_config cfg = { 0 };
	struct exo_core *here = core;
	struct exo_key k = grant(&thief, "udp");
	struct world_env e;

	plat_test_reset(99);
	ck_assert_int_eq(exo_core_new(&cfg, &core), 0);
	world_env(core, &e, 0);
	exo_core_free(here);
	world_env_free(&thief);
	world_env_free(&victim);
	world_env(core, &thief, 4096);
	world_env(core, &victim, 4096);
	useless(&k, -EXO_EBADKEY);
}
END_TEST

/* --- what was lent goes with its key -------------------------------------------- */

/* Bound under a lesser key of another environment, and one below that, in each
 * mode: once the call that ends the first has returned, no packet reaches
 * them. */
START_TEST(revoking_withdraws_what_is_below)
{
	static const uint8_t data[60] = {
		[12] = 8, [14] = 0x45, [23] = 17, [37] = 53
	};
	const bool indexed = _i % 2 == 0, ends = _i >= 2;
	const struct exo_core_config cfg = { .linear =
		                                 indexed ? 1 : UINT32_MAX };
	struct flt_image img = world_image("r0 = 60\nexit\n", EXO_PROG_SOCKET);
	struct exo_pkt p = {
		.data = data, .caplen = 60, .wirelen = 60, .linktype = 1
	};
	struct exo_key top, k, below;
	uint64_t name = 0;

	end();
	begin(&cfg);
	top = grant(&victim, "udp");
	ck_assert_int_eq(
	    derive(&thief, &top, span_of(region("udp dst port 53")), &k), 0);
	ck_assert_int_eq(derive(&thief, &k, none, &below), 0);
	for (uint32_t i = 0; i < 30; i++)
		ck_assert_int_eq(
		    bind(&thief, i % 2 == 0 ? &k : &below, &img,
		        i == 29 ? EXO_BIND_FIRST : EXO_BIND_TAP, none, &name),
		    0);
	exo_ingest(core, &p, 1);
	ck_assert_uint_eq(p.matched, 30);
	ck_assert_int_eq(lnet_tap_poll(&thief.tap, see, NULL), 30);
	if (ends)
		ck_assert_int_eq(exo_env_end(core, victim.name), 0);
	else
		ck_assert_int_eq(revoke(&victim, &top), 0);
	ck_assert_uint_eq(bindings(), 0);
	exo_ingest(core, &p, 1);
	ck_assert_uint_eq(p.matched, 0);
	ck_assert_int_eq(lnet_tap_poll(&thief.tap, see, NULL), 0);
	ck_assert_int_lt(unbind(&thief, name), 0);
	useless(&k, -EXO_ESTALE);
	useless(&below, -EXO_ESTALE);
	flt_image_free(&img);
}
END_TEST

/* --- packets that claim to come from somebody else ------------------------------ */

static int send_of(const struct exo_key *k, uint32_t bytes, uint8_t last)
{
	/* Ethernet, IPv4, UDP from 10.0.0.x port 53 */
	uint8_t p[42] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0,
		28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 0, 10, 0, 0, 9, 0, 53,
		0, 99, 0, 8, 0, 0 };
	struct exo_pkt pkt = {
		.data = p, .caplen = bytes, .wirelen = 42, .linktype = 1
	};

	p[29] = last;
	return exo_may_transmit(core, k, &pkt);
}

START_TEST(nobody_sends_as_somebody_else)
{
	struct exo_key k = grant(
	    &thief, "src host 10.0.0.5 and udp src port 53 and caplen >= 42");
	struct exo_call_derive a = { .key = k,
		.rights = EXO_RIGHT_ALL & ~EXO_RIGHT_TRANSMIT };
	struct exo_key all, forged = k;

	for (uint32_t last = 0; last < 256; last++)
		ck_assert_int_eq(send_of(&k, 42, (uint8_t)last),
		    last == 5 ? 0 : -EXO_EOUTSIDE);
	for (uint32_t n = 0; n < 42; n++)
		ck_assert_int_eq(send_of(&k, n, 5), -EXO_EOUTSIDE);
	forged.region = EXO_REGION_ALL;
	ck_assert_int_eq(send_of(&forged, 42, 6), -EXO_EBADKEY);
	ck_assert_int_eq(
	    exo_call(core, victim.name, EXO_CALL_DERIVE_NR, &a, sizeof(a)), 0);
	ck_assert_int_eq(send_of(&a.out_key, 42, 5), -EXO_EPERM);
	ck_assert_int_eq(
	    derive(&victim, &k, span_of(region("udp dst port 99")), &all),
	    -EXO_EOUTSIDE);
	ck_assert_int_eq(
	    exo_grant(core, victim.name, EXO_RIGHT_TRANSMIT, NULL, &all), 0);
	ck_assert_int_eq(send_of(&all, 0, 5), 0);
	ck_assert_int_eq(revoke(&thief, &k), 0);
	ck_assert_int_eq(send_of(&k, 42, 5), -EXO_ESTALE);
	ck_assert_int_eq(send_of(&a.out_key, 42, 5), -EXO_ESTALE);
}
END_TEST

Suite *t_theft_suite(void)
{
	Suite *s = suite_create("theft");
	TCase *t = tcase_create("theft");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, greedy_programs_get_their_claims, 0, 6 * (int)NGREEDY);
	tcase_add_test(t, each_bit_of_a_key_counts);
	tcase_add_test(t, keys_cannot_be_mixed);
	tcase_add_test(t, rights_are_not_widened);
	tcase_add_test(t, revoked_keys_stay_revoked);
	tcase_add_test(t, keys_of_another_boot_are_none);
	tcase_add_test(t, nobody_sends_as_somebody_else);
	tcase_add_loop_test(t, revoking_withdraws_what_is_below, 0, 4);
	suite_add_tcase(s, t);
	return s;
}
