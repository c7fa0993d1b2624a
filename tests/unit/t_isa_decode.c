/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of opcodes.inc, decoding, program structure and context fields.
 */
#include <check.h>
#include <string.h>

#include "exo/isa/decode.h"
#include "tests/support/jump.h"
#include "tests/unit/suites.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct exo_insn slot(
    unsigned code, unsigned dst, unsigned src, int off, int imm)
{
	return (struct exo_insn){ (uint8_t)code, (uint8_t)(src << 4 | dst),
		(int16_t)off, imm };
}

/* The plainest instruction of a row: operands are r1, r2, 0 and 0. */
static struct exo_insn plain(const struct isa_op *op)
{
	unsigned u = isa_uses(op);

	return slot(op->code, (u & ISA_USE_DST) ? 1 : 0,
	    (u & ISA_USE_SRC) ? 2 : op->src, op->off, op->imm);
}

static enum isa_bad why(const struct exo_insn *in, uint32_t n)
{
	enum isa_bad bad = ISA_BAD_NONE;
	const struct isa_op *op = isa_decode(in, n, 0, &bad);

	ck_assert_int_eq(op == NULL, bad != ISA_BAD_NONE);
	return bad;
}

static void check_row(unsigned row)
{
	const struct isa_op *op = &isa_ops_table[row], *other;
	struct exo_insn in[2] = { plain(op), slot(0, 0, 0, 0, 0) };
	enum isa_bad bad;
	unsigned i;

	ck_assert_ptr_eq(isa_match(in), op);
	ck_assert_ptr_eq(isa_decode(in, 2, 0, &bad), op);
	ck_assert_int_eq(bad, ISA_BAD_NONE);
	for (i = 0; i < row; i++) {
		other = &isa_ops_table[i];
		ck_assert_str_ne(other->name, op->name);
		ck_assert_msg(
		    other->code != op->code || other->src != op->src ||
		        other->off != op->off || other->imm != op->imm,
		    "%s and %s are one encoding", other->name, op->name);
	}
}

START_TEST(t_rows)
{
	unsigned i;

	for (i = 0; i < isa_nops; i++)
		check_row(i);
}
END_TEST

/* Rows of one opcode byte must be neighbours: isa_match() walks them. */
START_TEST(t_rows_adjacent)
{
	bool seen[256] = { false };
	unsigned i;

	for (i = 0; i < isa_nops; i++) {
		if (i > 0 && isa_ops_table[i].code == isa_ops_table[i - 1].code)
			continue;
		ck_assert(!seen[isa_ops_table[i].code]);
		seen[isa_ops_table[i].code] = true;
	}
}
END_TEST

/* Every field that a row does not use must hold the row's value: changed, the
 * instruction is another row or none, and never this one. */
static void check_fixed(const struct isa_op *op)
{
	unsigned u = isa_uses(op), bit;
	struct exo_insn in[2];

	for (bit = 0; bit < 32; bit++) {
		in[0] = plain(op);
		in[1] = slot(0, 0, 0, 0, 0);
		in[0].imm ^= (int32_t)(1u << bit);
		ck_assert_int_eq(isa_match(in) == op, (u & ISA_USE_IMM) != 0);
		in[0] = plain(op);
		in[0].off = (int16_t)(in[0].off ^ (1 << bit % 16));
		ck_assert_int_eq(isa_match(in) == op, (u & ISA_USE_OFF) != 0);
		in[0] = plain(op);
		in[0].regs ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(isa_match(in) == op,
		    (u & (bit % 8 < 4 ? ISA_USE_DST : ISA_USE_SRC)) != 0);
	}
}

START_TEST(t_fixed_fields)
{
	unsigned i;

	for (i = 0; i < isa_nops; i++)
		check_fixed(&isa_ops_table[i]);
}
END_TEST

/* Registers: each operand takes r0 to r10 and refuses 11 to 15; r10 is
 * refused where it would be written. */
