/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking the blocks with what is known: see flow.h.
 *
 * Blocks are taken in the order of the code. A block's state is what all edges
 * from further up have in common; if one comes from further down, nothing is
 * known. So one walk is enough, and what it finds holds for loops.
 */
#include "exo/jit/flow.h"

#include "exo/abi/err.h"
#include "exo/isa/helpers.h"
#include "exo/lib/mem.h"

struct walk {
	struct jit_ir *ir;
	uint32_t which;
	struct jit_state *free;
	struct jit_state at;   /* of the block at work */
	struct jit_state edge; /* of the edge at work */
};

/*
 * States
 */

static struct jit_val any(unsigned bits)
{
	return (struct jit_val){ .kind = JIT_V_ANY, .bits = (uint8_t)bits };
}

static void forget_all(struct jit_state *st)
{
	unsigned r;

	for (r = 0; r < EXO_REGS; r++)
		st->r[r] = any(64);
	st->known.len = 0;
	st->known.below = JIT_LEN_TOP;
	st->known.neq = 0;
	st->known.nne = 0;
}

bool jit_same(const struct jit_val *a, const struct jit_val *b)
{
	return a->kind != JIT_V_ANY && a->kind == b->kind && a->k == b->k &&
	       a->size == b->size && a->be == b->be && a->mask == b->mask &&
	       a->shift == b->shift;
}

static bool has_fact(const struct jit_fact *f, uint32_t n, struct jit_fact is)
{
	for (; n > 0; n--, f++)
		if (f->off == is.off && f->size == is.size &&
		    f->mask == is.mask && f->v == is.v)
			return true;
	return false;
}

static uint32_t common(
    struct jit_fact *a, uint32_t na, const struct jit_fact *b, uint32_t nb)
{
	uint32_t i, kept = 0;

	for (i = 0; i < na; i++)
		if (has_fact(b, nb, a[i]))
			a[kept++] = a[i];
	return kept;
}

/* What a and b have in common, into a. */
static void meet(struct jit_state *a, const struct jit_state *b)
{
	unsigned r;

	for (r = 0; r < EXO_REGS; r++) {
		struct jit_val *v = &a->r[r];
		struct jit_val all = any(v->bits);

		all.room = v->room;
		if (!jit_same(v, &b->r[r]))
			*v = all;
		if (b->r[r].bits > v->bits)
			v->bits = b->r[r].bits;
		if (b->r[r].room < v->room)
			v->room = b->r[r].room;
	}
	if (b->known.len < a->known.len)
		a->known.len = b->known.len;
	if (b->known.below > a->known.below)
		a->known.below = b->known.below;
	a->known.neq =
	    common(a->known.eq, a->known.neq, b->known.eq, b->known.neq);
	a->known.nne =
	    common(a->known.ne, a->known.nne, b->known.ne, b->known.nne);
}

/*
 * Facts about packet bytes
 */

static void add_fact(struct jit_fact *f, uint32_t *n, struct jit_fact is)
{
	if (has_fact(f, *n, is))
		return;
	if (*n == JIT_FACTS) { /* the oldest goes */
		memmove(f, f + 1, (JIT_FACTS - 1) * sizeof(*f));
		--*n;
	}
	f[(*n)++] = is;
}

/* Bits of a value, which is not shifted, as bits of the packet. */
static struct jit_fact fact_of(
    const struct jit_val *v, uint32_t mask, uint32_t is)
{
	struct jit_fact f = { (int32_t)v->k, v->size, mask, is };

	if (v->be) {
		f.mask = (uint32_t)jit_swap(mask, v->size);
		f.v = (uint32_t)jit_swap(is, v->size);
	}
	return f;
}

static const struct jit_fact *known_bytes(
    const struct jit_state *st, int64_t off, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < st->known.neq; i++) {
		const struct jit_fact *f = &st->known.eq[i];

		if (f->off == off && f->size == size &&
		    f->mask == jit_whole(size))
			return f;
	}
	return NULL;
}

/* A question about packet bytes: are they equal to k, or, of JSET, is one of
 * these bits set? */
static bool asks_bytes(
    const struct jit_val *a, const struct jit_ins *in, struct jit_fact *f)
{
	uint64_t k =
	    (in->flags & JIT_F_32) != 0 ? (uint32_t)in->k : (uint64_t)in->k;

	if ((in->flags & JIT_F_K) == 0 || a->kind != JIT_V_BYTES ||
	    a->shift != 0)
		return false;
	if (in->alu == EXO_JSET) {
		*f = fact_of(a, a->mask & (uint32_t)k, 0);
		return true;
	}
	*f = fact_of(a, a->mask, (uint32_t)k);
	return (in->alu == EXO_JEQ || in->alu == EXO_JNE) &&
	       (k & ~(uint64_t)a->mask) == 0;
}

