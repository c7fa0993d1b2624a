/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conversion of classic BPF, held to libpcap's bpf_filter().
 *
 * Every program that is converted here is also verified, and runs within the
 * steps that were proven.
 */
#include <check.h>

#include "exo/abi/err.h"
#include "exo/isa/text.h"
#include "tests/support/cbpf_gen.h"
#include "tests/support/cbpf_run.h"
#include "tests/support/oom.h"
#include "tests/unit/suites.h"

#define S(code, k)                \
	{                         \
		(code), 0, 0, (k) \
	}
#define J(code, k, jt, jf)              \
	{                               \
		(code), (jt), (jf), (k) \
	}
#define N(a) (uint32_t)(sizeof(a) / sizeof((a)[0]))

static struct cbpf_run r;

static void make(const struct flt_cbpf *p, uint32_t n)
{
	ck_assert(bpf_validate((const struct bpf_insn *)p, (int)n));
	ck_assert_msg(cbpf_run_make(&r, p, n), "%s", r.why);
}

static uint32_t run(const void *pkt, uint32_t caplen, uint32_t wirelen)
{
	uint64_t got = 12345;

	ck_assert(cbpf_run_on(&r, pkt, caplen, wirelen, &got));
	ck_assert_uint_eq(got >> 32, 0);
	return (uint32_t)got;
}

/* Convert, run on one packet, compare; gives the result. */
static uint32_t same(const struct flt_cbpf *p, uint32_t n, const void *pkt,
    uint32_t caplen, uint32_t wirelen)
{
	uint32_t got;

	make(p, n);
	got = run(pkt, caplen, wirelen);
	ck_assert_uint_eq(got, cbpf_run_libpcap(p, pkt, caplen, wirelen));
	cbpf_run_free(&r);
	return got;
}

static const uint32_t words[] = { 0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 0xff,
	0x100, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe,
	0xffffffff };

static void put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static const uint16_t alu[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_MOD,
	BPF_OR, BPF_AND, BPF_XOR, BPF_LSH, BPF_RSH };

static bool k_is_refused(uint16_t op, uint32_t k)
{
	if (op == BPF_DIV || op == BPF_MOD)
		return k == 0;
	return (op == BPF_LSH || op == BPF_RSH) && k > 31;
}

START_TEST(alu_on_every_pair)
{
	uint16_t op = alu[_i];
	uint8_t pkt[8];
	uint32_t i, k;

	for (i = 0; i < N(words); i++) {
		for (k = 0; k < N(words); k++) {
			struct flt_cbpf x[] = { S(BPF_LD | BPF_W | BPF_ABS, 4),
				S(BPF_MISC | BPF_TAX, 0),
				S(BPF_LD | BPF_W | BPF_ABS, 0),
				S(BPF_ALU | op | BPF_X, 0),
				S(BPF_RET | BPF_A, 0) };
			struct flt_cbpf c[] = { S(BPF_LD | BPF_W | BPF_ABS, 0),
				S(BPF_ALU | op | BPF_K, words[k]),
				S(BPF_RET | BPF_A, 0) };

			put_be32(pkt, words[i]);
			put_be32(pkt + 4, words[k]);
			same(x, N(x), pkt, 8, 8);
			if (!k_is_refused(op, words[k]))
				same(c, N(c), pkt, 8, 8);
		}
	}
}
END_TEST

START_TEST(alu_rejects_and_shifts_out)
{
	struct flt_cbpf p[] = { S(BPF_LD | BPF_IMM, 77),
		S(BPF_LDX | BPF_IMM, 0), S(BPF_ALU | BPF_DIV | BPF_X, 0),
		S(BPF_RET | BPF_K, 5) };

	/* A is not read again, but the division still rejects */
	ck_assert_uint_eq(same(p, N(p), "", 0, 0), 0);
	p[2].code = BPF_ALU | BPF_MOD | BPF_X;
	ck_assert_uint_eq(same(p, N(p), "", 0, 0), 0);
	p[1].k = 1;
	ck_assert_uint_eq(same(p, N(p), "", 0, 0), 5);
	p[3].code = BPF_RET | BPF_A;
	p[2].code = BPF_ALU | BPF_LSH | BPF_X;
	p[1].k = 32;
	ck_assert_uint_eq(same(p, N(p), "", 0, 0), 0);
	p[1].k = 31;
	ck_assert_uint_eq(same(p, N(p), "", 0, 0), 0x80000000);
	p[2].code = BPF_ALU | BPF_RSH | BPF_X;
	p[1].k = 0x80000020;
	ck_assert_uint_eq(same(p, N(p), "", 0, 0), 0);
}
END_TEST

