/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The assembler: text to instructions in two passes.
 *
 * The first pass reads everything, counts slots and collects labels; all
 * errors of syntax are found there. The second reads the same text again and
 * writes. Nothing but insns is used as memory: see asm_int.h.
 */
#include "exo/isa/asm_int.h"
#include "exo/isa/text.h"

#include "exo/abi/err.h"

bool isa_asm_emit(struct isa_asm *as, struct exo_insn in)
{
	if (as->n >= as->max - as->nlabel) {
		as->too_big = true;
		return isa_lex_fail(&as->lx, "a shorter program: no room");
	}
	if (as->writing)
		as->insns[as->n] = in;
	as->n++;
	return true;
}

/* Is the token at hand a word with a colon after it? */
static bool at_label(const struct isa_lex *lx)
{
	struct isa_lex ahead = *lx;

	if (lx->tok != ISA_TOK_WORD)
		return false;
	isa_lex_next(&ahead);
	return isa_lex_is(&ahead, ":");
}

static bool line(struct isa_asm *as)
{
	struct isa_lex *lx = &as->lx;

	isa_lex_skip_index(lx);
	isa_lex_next(lx);
	while (at_label(lx)) {
		if (!as->writing && !isa_label_add(as))
			return false;
		isa_lex_next(lx);
		isa_lex_next(lx);
	}
	if (lx->tok != ISA_TOK_EOL && !isa_asm_insn(as))
		return false;
	if (lx->tok != ISA_TOK_EOL)
		return isa_lex_fail(lx, "the end of the line");
	return lx->wrong == NULL;
}

static bool pass(struct isa_asm *as, bool writing)
{
	as->writing = writing;
	as->n = 0;
	as->lx.next = 0;
	do {
		if (!line(as))
			return false;
	} while (isa_lex_line(&as->lx));
	return true;
}

/* Say where and why. */
static void explain(const struct isa_lex *lx, struct isa_asm_error *err)
{
	struct exo_fmt f;
	size_t i;

	err->line = 1;
	err->col = 1;
	for (i = 0; i < lx->wrong_pos && i < lx->len; i++) {
		err->col++;
		if (lx->text[i] == '\n') {
			err->line++;
			err->col = 1;
		}
	}
	exo_fmt_init(&f, err->what, sizeof(err->what));
	exo_fmt_str(&f, "expected ");
	exo_fmt_str(&f, lx->wrong);
}

int isa_asm(const char *text, size_t len, struct exo_insn *insns, uint32_t max,
    uint32_t *n, struct isa_asm_error *err)
{
	struct isa_asm as = { .insns = insns, .max = max };

	*n = 0;
	as.lx.text = text;
	as.lx.len = len;
	if (len > UINT32_MAX) {
		as.too_big = true;
		(void)isa_lex_fail_at(&as.lx, 0, "text of less than 4 GiB");
	}
	if (as.lx.wrong == NULL && pass(&as, false) && isa_label_sort(&as) &&
	    pass(&as, true)) {
		*n = as.n;
		return 0;
	}
	explain(&as.lx, err);
	return as.too_big ? -EXO_E2BIG : -EXO_ESYNTAX;
}
