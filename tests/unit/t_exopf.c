/* SPDX-License-Identifier: BSD-2-Clause */
/* include/exopf/exopf.h: the embeddable library, through its façade. */
#include <check.h>
#include <exopf/exopf.h>
#include <stdlib.h>
#include <string.h>

#include "filters/filters.h"
#include "tests/support/oom.h"

/* r0 = 7; exit */
static const uint8_t seven[16] = { 0xb7, 0, 0, 0, 7, 0, 0, 0, 0x95 };
/* r0 = 0; if r2 != 4 goto exit; r0 = *(u32 *)r1; *(u8 *)r1 = 1; exit */
static const uint8_t memory[40] = { 0xb7, 0, 0, 0, 0, 0, 0, 0, 0x55, 0x02, 2, 0,
	4, 0, 0, 0, 0x61, 0x10, 0, 0, 0, 0, 0, 0, 0x72, 0x01, 0, 0, 1, 0, 0, 0,
	0x95 };
static const uint8_t bare_exit[8] = { 0x95 };

static exopf_program *load(const void *insns, size_t n, enum exopf_type type)
{
	struct exopf_report report;
	exopf_program *p = NULL;
	int ret = exopf_load(insns, n, type, &report, &p);

	ck_assert_msg(ret == 0, "%s: %s", exopf_strerror(ret), report.text);
	ck_assert_uint_eq(report.code, 0);
	ck_assert_ptr_nonnull(p);
	return p;
}

/* A program is compiled; _i is the engine that is to run it. */
static void choose(exopf_program *p, int i)
{
	struct exopf_facts facts;

	exopf_facts(p, &facts);
	ck_assert_uint_gt(facts.code_bytes, 0);
	ck_assert_int_eq(exopf_set_engine(p, (enum exopf_engine)i), 0);
}

START_TEST(runs_over_a_packet)
{
	struct exopf_packet pkt = { "abcd", 4, 0, 0, 0 };
	exopf_program *p = load(seven, sizeof(seven), EXOPF_TYPE_SOCKET);
	struct exopf_facts facts;
	uint64_t r0 = 99;

	choose(p, _i);
	exopf_facts(p, &facts);
	ck_assert_uint_eq(facts.insns, 2);
	ck_assert_uint_ge(facts.max_steps, 2);
	ck_assert_int_eq(facts.reads_packet, 0);
	ck_assert_int_eq(exopf_run_packet(p, &pkt, &r0), 0);
	ck_assert_uint_eq(r0, 7);
	ck_assert_int_eq(exopf_run_memory(p, NULL, 0, &r0), EXOPF_EINVAL);
	pkt.wirelen = 3;
	ck_assert_int_eq(exopf_run_packet(p, &pkt, &r0), EXOPF_EINVAL);
	pkt = (struct exopf_packet){ NULL, 1, 1, 0, 0 };
	ck_assert_int_eq(exopf_run_packet(p, &pkt, &r0), EXOPF_EINVAL);
	pkt = (struct exopf_packet){ NULL, 0, 0, 0, 0 };
	ck_assert_int_eq(exopf_run_packet(p, &pkt, &r0), 0);
	exopf_free(p);
}
END_TEST

START_TEST(runs_over_memory)
{
	uint8_t bytes[4] = { 0x78, 0x56, 0x34, 0x12 };
	exopf_program *p = load(memory, sizeof(memory), EXOPF_TYPE_MEM);
	const struct exopf_packet pkt = { bytes, 4, 4, 0, 0 };
	uint64_t r0 = 0;

	choose(p, _i);
	ck_assert_int_eq(exopf_run_memory(p, bytes, 4, &r0), 0);
	ck_assert_uint_eq(r0, 0x12345678);
	ck_assert_uint_eq(bytes[0], 1);
	ck_assert_int_eq(exopf_run_memory(p, bytes, 3, &r0), 0);
	ck_assert_uint_eq(r0, 0);
	ck_assert_int_eq(exopf_run_packet(p, &pkt, &r0), EXOPF_EINVAL);
	ck_assert_int_eq(exopf_run_memory(p, NULL, 1, &r0), EXOPF_EINVAL);
	exopf_free(p);
}
END_TEST

