/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier's bounds: sizes, budgets, work that stays linear, memory that
 * comes back, facts that travel with a program.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exo/abi/err.h"
#include "exo/isa/interp.h"
#include "exo/isa/text.h"
#include "tests/support/mem.h"
#include "tests/support/oom.h"
#include "verifier/verifier.h"

#define MILLION 1000000u

static struct exo_insn *code;
static uint32_t n;

static void emit(unsigned op, unsigned dst, unsigned src, int off, int32_t imm)
{
	ck_assert_uint_lt(n, MILLION + 2);
	code[n++] = (struct exo_insn){ (uint8_t)op, (uint8_t)(src << 4 | dst),
		(int16_t)off, imm };
}

static void emit_exit(void)
{
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
}

static void begin(void)
{
	code = calloc(MILLION + 2, sizeof(*code));
	ck_assert_ptr_nonnull(code);
	n = 0;
}

static void end(void)
{
	free(code);
	code = NULL;
}

static void assemble(const char *text)
{
	struct isa_asm_error err;

	ck_assert_msg(isa_asm(text, strlen(text), code, MILLION, &n, &err) == 0,
	    "line %u: %s", err.line, err.what);
}

/*
 * Verification
 */

static uint64_t held; /* bytes */

static struct exo_report report;
static struct vf_facts facts;

/* Judge code[0..n) of a type; everything must come back. */
static int judge(uint32_t type, uint64_t explored, uint64_t mem_budget)
{
	struct vf_input in = {
		.insns = code, .ninsns = n, .type = type, .refuse_leaks = true
	};
	struct vf_limits limits = { explored, mem_budget, NULL };
	struct exo_mem mem = mem_heap(&held);
	struct vf_prog *prog = NULL;
	uint32_t size;
	int err = vf_verify(&in, &limits, &mem, &prog, &report);

	ck_assert_uint_eq(mem.used, held);
	if (err == 0) {
		ck_assert_ptr_nonnull(prog);
		ck_assert_uint_ge(held, n * sizeof(*code));
		ck_assert_uint_le(held, n * (sizeof(*code) + 1) + 256);
		ck_assert(memcmp(vf_prog_insns(prog, &size), code,
		              n * sizeof(*code)) == 0);
		ck_assert_uint_eq(size, n);
		facts = *vf_prog_facts(prog);
		ck_assert_uint_le(mem.peak, facts.peak_mem + held);
	} else {
		ck_assert_ptr_null(prog);
		ck_assert_uint_ne(report.code, VF_OK);
	}
	vf_prog_free(prog, &mem);
	ck_assert_uint_eq(mem.used, 0);
	ck_assert_uint_eq(held, 0);
	return err;
}

/*
 * Pauses
 */

static struct {
	uint64_t asked, until;
} hook;

static bool ask(void *arg)
{
	ck_assert_ptr_eq(arg, &hook);
	return ++hook.asked < hook.until;
}

/* Judge it with somebody who is asked; no for an answer from the n-th time on. */
static int judge_asked(uint64_t until)
{
	struct exo_pause pause = { .ask = ask, .arg = &hook };
	struct vf_input in = { .insns = code,
		.ninsns = n,
		.type = EXO_PROG_SOCKET,
		.refuse_leaks = true };
	struct vf_limits limits = { .pause = &pause };
	struct exo_mem mem = mem_heap(&held);
	struct vf_prog *prog = NULL;
	int err;

	hook.asked = 0;
	hook.until = until;
	err = vf_verify(&in, &limits, &mem, &prog, &report);
	ck_assert_int_eq(pause.stopped, hook.asked == until);
	vf_prog_free(prog, &mem);
	ck_assert_uint_eq(held, 0);
	return err;
}

