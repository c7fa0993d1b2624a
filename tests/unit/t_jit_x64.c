/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encoders of x86-64 instructions against somebody else's decoder: Zydis.
 *
 * Every function of exo/jit/x64.h, with all registers and all forms of
 * memory: one call gives one instruction, of which Zydis reads the mnemonic
 * and the operands that were asked for.
 */
#include <Zydis/Zydis.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/jit/x64.h"
#include "tests/unit/suites.h"

#define MN(name) ZYDIS_MNEMONIC_##name

enum kind {
	NONE,
	REG,
	MEM,
	IMM
};

struct want {
	enum kind kind;
	unsigned bits; /* of a register or memory; of an immediate that count */
	unsigned reg;
	struct x64_mem m;
	int64_t k;
};

static ZydisDecoder decoder;
static uint8_t buf[32];
static unsigned long checked;

static const int32_t disps[] = { 0, 1, -1, 127, 128, -128, -129, 32768,
	INT32_MAX, INT32_MIN };
#define DISPS (sizeof(disps) / sizeof(disps[0]))
static const int32_t imms[] = { 0, 1, -1, 127, 128, -128, -129, 255, 256, 32767,
	32768, 65535, 65536, -32768, -32769, INT32_MAX, INT32_MIN };
#define IMMS (sizeof(imms) / sizeof(imms[0]))
static const unsigned alus[] = { X64_ADD, X64_OR, X64_AND, X64_SUB, X64_XOR,
	X64_CMP, X64_SBB };
static const ZydisMnemonic alu_names[] = { MN(ADD), MN(OR), MN(AND), MN(SUB),
	MN(XOR), MN(CMP), MN(SBB) };
#define ALUS (sizeof(alus) / sizeof(alus[0]))
static const unsigned shifts[] = { X64_SHL, X64_SHR, X64_SAR };
static const unsigned sizes[] = { 1, 2, 4, 8 };

static struct x64 start(void)
{
	memset(buf, 0xcc, sizeof(buf));
	return (struct x64){ buf, sizeof(buf), 0 };
}

static struct want r_(unsigned bits, unsigned reg)
{
	return (struct want){ .kind = REG, .bits = bits, .reg = reg };
}

static struct want m_(unsigned bits, struct x64_mem m)
{
	return (struct want){ .kind = MEM, .bits = bits, .m = m };
}

static struct want k_(unsigned bits, int64_t k)
{
	return (struct want){ .kind = IMM, .bits = bits, .k = k };
}

static struct want none(void)
{
	return (struct want){ .kind = NONE };
}

static unsigned wide(bool w)
{
	return w ? 64 : 32;
}

static ZydisRegister name(unsigned bits, unsigned reg)
{
	switch (bits) {
	case 8: /* ah to bh stand between bl and spl */
		return ZydisRegisterEncode(
		    ZYDIS_REGCLASS_GPR8, (ZyanU8)(reg < 4 ? reg : reg + 4));
	case 16:
		return ZydisRegisterEncode(ZYDIS_REGCLASS_GPR16, (ZyanU8)reg);
	case 32:
		return ZydisRegisterEncode(ZYDIS_REGCLASS_GPR32, (ZyanU8)reg);
	default:
		return ZydisRegisterEncode(ZYDIS_REGCLASS_GPR64, (ZyanU8)reg);
	}
}

static bool is_mem(const ZydisDecodedOperand *op, const struct want *want)
{
	ZydisRegister index = want->m.index == X64_NOREG
	                          ? ZYDIS_REGISTER_NONE
	                          : name(64, want->m.index);

	return op->type == ZYDIS_OPERAND_TYPE_MEMORY &&
	       (want->bits == 0 || op->size == want->bits) &&
	       op->mem.base == name(64, want->m.base) &&
	       op->mem.index == index &&
	       (want->m.index == X64_NOREG ||
	           op->mem.scale == 1u << want->m.scale) &&
	       op->mem.disp.value == want->m.disp;
}