START_TEST(neg_of_every_word)
{
	struct flt_cbpf p[] = { S(BPF_LD | BPF_IMM, 0), S(BPF_ALU | BPF_NEG, 0),
		S(BPF_RET | BPF_A, 0) };
	uint32_t i;

	for (i = 0; i < N(words); i++) {
		p[0].k = words[i];
		ck_assert_uint_eq(same(p, N(p), "", 0, 0), 0 - words[i]);
	}
}
END_TEST

/* Every compare, both operands, every place of the two targets. */
START_TEST(jumps_on_every_pair)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	static const uint8_t ways[][2] = { { 0, 0 }, { 0, 1 }, { 1, 0 },
		{ 1, 1 }, { 0, 2 }, { 2, 0 }, { 1, 2 }, { 2, 1 } };
	uint16_t op = ops[_i];
	uint8_t pkt[8];
	uint32_t i, k, w;

	for (w = 0; w < N(ways); w++) {
		struct flt_cbpf p[] = { S(BPF_LD | BPF_W | BPF_ABS, 4),
			S(BPF_MISC | BPF_TAX, 0),
			S(BPF_LD | BPF_W | BPF_ABS, 0),
			J(BPF_JMP | op | BPF_X, 0, ways[w][0], ways[w][1]),
			S(BPF_RET | BPF_K, 11), S(BPF_RET | BPF_K, 22),
			S(BPF_RET | BPF_K, 33) };

		for (i = 0; i < N(words); i++) {
			for (k = 0; k < N(words); k++) {
				put_be32(pkt, words[i]);
				put_be32(pkt + 4, words[k]);
				p[3].code = BPF_JMP | op | BPF_X;
				same(p, N(p), pkt, 8, 8);
				p[3].code = BPF_JMP | op | BPF_K;
				p[3].k = words[k];
				same(p, N(p), pkt, 8, 8);
			}
		}
	}
}
END_TEST

static const uint16_t sizes[] = { BPF_B, BPF_H, BPF_W };

START_TEST(loads_at_every_edge)
{
	static const uint32_t far[] = { 0x7ffffffb, 0x7fffffff, 0x80000000,
		0xfffff000 + 44, 0xfffff000 + 48, 0xfffffffc, 0xffffffff };
	uint8_t pkt[12] = { 0x81, 2, 0x83, 4, 0xf5, 6, 7, 0xff, 9, 10, 11, 12 };
	struct flt_cbpf p[] = { S(BPF_LD | sizes[_i] | BPF_ABS, 0),
		S(BPF_RET | BPF_A, 0) };
	uint32_t len, k;

	for (len = 0; len <= sizeof(pkt); len++) {
		for (k = 0; k <= sizeof(pkt) + 1; k++) {
			p[0].k = k;
			same(p, N(p), pkt, len, 99);
		}
		for (k = 0; k < N(far); k++) {
			p[0].k = far[k];
			ck_assert_uint_eq(same(p, N(p), pkt, len, 99), 0);
		}
	}
}
END_TEST

