/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that the library's programs change, and what runs leave of them. */
#include <check.h>
#include <exopf/exopf.h>
#include <string.h>

#include "tests/support/oom.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

static exopf_program *load(const char *text, enum exopf_type type, int engine)
{
	struct exo_insn insns[TWORLD_INSNS];
	uint32_t n = tworld_asm(text, insns);
	struct exopf_report report;
	exopf_program *p;
	int ret = exopf_load(insns, n * sizeof(*insns), type, &report, &p);

	ck_assert_msg(ret == 0, "%s: %s", exopf_strerror(ret), report.text);
	ck_assert_int_eq(exopf_set_engine(p, (enum exopf_engine)engine), 0);
	return p;
}

/* Four bytes more in front, which it writes; two more behind; metadata. */
#define ADJUST                                                             \
	"r6 = r1\nr2 = -4\ncall xdp_adjust_head\nr1 = r6\nr2 = 2\n"        \
	"call xdp_adjust_tail\nr1 = r6\nr2 = -8\ncall xdp_adjust_meta\n"   \
	"r2 = *(u32 *)(r6 + 0)\nr3 = *(u32 *)(r6 + 4)\nr4 = r2\nr4 += 4\n" \
	"if r4 > r3 goto out\n*(u32 *)(r2 + 0) = 0x44332211\n"             \
	"r4 = *(u32 *)(r6 + 8)\nr5 = r4\nr5 += 8\nif r5 > r2 goto out\n"   \
	"*(u8 *)(r4 + 0) = 7\nout:\nr0 = 3\nexit\n"

START_TEST(t_xdp)
{
	static const char bytes[20] = "a packet to be seen";
	struct exopf_packet pkt = { bytes, 20, 100, 1, 0x800 };
	exopf_program *p = load(ADJUST, EXOPF_TYPE_XDP, _i);
	struct exopf_result res;
	struct exopf_facts facts;
	const uint8_t *now;
	uint64_t r0;

	exopf_facts(p, &facts);
	ck_assert_int_eq(facts.writes_packet, 1);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(exopf_run_packet_result(p, &pkt, &res), 0);
		ck_assert_uint_eq(res.r0, 3);
		ck_assert_uint_eq(res.caplen, 26);
		ck_assert_uint_eq(res.wirelen, 106);
		ck_assert_uint_eq(res.meta, 8);
		ck_assert_uint_eq(res.protocol, 0x800);
		now = res.data;
		ck_assert_mem_eq(now, "\x11\x22\x33\x44", 4);
		ck_assert_mem_eq(now + 4, bytes, 20);
		ck_assert_mem_eq(now + 24, "\0\0", 2);
		ck_assert_mem_eq(now - 8, "\7\0\0\0\0\0\0\0", 8);
		ck_assert_str_eq(bytes, "a packet to be seen");
		ck_assert_int_eq(exopf_run_packet(p, &pkt, &r0), 0);
		ck_assert_uint_eq(r0, 3);
	}
	pkt.caplen = pkt.wirelen = INT32_MAX - 1023; /* no room about it */
	ck_assert_int_eq(exopf_run_packet_result(p, &pkt, &res), EXOPF_EINVAL);
	ck_assert_ptr_null(res.data);
	exopf_free(p);
}
END_TEST

/* What may not write sees the packet itself. */
START_TEST(t_same_packet)
{
	const struct exopf_packet pkt = { "abc", 3, 9, 0, 0 };
	exopf_program *p = load("r0 = 1\nexit\n", EXOPF_TYPE_SOCKET, _i);
	struct exopf_result res;

	ck_assert_int_eq(exopf_run_packet_result(p, &pkt, &res), 0);
	ck_assert_ptr_eq(res.data, pkt.data);
	ck_assert_uint_eq(res.caplen, 3);
	ck_assert_uint_eq(res.wirelen, 9);
	ck_assert_uint_eq(res.meta, 0);
	exopf_free(p);
	p = load("r0 = 1\nexit\n", EXOPF_TYPE_MEM, _i);
	ck_assert_int_eq(exopf_run_packet_result(p, &pkt, &res), EXOPF_EINVAL);
	ck_assert_uint_eq(res.r0, 0);
	exopf_free(p);
}
END_TEST

