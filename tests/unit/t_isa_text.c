/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disassembler and assembler: the syntax, the round trip of every row, and
 * where errors are reported.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/isa/decode.h"
#include "exo/isa/text.h"
#include "tests/unit/suites.h"

#define MAX 64u

static struct exo_insn out[MAX];
static struct isa_asm_error err;

static int assemble(const char *text, uint32_t *n)
{
	memset(out, 0xee, sizeof(out));
	memset(&err, 0, sizeof(err));
	return isa_asm(text, strlen(text), out, MAX, n, &err);
}

/* Disassemble in[0..n) slot by slot, one instruction a line. */
static void list(const struct exo_insn *in, uint32_t n, char *buf, size_t size)
{
	struct exo_fmt f;
	uint32_t i;

	exo_fmt_init(&f, buf, size);
	for (i = 0; i < n;) {
		i += isa_disasm(&f, in, n, i);
		exo_fmt_char(&f, '\n');
	}
	ck_assert(!f.cut);
}

/* Text and back gives the same bytes. */
static void round_trip(const struct exo_insn *in, uint32_t n)
{
	char text[512];
	uint32_t got;

	list(in, n, text, sizeof(text));
	ck_assert_msg(assemble(text, &got) == 0, "%s: col %u: %s", text,
	    err.col, err.what);
	ck_assert_uint_eq(got, n);
	if (memcmp(out, in, n * sizeof(*in)) != 0)
		ck_abort_msg("%s gives other bytes", text);
}

static const int32_t imms[] = { 0, 1, -1, 5, 7, 8, 15, 16, 31, 32, 63, 64, 127,
	128, -128, 255, 256, 32767, -32768, 65535, 65536, 0x12345678,
	-0x12345678, INT32_MAX, INT32_MIN };
static const int16_t offs[] = { 0, 1, -1, 4, -4, 127, -128, 255, 256, 1000,
	-1000, INT16_MAX, INT16_MIN };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The k-th instruction of a row: registers, offsets and immediates counted
 * through, each where the row has such an operand. False: there is no more. */
static bool nth(const struct isa_op *op, size_t k, struct exo_insn in[2])
{
	unsigned u = isa_uses(op);
	size_t dsts = (u & ISA_USE_DST) != 0 ? EXO_REGS : 1;
	size_t srcs = (u & ISA_USE_SRC) != 0 ? EXO_REGS : 1;
	size_t noff = (u & ISA_USE_OFF) != 0 ? COUNT(offs) : 1;
	size_t nimm = (u & ISA_USE_IMM) != 0 ? COUNT(imms) : 1;

	if (k >= dsts * srcs * noff * nimm)
		return false;
	memset(in, 0, 2 * sizeof(in[0]));
	in[0].code = op->code;
	in[0].regs = (uint8_t)(k % dsts | (size_t)op->src << 4);
	k /= dsts;
	if ((u & ISA_USE_SRC) != 0)
		in[0].regs |= (uint8_t)(k % srcs << 4);
	k /= srcs;
	in[0].off = (u & ISA_USE_OFF) != 0 ? offs[k % noff] : op->off;
	k /= noff;
	in[0].imm = (u & ISA_USE_IMM) != 0 ? imms[k] : op->imm;
	if ((u & ISA_USE_NEXT) != 0)
		in[1].imm = imms[(k + in[0].regs) % COUNT(imms)];
	return true;
}

START_TEST(t_round_trip)
{
	const struct isa_op *op = &isa_ops_table[_i];
	struct exo_insn in[2];
	char text[512];
	size_t k;

	for (k = 0; nth(op, k, in); k++) {
		list(in, isa_slots(in), text, sizeof(text));
		ck_assert_ptr_null(strstr(text, ".insn"));
		round_trip(in, isa_slots(in));
	}
	ck_assert_uint_gt(k, 0);
}
END_TEST

