/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jumps of compiled code over any distance (CVE-2021-29154, CVE-2021-38300),
 * what the code keeps of its caller's registers, and memory that fails.
 *
 * Every instruction that is jumped over is 13 bytes of code or more, so that
 * a few of them pass the limit of short jumps.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/world.h"
#include "exo/jit/jit.h"
#include "tests/support/mem.h"
#include "tests/support/oom.h"
#include "tests/unit/suites.h"

#define INSNS 200000u
#define WIDE  INT64_C(0x1122334455667788)

static struct exo_insn *code;
static uint32_t n;

static void emit(unsigned op, unsigned dst, unsigned src, int off, int32_t imm)
{
	ck_assert_uint_lt(n, INSNS);
	code[n++] = (struct exo_insn){ (uint8_t)op, (uint8_t)(src << 4 | dst),
		(int16_t)off, imm };
}

/* r0 += a wide number, k times. */
static void filler(uint32_t k)
{
	while (k-- > 0) {
		emit(
		    EXO_LD | EXO_IMM | EXO_DW, 3, 0, 0, (int32_t)WIDE + (int)k);
		emit(0, 0, 0, 0, (int32_t)(WIDE >> 32));
		emit(EXO_ALU64 | EXO_ADD | EXO_X, 0, 3, 0, 0);
	}
}

static void begin(void)
{
	code = calloc(INSNS, sizeof(*code));
	ck_assert_ptr_nonnull(code);
	n = 0;
}

static void end(void)
{
	free(code);
}

static struct vf_prog *verify(struct exo_mem *mem, uint32_t type)
{
	struct vf_limits limits = { 4000000, 512u << 20, NULL };
	struct vf_input in = { .insns = code, .ninsns = n, .type = type };
	struct exo_report report;
	struct vf_prog *prog;
	int err = vf_verify(&in, &limits, mem, &prog, &report);

	ck_assert_msg(err == 0, "VF%u at %u", report.code, report.insn);
	return prog;
}

/* Interpreted and compiled, on memory of so many bytes. */
static void compare(uint32_t size)
{
	static const uint32_t without[] = { 0, UINT32_MAX, 0x5555, 0xaaaa };
	struct exo_mem mem = mem_heap(NULL);
	struct exo_world_config cfg = { .mem = &mem };
	struct exo_world_code *c;
	struct exo_world *w;
	struct vf_prog *prog = verify(&mem, EXO_PROG_MEM);
	uint8_t bytes[64] = { 0 };
	uint64_t want, bad;
	unsigned i;

	ck_assert_int_eq(exo_world_new(&cfg, &w), 0);
	isa_set_mem(exo_world_vm(w), bytes, size);
	ck_assert_int_eq(
	    isa_load(exo_world_vm(w), EXO_PROG_MEM, code, n, &(uint32_t){ 0 }),
	    0);
	ck_assert_int_eq(exo_world_run(w, 1u << 30, &want), ISA_END_EXIT);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(exo_world_compile(w, prog, without[i], &c), 0);
		bad = exo_world_exec(w, c);
		ck_assert_msg(bad == want, "without %#x: %llx, not %llx",
		    without[i], (unsigned long long)bad,
		    (unsigned long long)want);
		exo_world_code_free(w, c);
	}
	vf_prog_free(prog, &mem);
	exo_world_free(w);
}

/* Forwards: the way jumps, or falls through. */
static void forward(uint32_t k)
{
	unsigned size;

	begin();
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 0, 2, 0, 0);
	emit(EXO_JMP | EXO_JEQ, 2, 0, (int)(3 * k), 7);
	filler(k);
	emit(EXO_ALU64 | EXO_ADD, 0, 0, 0, 1);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	for (size = 7; size < 9; size++)
		compare(size);
	end();
}

