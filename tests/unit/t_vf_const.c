/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads from maps that never change: what is known of them, and what the proven
 * program has in their place. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/ctx.h"
#include "exo/abi/err.h"
#include "exo/core/image.h"
#include "exo/core/world.h"
#include "exo/isa/text.h"
#include "filters/filters.h"
#include "tests/support/tworld.h"
#include "verifier/verifier.h"

static const uint8_t bytes[12] = { 0x50, 0, 0xfe, 0xff, 1, 2, 3, 0x84, 5, 6, 7,
	8 };

/* 0 never changes; it is said of the others, too, and means nothing there. */
static const struct exo_map_def maps[] = {
	{ EXO_MAP_ARRAY, 4, 24, 1, EXO_MAP_RDONLY_PROG },
	{ EXO_MAP_ARRAY, 4, 24, 1, 0 },
	{ EXO_MAP_ARRAY, 4, 24, 2, EXO_MAP_RDONLY_PROG },
	{ EXO_MAP_HASH, 4, 24, 1, EXO_MAP_RDONLY_PROG },
	{ EXO_MAP_ARRAY, 4, 24, 1, EXO_MAP_RDONLY_PROG },
	{ EXO_MAP_ARRAY, 4, 24, 1, EXO_MAP_RDONLY_PROG },
};
#define MAPS 6u
static const struct vf_const consts[] = {
	{ 0, 12, bytes },
	{ 1, 12, bytes },
	{ 2, 12, bytes },
	{ 3, 12, bytes },
	{ 5, 10, (const uint8_t *)"%d%%%u\0%x" },
};

static struct exo_insn insns[TWORLD_INSNS];
static struct exo_mem mem;

static struct vf_prog *verify(const char *text, struct exo_report *report)
{
	const struct vf_limits limits = VF_LIMITS_TOOL;
	const struct vf_input in = { .insns = insns,
		.ninsns = tworld_asm(text, insns),
		.type = EXO_PROG_XDP,
		.maps = maps,
		.nmaps = MAPS,
		.consts = consts,
		.nconsts = 5 };
	struct vf_prog *prog;

	mem = tworld_mem();
	(void)vf_verify(&in, &limits, &mem, &prog, report);
	return prog;
}

/* What a program has at one place once it is proven. */
static void becomes(const char *text, uint32_t at, const char *want)
{
	struct exo_report report;
	struct vf_prog *p = verify(text, &report);
	const struct exo_insn *now;
	struct exo_fmt f;
	char is[64];
	uint32_t n;

	ck_assert_msg(
	    p != NULL, "VF%u at %u: %s", report.code, report.insn, text);
	now = vf_prog_insns(p, &n);
	exo_fmt_init(&f, is, sizeof(is));
	isa_disasm(&f, now, n, at);
	ck_assert_msg(strcmp(is, want) == 0, "%s: %s, not %s", text, is, want);
	for (uint32_t i = 0; i < n; i++)
		ck_assert(
		    i == at || memcmp(&now[i], &insns[i], sizeof(now[i])) == 0);
	vf_prog_free(p, &mem);
}

static const struct {
	const char *load, *want;
} known[] = {
	{ "r0 = *(u16 *)(r1 +0)", "w0 = 80" },
	{ "r0 = *(u8 *)(r1 +2)", "w0 = 254" },
	{ "r3 = *(u16 *)(r1 +2)", "w3 = 65534" },
	{ "r0 = *(u32 *)(r1 +4)", "w0 = -2080177663" },
	{ "r0 = *(s8 *)(r1 +2)", "r0 = -2" },
	{ "r0 = *(s16 *)(r1 +2)", "r0 = -2" },
	{ "r0 = *(s32 *)(r1 +4)", "r0 = -2080177663" },
	{ "r1 = *(u8 *)(r1 +7)", "w1 = 132" },
	/* behind what is said of it there are zeroes */
	{ "r0 = *(u32 *)(r1 +10)", "w0 = 2055" },
	{ "r0 = *(u64 *)(r1 +16)", "w0 = 0" },
	/* a number that takes two instructions is only known */
	{ "r0 = *(u64 *)(r1 +0)", "r0 = *(u64 *)(r1 +0)" },
};

START_TEST(what_is_known)
{
	char text[128];

	snprintf(text, sizeof(text), "r1 = map[idx:0][0]+0\n%s\nr0 = 1\nexit",
	    known[_i].load);
	becomes(text, 2, known[_i].want);
	/* the same through a pointer that was moved */
	snprintf(text, sizeof(text),
	    "r1 = map[idx:0][0]+20\nr2 = -20\nr1 += r2\n%s\nr0 = 1\nexit",
	    known[_i].load);
	becomes(text, 4, known[_i].want);
}
END_TEST

/* Of these nothing is known: programs write them, they have another element, or
 * may have none; or it is not said of them. */