static const char *const asked_of[] = {
	/* straight, a loop, one that does not end, ways that differ */
	"r0 = 0\nr6 = r1\n", "r0 = 0\nl:\nr0 += 1\nif r0 < 500 goto l\n",
	"r0 = 0\nl:\nr0 += 1\nif r0 != 7 goto l\nr0 = 1\nm:\ngoto m\n",
	"r6 = r1\nr7 = 0\n"
};

START_TEST(t_pause)
{
	uint64_t explored, all;
	int err;

	begin();
	assemble(asked_of[_i]);
	for (int i = 0; i < 2000; i++) {
		if (_i == 3 && i % 2 == 0 && i < 60)
			emit(EXO_LD | EXO_ABS | EXO_B, 0, 0, 0, i);
		if (_i == 3 && i < 60)
			emit(EXO_JMP | EXO_JGT | EXO_K, 0, 0, 1, 7);
		emit(EXO_ALU64 | EXO_MOV | EXO_K, 7, 0, 0, i);
	}
	emit(EXO_ALU64 | EXO_MOV | EXO_K, 0, 0, 0, 1);
	emit_exit();
	err = judge(EXO_PROG_SOCKET, 0, 0);
	explored = report.explored;
	ck_assert_int_eq(judge_asked(UINT64_MAX), err);
	ck_assert_uint_eq(report.explored, explored);
	all = hook.asked;
	ck_assert_uint_ge(all, explored / 1000);
	ck_assert_uint_gt(all, 1);
	for (uint64_t k = 1; k <= all; k++) {
		ck_assert_int_eq(judge_asked(k), -EXO_EBUDGET);
		ck_assert_uint_eq(report.code, VF_BUDGET_EXPLORED);
		ck_assert_uint_eq(hook.asked, k);
	}
	ck_assert_int_eq(judge_asked(all + 1), err);
	end();
}
END_TEST

START_TEST(t_sizes)
{
	begin();
	ck_assert_int_eq(judge(EXO_PROG_MEM, 0, 0), -EXO_EREFUSED);
	ck_assert_uint_eq(report.code, VF_EMPTY);
	ck_assert_uint_eq(report.insn, EXO_REPORT_NOWHERE);
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 0);
	emit_exit();
	ck_assert_int_eq(judge(0, 0, 0), -EXO_EREFUSED);
	ck_assert_uint_eq(report.code, VF_BAD_TYPE);
	ck_assert_int_eq(judge(EXO_PROG_TYPE_MAX + 1, 0, 0), -EXO_EREFUSED);
	ck_assert_uint_eq(report.code, VF_BAD_TYPE);
	ck_assert_int_eq(judge(EXO_PROG_TC, 0, 0), 0);
	ck_assert_uint_eq(report.code, VF_OK);
	n = VF_INSNS_MAX + 1;
	ck_assert_int_eq(judge(EXO_PROG_MEM, 0, 0), -EXO_EREFUSED);
	ck_assert_uint_eq(report.code, VF_TOO_LONG);
	ck_assert_uint_eq(report.limit, VF_INSNS_MAX);
	end();
}
END_TEST

/* More maps than a program may name, and a kind that there is not. */
START_TEST(t_maps)
{
	static const struct exo_map_def odd = { 99, 4, 8, 1, 0 };
	struct vf_limits limits = { .explored = 0 };
	struct exo_mem mem = mem_heap(&held);
	struct vf_input in = { .type = EXO_PROG_SOCKET, .maps = &odd };
	struct vf_prog *prog;

	begin();
	assemble("*(u32 *)(r10 -4) = 0\nr1 = map[id:0]\nr2 = r10\nr2 += -4\n"
	         "call map_lookup_elem\nr0 = 0\nexit\n");
	in.insns = code;
	in.ninsns = n;
	in.nmaps = VF_MAPS_MAX + 1;
	ck_assert_int_eq(
	    vf_verify(&in, &limits, &mem, &prog, &report), -EXO_EREFUSED);
	ck_assert_uint_eq(report.code, VF_MAP);
	ck_assert_uint_eq(report.insn, EXO_REPORT_NOWHERE);
	in.nmaps = 1;
	ck_assert_int_eq(
	    vf_verify(&in, &limits, &mem, &prog, &report), -EXO_EREFUSED);
	ck_assert_uint_eq(report.code, VF_ARG_MAP);
	ck_assert_uint_eq(report.insn, 5);
	end();
}
END_TEST