/* Pseudo-random slots, instructions or not, and cut-off ends. */
START_TEST(t_any_bytes)
{
	uint64_t x = 0x9e3779b97f4a7c15u * ((uint64_t)_i + 1);
	struct exo_insn in[4];
	unsigned i, k;

	for (k = 0; k < 2000; k++) {
		for (i = 0; i < 4; i++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			memcpy(&in[i], &x, sizeof(in[i]));
			in[i].regs = (uint8_t)(x >> 60 | (x >> 52 & 0xf0));
			if ((x >> 20 & 3) == 0)
				in[i].code = 0x18;
			if ((x >> 22 & 3) == 0)
				in[i].code = in[i].regs = 0;
			if ((x >> 24 & 1) == 0)
				in[i].off = 0;
			if ((x >> 25 & 3) == 0)
				in[i].imm = 0;
		}
		round_trip(in, 1 + k % 4);
	}
}
END_TEST

/* The syntax, as Linux's verifier log and bpftool write it. */
static const struct {
	struct exo_insn in[2];
	const char *text;
} syntax[] = {
	{ { { 0xb7, 0x00, 0, 5 } }, "r0 = 5" },
	{ { { 0x0c, 0x21, 0, 0 } }, "w1 += w2" },
	{ { { 0xc7, 0x01, 0, 3 } }, "r1 s>>= 3" },
	{ { { 0xbf, 0x10, 8, 0 } }, "r0 = (s8)r1" },
	{ { { 0xbc, 0x10, 16, 0 } }, "w0 = (s16)w1" },
	{ { { 0x69, 0x21, 4, 0 } }, "r1 = *(u16 *)(r2 +4)" },
	{ { { 0x91, 0x21, 0, 0 } }, "r1 = *(s8 *)(r2 +0)" },
	{ { { 0x63, 0x1a, -4, 0 } }, "*(u32 *)(r10 -4) = r1" },
	{ { { 0x72, 0x01, 0, 7 } }, "*(u8 *)(r1 +0) = 7" },
	{ { { 0xdb, 0x21, 0, 0 } }, "lock *(u64 *)(r1 +0) += r2" },
	{ { { 0xc3, 0x21, 8, 0xa0 } }, "lock *(u32 *)(r1 +8) ^= r2" },
	{ { { 0xdb, 0x21, 0, 1 } },
	    "r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)" },
	{ { { 0xc3, 0x21, 0, 0x41 } },
	    "r2 = atomic_fetch_or((u32 *)(r1 +0), r2)" },
	{ { { 0xdb, 0x21, 0, 0xe1 } },
	    "r2 = atomic64_xchg((u64 *)(r1 +0), r2)" },
	{ { { 0xdb, 0x21, 0, 0xf1 } },
	    "r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)" },
	{ { { 0x65, 0x01, 3, 5 } }, "if r1 s> 0x5 goto pc+3" },
	{ { { 0x46, 0x01, -2, 8 } }, "if w1 & 0x8 goto pc-2" },
	{ { { 0x15, 0x01, 0, -5 } }, "if r1 == 0xfffffffb goto pc+0" },
	{ { { 0xbd, 0x21, 1, 0 } }, "if r1 <= r2 goto pc+1" },
	{ { { 0x05, 0x00, 0, 0 } }, "goto pc+0" },
	{ { { 0x06, 0x00, 0, 70000 } }, "gotol pc+70000" },
	{ { { 0xdb, 0xa2, -8, 0x100 } }, "r2 = load_acquire((u64 *)(r10 -8))" },
	{ { { 0xd3, 0x12, 0, 0x100 } }, "r2 = load_acquire((u8 *)(r1 +0))" },
	{ { { 0xdb, 0x2a, -8, 0x110 } }, "store_release((u64 *)(r10 -8), r2)" },
	{ { { 0xcb, 0x21, 4, 0x110 } }, "store_release((u16 *)(r1 +4), r2)" },
	{ { { 0x85, 0x00, 0, 1 } }, "call map_lookup_elem#1" },
	{ { { 0x85, 0x00, 0, 5 } }, "call ktime_get_ns#5" },
	{ { { 0x85, 0x00, 0, 1000 } }, "call 1000" },
	{ { { 0x85, 0x00, 0, -1 } }, "call -1" },
	{ { { 0x85, 0x10, 0, 12 } }, "call pc+12" },
	{ { { 0x95, 0x00, 0, 0 } }, "exit" },
	{ { { 0x18, 0x01, 0, 0x55667788 }, { 0, 0, 0, 0x11223344 } },
	    "r1 = 0x1122334455667788 ll" },
	{ { { 0x18, 0x11, 0, 3 }, { 0, 0, 0, 0 } }, "r1 = map[id:3]" },
	{ { { 0x18, 0x21, 0, 3 }, { 0, 0, 0, 8 } }, "r1 = map[id:3][0]+8" },
	{ { { 0x18, 0x41, 0, -3 }, { 0, 0, 0, 0 } }, "r1 = subprog[-3]" },
	{ { { 0x18, 0x51, 0, 3 }, { 0, 0, 0, 0 } }, "r1 = map[idx:3]" },
	{ { { 0x28, 0x00, 0, 12 } }, "r0 = *(u16 *)skb[12]" },
	{ { { 0x50, 0x70, 0, 4 } }, "r0 = *(u8 *)skb[r7 + 4]" },
	{ { { 0xdc, 0x01, 0, 16 } }, "r1 = be16 r1" },
	{ { { 0xd7, 0x01, 0, 32 } }, "r1 = bswap32 r1" },
	{ { { 0x3f, 0x21, 1, 0 } }, "r1 s/= r2" },
	{ { { 0x94, 0x01, 1, 3 } }, "w1 s%= 3" },
	{ { { 0x87, 0x01, 0, 0 } }, "r1 = -r1" },
	{ { { 0x84, 0x01, 0, 0 } }, "w1 = -w1" },
	{ { { 0xff, 0x21, -3, 9 } }, ".insn 0xff, 0x21, -3, 9" },
};

