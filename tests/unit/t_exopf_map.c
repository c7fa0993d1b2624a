/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of the library's programs: of images, by both engines, from outside. */
#include <check.h>
#include <exopf/exopf.h>
#include <string.h>

#include "exo/core/world_int.h"
#include "exo/hosted/lib.h"
#include "exo/maps/map_int.h"
#include "filters/filters.h"
#include "tests/support/oom.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

enum {
	COUNTS,
	HASH,
	TRIE,
	QUEUE,
	RING,
	PROGS,
	CONSTS,
	NMAPS
};

static const struct exo_map_def defs[NMAPS] = {
	[COUNTS] = { EXO_MAP_ARRAY, 4, 8, 256, 0 },
	[HASH] = { EXO_MAP_HASH, 4, 8, 2, EXO_MAP_RDONLY_PROG },
	[TRIE] = { EXO_MAP_LPM_TRIE, 8, 8, 1, EXO_MAP_NO_PREALLOC },
	[QUEUE] = { EXO_MAP_QUEUE, 0, 8, 1, 0 },
	[RING] = { EXO_MAP_RINGBUF, 0, 0, 4096, 0 },
	[PROGS] = { EXO_MAP_PROG_ARRAY, 4, 4, 2, 0 },
	[CONSTS] = { EXO_MAP_ARRAY, 4, 8, 1, EXO_MAP_RDONLY_PROG },
};

/* Count packets by their first byte, which is a record as well; tail calls of
 * an empty slot go on behind. The result is a constant. */
#define COUNT                                                                \
	"r9 = r1\nr6 = *(u32 *)(r1 + 0)\nr7 = *(u32 *)(r1 + 4)\nr2 = r6\n"   \
	"r2 += 1\nif r2 > r7 goto out\nr1 = *(u8 *)(r6 + 0)\n"               \
	"*(u32 *)(r10 - 4) = r1\nr1 = map[idx:0]\nr2 = r10\nr2 += -4\n"      \
	"call map_lookup_elem\nif r0 == 0 goto out\nr1 = *(u64 *)(r0 + 0)\n" \
	"r1 += 1\n*(u64 *)(r0 + 0) = r1\nr1 = map[idx:4]\nr2 = r10\n"        \
	"r2 += -4\nr3 = 4\nr4 = 0\ncall ringbuf_output\nr1 = r9\n"           \
	"r2 = map[idx:5]\nr3 = 1\ncall tail_call\nout:\n"                    \
	"r1 = map[idx:6][0]+0\nr0 = *(u64 *)(r1 + 0)\nexit\n"

static exopf_program *p;

/* Names of two maps, the second too long to be kept whole. */
static const char names[] = "\0hash\0"
                            "0123456789012345678901234567890123456789"
                            "0123456789012345678901234567890123456789";
static const struct exo_image_field fields[] = {
	{ .name = 1, .map = HASH },
	{ .name = 0,
	    .off = 0,
	    .bits = 32,
	    .map = HASH,
	    .of = EXO_FIELD_KEY,
	    .kind = EXO_FIELD_UNSIGNED,
	    .depth = 1 },
	{ .name = 6, .map = QUEUE },
};

static struct flt_image image_of(const struct flt_init *init, uint32_t ninit)
{
	struct exo_insn insns[TWORLD_INSNS];
	const struct flt_whole parts = {
		.type = EXO_PROG_XDP,
		.insns = insns,
		.n = tworld_asm(COUNT, insns),
		.maps = defs,
		.nmaps = NMAPS,
		.init = init,
		.ninit = ninit,
		.name = "count",
		.fields = fields,
		.nfields = 3,
		.texts = names,
		.ntexts = sizeof(names),
	};
	struct flt_image img;
	struct flt_error err;

	ck_assert_int_eq(flt_image_whole(&parts, &img, &err), 0);
	return img;
}

static void begin(void)
{
	static const uint8_t five[1] = { 5 };
	static const uint8_t two[1] = { 2 };
	const struct flt_init init[] = { { COUNTS, five, 1 },
		{ CONSTS, two, 1 } };
	struct flt_image img = image_of(init, 2);
	struct exopf_report report;
	int ret = exopf_load_image(img.bytes, img.size, &report, &p);

	ck_assert_msg(ret == 0, "%s: %s", exopf_strerror(ret), report.text);
	flt_image_free(&img);
}