/* Backwards, three times; and a jump that leaves the loop forwards. */
static void backward(uint32_t k)
{
	begin();
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 0, 2, 0, 0);
	emit(EXO_ALU64 | EXO_MOV, 4, 0, 0, 0);
	emit(EXO_JMP | EXO_JEQ, 2, 0, (int)(3 * k + 2), 5);
	filler(k);
	emit(EXO_ALU64 | EXO_ADD, 4, 0, 0, 1);
	emit(EXO_JMP | EXO_JLT, 4, 0, -(int)(3 * k + 3), 3);
	emit(EXO_ALU64 | EXO_ADD | EXO_X, 0, 4, 0, 0);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	compare(5);
	compare(6);
	end();
}

/* Two jumps that cross: each one's length hangs on the other's. */
static void crossing(uint32_t a, uint32_t b, uint32_t c)
{
	unsigned size;

	begin();
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 0, 2, 0, 0);
	emit(EXO_ALU64 | EXO_MOV, 4, 0, 0, 0);
	emit(EXO_JMP | EXO_JEQ, 2, 0, (int)(3 * (a + b) + 2), 7);
	filler(a);
	emit(EXO_JMP | EXO_JEQ, 2, 0, (int)(3 * (b + c) + 2), 8);
	emit(EXO_ALU64 | EXO_ADD, 4, 0, 0, 1);
	filler(b);
	filler(c);
	emit(EXO_JMP | EXO_JLT, 4, 0, -(int)(3 * (a + b + c) + 3), 1);
	emit(EXO_ALU64 | EXO_ADD | EXO_X, 0, 4, 0, 0);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	for (size = 6; size < 9; size++)
		compare(size);
	end();
}

START_TEST(t_near)
{
	uint32_t k;

	for (k = 0; k < 24; k++) {
		forward(k);
		backward(k);
	}
}
END_TEST

START_TEST(t_crossing)
{
	uint32_t a, b, c;

	for (a = 0; a < 8; a++)
		for (b = 3; b < 9; b++)
			for (c = 0; c < 8; c += 2)
				crossing(a, b, c);
}
END_TEST

/* Past 32 KiB of code, and past 128. */
START_TEST(t_far)
{
	static const uint32_t k[] = { 1000, 2500, 2600, 5100, 10900 };
	unsigned i;

	for (i = 0; i < sizeof(k) / sizeof(k[0]); i++) {
		forward(k[i]);
		backward(k[i]);
	}
}
END_TEST

/* gotol over more instructions than 16 bits count. */
START_TEST(t_gotol)
{
	const uint32_t k = 20000;

	begin();
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 0, 2, 0, 0);
	emit(EXO_JMP | EXO_JNE, 2, 0, 1, 7);
	emit(EXO_JMP32 | EXO_JA, 0, 0, 0, (int32_t)(3 * k));
	filler(k);
	emit(EXO_ALU64 | EXO_ADD, 0, 0, 0, 1);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	compare(7);
	compare(8);
	end();
}
END_TEST

/*
 * Registers
 */

uint64_t t_jit_far_call(jit_fn *fn, struct jit_ctx *ctx, const uint8_t *data,
    uint64_t size, uint64_t after[8]);

/* Call with known numbers in the registers that are the caller's; after[0..5]
 * are these then, after[6] the flags. */
__asm__(".text\n"
        ".globl t_jit_far_call\n"
        "t_jit_far_call:\n"
        "push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "push %r8\n"
        "mov %rdi, %rax\nmov %rsi, %rdi\nmov %rdx, %rsi\nmov %rcx, %rdx\n"
        "movabs $0x1111111111111101, %rbx\n"
        "movabs $0x1111111111111102, %rbp\n"
        "movabs $0x1111111111111103, %r12\n"
        "movabs $0x1111111111111104, %r13\n"
        "movabs $0x1111111111111105, %r14\n"
        "movabs $0x1111111111111106, %r15\n"
        "call *%rax\n"
        "pop %r8\n"
        "mov %rbx, (%r8)\nmov %rbp, 8(%r8)\nmov %r12, 16(%r8)\n"
        "mov %r13, 24(%r8)\nmov %r14, 32(%r8)\nmov %r15, 40(%r8)\n"
        "pushf\npop %rcx\nmov %rcx, 48(%r8)\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\n"
        "ret\n"
        ".section .note.GNU-stack,\"\",@progbits\n.text\n");