/* X + k must not wrap round into the packet. */
START_TEST(indirect_loads_at_every_edge)
{
	static const uint32_t at[] = { 0, 1, 2, 3, 5, 8, 11, 12, 13, 0x7ffffff0,
		0x7fffffff, 0x80000000, 0x80000004, 0xfffffff0, 0xfffffff8,
		0xfffffffc, 0xffffffff };
	uint8_t pkt[12] = { 0x81, 2, 0x83, 4, 0xf5, 6, 7, 0xff, 9, 10, 11, 12 };
	struct flt_cbpf p[] = { S(BPF_LDX | BPF_IMM, 0),
		S(BPF_LD | sizes[_i] | BPF_IND, 0), S(BPF_RET | BPF_A, 0) };
	uint32_t len, x, k;

	for (len = 0; len <= sizeof(pkt); len += 3) {
		for (x = 0; x < N(at); x++) {
			for (k = 0; k < N(at); k++) {
				p[0].k = at[x];
				p[1].k = at[k];
				same(p, N(p), pkt, len, 99);
			}
		}
	}
}
END_TEST

START_TEST(msh_keeps_a)
{
	uint8_t pkt[4] = { 0x45, 0xff, 0x70, 9 };
	struct flt_cbpf p[] = { S(BPF_LD | BPF_B | BPF_ABS, 3),
		S(BPF_LDX | BPF_MSH | BPF_B, 0),
		S(BPF_ALU | BPF_MUL | BPF_X, 0), S(BPF_RET | BPF_A, 0) };
	struct flt_cbpf dead[] = { S(BPF_LD | BPF_IMM, 3),
		S(BPF_LDX | BPF_MSH | BPF_B, 4), S(BPF_RET | BPF_A, 0) };
	uint32_t k;

	for (k = 0; k < 6; k++) {
		p[1].k = k;
		same(p, N(p), pkt, 4, 4);
		dead[1].k = k;
		same(dead, N(dead), pkt, 4, 4);
	}
	p[1].k = 0x80000000;
	ck_assert_uint_eq(same(p, N(p), pkt, 4, 4), 0);
	/* A from before MSH, never written: 0 */
	ck_assert_uint_eq(same(&p[1], 3, pkt, 4, 4), 0);
	p[2].code = BPF_MISC | BPF_TXA;
	p[1].k = 1;
	ck_assert_uint_eq(same(&p[1], 3, pkt, 4, 4), 60);
}
END_TEST

START_TEST(length_is_that_on_the_wire)
{
	struct flt_cbpf a[] = { S(BPF_LD | BPF_W | BPF_LEN, 0),
		S(BPF_RET | BPF_A, 0) };
	struct flt_cbpf x[] = { S(BPF_LDX | BPF_W | BPF_LEN, 0),
		S(BPF_MISC | BPF_TXA, 0), S(BPF_RET | BPF_A, 0) };

	ck_assert_uint_eq(same(a, N(a), "abc", 3, 1500), 1500);
	ck_assert_uint_eq(same(x, N(x), "abc", 3, 0xffffffff), 0xffffffff);
}
END_TEST

START_TEST(scratch_words)
{
	uint32_t i;

	for (i = 0; i < BPF_MEMWORDS; i++) {
		struct flt_cbpf p[] = { S(BPF_LD | BPF_IMM, 0x80000001 + i),
			S(BPF_ST, i), S(BPF_LDX | BPF_IMM, 7),
			S(BPF_STX, 15 - i), S(BPF_LD | BPF_IMM, 0),
			S(BPF_LD | BPF_MEM, i), S(BPF_LDX | BPF_MEM, 15 - i),
			S(BPF_ALU | BPF_SUB | BPF_X, 0),
			S(BPF_RET | BPF_A, 0) };

		ck_assert_uint_eq(same(p, N(p), "", 0, 0), 0x7ffffffa + i);
	}
}
END_TEST