START_TEST(what_is_not_known)
{
	static const char *const base[] = { "map[idx:1][0]+0",
		"map[idx:4][0]+0" };
	char text[256];

	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof(text),
		    "r1 = %s\nr0 = *(u16 *)(r1 +0)\nexit", base[i]);
		becomes(text, 2, "r0 = *(u16 *)(r1 +0)");
	}
	for (int i = 2; i < 4; i++) {
		snprintf(text, sizeof(text),
		    "*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\n"
		    "r1 = map[idx:%d]\ncall map_lookup_elem\n"
		    "if r0 == 0 goto +1\nr0 = *(u16 *)(r0 +0)\nexit",
		    i);
		becomes(text, 7, "r0 = *(u16 *)(r0 +0)");
	}
	/* the only element of an array is found by its key, too */
	becomes("*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\n"
	        "r1 = map[idx:0]\ncall map_lookup_elem\n"
	        "if r0 == 0 goto +1\nr0 = *(u16 *)(r0 +0)\nexit",
	    7, "w0 = 80");
}
END_TEST

/* One instruction on several ways. */
static const struct {
	const char *text, *want;
	uint32_t at;
} ways[] = {
	/* another place */
	{ "r1 = *(u32 *)(r1 +16)\nr2 = map[idx:0][0]+0\n"
	  "if r1 == 0 goto +1\nr2 += 4\nr0 = *(u16 *)(r2 +0)\nexit",
	    "r0 = *(u16 *)(r2 +0)", 5 },
	/* another place, the same number */
	{ "r1 = *(u32 *)(r1 +16)\nr2 = map[idx:0][0]+16\n"
	  "if r1 == 0 goto +1\nr2 += 4\nr0 = *(u16 *)(r2 +0)\nexit",
	    "w0 = 0", 5 },
	/* what is known first, then what is not; and the other way round */
	{ "r1 = *(u32 *)(r1 +16)\nr2 = map[idx:0][0]+0\n"
	  "if r1 == 0 goto +2\nr2 = map[idx:1][0]+0\n"
	  "r0 = *(u16 *)(r2 +0)\nexit",
	    "r0 = *(u16 *)(r2 +0)", 6 },
	{ "r1 = *(u32 *)(r1 +16)\nr2 = map[idx:1][0]+0\n"
	  "if r1 == 0 goto +2\nr2 = map[idx:0][0]+0\n"
	  "r0 = *(u16 *)(r2 +0)\nexit",
	    "r0 = *(u16 *)(r2 +0)", 6 },
	/* the packet */
	{ "r2 = *(u32 *)(r1 +0)\nr3 = *(u32 *)(r1 +4)\nr4 = r2\nr4 += 2\n"
	  "if r4 <= r3 goto +2\n"
	  "r2 = map[idx:0][0]+0\nr0 = *(u16 *)(r2 +0)\nexit",
	    "r0 = *(u16 *)(r2 +0)", 7 },
	/* the stack */
	{ "*(u64 *)(r10 -8) = 7\nr1 = *(u32 *)(r1 +16)\nr2 = r10\nr2 += -8\n"
	  "if r1 == 0 goto +2\nr2 = map[idx:0][0]+0\n"
	  "r0 = *(u16 *)(r2 +0)\nexit",
	    "r0 = *(u16 *)(r2 +0)", 7 },
	/* a place that is not one */
	{ "r1 = *(u32 *)(r1 +16)\nr1 &= 3\nr2 = map[idx:0][0]+0\nr2 += r1\n"
	  "r0 = *(u16 *)(r2 +0)\nexit",
	    "r0 = *(u16 *)(r2 +0)", 5 },
};

START_TEST(on_several_ways)
{
	becomes(ways[_i].text, ways[_i].at, ways[_i].want);
}
END_TEST

/* A bound of a loop that stands in such a map, and ways that are none. */
START_TEST(it_is_used)
{
	static const char loop[] = "r2 = map[idx:0][0]+0\n"
	                           "r0 = 0\n"
	                           "more:\n"
	                           "r3 = *(u16 *)(r2 +0)\n"
	                           "r0 += 1\n"
	                           "if r0 < r3 goto more\n"
	                           "exit\n";
	static const char dead[] = "r2 = map[idx:0][0]+0\n"
	                           "r3 = *(u8 *)(r2 +1)\n"
	                           "r0 = 0\n"
	                           "if r3 == 0 goto +1\n"
	                           "r0 = *(u64 *)(r3 +0)\n"
	                           "exit\n";
	struct exo_report report;
	struct vf_prog *p = verify(loop, &report);

	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(vf_prog_facts(p)->max_steps, 2 + 3 * 80 + 1);
	ck_assert(vf_prog_facts(p)->pure);
	vf_prog_free(p, &mem);
	p = verify(dead, &report);
	ck_assert_ptr_nonnull(p);
	vf_prog_free(p, &mem);
	/* outside of it is outside of it */
	p = verify(
	    "r2 = map[idx:0][0]+0\nr0 = *(u16 *)(r2 +23)\nexit", &report);
	ck_assert_ptr_null(p);
	ck_assert_uint_eq(report.code, VF_VALUE_OOB);
}
END_TEST

