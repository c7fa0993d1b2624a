/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pass `copies`: copies of registers, and sums of a copy and a constant.
 *
 * Within a block it is known of a register that it is another one plus a
 * constant, from the copy or the sum on until either is written. Then
 *
 *	d = s; ...; d += k	becomes d = s + k, one instruction,
 *	an address d + off	becomes s + k + off, and
 *	d as second operand	becomes s, if k is 0,
 *
 * and what nobody reads any more goes with the pass `dead`. If all ways to a
 * block end with the same copy, the block makes it instead, and knows of it.
 *
 * Argument: d and s + k are the same number modulo 2^64 where one takes the
 * other's place. What a way to a block would have copied at its end, the block
 * copies at its beginning, and nobody reads the register between.
 */
#include "exo/jit/ir.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"

#define OFF_TOP (1 << 28)

/* r[i] is r[of[i]] + k[i]; of[i] is i: nothing is known. */
struct sums {
	uint8_t of[EXO_REGS];
	int64_t k[EXO_REGS];
};

static void forget(struct sums *s)
{
	uint8_t r;

	for (r = 0; r < EXO_REGS; r++) {
		s->of[r] = r;
		s->k[r] = 0;
	}
}

/* Distances stay small: sums of them, and of an access's, fit 32 bits. */
static void bound(struct sums *s, uint8_t r)
{
	if (s->k[r] >= -OFF_TOP && s->k[r] <= OFF_TOP)
		return;
	s->of[r] = r;
	s->k[r] = 0;
}

/* Register d is written. What was known by it, the next one by it tells, if
 * there is one. */
static void written(struct sums *s, unsigned d)
{
	uint8_t r, heir = EXO_REGS;
	int64_t k = 0;

	for (r = 0; r < EXO_REGS; r++) {
		if (r == d || s->of[r] != d)
			continue;
		if (heir == EXO_REGS) {
			heir = r;
			k = s->k[r];
		}
		s->of[r] = heir;
		s->k[r] -= k;
		bound(s, r);
	}
	s->of[d] = (uint8_t)d;
	s->k[d] = 0;
}

/* Register d becomes s + k. */
static void becomes(struct sums *s, uint8_t d, uint8_t src, int64_t k)
{
	uint8_t of = s->of[src];
	int64_t sum = s->k[src] + k;
	uint8_t r;

	if (sum < -OFF_TOP || sum > OFF_TOP || k < -OFF_TOP || k > OFF_TOP) {
		written(s, d);
		return;
	}
	if (of != d) {
		written(s, d);
		s->of[d] = of;
		s->k[d] = sum;
		return;
	}
	/* d = d + sum: those that are told by d stay where they are */
	for (r = 0; r < EXO_REGS; r++)
		if (r != d && s->of[r] == d) {
			s->k[r] -= sum;
			bound(s, r);
		}
}

/* The address register of an access. */
static void use_address(const struct sums *s, struct jit_ins *in, uint8_t *reg)
{
	int64_t off = s->k[*reg] + in->off;

	if (in->base != JIT_B_REG || s->of[*reg] == *reg || off < -OFF_TOP ||
	    off > OFF_TOP)
		return;
	in->off = (int32_t)off;
	*reg = s->of[*reg];
}

static void use_operand(const struct sums *s, struct jit_ins *in)
{
	if ((in->flags & JIT_F_K) == 0 && s->k[in->s] == 0)
		in->s = s->of[in->s];
}

static bool is_sum(const struct jit_ins *in)
{
	return in->op == JIT_ALU && (in->flags & JIT_F_K) != 0 &&
	       (in->alu == EXO_ADD || in->alu == EXO_SUB) &&
	       in->k >= -OFF_TOP && in->k <= OFF_TOP;
}

static void to_sum(const struct sums *s, struct jit_ins *in)
{
	int64_t k = in->alu == EXO_ADD ? in->k : -in->k;

	if (s->of[in->d] == in->d)
		return;
	in->op = JIT_SUM;
	in->s = s->of[in->d];
	in->k = s->k[in->d] + k;
}

static void rewrite(const struct sums *s, struct jit_ins *in)
{
	switch ((enum jit_op)in->op) {
	case JIT_MOV:
		use_operand(s, in);
		if ((in->flags & JIT_F_32) == 0 && in->s == in->d)
			in->op = JIT_NOP;
		break;
	case JIT_ALU:
		if (is_sum(in))
			to_sum(s, in);
		else
			use_operand(s, in);
		break;
	case JIT_IF:
		use_operand(s, in);
		if (s->k[in->d] == 0)
			in->d = s->of[in->d];
		break;
	case JIT_LOOKUP:
	case JIT_LOAD:
		use_address(s, in, &in->s);
		break;
	case JIT_STORE:
		use_operand(s, in);
		use_address(s, in, &in->d);
		break;
	default:
		break;
	}
}

static void learn(struct sums *s, const struct jit_ins *in)
{
	uint16_t writes = jit_writes(in);
	bool wide = (in->flags & JIT_F_32) == 0;
	unsigned r;

	if (in->op == JIT_MOV && wide) {
		becomes(s, in->d, in->s, 0);
		return;
	}
	if (in->op == JIT_SUM && wide) {
		becomes(s, in->d, in->s, in->k);
		return;
	}
	if (is_sum(in) && wide) {
		becomes(s, in->d, in->d, in->alu == EXO_ADD ? in->k : -in->k);
		return;
	}
	for (r = 0; r < EXO_REGS; r++)
		if ((writes >> r & 1) != 0)
			written(s, r);
}

