/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of regions: operands under not, and, or, and parentheses.
 *
 * One frame for each parenthesis that is open, and one for the text. A frame
 * takes operands: the first it only holds; what follows says whether it is a
 * conjunction or a union, never both. Words that are plain conjunctions stay
 * lists of atoms as long as they are in conjunctions only, so that the universe
 * is asked about whole cubes.
 */
#include "exo/space/text_int.h"

#include "exo/abi/err.h"
#include "exo/lib/arena.h"
#include "exo/lib/mem.h"
#include "exo/space/space_int.h"

/* A set: of n atoms, not yet a cube, or a region. */
struct operand {
	bool plain;
	struct sp_atom *a;
	uint32_t n;
	struct sp_region r;
	bool vlan; /* the word is in it */
	struct sp_token at;
};

struct frame {
	struct frame *up;     /* around it; of a spare one the next */
	struct sp_token open; /* its parenthesis */
	uint8_t op;           /* SP_T_AND, SP_T_OR; SP_T_END: not known */
	bool invert, vlan;    /* the next operand; that word was seen */
	struct operand first; /* while op is not known */

	struct sp_atom *a; /* conjunction: atoms still to be intersected */
	uint32_t n, room;
	bool some;            /* r is of operands */
	struct sp_region r;   /* the others' conjunction */
	struct sp_cube *cube; /* union */
	uint32_t cubes, cubes_room;
};

struct parser {
	struct sp_reader r;
	struct frame bottom;
	struct frame *top, *spare;
	uint32_t depth;
};

/* Room for more, twice as much as before. */
static int grow(struct sp_work *w, void **v, uint32_t n, uint32_t more,
    uint32_t *room, size_t size)
{
	uint64_t want = *room == 0 ? 8 : *room;
	void *p;

	if (more <= *room - n)
		return 0;
	while (want - n < more)
		want *= 2;
	if (want > UINT32_MAX)
		return -EXO_ENOMEM;
	p = exo_arena_get(w->arena, want * size);
	if (p == NULL)
		return -EXO_ENOMEM;
	if (n > 0)
		memcpy(p, *v, n * size);
	*v = p;
	*room = (uint32_t)want;
	return 0;
}

static int add_atoms(
    struct sp_work *w, struct frame *f, const struct sp_atom *a, uint32_t n)
{
	void *v = f->a;
	int rc = sp_spend(w, n);

	if (rc == 0)
		rc = grow(w, &v, f->n, n, &f->room, sizeof(*a));
	if (rc != 0)
		return rc;
	f->a = v;
	if (n > 0)
		memcpy(f->a + f->n, a, n * sizeof(*a));
	f->n += n;
	return 0;
}

static int add_cubes(struct sp_work *w, struct frame *f, struct sp_region r)
{
	void *v = f->cube;
	int rc = sp_spend(w, r.n);

	if (rc == 0)
		rc = grow(w, &v, f->cubes, r.n, &f->cubes_room, sizeof(*r.v));
	if (rc != 0)
		return rc;
	f->cube = v;
	if (r.n > 0)
		memcpy(f->cube + f->cubes, r.v, r.n * sizeof(*r.v));
	f->cubes += r.n;
	return 0;
}

static int region_of(
    struct sp_work *w, const struct operand *o, struct sp_region *out)
{
	if (o->plain)
		return sp_conj(w, o->a, o->n, out);
	*out = o->r;
	return 0;
}

/* Intersect the atoms that a conjunction collected. */
static int flush(struct sp_work *w, struct frame *f)
{
	struct sp_region one;
	int rc;

	if (f->some && f->n == 0)
		return 0;
	rc = sp_conj(w, f->a, f->n, &one);
	if (rc == 0 && f->some)
		rc = sp_and(w, one, f->r, &one);
	if (rc != 0)
		return rc;
	f->r = one;
	f->n = 0;
	f->some = true;
	return 0;
}

