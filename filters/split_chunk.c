/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes from the parts of an expression, and where each of them leads.
 *
 * Operands side by side become one node while they are few:
 *  - `x op y` behind an operand and the same op: (.. op x) op y is
 *    .. op (x op y), in the same order of evaluation;
 *  - anything at the beginning of a group, where the left operand is all;
 *  - a group that became one node, in its parentheses.
 *
 * Then, from the last node to the first: on a match control goes to the next
 * operand of the group behind an `and`, on a mismatch to the next one behind
 * an `or`, and past the last one to where the group leads. `not` before a
 * group swaps the two.
 */
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/lib/bug.h"
#include "filters/split_int.h"

void flt_parts_text(struct flt_parts *p, const char *s, size_t n)
{
	if (p->failed)
		return;
	if (n > p->room - p->len) {
		size_t room = 2 * (size_t)p->room + n + 256;
		char *to =
		    room > UINT32_MAX / 2 ? NULL : realloc(p->text, room);

		if (to == NULL) {
			p->failed = true;
			return;
		}
		p->text = to;
		p->room = (uint32_t)room;
	}
	memcpy(p->text + p->len, s, n);
	p->len += (uint32_t)n;
}

void flt_parts_add(struct flt_parts *p, struct flt_part part)
{
	if (p->failed)
		return;
	if (p->n == p->part_room) {
		uint32_t room = p->part_room != 0 ? p->part_room * 2 : 64;
		struct flt_part *to = realloc(p->part, room * sizeof(*to));

		if (to == NULL) {
			p->failed = true;
			return;
		}
		p->part = to;
		p->part_room = room;
	}
	p->part[p->n++] = part;
}

/* --- fewer parts -------------------------------------------------------------- */

struct ends {
	uint32_t t, f;
};

/* A part while parts are put together. */
struct unit {
	struct flt_part part;
	uint32_t terms; /* in it */
};

/* Units of the groups that are open, each behind its FLT_PART_OPEN. */
struct joiner {
	struct unit *u;
	uint32_t n;
	uint32_t open[FLT_SPLIT_DEPTH];     /* the units that open groups */
	struct ends outer[FLT_SPLIT_DEPTH]; /* where the open groups lead */
	uint32_t depth;
	uint32_t most; /* terms in a node */
};

/* The first unit of the group that is open. */
static uint32_t first(const struct joiner *j)
{
	return j->depth != 0 ? j->open[j->depth - 1] + 1 : 0;
}

/* Add a unit with a text, or put it into the unit before it. */
static void add(struct joiner *j, struct unit x)
{
	struct unit *last = j->n > first(j) ? &j->u[j->n - 1] : NULL;

	if (last != NULL && last->part.kind == FLT_PART_TERM &&
	    last->terms + x.terms <= j->most &&
	    (last->part.op == x.part.op || last->part.op == 0)) {
		last->part.len = x.part.at + x.part.len - last->part.at;
		last->terms += x.terms;
		return;
	}
	j->u[j->n++] = x;
}

/* The group that is open ends; `at` is where its `)` stands. */
static void close_group(struct joiner *j, uint32_t at)
{
	uint32_t open = j->open[--j->depth];
	struct unit g = j->u[open];

	if (j->n == open + 2 && j->u[open + 1].part.kind == FLT_PART_TERM) {
		g.part.kind = FLT_PART_TERM;
		g.part.len = at + 1 - g.part.at;
		g.terms = j->u[open + 1].terms;
		j->n = open;
		add(j, g);
		return;
	}
	g.part.kind = FLT_PART_CLOSE;
	j->u[j->n++] = g;
}

static void join_parts(struct joiner *j, const struct flt_parts *p)
{
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		struct unit x = { p->part[i], 1 };

		if (x.part.kind == FLT_PART_CLOSE) {
			close_group(j, x.part.at);
		} else if (x.part.kind == FLT_PART_OPEN) {
			j->open[j->depth++] = j->n;
			j->u[j->n++] = x;
		} else {
			add(j, x);
		}
	}
}

/* --- where nodes lead ---------------------------------------------------------- */

/* Operands before this one, which begins at `node`, may lead to it. */
static void lead(struct ends *e, uint8_t op, uint32_t node)
{
	if (op == FLT_T_AND)
		e->t = node;
	else if (op == FLT_T_OR)
		e->f = node;
}

/* Fill the nodes, the last one first. */
static void link_nodes(struct joiner *j, struct flt_split *out)
{
	struct ends e = { FLT_SPLIT_TRUE, FLT_SPLIT_FALSE };
	uint32_t i, node = out->n;

	for (i = j->n; i-- > 0;) {
		const struct flt_part *p = &j->u[i].part;

		switch ((enum flt_part_kind)p->kind) {
		case FLT_PART_CLOSE:
			j->outer[j->depth++] = e;
			if (p->negated)
				e = (struct ends){ e.f, e.t };
			break;
		case FLT_PART_OPEN:
			e = j->outer[--j->depth];
			lead(&e, p->op, node);
			break;
		case FLT_PART_TERM:
			node--;
			out->nodes[node] =
			    (struct flt_split_node){ p->at, p->len, e.t, e.f };
			lead(&e, p->op, node);
			break;
		}
	}
}

int flt_split_chunk(struct flt_parts *p, uint32_t terms, struct flt_split *out)
{
	struct joiner *j = calloc(1, sizeof(*j));
	uint32_t i, n = 0;

	if (j == NULL)
		return -EXO_ENOMEM;
	j->most = terms;
	j->u = calloc(p->n, sizeof(*j->u));
	if (j->u != NULL) {
		join_parts(j, p);
		for (i = 0; i < j->n; i++)
			n += j->u[i].part.kind == FLT_PART_TERM;
		exo_assert(n > 0); /* no expression is without a term */
		out->nodes = calloc(n, sizeof(*out->nodes));
	}
	if (out->nodes != NULL) {
		out->n = n;
		out->text = p->text;
		p->text = NULL;
		link_nodes(j, out);
	}
	free(j->u);
	free(j);
	return out->nodes != NULL ? 0 : -EXO_ENOMEM;
}