/* Loops in loops, more than the order tells apart; each goes round twice the
 * first time and once when it is come to again. */
START_TEST(t_nested)
{
	const int depth = 24;
	int i, start[24];

	begin();
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 0);
	for (i = 0; i < depth; i++)
		emit(EXO_ST | EXO_MEM | EXO_DW, 10, 0, -8 * (i + 1), 2);
	for (i = 0; i < depth; i++) {
		start[i] = (int)n;
		emit(EXO_ALU64 | EXO_ADD, 0, 0, 0, 1);
	}
	for (i = depth; i-- > 0;) {
		emit(EXO_LDX | EXO_MEM | EXO_DW, 1, 10, -8 * (i + 1), 0);
		emit(EXO_ALU64 | EXO_ADD, 1, 0, 0, -1);
		emit(EXO_JMP | EXO_JSLT, 1, 0, 2, 1);
		emit(EXO_STX | EXO_MEM | EXO_DW, 10, 1, -8 * (i + 1), 0);
		emit(EXO_JMP | EXO_JA, 0, 0, start[i] - (int)n - 1, 0);
	}
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 0);
	emit_exit();
	ck_assert_int_eq(judge(EXO_PROG_SOCKET, 0, 0), 0);
	ck_assert_uint_ge(facts.max_steps, n);
	end();
}
END_TEST

/* The longest program, and one instruction of work too little for it. */
START_TEST(t_straight_line)
{
	begin();
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 1);
	while (n < MILLION - 1)
		emit(EXO_ALU64 | EXO_ADD | (n % 2 ? EXO_K : EXO_X), 0, 0, 0,
		    n % 2 ? 5 : 0);
	emit_exit();
	ck_assert_int_eq(judge(EXO_PROG_MEM, 0, 0), 0);
	ck_assert_uint_eq(facts.max_steps, MILLION);
	ck_assert_uint_eq(facts.explored, MILLION);
	ck_assert_uint_le(facts.peak_mem, 8u << 20);
	ck_assert_int_eq(judge(EXO_PROG_MEM, MILLION - 1, 0), -EXO_EBUDGET);
	ck_assert_uint_eq(report.code, VF_BUDGET_EXPLORED);
	ck_assert_uint_eq(report.insn, MILLION - 1);
	ck_assert_uint_eq(report.limit, MILLION - 1);
	ck_assert_int_eq(judge(EXO_PROG_MEM, 0, 100000), -EXO_EBUDGET);
	ck_assert_uint_eq(report.code, VF_BUDGET_MEM);
	ck_assert_uint_eq(report.limit, 100000);
	end();
}
END_TEST

/* Half a million diamonds whose ways know the same at their end. */
START_TEST(t_converging)
{
	begin();
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 0);
	emit(EXO_LDX | EXO_MEM | EXO_W, 2, 1, 36, 0);
	while (n < MILLION - 4) {
		emit(EXO_JMP | EXO_JGT, 2, 0, 1, (int32_t)(n * 2654435761u));
		emit(EXO_ALU64 | EXO_MOV, 3, 0, 0, (int32_t)n);
	}
	emit_exit();
	ck_assert_int_eq(judge(EXO_PROG_TC, 2 * MILLION, 0), 0);
	ck_assert_uint_le(facts.explored, 2 * MILLION);
	ck_assert_uint_le(facts.peak_mem, 64u << 20);
	ck_assert_uint_eq(facts.max_steps, n);
	end();
}
END_TEST

/* States with something of each kind in them cover themselves: diamonds that
 * change nothing cost what their instructions cost. */