static void check_registers(const struct isa_op *op)
{
	unsigned u = isa_uses(op), r;
	struct exo_insn in[2];
	enum isa_bad want;

	in[1] = slot(0, 0, 0, 0, 0);
	for (r = 0; r < 16; r++) {
		want = r >= EXO_REGS ? ISA_BAD_REG : ISA_BAD_NONE;
		in[0] = plain(op);
		in[0].regs = (uint8_t)((in[0].regs & 0xf0) | r);
		if ((u & ISA_USE_DST) != 0)
			ck_assert_int_eq(why(in, 2),
			    r == EXO_R_FP && (u & ISA_WRITES_DST) != 0
			        ? ISA_BAD_FP_WRITE
			        : want);
		in[0] = plain(op);
		in[0].regs = (uint8_t)((in[0].regs & 0x0f) | r << 4);
		if ((u & ISA_USE_SRC) != 0)
			ck_assert_int_eq(why(in, 2),
			    r == EXO_R_FP && (u & ISA_WRITES_SRC) != 0
			        ? ISA_BAD_FP_WRITE
			        : want);
	}
}

START_TEST(t_registers)
{
	unsigned i;

	for (i = 0; i < isa_nops; i++)
		check_registers(&isa_ops_table[i]);
}
END_TEST

/* Bytes that no row has, all of them. */
START_TEST(t_other_opcodes)
{
	struct exo_insn in[2] = { slot(0, 0, 0, 0, 0), slot(0, 0, 0, 0, 0) };
	bool known[256] = { false };
	unsigned i;

	for (i = 0; i < isa_nops; i++)
		known[isa_ops_table[i].code] = true;
	for (i = 0; i < 256; i++) {
		in[0].code = (uint8_t)i;
		if (known[i])
			continue;
		ck_assert_int_eq(why(in, 2), ISA_BAD_OPCODE);
	}
}
END_TEST

