/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pass `chains`: many equality tests that lead to one place become a set.
 *
 * A chain is a row of blocks, each reached from the one before alone, that
 * load a field of the packet (or go on with a register) and compare it with a
 * constant: equal leads to one and the same block T, not equal to the next.
 *
 * Argument: whatever the order of the tests, T is where the packet goes if one
 * of them holds, else it goes where the last one leads, and nothing else
 * happens: loads do not fault where the length was checked. What registers
 * hold at both places nobody reads. So tests may be put together by field. If
 * checks of the length stand in the row, the largest, for E bytes in block m,
 * goes before all: with E bytes every load of the row may be done in any
 * order. With fewer the row is taken as it stands, but only up to m, where the
 * check would fail.
 */
#include "exo/jit/ir.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"

#define LEAST  6u /* tests that are worth it */
#define FIELDS 8u
#define FULL   40000u /* values of a set; more get another one */
#define LOOKS  16u    /* at each block, on average: then no more are sought */
#define AGO    4u     /* sets among which a same one is sought */
#define LINEAR 8u     /* a set so small is compared one by one */

/* What is compared: a load, or a register that was loaded before (n 0). */
struct field {
	struct jit_ins load; /* op NOP: the register d as it is */
	struct jit_set set;
	uint32_t room;
};

struct chain {
	struct jit_ir *ir;
	uint32_t first, last; /* blocks */
	uint32_t n;           /* tests */
	uint32_t hit, miss;
	uint32_t check; /* the block with the largest check, or JIT_NONE */
	uint32_t before_check;
	struct jit_ins most; /* that check */
	uint16_t written;
	struct field field[FIELDS];
	uint32_t nfields;
	uint8_t at[EXO_REGS]; /* 1 + the field that a register holds */
};

/* One block of a chain: what it does at its end. */
struct link {
	const struct jit_ins *check; /* NULL: none */
	const struct jit_ins *load;  /* NULL: none */
	uint32_t lead;               /* instructions before these */
	uint32_t k;
	uint32_t hit, miss;
};

static bool is_load(const struct jit_ins *in)
{
	return in->op == JIT_LOAD && in->size <= 4 &&
	       (in->flags & JIT_F_SX) == 0 &&
	       (in->base == JIT_B_PKT ||
	           (in->base == JIT_B_PKTX && in->s != in->d));
}

/* Read a block as a link; false: it is none. */
static bool read_link(const struct jit_block *b, struct link *l)
{
	const struct jit_ins *end = &b->end;
	bool eq = end->alu == EXO_JEQ;
	uint64_t k =
	    (end->flags & JIT_F_32) != 0 ? (uint32_t)end->k : (uint64_t)end->k;

	if (end->op != JIT_IF || (!eq && end->alu != EXO_JNE) ||
	    (end->flags & JIT_F_K) == 0 || k > UINT32_MAX ||
	    (end->flags & JIT_F_LOW) == 0 || b->to[0] == b->to[1])
		return false;
	*l = (struct link){ .lead = b->n,
		.k = (uint32_t)k,
		.hit = b->to[eq ? 0 : 1],
		.miss = b->to[eq ? 1 : 0] };
	if (l->lead > 0 && is_load(&b->ins[l->lead - 1]) &&
	    b->ins[l->lead - 1].d == end->d)
		l->load = &b->ins[--l->lead];
	if (l->load != NULL && l->lead > 0 &&
	    b->ins[l->lead - 1].op == JIT_CHECK)
		l->check = &b->ins[--l->lead];
	return true;
}

static bool same_load(const struct jit_ins *a, const struct jit_ins *b)
{
	return a->op == b->op && a->d == b->d && a->base == b->base &&
	       a->off == b->off && a->size == b->size && a->flags == b->flags &&
	       (a->base != JIT_B_PKTX || a->s == b->s);
}

/* The field of a load, new or not; FIELDS: there are too many. */
static uint32_t find_field(struct chain *c, const struct jit_ins *load)
{
	uint32_t i;

	for (i = 0; i < c->nfields; i++)
		if (same_load(&c->field[i].load, load) &&
		    c->field[i].set.n < FULL)
			return i;
	if (i < FIELDS) {
		c->field[i] = (struct field){ .load = *load };
		c->nfields++;
	}
	return i;
}

static int add_value(struct chain *c, struct field *f, uint32_t v)
{
	struct jit_set *set = &f->set;

	if (set->n == f->room) {
		uint32_t room = f->room == 0 ? 64 : 2 * f->room;
		uint32_t *more =
		    exo_arena_get(&c->ir->arena, room * sizeof(*more));

		if (more == NULL)
			return -EXO_ENOMEM;
		if (set->n != 0)
			memcpy(more, set->v, set->n * sizeof(*more));
		set->v = more;
		f->room = room;
	}
	set->v[set->n++] = v;
	return 0;
}

/* Checks of one row count from one thing. */
static bool check_fits(const struct chain *c, const struct jit_ins *check)
{
	const struct jit_ins *most = &c->most;

	return c->check == JIT_NONE ||
	       ((check->flags & JIT_F_K) == (most->flags & JIT_F_K) &&
	           ((check->flags & JIT_F_K) != 0 || check->s == most->s));
}