START_TEST(t_syntax)
{
	char text[128];
	uint32_t n, slots;
	size_t i;

	for (i = 0; i < COUNT(syntax); i++) {
		slots = isa_slots(syntax[i].in);
		list(syntax[i].in, slots, text, sizeof(text));
		text[strlen(text) - 1] = '\0';
		ck_assert_str_eq(text, syntax[i].text);
		ck_assert_int_eq(assemble(syntax[i].text, &n), 0);
		ck_assert_uint_eq(n, slots);
		ck_assert_mem_eq(out, syntax[i].in, slots * sizeof(*out));
	}
}
END_TEST

/* Two texts that mean the same bytes. */
static const char *const same[][2] = {
	{ "r0=5", "r0 = 5" },
	{ "\t r0 =\t0x5 ; five", "r0 = 5" },
	{ "r0 = 5 # five", "r0 = 5" },
	{ "r0 = 5 // five\r", "r0 = 5" },
	{ "12: r0 = 5", "r0 = 5" },
	{ "  12: (b7) r0 = 5", "r0 = 5" },
	{ "  12:(07) r0 += 5", "r0 += 5" },
	{ "0: start: r0 = 5", "r0 = 5" },
	{ "a: b:\nc: r0 = 5", "r0 = 5" },
	{ "\n\n ; nothing\nr0 = 5\n\n", "r0 = 5" },
	{ "r1 = *(u16*)(r2+4)", "r1 = *(u16 *)(r2 +4)" },
	{ "r1 = *(u16 *)(r2)", "r1 = *(u16 *)(r2 +0)" },
	{ "r1 = *(u16 *)(r2 - 4)", "r1 = *(u16 *)(r2 -4)" },
	{ "r0 = *(u8 *)skb[r7 - 4]", "r0 = *(u8 *)skb[r7 + -4]" },
	{ "goto +3", "goto pc+3" },
	{ "goto end\nexit\nend: exit", "goto pc+1\nexit\nexit" },
	{ "x: goto x", "goto pc-1" },
	{ "if r1 == 1 goto x\nr0 = 5 ll\nx: exit",
	    "if r1 == 0x1 goto pc+2\nr0 = 0x5 ll\nexit" },
	{ "call f\nexit\nf: exit", "call pc+1\nexit\nexit" },
	{ "call 5", "call ktime_get_ns#5" },
	{ "call ktime_get_ns", "call ktime_get_ns#5" },
	{ "call bpf_ktime_get_ns", "call ktime_get_ns#5" },
	{ "call bpf_ktime_get_ns#5", "call ktime_get_ns#5" },
	{ "call loop # 9", "call loop#181" },
	{ "call loop\nloop: exit", "call pc+0\nexit" },
	{ "call loop#181\nloop: exit", "call 181\nexit" },
	{ "call bpf_of_later#1000", "call 1000" },
	{ "loop: call bpf_loop", "call 181" },
	{ "r1 = map[fd:3]", "r1 = map[id:3]" },
	{ "r1 = map[fd:3][0]+8", "r1 = map[id:3][0]+8" },
	{ "w2 = load_acquire((u32 *)(r1 + 0x10))",
	    "r2 = load_acquire((u32 *)(r1 +16))" },
	{ "store_release((u8 *)(r1), w2)", "store_release((u8 *)(r1 +0), r2)" },
	{ "gotol far\nfar: exit", "gotol pc+0\nexit" },
	{ "goto pc\npc: exit", "goto pc+0\nexit" },
	{ "r1 = subprog[f]\nexit\nf: exit", "r1 = subprog[+2]\nexit\nexit" },
	{ "if r1 == -5 goto pc+0", "if r1 == 0xfffffffb goto pc+0" },
	{ "w1 = 0xffffffff", "w1 = -1" },
	{ "r1 = -1 ll", "r1 = 0xffffffffffffffff ll" },
	{ "r1 = 18446744073709551615 ll", "r1 = 0xffffffffffffffff ll" },
	{ "r10 = 1", ".insn 0xb7, 0x0a, 0, 1" },
};

