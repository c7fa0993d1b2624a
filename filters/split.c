/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structure of a tcpdump expression: terms under `and`, `or`, `not`.
 *
 * Why the nodes, joined, are the expression. In libpcap's grammar `and` and
 * `or` have one precedence and associate to the left, and `not` takes the one
 * term behind it. Code for a term is a piece of its own, `and`, `or` and `not`
 * only lead its two ends to the next piece or to the end. So the program of an
 * expression is its terms in the order of the text, each with one place to go
 * to when it matches and one when it does not, which is what split_chunk.c
 * computes. A piece depends on others in three ways only:
 *  - A term of only an id (`port 80 or 81`) takes the qualifiers of the last
 *    term before it, or of what stood before a parenthesis that ended in
 *    between. They are written out here. An id without any is not split: it
 *    is an error.
 *  - Some keywords change how all later terms are computed, or make a loop, or
 *    have a syntax of their own: NEVER in split.inc.
 *  - On some link types headers have a variable length, which is computed once
 *    before all terms: flt_split_linktype() in expr.c knows those that have
 *    none.
 * A load past the captured bytes ends a whole program with 0, in libpcap's as
 * in the joined one, and happens at the same place: libpcap's unoptimised
 * program for the whole and the joined one of unoptimised nodes agree on every
 * packet. With the optimiser this is so wherever its program for each node
 * agrees with the unoptimised one. It does not on packets that end before a
 * byte that one of the two loads, since it drops and moves loads, and where it
 * errs, as that of libpcap 1.10.3 does with `and` and `or` of ports inside each
 * other; it does the same to wholes.
 *
 * What is not understood is not split: whatever libpcap might read otherwise
 * than this file does, and all that it refuses, as far as that is seen here.
 * Nothing recurses; time is linear in the text.
 */
#include "filters/split.h"

#include "exo/abi/err.h"
#include "filters/split_int.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_MAX 64u

/* The qualifiers of a term, as text. len 0: none, an id would be an error. */
struct head {
	char text[HEAD_MAX];
	uint32_t len;
};

/* An open parenthesis. */
struct frame {
	struct head before; /* the qualifiers in force there */
	bool ids;           /* it holds ids, no other terms */
};

struct splitter {
	struct flt_lexer lx;
	enum flt_token t;             /* the token at hand */
	size_t open[FLT_SPLIT_DEPTH]; /* scan(): which `(` are open */
	uint8_t *arith; /* for each `(` of the text: is it arithmetic? */
	size_t opens;   /* how many `(` were taken so far */
	struct frame frame[FLT_SPLIT_DEPTH];
	uint32_t depth;
	struct head head; /* the qualifiers in force */
	uint8_t op;       /* before the operand at hand; 0: it is a first */
	struct flt_parts parts;
};

static void next(struct splitter *s)
{
	s->t = flt_lex(&s->lx);
}

static bool is_operator(enum flt_token t)
{
	return t == FLT_T_REL || t == FLT_T_ARITH || t == FLT_T_SLASH;
}

/* --- the first pass: parentheses ------------------------------------------ */

/*
 * Find out of which parentheses arithmetic goes on behind. s->arith has room
 * for all of them. False: something here is never split.
 */
static bool scan(struct splitter *s)
{
	struct flt_lexer lx = s->lx;
	size_t opens = 0, closed = SIZE_MAX;
	uint32_t depth = 0;
	enum flt_token t;

	while ((t = flt_lex(&lx)) != FLT_T_END) {
		if (t == FLT_T_ODD || t == FLT_T_NEVER)
			return false;
		if (closed != SIZE_MAX && is_operator(t))
			s->arith[closed] = 1;
		closed = SIZE_MAX;
		if (t == FLT_T_OPEN) {
			if (depth == FLT_SPLIT_DEPTH)
				return false;
			s->open[depth++] = opens++;
		} else if (t == FLT_T_CLOSE) {
			if (depth == 0)
				return false;
			closed = s->open[--depth];
		}
	}
	return depth == 0;
}

/* --- text ------------------------------------------------------------------ */

static void text(struct splitter *s, const char *what)
{
	flt_parts_text(&s->parts, what, strlen(what));
}

/* Copy the token at hand and take the next one. */
static void copy(struct splitter *s)
{
	if (s->lx.spaced)
		text(s, " ");
	flt_parts_text(&s->parts, s->lx.text + s->lx.start, s->lx.len);
	next(s);
}

/* What stands before an operand, up to where its own text begins. */
static void begin(struct splitter *s)
{
	if (s->op != 0)
		text(s, s->op == FLT_T_AND ? " and " : " or ");
}

/* --- terms ------------------------------------------------------------------ */