static void end(void)
{
	exopf_free(p);
}

static uint64_t packet(uint8_t first)
{
	const struct exopf_packet pkt = { &first, 1, 0, 0, 0 };
	uint64_t r0 = 99;

	ck_assert_int_eq(exopf_run_packet(p, &pkt, &r0), 0);
	return r0;
}

static uint64_t count(uint32_t key)
{
	uint64_t value;

	ck_assert_int_eq(exopf_map_lookup(p, COUNTS, &key, &value), 0);
	return value;
}

/* What a program counts is there, whichever engine ran it. */
START_TEST(t_counts)
{
	const uint64_t nought = 0;
	const void *data;
	uint32_t size, key = 0, i;

	ck_assert_int_eq(exopf_set_engine(p, (enum exopf_engine)_i), 0);
	ck_assert_uint_eq(count(0), 5); /* as the image says */
	for (i = 0; i < 6; i++)
		ck_assert_uint_eq(packet((uint8_t)(i % 3)), 2);
	ck_assert_uint_eq(count(0), 7);
	ck_assert_uint_eq(count(1), 2);
	ck_assert_uint_eq(count(3), 0);
	for (i = 0; i < 6; i++) {
		ck_assert_int_eq(exopf_ring_next(p, RING, &data, &size), 0);
		ck_assert_uint_eq(size, 4);
		ck_assert_uint_eq(*(const uint8_t *)data, i % 3);
	}
	ck_assert_int_eq(exopf_ring_next(p, RING, &data, &size), EXOPF_ENOENT);
	ck_assert_ptr_null(data);
	ck_assert_uint_eq(size, 0);
	ck_assert_int_eq(
	    exopf_map_update(p, COUNTS, &key, &nought, EXOPF_EXIST), 0);
	(void)packet(0);
	ck_assert_uint_eq(count(0), 1);
}
END_TEST

/* Both engines see the same maps. */
START_TEST(t_engines_share)
{
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(
		    exopf_set_engine(
		        p, i % 2 == 0 ? EXOPF_ENGINE_INTERP : EXOPF_ENGINE_JIT),
		    0);
		(void)packet(9);
	}
	ck_assert_uint_eq(count(9), 10);
}
END_TEST

START_TEST(t_info)
{
	struct exopf_map_info info;
	uint32_t i;

	ck_assert_uint_eq(exopf_map_count(p), NMAPS);
	for (i = 0; i < NMAPS; i++) {
		ck_assert_int_eq(exopf_map_info(p, i, &info), 0);
		ck_assert_mem_eq(&info.def, &defs[i], sizeof(info.def));
		if (i != HASH && i != QUEUE)
			ck_assert_str_eq(info.name, "");
	}
	info.def.kind = 77;
	ck_assert_int_eq(exopf_map_info(p, NMAPS, &info), EXOPF_EINVAL);
	ck_assert_uint_eq(info.def.kind, 77);
}
END_TEST

START_TEST(t_names)
{
	struct exopf_map_info info;
	uint32_t i = 99;

	ck_assert_int_eq(exopf_map_info(p, HASH, &info), 0);
	ck_assert_str_eq(info.name, "hash");
	ck_assert_int_eq(exopf_map_find(p, "hash", &i), 0);
	ck_assert_uint_eq(i, HASH);
	ck_assert_int_eq(exopf_map_info(p, QUEUE, &info), 0);
	ck_assert_uint_eq(strlen(info.name), 63);
	ck_assert_int_eq(exopf_map_find(p, info.name, &i), 0);
	ck_assert_uint_eq(i, QUEUE);
	ck_assert_int_eq(exopf_map_find(p, "", &i), EXOPF_ENOENT);
	ck_assert_int_eq(exopf_map_find(p, "has", &i), EXOPF_ENOENT);
	ck_assert_int_eq(exopf_map_find(p, "hashes", &i), EXOPF_ENOENT);
	ck_assert_uint_eq(i, QUEUE);
}
END_TEST

