/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardened code: no wide constant of the program stands in it, two compilations
 * differ, and it computes the same.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/jit/jit.h"
#include "tests/support/mem.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

/* Each line's constants are 4 bytes that nothing else has. */
static const char arithmetic[] = "r0 = r2\n"
                                 "r0 += 0x1a2b3c01\nr0 -= 0x1a2b3c02\n"
                                 "r0 *= 0x1a2b3c03\nr0 ^= 0x1a2b3c04\n"
                                 "r0 |= 0x1a2b3c05\nr0 &= 0x1a2b3c06\n"
                                 "r3 = r0\nr3 /= 0x1a2b3c07\nr0 += r3\n"
                                 "r3 = r0\nr3 %= 0x1a2b3c08\nr0 += r3\n"
                                 "r3 = r0\nr3 s/= 0x1a2b3c09\nr0 += r3\n"
                                 "w3 = w0\nw3 += 0x1a2b3c0a\nr0 += r3\n"
                                 "w3 = w0\nw3 *= 0x1a2b3c0b\nr0 += r3\n"
                                 "w3 = w0\nw3 /= 0x1a2b3c0c\nr0 += r3\n"
                                 "w3 = w0\nw3 &= 0x1a2b3c0d\nr0 += r3\n"
                                 "r3 = 0x1a2b3c0f1a2b3c0e ll\nr0 ^= r3\n"
                                 "exit\n";
static const char stores[] = "r0 = r2\n"
                             "*(u64 *)(r10 -8) = 0x1a2b3c01\n"
                             "*(u32 *)(r10 -12) = 0x1a2b3c02\n"
                             "r3 = *(u64 *)(r10 -8)\nr0 += r3\n"
                             "r3 = *(u32 *)(r10 -12)\nr0 += r3\n"
                             "r3 = 0x1a2b3c03\n*(u64 *)(r10 -8) = r3\n"
                             "lock *(u64 *)(r10 -8) += r0\n"
                             "r0 = *(u64 *)(r10 -8)\nexit\n";
static const char compares[] =
    "r0 = 0\n"
    "if r2 == 0x1a2b3c01 goto +1\nr0 += 1\nr0 += r0\n"
    "if r2 > 0x1a2b3c02 goto +1\nr0 += 1\nr0 += r0\n"
    "if r2 & 0x1a2b3c03 goto +1\nr0 += 1\nr0 += r0\n"
    "if r2 s< 0x1a2b3c04 goto +1\nr0 += 1\nr0 += r0\n"
    "if w2 == 0x1a2b3c05 goto +1\nr0 += 1\nr0 += r0\n"
    "if w2 & 0x1a2b3c06 goto +1\nr0 += 1\nr0 += r0\n"
    "if w2 >= 0x1a2b3c07 goto +1\nr0 += 1\nr0 += r0\n"
    "exit\n";
static const char packets[] =
    "r6 = r1\nr0 = *(u32 *)skb[4]\n"
    "if r0 == 0x1a2b3c01 goto +8\nif r0 == 0x1a2b3c02 goto +7\n"
    "if r0 == 0x1a2b3c03 goto +6\nif r0 == 0x1a2b3c04 goto +5\n"
    "if r0 == 0x1a2b3c05 goto +4\nif r0 == 0x1a2b3c06 goto +3\n"
    "if r0 == 0x1a2b3c07 goto +2\nr0 = *(u16 *)skb[0x1a2b3c08]\nexit\n"
    "r2 = r0\nr0 = *(u8 *)skb[r2 +0x1a2b3c09]\nexit\n";

/* How many numbers 0x1a2b3cXX, in either byte order, the code has. */
static unsigned seen(const uint8_t *p, uint32_t n)
{
	unsigned found = 0;
	uint32_t i;

	for (i = 0; i + 3 < n; i++) {
		found +=
		    p[i + 1] == 0x3c && p[i + 2] == 0x2b && p[i + 3] == 0x1a;
		found += p[i] == 0x1a && p[i + 1] == 0x2b && p[i + 2] == 0x3c;
	}
	return found;
}

static struct vf_prog *verify(
    const char *text, uint32_t type, struct exo_mem *mem)
{
	static struct exo_insn insns[TWORLD_INSNS];
	struct vf_limits limits = VF_LIMITS_TOOL;
	struct vf_input in = { .insns = insns, .type = type };
	struct exo_report report;
	struct vf_prog *prog;

	in.ninsns = tworld_asm(text, insns);
	ck_assert_msg(vf_verify(&in, &limits, mem, &prog, &report) == 0,
	    "VF%u at %u", report.code, report.insn);
	return prog;
}

static uint64_t run(const struct jit_code *c, uint64_t size)
{
	static uint8_t bytes[64] = { 1, 2, 3, 4, 0x1a, 0x2b, 0x3c, 5, 6, 7 };
	struct jit_ctx ctx = { .data = bytes,
		.data_end = bytes + size,
		.data_meta = bytes,
		.size = (uint32_t)size };

	return jit_way(c)->entry(&ctx, bytes, size);
}

static void check(const char *text, uint32_t type, uint32_t passes)
{
	struct exo_mem mem = mem_heap(NULL);
	struct jit_options plain = { .passes = passes };
	struct jit_options hard = { .passes = passes,
		.harden = JIT_HARDEN_BLIND | JIT_HARDEN_FENCE };
	struct vf_prog *prog = verify(text, type, &mem);
	struct jit_code *a, *b, *c;
	uint32_t na, nb, nc;
	const uint8_t *pa, *pb, *pc;

	ck_assert_int_eq(jit_compile(prog, NULL, &plain, &mem, &a), 0);
	hard.seed = 1;
	ck_assert_int_eq(jit_compile(prog, NULL, &hard, &mem, &b), 0);
	hard.seed = 2;
	ck_assert_int_eq(jit_compile(prog, NULL, &hard, &mem, &c), 0);
	pa = jit_bytes(a, &na);
	pb = jit_bytes(b, &nb);
	pc = jit_bytes(c, &nc);
	ck_assert_uint_ge(seen(pa, na), 3);
	ck_assert_msg(
	    seen(pb, nb) == 0, "%u constants of\n%s", seen(pb, nb), text);
	ck_assert_uint_eq(seen(pc, nc), 0);
	ck_assert(nb != nc || memcmp(pb, pc, nb) != 0);
	ck_assert_uint_eq(run(b, 40), run(a, 40));
	ck_assert_uint_eq(run(c, 10), run(a, 10));
	jit_free(a, &mem);
	jit_free(b, &mem);
	jit_free(c, &mem);
	vf_prog_free(prog, &mem);
	ck_assert_uint_eq(mem.used, 0);
}

START_TEST(t_no_constants)
{
	uint32_t passes = _i == 0 ? UINT32_MAX : 0;

	check(arithmetic, EXO_PROG_MEM, passes);
	check(stores, EXO_PROG_MEM, passes);
	check(compares, EXO_PROG_MEM, passes);
	check(packets, EXO_PROG_SOCKET, passes);
}
END_TEST

Suite *t_jit_harden_suite(void)
{
	Suite *s = suite_create("jit_harden");
	TCase *tc = tcase_create("blind");

	tcase_add_loop_test(tc, t_no_constants, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}