static bool is_operand(const ZydisDecodedOperand *op, const struct want *want)
{
	uint64_t mask =
	    want->bits >= 64 ? UINT64_MAX : ((uint64_t)1 << want->bits) - 1;

	switch (want->kind) {
	case REG:
		return op->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		       op->reg.value == name(want->bits, want->reg);
	case MEM:
		return is_mem(op, want);
	case IMM:
		return op->type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
		       ((op->imm.value.u ^ (uint64_t)want->k) & mask) == 0;
	default:
		return false;
	}
}

static void show(const ZydisDecodedInstruction *in,
    const ZydisDecodedOperand *ops, const char *what, const struct x64 *x)
{
	char text[128] = "nothing", bytes[64] = "";
	ZydisFormatter f;
	uint32_t i;

	ZydisFormatterInit(&f, ZYDIS_FORMATTER_STYLE_INTEL);
	if (in != NULL)
		ZydisFormatterFormatInstruction(&f, in, ops,
		    in->operand_count_visible, text, sizeof(text), 0, NULL);
	for (i = 0; i < x->n && i < 16; i++)
		snprintf(bytes + 3 * i, 4, "%02x ", buf[i]);
	ck_abort_msg("%s: %sis %s", what, bytes, text);
}

/* One instruction, of this mnemonic, with these operands. */
static const ZydisDecodedInstruction *is(const struct x64 *x, const char *what,
    ZydisMnemonic mnemonic, struct want a, struct want b, struct want c)
{
	static ZydisDecodedInstruction in;
	static ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	const struct want *want[] = { &a, &b, &c };
	unsigned n = 0;

	checked++;
	if (!ZYAN_SUCCESS(
	        ZydisDecoderDecodeFull(&decoder, buf, sizeof(buf), &in, ops)))
		show(NULL, NULL, what, x);
	while (n < 3 && want[n]->kind != NONE)
		n++;
	if (in.mnemonic != mnemonic || in.length != x->n ||
	    in.operand_count_visible != n)
		show(&in, ops, what, x);
	while (n-- > 0)
		if (!is_operand(&ops[n], want[n]))
			show(&in, ops, what, x);
	return &in;
}

/* All forms of memory, one after the other; false: that was all. */
struct forms {
	unsigned base, index, disp;
	struct x64_mem m;
};

static bool next_form(struct forms *f)
{
	do {
		if (f->base == 16)
			return false;
		f->m =
		    x64_at_x(f->base, f->index, f->index % 4, disps[f->disp]);
		if (++f->disp == DISPS) {
			f->disp = 0;
			if (++f->index == 17) {
				f->index = 0;
				f->base++;
			}
		}
	} while (f->m.index == RSP);
	return true;
}

/*
 * Registers
 */

static void two_regs(unsigned a, unsigned b, bool w)
{
	struct x64 x = start();
	unsigned i, bits = wide(w);

	x64_mov(&x, w, a, b);
	is(&x, "mov", MN(MOV), r_(bits, a), r_(bits, b), none());
	for (i = 0; i < ALUS; i++) {
		x = start();
		x64_alu(&x, alus[i], w, a, b);
		is(&x, "alu", alu_names[i], r_(bits, a), r_(bits, b), none());
	}
	x = start();
	x64_test(&x, w, a, b);
	is(&x, "test", MN(TEST), r_(bits, a), r_(bits, b), none());
	x = start();
	x64_imul(&x, w, a, b);
	is(&x, "imul", MN(IMUL), r_(bits, a), r_(bits, b), none());
	for (i = 0; i < IMMS; i++) {
		x = start();
		x64_imul_k(&x, w, a, b, imms[i]);
		is(&x, "imul_k", MN(IMUL), r_(bits, a), r_(bits, b),
		    k_(bits, imms[i]));
	}
}

static void extensions(unsigned a, unsigned b, bool w)
{
	struct x64 x;
	unsigned i;

	for (i = 0; i < 2; i++) {
		x = start();
		x64_extend(&x, true, sizes[i], w, a, b);
		is(&x, "movsx", MN(MOVSX), r_(wide(w), a), r_(8 * sizes[i], b),
		    none());
		x = start();
		x64_extend(&x, false, sizes[i], w, a, b);
		is(&x, "movzx", MN(MOVZX), r_(32, a), r_(8 * sizes[i], b),
		    none());
	}
	x = start();
	x64_extend(&x, true, 4, true, a, b);
	is(&x, "movsxd", MN(MOVSXD), r_(64, a), r_(32, b), none());
	x = start();
	x64_extend(&x, false, 4, w, a, b);
	is(&x, "mov", MN(MOV), r_(32, a), r_(32, b), none());
}