START_TEST(t_hash)
{
	uint64_t v = 7;
	uint32_t k;

	k = 1;
	ck_assert_int_eq(exopf_map_lookup(p, HASH, &k, &v), EXOPF_ENOENT);
	ck_assert_int_eq(exopf_map_next_key(p, HASH, NULL, &k), EXOPF_ENOENT);
	ck_assert_int_eq(
	    exopf_map_update(p, HASH, &k, &v, EXOPF_EXIST), EXOPF_ENOENT);
	ck_assert_int_eq(exopf_map_update(p, HASH, &k, &v, EXOPF_NOEXIST), 0);
	ck_assert_int_eq(
	    exopf_map_update(p, HASH, &k, &v, EXOPF_NOEXIST), EXOPF_EEXIST);
	ck_assert_int_eq(exopf_map_update(p, HASH, &k, &v, 3), EXOPF_EINVAL);
	k = 2;
	ck_assert_int_eq(exopf_map_update(p, HASH, &k, &v, EXOPF_ANY), 0);
	k = 3;
	ck_assert_int_eq(
	    exopf_map_update(p, HASH, &k, &v, EXOPF_ANY), EXOPF_E2BIG);
	ck_assert_int_eq(exopf_map_next_key(p, HASH, NULL, &k), 0);
	ck_assert_int_eq(exopf_map_next_key(p, HASH, &k, &k), 0);
	ck_assert_int_eq(exopf_map_next_key(p, HASH, &k, &k), EXOPF_ENOENT);
	ck_assert_int_eq(exopf_map_take(p, HASH, &k, &v), 0);
	ck_assert_uint_eq(v, 7);
	ck_assert_int_eq(exopf_map_take(p, HASH, &k, &v), EXOPF_ENOENT);
	ck_assert_int_eq(exopf_map_delete(p, HASH, &k), EXOPF_ENOENT);
	ck_assert_int_eq(exopf_map_next_key(p, HASH, NULL, &k), 0);
	ck_assert_int_eq(exopf_map_delete(p, HASH, &k), 0);
}
END_TEST

START_TEST(t_others)
{
	uint8_t key[8] = { 8, 0, 0, 0, 10 };
	uint32_t index = 256, size;
	const void *data;
	uint64_t v = 7;

	ck_assert_int_eq(
	    exopf_map_update(p, COUNTS, &index, &v, EXOPF_ANY), EXOPF_E2BIG);
	ck_assert_int_eq(exopf_map_lookup(p, COUNTS, &index, &v), EXOPF_ENOENT);
	index = 0;
	ck_assert_int_eq(exopf_map_update(p, COUNTS, &index, &v, EXOPF_NOEXIST),
	    EXOPF_EEXIST);
	ck_assert_int_eq(exopf_map_delete(p, COUNTS, &index), EXOPF_EINVAL);
	ck_assert_int_eq(exopf_map_take(p, COUNTS, &index, &v), EXOPF_EINVAL);
	ck_assert_int_eq(exopf_map_update(p, TRIE, key, &v, EXOPF_ANY), 0);
	key[0] = 16;
	ck_assert_int_eq(
	    exopf_map_update(p, TRIE, key, &v, EXOPF_ANY), EXOPF_ENOSPC);
	ck_assert_int_eq(exopf_map_lookup(p, TRIE, key, &v), 0);
	ck_assert_int_eq(exopf_map_delete(p, TRIE, key), EXOPF_ENOENT);
	key[0] = 33;
	ck_assert_int_eq(
	    exopf_map_update(p, TRIE, key, &v, EXOPF_ANY), EXOPF_EINVAL);
	ck_assert_int_eq(exopf_map_update(p, QUEUE, NULL, &v, EXOPF_ANY), 0);
	ck_assert_int_eq(
	    exopf_map_update(p, QUEUE, NULL, &v, EXOPF_ANY), EXOPF_E2BIG);
	ck_assert_int_eq(exopf_map_lookup(p, QUEUE, NULL, &v), 0);
	ck_assert_int_eq(exopf_map_take(p, QUEUE, NULL, &v), 0);
	ck_assert_uint_eq(v, 7);
	ck_assert_int_eq(exopf_map_take(p, QUEUE, NULL, &v), EXOPF_ENOENT);
	ck_assert_int_eq(
	    exopf_ring_next(p, COUNTS, &data, &size), EXOPF_EINVAL);
	ck_assert_int_eq(exopf_ring_next(p, NMAPS, &data, &size), EXOPF_EINVAL);
}
END_TEST

