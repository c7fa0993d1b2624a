/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that are packet filters: see filtgen.h.
 *
 * r6 is the context, r7 the packet (an index for LD_IND where nothing else loads
 * from it), r8 its end, r9 what was gathered on the way; r0 to r5 are numbers where known. Jumps lead forwards, to the next
 * places where some land, or to the end.
 */
#include "tests/support/filtgen.h"

#include <string.h>

#include "tests/support/life.h"
#include "tests/support/progen_int.h"

#define ITEMS  48u
#define CHAIN  20u /* most compares of one chain */
#define LONG   90u /* of a few chains */
#define JUMPS  160u
#define PKT_AT 100u /* offsets below it */
#define TO_END UINT32_MAX

struct way {
	uint32_t known; /* registers r0 to r5 that hold numbers: bits */
	uint32_t len;   /* proven bytes of the packet */
};

struct filt {
	struct progen g;
	struct way at;
	struct {
		uint32_t at, items;
		struct way way;
	} jump[JUMPS];
	uint32_t njumps;
	bool direct, legacy, writes;
};

static void jump(struct filt *f, unsigned code, unsigned dst, unsigned src,
    int32_t imm, uint32_t items)
{
	if (f->njumps == JUMPS)
		return;
	f->jump[f->njumps].at = f->g.out->n;
	f->jump[f->njumps].items = items;
	f->jump[f->njumps++].way = f->at;
	pg_emit(&f->g, code, dst, src, 0, imm);
}

static void land(struct filt *f, bool all)
{
	uint32_t i, kept = 0;

	for (i = 0; i < f->njumps; i++) {
		uint32_t at = f->jump[i].at;

		if (!all &&
		    (f->jump[i].items == TO_END || --f->jump[i].items > 0)) {
			f->jump[kept++] = f->jump[i];
			continue;
		}
		f->g.out->insns[at].off = (int16_t)(f->g.out->n - at - 1);
		f->at.known &= f->jump[i].way.known;
		if (f->at.len > f->jump[i].way.len)
			f->at.len = f->jump[i].way.len;
	}
	f->njumps = kept;
}

/* Where a jump leads: a few items on, or to the end. */
static uint32_t somewhere(struct filt *f)
{
	return pg_one_in(&f->g, 3) ? TO_END : 1 + pg_pick(&f->g, 8);
}

static unsigned low_reg(struct filt *f)
{
	return pg_pick(&f->g, 6);
}

/* One of r0 to r5 with a number. */
static unsigned known(struct filt *f)
{
	unsigned r, start = low_reg(f);

	for (r = 0; r < 6; r++) {
		if ((f->at.known >> (start + r) % 6 & 1) != 0)
			return (start + r) % 6;
	}
	pg_set(&f->g, start, pg_imm(&f->g));
	f->at.known |= 1u << start;
	return start;
}

static unsigned offset(struct filt *f)
{
	static const uint8_t usual[] = { 0, 6, 12, 14, 16, 20, 22, 23, 26, 30,
		34, 36, 38, 46, 54 };

	if (pg_one_in(&f->g, 3))
		return pg_pick(&f->g, PKT_AT);
	return usual[pg_pick(&f->g, sizeof(usual))];
}

/*
 * Items
 */

/* r = the packet's address + n */
static void end_of(struct filt *f, unsigned r, unsigned n, unsigned form)
{
	struct progen *g = &f->g;

	if (form == 4) {
		pg_set(g, r, (int)n);
		pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, r, 7, 0, 0);
		return;
	}
	pg_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, r, 7, 0, 0);
	if (form == 5 && n > 1) { /* in two steps */
		pg_emit(g, EXO_ALU64 | EXO_ADD, r, 0, 0, 1);
		n--;
	}
	pg_emit(g, EXO_ALU64 | EXO_ADD, r, 0, 0, (int)n);
}