/* Is it known? 1: they are, or one is set; 0: no; -1: who knows. */
static int known_answer(
    const struct jit_state *st, const struct jit_fact *q, bool set)
{
	uint32_t i;

	for (i = 0; i < st->known.neq; i++) {
		const struct jit_fact *f = &st->known.eq[i];

		if (f->off != q->off || f->size != q->size)
			continue;
		if (set && (f->v & q->mask) != 0)
			return 1;
		if (!set && ((f->v ^ q->v) & f->mask & q->mask) != 0)
			return 0;
		if ((q->mask & ~f->mask) == 0)
			return set ? 0 : 1;
	}
	if (has_fact(st->known.ne, st->known.nne, *q))
		return set ? 1 : 0;
	return -1;
}

static int decided_const(const struct jit_state *st, const struct jit_ins *end)
{
	const struct jit_val *a = &st->r[end->d];
	const struct jit_val *b = &st->r[end->s];
	bool k = (end->flags & JIT_F_K) != 0;

	if (a->kind != JIT_V_CONST || (!k && b->kind != JIT_V_CONST))
		return -1;
	return jit_holds(
	    end, (uint64_t)a->k, k ? (uint64_t)end->k : (uint64_t)b->k);
}

int jit_decided(const struct jit_state *st, const struct jit_ins *end)
{
	const struct jit_val *a = &st->r[end->d];
	struct jit_fact f;
	int answer;

	if (end->op == JIT_IF_LEN && (end->flags & JIT_F_K) == 0)
		return -1;
	if (end->op == JIT_IF_LEN) {
		if (end->k <= st->known.len)
			return 0;
		return end->k >= st->known.below ? 1 : -1;
	}
	if (end->op != JIT_IF)
		return -1;
	if (!asks_bytes(a, end, &f))
		return decided_const(st, end);
	answer = known_answer(st, &f, end->alu == EXO_JSET);
	if (answer < 0 || end->alu != EXO_JNE)
		return answer;
	return !answer;
}

/* What the answer to a question about bytes tells. */
static void learn_bytes(
    struct jit_known *known, const struct jit_fact *f, unsigned alu, bool yes)
{
	struct jit_fact bit = *f;

	if (alu == EXO_JSET)
		yes = !yes; /* are these bits equal to 0? */
	if (yes)
		add_fact(known->eq, &known->neq, *f);
	else
		add_fact(known->ne, &known->nne, *f);
	if (yes || alu != EXO_JSET || (f->mask & (f->mask - 1)) != 0)
		return;
	bit.v = f->mask; /* one bit, which is not 0 */
	if (bit.v != 0)
		add_fact(known->eq, &known->neq, bit);
}

static void learn_length(
    struct jit_state *st, const struct jit_ins *end, unsigned way)
{
	struct jit_val *s = &st->r[end->s];

	if ((end->flags & JIT_F_K) == 0) {
		if (way == 1 && end->k > s->room && end->k <= INT32_MAX)
			s->room = (int32_t)end->k;
		return;
	}
	if (way == 0 && end->k < st->known.below)
		st->known.below = end->k;
	if (way == 1 && end->k > st->known.len)
		st->known.len = end->k;
}

void jit_learn_edge(
    struct jit_state *st, const struct jit_ins *end, unsigned way)
{
	struct jit_val *a = &st->r[end->d];
	bool equal = (end->alu == EXO_JEQ) == (way == 0);
	bool set = end->alu == EXO_JSET;
	struct jit_fact f;

	if (end->op == JIT_IF_LEN) {
		learn_length(st, end, way);
		return;
	}
	if (end->op != JIT_IF || (end->flags & JIT_F_K) == 0)
		return;
	if (asks_bytes(a, end, &f))
		learn_bytes(&st->known, &f, end->alu, set ? way == 0 : equal);
	if (set || (end->alu != EXO_JEQ && end->alu != EXO_JNE))
		return;
	if (equal && ((end->flags & JIT_F_32) == 0 || a->bits <= 32))
		*a = (struct jit_val){ .kind = JIT_V_CONST,
			.bits = a->bits,
			.room = a->room,
			.k = (end->flags & JIT_F_32) != 0
			         ? (int64_t)(uint32_t)end->k
			         : end->k };
}