/* Add the token at hand to the qualifiers. */
static bool head_token(struct splitter *s)
{
	struct head *h = &s->head;

	if (h->len + s->lx.len + 1 > HEAD_MAX)
		return false;
	memcpy(h->text + h->len, s->lx.text + s->lx.start, s->lx.len);
	h->len += (uint32_t)s->lx.len;
	h->text[h->len++] = ' ';
	next(s);
	return true;
}

/* [tcp] [src | dst | src or dst | ...] [host | port | ...] */
static bool qualifiers(struct splitter *s)
{
	s->head.len = 0;
	if (s->t == FLT_T_PNAME && !head_token(s))
		return false;
	if (s->t == FLT_T_DIR) {
		if (!head_token(s))
			return false;
		if (s->t == FLT_T_AND || s->t == FLT_T_OR) {
			if (!head_token(s) || s->t != FLT_T_DIR ||
			    !head_token(s))
				return false;
		}
	}
	return s->t != FLT_T_TYPE || head_token(s);
}

/* 10.0.0.1, 10/8, 10.0.0.0 mask 255.0.0.0: the id at hand, written with the
 * qualifiers in force. */
static bool id(struct splitter *s)
{
	if (s->t != FLT_T_WORD || s->head.len == 0)
		return false;
	flt_parts_text(&s->parts, s->head.text, s->head.len);
	s->lx.spaced = false;
	copy(s);
	if (s->t != FLT_T_SLASH && s->t != FLT_T_MASK)
		return !is_operator(s->t);
	copy(s);
	if (s->t != FLT_T_WORD)
		return false;
	copy(s);
	return !is_operator(s->t);
}

/* A comparison, to its end. */
static bool arithmetic(struct splitter *s)
{
	uint32_t depth = 0;

	s->head.len = 0;
	for (;; copy(s)) {
		switch (s->t) {
		case FLT_T_OPEN:
			s->opens++;
			depth++;
			break;
		case FLT_T_CLOSE:
			if (depth == 0)
				return true;
			depth--;
			break;
		case FLT_T_AND:
		case FLT_T_OR:
		case FLT_T_END:
			return depth == 0;
		case FLT_T_WORD:
		case FLT_T_PNAME:
		case FLT_T_LEN:
		case FLT_T_REL:
		case FLT_T_ARITH:
		case FLT_T_SLASH:
		case FLT_T_LEFT:
		case FLT_T_RIGHT:
		case FLT_T_COLON:
		case FLT_T_PAIR:
			break;
		default:
			return false;
		}
	}
}

/* Is the token at hand an id, and not the beginning of arithmetic? */
static bool is_id(const struct splitter *s)
{
	struct flt_lexer lx = s->lx;
	enum flt_token t = s->t;

	if (t != FLT_T_WORD)
		return false;
	t = flt_lex(&lx);
	if (t == FLT_T_SLASH && flt_lex(&lx) == FLT_T_WORD)
		t = flt_lex(&lx); /* 10/8, or 10 / 2 = ... */
	return !is_operator(t);
}

/* A term that begins with qualifiers. *group: an id in parentheses follows,
 * which is not taken. */
static bool qualified(struct splitter *s, bool *group)
{
	bool alone = s->t == FLT_T_PNAME;

	if (!qualifiers(s))
		return false;
	alone = alone && memchr(s->head.text, ' ', s->head.len) ==
	                     s->head.text + s->head.len - 1;
	if (!alone) {
		*group = s->t == FLT_T_OPEN;
		return *group || id(s);
	}
	flt_parts_text(&s->parts, s->head.text, s->head.len - 1);
	s->head.len = 0;
	if (s->t == FLT_T_LEFT)
		return arithmetic(s);
	if (s->t == FLT_T_CAST)
		copy(s);
	return !is_operator(s->t);
}

/* less N, greater N, byte N op N, broadcast, multicast */
static bool other(struct splitter *s)
{
	enum flt_token t = s->t;

	s->head.len = 0;
	s->lx.spaced = false;
	copy(s);
	if (t == FLT_T_CAST)
		return true;
	if (s->t != FLT_T_WORD)
		return false;
	copy(s);
	if (t == FLT_T_SIZE)
		return true;
	if (s->t != FLT_T_REL && s->t != FLT_T_ARITH)
		return false;
	copy(s);
	if (s->t != FLT_T_WORD)
		return false;
	copy(s);
	return true;
}