/* The packet has n bytes, or the way leads elsewhere. */
static void prove(struct filt *f, unsigned n)
{
	unsigned r = low_reg(f), form = pg_pick(&f->g, 6);
	struct way was;

	end_of(f, r, n, form);
	f->at.known &= ~(1u << r);
	was = f->at;
	switch (form) {
	case 0:
		jump(f, EXO_JMP | EXO_JLT | EXO_X, 8, r, 0, somewhere(f));
		break;
	case 1: /* one more is there than is asked for */
		jump(f, EXO_JMP | EXO_JGE | EXO_X, r, 8, 0, somewhere(f));
		n++;
		break;
	case 2:
		pg_emit(&f->g, EXO_JMP | EXO_JLE | EXO_X, r, 8, 1, 0);
		jump(f, EXO_JMP | EXO_JA, 0, 0, 0, somewhere(f));
		break;
	default:
		jump(f, EXO_JMP | EXO_JGT | EXO_X, r, 8, 0, somewhere(f));
		break;
	}
	if (f->njumps < JUMPS && was.len < n)
		f->at.len = n;
}

static void order(struct filt *f, unsigned r, unsigned size)
{
	static const uint8_t code[] = { EXO_ALU | EXO_END | EXO_X,
		EXO_ALU64 | EXO_END, EXO_ALU | EXO_END | EXO_X,
		EXO_ALU | EXO_END };

	if (size == 1 || pg_one_in(&f->g, 3))
		return;
	pg_emit(&f->g, code[pg_pick(&f->g, 4)], r, 0, 0, 8 * (int)size);
}

static void load(struct filt *f)
{
	unsigned width = pg_width(&f->g), size = pg_bytes(width);
	unsigned r = low_reg(f), at = offset(f);
	bool sx = width != EXO_DW && pg_one_in(&f->g, 8);

	if (at + size > f->at.len) {
		if (!pg_one_in(&f->g, 3) || f->at.len < size)
			prove(f, at + size);
		else
			at = f->at.len - size;
	}
	if (at + size > f->at.len)
		return;
	pg_emit(&f->g, EXO_LDX | width | (sx ? EXO_MEMSX : EXO_MEM), r, 7,
	    (int)at, 0);
	f->at.known |= 1u << r;
	order(f, r, size);
}

/* An offset for LD_ABS or LD_IND: of other kinds now and then. */
static int32_t odd_offset(struct filt *f, bool ind)
{
	int32_t at = (int32_t)offset(f);

	switch (pg_pick(&f->g, 24)) {
	case 0:
		return at + EXO_SKF_LL_OFF;
	case 1:
		return ind ? at + EXO_SKF_NET_OFF - 20 : INT32_MAX - at % 5;
	case 2:
	case 3:
		return ind ? -at : at;
	case 4:
		return 5 * at;
	default:
		return at;
	}
}

static unsigned legacy_width(struct filt *f)
{
	static const uint8_t sizes[] = { EXO_B, EXO_H, EXO_W };

	return sizes[pg_pick(&f->g, 3)];
}

static void load_legacy(struct filt *f)
{
	unsigned width = legacy_width(f), r;

	if (pg_one_in(&f->g, 4)) {
		r = known(f);
		if (!pg_one_in(&f->g, 4))
			pg_emit(&f->g, EXO_ALU64 | EXO_AND, r, 0, 0, 0x3c);
		pg_emit(&f->g, EXO_LD | EXO_IND | width, 0, r, 0,
		    odd_offset(f, true));
	} else {
		pg_emit(&f->g, EXO_LD | EXO_ABS | width, 0, 0, 0,
		    odd_offset(f, false));
	}
	f->at.known = 1;
	if (!f->direct && pg_one_in(&f->g, 4)) {
		pg_emit(&f->g, EXO_ALU64 | EXO_MOV | EXO_X, 7, 0, 0, 0);
		pg_emit(&f->g, EXO_ALU64 | EXO_AND, 7, 0, 0, 0x1f);
	}
}

/* What packets hold: bytes of the words of life.c. */
static int32_t constant(struct filt *f)
{
	static const uint8_t sizes[] = { 1, 1, 2, 2, 4 };
	unsigned size = sizes[pg_pick(&f->g, 5)];
	uint64_t x = life_odd(pg_pick(&f->g, 30)) >> 8 * pg_pick(&f->g, 8);

	if (pg_one_in(&f->g, 2))
		x = size == 2 ? __builtin_bswap16((uint16_t)x)
		              : __builtin_bswap32((uint32_t)x);
	if (size < 4)
		x &= (1u << 8 * size) - 1;
	return (int32_t)(uint32_t)x;
}

