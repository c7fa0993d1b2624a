/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slice: which instructions of the way made the refused one what it is.
 *
 * It begins with what the report blames and goes back over the way
 * (why_back.c). Where something is missing rather than wrong (a register that
 * was not set, a loop that goes on) nothing made it, and the conditional jumps
 * are what leads past it: they are part of the slice then. An instruction that
 * the way visits several times is shown once, as it was the last time.
 */
#include "exo/hosted/why.h"

#include "exo/isa/decode.h"
#include "exo/isa/helpers.h"

#include <string.h>

static uint16_t bit(unsigned reg)
{
	return (uint16_t)(1u << reg);
}

/* Arguments of the helper that go with argument reg. */
static uint16_t with_argument(const struct why *w, unsigned reg)
{
	const struct exo_insn *in = &w->in->insns[w->report.insn];
	const struct isa_helper *h =
	    isa_helper((uint32_t)in->imm, w->in->type, &(bool){ false });
	unsigned arg, next;

	if (h == NULL || reg == 0 || reg > ISA_ARGS)
		return 0;
	arg = h->arg[reg - 1];
	next = reg < ISA_ARGS ? h->arg[reg] : ISA_ARG_NONE;
	if (next == ISA_ARG_SIZE || next == ISA_ARG_SIZE0)
		return bit(reg + 1);
	if (arg == ISA_ARG_SIZE || arg == ISA_ARG_SIZE0)
		return bit(reg - 1);
	return 0;
}

uint16_t why_blamed(const struct why *w)
{
	const struct exo_report *r = &w->report;
	const struct exo_insn *in;
	unsigned class;
	uint16_t regs;

	if (r->insn >= w->in->ninsns || r->reg == EXO_REPORT_NOREG)
		return 0;
	in = &w->in->insns[r->insn];
	class = in->code & 0x07u;
	regs = bit(r->reg);
	if (in->code == (EXO_JMP | EXO_CALL) && exo_src(in) == EXO_CALL_HELPER)
		return regs | with_argument(w, r->reg);
	if (r->code != VF_UNINIT_REG &&
	    (class == EXO_ALU || class == EXO_ALU64 || why_is_cond(in)) &&
	    (in->code & EXO_X) != 0)
		regs |= bit(exo_dst(in)) | bit(exo_src(in));
	return regs & (uint16_t)~bit(EXO_R_FP);
}

/* Nothing made it: what leads there are the jumps. */
static bool about_jumps(const struct why *w)
{
	switch (w->report.code) {
	case VF_UNINIT_REG:
	case VF_UNINIT_R0:
	case VF_STACK_UNINIT:
	case VF_LOOP:
	case VF_RING_HELD:
		return true;
	default:
		return false;
	}
}

static void first_bytes(const struct why *w, struct why_needs *n)
{
	const struct exo_report *r = &w->report;
	const struct why_state *st = why_last(w);
	const struct exo_insn *in;
	const struct vf_reg *base;
	int64_t at, b;

	if (st == NULL || r->code != VF_STACK_UNINIT || r->reg >= EXO_REGS)
		return;
	in = &w->in->insns[r->insn];
	base = &st->r[r->reg];
	if (!vf_scalar_is_const(&base->s))
		return;
	at = base->off + (int64_t)base->s.t.v + (int64_t)EXO_STACK_SIZE;
	if ((in->code & 0x07u) != EXO_JMP)
		at += in->off;
	for (b = at; b < at + r->size; b++) {
		if (b >= 0 && b < (int64_t)EXO_STACK_SIZE)
			n->bytes[base->frame][b / 64] |= (uint64_t)1
			                                 << (b % 64);
	}
}

/* Where the way came to the head of a loop last but this time. */
static uint32_t lap(const struct why *w)
{
	uint32_t k = w->nsteps - 1;

	if (w->report.code != VF_LOOP)
		return 0;
	do
		k -= k > 0;
	while (k > 0 && w->step[k].pc != w->report.insn);
	return k;
}

/* A place of ring buffer memory that is still held. */
static bool got_ring(const struct why *w, uint32_t pc, struct exo_fmt *note)
{
	const struct why_state *st = why_last(w);
	uint32_t i;

	if (w->report.code != VF_RING_HELD && w->report.code != VF_RING_MANY)
		return false;
	for (i = 0; i < st->nrefs; i++) {
		if (st->ref_at[i] == pc) {
			exo_fmt_str(note, "the memory comes from here");
			return true;
		}
	}
	return false;
}

/* Rows come backwards; a place that is there already counts. */
static void add(struct why *w, uint32_t k, const char *note)
{
	struct why_row *row;
	uint32_t i;

	for (i = 0; i < w->nrows; i++) {
		if (w->row[i].pc == w->step[k].pc) {
			w->row[i].times++;
			return;
		}
	}
	if (w->nrows == WHY_ROWS) {
		w->more++;
		return;
	}
	row = &w->row[w->nrows++];
	row->pc = w->step[k].pc;
	row->step = k;
	row->times = 1;
	memcpy(row->note, note, sizeof(row->note));
}

static void reverse(struct why *w)
{
	uint32_t i;

	for (i = 0; i < w->nrows / 2; i++) {
		struct why_row t = w->row[i];

		w->row[i] = w->row[w->nrows - 1 - i];
		w->row[w->nrows - 1 - i] = t;
	}
}

/* What is compared in the loop is what should end it. */
static void loop_needs(const struct why *w, const struct why_state *st,
    uint32_t k, struct why_needs *n)
{
	const struct exo_insn *in = &w->in->insns[w->step[k].pc];

	if (w->report.code != VF_LOOP || !why_is_cond(in))
		return;
	n->regs[st->depth] |= bit(exo_dst(in));
	if ((in->code & EXO_X) != 0)
		n->regs[st->depth] |= bit(exo_src(in));
	n->regs[st->depth] &= (uint16_t)~bit(EXO_R_FP);
}

/* The jump that was looked at last leads back to where the loop was before. */
static void end_of_loop(struct why *w)
{
	static const char note[WHY_NOTE] = "leads back to a state that was "
	                                   "there before";

	if (w->report.code == VF_LOOP)
		add(w, w->nsteps - 1, note);
}

void why_slice(struct why *w)
{
	bool jumps = about_jumps(w);
	struct why_needs n = { .nfeeds = 0 };
	char note[WHY_NOTE];
	struct exo_fmt f;
	uint32_t k, from;

	if (w->nsteps == 0 || w->report.code >= VF_BUDGET_EXPLORED)
		return;
	n.regs[why_last(w)->depth] = why_blamed(w);
	first_bytes(w, &n);
	loop_needs(w, why_last(w), w->nsteps - 1, &n);
	from = lap(w);
	end_of_loop(w);
	for (k = w->nsteps - 1; k-- > from;) {
		bool shown;

		memset(note, 0, sizeof(note));
		exo_fmt_init(&f, note, sizeof(note));
		loop_needs(w, &w->step[k].before, k, &n);
		shown = why_back(w, &n, k, &f);
		shown = got_ring(w, w->step[k].pc, &f) || shown;
		if (shown ||
		    (jumps && why_is_cond(&w->in->insns[w->step[k].pc])))
			add(w, k, note);
	}
	reverse(w);
}