/* bpf_filter() of libpcap 1.10 does not clear M[]: nothing to compare with. */
START_TEST(all_starts_at_0)
{
	struct flt_cbpf a[] = { S(BPF_RET | BPF_A, 0) };
	struct flt_cbpf x[] = { S(BPF_MISC | BPF_TXA, 0),
		S(BPF_RET | BPF_A, 0) };
	struct flt_cbpf m[] = { S(BPF_LD | BPF_MEM, 0), S(BPF_RET | BPF_A, 0) };
	struct flt_cbpf one[] = { J(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
		S(BPF_ST, 3), S(BPF_LDX | BPF_MEM, 3), S(BPF_MISC | BPF_TXA, 0),
		S(BPF_RET | BPF_A, 0) };

	ck_assert_uint_eq(same(a, N(a), "", 0, 0), 0);
	ck_assert_uint_eq(same(x, N(x), "", 0, 0), 0);
	for (m[0].k = 0; m[0].k < BPF_MEMWORDS; m[0].k++) {
		make(m, N(m));
		ck_assert_uint_eq(run("", 0, 0), 0);
		cbpf_run_free(&r);
	}
	/* written on one way only */
	make(one, N(one));
	ck_assert_uint_eq(run("", 0, 0), 0);
	cbpf_run_free(&r);
}
END_TEST

START_TEST(returns)
{
	struct flt_cbpf p[] = { S(BPF_RET | BPF_K, 0) };
	uint32_t i;

	for (i = 0; i < N(words); i++) {
		p[0].k = words[i];
		ck_assert_uint_eq(same(p, 1, "", 0, 0), words[i]);
	}
}
END_TEST

/* `count` times through a loop, as libpcap builds them, then RET A. */
static uint32_t loop(uint32_t count)
{
	struct flt_cbpf p[] = { S(BPF_LDX | BPF_IMM, 1), S(BPF_LD | BPF_IMM, 0),
		S(BPF_ALU | BPF_ADD | BPF_X, 0),
		J(BPF_JMP | BPF_JEQ | BPF_K, count, 1, 0),
		S(BPF_JMP | BPF_JA, (uint32_t)-3), S(BPF_RET | BPF_A, 0) };
	uint32_t got;

	make(p, N(p));
	got = run("", 0, 0);
	if (got != 0)
		ck_assert_uint_eq(got, cbpf_run_libpcap(p, NULL, 0, 0));
	cbpf_run_free(&r);
	return got;
}

START_TEST(loops_have_192_turns)
{
	/* jumps to itself, which bpf_filter() would do for ever */
	struct flt_cbpf self[] = { S(BPF_JMP | BPF_JA, (uint32_t)-1),
		S(BPF_RET | BPF_K, 1) };

	ck_assert_uint_eq(loop(1), 1);
	ck_assert_uint_eq(loop(2), 2);
	ck_assert_uint_eq(loop(192), 192);
	ck_assert_uint_eq(loop(193), 193);
	ck_assert_uint_eq(loop(194), 0);
	make(self, N(self));
	ck_assert_uint_eq(run("", 0, 0), 0);
	cbpf_run_free(&r);
}
END_TEST

/* Two loops that overlap, and one that is entered in its middle. */
START_TEST(loops_that_overlap)
{
	struct flt_cbpf p[] = { S(BPF_LDX | BPF_IMM, 3), S(BPF_JMP | BPF_JA, 1),
		/* 2: */ S(BPF_ALU | BPF_MUL | BPF_K, 5),
		/* 3: */ S(BPF_ALU | BPF_ADD | BPF_X, 0),
		J(BPF_JMP | BPF_JGT | BPF_K, 100, 3, 0),
		J(BPF_JMP | BPF_JSET | BPF_K, 1, 1, 0),
		S(BPF_JMP | BPF_JA, (uint32_t)-5),
		S(BPF_JMP | BPF_JA, (uint32_t)-5),
		J(BPF_JMP | BPF_JGT | BPF_K, 400, 2, 0),
		S(BPF_ALU | BPF_ADD | BPF_K, 1),
		S(BPF_JMP | BPF_JA, (uint32_t)-8), S(BPF_RET | BPF_A, 0) };

	ck_assert_uint_ne(same(p, N(p), "", 0, 0), 0);
}
END_TEST

static struct flt_cbpf big[300000];

/* JA over more than 16 bits can say. */
START_TEST(far_jumps)
{
	uint32_t i, n = 70000;

	big[0] = (struct flt_cbpf)S(BPF_LD | BPF_B | BPF_ABS, 0);
	big[1] = (struct flt_cbpf)J(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1);
	big[2] = (struct flt_cbpf)S(BPF_JMP | BPF_JA, n - 4);
	for (i = 3; i < n - 1; i++)
		big[i] = (struct flt_cbpf)S(BPF_ALU | BPF_ADD | BPF_K, 3);
	big[n - 1] = (struct flt_cbpf)S(BPF_RET | BPF_A, 0);
	ck_assert_uint_eq(same(big, n, "\1", 1, 1), 1);
	ck_assert_uint_eq(same(big, n, "\2", 1, 1), 2 + 3 * (n - 4));
}
END_TEST

/* Conditional jumps out of a large loop, which lies there many times. */
START_TEST(far_branches)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	uint32_t i, n = 0, way = (uint32_t)_i / 4, last = 230;
	uint8_t pkt[4];

	big[n++] = (struct flt_cbpf)S(BPF_LD | BPF_B | BPF_ABS, 0);
	big[n++] = (struct flt_cbpf)S(BPF_MISC | BPF_TAX, 0);
	big[n++] = (struct flt_cbpf)S(BPF_LD | BPF_B | BPF_ABS, 1);
	big[n++] = (struct flt_cbpf)S(BPF_ALU | BPF_ADD | BPF_X, 0);
	/* out of the loop where true, or where false */
	big[n++] = (struct flt_cbpf)J(BPF_JMP | ops[_i % 4] | BPF_K, 64,
	    way == 0 ? (uint8_t)(last - 5) : 0,
	    way == 0 ? 0 : (uint8_t)(last - 5));
	while (n < last - 1)
		big[n++] = (struct flt_cbpf)S(BPF_ALU | BPF_XOR | BPF_K, 0);
	/* identities are left out: make the loop large again */
	for (i = 10; i < last - 1; i += 2)
		big[i] = (struct flt_cbpf)S(BPF_ALU | BPF_XOR | BPF_K, 1);
	big[n++] = (struct flt_cbpf)S(BPF_JMP | BPF_JA, 3 - last);
	big[n++] = (struct flt_cbpf)S(BPF_RET | BPF_A, 0);
	ck_assert_uint_eq(n, last + 1);
	for (i = 0; i < 64; i++) {
		pkt[0] = (uint8_t)(i % 8 + 1);
		pkt[1] = (uint8_t)(i * 5);
		make(big, n);
		if (run(pkt, 2, 2) != 0)
			ck_assert_uint_eq(
			    run(pkt, 2, 2), cbpf_run_libpcap(big, pkt, 2, 2));
		cbpf_run_free(&r);
	}
}
END_TEST