static void shifts_x(unsigned a, unsigned b, bool w)
{
	static const ZydisMnemonic names[] = { MN(SHLX), MN(SHRX), MN(SARX) };
	unsigned i, c;

	for (i = 0; i < 3; i++) {
		for (c = 0; c < 16; c++) {
			struct x64 x = start();

			x64_shift_x(&x, shifts[i], w, a, b, c);
			is(&x, "shift_x", names[i], r_(wide(w), a),
			    r_(wide(w), b), r_(wide(w), c));
		}
	}
}

START_TEST(t_two_registers)
{
	unsigned a, b, w;

	for (a = 0; a < 16; a++) {
		for (b = 0; b < 16; b++) {
			for (w = 0; w < 2; w++) {
				two_regs(a, b, w != 0);
				extensions(a, b, w != 0);
				shifts_x(a, b, w != 0);
			}
		}
	}
}
END_TEST

static void shifts_one(unsigned a, bool w)
{
	static const ZydisMnemonic names[] = { MN(SHL), MN(SHR), MN(SAR) };
	unsigned i, by;

	for (i = 0; i < 3; i++) {
		struct x64 x = start();

		x64_shift_cl(&x, shifts[i], w, a);
		is(&x, "shift_cl", names[i], r_(wide(w), a), r_(8, RCX),
		    none());
		for (by = 1; by < wide(w); by++) {
			x = start();
			x64_shift_k(&x, shifts[i], w, a, by);
			is(&x, "shift_k", names[i], r_(wide(w), a), k_(8, by),
			    none());
		}
	}
}

static void one_reg(unsigned a, bool w)
{
	struct x64 x = start();

	x64_neg(&x, w, a);
	is(&x, "neg", MN(NEG), r_(wide(w), a), none(), none());
	x = start();
	x64_div(&x, false, w, a);
	is(&x, "div", MN(DIV), r_(wide(w), a), none(), none());
	x = start();
	x64_div(&x, true, w, a);
	is(&x, "idiv", MN(IDIV), r_(wide(w), a), none(), none());
	x = start();
	x64_bswap(&x, w, a);
	is(&x, "bswap", MN(BSWAP), r_(wide(w), a), none(), none());
	x = start();
	x64_rol16(&x, a);
	is(&x, "rol16", MN(ROL), r_(16, a), k_(8, 8), none());
	x = start();
	x64_push(&x, a);
	is(&x, "push", MN(PUSH), r_(64, a), none(), none());
	x = start();
	x64_pop(&x, a);
	is(&x, "pop", MN(POP), r_(64, a), none(), none());
	x = start();
	x64_call_reg(&x, a);
	is(&x, "call", MN(CALL), r_(64, a), none(), none());
	shifts_one(a, w);
}

/* A test with a small number asks of the low byte, one that has no upper half
 * of 32 bits: the same bits. */
static void test_k(unsigned a, bool w, int32_t k)
{
	struct x64 x = start();
	unsigned bits = k >= 0 && k <= 127 ? 8 : w && k < 0 ? 64 : 32;

	x64_test_k(&x, w, a, k);
	is(&x, "test_k", MN(TEST), r_(bits, a), k_(bits, k), none());
}

START_TEST(t_one_register)
{
	unsigned a, w, i, k;

	for (a = 0; a < 16; a++) {
		for (w = 0; w < 2; w++) {
			one_reg(a, w != 0);
			for (k = 0; k < IMMS; k++) {
				test_k(a, w != 0, imms[k]);
				for (i = 0; i < ALUS; i++) {
					struct x64 x = start();

					x64_alu_k(
					    &x, alus[i], w != 0, a, imms[k]);
					is(&x, "alu_k", alu_names[i],
					    r_(wide(w != 0), a),
					    k_(wide(w != 0), imms[k]), none());
				}
			}
		}
	}
}
END_TEST

