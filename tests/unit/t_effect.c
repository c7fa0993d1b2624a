/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bindings with effects: programs with helpers and maps. They run on every
 * packet of their claim, in order, once, whoever takes it; and on no other.
 */
#include <stdio.h>

#include "exo/isa/text.h"
#include "tests/support/oom.h"
#include "tests/support/spacegen.h"
#include "tests/unit/suites.h"
#include "tests/unit/theft.h"
#include "verifier/verifier.h"

enum {
	ONE,
	LENGTHS,
	RING
};

static const struct exo_map_def defs[] = {
	[ONE] = { EXO_MAP_ARRAY, 4, 16, 1, 0 },
	[LENGTHS] = { EXO_MAP_HASH, 4, 4, 64, 0 },
	[RING] = { EXO_MAP_RINGBUF, 0, 0, 4096, 0 },
};
#define NDEFS 3u

/* Count, and fold the length into a number that tells of the order; odd lengths
 * are accepted. */
#define COUNT                                                     \
	"r6 = r1\nr7 = *(u32 *)(r6 + 0)\nr1 = map[idx:0][0]+0\n"  \
	"r2 = *(u64 *)(r1 + 0)\nr2 += 1\n*(u64 *)(r1 + 0) = r2\n" \
	"r2 = *(u64 *)(r1 + 8)\nr2 *= 1000003\nr2 += r7\n"        \
	"*(u64 *)(r1 + 8) = r2\n"                                 \
	"r0 = r7\nr0 &= 1\nexit\n"

/* A hash by the lower six bits of the length; odd lengths are accepted. */
#define HASH                                                          \
	"r6 = *(u32 *)(r1 + 0)\nr7 = r6\nr7 &= 63\n"                  \
	"*(u32 *)(r10 - 4) = r7\n"                                    \
	"r2 = r10\nr2 += -4\nr1 = map[idx:1]\ncall map_lookup_elem\n" \
	"if r0 == 0 goto fresh\n"                                     \
	"r1 = *(u32 *)(r0 + 0)\nr1 += 1\n*(u32 *)(r0 + 0) = r1\n"     \
	"goto out\nfresh:\n*(u32 *)(r10 - 8) = 1\n"                   \
	"r1 = map[idx:1]\nr2 = r10\nr2 += -4\nr3 = r10\nr3 += -8\n"   \
	"r4 = 0\ncall map_update_elem\nout:\nr0 = r6\nr0 &= 1\nexit\n"

static struct spacegen gen;

static void fresh(const struct exo_core_config *cfg)
{
	end();
	begin(cfg);
	gen = (struct spacegen){ .seed = 99 };
}

/* What the thief is charged for. */
static uint64_t charged(void)
{
	return world_env_stat(core, &thief).mem;
}

static uint64_t worked(void)
{
	return world_env_stat(core, &thief).work;
}

static struct exo_pkt any_packet(uint8_t *buf, struct sp_view *v)
{
	struct sp_packet p = sg_packet(&gen, buf);

	p.link = 1;
	sp_parse(&p, v);
	return (struct exo_pkt){
		.data = buf, .caplen = p.caplen, .wirelen = p.len, .linktype = 1
	};
}

/* --- once, in order, whoever takes it ------------------------------------------ */

struct seen {
	uint64_t count, fold;
	uint32_t lengths[64];
};

static void note(struct seen *s, const struct exo_pkt *p)
{
	s->count++;
	s->fold = s->fold * 1000003 + p->wirelen;
	s->lengths[p->wirelen & 63]++;
}

static void same(uint64_t count, uint64_t hash, const struct seen *s)
{
	const uint32_t zero = 0;
	uint64_t one[2];
	uint32_t n;

	ck_assert_int_eq(exo_binding_lookup(core, count, ONE, &zero, one), 0);
	ck_assert_uint_eq(one[0], s->count);
	ck_assert_uint_eq(one[1], s->fold);
	for (uint32_t i = 0; i < 64; i++) {
		int err = exo_binding_lookup(core, hash, LENGTHS, &i, &n);

		ck_assert_int_eq(err, s->lengths[i] == 0 ? -EXO_ENOENT : 0);
		if (err == 0)
			ck_assert_uint_eq(n, s->lengths[i]);
	}
}