static void copies_in(struct jit_block *b)
{
	struct sums s;
	uint32_t k;

	forget(&s);
	for (k = 0; k < b->n; k++) {
		rewrite(&s, &b->ins[k]);
		learn(&s, &b->ins[k]);
	}
	rewrite(&s, &b->end);
}

/*
 * Copies at the ends of all ways to a block
 */

struct sink {
	struct jit_ir *ir;
	struct jit_ins *what; /* by block: the copy; op NOP: there is none */
};

/* The copy that a block may as well make after it has chosen its way to `to`:
 * the last one, if nothing behind it minds. */
static struct jit_ins *last_copy(
    const struct jit_ir *ir, struct jit_block *b, uint32_t to)
{
	uint32_t k = b->n, ways[2], n;
	uint16_t reads = jit_reads(ir, &b->end), writes = 0;

	for (; k > 0; k--) {
		struct jit_ins *in = &b->ins[k - 1];
		uint16_t d = jit_writes(in);

		if (in->op == JIT_MOV && (in->flags & JIT_F_32) == 0 &&
		    (reads & d) == 0 && (writes & (d | jit_reads(ir, in))) == 0)
			break;
		if (!jit_is_pure(in))
			return NULL;
		reads |= jit_reads(ir, in);
		writes |= d;
	}
	if (k == 0 || (ir->blocks[to].live >> b->ins[k - 1].d & 1) == 0)
		return NULL;
	n = jit_succ(b, ways);
	while (n-- > 0)
		if (ways[n] != to &&
		    (ir->blocks[ways[n]].live >> b->ins[k - 1].d & 1) != 0)
			return NULL;
	return &b->ins[k - 1];
}

/* jit_succ(), each block once. */
static uint32_t ways_of(const struct jit_block *b, uint32_t to[2])
{
	uint32_t n = jit_succ(b, to);

	return n == 2 && to[0] == to[1] ? 1 : n;
}

static void look(struct sink *s, uint32_t from)
{
	struct jit_block *b = &s->ir->blocks[from];
	uint32_t to[2], n = ways_of(b, to);

	while (n-- > 0) {
		struct jit_ins *w = &s->what[to[n]];
		const struct jit_ins *in = last_copy(s->ir, b, to[n]);

		if (in == NULL || s->ir->blocks[to[n]].preds < 2) {
			w->op = JIT_TRAP;
			continue;
		}
		if (w->op == JIT_NOP)
			*w = *in;
		else if (w->op == JIT_MOV && (w->d != in->d || w->s != in->s))
			w->op = JIT_TRAP;
	}
}

static int put_first(struct jit_ir *ir, uint32_t at, const struct jit_ins *in)
{
	struct jit_block *b = &ir->blocks[at];
	struct jit_ins *more =
	    exo_arena_get(&ir->arena, (b->n + 1) * sizeof(*more));

	if (more == NULL)
		return -EXO_ENOMEM;
	more[0] = *in;
	if (b->n != 0)
		memcpy(more + 1, b->ins, b->n * sizeof(*more));
	b->ins = more;
	b->n++;
	return 0;
}

/* Into the heads of loops: elsewhere there is little to win. */
static int sink(struct jit_ir *ir)
{
	struct sink s = { .ir = ir };
	uint32_t i, to[2], n;
	int err = 0;

	s.what = exo_arena_get(&ir->arena, ir->nblocks * sizeof(*s.what));
	if (s.what == NULL)
		return -EXO_ENOMEM;
	for (i = 0; i < ir->nfuncs; i++)
		s.what[ir->funcs[i].first].op = JIT_TRAP;
	for (i = 0; i < ir->norder; i++)
		look(&s, ir->order[i]);
	for (i = 0; i < ir->norder; i++) {
		struct jit_block *b = &ir->blocks[ir->order[i]];

		jit_tick(ir, b);
		for (n = ways_of(b, to); n > 0; n--)
			if (s.what[to[n - 1]].op == JIT_MOV &&
			    ir->blocks[to[n - 1]].loop)
				last_copy(ir, b, to[n - 1])->op = JIT_NOP;
	}
	for (i = 0; i < ir->norder && err == 0; i++) {
		uint32_t at = ir->order[i];

		if (s.what[at].op == JIT_MOV && ir->blocks[at].loop)
			err = put_first(ir, at, &s.what[at]);
	}
	return err;
}

static bool has_loops(const struct jit_ir *ir)
{
	uint32_t i;

	for (i = 0; i < ir->norder; i++)
		if (ir->blocks[ir->order[i]].loop)
			return true;
	return false;
}

int jit_copies(struct jit_ir *ir)
{
	uint32_t i;
	int err = 0;

	if (!jit_has(ir, JIT_PASS_copies))
		return 0;
	if (has_loops(ir))
		err = sink(ir);
	for (i = 0; i < ir->norder; i++)
		copies_in(&ir->blocks[ir->order[i]]);
	return err;
}
