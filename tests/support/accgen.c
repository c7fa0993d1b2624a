/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/accgen.h"

#include <string.h>

#include "exo/abi/ctx.h"
#include "exo/lib/bytes.h"
#include "exo/space/space.h"
#include "tests/support/cbpf_run.h"

void accgen_init(struct accgen *g, const uint8_t *p, size_t n)
{
	*g = (struct accgen){ .p = p, .n = n, .row = 0x9e3779b97f4a7c15u };
	for (size_t i = 0; i < n; i++)
		g->row = (g->row ^ p[i]) * 0x100000001b3u;
	g->row |= 1;
}

uint32_t accgen_below(struct accgen *g, uint32_t limit)
{
	if (g->n == 0)
		return cbpf_random(&g->row) % limit;
	g->n--;
	return *g->p++ % limit;
}

static uint32_t any32(struct accgen *g)
{
	return accgen_below(g, 256) << 24 | accgen_below(g, 256) << 16 |
	       accgen_below(g, 256) << 8 | accgen_below(g, 256);
}

uint32_t accgen_link(struct accgen *g)
{
	static const uint16_t links[] = { 1, 1, 1, 1, 1, 1, 113, 276, 101, 101,
		0, 108, 228, 229, 105, 1 };

	return links[accgen_below(g, 16)];
}

/* Where the network header begins without tags. */
static uint32_t net_at(uint32_t link)
{
	switch (link) {
	case SP_LINK_ETHERNET:
		return 14;
	case SP_LINK_SLL:
		return 16;
	case SP_LINK_SLL2:
		return 20;
	case SP_LINK_NULL:
	case SP_LINK_LOOP:
		return 4;
	default:
		return 0;
	}
}

/* Numbers that fields have. */
static uint32_t some_number(struct accgen *g)
{
	static const uint32_t some[] = { 0x0800, 0x86dd, 0x0806, 0x8035, 0x8100,
		0x88a8, 0x9100, 0x02000000, 2, 0x1e000000, 30, 0x0800, 0x86dd,
		0x0800, 6, 17, 1, 58, 44, 51, 0, 6, 17, 80, 53, 0x45, 0x46,
		0x40, 0x60, 5, 4, 0x1fff, 0x0a000001, 0x0a0000ff, 0xfe800000,
		0xff, 0xffff, 0xffffffff, 64, 0x7fffffff, 21, 44, 1, 9 };

	if (accgen_below(g, 8) == 0)
		return any32(g);
	return some[accgen_below(g, sizeof(some) / sizeof(some[0]))] +
	       (accgen_below(g, 8) == 0 ? accgen_below(g, 3) - 1 : 0);
}

/* An offset where a field begins, or nearly. */
static uint32_t some_place(struct accgen *g, uint32_t link)
{
	static const uint8_t in_ip4[] = { 0, 0, 1, 2, 4, 6, 6, 6, 8, 9, 9, 9,
		12, 16, 20, 22 };
	static const uint8_t in_ip6[] = { 0, 4, 6, 6, 6, 6, 7, 8, 12, 16, 24,
		36, 40, 40, 40, 42 };
	static const uint8_t in_ether[] = { 0, 2, 6, 8, 12, 12, 12, 14, 16, 16,
		18, 20 };
	uint32_t at = net_at(link) + in_ip4[accgen_below(g, 16)];

	if (g->type == 0x86dd)
		at = net_at(link) + in_ip6[accgen_below(g, 16)];
	switch (accgen_below(g, 8)) {
	case 0:
		return in_ether[accgen_below(g, sizeof(in_ether))];
	case 1:
		return at + 4 * (1 + accgen_below(g, 2));
	case 2:
		return accgen_below(g, 80);
	default:
		return at;
	}
}

/* --- classic programs ------------------------------------------------------ */

struct classic {
	struct flt_cbpf *to;
	uint32_t n;
};

static void put(struct classic *c, unsigned code, uint32_t k)
{
	c->to[c->n++] = (struct flt_cbpf){ (uint16_t)code, 0, 0, k };
}