START_TEST(t_same)
{
	static struct exo_insn first[MAX];
	uint32_t n, m;
	size_t i;

	for (i = 0; i < COUNT(same); i++) {
		ck_assert_msg(assemble(same[i][0], &n) == 0, "%s: %s",
		    same[i][0], err.what);
		memcpy(first, out, sizeof(first));
		ck_assert_msg(assemble(same[i][1], &m) == 0, "%s: %s",
		    same[i][1], err.what);
		ck_assert_uint_eq(n, m);
		ck_assert_msg(memcmp(first, out, n * sizeof(*out)) == 0, "%s",
		    same[i][0]);
	}
}
END_TEST

static const struct {
	const char *text;
	uint32_t line, col;
} wrong[] = {
	{ "r11 = 5", 1, 1 },
	{ "r0 = ", 1, 6 },
	{ "r0 = 5 5", 1, 8 },
	{ "r0 == 5", 1, 4 },
	{ "exit\nr0 + 5", 2, 4 },
	{ "exit\n\n  jump 5", 3, 3 },
	{ "r0 = 99999999999999999999 ll", 1, 6 },
	{ "r0 = 18446744073709551616 ll", 1, 6 },
	{ "r0 = -9223372036854775809 ll", 1, 6 },
	{ "r0 = 2147483648", 1, 6 },
	{ "r0 += 0xffffffff", 1, 7 },
	{ "w0 = 4294967296", 1, 6 },
	{ "w0 = 5 ll", 1, 8 },
	{ "r0 = 0x", 1, 6 },
	{ "r0 = 12ab", 1, 6 },
	{ "r0 = w1", 1, 6 },
	{ "w0 += r1", 1, 7 },
	{ "r0 = -r1", 1, 7 },
	{ "r0 = be16 r1", 1, 11 },
	{ "w0 = be16 w0", 1, 6 },
	{ "r0 = be24 r0", 1, 6 },
	{ "r0 = (s64)r1", 1, 7 },
	{ "w0 = (s32)w1", 1, 7 },
	{ "r0 = *(u24 *)(r1 +0)", 1, 8 },
	{ "r0 = *(u32 *)(w1 +0)", 1, 15 },
	{ "r0 = *(u32 *)(r1 +32768)", 1, 18 },
	{ "r0 = *(u32 *)(r1 -32769)", 1, 18 },
	{ "r0 = *(u32 *)(r1 +0", 1, 20 },
	{ "r1 = *(u32 *)skb[0]", 1, 17 },
	{ "r0 = *(u64 *)skb[0]", 1, 17 },
	{ "r0 = *(s8 *)skb[0]", 1, 16 },
	{ "*(s8 *)(r1 +0) = 1", 1, 8 },
	{ "*(u64 *)(r1 +0) = 0xffffffff", 1, 19 },
	{ "lock *(u8 *)(r1 +0) += r2", 1, 13 },
	{ "lock *(u64 *)(r1 +0) -= r2", 1, 22 },
	{ "lock *(u64 *)(r1 +0) += 2", 1, 25 },
	{ "r2 = atomic64_fetch_add((u32 *)(r1 +0), r2)", 1, 32 },
	{ "r2 = atomic64_fetch_add((u64 *)(r1 +0), r3)", 1, 41 },
	{ "r2 = atomic64_fetch_sub((u64 *)(r1 +0), r2)", 1, 6 },
	{ "r2 = atomic_((u64 *)(r1 +0), r2)", 1, 6 },
	{ "r1 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)", 1, 39 },
	{ "r0 = atomic64_cmpxchg((u64 *)(r1 +0), r1, r2)", 1, 39 },
	{ "if r1 = 5 goto pc+0", 1, 7 },
	{ "if r1 > 5 pc+0", 1, 11 },
	{ "if r1 > w2 goto pc+0", 1, 9 },
	{ "goto pc+32768", 1, 8 },
	{ "goto nowhere", 1, 6 },
	{ "goto 5", 1, 6 },
	{ "x: exit\nexit\nx: exit", 3, 1 },
	{ "call", 1, 5 },
	{ "r1 = map[ix:3]", 1, 10 },
	{ "r1 = map[id:3][1]+0", 1, 16 },
	{ "r1 = map[id:3][0]", 1, 18 },
	{ "call ktime_get_ns#6", 1, 19 },
	{ "call ktime_get_ns#1000", 1, 19 },
	{ "call other#5", 1, 12 },
	{ "call ktime_get_ns#5b", 1, 19 },
	{ "call ktime_get_nsx", 1, 6 },
	{ "call ktime_get_n", 1, 6 },
	{ "call bpf_", 1, 6 },
	{ "r2 = load_acquire(u64 *)(r1 +0))", 1, 19 },
	{ "r2 = load_acquire((s32 *)(r1 +0))", 1, 26 },
	{ "w2 = load_acquire((u64 *)(r1 +0))", 1, 26 },
	{ "r2 = load_acquire((u64 *)(r1 +0)", 1, 33 },
	{ "store_release((s8 *)(r1 +0), r2)", 1, 21 },
	{ "store_release((u64 *)(r1 +0), w2)", 1, 31 },
	{ "store_release((u64 *)(r1 +0), 2)", 1, 31 },
	{ "store_release((u64 *)(r1 +0) r2)", 1, 30 },
	{ "store_release((u64 *)(r1 +0), r2", 1, 33 },
	{ "r1 = subprog[4]", 1, 14 },
	{ ".insn 256, 0, 0, 0", 1, 7 },
	{ ".insn 0, 0, 0", 1, 14 },
	{ "exit \x01", 1, 6 },
	{ "\x80", 1, 1 },
	{ "5", 1, 1 },
	{ "@", 1, 1 },
};