struct bad {
	const char *why;
	struct flt_cbpf p[3];
	uint32_t n;
	bool only_ours; /* bpf_validate() of libpcap 1.10 lets it pass */
};

static const struct bad bads[] = {
	{ "is empty", { S(BPF_RET, 0) }, 0, false },
	{ "does not return", { S(BPF_LD | BPF_IMM, 0) }, 1, false },
	{ "does not return", { S(BPF_RET, 0), S(BPF_ST, 0) }, 2, false },
	{ "jump out", { S(BPF_JMP | BPF_JA, 1), S(BPF_RET, 0) }, 2, false },
	{ "jump out", { S(BPF_JMP | BPF_JA, (uint32_t)-2), S(BPF_RET, 0) }, 2,
	    false },
	{ "jump out", { S(BPF_JMP | BPF_JA, 0x7fffffff), S(BPF_RET, 0) }, 2,
	    false },
	{ "jump out", { J(BPF_JMP | BPF_JEQ, 0, 1, 0), S(BPF_RET, 0) }, 2,
	    false },
	{ "jump out", { J(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 1), S(BPF_RET, 0) },
	    2, false },
	{ "constant 0", { S(BPF_ALU | BPF_DIV, 0), S(BPF_RET, 0) }, 2, false },
	{ "constant 0", { S(BPF_ALU | BPF_MOD, 0), S(BPF_RET, 0) }, 2, false },
	{ "32 or more", { S(BPF_ALU | BPF_LSH, 32), S(BPF_RET, 0) }, 2, true },
	{ "32 or more", { S(BPF_ALU | BPF_RSH, 99), S(BPF_RET, 0) }, 2, true },
	{ "16 words", { S(BPF_ST, 16), S(BPF_RET, 0) }, 2, false },
	{ "16 words", { S(BPF_STX, 16), S(BPF_RET, 0) }, 2, false },
	{ "16 words", { S(BPF_LD | BPF_MEM, 16), S(BPF_RET, 0) }, 2, false },
	{ "16 words", { S(BPF_LDX | BPF_MEM, 0xffffffff), S(BPF_RET, 0) }, 2,
	    false },
	{ "no such", { S(0x1234, 0), S(BPF_RET, 0) }, 2, false },
	{ "no such", { S(BPF_RET | BPF_X, 0) }, 1, true },
};