START_TEST(t_reasons)
{
	static const struct {
		struct exo_insn in;
		enum isa_bad bad;
	} rows[] = {
		{ { 0x07, 0x00, 1, 0 }, ISA_BAD_RESERVED },
		{ { 0x07, 0x10, 0, 0 }, ISA_BAD_RESERVED },
		{ { 0x0f, 0x10, 0, 1 }, ISA_BAD_RESERVED },
		{ { 0x37, 0x00, 2, 0 }, ISA_BAD_OPCODE },
		{ { 0x37, 0x10, 1, 0 }, ISA_BAD_RESERVED },
		{ { 0xbf, 0x10, 24, 0 }, ISA_BAD_OPCODE },
		{ { 0xbc, 0x10, 32, 0 }, ISA_BAD_OPCODE },
		{ { 0xdc, 0x00, 0, 24 }, ISA_BAD_OPCODE },
		{ { 0xdc, 0x00, 1, 16 }, ISA_BAD_RESERVED },
		{ { 0xdb, 0x21, 0, 2 }, ISA_BAD_OPCODE },
		{ { 0xd3, 0x21, 0, 0 }, ISA_BAD_OPCODE },
		{ { 0xcb, 0x21, 0, 0x120 }, ISA_BAD_OPCODE },
		{ { 0x85, 0x20, 0, 1 }, ISA_BAD_UNSUPPORTED },
		{ { 0x85, 0x30, 0, 1 }, ISA_BAD_OPCODE },
		{ { 0x85, 0x01, 0, 1 }, ISA_BAD_RESERVED },
		{ { 0x18, 0x30, 0, 1 }, ISA_BAD_UNSUPPORTED },
		{ { 0x18, 0x70, 0, 1 }, ISA_BAD_OPCODE },
		{ { 0x18, 0x00, 0, 1 }, ISA_BAD_LDDW },
		{ { 0x18, 0x00, 1, 1 }, ISA_BAD_RESERVED },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(why(&rows[i].in, 1) == rows[i].bad, "row %zu: %d",
		    i, (int)why(&rows[i].in, 1));
}
END_TEST

START_TEST(t_second_slot)
{
	struct exo_insn in[2] = { slot(0x18, 1, 0, 0, 5), slot(0, 0, 0, 0, 6) };

	ck_assert_int_eq(why(in, 2), ISA_BAD_NONE);
	ck_assert_int_eq(why(in, 1), ISA_BAD_LDDW);
	ck_assert_uint_eq(isa_slots(in), 2);
	in[1] = slot(0xb7, 0, 0, 0, 6);
	ck_assert_int_eq(why(in, 2), ISA_BAD_LDDW);
	in[1] = slot(0, 1, 0, 0, 6);
	ck_assert_int_eq(why(in, 2), ISA_BAD_LDDW);
	in[1] = slot(0, 0, 0, 1, 6);
	ck_assert_int_eq(why(in, 2), ISA_BAD_LDDW);
	in[0] = slot(0x18, 1, EXO_LDDW_MAP, 0, 5);
	in[1] = slot(0, 0, 0, 0, 6);
	ck_assert_int_eq(why(in, 2), ISA_BAD_RESERVED);
	in[1].imm = 0;
	ck_assert_int_eq(why(in, 2), ISA_BAD_NONE);
}
END_TEST

START_TEST(t_targets)
{
	struct exo_insn in;

	in = slot(EXO_JMP | EXO_JA, 0, 0, -32768, 0);
	ck_assert_int_eq(isa_target(&in, 10), 11 - 32768);
	in = slot(EXO_JMP32 | EXO_JA, 0, 0, 0, INT32_MAX);
	ck_assert_int_eq(isa_target(&in, 10), 11 + (int64_t)INT32_MAX);
	in = slot(EXO_JMP32 | EXO_JEQ, 0, 0, 7, 100);
	ck_assert_int_eq(isa_target(&in, 0), 8);
	in = slot(EXO_JMP | EXO_CALL, 0, EXO_CALL_LOCAL, 0, -3);
	ck_assert_int_eq(isa_target(&in, 5), 3);
	in = slot(0x18, 0, EXO_LDDW_FUNC, 0, 4);
	ck_assert_int_eq(isa_target(&in, 5), 10);
}
END_TEST

START_TEST(t_mirrored)
{
	static const unsigned ops[] = { EXO_JEQ, EXO_JNE, EXO_JSET, EXO_JGT,
		EXO_JGE, EXO_JLT, EXO_JLE, EXO_JSGT, EXO_JSGE, EXO_JSLT,
		EXO_JSLE };
	static const uint64_t v[] = { 0, 1, 2, INT64_MAX, (uint64_t)1 << 63,
		UINT64_MAX };

	for (size_t k = 0; k < sizeof(ops) / sizeof(ops[0]); k++)
		for (uint32_t i = 0; i < 36; i++)
			ck_assert(jump_holds(ops[k], v[i / 6], v[i % 6], 64) ==
			          jump_holds(isa_mirrored(ops[k]), v[i % 6],
			              v[i / 6], 64));
}
END_TEST

START_TEST(t_check)
{
	struct exo_insn in[4] = { slot(0xb7, 0, 0, 0, 0),
		slot(EXO_JMP | EXO_JA, 0, 0, 0, 0), slot(0x95, 0, 0, 0, 0),
		slot(0x95, 0, 0, 0, 0) };
	uint32_t at = 9;

	ck_assert_int_eq(isa_check(in, 4, &at), ISA_BAD_NONE);
	ck_assert_int_eq(isa_check(in, 0, &at), ISA_BAD_OPCODE);
	ck_assert_uint_eq(at, 0);
	in[1].off = 1;
	ck_assert_int_eq(isa_check(in, 4, &at), ISA_BAD_NONE);
	in[1].off = 2;
	ck_assert_int_eq(isa_check(in, 4, &at), ISA_BAD_JUMP);
	ck_assert_uint_eq(at, 1);
	in[1].off = -2;
	ck_assert_int_eq(isa_check(in, 4, &at), ISA_BAD_NONE);
	in[1].off = -3;
	ck_assert_int_eq(isa_check(in, 4, &at), ISA_BAD_JUMP);
}
END_TEST

static const struct exo_ctx_field ctx_rows[] = {
#define EXO_CTX_FIELD(type, name, off, size, kind, access) \
	{ EXO_PROG_##type, off, size, EXO_CTX_##kind, EXO_CTX_##access, 0 },
#include "exo/abi/ctx.inc"
#undef EXO_CTX_FIELD
};

/* Is a load of these bytes one of this field? */
static bool touches(const struct exo_ctx_field *f, uint32_t off, uint32_t size)
{
	bool aligned = (size == 1 || size == 2 || size == 4 || size == 8) &&
	               off % size == 0 && off >= f->off &&
	               off + size <= (uint32_t)f->off + f->size;

	switch ((enum exo_ctx_access)f->access) {
	case EXO_CTX_WHOLE:
	case EXO_CTX_WHOLE_RW:
		return off == f->off && size == f->size;
	case EXO_CTX_NARROW:
	case EXO_CTX_NARROW_RW:
	case EXO_CTX_ANY_RW:
		return aligned;
	}
	return false;
}

/* isa_ctx_field() against the rows of ctx.inc, for every access there is. */
START_TEST(t_ctx_fields)
{
	const struct exo_ctx_field *f, *want;
	uint32_t type = (uint32_t)_i, off, size;
	size_t i;

	for (off = 0; off < 300; off++) {
		for (size = 0; size <= 32; size++) {
			want = NULL;
			for (i = 0; i < COUNT(ctx_rows); i++) {
				f = &ctx_rows[i];
				if (f->type == type && touches(f, off, size)) {
					ck_assert_ptr_null(want);
					want = f;
				}
			}
			f = isa_ctx_field(type, off, size);
			ck_assert_int_eq(f == NULL, want == NULL);
			if (f == NULL)
				continue;
			ck_assert_uint_eq(f->type, want->type);
			ck_assert_uint_eq(f->off, want->off);
			ck_assert_uint_eq(f->size, want->size);
			ck_assert_uint_eq(f->kind, want->kind);
			ck_assert_uint_eq(f->access, want->access);
		}
	}
	ck_assert_ptr_null(isa_ctx_field(type, UINT32_MAX, 4));
	ck_assert_ptr_null(isa_ctx_field(type, UINT32_MAX - 3, 4));
}
END_TEST

/* Fields that a program may write lie in struct exo_ctx_own, apart. */
START_TEST(t_ctx_own)
{
	uint8_t taken[sizeof(struct exo_ctx_own)] = { 0 };
	const struct exo_ctx_field *f;
	unsigned k, n = 0;
	size_t i;

	for (i = 0; i < COUNT(ctx_rows); i++) {
		if (ctx_rows[i].type != EXO_PROG_TC)
			continue;
		f = isa_ctx_field(EXO_PROG_TC, ctx_rows[i].off,
		    ctx_rows[i].size == 20 ? 4 : ctx_rows[i].size);
		ck_assert_ptr_nonnull(f);
		ck_assert_int_eq(isa_ctx_is_ptr(f),
		    f->off == 76 || f->off == 80 || f->off == 140);
		if (f->kind != EXO_CTX_SCRATCH && f->kind != EXO_CTX_KEPT &&
		    f->kind != EXO_CTX_KEPT16) {
			ck_assert(!isa_ctx_may_store(f, f->size));
			continue;
		}
		n += f->size;
		ck_assert_uint_le(f->own + f->size, sizeof(taken));
		for (k = 0; k < f->size; k++)
			ck_assert_uint_eq(taken[f->own + k]++, 0);
	}
	ck_assert_uint_eq(n, sizeof(taken));
}
END_TEST

/* What Linux 6.1 lets programs do with single bytes of a context
 * (net/core/filter.c), told apart from the rows: L loads, S stores too. */
static const struct {
	uint8_t type, off, size;
	const char *may;
} linux_says[] = {
	{ EXO_PROG_SOCKET, 0, 1, "L" },
	{ EXO_PROG_SOCKET, 44, 4, "L" },
	{ EXO_PROG_SOCKET, 48, 8, "LS" },
	{ EXO_PROG_SOCKET, 52, 8, "" },
	{ EXO_PROG_SOCKET, 60, 8, "" },
	{ EXO_PROG_SOCKET, 64, 4, "LS" },
	{ EXO_PROG_SOCKET, 64, 8, "" },
	{ EXO_PROG_SOCKET, 67, 1, "LS" },
	{ EXO_PROG_SOCKET, 65, 4, "" },
	{ EXO_PROG_SOCKET, 68, 1, "L" },
	{ EXO_PROG_SOCKET, 71, 1, "L" },
	{ EXO_PROG_SOCKET, 70, 2, "L" },
	{ EXO_PROG_SOCKET, 69, 2, "" },
	{ EXO_PROG_SOCKET, 71, 2, "" },
	{ EXO_PROG_SOCKET, 72, 4, "" },
	{ EXO_PROG_SOCKET, 84, 4, "L" },
	{ EXO_PROG_SOCKET, 76, 2, "" },
	{ EXO_PROG_SOCKET, 8, 4, "L" },
	{ EXO_PROG_SOCKET, 46, 2, "L" },
	{ EXO_PROG_SOCKET, 40, 8, "" },
	{ EXO_PROG_SOCKET, 88, 4, "" },
	{ EXO_PROG_SOCKET, 136, 4, "" },
	{ EXO_PROG_SOCKET, 140, 4, "" },
	{ EXO_PROG_SOCKET, 152, 8, "" },
	{ EXO_PROG_SOCKET, 160, 4, "" },
	{ EXO_PROG_SOCKET, 184, 8, "" },
	{ EXO_PROG_TC, 8, 4, "LS" },
	{ EXO_PROG_TC, 8, 2, "L" },
	{ EXO_PROG_TC, 12, 4, "LS" },
	{ EXO_PROG_TC, 32, 4, "LS" },
	{ EXO_PROG_TC, 44, 4, "LS" },
	{ EXO_PROG_TC, 44, 1, "L" },
	{ EXO_PROG_TC, 72, 4, "LS" },
	{ EXO_PROG_TC, 0, 4, "L" },
	{ EXO_PROG_TC, 16, 2, "L" },
	{ EXO_PROG_TC, 140, 4, "L" },
	{ EXO_PROG_TC, 140, 2, "" },
	{ EXO_PROG_TC, 152, 8, "LS" },
	{ EXO_PROG_TC, 152, 4, "" },
	{ EXO_PROG_TC, 156, 4, "" },
	{ EXO_PROG_TC, 160, 4, "L" },
	{ EXO_PROG_TC, 164, 4, "L" },
	{ EXO_PROG_TC, 168, 8, "" },
	{ EXO_PROG_TC, 176, 4, "L" },
	{ EXO_PROG_TC, 180, 4, "" },
	{ EXO_PROG_TC, 180, 1, "L" },
	{ EXO_PROG_TC, 184, 8, "L" },
	{ EXO_PROG_TC, 184, 4, "" },
	{ EXO_PROG_XDP, 12, 4, "L" },
	{ EXO_PROG_XDP, 12, 2, "" },
	{ EXO_PROG_XDP, 16, 4, "L" },
	{ EXO_PROG_XDP, 20, 4, "" },
};

START_TEST(t_ctx_as_linux)
{
	const struct exo_ctx_field *f;
	size_t i;

	for (i = 0; i < COUNT(linux_says); i++) {
		f = isa_ctx_field(
		    linux_says[i].type, linux_says[i].off, linux_says[i].size);
		ck_assert_msg((f != NULL) == (linux_says[i].may[0] == 'L'),
		    "load: row %zu", i);
		ck_assert_msg(
		    (f != NULL && isa_ctx_may_store(f, linux_says[i].size)) ==
		        (strlen(linux_says[i].may) == 2),
		    "store: row %zu", i);
	}
}
END_TEST

static bool at_is(
    int32_t imm, uint64_t reg, uint32_t size, uint32_t caplen, uint32_t want)
{
	uint32_t at = 99;

	return isa_ld_pkt_at(imm, reg, size, caplen, &at) && at == want;
}

static bool at_none(int32_t imm, uint64_t reg, uint32_t size, uint32_t caplen)
{
	uint32_t at = 99;

	return !isa_ld_pkt_at(imm, reg, size, caplen, &at) && at == 99;
}

/* The window of the link layer is 0x100000 bytes wide and no wider. */
START_TEST(t_ld_pkt_edges)
{
	const int32_t ll = EXO_SKF_LL_OFF;

	ck_assert(at_is(0, 0, 4, 4, 0));
	ck_assert(at_none(1, 0, 4, 4));
	ck_assert(at_none(0, 0, 4, 3));
	ck_assert(at_is(INT32_MAX - 8, 4, 1, INT32_MAX, INT32_MAX - 4));
	ck_assert(at_none(INT32_MAX, 1, 1, INT32_MAX));
	ck_assert(at_is(-1, 1, 1, 1, 0));
	ck_assert(at_none(-1, 0, 1, INT32_MAX));
	ck_assert(at_none(-1, UINT64_MAX, 1, INT32_MAX));
	ck_assert(at_is(ll, 0, 1, 1, 0));
	ck_assert(at_none(ll - 1, 0, 1, INT32_MAX));
	ck_assert(at_none(INT32_MIN, 0, 1, INT32_MAX));
	ck_assert(at_is(ll + 0xfffff, 0, 4, INT32_MAX, 0xfffff));
	ck_assert(at_is(ll, 0xfffff, 4, INT32_MAX, 0xfffff));
	ck_assert(at_none(ll + 0x100000, 0, 4, INT32_MAX));
	ck_assert(at_none(ll, 0x100000, 4, INT32_MAX));
	ck_assert(at_none(ll, 0x1fffff, 4, INT32_MAX));
	ck_assert(at_is(ll, 0x200000, 4, INT32_MAX, 0));
	ck_assert(at_is(ll, 0x700200001, 4, INT32_MAX, 1));
	ck_assert(at_none(3, (uint64_t)(int64_t)ll, 1, INT32_MAX));
}
END_TEST

START_TEST(t_ld_nowhere)
{
	static const struct {
		struct exo_insn in;
		bool nowhere;
	} rows[] = {
		{ { 0x30, 0, 0, -1 }, true },
		{ { 0x28, 0, 0, -4096 }, true },
		{ { 0x20, 0, 0, EXO_SKF_NET_OFF }, true },
		{ { 0x20, 0, 0, EXO_SKF_NET_OFF - 1 }, false },
		{ { 0x20, 0, 0, EXO_SKF_LL_OFF }, false },
		{ { 0x20, 0, 0, 0 }, false },
		{ { 0x20, 0, 0, INT32_MIN }, false },
		{ { 0x40, 0x70, 0, -1 }, false },
		{ { 0x48, 0x70, 0, -4096 }, false },
		{ { 0x61, 0, 0, -1 }, false },
		{ { 0x24, 0, 0, -1 }, false },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		ck_assert_msg(isa_ld_nowhere(&rows[i].in) == rows[i].nowhere,
		    "row %zu", i);
}
END_TEST

/* Which register an atomic operation writes. */
START_TEST(t_atomic_writes)
{
	unsigned i, u, want;

	for (i = 0; i < isa_nops; i++) {
		const struct isa_op *op = &isa_ops_table[i];

		if ((op->code & 0xe7) != (EXO_STX | EXO_ATOMIC))
			continue;
		want = 0;
		if (op->imm == EXO_LOAD_ACQ)
			want = ISA_WRITES_DST;
		else if ((op->imm & EXO_FETCH) != 0 && op->imm != EXO_CMPXCHG)
			want = ISA_WRITES_SRC;
		u = isa_uses(op);
		ck_assert_msg((u & (ISA_WRITES_DST | ISA_WRITES_SRC)) == want,
		    "%s", op->name);
		ck_assert_uint_eq(
		    u & ~want, ISA_USE_DST | ISA_USE_SRC | ISA_USE_OFF);
	}
}
END_TEST

START_TEST(t_ctx_sizes)
{
	ck_assert_uint_eq(isa_ctx_size(0), 0);
	ck_assert_uint_eq(isa_ctx_size(EXO_PROG_MEM), 0);
	ck_assert_uint_eq(isa_ctx_size(EXO_PROG_XDP), 24);
	ck_assert_uint_eq(isa_ctx_size(EXO_PROG_SOCKET), 192);
	ck_assert_uint_eq(isa_ctx_size(EXO_PROG_TC), 192);
	ck_assert_uint_eq(isa_ctx_size(EXO_PROG_TYPE_MAX + 1), 0);
	ck_assert_uint_eq(isa_ctx_size(UINT32_MAX), 0);
}
END_TEST

Suite *t_isa_decode_suite(void)
{
	Suite *s = suite_create("isa_decode");
	TCase *tc = tcase_create("decode");

	tcase_add_test(tc, t_rows);
	tcase_add_test(tc, t_rows_adjacent);
	tcase_add_test(tc, t_fixed_fields);
	tcase_add_test(tc, t_registers);
	tcase_add_test(tc, t_other_opcodes);
	tcase_add_test(tc, t_reasons);
	tcase_add_test(tc, t_second_slot);
	tcase_add_test(tc, t_targets);
	tcase_add_test(tc, t_mirrored);
	tcase_add_test(tc, t_check);
	tcase_add_loop_test(tc, t_ctx_fields, 0, EXO_PROG_TYPE_MAX + 3);
	tcase_add_test(tc, t_atomic_writes);
	tcase_add_test(tc, t_ld_pkt_edges);
	tcase_add_test(tc, t_ld_nowhere);
	tcase_add_test(tc, t_ctx_own);
	tcase_add_test(tc, t_ctx_as_linux);
	tcase_add_test(tc, t_ctx_sizes);
	suite_add_tcase(s, tc);
	return s;
}