static int take_and(struct sp_reader *r, struct frame *f, struct operand *o)
{
	int rc;

	if (o->vlan && f->vlan)
		return sp_read_fail(r, SP_TEXT_VLAN, &o->at);
	f->vlan = f->vlan || o->vlan;
	if (o->plain)
		return add_atoms(r->w, f, o->a, o->n);
	if (!f->some && f->n == 0) {
		f->some = true;
		f->r = o->r;
		return 0;
	}
	rc = flush(r->w, f);
	return rc != 0 ? rc : sp_and(r->w, f->r, o->r, &f->r);
}

static int take_or(struct sp_reader *r, struct frame *f, struct operand *o)
{
	struct sp_region one;
	int rc = region_of(r->w, o, &one);

	f->vlan = f->vlan || o->vlan;
	return rc != 0 ? rc : add_cubes(r->w, f, one);
}

static int take_by_op(struct sp_reader *r, struct frame *f, struct operand *o)
{
	return f->op == SP_T_AND ? take_and(r, f, o) : take_or(r, f, o);
}

static int take(struct sp_reader *r, struct frame *f, struct operand *o)
{
	struct sp_region one;
	int rc;

	if (f->invert) {
		rc = region_of(r->w, o, &one);
		if (rc == 0)
			rc = sp_not(r->w, one, &o->r);
		if (rc != 0)
			return rc;
		o->plain = false;
		f->invert = false;
	}
	if (f->op != SP_T_END)
		return take_by_op(r, f, o);
	f->first = *o;
	return 0;
}

/* What a frame amounts to. */
static int finish(struct sp_reader *r, struct frame *f, struct operand *o)
{
	int rc = 0;

	if (f->op == SP_T_END) {
		*o = f->first;
		return 0;
	}
	*o = (struct operand){ .vlan = f->vlan, .at = f->open };
	if (f->op == SP_T_OR) {
		o->r = (struct sp_region){ f->cube, f->cubes };
	} else if (!f->some) {
		o->plain = true;
		o->a = f->a;
		o->n = f->n;
	} else {
		rc = flush(r->w, f);
		o->r = f->r;
	}
	return rc;
}

static int set_op(struct sp_reader *r, struct frame *f)
{
	uint8_t op = r->now.kind;
	int rc = 0;

	if (f->op == SP_T_END) {
		f->op = op;
		rc = take_by_op(r, f, &f->first);
	} else if (f->op != op) {
		return sp_read_fail(r, SP_TEXT_MIXED, &r->now);
	}
	return rc != 0 ? rc : sp_read_next(r);
}

static int push(struct parser *p)
{
	struct frame *f = p->spare;

	if (p->depth == SP_TEXT_DEPTH)
		return sp_read_fail(&p->r, SP_TEXT_TOO_DEEP, &p->r.now);
	if (f != NULL)
		p->spare = f->up;
	else
		f = exo_arena_get(p->r.w->arena, sizeof(*f));
	if (f == NULL)
		return -EXO_ENOMEM;
	*f = (struct frame){ .up = p->top, .open = p->r.now };
	p->top = f;
	p->depth++;
	return sp_read_next(&p->r);
}

/* Close a parenthesis: what was in it is an operand of what is around it. */
static int pop(struct parser *p)
{
	struct frame *f = p->top;
	struct operand o;
	int rc;

	if (f->up == NULL)
		return sp_read_fail(&p->r, SP_TEXT_CLOSE, &p->r.now);
	rc = finish(&p->r, f, &o);
	if (rc != 0)
		return rc;
	p->top = f->up;
	p->depth--;
	f->up = p->spare;
	p->spare = f;
	rc = take(&p->r, p->top, &o);
	return rc != 0 ? rc : sp_read_next(&p->r);
}

/* The first atom of a draft, and not what the second demands. */
static int other_than(
    struct sp_work *w, const struct sp_draft *d, struct sp_region *out)
{
	struct sp_region all = { NULL, 0 }, one = { NULL, 0 };
	int rc = sp_conj(w, d->a, 1, &all);

	if (rc == 0)
		rc = sp_conj(w, d->a + 1, 1, &one);
	return rc != 0 ? rc : sp_minus(w, all, one, out);
}