/* Somebody's binding takes packets before those with effects are asked, which
 * are of each mode; by index and in order; with a judge and without. */
START_TEST(whoever_takes_it)
{
	const uint32_t mode = 1 + (uint32_t)_i % 3;
	const struct exo_core_config cfg = {
		.linear = _i / 3 % 2 != 0 ? 1 : UINT32_MAX,
		.judge = _i / 6 % 2 != 0,
	};
	const bool first = _i / 12 != 0;
	struct flt_image all = world_image("r0 = -1\nexit", EXO_PROG_SOCKET);
	struct flt_image count =
	    world_image_maps(COUNT, EXO_PROG_SOCKET, defs, NDEFS);
	struct flt_image hash =
	    world_image_maps(HASH, EXO_PROG_SOCKET, defs, NDEFS);
	struct sp_region mine =
	    region("udp or portrange 1-30000 or ip6 or arp");
	static uint8_t buf[100][SG_PACKET_MAX];
	struct seen want = { 0 };
	struct exo_bind_stat st;
	struct exo_key k;
	uint64_t a, b, c, odd = 0;

	fresh(&cfg);
	k = grant(&thief, "any");
	ck_assert_int_eq(
	    bind(&thief, &k, &all, first ? EXO_BIND_FIRST : EXO_BIND_EXCLUSIVE,
	        span_of(region("udp")), &c),
	    0);
	ck_assert_int_eq(bind(&thief, &k, &count, mode, span_of(mine), &a), 0);
	ck_assert_int_eq(bind(&thief, &k, &hash, mode, span_of(mine), &b), 0);
	for (int round = 0; round < 30; round++) {
		struct exo_pkt p[100];
		struct sp_view v;

		for (uint32_t i = 0; i < 100; i++) {
			p[i] = any_packet(buf[i], &v);
			if (!sp_region_has(mine, &v))
				continue;
			note(&want, &p[i]);
			/* of exclusive ones, the first to take it has it */
			odd += (p[i].wirelen & 1) != 0 &&
			       (sp_region_has(region("udp"), &v)
			               ? !first && mode == EXO_BIND_TAP
			               : true);
		}
		exo_ingest(core, p, 100);
		same(a, b, &want);
	}
	ck_assert_uint_gt(odd, 100);
	st = world_stat(core, &thief, a);
	ck_assert_uint_eq(st.evaluated, want.count);
	ck_assert_uint_eq(st.matched, odd);
	ck_assert_uint_eq(st.differed, 0);
	st = world_stat(core, &thief, b);
	ck_assert_uint_eq(st.evaluated, want.count);
	ck_assert_uint_eq(st.matched, mode == EXO_BIND_TAP ? odd : 0);
	ck_assert_uint_eq(st.differed, 0);
	flt_image_free(&all);
	flt_image_free(&count);
	flt_image_free(&hash);
}
END_TEST

/* A packet that somebody took, and that is in many more rules, is done with,
 * unless a program of its own grant is to run on it all the same. All of its rules
 * would be in core->ranks. */