static void put_load(struct classic *c, struct accgen *g, uint32_t link)
{
	static const uint16_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_H };
	unsigned size = sizes[accgen_below(g, 4)];
	uint32_t at;

	switch (accgen_below(g, 8)) {
	case 0:
	case 1:
		at = net_at(link) + 4 * (accgen_below(g, 8) == 0);
		put(c, BPF_LDX | BPF_MSH | BPF_B, at);
		put(c, BPF_LD | BPF_IND | size, at + accgen_below(g, 24));
		return;
	case 2:
		put(c, BPF_LD | BPF_W | BPF_LEN, 0);
		return;
	case 3:
		if (accgen_below(g, 4) == 0) {
			put(c, BPF_MISC | BPF_TAX, 0);
			put(c, BPF_LD | BPF_IND | size, accgen_below(g, 30));
			return;
		}
		break;
	default:
		break;
	}
	put(c, BPF_LD | BPF_ABS | size, some_place(g, link));
}

static void put_sums(struct classic *c, struct accgen *g)
{
	static const uint16_t ops[] = { BPF_AND, BPF_AND, BPF_AND, BPF_RSH,
		BPF_LSH, BPF_ADD, BPF_SUB, BPF_OR, BPF_XOR, BPF_MUL, BPF_DIV,
		BPF_MOD };
	static const uint32_t masks[] = { 0x0f, 0xf0, 0x1fff, 0xff, 0xff00,
		0x0fff, 0xffff0000, 0x3fff, 1, 2, 0xfff00000 };
	unsigned op = ops[accgen_below(g, 12)];
	uint32_t k = 1u << accgen_below(g, 5);

	if (op == BPF_AND || op == BPF_OR || op == BPF_XOR)
		k = masks[accgen_below(g, 11)];
	else if (op == BPF_RSH || op == BPF_LSH)
		k = accgen_below(g, 17);
	else if (accgen_below(g, 4) == 0)
		k = 1 + accgen_below(g, 100);
	if (accgen_below(g, 8) != 0) {
		put(c, BPF_ALU | op | BPF_K, k);
		return;
	}
	put(c, BPF_ST, accgen_below(g, 2));
	put(c, BPF_LDX | BPF_MEM, accgen_below(g, 2));
	put(c,
	    BPF_ALU | (op == BPF_LSH || op == BPF_RSH ? BPF_ADD : op) | BPF_X,
	    0);
}

/* Two numbers that were computed, and what they give together. */
static void put_both(struct classic *c, struct accgen *g, uint32_t link)
{
	static const uint16_t ops[] = { BPF_SUB, BPF_ADD, BPF_XOR, BPF_OR,
		BPF_AND, BPF_MUL };

	bool alike = accgen_below(g, 2) != 0;

	put(c, BPF_LD | BPF_ABS | BPF_B, some_place(g, link));
	if (alike)
		put(c, BPF_ALU | BPF_MUL | BPF_K, 3);
	else
		put_sums(c, g);
	put(c, BPF_MISC | BPF_TAX, 0);
	put(c, BPF_LD | BPF_ABS | BPF_B, some_place(g, link));
	if (alike)
		put(c, BPF_ALU | BPF_MUL | BPF_K, 3);
	else
		put_sums(c, g);
	put(c, BPF_ALU | ops[accgen_below(g, 6)] | BPF_X, 0);
}

static void put_jump(struct classic *c, struct accgen *g)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JEQ, BPF_JEQ, BPF_JEQ,
		BPF_JGT, BPF_JGE, BPF_JSET, BPF_JEQ };
	unsigned op = ops[accgen_below(g, 8)];

	/* targets are set when all is there */
	put(c, BPF_JMP | op | BPF_K, some_number(g));
}