static void compare(struct filt *f)
{
	static const uint8_t ops[] = { EXO_JEQ, EXO_JNE, EXO_JEQ, EXO_JNE,
		EXO_JSET, EXO_JGT, EXO_JGE, EXO_JLT, EXO_JLE, EXO_JSGT,
		EXO_JSGE, EXO_JSLT, EXO_JSLE };
	unsigned op = ops[pg_pick(&f->g, sizeof(ops))];
	unsigned class = pg_one_in(&f->g, 3) ? EXO_JMP32 : EXO_JMP;

	if (pg_one_in(&f->g, 8))
		jump(
		    f, class | op | EXO_X, known(f), known(f), 0, somewhere(f));
	else
		jump(f, class | op, known(f), 0, constant(f), somewhere(f));
}

/* One value against many. */
static void chain(struct filt *f)
{
	unsigned n = pg_one_in(&f->g, 24) ? LONG : 2 + pg_pick(&f->g, CHAIN);
	unsigned r = known(f), i;
	uint32_t to = somewhere(f);
	int32_t k = constant(f);
	bool dense = pg_one_in(&f->g, 2);
	unsigned class = pg_one_in(&f->g, 3) ? EXO_JMP32 : EXO_JMP;

	for (i = 0; i < n; i++) {
		if (pg_one_in(&f->g, 12))
			to = somewhere(f);
		jump(f, class | EXO_JEQ, r, 0, k, to);
		k = dense ? k + (int32_t)pg_pick(&f->g, 3) : constant(f);
	}
}

/* A field of a row, into register r; false: it is not to be had. */
static bool load_field(
    struct filt *f, unsigned r, bool legacy, unsigned width, unsigned at)
{
	unsigned size = pg_bytes(width);

	if (legacy && !f->direct && at % 3 == 0) {
		pg_emit(&f->g, EXO_LD | EXO_IND | width, 0, 7, 0, (int)at);
	} else if (legacy) {
		pg_emit(&f->g, EXO_LD | EXO_ABS | width, 0, 0, 0, (int)at);
	} else {
		if (at + size > f->at.len)
			prove(f, at + size);
		if (at + size > f->at.len)
			return false;
		pg_emit(&f->g, EXO_LDX | EXO_MEM | width, r, 7, (int)at, 0);
	}
	if (legacy)
		f->at.known = 0;
	f->at.known &= ~(1u << r);
	return true;
}

/* Fields against many values, one after another, and one place for all that
 * are equal: nobody reads the fields behind. */
static void row(struct filt *f)
{
	unsigned n = 5 + pg_pick(&f->g, CHAIN), nf = 1 + pg_pick(&f->g, 3), i;
	bool legacy = f->legacy && (!f->direct || pg_one_in(&f->g, 2));
	unsigned r = legacy ? 0 : low_reg(f), width[3], at[3];
	uint32_t to = somewhere(f);

	for (i = 0; i < nf; i++) {
		width[i] = legacy_width(f);
		at[i] = offset(f);
	}
	for (i = 0; i < n; i++) {
		unsigned k = pg_pick(&f->g, nf);

		if ((i == 0 || !pg_one_in(&f->g, 3)) &&
		    !load_field(f, r, legacy, width[k], at[k]))
			return;
		if (pg_one_in(&f->g, 8)) {
			pg_emit(&f->g, EXO_JMP | EXO_JNE, r, 0, 1, constant(f));
			jump(f, EXO_JMP | EXO_JA, 0, 0, 0, to);
		} else {
			jump(f, EXO_JMP | EXO_JEQ, r, 0, constant(f), to);
		}
	}
	if (pg_one_in(&f->g, 4)) /* somebody does */
		pg_emit(&f->g, EXO_ALU64 | EXO_ADD | EXO_X, 9, r, 0, 0);
}