/* What is proven of a constant holds, since nobody changes it. */
START_TEST(t_constants)
{
	uint64_t v = 7;
	uint32_t k = 0;

	ck_assert_int_eq(
	    exopf_map_update(p, CONSTS, &k, &v, EXOPF_ANY), EXOPF_EPERM);
	ck_assert_int_eq(exopf_map_delete(p, CONSTS, &k), EXOPF_EINVAL);
	ck_assert_int_eq(exopf_map_take(p, CONSTS, &k, &v), EXOPF_EINVAL);
	ck_assert_int_eq(exopf_map_lookup(p, CONSTS, &k, &v), 0);
	ck_assert_uint_eq(v, 2);
	ck_assert_uint_eq(packet(1), 2);
}
END_TEST

START_TEST(t_no_such_map)
{
	static const uint32_t maps[] = { RING, PROGS, NMAPS, UINT32_MAX };
	uint64_t v = 0;
	uint32_t k = 0;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t m = maps[i];

		ck_assert_int_eq(exopf_map_lookup(p, m, &k, &v), EXOPF_EINVAL);
		ck_assert_int_eq(
		    exopf_map_update(p, m, &k, &v, EXOPF_ANY), EXOPF_EINVAL);
		ck_assert_int_eq(exopf_map_delete(p, m, &k), EXOPF_EINVAL);
		ck_assert_int_eq(exopf_map_take(p, m, &k, &v), EXOPF_EINVAL);
		ck_assert_int_eq(
		    exopf_map_next_key(p, m, NULL, &k), EXOPF_EINVAL);
	}
}
END_TEST

/* A change that does not end: readers say so, and leave the key as it is. */
START_TEST(t_busy)
{
	struct map *const *maps = p->world->maps;
	struct map_change c[MAP_COUNTERS];
	uint32_t k = 1, next = 7;
	uint64_t v = 0;

	ck_assert_int_eq(exopf_map_update(p, HASH, &k, &v, EXOPF_ANY), 0);
	for (uint32_t i = 0; i < MAP_COUNTERS; i++)
		c[i] = map_write(map_counter(maps[HASH], i));
	ck_assert_int_eq(exopf_map_lookup(p, HASH, &k, &v), EXOPF_EAGAIN);
	ck_assert_int_eq(
	    exopf_map_next_key(p, HASH, NULL, &next), EXOPF_EAGAIN);
	ck_assert_int_eq(exopf_map_next_key(p, HASH, &k, &next), EXOPF_EAGAIN);
	ck_assert_uint_eq(next, 7);
	for (uint32_t i = 0; i < MAP_COUNTERS; i++)
		map_written(c[i]);
	ck_assert_int_eq(exopf_map_lookup(p, HASH, &k, &v), 0);
	ck_assert_int_eq(exopf_map_next_key(p, HASH, NULL, &next), 0);
	ck_assert_uint_eq(next, 1);
}
END_TEST

/* Images that say of maps what cannot be. */
/* --- programs in slots ---------------------------------------------------------- */

static int put(
    uint32_t map, uint32_t slot, const char *text, struct exopf_report *report)
{
	struct exo_insn insns[TWORLD_INSNS];
	uint32_t n = text == NULL ? 0 : tworld_asm(text, insns);

	return exopf_map_set_program(
	    p, map, slot, insns, n * sizeof(*insns), report);
}

/* Its result is the packet's first byte and a number. */
#define FIRST(plus)                                                        \
	"r6 = *(u32 *)(r1 + 0)\nr7 = *(u32 *)(r1 + 4)\nr2 = r6\nr2 += 1\n" \
	"r0 = 0\nif r2 > r7 goto out\nr0 = *(u8 *)(r6 + 0)\nr0 += " #plus  \
	"\nout: exit\n"