/* The row has written what the load counts from: done at the end of the row,
 * it would read elsewhere. */
static bool is_moved(const struct chain *c, const struct jit_ins *load)
{
	return load->op == JIT_LOAD && load->base == JIT_B_PKTX &&
	       (c->written >> load->s & 1) != 0;
}

/* Take a link into the chain: 1; 0: it does not fit; or -EXO_ENOMEM. */
static int take(struct chain *c, uint32_t at, const struct link *l)
{
	const struct jit_ins *end = &c->ir->blocks[at].end;
	struct jit_ins load = { .op = JIT_NOP, .d = end->d };
	uint32_t f;
	int err;

	if (c->n != 0 && (l->hit != c->hit || l->lead != 0))
		return 0;
	if (l->check != NULL && !check_fits(c, l->check))
		return 0;
	if (l->check != NULL && (l->check->flags & JIT_F_K) == 0 &&
	    (c->written >> l->check->s & 1) != 0)
		return 0;
	if (l->load == NULL && c->n != 0 && c->at[end->d] == 0)
		return 0;
	if (l->load != NULL)
		load = *l->load;
	else if (c->n != 0)
		load = c->field[c->at[end->d] - 1u].load;
	f = find_field(c, &load);
	if (f == FIELDS)
		return 0;
	if (is_moved(c, &load) && (l->load != NULL || c->field[f].set.n == 0)) {
		c->nfields -= c->field[f].set.n == 0;
		return 0;
	}
	err = add_value(c, &c->field[f], l->k);
	if (err < 0)
		return err;
	c->at[end->d] = (uint8_t)(f + 1);
	if (l->load != NULL)
		c->written |= (uint16_t)(1u << end->d);
	if (l->check != NULL &&
	    (c->check == JIT_NONE || l->check->k > c->most.k)) {
		c->check = at;
		c->before_check = c->last;
		c->most = *l->check;
	}
	if (c->n++ == 0)
		c->first = at;
	c->hit = l->hit;
	c->miss = l->miss;
	c->last = at;
	return 1;
}

/* A register that is loaded in the row was something else before: the row
 * must not use it as it is, too. */
static bool is_clean(const struct chain *c)
{
	uint32_t i;

	for (i = 0; i < c->nfields; i++)
		if (c->field[i].load.op == JIT_NOP &&
		    (c->written >> c->field[i].load.d & 1) != 0)
			return false;
	return true;
}

/* Nobody reads what the row leaves in registers. */
static bool may_end(const struct chain *c)
{
	const struct jit_block *blocks = c->ir->blocks;

	return ((blocks[c->hit].live | blocks[c->miss].live) & c->written) == 0;
}

/* Follow the row that begins at a block, for so many tests; *good: so many of
 * them may be taken. */
static int collect(struct chain *c, uint32_t at, uint32_t most, uint32_t *good)
{
	struct link l;
	int took = 1;

	*good = 0;
	while (took == 1 && c->n < most) {
		const struct jit_block *b = &c->ir->blocks[at];

		if ((c->n != 0 && (b->preds != 1 || b->loop)) ||
		    !read_link(b, &l))
			break;
		took = take(c, at, &l);
		if (took != 1)
			break;
		at = l.miss;
		if (is_clean(c) && may_end(c))
			*good = c->n;
	}
	return took < 0 ? took : 0;
}

/* Collect a row, and if not all of it may be taken, once more what may. */
static int find(
    struct jit_ir *ir, struct chain *c, uint32_t at, uint64_t *looks)
{
	uint32_t most = UINT32_MAX, good;
	int err;

	do {
		memset(c, 0, sizeof(*c));
		c->ir = ir;
		c->check = JIT_NONE;
		err = collect(c, at, most, &good);
		*looks += c->n;
		most = good;
	} while (err == 0 && good >= LEAST && good < c->n);
	if (good < LEAST)
		c->n = 0;
	return err;
}

/* One of the last sets is the same: sources and destinations of a list. */
static bool is_there(
    const struct jit_ir *ir, const struct jit_set *set, int64_t *number)
{
	uint32_t i, from = ir->nsets > AGO ? ir->nsets - AGO : 0;

	for (i = from; i < ir->nsets; i++) {
		const struct jit_set *s = &ir->sets[i];

		if (s->n != set->n ||
		    memcmp(s->v, set->v, s->n * sizeof(s->v[0])) != 0)
			continue;
		*number = i;
		return true;
	}
	return false;
}

static int add_set(struct jit_ir *ir, struct jit_set *set, int64_t *number)
{
	int err = jit_set_sort(set, &ir->arena);

	if (err == 0 && is_there(ir, set, number))
		return 0;
	if (err == 0 && set->n > LINEAR)
		err = jit_set_hash(set, &ir->arena);
	if (err < 0)
		return err;
	if (ir->nsets == ir->sets_room) {
		uint32_t room = ir->sets_room * 2 + 8;
		struct jit_set *more =
		    exo_arena_get(&ir->arena, room * sizeof(*more));

		if (more == NULL)
			return -EXO_ENOMEM;
		if (ir->nsets != 0)
			memcpy(more, ir->sets, ir->nsets * sizeof(*more));
		ir->sets = more;
		ir->sets_room = room;
	}
	*number = ir->nsets;
	ir->sets[ir->nsets++] = *set;
	return 0;
}