START_TEST(effects_elsewhere_cost_nothing)
{
	const struct exo_core_config cfg = { .linear = 1 };
	static const uint8_t data[60] = { [12] = 8, [14] = 0x45, [23] = 6 };
	struct flt_image all = world_image("r0 = -1\nexit", EXO_PROG_SOCKET);
	struct flt_image count =
	    world_image_maps(COUNT, EXO_PROG_SOCKET, defs, 1);
	struct exo_pkt p = {
		.data = data, .caplen = 60, .wirelen = 60, .linktype = 1
	};
	struct exo_key mine, theirs;

	fresh(&cfg);
	mine = grant(&thief, "udp");
	theirs = grant(&victim, "tcp");
	for (uint32_t i = 0; i < 40; i++)
		ck_assert_int_eq(
		    bind(&victim, &theirs, &all, EXO_BIND_FIRST, none, NULL),
		    0);
	ck_assert_int_eq(
	    bind(&thief, &mine, &count, EXO_BIND_TAP, none, NULL), 0);
	core->ranks[0] = 0;
	exo_ingest(core, &p, 1);
	ck_assert_uint_eq(p.matched, 1);
	ck_assert_uint_eq(core->ranks[0], 0);
	ck_assert_int_eq(
	    bind(&victim, &theirs, &count, EXO_BIND_TAP, none, NULL), 0);
	exo_ingest(core, &p, 1);
	ck_assert_uint_eq(p.matched, 1);
	ck_assert_uint_ne(core->ranks[0], 0);
	flt_image_free(&all);
	flt_image_free(&count);
}
END_TEST

/* --- what helpers tell ---------------------------------------------------------- */

START_TEST(time_is_the_packets)
{
	const struct exo_core_config cfg = { .judge = true };
	struct flt_image img = world_image_maps(
	    "call ktime_get_ns\nr1 = map[idx:0][0]+0\n*(u64 *)(r1 + 0) = r0\n"
	    "r0 = 1\nexit",
	    EXO_PROG_SOCKET, defs, 1);
	struct exo_pkt p[2] = { { .linktype = 1, .time_ns = 12345 },
		{ .linktype = 1, .time_ns = 777 } };
	const uint32_t zero = 0;
	uint64_t name, one[2];
	struct exo_key k;

	fresh(&cfg);
	k = grant(&thief, "any");
	ck_assert_int_eq(bind(&thief, &k, &img, EXO_BIND_TAP, none, &name), 0);
	exo_ingest(core, p, 2);
	ck_assert_int_eq(exo_binding_lookup(core, name, ONE, &zero, one), 0);
	ck_assert_uint_eq(one[0], 777);
	ck_assert_uint_eq(world_stat(core, &thief, name).differed, 0);
	flt_image_free(&img);
}
END_TEST

START_TEST(records_of_a_ring)
{
	struct flt_image img = world_image_maps(
	    "r6 = *(u32 *)(r1 + 0)\n*(u64 *)(r10 - 8) = r6\nr1 = map[idx:2]\n"
	    "r2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall ringbuf_output\n"
	    "r0 = 0\nexit",
	    EXO_PROG_SOCKET, defs, NDEFS);
	struct exo_pkt p[40] = { { .linktype = 1 } };
	struct exo_key k = grant(&thief, "any");
	const uint8_t *rec;
	uint64_t name, len;
	uint32_t size;

	for (uint32_t i = 0; i < 40; i++)
		p[i] = (struct exo_pkt){ .linktype = 1, .wirelen = 100 + i };
	ck_assert_int_eq(bind(&thief, &k, &img, EXO_BIND_TAP, none, &name), 0);
	exo_ingest(core, p, 40);
	for (uint32_t i = 0; i < 40; i++) {
		rec = exo_binding_record(core, name, RING, &size);
		ck_assert_ptr_nonnull(rec);
		ck_assert_uint_eq(size, 8);
		memcpy(&len, rec, 8);
		ck_assert_uint_eq(len, 100 + i);
	}
	ck_assert_ptr_null(exo_binding_record(core, name, RING, &size));
	ck_assert_ptr_null(exo_binding_record(core, name, ONE, &size));
	ck_assert_ptr_null(exo_binding_record(core, name, 9, &size));
	ck_assert_ptr_null(exo_binding_record(core, 12345, RING, &size));
	flt_image_free(&img);
}
END_TEST

/* Two bindings of one image share nothing; a binding that is made again begins
 * with nothing. */