/* Tests that most filters begin with, so that they come to something. */
static void put_type(struct classic *c, struct accgen *g, uint32_t link)
{
	static const uint32_t types[] = { 0x0800, 0x0800, 0x86dd, 0x0806,
		0x8100 };
	uint32_t type = types[accgen_below(g, 5)];
	unsigned op = accgen_below(g, 8) == 0 ? BPF_JGE : BPF_JEQ;

	g->type = type;
	switch (link) {
	case SP_LINK_ETHERNET:
		put(c, BPF_LD | BPF_ABS | BPF_H, 12);
		break;
	case SP_LINK_SLL:
		put(c, BPF_LD | BPF_ABS | BPF_H, 14);
		break;
	case SP_LINK_SLL2:
		put(c, BPF_LD | BPF_ABS | BPF_H, 0);
		break;
	case SP_LINK_RAW:
		put(c, BPF_LD | BPF_ABS | BPF_B, 0);
		put(c, BPF_ALU | BPF_AND | BPF_K, 0xf0);
		type = type == 0x86dd ? 0x60 : 0x40;
		break;
	case SP_LINK_NULL:
	case SP_LINK_LOOP:
		put(c, BPF_LD | BPF_ABS | BPF_W, 0);
		type = type == 0x86dd ? 30 : 2;
		if ((link == SP_LINK_NULL) == (accgen_below(g, 8) != 0))
			type <<= 24;
		break;
	default:
		return;
	}
	put(c, BPF_JMP | op | BPF_K, type);
}

/* Jumps lead on to what follows, or further; the last two are the ends. */
static void link_jumps(struct classic *c, struct accgen *g)
{
	for (uint32_t i = 0; i < c->n; i++) {
		struct flt_cbpf *in = &c->to[i];
		uint32_t left = c->n - 1 - i;

		if (BPF_CLASS(in->code) != BPF_JMP)
			continue;
		in->jt = accgen_below(g, 4) == 0 ? accgen_below(g, left) : 0;
		in->jf =
		    (uint8_t)(accgen_below(g, 4) == 0 ? accgen_below(g, left)
		                                      : left - 1);
		if (accgen_below(g, 4) == 0) {
			uint8_t swap = in->jt;

			in->jt = in->jf;
			in->jf = swap;
		}
	}
}

uint32_t accgen_classic(
    struct accgen *g, uint32_t link, struct flt_cbpf insns[ACCGEN_CLASSIC])
{
	struct classic c = { insns, 0 };
	uint32_t tests = 1 + accgen_below(g, 6);

	g->type = 0;
	put(&c, BPF_ST, 0);
	put(&c, BPF_ST, 1);
	if (accgen_below(g, 4) != 0)
		put_type(&c, g, link);
	for (uint32_t i = 0; i < tests && c.n < ACCGEN_CLASSIC - 40; i++) {
		if (accgen_below(g, 12) == 0)
			put_both(&c, g, link);
		else if (i == 0 || accgen_below(g, 4) != 0)
			put_load(&c, g, link);
		for (uint32_t k = accgen_below(g, 4); k > 2;
		     k = accgen_below(g, 4))
			if (c.n < ACCGEN_CLASSIC - 30)
				put_sums(&c, g);
		put_jump(&c, g);
	}
	put(&c, BPF_RET | BPF_K, accgen_below(g, 8) != 0);
	if (accgen_below(g, 8) == 0)
		put(&c, BPF_RET | BPF_A, 0);
	put(&c, BPF_RET | BPF_K, 0);
	link_jumps(&c, g);
	return c.n;
}

/* --- programs with pointers -------------------------------------------------- */

struct code {
	struct exo_insn *to;
	uint32_t n;
};

static void emit(struct code *c, unsigned op, unsigned dst, unsigned src,
    uint32_t off, uint32_t imm)
{
	c->to[c->n++] = (struct exo_insn){ (uint8_t)op,
		(uint8_t)(src << 4 | dst), (int16_t)off, (int32_t)imm };
}

/* r2 the packet, r3 its end, r4 the transport header once it is known. */
static void emit_end(struct code *c, unsigned base, uint32_t bytes)
{
	emit(c, EXO_ALU64 | EXO_MOV | EXO_X, 5, base, 0, 0);
	emit(c, EXO_ALU64 | EXO_ADD | EXO_K, 5, 0, 0, bytes);
	emit(c, EXO_JMP | EXO_JGT | EXO_X, 5, 3, 0, 0);
}

static void emit_test(
    struct code *c, struct accgen *g, unsigned base, uint32_t at, uint32_t size)
{
	static const uint8_t ops[] = { EXO_JEQ, EXO_JNE, EXO_JNE, EXO_JGT,
		EXO_JGE, EXO_JLT, EXO_JLE, EXO_JSET, EXO_JSGT, EXO_JSLT };
	static const uint8_t sizes[] = { 0, EXO_B, EXO_H, 0, EXO_W };
	static const uint8_t ops32[] = { EXO_ALU | EXO_ARSH | EXO_K,
		EXO_ALU | EXO_RSH | EXO_K, EXO_ALU64 | EXO_ARSH | EXO_K,
		EXO_ALU | EXO_LSH | EXO_K };
	uint32_t k = some_number(g), op = ops[accgen_below(g, 10)];
	bool narrow = accgen_below(g, 2) != 0;