/* Field i in a block: its load, and the question for its set. */
static int put_field(struct chain *c, uint32_t block, uint32_t i)
{
	struct field *f = &c->field[i];
	struct jit_ir *ir = c->ir;
	struct jit_block *b = &ir->blocks[block];
	int64_t number = 0;
	int err;

	if (f->load.op != JIT_NOP) {
		struct jit_ins *more =
		    exo_arena_get(&ir->arena, (b->n + 1) * sizeof(*more));

		if (more == NULL)
			return -EXO_ENOMEM;
		if (b->n != 0)
			memcpy(more, b->ins, b->n * sizeof(*more));
		more[b->n++] = f->load;
		b->ins = more;
	}
	err = add_set(ir, &f->set, &number);
	b->end = (struct jit_ins){
		.op = JIT_SWITCH, .d = f->load.d, .k = number, .pc = b->end.pc
	};
	b->to[0] = c->hit;
	b->to[1] = c->miss;
	return err;
}

/* All fields, the first at the end of a block that is there. */
static int put_fields(struct chain *c, uint32_t block)
{
	uint32_t i, next;
	int err = put_field(c, block, 0);

	for (i = 1; i < c->nfields && err == 0; i++) {
		next = jit_block_new(c->ir, block);
		if (next == JIT_NONE)
			return -EXO_ENOMEM;
		c->ir->blocks[next].end.pc = c->ir->blocks[block].end.pc;
		c->ir->blocks[block].to[1] = next;
		err = put_field(c, next, i);
		block = next;
	}
	return err;
}

/* The row as it stands, up to the check, which fails. */
static int put_slow(struct chain *c, uint32_t lead, uint32_t *slow)
{
	struct jit_ir *ir = c->ir;
	uint32_t head = jit_block_new(ir, c->last), end, last;
	struct jit_block *b;

	if (head == JIT_NONE)
		return -EXO_ENOMEM;
	end = jit_block_new(ir, c->last);
	if (end == JIT_NONE)
		return -EXO_ENOMEM;
	ir->blocks[end].end = c->most;
	ir->blocks[end].end.op = JIT_REJECT;
	b = &ir->blocks[head];
	b->ins = ir->blocks[c->first].ins;
	if (lead != 0)
		b->ins += lead;
	b->n = ir->blocks[c->first].n - lead;
	b->end = ir->blocks[c->first].end;
	memcpy(b->to, ir->blocks[c->first].to, sizeof(b->to));
	/* where the block before the check goes on */
	last = c->before_check == c->first ? head : c->before_check;
	b = &ir->blocks[last];
	b->to[b->end.alu == EXO_JEQ ? 1 : 0] = end;
	*slow = head;
	return 0;
}

/* No other row begins in this one. */
static void take_all(const struct chain *c)
{
	uint32_t at = c->first, k;
	struct link l;

	for (k = 0; k < c->n; k++) {
		c->ir->blocks[at].taken = true;
		(void)read_link(&c->ir->blocks[at], &l);
		at = l.miss;
	}
}

static int rebuild(struct chain *c)
{
	struct jit_ir *ir = c->ir;
	uint32_t fast = c->first, slow = JIT_NONE, lead;
	struct jit_block *b = &ir->blocks[c->first];
	struct link l;
	int err;

	(void)read_link(b, &l);
	lead = l.lead;
	if (c->check != JIT_NONE && c->check != c->first) {
		err = put_slow(c, lead, &slow);
		if (err < 0)
			return err;
		fast = jit_block_new(ir, c->first);
		if (fast == JIT_NONE)
			return -EXO_ENOMEM;
		b = &ir->blocks[c->first];
		ir->blocks[fast].end.pc = b->end.pc;
		b->n = lead;
		b->end = c->most;
		b->end.op = JIT_IF_LEN;
		b->to[0] = slow;
		b->to[1] = fast;
	} else {
		b->n = lead + (l.check != NULL);
	}
	return put_fields(c, fast);
}

int jit_chains(struct jit_ir *ir)
{
	struct chain c;
	uint64_t looks = 0;
	uint32_t i, made = 0;
	int err = 0;

	if (!jit_has(ir, JIT_PASS_chains) ||
	    (ir->opt->harden & JIT_HARDEN_BLIND) != 0)
		return 0;
	for (i = 0; i < ir->norder && err == 0; i++) {
		if (looks / LOOKS > ir->norder)
			break;
		jit_tick(ir, &ir->blocks[ir->order[i]]);
		if (ir->blocks[ir->order[i]].taken)
			continue;
		err = find(ir, &c, ir->order[i], &looks);
		if (err < 0 || c.n == 0)
			continue;
		take_all(&c);
		err = rebuild(&c);
		made++;
	}
	return err == 0 && made != 0 ? jit_graph(ir) : err;
}
