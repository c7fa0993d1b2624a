/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs made short, and printed: see progen.h. */
#include "tests/support/progen.h"

#include <stdio.h>

#include "exo/isa/text.h"

/* Is it a jump with a condition? */
static bool asks(const struct exo_insn *in)
{
	unsigned op = in->code & 0xf0u;

	return (in->code & 7u) == EXO_JMP32 ||
	       ((in->code & 7u) == EXO_JMP && op != EXO_CALL &&
	           op != EXO_EXIT && op != EXO_JA);
}

/* One instruction less, or one that does less. */
static bool shrink_at(struct progen_prog *p, uint32_t i,
    bool (*still)(void *arg, const struct progen_prog *p), void *arg)
{
	struct progen_prog was = *p;

	if (i >= p->n || (p->insns[i].code == 0 && i > 0))
		return false;
	if (progen_remove(p, i) && p->n > 0 && still(arg, p))
		return true;
	*p = was;
	if (!asks(&p->insns[i]) || p->insns[i].code == (EXO_JMP32 | EXO_JA))
		return false;
	/* a jump always taken */
	p->insns[i] =
	    (struct exo_insn){ EXO_JMP | EXO_JA, 0, was.insns[i].off, 0 };
	if (still(arg, p))
		return true;
	*p = was;
	return false;
}

void progen_shrink(struct progen_prog *p,
    bool (*still)(void *arg, const struct progen_prog *p), void *arg)
{
	bool any = true;
	uint32_t i;

	while (any) {
		any = false;
		for (i = p->n; i-- > 0;)
			any = shrink_at(p, i, still, arg) || any;
	}
}

void progen_print(const struct progen_prog *p)
{
	static const char *const types[] = { "", "mem", "xdp", "socket", "tc" };
	char line[256];
	uint32_t i = 0;

	fprintf(stderr, "# %s, leaks %s, %u instructions\n", types[p->type],
	    p->refuse_leaks ? "refused" : "allowed", p->n);
	while (i < p->n) {
		struct exo_fmt fmt;
		uint32_t slots;

		exo_fmt_init(&fmt, line, sizeof(line));
		slots = isa_disasm(&fmt, p->insns, p->n, i);
		fprintf(stderr, "%4u: %s\n", i, line);
		i += slots;
	}
}
