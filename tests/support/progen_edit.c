/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of whole programs that keep their meaning: see progen.h. */
#include <string.h>

#include "exo/isa/decode.h"
#include "tests/support/progen.h"

void progen_rename(struct progen_prog *p, const uint8_t map[4])
{
	uint32_t i;

	for (i = 0; i < p->n; i += isa_slots(&p->insns[i])) {
		struct exo_insn *in = &p->insns[i];
		const struct isa_op *op = isa_match(in);
		unsigned uses = op == NULL ? 0 : isa_uses(op);
		unsigned dst = exo_dst(in), src = exo_src(in);

		if ((uses & ISA_USE_DST) != 0 && dst >= 6 && dst <= 9)
			dst = map[dst - 6];
		if ((uses & ISA_USE_SRC) != 0 && src >= 6 && src <= 9)
			src = map[src - 6];
		in->regs = (uint8_t)(src << 4 | dst);
	}
}

/* How an instruction says where it leads. */
enum lead {
	LEAD_NOWHERE,
	LEAD_OFF,
	LEAD_IMM
};

static enum lead leads(const struct exo_insn *in)
{
	unsigned class = in->code & 7u, op = in->code & 0xf0u;

	if (in->code == (EXO_LD | EXO_IMM | EXO_DW))
		return exo_src(in) == EXO_LDDW_FUNC ? LEAD_IMM : LEAD_NOWHERE;
	if (class != EXO_JMP && class != EXO_JMP32)
		return LEAD_NOWHERE;
	if (in->code == (EXO_JMP32 | EXO_JA))
		return LEAD_IMM;
	if (op == EXO_CALL)
		return exo_src(in) == EXO_CALL_LOCAL ? LEAD_IMM : LEAD_NOWHERE;
	return op == EXO_EXIT ? LEAD_NOWHERE : LEAD_OFF;
}

/* Where instruction i is when `by` slots come to be at `at`, or go. */
static int64_t moved(int64_t i, int64_t at, int64_t by)
{
	if (by > 0)
		return i >= at ? i + by : i;
	return i > at ? (i + by < at ? at : i + by) : i;
}

static bool link_again(struct progen_prog *p, uint32_t at, int by)
{
	uint32_t i;

	for (i = 0; i < p->n; i += isa_slots(&p->insns[i])) {
		struct exo_insn *in = &p->insns[i];
		enum lead lead = leads(in);
		int64_t to = (int64_t)i + 1, d;

		if (lead == LEAD_NOWHERE)
			continue;
		to += lead == LEAD_OFF ? in->off : in->imm;
		/* what leads to `at` comes to what is inserted there */
		d = (to == at ? to : moved(to, at, by)) -
		    moved((int64_t)i, at, by) - 1;
		if (lead == LEAD_IMM)
			in->imm = (int32_t)d;
		else if (d < INT16_MIN || d > INT16_MAX)
			return false;
		else
			in->off = (int16_t)d;
	}
	return true;
}

bool progen_insert(struct progen_prog *p, uint32_t at)
{
	if (p->n >= PROGEN_ROOM || !link_again(p, at, 1))
		return false;
	memmove(p->insns + at + 1, p->insns + at,
	    (p->n - at) * sizeof(p->insns[0]));
	p->insns[at] = (struct exo_insn){ EXO_JMP | EXO_JA, 0, 0, 0 };
	p->n++;
	return true;
}

bool progen_remove(struct progen_prog *p, uint32_t at)
{
	uint32_t slots = isa_slots(&p->insns[at]);

	if (at + slots > p->n || !link_again(p, at, -(int)slots))
		return false;
	memmove(p->insns + at, p->insns + at + slots,
	    (p->n - at - slots) * sizeof(p->insns[0]));
	p->n -= slots;
	return true;
}