/*
 * Instructions
 */

static unsigned bits_of(uint64_t v)
{
	return v == 0 ? 0 : 64 - (unsigned)__builtin_clzll(v);
}

static struct jit_val constant(uint64_t v)
{
	return (struct jit_val){ .kind = JIT_V_CONST,
		.bits = (uint8_t)bits_of(v),
		.k = (int64_t)v };
}

/* The low half of a value. */
static struct jit_val half(struct jit_val v)
{
	if (v.kind == JIT_V_CONST)
		return constant((uint32_t)v.k);
	if (v.bits <= 32)
		return v;
	return any(32);
}

static unsigned alu_bits(
    const struct jit_ins *in, unsigned a, unsigned b, bool k)
{
	unsigned more = a > b ? a : b;

	switch (in->alu) {
	case EXO_AND:
		return a < b ? a : b;
	case EXO_OR:
	case EXO_XOR:
		return more;
	case EXO_ADD:
		return more + 1;
	case EXO_MUL:
		return a + b;
	case EXO_LSH:
		return k ? a + ((unsigned)in->k & 63) : 64;
	case EXO_RSH:
		return k && ((unsigned)in->k & 63) < a
		           ? a - ((unsigned)in->k & 63)
		           : a;
	case EXO_DIV:
	case EXO_MOD:
		return (in->flags & JIT_F_SX) != 0 ? 64 : a;
	default:
		return 64;
	}
}

/* An address of the packet, moved. */
static bool moves(const struct jit_ins *in, const struct jit_val *a,
    const struct jit_val *b, struct jit_val *to)
{
	int64_t by = in->alu == EXO_ADD ? b->k : (int64_t)(0 - (uint64_t)b->k);

	if ((in->alu != EXO_ADD && in->alu != EXO_SUB) ||
	    (in->flags & JIT_F_32) != 0 || b->kind != JIT_V_CONST ||
	    (a->kind != JIT_V_DATA && a->kind != JIT_V_END))
		return false;
	if (by < -(1 << 29) || by > 1 << 29 || a->k + by < -(1 << 29) ||
	    a->k + by > 1 << 29)
		return false;
	*to = *a;
	to->k += by;
	return true;
}

/* Bits of the packet, fewer of them, or moved up. */
static bool picks(
    const struct jit_ins *in, const struct jit_val *a, struct jit_val *to)
{
	unsigned width = (in->flags & JIT_F_32) != 0 ? 32 : 64;
	uint64_t k = width == 32 ? (uint32_t)in->k : (uint64_t)in->k;

	if ((in->flags & JIT_F_K) == 0 || a->kind != JIT_V_BYTES ||
	    a->bits > width)
		return false;
	*to = *a;
	to->room = 0;
	if (in->alu == EXO_AND && a->shift == 0) {
		to->mask &= (uint32_t)k;
		to->bits = (uint8_t)bits_of(to->mask);
		return true;
	}
	if (in->alu == EXO_LSH && k < width && a->bits + k <= width) {
		to->shift = (uint8_t)(a->shift + k);
		to->bits = (uint8_t)(a->bits + k);
		return true;
	}
	return false;
}

static struct jit_val alu(const struct jit_state *st, const struct jit_ins *in)
{
	struct jit_val a = st->r[in->d], b = constant((uint64_t)in->k), to;
	bool k = (in->flags & JIT_F_K) != 0;
	unsigned bits;

	if (!k)
		b = st->r[in->s];
	if ((in->flags & JIT_F_32) != 0) {
		a = half(a);
		b = half(b);
	}
	if (a.kind == JIT_V_CONST && b.kind == JIT_V_CONST)
		return constant(jit_compute(in, (uint64_t)a.k, (uint64_t)b.k));
	if (moves(in, &a, &b, &to) || picks(in, &a, &to))
		return to;
	if (in->alu == EXO_ADD && b.kind == JIT_V_DATA && !k &&
	    moves(in, &b, &a, &to))
		return to;
	bits = alu_bits(in, a.bits, b.bits, k);
	if ((in->flags & JIT_F_32) != 0 && bits > 32)
		bits = 32;
	return any(bits > 64 ? 64 : bits);
}

static struct jit_val swapped(struct jit_val v, uint32_t size)
{
	if (v.kind == JIT_V_CONST)
		return constant(jit_swap((uint64_t)v.k, size));
	if (v.kind != JIT_V_BYTES || v.size != size || v.shift != 0)
		return any(8 * size);
	v.be = !v.be;
	v.mask = (uint32_t)jit_swap(v.mask, size);
	v.bits = (uint8_t)bits_of(v.mask);
	v.room = 0;
	return v;
}