START_TEST(what_is_refused)
{
	const struct bad *b = &bads[_i];
	struct flt_code code = { NULL, 0, 0 };
	struct flt_error err = { "" };

	ck_assert_int_eq(
	    flt_cbpf_convert(b->p, b->n, &code, &err), -EXO_EINVAL);
	ck_assert_msg(strstr(err.text, b->why) != NULL, "%s", err.text);
	ck_assert_uint_eq(code.n, 0);
	ck_assert_int_eq(
	    bpf_validate((const struct bpf_insn *)b->p, (int)b->n) != 0,
	    b->only_ours);
	flt_code_free(&code);
}
END_TEST

START_TEST(every_code_is_one_or_none)
{
	static const uint16_t rows[] = {
#define FLT_CBPF(code, kind, mnemonic, operand) code,
#include "filters/cbpf.inc"
#undef FLT_CBPF
	};
	struct flt_code code = { NULL, 0, 0 };
	struct flt_error err;
	uint32_t c, i, known = 0;

	for (c = 0; c <= 0xffff; c++) {
		struct flt_cbpf p[] = { S(0, 1), S(BPF_RET, 0), S(BPF_RET, 0) };
		bool row = false;

		p[0].code = (uint16_t)c;
		for (i = 0; i < N(rows); i++)
			row |= rows[i] == c;
		known += row;
		ck_assert_int_eq(
		    flt_cbpf_convert(p, 3, &code, &err), row ? 0 : -EXO_EINVAL);
		code.n = 0;
	}
	ck_assert_uint_eq(known, N(rows));
	flt_code_free(&code);
}
END_TEST

START_TEST(too_large)
{
	struct flt_code code = { NULL, 0, 0 };
	struct flt_error err;
	uint32_t i, n = 6000;

	/* more than a million instructions come of 192 turns of this */
	for (i = 0; i < n - 2; i++)
		big[i] = (struct flt_cbpf)S(BPF_ALU | BPF_ADD | BPF_X, 0);
	big[n - 2] = (struct flt_cbpf)S(BPF_JMP | BPF_JA, 1 - n);
	big[n - 1] = (struct flt_cbpf)S(BPF_RET | BPF_A, 0);
	ck_assert_int_eq(flt_cbpf_convert(big, n, &code, &err), -EXO_E2BIG);
	/* and of these, which take four each */
	n = N(big);
	for (i = 0; i < n - 1; i++)
		big[i] = (struct flt_cbpf)S(BPF_ALU | BPF_DIV | BPF_X, 0);
	big[n - 1] = (struct flt_cbpf)S(BPF_RET | BPF_A, 0);
	ck_assert_int_eq(flt_cbpf_convert(big, n, &code, &err), -EXO_E2BIG);
	ck_assert_int_eq(
	    flt_cbpf_convert(big, EXO_INSNS_MAX + 1, &code, &err), -EXO_E2BIG);
	ck_assert_uint_eq(code.n, 0);
	flt_code_free(&code);
}
END_TEST

