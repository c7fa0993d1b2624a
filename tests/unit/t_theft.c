/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theft: programs that accept what is not theirs, keys that are forged, stale
 * or of a revoked tree, regions and conditions that explode, and shapes without
 * number; none of them gets a packet of somebody else's, or makes it dearer.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/demux_int.h"
#include "exo/space/text.h"
#include "exo/space/wire.h"
#include "tests/support/mem.h"
#include "tests/support/spacegen.h"
#include "tests/support/world.h"

static struct exo_core *core;
static struct world_env thief, victim;
static struct exo_mem mem;
static struct exo_arena arena;

static void begin(const struct exo_core_config *cfg)
{
	core = world_new_as(cfg);
	world_env(core, &thief, 1u << 20);
	world_env(core, &victim, 1u << 20);
}

static void setup(void)
{
	const struct exo_core_config cfg = { 0 };

	begin(&cfg);
	mem = mem_heap(NULL);
	exo_arena_init(&arena, &mem);
}

static void end(void)
{
	world_end(core);
	world_env_free(&thief);
	world_env_free(&victim);
}

static void teardown(void)
{
	end();
	exo_arena_free(&arena);
}

static struct sp_region region(const char *text)
{
	struct sp_work w = { &arena, 10000000, &sp_packets, NULL };
	struct sp_text_error err;
	struct sp_region r;

	ck_assert_msg(
	    sp_text_parse(&w, text, (uint32_t)strlen(text), &r, &err) == 0,
	    "%s: %u at %u", text, err.code, err.at);
	return r;
}

static struct exo_span span_of(struct sp_region r)
{
	uint32_t size = sp_wire_size(r);
	void *p = exo_arena_get(&arena, size);

	ck_assert_uint_ne(size, 0);
	sp_wire_write(r, p);
	return (struct exo_span){ (uintptr_t)p, size, 0 };
}

static struct exo_key grant(const struct world_env *e, const char *text)
{
	struct sp_region r = region(text);
	struct exo_key k;

	ck_assert_int_eq(exo_grant(core, e->name, EXO_RIGHT_ALL, &r, &k), 0);
	return k;
}

static int derive(const struct world_env *e, const struct exo_key *from,
    struct exo_span where, struct exo_key *out)
{
	struct exo_call_derive a = {
		.key = *from, .rights = from->rights, .region = where
	};
	int err = exo_call(core, e->name, EXO_CALL_DERIVE_NR, &a, sizeof(a));

	*out = a.out_key;
	return err;
}

static int revoke(const struct world_env *e, const struct exo_key *k)
{
	struct exo_call_revoke a = { .key = *k };

	return exo_call(core, e->name, EXO_CALL_REVOKE_NR, &a, sizeof(a));
}

static int unbind(const struct world_env *e, uint64_t name)
{
	struct exo_call_unbind a = { .binding = name };

	return exo_call(core, e->name, EXO_CALL_UNBIND_NR, &a, sizeof(a));
}

static int bind(const struct world_env *e, const struct exo_key *key,
    const struct flt_image *img, uint32_t mode, struct exo_span claim,
    uint64_t *name)
{
	struct exo_call_bind a = world_bind_args(e, img);
	int err;

	a.key = *key;
	a.mode = mode;
	a.claim = claim;
	a.snap = 64;
	err = exo_call(core, e->name, EXO_CALL_BIND_NR, &a, sizeof(a));
	if (name != NULL)
		*name = a.out_binding;
	return err;
}

static const struct exo_span none;

static uint64_t held(void)
{
	struct exo_core_stat st;

	exo_core_stat(core, &st);
	return st.mem;
}

static uint32_t bindings(void)
{
	struct exo_core_stat st;

	exo_core_stat(core, &st);
	return st.bindings;
}

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

/* Bytes that are charged to an environment. */
static uint64_t spent(const struct world_env *e)
{
	return env_find(core, e->name)->mem.used;
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

/* A test of 32 bits under the i-th mask. */
static struct flt_image odd_mask(uint32_t i)
{
	char text[256];
	uint32_t mask = (i + 1) * 2654435761u;

	snprintf(text, sizeof(text),
	    "r6 = r1\nr0 = *(u16 *)skb[12]\nif w0 != 2048 goto no\n"
	    "r0 = *(u32 *)skb[26]\nw0 &= %d\nif w0 == %d goto yes\n"
	    "no:\nr0 = 0\nexit\nyes:\nr0 = 9\nexit\n",
	    (int32_t)mask, (int32_t)(mask & (i * 40503u)));
	return world_image(text, EXO_PROG_SOCKET);
}

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

/* --- shapes without number ------------------------------------------------------- */

/* What a packet of a grant costs: looks at tables. */
static uint32_t looks_of(const struct exo_key *k)
{
	const struct linkset *set = core->sets;
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
	tcase_add_loop_test(t, revoking_withdraws_what_is_below, 0, 4);
	tcase_add_loop_test(t, claims_that_explode, 0, 2);
	tcase_add_loop_test(t, conditions_that_explode, 0,
	    (int)(sizeof(tests) / sizeof(tests[0])));
	tcase_add_test(t, long_chains_of_keys);
	tcase_add_loop_test(t, rules_are_charged_to_their_owner, 0, 3);
	tcase_add_loop_test(t, claims_without_number_hinder_nobody, 0, 2);
	tcase_add_test(t, odd_masks_cost_their_owner);
	suite_add_tcase(s, t);
	return s;
}