START_TEST(t_slots)
{
	struct exopf_report report;
	struct exopf_facts before, with;

	ck_assert_int_eq(exopf_set_engine(p, (enum exopf_engine)_i), 0);
	exopf_facts(p, &before);
	ck_assert_int_eq(put(PROGS, 1, FIRST(100), &report), 0);
	ck_assert_uint_eq(packet(7), 107);
	exopf_facts(p, &with);
	ck_assert_uint_eq(with.max_steps, before.max_steps + 33 * 9);
	ck_assert_uint_gt(with.memory, before.memory);
	ck_assert_int_eq(put(PROGS, 1, FIRST(50), NULL), 0);
	ck_assert_uint_eq(packet(7), 57);
	ck_assert_int_eq(put(PROGS, 0, FIRST(10), NULL), 0);
	ck_assert_uint_eq(packet(7), 57);
	/* it has the maps: of the first byte, 7 were counted */
	ck_assert_int_eq(
	    put(PROGS, 1,
	        "*(u32 *)(r10 - 4) = 7\nr1 = map[idx:0]\nr2 = r10\nr2 += -4\n"
	        "call map_lookup_elem\nif r0 == 0 goto out\n"
	        "r0 = *(u64 *)(r0 + 0)\nout: exit\n",
	        &report),
	    0);
	ck_assert_uint_eq(packet(7), 4);
	ck_assert_int_eq(put(PROGS, 1, NULL, NULL), 0);
	ck_assert_int_eq(put(PROGS, 0, NULL, NULL), 0);
	ck_assert_uint_eq(packet(7), 2);
	exopf_facts(p, &with);
	ck_assert_uint_eq(with.memory, before.memory);
	ck_assert_uint_eq(with.max_steps, before.max_steps);
}
END_TEST

/* A program that does not change packets calls one that does: the caller's own
 * stays as it is. */
START_TEST(t_slots_change_packets)
{
	uint8_t bytes[20] = { 7, 9 };
	const struct exopf_packet pkt = { bytes, sizeof(bytes), 0, 0, 0 };
	struct exopf_result result;

	ck_assert_int_eq(exopf_set_engine(p, (enum exopf_engine)_i), 0);
	ck_assert_int_eq(
	    put(PROGS, 1,
	        "r6 = *(u32 *)(r1 + 0)\nr7 = *(u32 *)(r1 + 4)\nr2 = r6\n"
	        "r2 += 1\nif r2 > r7 goto out\n*(u8 *)(r6 + 0) = 77\n"
	        "r2 = -2\ncall xdp_adjust_head\nout: r0 = 3\nexit\n",
	        NULL),
	    0);
	ck_assert_int_eq(exopf_run_packet_result(p, &pkt, &result), 0);
	ck_assert_uint_eq(result.r0, 3);
	ck_assert_uint_eq(result.caplen, 22);
	ck_assert_uint_eq(((const uint8_t *)result.data)[2], 77);
	ck_assert_uint_eq(bytes[0], 7);
}
END_TEST

START_TEST(t_slots_refuse)
{
	static const uint8_t odd[9];
	struct exopf_report report;

	ck_assert_int_eq(put(PROGS, 1, FIRST(100), NULL), 0);
	ck_assert_int_eq(put(PROGS, 2, FIRST(1), &report), EXOPF_EINVAL);
	ck_assert_int_eq(put(COUNTS, 0, FIRST(1), &report), EXOPF_EINVAL);
	ck_assert_int_eq(put(NMAPS, 0, FIRST(1), &report), EXOPF_EINVAL);
	ck_assert_int_eq(put(NMAPS, 0, NULL, &report), EXOPF_EINVAL);
	ck_assert_int_eq(
	    exopf_map_set_program(p, PROGS, 1, odd, 9, &report), EXOPF_EINVAL);
	ck_assert_int_eq(
	    put(PROGS, 1, "r0 = 0\nr0 = map[idx:9]\nexit\n", &report),
	    EXOPF_EREFUSED);
	ck_assert_uint_eq(report.insn, 1);
	ck_assert_uint_ne(report.code, 0);
	ck_assert_str_ne(report.text, "");
	ck_assert_uint_eq(packet(7), 107); /* what was there stays */
}
END_TEST

/* The limit of steps is for all that a run can call. */
START_TEST(t_slots_have_the_limit)
{
	struct exopf_options opt = { .size = sizeof(opt) };
	struct flt_image img = image_of(NULL, 0);
	struct exopf_report report;
	struct exopf_facts facts;

	exopf_facts(p, &facts);
	exopf_free(p);
	opt.max_steps = facts.max_steps + 33 * 9;
	ck_assert_int_eq(
	    exopf_load_image_with(img.bytes, img.size, &opt, &report, &p), 0);
	ck_assert_int_eq(put(PROGS, 1, FIRST(1), &report), 0);
	ck_assert_int_eq(
	    put(PROGS, 1, "r0 = 0\n" FIRST(1), &report), EXOPF_EBUDGET);
	ck_assert_str_ne(report.text, "");
	ck_assert_uint_eq(packet(7), 8);
	flt_image_free(&img);
}
END_TEST