START_TEST(t_errors)
{
	uint32_t n = 5;

	ck_assert_int_eq(assemble(wrong[_i].text, &n), -EXO_ESYNTAX);
	ck_assert_uint_eq(n, 0);
	ck_assert_msg(err.line == wrong[_i].line && err.col == wrong[_i].col,
	    "%s: told at %u:%u: %s", wrong[_i].text, err.line, err.col,
	    err.what);
	ck_assert_int_eq(strncmp(err.what, "expected ", 9), 0);
}
END_TEST

/* Room is counted exactly, labels included, and nothing is written past it. */
START_TEST(t_room)
{
	static const char text[] = "r0 = 5 ll\nx: exit";
	struct exo_insn room[5];
	uint32_t n, max;
	int rc;

	for (max = 0; max <= 4; max++) {
		memset(room, 0xee, sizeof(room));
		rc = isa_asm(text, strlen(text), room, max, &n, &err);
		ck_assert_int_eq(rc, max < 4 ? -EXO_E2BIG : 0);
		ck_assert_uint_eq(n, max < 4 ? 0 : 3);
		ck_assert_uint_eq(room[max].code, 0xee);
	}
	ck_assert_int_eq(isa_asm(text, 0, room, 0, &n, &err), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* Many labels, defined in an order that is not that of their names. */
START_TEST(t_many_labels)
{
	enum {
		N = 3000
	};
	struct exo_insn *in = calloc(3 * N, sizeof(*in));
	char *text = malloc(N * 64), *p = text;
	uint32_t n;
	int i;

	ck_assert(in != NULL && text != NULL);
	for (i = 0; i < N; i++)
		p += sprintf(
		    p, "l%d: gotol l%d\n", i * 7919 % N, (i * 7919 + 1) % N);
	ck_assert_int_eq(
	    isa_asm(text, (size_t)(p - text), in, 3 * N, &n, &err), 0);
	ck_assert_uint_eq(n, N);
	for (i = 0; i < N; i++) {
		/* the label i*7919+1 stands at j with j*7919 = i*7919+1 */
		n = (uint32_t)(i + 1 + in[i].imm);
		ck_assert_uint_lt(n, N);
		ck_assert_uint_eq(n * 7919u % N, (i * 7919u + 1) % N);
	}
	free(in);
	free(text);
}
END_TEST

/* A buffer that is too small cuts the text and nothing else. */
START_TEST(t_cut)
{
	struct exo_insn in = { 0x79, 0x21, -32768, 0 };
	char buf[64], whole[64];
	struct exo_fmt f;
	size_t size;

	exo_fmt_init(&f, whole, sizeof(whole));
	ck_assert_uint_eq(isa_disasm(&f, &in, 1, 0), 1);
	for (size = 1; size <= strlen(whole) + 1; size++) {
		memset(buf, 0x55, sizeof(buf));
		exo_fmt_init(&f, buf, size);
		(void)isa_disasm(&f, &in, 1, 0);
		ck_assert_int_eq(f.cut, size <= strlen(whole));
		ck_assert_uint_lt(strlen(buf), size);
		ck_assert_int_eq(strncmp(buf, whole, strlen(buf)), 0);
	}
}
END_TEST

Suite *t_isa_text_suite(void)
{
	Suite *s = suite_create("isa_text");
	TCase *tc = tcase_create("text");

	tcase_add_loop_test(tc, t_round_trip, 0, (int)isa_nops);
	tcase_add_loop_test(tc, t_any_bytes, 0, 4);
	tcase_add_test(tc, t_syntax);
	tcase_add_test(tc, t_same);
	tcase_add_loop_test(tc, t_errors, 0, (int)COUNT(wrong));
	tcase_add_test(tc, t_room);
	tcase_add_test(tc, t_many_labels);
	tcase_add_test(tc, t_cut);
	suite_add_tcase(s, tc);
	return s;
}