static void keeps(
    const struct vf_prog *prog, uint32_t passes, uint32_t size, uint64_t want)
{
	struct exo_mem mem = mem_heap(NULL);
	struct jit_options opt = { .passes = passes };
	uint8_t bytes[64] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct jit_ctx ctx = { .data = bytes,
		.data_end = bytes + size,
		.data_meta = bytes,
		.size = size };
	uint64_t after[8], r0;
	struct jit_code *c;
	unsigned i;

	ck_assert_int_eq(jit_compile(prog, NULL, &opt, &mem, &c), 0);
	r0 = t_jit_far_call(jit_way(c)->entry, &ctx, bytes, size, after);
	ck_assert_uint_eq(r0, want);
	for (i = 0; i < 6; i++)
		ck_assert_uint_eq(after[i], 0x1111111111111101u + i);
	ck_assert_uint_eq(after[6] & 1u << 10, 0); /* direction */
	jit_free(c, &mem);
	ck_assert_uint_eq(mem.used, 0);
}

/* All registers in use, on all ways out: exit, reject, reject from a function;
 * few: in that function alone. */
static void all_registers(bool called, bool few)
{
	struct exo_mem mem = mem_heap(NULL);
	struct vf_prog *prog;
	uint32_t size, p;
	unsigned r;

	begin();
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 6, 1, 0, 0);
	for (r = 7; r < 10 && !few; r++)
		emit(EXO_ALU64 | EXO_MOV, r, 0, 0, (int)r);
	if (!few)
		emit(EXO_STX | EXO_MEM | EXO_DW, 10, 7, -8, 0);
	if (called) {
		emit(EXO_JMP | EXO_CALL, 0, EXO_CALL_LOCAL, 0, 1);
		emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
		emit(EXO_ALU64 | EXO_MOV | EXO_X, 6, 1, 0, 0);
		for (r = 7; r < 10; r++)
			emit(EXO_ALU64 | EXO_MOV, r, 0, 0, (int)r);
	}
	for (r = 1; r < 6; r++)
		emit(EXO_ALU64 | EXO_MOV, r, 0, 0, (int)r);
	emit(EXO_LD | EXO_ABS | EXO_W, 0, 0, 0, 4);
	for (r = 7; r < 10; r++)
		emit(EXO_ALU64 | EXO_ADD | EXO_X, 0, r, 0, 0);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	prog = verify(&mem, EXO_PROG_SOCKET);
	for (size = 7; size < 9; size++)
		for (p = 0; p < 2; p++)
			keeps(prog, p == 0 ? UINT32_MAX : 0, size,
			    size == 8 ? 0x05060708 + 7 + 8 + 9 : 0);
	vf_prog_free(prog, &mem);
	end();
}

/* Programs that made passes take quadratic time; these took minutes. */
static void compile_only(uint32_t type)
{
	struct exo_mem mem = mem_heap(NULL);
	struct exo_world_config cfg = { .mem = &mem };
	struct vf_prog *prog = verify(&mem, type);
	struct exo_world_code *c;
	struct exo_world *w;

	ck_assert_int_eq(exo_world_new(&cfg, &w), 0);
	ck_assert_int_eq(exo_world_compile(w, prog, 0, &c), 0);
	exo_world_code_free(w, c);
	exo_world_free(w);
	vf_prog_free(prog, &mem);
}

/* The way leads backwards, from block to block: liveness goes with it. */
START_TEST(t_linear_back)
{
	uint32_t i;

	begin();
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 6, 2, 0, 0);
	emit(EXO_JMP32 | EXO_JA, 0, 0, 0, 150001);
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 0, 6, 0, 0);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	emit(EXO_JMP | EXO_JA, 0, 0, -3, 0);
	for (i = 1; i < 150000; i++)
		emit(EXO_JMP | EXO_JA, 0, 0, -2, 0);
	compile_only(EXO_PROG_MEM);
	end();
}
END_TEST