/* Nobody takes away what runs: the program in the slot asks for it itself. */
static exopf_program *self;
static int self_answer;

static int ask_self(void *arg, uint32_t map, const void *data, uint32_t size,
    const void *pkt, uint32_t n)
{
	(void)arg;
	(void)map;
	(void)data;
	(void)size;
	(void)pkt;
	(void)n;
	self_answer = exopf_map_set_program(self, 0, 1, NULL, 0, NULL);
	return 0;
}

START_TEST(t_slots_stay_in_a_run)
{
	static const struct exopf_map_def two[] = {
		{ EXOPF_MAP_PROG_ARRAY, 4, 4, 2, 0 },
		{ EXOPF_MAP_PERF_EVENT_ARRAY, 4, 4, 1, 0 },
	};
	const struct exopf_options opt = {
		.size = sizeof(opt), .maps = two, .n_maps = 2, .event = ask_self
	};
	static const char first[] =
	    "r2 = map[idx:0]\nr3 = 1\ncall tail_call\nr0 = 1\nexit\n";
	static const char asks[] =
	    "*(u64 *)(r10 - 8) = 0\nr2 = map[idx:1]\nr3 = 0\nr4 = r10\n"
	    "r4 += -8\nr5 = 8\ncall perf_event_output\nr0 = 2\nexit\n";
	struct exo_insn insns[TWORLD_INSNS];
	const struct exopf_packet pkt = { "x", 1, 0, 0, 0 };
	uint64_t r0;

	ck_assert_int_eq(
	    exopf_load_with(insns, tworld_asm(first, insns) * sizeof(*insns),
	        EXOPF_TYPE_XDP, &opt, NULL, &self),
	    0);
	ck_assert_int_eq(exopf_map_set_program(self, 0, 1, insns,
	                     tworld_asm(asks, insns) * sizeof(*insns), NULL),
	    0);
	ck_assert_int_eq(exopf_set_engine(self, (enum exopf_engine)_i), 0);
	self_answer = 0;
	ck_assert_int_eq(exopf_run_packet(self, &pkt, &r0), 0);
	ck_assert_uint_eq(r0, 2);
	ck_assert_int_eq(self_answer, EXOPF_EINVAL);
	ck_assert_int_eq(exopf_map_set_program(self, 0, 1, NULL, 0, NULL), 0);
	ck_assert_int_eq(exopf_run_packet(self, &pkt, &r0), 0);
	ck_assert_uint_eq(r0, 1);
	exopf_free(self);
}
END_TEST

/* Steps of a run are a number, however many there are. */
START_TEST(t_slots_of_many_steps)
{
	static const char nested[] =
	    "r1 = 8388608\nr2 = subprog[f]\nr3 = 0\nr4 = 0\ncall loop\n"
	    "r0 = 3\nexit\nf:\nr1 = 8388608\nr2 = subprog[g]\nr3 = 0\n"
	    "r4 = 0\ncall loop\nr0 = 1\nexit\ng:\nr1 = 4000\n"
	    "r2 = subprog[h]\nr3 = 0\nr4 = 0\ncall loop\nr0 = 1\nexit\n"
	    "h:\nr0 = 1\nexit\n";
	struct exopf_facts facts;

	ck_assert_int_eq(put(PROGS, 1, nested, NULL), 0);
	exopf_facts(p, &facts);
	ck_assert_uint_ge(facts.max_steps, (uint64_t)1 << 63);
	ck_assert_int_eq(exopf_set_engine(p, EXOPF_ENGINE_INTERP), 0);
	ck_assert_uint_eq(packet(7), 3);
}
END_TEST

/* An image brings them. */
START_TEST(t_slots_of_an_image)
{
	struct exo_insn insns[2 * TWORLD_INSNS];
	uint32_t n = tworld_asm(COUNT, insns);
	const struct exo_image_tail tail = { n, PROGS, 1, 0 };
	const struct flt_whole parts = { .type = EXO_PROG_XDP,
		.insns = insns,
		.n = n + tworld_asm(FIRST(100), insns + n),
		.maps = defs,
		.nmaps = NMAPS,
		.tails = &tail,
		.ntails = 1 };
	struct exopf_report report;
	struct flt_image img;
	struct flt_error err;

	exopf_free(p);
	ck_assert_int_eq(flt_image_whole(&parts, &img, &err), 0);
	ck_assert_int_eq(exopf_load_image(img.bytes, img.size, &report, &p), 0);
	ck_assert_int_eq(exopf_set_engine(p, (enum exopf_engine)_i), 0);
	ck_assert_uint_eq(packet(7), 107);
	exopf_free(p);
	insns[n].code = 0xff;
	flt_image_free(&img);
	ck_assert_int_eq(flt_image_whole(&parts, &img, &err), 0);
	ck_assert_int_eq(
	    exopf_load_image(img.bytes, img.size, &report, &p), EXOPF_EREFUSED);
	ck_assert_uint_eq(report.insn, n);
	flt_image_free(&img);
}
END_TEST