/* What takes a number back to fewer bits, where it has more. */
static void narrow(struct filt *f, unsigned r)
{
	struct progen *g = &f->g;

	switch (pg_pick(g, 5)) {
	case 0:
		pg_emit(g, EXO_ALU | EXO_MOV | EXO_X, r, r, 0, 0);
		break;
	case 1:
		pg_emit(g, EXO_ALU | EXO_END, r, 0, 0, 16 << pg_pick(g, 2));
		break;
	case 2:
		pg_emit(g, EXO_ALU | EXO_AND, r, 0, 0, -1);
		break;
	case 3:
		pg_emit(g, EXO_ALU64 | EXO_AND, r, 0, 0, 0xffff);
		break;
	default:
		pg_emit(g, EXO_ALU64 | EXO_LSH, r, 0, 0, 32);
		pg_emit(g, EXO_ALU64 | EXO_RSH, r, 0, 0, 32);
		break;
	}
}

/* A field, a little arithmetic, and the bits that are wanted of it. */
static void few_bits(struct filt *f)
{
	static const uint8_t ops[] = { EXO_ADD, EXO_MUL, EXO_MUL, EXO_LSH,
		EXO_RSH, EXO_OR, EXO_SUB, EXO_AND };
	static const int32_t ks[] = { 1, 3, 7, 0xff, 0x7f00, 0x1fff, 0x3fff,
		0xffff };
	unsigned width = legacy_width(f), size = pg_bytes(width), r, n;
	struct progen *g = &f->g;

	if (f->at.len < size)
		return;
	r = low_reg(f);
	pg_emit(g, EXO_LDX | EXO_MEM | width, r, 7,
	    (int)(pg_byte(g) % (f->at.len - size + 1)), 0);
	for (n = 1 + pg_pick(g, 3); n > 0; n--) {
		unsigned op = ops[pg_pick(g, sizeof(ops))];
		unsigned class = pg_one_in(g, 4) ? EXO_ALU : EXO_ALU64;
		int32_t k = ks[pg_pick(g, 8)];

		if (op == EXO_LSH || op == EXO_RSH)
			k = (int32_t)pg_pick(g, 20);
		pg_emit(g, class | op, r, 0, 0, k);
	}
	narrow(f, r);
	f->at.known |= 1u << r;
	pg_emit(g, EXO_ALU64 | EXO_MUL, 9, 0, 0, 5);
	pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, 9, r, 0, 0);
}

/* Of two numbers, and what remains of their bits. */
static void combine(struct filt *f)
{
	static const uint8_t ops[] = { EXO_ADD, EXO_ADD, EXO_MUL, EXO_SUB,
		EXO_XOR, EXO_OR, EXO_LSH };
	unsigned r = known(f),
	         class = pg_one_in(&f->g, 4) ? EXO_ALU : EXO_ALU64;

	pg_emit(
	    &f->g, class | ops[pg_pick(&f->g, 7)] | EXO_X, r, known(f), 0, 0);
	narrow(f, r);
}

/* Where a packet was too short, it may be long enough for less. */
static void shorter(struct filt *f)
{
	unsigned n = 4 + offset(f), r = low_reg(f), width = legacy_width(f);
	int at = (int)(n - pg_bytes(width)) - 2 + (int)pg_pick(&f->g, 3);

	end_of(f, r, n, pg_pick(&f->g, 6));
	pg_emit(&f->g, EXO_JMP | EXO_JLE | EXO_X, r, 8, 2, 0);
	pg_emit(&f->g, EXO_LD | EXO_ABS | width, 0, 0, 0, at < 0 ? 0 : at);
	pg_emit(&f->g, EXO_ALU64 | EXO_ADD | EXO_X, 9, 0, 0, 0);
	f->at.known = 0;
}

static void mask(struct filt *f)
{
	static const uint8_t ops[] = { EXO_AND, EXO_AND, EXO_RSH, EXO_LSH,
		EXO_ADD, EXO_OR, EXO_SUB, EXO_MUL };
	static const int32_t masks[] = { 0x0f, 0xf0, 0xff, 0x1fff, 0x8000,
		0x3fff, -16, 0x00ffffff };
	unsigned op = ops[pg_pick(&f->g, sizeof(ops))];
	unsigned class = pg_one_in(&f->g, 2) ? EXO_ALU : EXO_ALU64;
	unsigned r;
	int32_t k = masks[pg_pick(&f->g, 8)];

	if (op == EXO_RSH || op == EXO_LSH)
		k = (int32_t)pg_pick(&f->g, 32);
	r = known(f);
	pg_emit(&f->g, class | op, r, 0, 0, k);
	if (pg_one_in(&f->g, 3))
		narrow(f, r);
}