/* Both engines answer alike, and may be changed at any time. */
START_TEST(engines)
{
	/* r0 = *(u8 *)skb[1]; exit, of which r6 is the context */
	static const uint8_t load_1[24] = { 0xbf, 0x16, 0, 0, 0, 0, 0, 0, 0x30,
		0, 0, 0, 1, 0, 0, 0, 0x95 };
	struct exopf_packet pkt = { "\1\2", 2, 0, 0, 0 };
	exopf_program *p = load(load_1, sizeof(load_1), EXOPF_TYPE_SOCKET);
	int i;

	for (i = 0; i < 4; i++) {
		uint64_t r0 = 99;

		choose(p, i % 2 == 0 ? EXOPF_ENGINE_JIT : EXOPF_ENGINE_INTERP);
		pkt.caplen = 2;
		ck_assert_int_eq(exopf_run_packet(p, &pkt, &r0), 0);
		ck_assert_uint_eq(r0, 2);
		pkt.caplen = 1; /* rejected */
		ck_assert_int_eq(exopf_run_packet(p, &pkt, &r0), 0);
		ck_assert_uint_eq(r0, 0);
	}
	ck_assert_int_eq(
	    exopf_set_engine(p, (enum exopf_engine)0), EXOPF_EINVAL);
	ck_assert_int_eq(
	    exopf_set_engine(p, (enum exopf_engine)3), EXOPF_EINVAL);
	exopf_free(p);
}
END_TEST

START_TEST(refuses_with_a_report)
{
	struct exopf_report report;
	exopf_program *p = (exopf_program *)&report;

	ck_assert_int_eq(
	    exopf_load(bare_exit, 8, EXOPF_TYPE_SOCKET, &report, &p),
	    EXOPF_EREFUSED);
	ck_assert_ptr_null(p);
	ck_assert_uint_eq(report.code, 302);
	ck_assert_uint_eq(report.insn, 0);
	ck_assert_ptr_nonnull(strstr(report.text, "VF302"));
	ck_assert_int_eq(exopf_load(bare_exit, 8, EXOPF_TYPE_SOCKET, NULL, &p),
	    EXOPF_EREFUSED);
	ck_assert_int_eq(exopf_load(NULL, 0, EXOPF_TYPE_SOCKET, &report, &p),
	    EXOPF_EREFUSED);
	ck_assert_uint_eq(report.insn, EXOPF_NOWHERE);
}
END_TEST

/* What the embedder does not give, no program may ask for; else it may. */
START_TEST(refuses_helpers_and_packet_writes)
{
	static const struct {
		uint8_t insns[64];
		size_t n;
	} bad[] = {
		/* call ktime_get_ns; exit */
		{ { 0x85, 0, 0, 0, 5, 0, 0, 0, 0x95 }, 16 },
		/* r0 = 0; r2 = data; r3 = data_end; r4 = r2; r4 += 1;
		 * if r4 > r3 goto exit; *(u8 *)r2 = 1; exit */
		{ { 0xb7, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x12, 0, 0, 0, 0, 0, 0,
		      0x61, 0x13, 4, 0, 0, 0, 0, 0, 0xbf, 0x24, 0, 0, 0, 0, 0,
		      0, 0x07, 4, 0, 0, 1, 0, 0, 0, 0x2d, 0x34, 1, 0, 0, 0, 0,
		      0, 0x72, 2, 0, 0, 1, 0, 0, 0, 0x95 },
		    64 },
	};
	struct exopf_options opt = { .size = sizeof(opt) };
	struct exopf_report report;
	exopf_program *p;
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct exopf_facts facts;

		opt.flags = i == 0 ? EXOPF_NO_HELPERS : EXOPF_NO_PACKET_WRITE;
		ck_assert_int_eq(exopf_load_with(bad[i].insns, bad[i].n,
		                     EXOPF_TYPE_XDP, &opt, &report, &p),
		    EXOPF_EREFUSED);
		ck_assert_uint_eq(report.code, i == 0 ? 513 : 406);
		ck_assert_ptr_null(p);
		p = load(bad[i].insns, bad[i].n, EXOPF_TYPE_XDP);
		exopf_facts(p, &facts);
		ck_assert_int_eq(facts.helpers, i == 0);
		ck_assert_int_eq(facts.writes_packet, i == 1);
		exopf_free(p);
	}
}
END_TEST

START_TEST(refuses_bad_arguments)
{
	struct exopf_report report;
	exopf_program *p;

	ck_assert_int_eq(
	    exopf_load(seven, 15, EXOPF_TYPE_MEM, &report, &p), EXOPF_EINVAL);
	ck_assert_ptr_null(p);
	ck_assert_int_eq(
	    exopf_load(seven, sizeof(seven), (enum exopf_type)0, &report, &p),
	    EXOPF_EINVAL);
	ck_assert_int_eq(
	    exopf_load(seven, sizeof(seven), (enum exopf_type)5, &report, &p),
	    EXOPF_EINVAL);
	ck_assert_int_eq(
	    exopf_load(seven, (size_t)8000008, EXOPF_TYPE_MEM, &report, &p),
	    EXOPF_E2BIG);
	ck_assert_uint_eq(report.code, 0);
	exopf_free(NULL);
}
END_TEST