START_TEST(t_covers_itself)
{
	unsigned i;

	begin();
	assemble("r6 = r1\nr7 = *(u32 *)(r1 +76)\nr8 = *(u32 *)(r1 +80)\n"
	         "r2 = *(u32 *)(r1 +36)\nr9 = r7\nr9 += 40\nr0 = 0\n"
	         "if r9 <= r8 goto pc+1\nexit\nr3 = r2\nr4 = *(u64 *)(r7 +0)\n"
	         "*(u64 *)(r10 -8) = r8\n*(u64 *)(r10 -16) = r7\n"
	         "*(u64 *)(r10 -24) = r2\n*(u32 *)(r10 -32) = r2\n"
	         "*(u64 *)(r10 -40) = 0\n*(u8 *)(r10 -48) = r4\n"
	         "*(u64 *)(r10 -56) = r1\n*(u64 *)(r10 -64) = r4\n"
	         "r5 = r2\nr5 &= 255\nr9 = r7\nr9 += r5\n"
	         "*(u64 *)(r10 -72) = r9\n*(u64 *)(r10 -80) = r10\n");
	for (i = 0; i < 2000; i++)
		emit(EXO_JMP | EXO_JSET | EXO_X, 4, 4, 0, 0);
	/* all of it is live until here, and exact */
	emit(EXO_ALU64 | EXO_ADD | EXO_X, 9, 5, 0, 0);
	for (i = 1; i <= 10; i++)
		emit(i == 6   ? EXO_LDX | EXO_MEM | EXO_B
		     : i == 4 ? EXO_LDX | EXO_MEM | EXO_W
		              : EXO_LDX | EXO_MEM | EXO_DW,
		    0, 10, -8 * (int)i, 0);
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 0);
	emit(EXO_ALU64 | EXO_ADD | EXO_X, 6, 0, 0, 0);
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 0, 3, 0, 0);
	emit_exit();
	ck_assert_int_eq(judge(EXO_PROG_SOCKET, 0, 0), 0);
	ck_assert_uint_eq(facts.explored, n);
	ck_assert_uint_le(facts.peak_mem, 1u << 20);
	end();
}
END_TEST

/* n diamonds of which each doubles what may be known, all of it still needed
 * at the end: 2^n states. */
static void bomb(unsigned diamonds)
{
	unsigned i;

	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 0);
	for (i = 0; i < diamonds; i++) {
		emit(EXO_LDX | EXO_MEM | EXO_W, 3, 1, 36, 0);
		emit(EXO_ALU64 | EXO_LSH, 0, 0, 0, 1);
		emit(EXO_JMP | EXO_JSET, 3, 0, 1, 1);
		emit(EXO_ALU64 | EXO_OR, 0, 0, 0, 1);
	}
	/* they are part of an address */
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 3, 10, 0, 0);
	emit(EXO_ALU64 | EXO_AND, 0, 0, 0, 255);
	emit(EXO_ALU64 | EXO_ADD | EXO_X, 3, 0, 0, 0);
	emit(EXO_ST | EXO_MEM | EXO_B, 3, 0, -256, 1);
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 0);
	emit_exit();
}

START_TEST(t_bomb)
{
	clock_t start = clock();

	begin();
	bomb(8);
	ck_assert_int_eq(judge(EXO_PROG_SOCKET, 0, 0), 0);
	ck_assert_uint_ge(facts.explored, 512);
	n = 0;
	bomb(60);
	ck_assert_int_eq(judge(EXO_PROG_SOCKET, 0, 0), -EXO_EBUDGET);
	ck_assert(
	    report.code == VF_BUDGET_EXPLORED || report.code == VF_BUDGET_MEM);
	ck_assert_uint_gt(report.explored, 100000);
	ck_assert_int_eq(judge(EXO_PROG_SOCKET, 0, 1u << 20), -EXO_EBUDGET);
	ck_assert_uint_eq(report.code, VF_BUDGET_MEM);
	ck_assert_int_eq(judge(EXO_PROG_SOCKET, 2000, 0), -EXO_EBUDGET);
	ck_assert_uint_eq(report.code, VF_BUDGET_EXPLORED);
	/* seconds here; sanitizers and busy machines take their share */
	ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 60);
	end();
}
END_TEST