START_TEST(code_is_appended_to)
{
	struct flt_cbpf p[] = { S(BPF_RET | BPF_K, 7) };
	struct flt_cbpf bad[] = { S(BPF_RET | BPF_X, 7) };
	struct flt_code code = { NULL, 0, 0 };
	struct flt_error err;

	ck_assert_int_eq(flt_cbpf_convert(p, 1, &code, &err), 0);
	ck_assert_uint_eq(code.n, 2);
	ck_assert_int_eq(flt_cbpf_convert(bad, 1, &code, &err), -EXO_EINVAL);
	ck_assert_uint_eq(code.n, 2);
	ck_assert_int_eq(flt_cbpf_convert(p, 1, &code, &err), 0);
	ck_assert_uint_eq(code.n, 4);
	ck_assert_mem_eq(code.insns, code.insns + 2, 2 * sizeof(*code.insns));
	flt_code_free(&code);
	ck_assert_ptr_null(code.insns);
}
END_TEST

/* What a program becomes, one instruction a line. */
static void listing(const struct flt_cbpf *p, uint32_t n, struct exo_fmt *f)
{
	struct flt_code code = { NULL, 0, 0 };
	struct flt_error err;
	uint32_t i;

	ck_assert_int_eq(flt_cbpf_convert(p, n, &code, &err), 0);
	for (i = 0; i < code.n; i++) {
		isa_disasm(f, code.insns, code.n, i);
		exo_fmt_char(f, '\n');
	}
	flt_code_free(&code);
}

START_TEST(code_is_tight)
{
	struct flt_cbpf port[] = { S(BPF_LD | BPF_H | BPF_ABS, 12),
		J(BPF_JMP | BPF_JEQ, 0x800, 0, 8),
		S(BPF_LD | BPF_B | BPF_ABS, 23), J(BPF_JMP | BPF_JEQ, 6, 0, 6),
		S(BPF_LD | BPF_H | BPF_ABS, 20),
		J(BPF_JMP | BPF_JSET, 0x1fff, 4, 0),
		S(BPF_LDX | BPF_MSH | BPF_B, 14),
		S(BPF_LD | BPF_H | BPF_IND, 16), J(BPF_JMP | BPF_JEQ, 80, 0, 1),
		S(BPF_RET, 262144), S(BPF_RET, 0) };
	struct flt_cbpf idle[] = { S(BPF_LD | BPF_IMM, 5),
		S(BPF_ALU | BPF_ADD | BPF_K, 0), S(BPF_ST, 2),
		S(BPF_JMP | BPF_JA, 1), S(BPF_RET, 3), S(BPF_JMP | BPF_JA, 0),
		J(BPF_JMP | BPF_JGT | BPF_X, 0, 1, 1), S(BPF_RET, 4),
		S(BPF_RET, 1) };
	char text[1024];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	listing(port, N(port), &f);
	ck_assert_str_eq(text, "r6 = r1\n"
	                       "r0 = *(u16 *)skb[12]\n"
	                       "if w0 != 0x800 goto pc+12\n"
	                       "r0 = *(u8 *)skb[23]\n"
	                       "if w0 != 0x6 goto pc+10\n"
	                       "r0 = *(u16 *)skb[20]\n"
	                       "if w0 & 0x1fff goto pc+8\n"
	                       "r0 = *(u8 *)skb[14]\n"
	                       "w0 &= 15\n"
	                       "w0 <<= 2\n"
	                       "w7 = w0\n"
	                       "r0 = *(u16 *)skb[r7 + 16]\n"
	                       "if w0 != 0x50 goto pc+2\n"
	                       "w0 = 262144\n"
	                       "exit\n"
	                       "w0 = 0\n"
	                       "exit\n");
	exo_fmt_init(&f, text, sizeof(text));
	listing(idle, N(idle), &f);
	ck_assert_str_eq(text, "w0 = 1\nexit\n");
}
END_TEST

#define PROGRAMS 20000
#define SHARDS   8 /* so that CK_FORK spreads a failure's place */