/* Fields of its context, and bytes by a helper. */
START_TEST(t_tc)
{
	struct exopf_packet pkt = { "abcdefghijklmnop", 16, 0, 0, 0 };
	exopf_program *p = load("r6 = r1\n*(u32 *)(r6 + 8) = 1\n"
	                        "*(u32 *)(r6 + 12) = 2\n"
	                        "*(u32 *)(r6 + 32) = 3\n"
	                        "*(u32 *)(r6 + 44) = 4\n"
	                        "*(u32 *)(r6 + 72) = 5\n"
	                        "*(u64 *)(r6 + 152) = 6\n"
	                        "*(u16 *)(r10 - 8) = 0x5958\nr2 = 3\nr3 = r10\n"
	                        "r3 += -8\nr4 = 2\nr5 = 0\n"
	                        "call skb_store_bytes\nexit\n",
	    EXOPF_TYPE_TC, _i);
	struct exopf_result res;

	ck_assert_int_eq(exopf_run_packet_result(p, &pkt, &res), 0);
	ck_assert_uint_eq(res.r0, 0);
	ck_assert_uint_eq(res.mark, 1);
	ck_assert_uint_eq(res.queue_mapping, 2);
	ck_assert_uint_eq(res.priority, 3);
	ck_assert_uint_eq(res.tc_index, 4);
	ck_assert_uint_eq(res.tc_classid, 5);
	ck_assert_uint_eq(res.tstamp, 6);
	ck_assert_mem_eq(res.data, "abcXYfghijklmnop", 16);
	pkt.caplen = 0; /* nothing to write to, and fields begin anew */
	ck_assert_int_eq(exopf_run_packet_result(p, &pkt, &res), 0);
	ck_assert_int_eq((int64_t)res.r0, -14);
	ck_assert_uint_eq(res.caplen, 0);
	ck_assert_ptr_nonnull(res.data);
	exopf_free(p);
}
END_TEST

struct code {
	struct exo_insn insns[TWORLD_INSNS];
	uint32_t n;
};

/* No assertions here: they take memory. */
static int run_once(void *arg)
{
	const struct exopf_packet pkt = { "a packet of 20 bytes", 20, 0, 0, 0 };
	const struct code *code = arg;
	struct exopf_result res;
	exopf_program *p;
	int ret = exopf_load(code->insns, code->n * sizeof(code->insns[0]),
	    EXOPF_TYPE_XDP, NULL, &p);

	if (ret == 0)
		ret = exopf_run_packet_result(p, &pkt, &res);
	if (ret != 0 && ret != EXOPF_ENOMEM)
		ret = -4711;
	exopf_free(p);
	return ret;
}

START_TEST(t_memory_runs_out)
{
	struct code code;

	code.n = tworld_asm(ADJUST, code.insns);
	test_oom_loop(run_once, &code);
}
END_TEST

Suite *t_exopf_run_suite(void)
{
	Suite *s = suite_create("t_exopf_run");
	TCase *tc = tcase_create("runs"), *oom = tcase_create("oom");

	tcase_add_loop_test(
	    tc, t_xdp, EXOPF_ENGINE_JIT, EXOPF_ENGINE_INTERP + 1);
	tcase_add_loop_test(
	    tc, t_same_packet, EXOPF_ENGINE_JIT, EXOPF_ENGINE_INTERP + 1);
	tcase_add_loop_test(
	    tc, t_tc, EXOPF_ENGINE_JIT, EXOPF_ENGINE_INTERP + 1);
	suite_add_tcase(s, tc);
	tcase_add_test(oom, t_memory_runs_out);
	suite_add_tcase(s, oom);
	return s;
}