/* An or-list as libpcap writes it: many tests of one number, two ends. */
START_TEST(t_or_list)
{
	uint32_t i, hosts = 1000;

	begin();
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 6, 1, 0, 0);
	for (i = 0; i < 2 * hosts; i++) {
		emit(EXO_LD | EXO_ABS | EXO_W, 0, 0, 0, i < hosts ? 26 : 30);
		emit(EXO_JMP32 | EXO_JEQ, 0, 0, (int)(2 * (2 * hosts - i)),
		    (int32_t)(i * 7919));
	}
	emit(EXO_ALU | EXO_MOV, 0, 0, 0, 0);
	emit_exit();
	emit(EXO_ALU | EXO_MOV, 0, 0, 0, 262144);
	emit_exit();
	ck_assert_int_eq(judge(EXO_PROG_SOCKET, 0, 0), 0);
	ck_assert_uint_eq(facts.explored, n);
	ck_assert_uint_eq(facts.max_steps, n - 2);
	ck_assert_uint_eq(facts.pkt_end, 34);
	ck_assert_uint_le(facts.peak_mem, 512u << 10);
	end();
}
END_TEST

START_TEST(t_facts)
{
	begin();
	assemble("r6 = r1\nr0 = *(u16 *)skb[12]\n*(u32 *)(r10 -8) = r0\n"
	         "r0 = *(u8 *)skb[r0 + 14]\nexit\n");
	ck_assert_int_eq(judge(EXO_PROG_SOCKET, 0, 0), 0);
	ck_assert_uint_eq(facts.max_steps, 5);
	ck_assert_uint_eq(facts.stack, 8);
	ck_assert_uint_eq(facts.pkt_end, 65535 + 14 + 1);
	ck_assert(facts.pure && facts.reads_pkt);
	assemble("r6 = r1\nr0 = *(u32 *)skb[12]\n"
	         "r0 = *(u8 *)skb[r0 + 0]\nexit\n");
	ck_assert_int_eq(judge(EXO_PROG_SOCKET, 0, 0), 0);
	ck_assert_uint_eq(facts.pkt_end, UINT32_MAX);
	assemble("r0 = 0\n*(u32 *)(r1 +48) = r0\nexit\n");
	ck_assert_int_eq(judge(EXO_PROG_SOCKET, 0, 0), 0);
	ck_assert(facts.pure && !facts.reads_pkt);
	ck_assert_uint_eq(facts.pkt_end, 0);
	ck_assert_uint_eq(facts.stack, 0);
	assemble("r0 = 0\nif r2 == 0 goto pc+1\n*(u8 *)(r1 +0) = r0\nexit\n");
	ck_assert_int_eq(judge(EXO_PROG_MEM, 0, 0), 0);
	ck_assert(!facts.pure && !facts.reads_pkt);
	ck_assert_uint_eq(facts.max_steps, 4);
	assemble("r0 = 0x100000000 ll\nif r0 == 0 goto pc+2\nr0 = 1\n"
	         "r0 = 2\nexit\n");
	ck_assert_int_eq(judge(EXO_PROG_MEM, 0, 0), 0);
	ck_assert_uint_eq(facts.max_steps, 5);
	end();
}
END_TEST