/* r9 tells that the way led here, and with what. */
static void gather(struct filt *f)
{
	if (pg_one_in(&f->g, 2)) {
		pg_emit(&f->g, EXO_ALU64 | EXO_MUL, 9, 0, 0, 5);
		pg_emit(&f->g, EXO_ALU64 | EXO_ADD | EXO_X, 9, known(f), 0, 0);
	} else {
		pg_emit(&f->g, EXO_ALU64 | EXO_ADD, 9, 0, 0,
		    1 + (int)pg_pick(&f->g, 100));
	}
}

static void write_byte(struct filt *f)
{
	unsigned at = offset(f);

	if (f->writes && at < f->at.len)
		pg_emit(&f->g, EXO_ST | EXO_MEM | EXO_B, 7, 0, (int)at,
		    pg_imm(&f->g));
}

static void leave(struct filt *f)
{
	unsigned r = known(f);

	jump(f, EXO_JMP | EXO_JEQ, r, 0, constant(f), 1);
	pg_emit(&f->g, EXO_ALU64 | EXO_MOV, 0, 0, 0, pg_imm(&f->g));
	pg_emit(&f->g, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	f->at = f->jump[f->njumps - 1].way;
}

static void item(struct filt *f)
{
	unsigned what = pg_pick(&f->g, 20);

	if (what < 8 && f->legacy && (!f->direct || pg_one_in(&f->g, 2)))
		load_legacy(f);
	else if (what < 7)
		load(f);
	else if (what < 8)
		prove(f, offset(f) + 1);
	else if (what < 12)
		compare(f);
	else if (what < 13)
		chain(f);
	else if (what < 14)
		row(f);
	else if (what == 14 && f->direct && pg_one_in(&f->g, 2))
		few_bits(f);
	else if (what == 14)
		combine(f);
	else if (what == 15 && f->direct && f->legacy)
		shorter(f);
	else if (what < 16)
		mask(f);
	else if (what < 18)
		gather(f);
	else if (what == 18)
		write_byte(f);
	else if (f->njumps < JUMPS)
		leave(f);
}

static void start(struct filt *f)
{
	int data = f->g.type == EXO_PROG_XDP ? 0 : 76;

	pg_emit(&f->g, EXO_ALU64 | EXO_MOV | EXO_X, 6, 1, 0, 0);
	pg_set(&f->g, 9, 0);
	if (!f->direct)
		pg_set(&f->g, 7, (int32_t)pg_pick(&f->g, 32));
	if (!f->direct)
		return;
	pg_emit(&f->g, EXO_LDX | EXO_MEM | EXO_W, 7, 6, data, 0);
	pg_emit(&f->g, EXO_LDX | EXO_MEM | EXO_W, 8, 6, data + 4, 0);
}

size_t filtgen(struct progen_prog *p, const uint8_t *bytes, size_t size)
{
	struct filt f = { .g = { .out = p, .p = bytes, .left = size } };
	unsigned k, n;

	memset(p, 0, sizeof(*p));
	p->refuse_leaks = true;
	k = pg_byte(&f.g);
	p->type = f.g.type = EXO_PROG_XDP + k % 3;
	f.legacy = p->type != EXO_PROG_XDP && k / 4 % 2 != 0;
	f.direct = !f.legacy || k / 8 % 2 != 0;
	f.writes = f.direct && p->type != EXO_PROG_SOCKET && k / 16 % 4 == 0;
	start(&f);
	n = 2 + pg_pick(&f.g, ITEMS);
	while (n-- > 0 && p->n < PROGEN_MAX - LONG) {
		item(&f);
		land(&f, false);
	}
	if (pg_one_in(&f.g, 2)) { /* ways to the end, and the one that fell */
		pg_emit(&f.g, EXO_ALU64 | EXO_MOV | EXO_X, 0, 9, 0, 0);
		pg_emit(&f.g, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	}
	land(&f, true);
	if (pg_one_in(&f.g, 2))
		pg_emit(&f.g, EXO_ALU64 | EXO_XOR, 9, 0, 0, 0x1234);
	pg_emit(&f.g, EXO_ALU64 | EXO_MOV | EXO_X, 0, 9, 0, 0);
	pg_emit(&f.g, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	return size - f.g.left;
}