START_TEST(maps_are_a_bindings_own)
{
	struct flt_image img =
	    world_image_maps(COUNT, EXO_PROG_SOCKET, defs, 1);
	struct exo_key k = grant(&thief, "any");
	struct exo_pkt p[3] = { { .linktype = 1, .wirelen = 60 },
		{ .linktype = 1, .wirelen = 61 },
		{ .linktype = 1, .wirelen = 62 } };
	const uint32_t zero = 0;
	uint64_t a, b, one[2];
	uint32_t pos = 0, key;

	ck_assert_int_eq(bind(&thief, &k, &img, EXO_BIND_TAP, none, &a), 0);
	exo_ingest(core, p, 3);
	ck_assert_int_eq(bind(&thief, &k, &img, EXO_BIND_TAP, none, &b), 0);
	exo_ingest(core, p, 1);
	ck_assert_int_eq(exo_binding_next(core, a, ONE, &pos, &key, one), 0);
	ck_assert_uint_eq(key, 0);
	ck_assert_uint_eq(one[0], 4);
	ck_assert_int_eq(
	    exo_binding_next(core, a, ONE, &pos, &key, one), -EXO_ENOENT);
	ck_assert_int_eq(exo_binding_lookup(core, b, ONE, &zero, one), 0);
	ck_assert_uint_eq(one[0], 1);
	ck_assert_int_eq(unbind(&thief, a), 0);
	ck_assert_int_eq(
	    exo_binding_lookup(core, a, ONE, &zero, one), -EXO_ESTALE);
	ck_assert_int_eq(
	    exo_binding_lookup(core, b, 7, &zero, one), -EXO_EINVAL);
	ck_assert_int_eq(bind(&thief, &k, &img, EXO_BIND_TAP, none, &a), 0);
	ck_assert_int_eq(exo_binding_lookup(core, a, ONE, &zero, one), 0);
	ck_assert_uint_eq(one[0], 0);
	flt_image_free(&img);
}
END_TEST

/* What the image puts into a map is there for the first packet, and that of the
 * judge. */
START_TEST(maps_begin_with_something)
{
	static const uint8_t seven[16] = { 7 };
	const struct exo_core_config cfg = { .judge = true };
	const struct flt_init init = { ONE, seven, 16 };
	struct exo_insn insns[64];
	struct isa_asm_error where;
	struct flt_whole whole = { .type = EXO_PROG_SOCKET,
		.insns = insns,
		.maps = defs,
		.nmaps = NDEFS,
		.init = &init,
		.ninit = 1 };
	struct exo_pkt p = { .linktype = 1, .wirelen = 61 };
	const uint32_t zero = 0;
	struct flt_image img;
	struct flt_error err;
	struct exo_key k;
	uint64_t name, one[2];

	fresh(&cfg);
	k = grant(&thief, "any");
	ck_assert_int_eq(
	    isa_asm(COUNT, strlen(COUNT), insns, 64, &whole.n, &where), 0);
	ck_assert_int_eq(flt_image_whole(&whole, &img, &err), 0);
	ck_assert_int_eq(bind(&thief, &k, &img, EXO_BIND_TAP, none, &name), 0);
	exo_ingest(core, &p, 1);
	ck_assert_int_eq(exo_binding_lookup(core, name, ONE, &zero, one), 0);
	ck_assert_uint_eq(one[0], 8);
	ck_assert_uint_eq(world_stat(core, &thief, name).differed, 0);
	flt_image_free(&img);
	/* into a hash, and past the value */
	for (uint32_t i = 0; i < 2; i++) {
		static const uint8_t many[32];
		const struct flt_init bad = { i == 0 ? LENGTHS : ONE, many,
			i == 0 ? 4 : 17 };

		whole.init = &bad;
		ck_assert_int_eq(flt_image_whole(&whole, &img, &err), 0);
		ck_assert_int_eq(
		    bind(&thief, &k, &img, EXO_BIND_TAP, none, &name),
		    -EXO_EINVAL);
		flt_image_free(&img);
	}
}
END_TEST