static struct jit_val zext(struct jit_val v, uint32_t size)
{
	if (v.kind == JIT_V_CONST)
		return constant(
		    (uint64_t)v.k & (UINT64_MAX >> (64 - 8 * size)));
	return v.bits <= 8 * size ? v : any(8 * size);
}

static struct jit_val movsx(struct jit_val v, const struct jit_ins *in)
{
	unsigned up = 64 - 8u * in->size;
	uint64_t to = (uint64_t)((int64_t)((uint64_t)v.k << up) >> up);
	bool w = (in->flags & JIT_F_32) == 0;

	if (v.kind == JIT_V_CONST)
		return constant(w ? to : (uint32_t)to);
	return any(w ? 64 : 32);
}

static struct jit_val loaded(
    const struct jit_state *st, const struct jit_ins *in)
{
	const struct jit_fact *f;
	struct jit_val v = any(8u * in->size);

	if ((in->flags & JIT_F_SX) != 0)
		return any(64);
	if (in->base != JIT_B_PKT || in->size == 8)
		return v;
	f = known_bytes(st, in->off, in->size);
	v.kind = JIT_V_BYTES;
	v.size = in->size;
	v.be = (in->flags & JIT_F_BE) != 0;
	v.k = in->off;
	v.mask = jit_whole(in->size);
	if (f != NULL)
		return constant(v.be ? jit_swap(f->v, in->size) : f->v);
	return v;
}

static struct jit_val result(
    const struct jit_state *st, const struct jit_ins *in)
{
	const struct jit_val *s = &st->r[in->s];
	const struct jit_val *d = &st->r[in->d];

	switch ((enum jit_op)in->op) {
	case JIT_MOV:
		return (in->flags & JIT_F_32) != 0 ? half(*s) : *s;
	case JIT_CONST:
		return constant((uint64_t)in->k);
	case JIT_DATA:
		return (struct jit_val){
			.kind = JIT_V_DATA, .bits = 64, .k = in->k
		};
	case JIT_END:
		return (struct jit_val){
			.kind = JIT_V_END, .bits = 64, .k = in->k
		};
	case JIT_ALU:
		return alu(st, in);
	case JIT_NEG:
		if (d->kind != JIT_V_CONST)
			return any((in->flags & JIT_F_32) != 0 ? 32 : 64);
		return (in->flags & JIT_F_32) != 0
		           ? constant((uint32_t)(0 - (uint64_t)d->k))
		           : constant(0 - (uint64_t)d->k);
	case JIT_MOVSX:
		return movsx(*s, in);
	case JIT_ZEXT:
		return zext(*d, in->size);
	case JIT_SWAP:
		return swapped(*d, in->size);
	case JIT_LOAD:
		return loaded(st, in);
	default:
		return any(64);
	}
}

static void bytes_are_numbers(struct jit_val *v)
{
	int32_t room = v->room;

	*v = any(v->bits);
	v->room = room;
}

/* The packet may have been written: what was read of it is old. */
static void forget_bytes(struct jit_state *st)
{
	unsigned r;

	for (r = 0; r < EXO_REGS; r++)
		if (st->r[r].kind == JIT_V_BYTES)
			bytes_are_numbers(&st->r[r]);
	st->known.neq = 0;
	st->known.nne = 0;
}

/* Its ends may have moved. */
static void forget_packet(struct jit_state *st)
{
	unsigned r;

	forget_bytes(st);
	for (r = 0; r < EXO_REGS; r++) {
		if (st->r[r].kind == JIT_V_DATA || st->r[r].kind == JIT_V_END)
			st->r[r] = any(64);
		st->r[r].room = 0;
	}
	st->known.len = 0;
	st->known.below = JIT_LEN_TOP;
}

void jit_learn(
    const struct jit_ir *ir, struct jit_state *st, const struct jit_ins *in)
{
	uint16_t writes = jit_writes(in);
	struct jit_val v = any(64);
	unsigned r;

	if (in->op == JIT_CHECK) {
		learn_length(st, in, 1);
		if (in->k > st->known.len)
			st->known.len =
			    in->k < JIT_LEN_TOP ? in->k : JIT_LEN_TOP;
	}
	if (in->op == JIT_CALL || in->op == JIT_LOCAL || in->op == JIT_STORE ||
	    in->op == JIT_ATOMIC || in->op == JIT_FIND) {
		if (ir->pkt_varies && in->op != JIT_STORE &&
		    in->op != JIT_ATOMIC)
			forget_packet(st);
		else if (ir->pkt_varies)
			forget_bytes(st);
	} else if (writes != 0) {
		v = result(st, in);
	}
	for (r = 0; r < EXO_REGS; r++)
		if ((writes >> r & 1) != 0)
			st->r[r] = v;
}

