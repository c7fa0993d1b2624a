/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eBPF for the nodes of a classic program.
 *
 * Registers: r6 context, w0 A, w7 X, w8 A while MSH uses r0; M[i] is the word
 * at r10 - 4*(i + 1). LD_ABS and LD_IND leave their value in r0, zero-extended,
 * spoil r1 to r5, and end the program with 0 past the captured bytes, which is
 * what classic loads do. All else is 32 bits wide.
 *
 * Jumps: a node's size depends on how far its targets are, so sizes start
 * small and grow until every distance fits.
 */
#include "exo/abi/err.h"
#include "filters/cbpf_int.h"
#include "filters/filters_int.h"

#define R_A     0u
#define R_CTX   EXO_R_CTX
#define R_X     7u
#define R_SAVE  8u
#define R_FP    EXO_R_FP
#define OFF_LEN 0 /* __sk_buff's len */

struct emitter {
	struct flt_code *code; /* NULL: only count */
	uint32_t n;            /* instructions so far */
	int ret;               /* the first failure */
};

static void emit(struct emitter *e, unsigned code, unsigned dst, unsigned src,
    int off, int32_t imm)
{
	struct exo_insn in = { (uint8_t)code, (uint8_t)(src << 4 | dst),
		(int16_t)off, imm };

	e->n++;
	if (e->code != NULL && e->ret == 0)
		e->ret = flt_code_add(e->code, in);
}

static void mov(struct emitter *e, unsigned dst, unsigned src)
{
	emit(e, EXO_ALU | EXO_MOV | EXO_X, dst, src, 0, 0);
}

static void mov_k(struct emitter *e, unsigned dst, uint32_t k)
{
	emit(e, EXO_ALU | EXO_MOV | EXO_K, dst, 0, 0, (int32_t)k);
}

static void load(struct emitter *e, unsigned dst, unsigned base, int off)
{
	emit(e, EXO_LDX | EXO_MEM | EXO_W, dst, base, off, 0);
}