START_TEST(t_linear_functions)
{
	const uint32_t k = 60000;
	uint32_t i;

	begin();
	for (i = 0; i < k; i++)
		emit(
		    EXO_JMP | EXO_CALL, 0, EXO_CALL_LOCAL, 0, (int32_t)(k + i));
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	for (i = 0; i < k; i++) {
		emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, (int32_t)i);
		emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	}
	compile_only(EXO_PROG_MEM);
	end();
}
END_TEST

/* Loads that meet one after another, the last one first. */
START_TEST(t_linear_meet)
{
	const uint32_t k = 39000;
	uint32_t i;

	begin();
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 6, 1, 0, 0);
	emit(EXO_LDX | EXO_MEM | EXO_W, 7, 6, 0, 0);
	emit(EXO_LDX | EXO_MEM | EXO_W, 8, 6, 40, 0);
	for (i = 0; i < k; i++) {
		emit(EXO_JMP | EXO_JNE, 7, 0, 2, (int32_t)i + 1000);
		emit(EXO_LD | EXO_ABS | EXO_H, 0, 0, 0, 12);
		emit(EXO_JMP32 | EXO_JA, 0, 0, 0,
		    (int32_t)(3 * (k - 1 - i) + 1 + i));
	}
	emit(EXO_LD | EXO_ABS | EXO_H, 0, 0, 0, 14);
	for (i = 0; i < k; i++)
		emit(EXO_JMP | EXO_JEQ, 8, 0,
		    k - i > 9000 ? 9000 : (int)(k - i), (int32_t)i + 2000);
	emit(EXO_ALU64 | EXO_MOV, 1, 0, 0, 0);
	emit(EXO_JMP | EXO_JEQ, 0, 0, 1, 0x800);
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 1);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	compile_only(EXO_PROG_SOCKET);
	end();
}
END_TEST

/* A set that is full is followed by another one of the same field. What an
 * indirect load counts from may have been written in between. */
START_TEST(t_full_set)
{
	static const uint8_t bytes[14] = { 0, 4, 0, 0, 0, 0, 0, 7 };
	const struct isa_pkt pkt = {
		.data = bytes, .caplen = 14, .wirelen = 14
	};
	struct exo_mem mem = mem_heap(NULL);
	struct exo_world_config cfg = { .mem = &mem };
	const uint32_t k = 10000;
	struct exo_world_code *c;
	struct exo_world *w;
	struct vf_prog *prog;
	uint64_t want;
	uint32_t i, part;

	begin();
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 6, 1, 0, 0);
	emit(EXO_LDX | EXO_MEM | EXO_W, 7, 6, 76, 0);
	emit(EXO_LDX | EXO_MEM | EXO_W, 8, 6, 80, 0);
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 2, 7, 0, 0);
	emit(EXO_ALU64 | EXO_ADD, 2, 0, 0, 8);
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 1);
	emit(EXO_JMP | EXO_JLE | EXO_X, 2, 8, 1, 0);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	emit(EXO_LDX | EXO_MEM | EXO_B, 9, 7, 0, 0);
	emit(EXO_LD | EXO_IND | EXO_W, 0, 9, 0, 0);
	for (part = 0; part < 4; part++) {
		for (i = 0; i < k; i++)
			emit(EXO_JMP | EXO_JEQ, 0, 0, (int)(k - i),
			    (int32_t)(1000 + part * k + i));
		emit(EXO_JMP | EXO_JA, 0, 0, 1, 0);
		emit(EXO_JMP32 | EXO_JA, 0, 0, 0,
		    (int32_t)((3 - part) * (k + 2) + 5));
	}
	emit(EXO_LDX | EXO_MEM | EXO_B, 9, 7, 1, 0);
	emit(EXO_JMP | EXO_JEQ, 9, 0, 3, 200);
	emit(EXO_JMP | EXO_JEQ, 0, 0, 2, 7);
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 2);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 1);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	prog = verify(&mem, EXO_PROG_TC);
	ck_assert_int_eq(exo_world_new(&cfg, &w), 0);
	isa_set_pkt(exo_world_vm(w), &pkt);
	ck_assert_int_eq(
	    isa_load(exo_world_vm(w), EXO_PROG_TC, code, n, &(uint32_t){ 0 }),
	    0);
	ck_assert_int_eq(exo_world_run(w, 1u << 30, &want), ISA_END_EXIT);
	ck_assert_uint_eq(want, 2);
	ck_assert_int_eq(exo_world_compile(w, prog, 0, &c), 0);
	ck_assert_uint_eq(exo_world_exec(w, c), want);
	exo_world_code_free(w, c);
	exo_world_free(w);
	vf_prog_free(prog, &mem);
	end();
}
END_TEST