/* What a report says of the register to blame. */
START_TEST(t_report)
{
	begin();
	assemble("r0 = 0\nr2 &= 63\nr3 = r10\nr3 += r2\n"
	         "*(u32 *)(r3 -64) = r0\nexit\n");
	ck_assert_int_eq(judge(EXO_PROG_MEM, 0, 0), -EXO_EREFUSED);
	ck_assert_uint_eq(report.code, VF_STACK_OOB);
	ck_assert_uint_eq(report.insn, 4);
	ck_assert_uint_eq(report.reg, 3);
	ck_assert_uint_eq(report.reg_kind, EXO_REG_STACK);
	ck_assert_uint_eq(report.widened, 3);
	ck_assert_uint_eq(report.size, 4);
	ck_assert_int_eq(report.off, -64);
	ck_assert_int_eq(report.smin, 0);
	ck_assert_int_eq(report.smax, 63);
	ck_assert_uint_eq(report.umax, 63);
	ck_assert_uint_eq(report.limit, EXO_STACK_SIZE);
	assemble("r0 = r5\nexit\n");
	ck_assert_int_eq(judge(EXO_PROG_MEM, 0, 0), -EXO_EREFUSED);
	ck_assert_uint_eq(report.reg, 5);
	ck_assert_uint_eq(report.reg_kind, EXO_REG_UNINIT);
	ck_assert_uint_eq(report.widened, EXO_REPORT_NOWHERE);
	end();
}
END_TEST

/*
 * Memory that fails
 */

static bool bad; /* no check here: it allocates */

static int verify_once(void *arg)
{
	struct vf_input in = { .insns = code,
		.ninsns = n,
		.type = EXO_PROG_SOCKET,
		.refuse_leaks = true };
	struct vf_limits limits = { .explored = 0 };
	struct exo_mem mem = mem_heap(&held);
	struct exo_report r;
	struct vf_prog *prog;
	int err = vf_verify(&in, &limits, &mem, &prog, &r);

	(void)arg;
	bad |= err != 0 && (err != -EXO_ENOMEM || r.code != VF_OK);
	bad |= (err == 0) != (prog != NULL);
	vf_prog_free(prog, &mem);
	bad |= mem.used != 0 || held != 0;
	return err;
}

START_TEST(t_oom)
{
	begin();
	bomb(10);
	ck_assert_uint_ge(test_oom_loop(verify_once, NULL), 5);
	ck_assert(!bad);
	end();
}
END_TEST

/* An owner's own limit is no budget of the verifier. */
START_TEST(t_owner_limit)
{
	struct vf_limits limits = { .explored = 0 };
	struct exo_mem mem = mem_heap(&held);
	struct vf_prog *prog;
	struct vf_input in;

	begin();
	bomb(10);
	in = (struct vf_input){ .insns = code,
		.ninsns = n,
		.type = EXO_PROG_SOCKET,
		.refuse_leaks = true };
	for (mem.limit = 1024; mem.limit < 262144; mem.limit += 1024) {
		int err = vf_verify(&in, &limits, &mem, &prog, &report);

		ck_assert(err == 0 || err == -EXO_ENOMEM);
		vf_prog_free(prog, &mem);
		ck_assert_uint_eq(mem.used, 0);
	}
	ck_assert_int_eq(judge(EXO_PROG_SOCKET, 0, 0), 0);
	end();
}
END_TEST

Suite *t_vf_limits_suite(void);

Suite *t_vf_limits_suite(void)
{
	Suite *s = suite_create("vf_limits");
	TCase *tc = tcase_create("limits");
	TCase *oom = tcase_create("oom");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, t_pause, 0, 4);
	tcase_add_test(tc, t_sizes);
	tcase_add_test(tc, t_maps);
	tcase_add_test(tc, t_nested);
	tcase_add_test(tc, t_straight_line);
	tcase_add_test(tc, t_converging);
	tcase_add_test(tc, t_covers_itself);
	tcase_add_test(tc, t_bomb);
	tcase_add_test(tc, t_or_list);
	tcase_add_test(tc, t_facts);
	tcase_add_test(tc, t_report);
	tcase_add_test(tc, t_owner_limit);
	suite_add_tcase(s, tc);
	tcase_add_test(oom, t_oom);
	suite_add_tcase(s, oom);
	return s;
}