	emit(c, EXO_LDX | EXO_MEM | sizes[size], 0, base, at, 0);
	if (size > 1 && accgen_below(g, 2) != 0)
		emit(c, EXO_ALU | EXO_END | EXO_X, 0, 0, 0, size * 8);
	else if (size == 2)
		k = __builtin_bswap16((uint16_t)k);
	if (accgen_below(g, 4) == 0)
		emit(c, EXO_ALU | EXO_AND | EXO_K, 0, 0, 0, some_number(g));
	if (accgen_below(g, 8) == 0)
		emit(c, EXO_ALU64 | EXO_ADD | EXO_K, 0, 0, 0,
		    accgen_below(g, 9) - 4);
	if (accgen_below(g, 6) == 0)
		emit(c, ops32[accgen_below(g, 4)], 0, 0, 0,
		    1 + accgen_below(g, 16));
	if (accgen_below(g, 8) == 0)
		emit(c, EXO_ALU | EXO_MOV | EXO_X, 0, 0,
		    8u << accgen_below(g, 2), 0);
	emit(c, (narrow ? EXO_JMP32 : EXO_JMP) | op | EXO_K, 0, 0, 0,
	    k & INT32_MAX);
}

/* What compilers make of a switch, and of a range of 16 bits. */
static void emit_idiom(
    struct code *c, struct accgen *g, unsigned base, uint32_t at)
{
	unsigned wide = accgen_below(g, 4) != 0 ? EXO_ALU64 : EXO_ALU;

	if (accgen_below(g, 2) == 0) {
		emit(c, EXO_LDX | EXO_MEM | EXO_H, 0, base, at, 0);
		emit(c, EXO_ALU | EXO_END | EXO_X, 0, 0, 0, 16);
		emit(c, EXO_ALU | EXO_ADD | EXO_K, 0, 0, 0, 0 - some_number(g));
		emit(c, EXO_ALU | EXO_AND | EXO_K, 0, 0, 0, 0xffff);
		emit(c, EXO_JMP32 | EXO_JGE | EXO_K, 0, 0, 0,
		    accgen_below(g, 256));
		return;
	}
	emit(c, EXO_LDX | EXO_MEM | EXO_B, 0, base, at, 0);
	if (accgen_below(g, 2) != 0)
		emit(c, EXO_JMP | EXO_JGT | EXO_K, 0, 0, 0, 63);
	emit(c, EXO_ALU64 | EXO_MOV | EXO_K, 5, 0, 0, 1);
	emit(c, wide | EXO_LSH | EXO_X, 5, 0, 0, 0);
	emit(c, EXO_LD | EXO_IMM | EXO_DW, 6, 0, 0,
	    (any32(g) & any32(g)) - accgen_below(g, 2));
	emit(c, 0, 0, 0, 0, (1u << accgen_below(g, 32)) - accgen_below(g, 2));
	emit(c, EXO_ALU64 | EXO_AND | EXO_X, 5, 6, 0, 0);
	emit(c, EXO_JMP | (accgen_below(g, 2) != 0 ? EXO_JEQ : EXO_JNE) | EXO_K,
	    5, 0, 0, 0);
}

static void emit_l4(struct code *c, uint32_t net)
{
	emit(c, EXO_LDX | EXO_MEM | EXO_B, 4, 2, net, 0);
	emit(c, EXO_ALU64 | EXO_AND | EXO_K, 4, 0, 0, 15);
	emit(c, EXO_ALU64 | EXO_LSH | EXO_K, 4, 0, 0, 2);
	emit(c, EXO_ALU64 | EXO_ADD | EXO_X, 4, 2, 0, 0);
	emit(c, EXO_ALU64 | EXO_ADD | EXO_K, 4, 0, 0, net);
	emit_end(c, 4, 20);
}