/* --- what is refused ------------------------------------------------------------- */

static int bind_maps(const char *text, uint32_t type,
    const struct exo_map_def *maps, uint32_t n, struct exo_report *report)
{
	struct flt_image img = world_image_maps(text, type, maps, n);
	struct exo_call_bind a = world_bind_args(&thief, &img);
	uint64_t before = charged();
	int err;

	a.report = (uintptr_t)report;
	err = exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a));
	if (err != 0)
		ck_assert_uint_eq(charged(), before);
	flt_image_free(&img);
	return err;
}

/* Each definition that cannot be, and each that is too large for its owner. */
START_TEST(maps_that_cannot_be)
{
	static const struct {
		struct exo_map_def def;
		int err;
	} bad[] = {
		{ { 0, 4, 8, 1, 0 }, -EXO_EINVAL },
		{ { UINT32_MAX, 4, 8, 1, 0 }, -EXO_EINVAL },
		{ { EXO_MAP_ARRAY, 8, 8, 1, 0 }, -EXO_EINVAL },
		{ { EXO_MAP_ARRAY, 4, 0, 1, 0 }, -EXO_EINVAL },
		{ { EXO_MAP_ARRAY, 4, 8, 0, 0 }, -EXO_EINVAL },
		{ { EXO_MAP_ARRAY, 4, UINT32_MAX, 1, 0 }, -EXO_E2BIG },
		{ { EXO_MAP_HASH, UINT32_MAX, 8, 1, 0 }, -EXO_E2BIG },
		{ { EXO_MAP_ARRAY, 4, 8, UINT32_MAX, 0 }, -EXO_E2BIG },
		{ { EXO_MAP_ARRAY, 4, 8, 1, 1 }, -EXO_EINVAL },
		{ { EXO_MAP_RINGBUF, 0, 0, 4097, 0 }, -EXO_EINVAL },
		{ { EXO_MAP_ARRAY, 4, 1 << 20, 128, 0 }, -EXO_ENOMEM },
		{ { EXO_MAP_HASH, 4, 8, 1 << 22, 0 }, -EXO_ENOMEM },
	};
	struct exo_report report;

	ck_assert_msg(bind_maps("r0 = 1\nexit", EXO_PROG_SOCKET, &bad[_i].def,
	                  1, &report) == bad[_i].err,
	    "map %d", _i);
}
END_TEST
#define NBAD 12

/* All of an environment's maps together have a limit, and give it back. */
START_TEST(maps_have_a_limit)
{
	const struct exo_core_config cfg = { .maps = 1 << 20 };
	const struct exo_map_def big = { EXO_MAP_ARRAY, 4, 1 << 17, 1, 0 };
	struct flt_image img =
	    world_image_maps("r0 = 1\nexit", EXO_PROG_SOCKET, &big, 1);
	struct exo_key k;
	uint64_t name[8], before;
	uint32_t n = 0;

	fresh(&cfg);
	k = grant(&thief, "any");
	before = charged();
	for (int round = 0; round < 3; round++) {
		n = 0;
		while (n < 8 && bind(&thief, &k, &img, EXO_BIND_TAP, none,
		                    &name[n]) == 0)
			n++;
		ck_assert_uint_ge(n, 5);
		ck_assert_uint_lt(n, 8);
		ck_assert_int_eq(
		    bind(&thief, &k, &img, EXO_BIND_TAP, none, NULL),
		    -EXO_ENOMEM);
		while (n > 0)
			ck_assert_int_eq(unbind(&thief, name[--n]), 0);
	}
	ck_assert_uint_eq(charged(), before);
	flt_image_free(&img);
}
END_TEST