/* A constant is right when the register is that number, all of it. */
static void constant(unsigned a, uint64_t v)
{
	struct x64 x = start();

	x64_const(&x, a, v);
	if (v == 0)
		is(&x, "const", MN(XOR), r_(32, a), r_(32, a), none());
	else if (v <= UINT32_MAX)
		is(&x, "const", MN(MOV), r_(32, a), k_(32, (int64_t)v), none());
	else
		is(&x, "const", MN(MOV), r_(64, a), k_(64, (int64_t)v), none());
}

START_TEST(t_constants)
{
	static const uint64_t values[] = { 0, 1, 127, 128, 255, 256, INT32_MAX,
		0x80000000, UINT32_MAX, 0x100000000, INT64_MAX,
		0x8000000000000000, 0xffffffff7fffffff, 0xffffffff80000000,
		0xffffffff80000001, UINT64_MAX - 1, UINT64_MAX,
		0x0102030405060708 };
	unsigned a, i;

	for (a = 0; a < 16; a++)
		for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
			constant(a, values[i]);
}
END_TEST

START_TEST(t_nothing_to_choose)
{
	static const int32_t d[] = { 0, 1, -1, INT32_MAX, INT32_MIN };
	struct x64 x = start();
	unsigned i, a;

	x64_cqo(&x, true);
	is(&x, "cqo", MN(CQO), none(), none(), none());
	x = start();
	x64_cqo(&x, false);
	is(&x, "cdq", MN(CDQ), none(), none(), none());
	x = start();
	x64_ret(&x);
	is(&x, "ret", MN(RET), none(), none(), none());
	x = start();
	x64_trap(&x);
	is(&x, "ud2", MN(UD2), none(), none(), none());
	x = start();
	x64_lfence(&x);
	is(&x, "lfence", MN(LFENCE), none(), none(), none());
	for (a = 0; a < 16; a++) {
		for (i = 0; i < 5; i++) {
			x = start();
			x64_lea_rip(&x, a, d[i]);
			ck_assert_uint_eq(x.n, 7);
			ck_assert_int_eq(
			    (int32_t)(buf[3] | buf[4] << 8 | buf[5] << 16 |
			              (uint32_t)buf[6] << 24),
			    d[i]);
			ck_assert_uint_eq(buf[1], 0x8d);
			ck_assert_uint_eq(buf[2], 5 | (a & 7) << 3);
			ck_assert_uint_eq(buf[0], 0x48 | (a >> 3) << 2);
		}
	}
}
END_TEST

/*
 * Memory
 */

static void loads(struct x64_mem m, unsigned a)
{
	static const ZydisMnemonic zx[] = { MN(MOVZX), MN(MOVZX), MN(MOV),
		MN(MOV) };
	static const ZydisMnemonic sx[] = { MN(MOVSX), MN(MOVSX), MN(MOVSXD),
		MN(MOV) };
	struct x64 x;
	unsigned i;

	for (i = 0; i < 4; i++) {
		x = start();
		x64_load(&x, false, sizes[i], a, m);
		is(&x, "load", zx[i], r_(i == 3 ? 64 : 32, a),
		    m_(8 * sizes[i], m), none());
		x = start();
		x64_load(&x, true, sizes[i], a, m);
		is(&x, "load sx", sx[i], r_(64, a), m_(8 * sizes[i], m),
		    none());
		x = start();
		x64_store(&x, sizes[i], m, a);
		is(&x, "store", MN(MOV), m_(8 * sizes[i], m),
		    r_(8 * sizes[i], a), none());
		if (i == 0)
			continue;
		x = start();
		x64_movbe(&x, sizes[i], a, m);
		is(&x, "movbe", MN(MOVBE), r_(8 * sizes[i], a),
		    m_(8 * sizes[i], m), none());
	}
}