/* Of tc: what the core says of the packet. */
static void emit_field(struct code *c, struct accgen *g)
{
	static const uint32_t protocols[] = { 0x0008, 0x0400, 0x0081, 0xdd86, 0,
		4 };

	emit(c, EXO_LDX | EXO_MEM | EXO_W, 0, 1, 16, 0);
	emit(c, EXO_JMP | (accgen_below(g, 2) != 0 ? EXO_JNE : EXO_JEQ) | EXO_K,
	    0, 0, 0, protocols[accgen_below(g, 6)]);
}

uint32_t accgen_direct(struct accgen *g, uint32_t link, uint32_t type,
    struct exo_insn insns[ACCGEN_INSNS])
{
	bool tc = type == EXO_PROG_TC;
	struct code c = { insns, 0 };
	uint32_t net = net_at(link), i, tests = 1 + accgen_below(g, 6);
	bool l4 = false;

	g->type = 0;
	if (tc)
		emit_field(&c, g);
	emit(&c, EXO_LDX | EXO_MEM | EXO_W, 2, 1, tc ? 76 : 0, 0);
	emit(&c, EXO_LDX | EXO_MEM | EXO_W, 3, 1, tc ? 80 : 4, 0);
	emit_end(&c, 2, net + 44 + accgen_below(g, 8));
	if (link == SP_LINK_ETHERNET) {
		emit(&c, EXO_LDX | EXO_MEM | EXO_H, 0, 2, 12, 0);
		emit(&c, EXO_JMP | EXO_JNE | EXO_K, 0, 0, 0,
		    accgen_below(g, 4) != 0 ? 0x0008 : 0xdd86);
	}
	for (i = 0; i < tests; i++) {
		uint32_t size = 1u << accgen_below(g, 3);

		if (!l4 && accgen_below(g, 4) == 0) {
			emit_l4(&c, net);
			l4 = true;
		}
		if (accgen_below(g, 6) == 0)
			emit_idiom(&c, g, 2, some_place(g, link) % (net + 40));
		else if (l4 && accgen_below(g, 2) != 0)
			emit_test(&c, g, 4, accgen_below(g, 17), size);
		else
			emit_test(
			    &c, g, 2, some_place(g, link) % (net + 40), size);
	}
	emit(&c, EXO_ALU64 | EXO_MOV | EXO_K, 0, 0, 0, tc ? 0 : 2);
	emit(&c, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	emit(&c, EXO_ALU64 | EXO_MOV | EXO_K, 0, 0, 0, accgen_below(g, 4));
	emit(&c, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	for (i = 0; i < c.n; i++) {
		struct exo_insn *in = &insns[i];
		unsigned class = in->code & 7u;

		if ((class != EXO_JMP && class != EXO_JMP32) ||
		    (in->code & 0xf0u) == EXO_EXIT)
			continue;
		in->off = (int16_t)(c.n - 2 - i - 1);
		if ((in->code & 0xf0u) != EXO_JGT && accgen_below(g, 6) == 0)
			in->off = (int16_t)(c.n - 4 - i - 1);
	}
	return c.n;
}

/* --- packets --------------------------------------------------------------- */

static void put_bytes(uint8_t *to, uint32_t *at, uint64_t v, uint32_t n)
{
	while (n-- > 0 && *at < ACCGEN_PACKET)
		to[(*at)++] = (uint8_t)(v >> 8 * n);
}

static uint32_t some_type(struct accgen *g)
{
	static const uint16_t types[] = { 0x0800, 0x0800, 0x0800, 0x0800,
		0x0800, 0x86dd, 0x86dd, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x8035,
		0x0400, 0x9100, 0x8100, 0x0800 };

	return types[accgen_below(g, 16)];
}

/* Returns the type of the network header. */
static uint32_t put_link(
    struct accgen *g, uint32_t link, uint8_t *to, uint32_t *at)
{
	uint32_t type = some_type(g), sub = net_at(link);

	switch (link) {
	case SP_LINK_ETHERNET:
		sub = 12;
		break;
	case SP_LINK_SLL:
		sub = 14;
		break;
	case SP_LINK_NULL:
		put_bytes(to, at, type == 0x86dd ? 0x1e000000 : 0x02000000, 4);
		return type;
	case SP_LINK_LOOP:
		put_bytes(to, at, type == 0x86dd ? 28 : 2, 4);
		return type;
	case SP_LINK_SLL2:
		put_bytes(to, at, type, 2);
		sub = 18;
		break;
	default:
		return link == SP_LINK_IPV6 ? 0x86dd : type;
	}
	for (uint32_t i = 0; i < sub; i++)
		put_bytes(to, at, accgen_below(g, 4), 1);
	if (link != SP_LINK_SLL2)
		put_bytes(to, at, type, 2);
	for (uint32_t i = 0; i < 3 && sp_is_tpid(type); i++) {
		type = some_type(g);
		put_bytes(to, at, accgen_below(g, 16), 2);
		put_bytes(to, at, type, 2);
	}
	return type;
}

static void put_net(struct accgen *g, uint32_t type, uint8_t *to, uint32_t *at)
{
	static const uint8_t protos[] = { 6, 6, 17, 17, 1, 58, 44, 51, 0, 132 };
	static const uint8_t vhls[] = { 0x45, 0x45, 0x45, 0x45, 0x46, 0x4f,
		0x40, 0x55 };
	uint32_t proto = protos[accgen_below(g, 10)];

	if (type == 0x86dd) {
		put_bytes(to, at, 0x60000000, 4);
		put_bytes(to, at, accgen_below(g, 64), 2);
		put_bytes(to, at, proto, 1);
		put_bytes(to, at, 64, 1);
		for (uint32_t i = 0; i < 4; i++)
			put_bytes(
			    to, at, i % 2 == 0 ? 0xfe800000u << 16 : 1, 8);
		return;
	}
	if (type != 0x0800)
		return;
	put_bytes(to, at, vhls[accgen_below(g, 8)], 1);
	put_bytes(to, at, accgen_below(g, 256), 3);
	put_bytes(to, at, accgen_below(g, 256), 2);
	put_bytes(to, at, accgen_below(g, 3) == 0 ? any32(g) : 0, 2);
	put_bytes(to, at, 64, 1);
	put_bytes(to, at, proto, 1);
	put_bytes(to, at, 0, 2);
	put_bytes(to, at, 0x0a000001, 4);
	put_bytes(to, at, 0x0a0000ff, 4);
}

uint32_t accgen_packet(
    struct accgen *g, uint32_t link, uint8_t to[ACCGEN_PACKET])
{
	uint32_t at = 0, len = 24 + accgen_below(g, 100);

	put_net(g, put_link(g, link, to, &at), to, &at);
	while (at < ACCGEN_PACKET)
		put_bytes(to, &at,
		    accgen_below(g, 4) == 0 ? some_number(g) : 0x50, 2);
	for (uint32_t i = accgen_below(g, 4); i > 0; i--)
		to[accgen_below(g, 96)] ^= (uint8_t)(1u << accgen_below(g, 8));
	return accgen_below(g, 6) == 0 ? accgen_below(g, len) : len;
}

void accgen_aim(struct accgen *g, const struct exo_insn *insns, uint32_t n,
    uint8_t *packet, uint32_t caplen)
{
	uint32_t at = UINT32_MAX, size = 0, k;

	for (uint32_t i = 0; i < n; i++) {
		const struct exo_insn *in = &insns[i];
		unsigned class = in->code & 7u;

		if (class == EXO_LD || class == EXO_LDX) {
			at = class == EXO_LD ? (uint32_t)in->imm
			                     : (uint32_t)in->off;
			if ((in->code & 0xe0u) == EXO_IND)
				at += 20;
			size = exo_access_size(in);
		}
		if ((class != EXO_JMP && class != EXO_JMP32) ||
		    (in->code & 8u) != 0 || accgen_below(g, 3) == 0 ||
		    !exo_range_ok(at, size, caplen) || size > 4)
			continue;
		k = (uint32_t)in->imm + accgen_below(g, 3) - 1;
		if (accgen_below(g, 4) != 0)
			k = (uint32_t)in->imm;
		for (uint32_t b = 0; b < size; b++)
			packet[at + b] = (uint8_t)(k >> 8 * (size - 1 - b));
		if ((insns[0].code & 7u) == EXO_LDX && size > 1)
			for (uint32_t b = 0; b < size; b++)
				packet[at + b] = (uint8_t)(k >> 8 * b);
	}
}