START_TEST(t_hostile_images)
{
	static const uint8_t nine[9] = { 1 };
	const struct flt_init bad[] = { { COUNTS, nine, 9 },
		{ HASH, nine, 1 } };
	struct exopf_report report;
	struct flt_image img;
	uint8_t *kind;

	for (unsigned i = 0; i < 2; i++) {
		exopf_free(p);
		img = image_of(&bad[i], 1);
		ck_assert_int_eq(
		    exopf_load_image(img.bytes, img.size, &report, &p),
		    EXOPF_EIMAGE);
		ck_assert_ptr_null(p);
		ck_assert_str_ne(report.text, "");
		flt_image_free(&img);
	}
	img = image_of(NULL, 0);
	kind = memmem(img.bytes, img.size, &defs[HASH], sizeof(defs[HASH]));
	ck_assert_ptr_nonnull(kind);
	kind[0] = 99;
	ck_assert_int_eq(
	    exopf_load_image(img.bytes, img.size, &report, &p), EXOPF_EIMAGE);
	kind[0] = EXO_MAP_HASH;
	memset(kind + 8, 0xff, 4); /* bytes of a value */
	ck_assert_int_eq(
	    exopf_load_image(img.bytes, img.size, &report, &p), EXOPF_E2BIG);
	ck_assert_str_ne(report.text, "");
	flt_image_free(&img);
}
END_TEST

static int whole_life(void *arg)
{
	const struct flt_image *img = arg;
	const struct exopf_packet pkt = { "x", 1, 0, 0, 0 };
	exopf_program *q;
	uint64_t r0;
	int ret = exopf_load_image(img->bytes, img->size, NULL, &q);

	if (ret == 0)
		ret = exopf_run_packet(q, &pkt, &r0);
	exopf_free(q);
	return ret;
}

START_TEST(t_memory_runs_out)
{
	struct flt_image img = image_of(NULL, 0);

	test_oom_loop(whole_life, &img);
	flt_image_free(&img);
}
END_TEST

Suite *t_exopf_map_suite(void)
{
	Suite *s = suite_create("t_exopf_map");
	TCase *tc = tcase_create("maps"), *oom = tcase_create("oom");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_loop_test(
	    tc, t_counts, EXOPF_ENGINE_JIT, EXOPF_ENGINE_INTERP + 1);
	tcase_add_test(tc, t_engines_share);
	tcase_add_test(tc, t_info);
	tcase_add_test(tc, t_names);
	tcase_add_test(tc, t_hash);
	tcase_add_test(tc, t_others);
	tcase_add_test(tc, t_constants);
	tcase_add_test(tc, t_no_such_map);
	tcase_add_loop_test(
	    tc, t_slots, EXOPF_ENGINE_JIT, EXOPF_ENGINE_INTERP + 1);
	tcase_add_loop_test(tc, t_slots_change_packets, EXOPF_ENGINE_JIT,
	    EXOPF_ENGINE_INTERP + 1);
	tcase_add_loop_test(tc, t_slots_stay_in_a_run, EXOPF_ENGINE_JIT,
	    EXOPF_ENGINE_INTERP + 1);
	tcase_add_test(tc, t_slots_of_many_steps);
	tcase_add_test(tc, t_slots_refuse);
	tcase_add_test(tc, t_slots_have_the_limit);
	tcase_add_loop_test(
	    tc, t_slots_of_an_image, EXOPF_ENGINE_JIT, EXOPF_ENGINE_INTERP + 1);
	tcase_add_test(tc, t_busy);
	tcase_add_test(tc, t_hostile_images);
	suite_add_tcase(s, tc);
	tcase_add_test(oom, t_memory_runs_out);
	suite_add_tcase(s, oom);
	return s;
}