/*
 * The walk
 */

static void rewrite(struct walk *w, struct jit_ins *in)
{
	if ((w->which & JIT_PASS_fold) != 0)
		jit_fold(&w->at, in);
	if ((w->which & JIT_PASS_bounds) != 0)
		jit_bounds(w->ir, &w->at, in);
	if ((w->which & JIT_PASS_loads) != 0)
		jit_loads(&w->at, in);
	if ((w->which & JIT_PASS_lookup) != 0)
		jit_lookup(w->ir, &w->at, in);
}

/* Everything of a block; returns whether its end is reached. */
static void walk_block(struct walk *w, struct jit_block *b)
{
	uint32_t k;

	for (k = 0; k < b->n; k++) {
		struct jit_ins *in = &b->ins[k];

		rewrite(w, in);
		if (in->op == JIT_REJECT) { /* a check that always fails */
			b->end = *in;
			b->n = k;
			return;
		}
		jit_learn(w->ir, &w->at, in);
	}
	if (b->end.op == JIT_IF && w->at.r[b->end.d].bits <= 32)
		b->end.flags |= JIT_F_LOW;
	if ((w->which & JIT_PASS_fold) != 0)
		jit_fold_end(&w->at, b);
	if ((w->which & JIT_PASS_bounds) != 0)
		jit_bounds_end(&w->at, b);
}

static struct jit_state *take(struct walk *w)
{
	struct jit_state *st = w->free;

	if (st == NULL)
		return exo_arena_get(&w->ir->arena, sizeof(*st));
	w->free = st->next;
	return st;
}

/* w->edge arrives at block *to, or at a copy of it. */
static int arrive(struct walk *w, uint32_t from, uint32_t *to)
{
	struct jit_block *t = &w->ir->blocks[*to];

	if (t->loop || t->pos <= w->ir->blocks[from].pos)
		return 0;
	if ((w->which & JIT_PASS_apart) != 0)
		*to = jit_apart(w->ir, &w->edge.known, *to);
	t = &w->ir->blocks[*to];
	if (t->state != NULL) {
		meet(t->state, &w->edge);
		return 0;
	}
	t->state = take(w);
	if (t->state == NULL)
		return -EXO_ENOMEM;
	*t->state = w->edge;
	return 0;
}

static int leave(struct walk *w, uint32_t at)
{
	uint32_t to[2], n = jit_succ(&w->ir->blocks[at], to), i;
	int err = 0;

	for (i = 0; i < n && err == 0; i++) {
		unsigned way = n == 1 ? 1 : i;

		w->edge = w->at;
		jit_learn_edge(
		    &w->edge, &w->ir->blocks[at].end, n == 1 ? 2 : way);
		if ((w->which & JIT_PASS_thread) != 0)
			to[i] = jit_thread(w->ir, &w->edge, to[i]);
		err = arrive(w, at, &to[i]);
		w->ir->blocks[at].to[way] = to[i];
	}
	return err;
}

static bool is_entry(const struct jit_ir *ir, uint32_t i)
{
	return ir->funcs[ir->blocks[i].func].first == i;
}

int jit_flow(struct jit_ir *ir, uint32_t which)
{
	struct walk w = { .ir = ir, .which = which & ir->opt->passes };
	uint32_t i;
	int err = 0;

	for (i = 0; i < ir->norder; i++)
		ir->blocks[ir->order[i]].state = NULL;
	/* by `next`, since copies come in on the way */
	for (i = ir->order[0]; i != JIT_NONE && err == 0;
	     i = ir->blocks[i].next) {
		struct jit_block *b = &ir->blocks[i];

		jit_tick(ir, b);
		if (b->loop || is_entry(ir, i)) {
			forget_all(&w.at);
		} else if (b->state == NULL) {
			continue; /* no way leads here any more */
		} else {
			w.at = *b->state;
			b->state->next = w.free;
			w.free = b->state;
		}
		walk_block(&w, b);
		err = leave(&w, i);
	}
	return err == 0 ? jit_graph(ir) : err;
}