START_TEST(images)
{
	const struct exopf_packet pkt = { "", 0, 0, 0, 0 };
	struct exopf_report report;
	struct flt_image img;
	struct flt_error err;
	struct exo_insn insns[2];
	exopf_program *p;
	uint64_t r0;
	uint32_t n;

	memcpy(insns, seven, sizeof(seven));
	ck_assert_int_eq(
	    flt_image_write(EXO_PROG_XDP, insns, 2, "seven", NULL, &img, &err),
	    0);
	ck_assert_int_eq(exopf_load_image(img.bytes, img.size, &report, &p), 0);
	ck_assert_int_eq(exopf_run_packet(p, &pkt, &r0), 0);
	ck_assert_uint_eq(r0, 7);
	exopf_free(p);
	for (n = 0; n < img.size; n++) {
		ck_assert_int_eq(
		    exopf_load_image(img.bytes, n, &report, &p), EXOPF_EIMAGE);
		ck_assert_ptr_null(p);
	}
	ck_assert_str_ne(report.text, "");
	flt_image_free(&img);
	ck_assert_int_eq(
	    exopf_load_image(NULL, (size_t)32 << 20, NULL, &p), EXOPF_E2BIG);
}
END_TEST

START_TEST(strings)
{
	static const int all[] = { EXOPF_OK, EXOPF_EINVAL, EXOPF_ENOMEM,
		EXOPF_EPERM, EXOPF_ENOENT, EXOPF_E2BIG, EXOPF_EIMAGE,
		EXOPF_EREFUSED, EXOPF_EBUDGET, EXOPF_ETRAP, EXOPF_ENOENTROPY,
		EXOPF_EEXIST, EXOPF_ENOSPC, EXOPF_EAGAIN };

	ck_assert_str_eq(exopf_version(), EXOPF_VERSION);
	ck_assert_str_eq(exopf_strerror(0), "no error");
	ck_assert_str_ne(exopf_strerror(EXOPF_EREFUSED), "unknown error");
	ck_assert_str_eq(exopf_strerror(-4711), "unknown error");
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		ck_assert_str_ne(exopf_strerror(all[i]), "unknown error");
}
END_TEST

static int load_and_free(void *arg)
{
	exopf_program *p;
	int ret = exopf_load(memory, sizeof(memory), EXOPF_TYPE_MEM, NULL, &p);

	(void)arg;
	exopf_free(p);
	return ret;
}

/* What there is no memory to compile is interpreted, to the same result. */
START_TEST(no_memory_for_code)
{
	uint8_t bytes[4] = { 0x78, 0x56, 0x34, 0x12 };
	unsigned interpreted = 0, n;

	for (n = 1; n < 200; n++) {
		struct exopf_facts facts;
		exopf_program *p;
		uint64_t r0;
		int ret;

		bytes[0] = 0x78;
		test_oom_arm(n, true);
		ret = exopf_load(
		    memory, sizeof(memory), EXOPF_TYPE_MEM, NULL, &p);
		(void)test_oom_disarm();
		if (ret != 0)
			continue;
		exopf_facts(p, &facts);
		if (facts.code_bytes == 0) {
			interpreted++;
			ck_assert_int_eq(exopf_set_engine(p, EXOPF_ENGINE_JIT),
			    EXOPF_ENOMEM);
			ck_assert_int_eq(
			    exopf_set_engine(p, EXOPF_ENGINE_INTERP), 0);
		}
		ck_assert_int_eq(exopf_run_memory(p, bytes, 4, &r0), 0);
		ck_assert_uint_eq(r0, 0x12345678);
		exopf_free(p);
	}
	ck_assert_uint_gt(interpreted, 0);
}
END_TEST

START_TEST(memory_runs_out)
{
	test_oom_loop(load_and_free, NULL);
}
END_TEST

Suite *t_exopf_suite(void)
{
	Suite *s = suite_create("t_exopf");
	TCase *tc = tcase_create("exopf"), *oom = tcase_create("oom");

	tcase_add_loop_test(
	    tc, runs_over_a_packet, EXOPF_ENGINE_JIT, EXOPF_ENGINE_INTERP + 1);
	tcase_add_loop_test(
	    tc, runs_over_memory, EXOPF_ENGINE_JIT, EXOPF_ENGINE_INTERP + 1);
	tcase_add_test(tc, engines);
	tcase_add_test(tc, refuses_with_a_report);
	tcase_add_test(tc, refuses_helpers_and_packet_writes);
	tcase_add_test(tc, refuses_bad_arguments);
	tcase_add_test(tc, images);
	tcase_add_test(tc, strings);
	suite_add_tcase(s, tc);
	tcase_add_test(oom, memory_runs_out);
	tcase_add_test(oom, no_memory_for_code);
	suite_add_tcase(s, oom);
	return s;
}