/* A draft as an operand. */
static int operand_of(
    struct sp_work *w, const struct sp_draft *d, struct operand *o)
{
	struct frame f = { .op = SP_T_OR };
	struct sp_region one;
	uint32_t from = 0;
	int rc = 0;

	o->vlan = d->vlan;
	if (d->differs)
		return other_than(w, d, &o->r);
	o->plain = d->cubes == 1;
	if (o->plain) {
		rc = add_atoms(w, &f, d->a, d->n);
		o->a = f.a;
		o->n = f.n;
		return rc;
	}
	for (uint32_t i = 0; rc == 0 && i < d->cubes; from = d->end[i++]) {
		rc = sp_conj(w, d->a + from, d->end[i] - from, &one);
		if (rc == 0)
			rc = add_cubes(w, &f, one);
	}
	o->r = (struct sp_region){ f.cube, f.cubes };
	return rc;
}

static int read_operand(struct parser *p)
{
	struct operand o = { .at = p->r.now };
	struct sp_draft d = { .n = 0 };
	int rc = sp_read_word(&p->r, &d);

	if (rc == 0)
		rc = operand_of(p->r.w, &d, &o);
	return rc != 0 ? rc : take(&p->r, p->top, &o);
}

/* What may stand where an operand is due. *due: one still is. */
static int read_before(struct parser *p, bool *due)
{
	switch (p->r.now.kind) {
	case SP_T_NOT:
		p->top->invert = !p->top->invert;
		return sp_read_next(&p->r);
	case SP_T_OPEN:
		return push(p);
	case SP_T_WORD:
		*due = false;
		return read_operand(p);
	case SP_T_CLOSE:
		if (p->top->up == NULL)
			return sp_read_fail(&p->r, SP_TEXT_CLOSE, &p->r.now);
		break;
	default:
		break;
	}
	return sp_read_fail(&p->r, SP_TEXT_OPERAND, &p->r.now);
}

/* What may stand behind one. */
static int read_behind(struct parser *p, bool *due)
{
	switch (p->r.now.kind) {
	case SP_T_AND:
	case SP_T_OR:
		*due = true;
		return set_op(&p->r, p->top);
	case SP_T_CLOSE:
		return pop(p);
	case SP_T_WORD:
		if (sp_token_is_value(&p->r.now))
			return sp_read_fail(&p->r, SP_TEXT_BARE, &p->r.now);
		break;
	default:
		break;
	}
	return sp_read_fail(&p->r, SP_TEXT_OPERATOR, &p->r.now);
}

static int parse(struct parser *p, struct sp_region *out)
{
	struct operand o;
	bool due = true;
	int rc = sp_read_next(&p->r);

	if (rc == 0 && p->r.now.kind == SP_T_END)
		return sp_read_fail(&p->r, SP_TEXT_EMPTY, &p->r.now);
	while (rc == 0 && (due || p->r.now.kind != SP_T_END))
		rc = due ? read_before(p, &due) : read_behind(p, &due);
	if (rc == 0 && p->top->up != NULL)
		return sp_read_fail(&p->r, SP_TEXT_OPEN, &p->top->open);
	if (rc == 0)
		rc = finish(&p->r, p->top, &o);
	return rc != 0 ? rc : region_of(p->r.w, &o, out);
}

int sp_text_parse(struct sp_work *w, const char *text, uint32_t len,
    struct sp_region *out, struct sp_text_error *err)
{
	struct parser p = {
		.r = { .w = w, .text = text, .len = len, .err = err }
	};
	struct sp_token whole = { .n = len };

	*err = (struct sp_text_error){ .code = SP_TEXT_NONE };
	if (len > SP_TEXT_MAX)
		return sp_read_fail(&p.r, SP_TEXT_TOO_LONG, &whole);
	if (len == 0)
		return sp_read_fail(&p.r, SP_TEXT_EMPTY, &whole);
	p.top = &p.bottom;
	return parse(&p, out);
}
