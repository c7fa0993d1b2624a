/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The assembler's labels: a sorted table in the unused end of the program.
 *
 * A label is eight bytes, as large as a slot: where its name stands in the
 * text, and the slot that it names. Names are compared in the text itself.
 */
#include "exo/isa/asm_int.h"

#include "exo/lib/mem.h"

#define NAME_MAX 63u

struct label {
	uint32_t pos; /* of the name in the text */
	uint32_t at;  /* slot that it names */
};
_Static_assert(sizeof(struct label) == sizeof(struct exo_insn),
    "a label takes the place of one slot");

static struct label get(const struct isa_asm *as, uint32_t i)
{
	struct label l;

	memcpy(&l, &as->insns[as->max - 1 - i], sizeof(l));
	return l;
}

static void put(struct isa_asm *as, uint32_t i, struct label l)
{
	memcpy(&as->insns[as->max - 1 - i], &l, sizeof(l));
}

static size_t name_len(const struct isa_asm *as, size_t pos)
{
	const struct isa_lex *lx = &as->lx;
	size_t n = 0;
	char c;

	for (; pos + n < lx->len; n++) {
		c = lx->text[pos + n];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		        (c >= '0' && c <= '9') || c == '_' || c == '.'))
			break;
	}
	return n;
}

/* Order of the names at two places of the text. */
static int compare(const struct isa_asm *as, size_t a, size_t b)
{
	size_t na = name_len(as, a), nb = name_len(as, b);
	int c = memcmp(as->lx.text + a, as->lx.text + b, na < nb ? na : nb);

	if (c != 0)
		return c;
	return na < nb ? -1 : na > nb;
}

bool isa_label_add(struct isa_asm *as)
{
	struct label l = { (uint32_t)as->lx.pos, as->n };

	if (as->lx.size > NAME_MAX)
		return isa_lex_fail(
		    &as->lx, "a label of at most 63 characters");
	if (as->nlabel >= as->max - as->n) {
		as->too_big = true;
		return isa_lex_fail(&as->lx, "fewer labels: no room for this");
	}
	put(as, as->nlabel++, l);
	return true;
}

/* Restore the heap below i: a parent's name is not before its children's. */
static void sift(struct isa_asm *as, uint32_t i, uint32_t n)
{
	struct label top = get(as, i), child;
	uint32_t c;

	while (i < n / 2) {
		c = 2 * i + 1;
		child = get(as, c);
		if (c + 1 < n && compare(as, child.pos, get(as, c + 1).pos) < 0)
			child = get(as, ++c);
		if (compare(as, top.pos, child.pos) >= 0)
			break;
		put(as, i, child);
		i = c;
	}
	put(as, i, top);
}

/* Latch the error of a name that two neighbours share. */
static bool duplicate(struct isa_asm *as, uint32_t i)
{
	uint32_t a = get(as, i).pos, b = get(as, i + 1).pos;

	return isa_lex_fail_at(
	    &as->lx, a > b ? a : b, "another label: this one is defined above");
}

bool isa_label_sort(struct isa_asm *as)
{
	uint32_t i, n = as->nlabel;
	struct label last;

	for (i = n / 2; i > 0; i--)
		sift(as, i - 1, n);
	for (i = n; i > 1; i--) {
		last = get(as, i - 1);
		put(as, i - 1, get(as, 0));
		put(as, 0, last);
		sift(as, 0, i - 1);
	}
	for (i = 1; i < n; i++) {
		if (compare(as, get(as, i - 1).pos, get(as, i).pos) == 0)
			return duplicate(as, i - 1);
	}
	return true;
}

bool isa_label_find(struct isa_asm *as, uint32_t *at)
{
	uint32_t lo = 0, hi = as->nlabel, mid;
	struct label l;
	int c;

	*at = 0;
	if (as->lx.size > NAME_MAX)
		return isa_lex_fail(
		    &as->lx, "a label of at most 63 characters");
	if (!as->writing)
		return true;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		l = get(as, mid);
		c = compare(as, as->lx.pos, l.pos);
		if (c == 0) {
			*at = l.at;
			return true;
		}
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return isa_lex_fail(&as->lx, "a label that is defined somewhere");
}
