/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions that Linux 6.1 takes: see fit.h. */
#include "tests/guest/fit.h"

#include <string.h>

#include "exo/isa/decode.h"

/* From opcode fields alone: registers do not matter here. */
static bool make_older(struct exo_insn *in)
{
	const struct isa_op *op = isa_match(in);
	unsigned class = in->code & 7u;

	if (op == NULL)
		return false;
	if (op->form == ISA_FORM_LOAD_ACQ || op->form == ISA_FORM_STORE_REL) {
		class = op->form == ISA_FORM_LOAD_ACQ ? EXO_LDX : EXO_STX;
		in->code = (uint8_t)(class | EXO_MEM | (in->code & 0x18u));
		in->imm = 0;
	} else if (op->form == ISA_FORM_LDX &&
	           (in->code & 0xe0u) == EXO_MEMSX) {
		in->code ^= EXO_MEMSX ^ EXO_MEM;
	} else if (op->form == ISA_FORM_JA32 && in->imm >= INT16_MIN &&
	           in->imm <= INT16_MAX) {
		*in = (struct exo_insn){ EXO_JMP | EXO_JA, 0, (int16_t)in->imm,
			0 };
	} else if (op->form == ISA_FORM_END && class == EXO_ALU64) {
		in->code ^= EXO_ALU64 ^ EXO_ALU;
	} else if (op->off != 0) { /* signed division, sign extension */
		in->off = 0;
	} else {
		return false;
	}
	return true;
}

uint32_t fit_older(struct exo_insn *insns, uint32_t n)
{
	uint32_t i, changed = 0;

	for (i = 0; i < n; i += isa_slots(&insns[i]))
		changed += make_older(&insns[i]);
	return changed;
}

/*
 * What no way leads to
 */

struct walk {
	const struct progen_prog *p;
	bool seen[PROGEN_ROOM];
	uint32_t todo[PROGEN_ROOM];
	uint32_t ntodo;
};

static void go(struct walk *w, int64_t to)
{
	if (to < 0 || to >= w->p->n || w->seen[to])
		return;
	w->seen[to] = true;
	w->todo[w->ntodo++] = (uint32_t)to;
}

static void step(struct walk *w, uint32_t i)
{
	const struct exo_insn *in = &w->p->insns[i];
	const struct isa_op *op = isa_match(in);
	int64_t next = (int64_t)i + isa_slots(in);

	switch (op == NULL ? ISA_FORM_ALU_K : (enum isa_form)op->form) {
	case ISA_FORM_EXIT:
		return;
	case ISA_FORM_JA:
		go(w, next + in->off);
		return;
	case ISA_FORM_JA32:
		go(w, next + in->imm);
		return;
	case ISA_FORM_JMP_K:
	case ISA_FORM_JMP_X:
		go(w, next + in->off);
		break;
	case ISA_FORM_CALL_LOCAL:
		go(w, next + in->imm);
		break;
	case ISA_FORM_LDDW:
		if (exo_src(in) == EXO_LDDW_FUNC)
			go(w, (int64_t)i + 1 + in->imm);
		break;
	default:
		break;
	}
	go(w, next);
}

static void drop_unreachable(struct progen_prog *p)
{
	static struct walk w;
	uint32_t i, n = p->n, slots;
	bool start[PROGEN_ROOM] = { false };

	memset(&w, 0, sizeof(w));
	w.p = p;
	go(&w, 0);
	while (w.ntodo > 0)
		step(&w, w.todo[--w.ntodo]);
	for (i = 0; i < n; i += isa_slots(&p->insns[i]))
		start[i] = true;
	for (i = n; i-- > 0;) {
		slots = isa_slots(&p->insns[i]);
		if (start[i] && !w.seen[i] && i + slots <= p->n)
			(void)progen_remove(p, i);
	}
}

/*
 * What is written otherwise
 */

static unsigned shift_width(const struct exo_insn *in)
{
	unsigned class = in->code & 7u, op = in->code & 0xf0u;

	if ((class != EXO_ALU && class != EXO_ALU64) || (in->code & EXO_X) ||
	    (op != EXO_LSH && op != EXO_RSH && op != EXO_ARSH))
		return 0;
	return class == EXO_ALU ? 32 : 64;
}

static bool divides_by_zero(const struct exo_insn *in)
{
	unsigned class = in->code & 7u, op = in->code & 0xf0u;

	return (class == EXO_ALU || class == EXO_ALU64) &&
	       (in->code & EXO_X) == 0 && in->imm == 0 &&
	       (op == EXO_DIV || op == EXO_MOD);
}

static bool loads_packet(const struct exo_insn *in)
{
	return in->code == (EXO_LDX | EXO_MEM | EXO_W) &&
	       (in->off == 76 || in->off == 80);
}

void fit_form(struct progen_prog *p)
{
	uint32_t i;

	for (i = 0; i < p->n; i += isa_slots(&p->insns[i])) {
		struct exo_insn *in = &p->insns[i];
		unsigned width = shift_width(in);

		if (width != 0)
			in->imm &= (int32_t)width - 1;
		if (divides_by_zero(in))
			in->imm = 1;
		if (p->type == EXO_PROG_SOCKET && loads_packet(in))
			p->type = EXO_PROG_TC;
	}
	drop_unreachable(p);
}