static void ret_k(struct emitter *e, uint32_t k)
{
	mov_k(e, R_A, k);
	emit(e, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
}

static int slot(uint32_t i)
{
	return -4 * ((int)i + 1);
}

/* X = 4 * (P[k] & 0xf), which must not change A. */
static void msh(struct emitter *e, const struct flt_node *nd)
{
	bool save = (nd->live & FLT_A) != 0;

	if (save)
		mov(e, R_SAVE, R_A);
	emit(e, EXO_LD | EXO_ABS | EXO_B, 0, 0, 0, (int32_t)nd->k);
	if ((nd->live & FLT_X) != 0) {
		emit(e, EXO_ALU | EXO_AND | EXO_K, R_A, 0, 0, 0xf);
		emit(e, EXO_ALU | EXO_LSH | EXO_K, R_A, 0, 0, 2);
		mov(e, R_X, R_A);
	}
	if (save)
		mov(e, R_A, R_SAVE);
}

/* Division by 0 rejects; shifts by 32 and more give 0, where eBPF's take the
 * distance modulo 32. */
static void alu_x(struct emitter *e, const struct flt_node *nd)
{
	switch (nd->op) {
	case EXO_DIV:
	case EXO_MOD:
		emit(e, EXO_JMP32 | EXO_JNE | EXO_K, R_X, 0, 2, 0);
		ret_k(e, 0);
		break;
	case EXO_LSH:
	case EXO_RSH:
		emit(e, EXO_JMP32 | EXO_JLT | EXO_K, R_X, 0, 1, 32);
		mov_k(e, R_A, 0);
		break;
	default:
		break;
	}
	emit(e, EXO_ALU | nd->op | EXO_X, R_A, R_X, 0, 0);
}

/* Everything but jumps. */
static void plain(struct emitter *e, const struct flt_node *nd)
{
	switch ((enum flt_kind)nd->kind) {
	case FLT_LD_ABS:
		emit(e, EXO_LD | EXO_ABS | nd->op, 0, 0, 0, (int32_t)nd->k);
		break;
	case FLT_LD_IND:
		emit(e, EXO_LD | EXO_IND | nd->op, 0, R_X, 0, (int32_t)nd->k);
		break;
	case FLT_LD_LEN:
		load(e, R_A, R_CTX, OFF_LEN);
		break;
	case FLT_LDX_LEN:
		load(e, R_X, R_CTX, OFF_LEN);
		break;
	case FLT_LD_IMM:
		mov_k(e, R_A, nd->k);
		break;
	case FLT_LDX_IMM:
		mov_k(e, R_X, nd->k);
		break;
	case FLT_LD_MEM:
		load(e, R_A, R_FP, slot(nd->k));
		break;
	case FLT_LDX_MEM:
		load(e, R_X, R_FP, slot(nd->k));
		break;
	case FLT_LDX_MSH:
		msh(e, nd);
		break;
	case FLT_ST:
		emit(e, EXO_STX | EXO_MEM | EXO_W, R_FP, R_A, slot(nd->k), 0);
		break;
	case FLT_STX:
		emit(e, EXO_STX | EXO_MEM | EXO_W, R_FP, R_X, slot(nd->k), 0);
		break;
	case FLT_ALU_K:
		emit(e, EXO_ALU | nd->op | EXO_K, R_A, 0, 0, (int32_t)nd->k);
		break;
	case FLT_ALU_X:
		alu_x(e, nd);
		break;
	case FLT_NEG:
		emit(e, EXO_ALU | EXO_NEG, R_A, 0, 0, 0);
		break;
	case FLT_TAX:
		mov(e, R_X, R_A);
		break;
	case FLT_TXA:
		mov(e, R_A, R_X);
		break;
	case FLT_RET_K:
		ret_k(e, nd->k);
		break;
	case FLT_RET_A:
		emit(e, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
		break;
	default:
		break;
	}
}

/* The opposite of a condition; JSET has none. */
static unsigned inverse(unsigned op)
{
	switch (op) {
	case EXO_JEQ:
		return EXO_JNE;
	case EXO_JGT:
		return EXO_JLE;
	case EXO_JGE:
		return EXO_JLT;
	default:
		return 0;
	}
}

static void jump_if(
    struct emitter *e, const struct flt_node *nd, unsigned op, int64_t off)
{
	if (nd->kind == FLT_JCC_X)
		emit(e, EXO_JMP32 | op | EXO_X, R_A, R_X, (int)off, 0);
	else
		emit(e, EXO_JMP32 | op | EXO_K, R_A, 0, (int)off,
		    (int32_t)nd->k);
}

static bool is_near(int64_t distance)
{
	return distance >= INT16_MIN && distance <= INT16_MAX;
}

/* Is a target what control comes to without a jump? */
static bool falls(const struct flt_prog *p, uint32_t i, uint32_t target)
{
	return p->nodes[p->nodes[i].next].final == target;
}

/* How far it is from behind instruction `at` to a node. */
static int64_t distance(const struct flt_prog *p, uint32_t at, uint32_t target)
{
	return (int64_t)p->nodes[target].pos - at - 1;
}

static void jump(
    struct emitter *e, const struct flt_prog *p, uint32_t at, uint32_t target)
{
	int64_t d = distance(p, at, target);

	if (is_near(d))
		emit(e, EXO_JMP | EXO_JA, 0, 0, (int)d, 0);
	else
		emit(e, EXO_JMP32 | EXO_JA, 0, 0, 0, (int32_t)d);
}

/*
 * The end of a turn of a loop. X is 32 unknown bits for the verifier from here
 * on: it would know another range of X in each turn, take the turns for
 * different states, and look at all turns that may follow from each.
 */
static void turn(struct emitter *e, const struct flt_prog *p, uint32_t i)
{
	const struct flt_node *nd = &p->nodes[i];

	load(e, R_SAVE, R_CTX, OFF_LEN);
	emit(e, EXO_ALU | EXO_ADD | EXO_X, R_X, R_SAVE, 0, 0);
	emit(e, EXO_ALU | EXO_SUB | EXO_X, R_X, R_SAVE, 0, 0);
	if (!falls(p, i, nd->t))
		jump(e, p, nd->pos + 3, nd->t);
}

/*
 * A conditional jump takes one of five forms:
 *	FORM_TRUE	if op goto t		f is next
 *	FORM_FALSE	if not op goto f	t is next
 *	FORM_BOTH	if op goto t; goto f
 *	FORM_SKIP	if op goto +1; goto f	t is next, no opposite of op
 *	FORM_FAR	if op goto +1; goto f; goto t
 */
enum form {
	FORM_TRUE,
	FORM_FALSE,
	FORM_BOTH,
	FORM_SKIP,
	FORM_FAR
};

static enum form form(const struct flt_prog *p, uint32_t i)
{
	const struct flt_node *nd = &p->nodes[i];

	if (nd->far)
		return FORM_FAR;
	if (falls(p, i, nd->f))
		return FORM_TRUE;
	if (!falls(p, i, nd->t))
		return FORM_BOTH;
	return inverse(nd->op) != 0 ? FORM_FALSE : FORM_SKIP;
}

static void branch(struct emitter *e, const struct flt_prog *p, uint32_t i)
{
	const struct flt_node *nd = &p->nodes[i];
	uint32_t at = nd->pos;

	switch (form(p, i)) {
	case FORM_TRUE:
		jump_if(e, nd, nd->op, distance(p, at, nd->t));
		break;
	case FORM_FALSE:
		jump_if(e, nd, inverse(nd->op), distance(p, at, nd->f));
		break;
	case FORM_BOTH:
		jump_if(e, nd, nd->op, distance(p, at, nd->t));
		jump(e, p, at + 1, nd->f);
		break;
	case FORM_SKIP:
		jump_if(e, nd, nd->op, 1);
		jump(e, p, at + 1, nd->f);
		break;
	case FORM_FAR:
		jump_if(e, nd, nd->op, 1);
		jump(e, p, at + 1, nd->f);
		jump(e, p, at + 2, nd->t);
		break;
	}
}

/* True when the conditional jump of a node cannot reach in its form. */
static bool too_far(const struct flt_prog *p, uint32_t i)
{
	const struct flt_node *nd = &p->nodes[i];

	switch (form(p, i)) {
	case FORM_TRUE:
	case FORM_BOTH:
		return !is_near(distance(p, nd->pos, nd->t));
	case FORM_FALSE:
		return !is_near(distance(p, nd->pos, nd->f));
	case FORM_SKIP:
	case FORM_FAR:
		break;
	}
	return false;
}

static bool is_branch(const struct flt_node *nd)
{
	return nd->kind == FLT_JCC_K || nd->kind == FLT_JCC_X;
}

static void node(struct emitter *e, const struct flt_prog *p, uint32_t i)
{
	const struct flt_node *nd = &p->nodes[i];

	if (!nd->reached)
		return;
	if (is_branch(nd))
		branch(e, p, i);
	else if (nd->kind == FLT_BACK)
		turn(e, p, i);
	else if (nd->kind != FLT_JA)
		plain(e, nd);
	else if (!falls(p, i, nd->t))
		jump(e, p, nd->pos, nd->t);
}

/* Place the nodes; returns whether one has to grow, and lets it. Sizes do
 * not depend on positions but through `far`, which never goes back. */
static bool place(struct flt_prog *p)
{
	struct emitter e = { NULL, 0, 0 };
	bool grown = false;
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		p->nodes[i].pos = e.n;
		node(&e, p, i);
	}
	for (i = 0; i < p->n; i++) {
		struct flt_node *nd = &p->nodes[i];

		if (nd->reached && is_branch(nd) && too_far(p, i)) {
			nd->far = true;
			grown = true;
		}
	}
	return grown;
}

/* r6, and 0 for whatever may be read before it is written. */
static void prologue(struct emitter *e, const struct flt_prog *p)
{
	uint32_t i;

	if (p->uses_ctx)
		emit(e, EXO_ALU64 | EXO_MOV | EXO_X, R_CTX, 1, 0, 0);
	if ((p->entry & FLT_A) != 0)
		mov_k(e, R_A, 0);
	if ((p->entry & FLT_X) != 0)
		mov_k(e, R_X, 0);
	for (i = 0; i < FLT_MEMWORDS; i++)
		if ((p->entry & FLT_M(i)) != 0)
			emit(e, EXO_ST | EXO_MEM | EXO_W, R_FP, 0, slot(i), 0);
}

int flt_cbpf_emit(struct flt_prog *p, struct flt_code *code)
{
	struct emitter e = { code, 0, 0 };
	uint32_t i;

	while (place(p))
		;
	prologue(&e, p);
	for (i = 0; i < p->n && e.ret == 0; i++)
		node(&e, p, i);
	return e.ret;
}