/* Of what a format prints, only what it has a place for must be there. */
static const struct {
	const char *text;
	uint32_t code; /* 0: accepted */
} prints[] = {
	{ "r1 = map[idx:0][0]+0\nr2 = 2\ncall trace_printk\nexit", 0 },
	{ "r1 = map[idx:5][0]+0\nr2 = 7\nr3 = 1\nr4 = 2\ncall "
	  "trace_printk\nexit",
	    0 },
	{ "r1 = map[idx:5][0]+0\nr2 = 24\nr3 = 1\nr4 = 2\ncall trace_printk\n"
	  "exit",
	    0 },
	{ "r1 = map[idx:5][0]+0\nr2 = 7\nr3 = 1\ncall trace_printk\nexit",
	    VF_UNINIT_REG },
	{ "r1 = map[idx:5][0]+2\nr2 = 5\nr3 = 1\ncall trace_printk\nexit", 0 },
	{ "r1 = map[idx:5][0]+2\nr2 = 5\ncall trace_printk\nexit",
	    VF_UNINIT_REG },
	/* two of it: no number; but it has no end there */
	{ "r1 = map[idx:5][0]+2\nr2 = 2\ncall trace_printk\nexit", 0 },
	/* what is not known may have three */
	{ "r1 = map[idx:4][0]+0\nr2 = 2\nr3 = 1\nr4 = 2\ncall trace_printk\n"
	  "exit",
	    VF_UNINIT_REG },
	{ "r6 = *(u32 *)(r1 +16)\nr6 &= 3\nr1 = map[idx:5][0]+0\nr1 += r6\n"
	  "r2 = 7\nr3 = 1\nr4 = 2\ncall trace_printk\nexit",
	    VF_UNINIT_REG },
	{ "r2 = *(u32 *)(r1 +16)\nr2 &= 3\nr2 += 1\nr1 = map[idx:5][0]+0\n"
	  "r3 = 1\nr4 = 2\ncall trace_printk\nexit",
	    VF_UNINIT_REG },
};

START_TEST(what_is_printed)
{
	struct exo_report report;
	struct vf_prog *p = verify(prints[_i].text, &report);

	ck_assert_uint_eq(report.code, prints[_i].code);
	ck_assert_int_eq(p == NULL, prints[_i].code != 0);
	vf_prog_free(p, &mem);
}
END_TEST

/* An image tells which maps stay as they begin, and a world sees to it. */
START_TEST(who_says_so)
{
	static const uint32_t key;
	static const uint8_t other[24] = { 9 };
	const struct exo_insn exit[] = { { 0xb7, 0, 0, 1 }, { 0x95, 0, 0, 0 } };
	const struct flt_init init[] = { { 0, bytes, 12 }, { 1, bytes, 12 } };
	const struct flt_whole parts = { .type = EXO_PROG_XDP,
		.insns = exit,
		.n = 2,
		.maps = maps,
		.nmaps = 5,
		.init = init,
		.ninit = 2 };
	struct vf_const c[EXO_MAPS_MAX];
	struct tworld t = { .compiles = false };
	struct flt_image whole;
	struct flt_error err;
	struct exo_image img;
	uint8_t value[24];
	uint32_t bad;

	ck_assert_int_eq(flt_image_whole(&parts, &whole, &err), 0);
	ck_assert_int_eq(
	    exo_image_parse(whole.bytes, whole.size, &img, &bad), 0);
	ck_assert_uint_eq(exo_image_consts(&img, c), 1);
	ck_assert(c[0].map == 0 && c[0].n == 12);
	ck_assert_mem_eq(c[0].bytes, bytes, 12);
	tworld_new(&t, maps, 5);
	ck_assert_int_eq(exo_world_begin(t.w, &img), 0);
	ck_assert_int_eq(exo_world_update(t.w, 0, &key, other), -EXO_EPERM);
	ck_assert_int_eq(exo_world_update(t.w, 1, &key, other), 0);
	ck_assert_int_eq(exo_world_update(t.w, 4, &key, other), 0);
	ck_assert_int_eq(exo_world_lookup(t.w, 0, &key, value), 0);
	ck_assert_mem_eq(value, bytes, 12);
	ck_assert_uint_eq(value[12], 0);
	tworld_end(&t);
	flt_image_free(&whole);
}
END_TEST

Suite *t_vf_const_suite(void)
{
	Suite *s = suite_create("vf_const");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(
	    tc, what_is_known, 0, (int)(sizeof(known) / sizeof(known[0])));
	tcase_add_test(tc, what_is_not_known);
	tcase_add_loop_test(
	    tc, on_several_ways, 0, (int)(sizeof(ways) / sizeof(ways[0])));
	tcase_add_test(tc, it_is_used);
	tcase_add_loop_test(
	    tc, what_is_printed, 0, (int)(sizeof(prints) / sizeof(prints[0])));
	tcase_add_test(tc, who_says_so);
	suite_add_tcase(s, tc);
	return s;
}