START_TEST(t_registers)
{
	all_registers(false, false);
	all_registers(true, false);
	all_registers(true, true);
}
END_TEST

/*
 * Memory that fails
 */

static struct vf_prog *the_prog;

/* Assertions of check allocate: not here. */
static int compile_once(void *arg)
{
	struct exo_mem mem = mem_heap(NULL);
	struct jit_options opt = { .passes = UINT32_MAX, .lines = true };
	struct jit_code *c = arg;
	int err = jit_compile(the_prog, NULL, &opt, &mem, &c);

	if ((err == 0) != (c != NULL))
		abort();
	jit_free(c, &mem);
	if (mem.used != 0)
		abort();
	return err;
}

START_TEST(t_oom)
{
	struct exo_mem mem = mem_heap(NULL);
	unsigned i;

	begin();
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 6, 1, 0, 0);
	emit(EXO_LD | EXO_ABS | EXO_H, 0, 0, 0, 12);
	for (i = 0; i < 40; i++) /* a set that is hashed */
		emit(EXO_JMP | EXO_JEQ, 0, 0, 41 - (int)i, (int)(i * i));
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 0);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	emit(EXO_ALU64 | EXO_MOV, 0, 0, 0, 1);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	the_prog = verify(&mem, EXO_PROG_SOCKET);
	ck_assert_uint_ge(test_oom_loop(compile_once, NULL), 3);
	vf_prog_free(the_prog, &mem);
	end();
}
END_TEST

/* A limit of code bytes is kept to the byte. */
START_TEST(t_limit)
{
	struct exo_mem mem = mem_heap(NULL);
	struct jit_options opt = { .passes = UINT32_MAX };
	struct jit_code *c;
	struct vf_prog *prog;
	uint32_t size;

	begin();
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 0, 2, 0, 0);
	filler(3);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	prog = verify(&mem, EXO_PROG_MEM);
	ck_assert_int_eq(jit_compile(prog, NULL, &opt, &mem, &c), 0);
	(void)jit_bytes(c, &size);
	jit_free(c, &mem);
	opt.limit = size;
	ck_assert_int_eq(jit_compile(prog, NULL, &opt, &mem, &c), 0);
	jit_free(c, &mem);
	opt.limit = size - 1;
	ck_assert_int_eq(jit_compile(prog, NULL, &opt, &mem, &c), -EXO_E2BIG);
	ck_assert_ptr_null(c);
	vf_prog_free(prog, &mem);
	ck_assert_uint_eq(mem.used, 0);
	end();
}
END_TEST

Suite *t_jit_far_suite(void)
{
	Suite *s = suite_create("jit_far");
	TCase *tc = tcase_create("far"), *oom = tcase_create("oom");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, t_near);
	tcase_add_test(tc, t_crossing);
	tcase_add_test(tc, t_far);
	tcase_add_test(tc, t_gotol);
	tcase_add_test(tc, t_linear_back);
	tcase_add_test(tc, t_linear_functions);
	tcase_add_test(tc, t_linear_meet);
	tcase_add_test(tc, t_full_set);
	tcase_add_test(tc, t_registers);
	tcase_add_test(tc, t_limit);
	suite_add_tcase(s, tc);
	tcase_add_test(oom, t_oom);
	suite_add_tcase(s, oom);
	return s;
}