/* Making maps is work, which is charged. */
START_TEST(maps_are_work)
{
	struct exo_env_args args = { .work = 20000 };
	const struct exo_map_def big = { EXO_MAP_ARRAY, 4, 1 << 19, 1, 0 };
	struct flt_image img =
	    world_image_maps("r0 = 1\nexit", EXO_PROG_SOCKET, &big, 1);
	struct exo_call_bind a = world_bind_args(&thief, &img);
	uint64_t env;
	int err;

	ck_assert_int_eq(exo_env_new(core, &args, &env), 0);
	ck_assert_int_eq(exo_grant(core, env, EXO_RIGHT_ALL, NULL, &a.key), 0);
	for (uint32_t n = 0; n < 2; n++) {
		err = exo_call(core, env, EXO_CALL_BIND_NR, &a, sizeof(a));
		ck_assert_int_eq(err, 0);
	}
	err = exo_call(core, env, EXO_CALL_BIND_NR, &a, sizeof(a));
	ck_assert_int_eq(err, -EXO_EBUDGET);
	flt_image_free(&img);
}
END_TEST

/* So is making those that are given back since the last one has no room. */
START_TEST(refused_maps_are_work)
{
	const struct exo_core_config cfg = { .maps = 1 << 20 };
	const struct exo_map_def two[] = { { EXO_MAP_ARRAY, 4, 1 << 19, 1, 0 },
		{ EXO_MAP_ARRAY, 4, 1 << 19, 1, 0 } };
	struct exo_report report;
	uint64_t before;

	fresh(&cfg);
	before = worked();
	ck_assert_int_eq(
	    bind_maps("r0 = 1\nexit", EXO_PROG_SOCKET, two, 2, &report),
	    -EXO_ENOMEM);
	ck_assert_uint_ge(worked(), before + (1 << 19) / 64);
}
END_TEST

/* Others see the packet: nobody writes it. Pointers do not leave. */
START_TEST(programs_that_may_not)
{
	static const struct {
		uint32_t type;
		const char *text;
		uint32_t code;
	} bad[] = {
		{ EXO_PROG_TC,
		    "r2 = 2048\n*(u64 *)(r10 - 8) = 0\nr2 = 0\nr3 = r10\n"
		    "r3 += -8\nr4 = 8\nr5 = 0\ncall skb_store_bytes\nexit",
		    VF_PKT_WRITE },
		{ EXO_PROG_TC, "r2 = 129\nr3 = 5\ncall skb_vlan_push\nexit",
		    VF_PKT_WRITE },
		{ EXO_PROG_XDP, "r2 = 4\ncall xdp_adjust_head\nexit",
		    VF_PKT_WRITE },
		{ EXO_PROG_XDP, "r2 = -4\ncall xdp_adjust_tail\nexit",
		    VF_PKT_WRITE },
		{ EXO_PROG_SOCKET, "r0 = map[idx:0]\nexit", VF_LEAK_R0 },
		{ EXO_PROG_SOCKET, "r0 = map[idx:0][0]+0\nexit", VF_LEAK_R0 },
		{ EXO_PROG_SOCKET,
		    "r1 = map[idx:0][0]+0\n*(u64 *)(r1 + 0) = r1\nr0 = 0\nexit",
		    VF_LEAK_STORE },
		{ EXO_PROG_SOCKET, "r0 = map[idx:3]\nr0 = 0\nexit", VF_MAP },
	};
	struct exo_report report;
	int err = bind_maps(bad[_i].text, bad[_i].type, defs, NDEFS, &report);

	ck_assert_int_eq(err, -EXO_EREFUSED);
	ck_assert_msg(report.code == bad[_i].code, "program %d: VF%u, not VF%u",
	    _i, report.code, bad[_i].code);
}
END_TEST
#define NMAYNOT 8