static void locked(const struct x64 *x, const char *what,
    ZydisMnemonic mnemonic, bool w, struct x64_mem m, unsigned a)
{
	const ZydisDecodedInstruction *in =
	    is(x, what, mnemonic, m_(wide(w), m), r_(wide(w), a), none());

	ck_assert_msg(mnemonic == MN(XCHG) ||
	                  (in->attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0,
	    "%s without lock", what);
}

static void read_and_write(struct x64_mem m, unsigned a, bool w)
{
	struct x64 x = start();
	unsigned i;

	x64_lea(&x, w, a, m);
	is(&x, "lea", MN(LEA), r_(wide(w), a), m_(0, m), none());
	for (i = 0; i < ALUS; i++) {
		x = start();
		x64_alu_load(&x, alus[i], w, a, m);
		is(&x, "alu_load", alu_names[i], r_(wide(w), a), m_(wide(w), m),
		    none());
	}
	for (i = 0; i < 5; i++) { /* those before cmp */
		x = start();
		x64_lock_alu(&x, alus[i], w, m, a);
		locked(&x, "lock alu", alu_names[i], w, m, a);
	}
	x = start();
	x64_lock_xadd(&x, w, m, a);
	locked(&x, "xadd", MN(XADD), w, m, a);
	x = start();
	x64_lock_cmpxchg(&x, w, m, a);
	locked(&x, "cmpxchg", MN(CMPXCHG), w, m, a);
	x = start();
	x64_xchg(&x, w, m, a);
	locked(&x, "xchg", MN(XCHG), w, m, a);
}

static void with_constant(struct x64_mem m, int32_t k)
{
	struct x64 x;
	unsigned i;

	for (i = 0; i < 4; i++) {
		unsigned bits = 8 * sizes[i];

		x = start();
		x64_cmp_mem(&x, sizes[i], m, k);
		is(&x, "cmp_mem", MN(CMP), m_(bits, m), k_(bits, k), none());
		x = start();
		x64_test_mem(&x, sizes[i], m, k);
		is(&x, "test_mem", MN(TEST), m_(bits, m), k_(bits, k), none());
		x = start();
		x64_store_k(&x, sizes[i], m, k);
		is(&x, "store_k", MN(MOV), m_(bits, m), k_(bits, k), none());
	}
}

START_TEST(t_memory)
{
	struct forms f = { 0 };
	unsigned a;

	while (next_form(&f)) {
		for (a = 0; a < 16; a++) {
			loads(f.m, a);
			read_and_write(f.m, a, true);
			read_and_write(f.m, a, false);
		}
	}
}
END_TEST

START_TEST(t_memory_and_constant)
{
	struct forms f = { 0 };
	unsigned i;

	while (next_form(&f)) {
		struct x64 x = start();

		x64_jump_mem(&x, f.m);
		is(&x, "jump_mem", MN(JMP), m_(64, f.m), none(), none());
		for (i = 0; i < IMMS; i++)
			with_constant(f.m, imms[i]);
	}
}
END_TEST

/* What has no room is counted, and nothing else is touched. */
START_TEST(t_no_room)
{
	struct x64 x = { buf, 3, 0 }, measure = { NULL, 0, 0 };

	memset(buf, 0xcc, sizeof(buf));
	x64_const(&x, R9, 0x0102030405060708);
	x64_const(&measure, R9, 0x0102030405060708);
	ck_assert_uint_eq(x.n, 10);
	ck_assert_uint_eq(measure.n, 10);
	ck_assert_uint_eq(buf[2], 8);
	ck_assert_uint_eq(buf[3], 0xcc);
}
END_TEST

static void get_decoder(void)
{
	ck_assert(ZYAN_SUCCESS(ZydisDecoderInit(
	    &decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)));
	checked = 0;
}

static void count(void)
{
	if (getenv("JIT_CASES") != NULL)
		fprintf(stderr, "%lu instructions\n", checked);
}

Suite *t_jit_x64_suite(void)
{
	Suite *s = suite_create("jit_x64");
	TCase *tc = tcase_create("encoders");

	tcase_add_checked_fixture(tc, get_decoder, count);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, t_two_registers);
	tcase_add_test(tc, t_one_register);
	tcase_add_test(tc, t_constants);
	tcase_add_test(tc, t_nothing_to_choose);
	tcase_add_test(tc, t_memory);
	tcase_add_test(tc, t_memory_and_constant);
	tcase_add_test(tc, t_no_room);
	suite_add_tcase(s, tc);
	return s;
}