/* Random programs that bpf_validate() takes, on several packets each. */
START_TEST(random_programs)
{
	uint64_t rnd = 0x9e3779b97f4a7c15u + (uint64_t)_i;
	struct flt_cbpf p[CBPF_GEN_MAX];
	uint32_t i, k, n, hits = 0;
	uint8_t pkt[CBPF_GEN_PKT];

	for (i = 0; i < PROGRAMS / SHARDS; i++) {
		n = cbpf_gen(p, &rnd);
		make(p, n);
		for (k = 0; k < 6; k++) {
			uint32_t len = cbpf_gen_pkt(pkt, &rnd, k);
			uint32_t wire = len + cbpf_random(&rnd) % 64;
			uint32_t want = cbpf_run_libpcap(p, pkt, len, wire);

			ck_assert_msg(run(pkt, len, wire) == want,
			    "shard %d program %u packet %u", _i, i, k);
			hits += want != 0;
		}
		cbpf_run_free(&r);
	}
	/* the programs are of some interest */
	ck_assert_uint_gt(hits, PROGRAMS / SHARDS);
}
END_TEST

START_TEST(text_is_tcpdumps)
{
	uint32_t c, k;

	for (c = 0; c < 0x110; c++) {
		for (k = 0; k < N(words); k++) {
			struct bpf_insn in = { (u_short)c, (u_char)k,
				(u_char)(255 - k), words[k] };
			struct flt_cbpf f = { (uint16_t)c, (uint8_t)k,
				(uint8_t)(255 - k), words[k] };
			char text[128], cut[8];

			/* libpcap has no text for ldx #len */
			if (c == (BPF_LDX | BPF_W | BPF_LEN))
				continue;
			flt_cbpf_text(&f, k * 57, text, sizeof(text));
			ck_assert_str_eq(text, bpf_image(&in, (int)k * 57));
			flt_cbpf_text(&f, k * 57, cut, sizeof(cut));
			ck_assert_uint_eq(strlen(cut), 7);
			ck_assert_int_eq(strncmp(cut, text, 7), 0);
		}
	}
}
END_TEST

static int convert_once(void *arg)
{
	struct flt_cbpf p[] = { S(BPF_LD | BPF_B | BPF_ABS, 0),
		J(BPF_JMP | BPF_JEQ, 5, 1, 0),
		S(BPF_JMP | BPF_JA, (uint32_t)-3), S(BPF_RET, 1) };
	struct flt_code code = { NULL, 0, 0 };
	struct flt_error err;
	int ret = flt_cbpf_convert(p, N(p), &code, &err);

	(void)arg;
	flt_code_free(&code);
	return ret;
}

START_TEST(memory_fails)
{
	test_oom_loop(convert_once, NULL);
}
END_TEST

Suite *t_flt_cbpf_suite(void)
{
	Suite *s = suite_create("t_flt_cbpf");
	TCase *tc = tcase_create("convert");
	TCase *oom = tcase_create("oom");

	tcase_add_loop_test(tc, alu_on_every_pair, 0, (int)N(alu));
	tcase_add_test(tc, alu_rejects_and_shifts_out);
	tcase_add_test(tc, neg_of_every_word);
	tcase_add_loop_test(tc, jumps_on_every_pair, 0, 4);
	tcase_add_loop_test(tc, loads_at_every_edge, 0, (int)N(sizes));
	tcase_add_loop_test(tc, indirect_loads_at_every_edge, 0, (int)N(sizes));
	tcase_add_test(tc, msh_keeps_a);
	tcase_add_test(tc, length_is_that_on_the_wire);
	tcase_add_test(tc, scratch_words);
	tcase_add_test(tc, all_starts_at_0);
	tcase_add_test(tc, returns);
	tcase_add_test(tc, loops_have_192_turns);
	tcase_add_test(tc, loops_that_overlap);
	tcase_add_test(tc, far_jumps);
	tcase_add_loop_test(tc, far_branches, 0, 8);
	tcase_add_loop_test(tc, what_is_refused, 0, (int)N(bads));
	tcase_add_test(tc, every_code_is_one_or_none);
	tcase_add_test(tc, too_large);
	tcase_add_test(tc, code_is_appended_to);
	tcase_add_test(tc, code_is_tight);
	tcase_add_loop_test(tc, random_programs, 0, SHARDS);
	tcase_add_test(tc, text_is_tcpdumps);
	tcase_add_test(oom, memory_fails);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, oom);
	return s;
}