/* One instruction may copy a megabyte: that is not one step. */
START_TEST(what_helpers_copy_counts)
{
	const struct exo_map_def wide = { EXO_MAP_ARRAY, 4, 1 << 20, 1, 0 };
	static const char text[] =
	    "*(u32 *)(r10 - 4) = 0\nr1 = map[idx:0]\nr2 = r10\nr2 += -4\n"
	    "r3 = map[idx:0][0]+0\nr4 = 0\ncall map_update_elem\nr0 = 0\nexit";
	struct flt_image img =
	    world_image_maps(text, EXO_PROG_SOCKET, &wide, 1);
	struct exo_call_bind a = world_bind_args(&thief, &img);

	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a)), 0);
	ck_assert_uint_eq(
	    world_stat(core, &thief, a.out_binding).max_steps, 9 + 16 + 16384);
	a.key.rights &= ~EXO_RIGHT_STEPS;
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a)),
	    -EXO_EBADKEY);
	ck_assert_int_eq(exo_grant(core, thief.name,
	                     EXO_RIGHT_ALL & ~EXO_RIGHT_STEPS, NULL, &a.key),
	    0);
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a)),
	    -EXO_EPERM);
	flt_image_free(&img);
}
END_TEST

/* A callback in a callback may be called 2^46 times: no key lets a packet stop
 * the core. */
START_TEST(no_packet_stops_the_core)
{
	static const char nested[] =
	    "r1 = %u\nr2 = subprog[f]\nr3 = 0\nr4 = 0\ncall loop\nr0 = "
	    "0\nexit\n"
	    "f:\nr1 = %u\nr2 = subprog[g]\nr3 = 0\nr4 = 0\ncall loop\nr0 = 0\n"
	    "exit\ng:\nr0 = 0\nexit\n";
	static const struct {
		uint32_t n, m;
		int err;
	} of[] = { { 700, 700, 0 }, { 800, 800, -EXO_E2BIG },
		{ 1u << 23, 1u << 23, -EXO_E2BIG } };
	struct exo_report report;
	char text[512];

	for (uint32_t i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), nested, of[i].n, of[i].m);
		ck_assert_int_eq(
		    bind_maps(text, EXO_PROG_SOCKET, NULL, 0, &report),
		    of[i].err);
	}
}
END_TEST

/* --- memory fails ----------------------------------------------------------------- */

static struct flt_image oom_img;

static int bind_and_run(void *arg)
{
	const struct exo_core_config cfg = { .judge = true };
	struct exo_pkt p = { .linktype = 1, .wirelen = 61 };
	struct exo_call_bind a = world_bind_args(&thief, &oom_img);
	struct world_life l;
	int err = world_life(&l, &cfg, 0, NULL);

	(void)arg;
	a.key = l.key;
	if (err == 0)
		err = exo_call(l.core, l.env, EXO_CALL_BIND_NR, &a, sizeof(a));
	if (err == 0)
		exo_ingest(l.core, &p, 1);
	exo_core_free(l.core);
	return err;
}

START_TEST(every_allocation_fails)
{
	oom_img = world_image_maps(HASH, EXO_PROG_SOCKET, defs, NDEFS);
	ck_assert_uint_ge(test_oom_loop(bind_and_run, NULL), 20);
	flt_image_free(&oom_img);
}
END_TEST

Suite *t_effect_suite(void)
{
	Suite *s = suite_create("effect");
	TCase *t = tcase_create("effect"), *oom = tcase_create("oom");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, whoever_takes_it, 0, 24);
	tcase_add_test(t, effects_elsewhere_cost_nothing);
	tcase_add_test(t, time_is_the_packets);
	tcase_add_test(t, records_of_a_ring);
	tcase_add_test(t, maps_are_a_bindings_own);
	tcase_add_test(t, maps_begin_with_something);
	tcase_add_loop_test(t, maps_that_cannot_be, 0, NBAD);
	tcase_add_test(t, maps_have_a_limit);
	tcase_add_test(t, maps_are_work);
	tcase_add_test(t, refused_maps_are_work);
	tcase_add_loop_test(t, programs_that_may_not, 0, NMAYNOT);
	tcase_add_test(t, what_helpers_copy_counts);
	tcase_add_test(t, no_packet_stops_the_core);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(oom, setup, teardown);
	tcase_add_test(oom, every_allocation_fails);
	suite_add_tcase(s, oom);
	return s;
}