/* One term, with its text. False: it is not understood. */
static bool term(struct splitter *s, bool *group)
{
	bool ids = s->depth != 0 && s->frame[s->depth - 1].ids;

	*group = false;
	/* not first behind `(`: `(not 80 or tcp)` is no expression */
	if (is_id(s))
		return (ids || s->op != 0) && id(s);
	if (ids)
		return false;
	switch (s->t) {
	case FLT_T_PNAME:
	case FLT_T_DIR:
	case FLT_T_TYPE:
		return qualified(s, group);
	case FLT_T_WORD:
	case FLT_T_LEN:
	case FLT_T_ARITH:
	case FLT_T_OPEN:
		s->lx.spaced = false;
		return arithmetic(s);
	case FLT_T_CAST:
	case FLT_T_SIZE:
	case FLT_T_BYTE:
		return other(s);
	default:
		return false;
	}
}

/* --- structure -------------------------------------------------------------- */

/* Enter the parenthesis at hand, behind the text of what stands before it. */
static bool enter(
    struct splitter *s, uint32_t at, bool negated, bool after_head)
{
	struct frame *f = &s->frame[s->depth];
	struct flt_part open = { FLT_PART_OPEN, s->op, negated, at, 0 };
	bool outer = s->depth != 0 && s->frame[s->depth - 1].ids;

	if (s->depth == FLT_SPLIT_DEPTH || s->arith[s->opens] != 0)
		return false;
	s->opens++;
	f->before = s->head;
	s->depth++;
	text(s, "(");
	flt_parts_add(&s->parts, open);
	s->op = 0;
	next(s);
	f->ids = is_id(s);
	/* ids follow qualifiers or an operator, terms stand among terms */
	return f->ids ? after_head || open.op != 0 : !outer && !after_head;
}

static bool leave(struct splitter *s)
{
	struct flt_part close = { FLT_PART_CLOSE, 0, false, s->parts.len, 0 };

	if (s->depth == 0)
		return false;
	s->depth--;
	if (!s->frame[s->depth].ids)
		s->head = s->frame[s->depth].before;
	text(s, ")");
	flt_parts_add(&s->parts, close);
	next(s);
	return true;
}

/* The operand at hand: a term, or a parenthesis, which is entered. *more: the
 * next thing is an operand, too. */
static bool operand(struct splitter *s, bool *more)
{
	bool first_id =
	    s->depth != 0 && s->frame[s->depth - 1].ids && s->op == 0;
	bool group, after_head = false, negated = false;
	struct flt_part part = { FLT_PART_TERM, s->op, false, 0, 0 };

	*more = false;
	begin(s);
	part.at = s->parts.len;
	for (; s->t == FLT_T_NOT; next(s)) {
		/* not the first: `(not a or b)` is nothing of only ids */
		if (first_id)
			return false;
		negated = !negated;
	}
	if (negated)
		text(s, "not ");
	group = s->t == FLT_T_OPEN && s->arith[s->opens] == 0;
	if (!group) {
		if (!term(s, &after_head))
			return false;
		if (s->parts.len - part.at > FLT_SPLIT_TERM_MAX)
			return false;
	}
	if (group || after_head) {
		*more = true;
		return !first_id && enter(s, part.at, negated, after_head);
	}
	part.len = s->parts.len - part.at;
	flt_parts_add(&s->parts, part);
	return true;
}

/* What follows an operand. *end: nothing. */
static bool behind(struct splitter *s, bool *end)
{
	while (s->t == FLT_T_CLOSE)
		if (!leave(s))
			return false;
	*end = s->t == FLT_T_END;
	if (*end)
		return s->depth == 0;
	if (s->t != FLT_T_AND && s->t != FLT_T_OR)
		return false;
	s->op = (uint8_t)s->t;
	next(s);
	return true;
}

static bool parse(struct splitter *s)
{
	bool more, end = false;

	if (!scan(s))
		return false;
	next(s);
	while (!end && !s->parts.failed) {
		if (!operand(s, &more))
			return false;
		if (!more && !behind(s, &end))
			return false;
	}
	flt_parts_text(&s->parts, "", 1);
	return true;
}

int flt_split(const char *expr, uint32_t terms, struct flt_split *out)
{
	size_t len = strlen(expr);
	struct splitter *s;
	int ret = -EXO_ESYNTAX;

	*out = (struct flt_split){ NULL, NULL, 0 };
	if (len > FLT_SPLIT_TEXT_MAX)
		return -EXO_ESYNTAX;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return -EXO_ENOMEM;
	s->lx.text = expr;
	s->arith = calloc(1, len + 1);
	if (s->arith == NULL)
		ret = -EXO_ENOMEM;
	else if (parse(s))
		ret = s->parts.failed ? -EXO_ENOMEM
		                      : flt_split_chunk(&s->parts, terms, out);
	free(s->parts.text);
	free(s->parts.part);
	free(s->arith);
	free(s);
	return ret;
}

void flt_split_free(struct flt_split *s)
{
	free(s->text);
	free(s->nodes);
	*s = (struct flt_split){ NULL, NULL, 0 };
}
