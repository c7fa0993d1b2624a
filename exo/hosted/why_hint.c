/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reasons and suggestions with the numbers of the case at hand. Where no row
 * knows better, the suggestion is that of verifier/diag.inc.
 */
#include "exo/hosted/why.h"

#include "exo/hosted/diag.h"
#include "exo/isa/decode.h"

#define NO_REG EXO_REGS

static void reg_name(struct exo_fmt *f, unsigned reg)
{
	exo_fmt_char(f, 'r');
	exo_fmt_u64(f, reg);
}

static void signed_off(struct exo_fmt *f, int64_t v)
{
	exo_fmt_str(f, v < 0 ? " - " : " + ");
	exo_fmt_u64(f, (uint64_t)(v < 0 ? -v : v));
}

static void bytes(struct exo_fmt *f, uint64_t n)
{
	exo_fmt_u64(f, n);
	exo_fmt_str(f, n == 1 ? " byte" : " bytes");
}

/* The register that the report blames, as it was; NULL: nothing is known. */
static const struct vf_reg *blamed(const struct why *w)
{
	const struct why_state *st = why_last(w);

	return st == NULL || w->report.reg >= EXO_REGS ? NULL
	                                               : &st->r[w->report.reg];
}

/* A register that holds this kind of thing, or NO_REG. */
static unsigned holder(const struct why *w, unsigned kind)
{
	const struct why_state *st = why_last(w);
	unsigned i;

	for (i = 0; st != NULL && i < EXO_R_FP; i++) {
		if (st->r[i].kind == kind && st->r[i].off == 0)
			return i;
	}
	return NO_REG;
}

static const char *object(uint8_t kind)
{
	switch ((enum exo_reg_kind)kind) {
	case EXO_REG_PKT:
		return "packet";
	case EXO_REG_PKT_META:
		return "metadata";
	case EXO_REG_MEM:
		return "memory";
	case EXO_REG_MAP_VALUE:
		return "map's value";
	case EXO_REG_MAP_KEY:
		return "map's key";
	case EXO_REG_RING:
		return "record";
	case EXO_REG_STACK:
		return "stack";
	case EXO_REG_CTX:
		return "context";
	default:
		return "object";
	}
}

/* "bytes 12 to 13 of the packet", "4 bytes at packet + 14 + (0 to 60)" */
static void where(
    struct exo_fmt *f, const struct exo_report *r, const struct vf_reg *p)
{
	if (vf_scalar_is_const(&p->s) && p->kind != EXO_REG_STACK &&
	    r->off >= 0) {
		uint64_t first = (uint64_t)r->off + p->s.t.v;

		exo_fmt_str(f, r->size == 1 ? "byte " : "bytes ");
		exo_fmt_u64(f, first);
		if (r->size > 1) {
			exo_fmt_str(f, " to ");
			exo_fmt_u64(f, first + r->size - 1);
		}
		exo_fmt_str(f, " of the ");
		exo_fmt_str(f, object(p->kind));
		return;
	}
	bytes(f, r->size);
	exo_fmt_str(f, " at ");
	exo_fmt_str(f, p->kind == EXO_REG_STACK ? "r10" : object(p->kind));
	if (r->off != 0)
		signed_off(f, r->off);
	if (!vf_scalar_is_const(&p->s)) {
		exo_fmt_str(f, " + (");
		why_scalar(f, &p->s);
		exo_fmt_char(f, ')');
	}
}

/* What is known to be there instead. */
static void there(
    struct exo_fmt *f, const struct exo_report *r, const struct vf_reg *p)
{
	bool known = vf_scalar_is_const(&p->s);
	int64_t rest = (int64_t)r->limit - r->off;

	switch (r->code) {
	case VF_STACK_OOB:
		exo_fmt_str(f, "; the stack is r10 - 512 to r10 - 1");
		return;
	case VF_VALUE_OOB:
	case VF_KEY_ACCESS:
	case VF_RING_OOB:
		exo_fmt_str(f, "; it has ");
		bytes(f, r->limit);
		return;
	case VF_PKT_OOB:
	case VF_MEM_OOB:
		break;
	default:
		return;
	}
	exo_fmt_str(f, "; proven to exist ");
	if (r->limit == 0 || (!known && rest <= 0)) {
		exo_fmt_str(f, known ? "is no byte" : "is no byte there");
	} else if (known) {
		exo_fmt_str(f, r->limit == 1 ? "is " : "are ");
		exo_fmt_str(f, r->limit == 1 ? "byte 0" : "bytes 0 to ");
		if (r->limit > 1)
			exo_fmt_u64(f, r->limit - 1);
		exo_fmt_str(f, " only");
	} else {
		exo_fmt_str(f, rest == 1 ? "is " : "are ");
		bytes(f, (uint64_t)rest);
		exo_fmt_str(f, " of these only");
	}
}

void why_reason(struct why *w)
{
	const struct exo_report *r = &w->report;
	const struct vf_reg *p = blamed(w);
	struct exo_fmt f;

	exo_fmt_init(&f, w->reason, sizeof(w->reason));
	if (r->code >= VF_BUDGET_EXPLORED) {
		exo_fmt_str(&f, "it had looked at ");
		exo_fmt_u64(&f, r->explored);
		exo_fmt_str(&f, " instructions; the limit is ");
		exo_fmt_u64(&f, r->limit);
		exo_fmt_str(&f, r->code == VF_BUDGET_MEM
		                    ? " bytes"
		                    : ", and comparing states counts, too");
		return;
	}
	if (r->code == VF_STACK_CHAIN) {
		exo_fmt_str(&f, "the deepest chain takes ");
		bytes(&f, r->limit);
		return;
	}
	if (p == NULL || r->size == 0)
		return;
	if (r->code == VF_STACK_UNINIT) {
		exo_fmt_str(&f, "it reads ");
		bytes(&f, r->size);
		exo_fmt_str(&f, ", and the one at r10");
		signed_off(&f, r->off);
		exo_fmt_str(&f, " was not written");
		return;
	}
	exo_fmt_str(&f, "it takes ");
	where(&f, r, p);
	there(&f, r, p);
}

/*
 * Suggestions: each returns false when it knows nothing better.
 */

/* The pointer, moved past the access, has to be compared with the end. */
static bool hint_end(struct exo_fmt *f, const struct why *w)
{
	const struct exo_report *r = &w->report;
	const struct vf_reg *p = blamed(w);
	unsigned end;

	if (p == NULL || p->kind != EXO_REG_PKT || r->size == 0)
		return false;
	exo_fmt_str(f, "compare ");
	reg_name(f, r->reg);
	signed_off(f, r->off - p->off + r->size);
	exo_fmt_str(f, " with data_end");
	end = holder(w, EXO_REG_PKT_END);
	if (end != NO_REG) {
		exo_fmt_str(f, ", which ");
		reg_name(f, end);
		exo_fmt_str(f, " holds,");
	}
	exo_fmt_str(f, " and come here only if it is not past it");
	return true;
}

static bool hint_mem(struct exo_fmt *f, const struct why *w)
{
	const struct exo_report *r = &w->report;
	const struct why_state *st = why_last(w);
	const struct vf_reg *p = blamed(w);
	unsigned i;

	if (p == NULL || !vf_scalar_is_const(&p->s) || r->off < 0)
		return false;
	for (i = 0; i < EXO_R_FP; i++) {
		if (st->r[i].kind == EXO_REG_SCALAR &&
		    st->r[i].id == VF_ID_SIZE && st->r[i].off == 0)
			break;
	}
	exo_fmt_str(f, "come here only if the memory's size");
	if (i < EXO_R_FP) {
		exo_fmt_str(f, ", which ");
		reg_name(f, i);
		exo_fmt_str(f, " holds,");
	}
	exo_fmt_str(f, " is ");
	exo_fmt_u64(f, (uint64_t)r->off + r->size);
	exo_fmt_str(f, " or more");
	if (i == EXO_R_FP)
		exo_fmt_str(f, ": keep r2 as it is at the start");
	return true;
}

/* An object whose size is known: what may the variable part be? */
static bool hint_sized(struct exo_fmt *f, const struct why *w)
{
	const struct exo_report *r = &w->report;
	const struct vf_reg *p = blamed(w);
	bool stack = r->code == VF_STACK_OOB;
	int64_t least, most;

	if (p == NULL || r->size == 0)
		return false;
	if (vf_scalar_is_const(&p->s)) {
		exo_fmt_str(f, "stay inside the ");
		bytes(f, r->limit);
		exo_fmt_str(f, stack ? " below r10" : " of the ");
		exo_fmt_str(f, stack ? "" : object(p->kind));
		return true;
	}
	least = stack ? -(int64_t)EXO_STACK_SIZE - r->off : -r->off;
	most = (stack ? 0 : (int64_t)r->limit) - r->size - r->off;
	if (most < least)
		return false;
	exo_fmt_str(f, "bound what was added to ");
	reg_name(f, r->reg);
	exo_fmt_str(f, ": it is ");
	why_scalar(f, &p->s);
	exo_fmt_str(f, ", and must be ");
	exo_fmt_i64(f, least < 0 && p->s.r.smin >= 0 ? 0 : least);
	exo_fmt_str(f, " to ");
	exo_fmt_i64(f, most);
	return true;
}

static bool hint_unset(struct exo_fmt *f, const struct why *w)
{
	if (w->report.reg >= EXO_REGS)
		return false;
	exo_fmt_str(f, "set ");
	reg_name(f, w->report.reg);
	exo_fmt_str(f, " on every path that leads here; a call, ld_abs and "
	               "ld_ind leave r1 to r5 not set");
	return true;
}

static bool hint_null(struct exo_fmt *f, const struct why *w)
{
	if (w->report.reg >= EXO_REGS)
		return false;
	exo_fmt_str(f, "come here only if ");
	reg_name(f, w->report.reg);
	exo_fmt_str(f, " was compared with 0 and is not");
	return true;
}

static bool hint_unbounded(struct exo_fmt *f, const struct why *w)
{
	const struct vf_reg *p = blamed(w);

	if (p == NULL || p->kind != EXO_REG_SCALAR)
		return false;
	exo_fmt_str(f, "bound ");
	reg_name(f, w->report.reg);
	exo_fmt_str(f, " first, by a mask (");
	reg_name(f, w->report.reg);
	exo_fmt_str(f, " &= 0xffff) or by compares on both sides: it is ");
	why_scalar(f, &p->s);
	return true;
}

static bool hint_size(struct exo_fmt *f, const struct why *w)
{
	const struct vf_reg *p = blamed(w);

	if (p == NULL || p->kind != EXO_REG_SCALAR)
		return false;
	exo_fmt_str(f, "bound ");
	reg_name(f, w->report.reg);
	exo_fmt_str(f, ", which is ");
	why_scalar(f, &p->s);
	exo_fmt_str(f, ", by compares with constants on both sides");
	return true;
}

static bool hint_bytes(struct exo_fmt *f, const struct why *w)
{
	const struct exo_report *r = &w->report;

	if (r->size == 0 || blamed(w) == NULL ||
	    !vf_scalar_is_const(&blamed(w)->s))
		return false;
	exo_fmt_str(f, "write all ");
	bytes(f, r->size);
	exo_fmt_str(f, ", also the one at r10");
	signed_off(f, r->off);
	exo_fmt_str(f, ", on every path that leads here");
	return true;
}

static bool hint_budget(struct exo_fmt *f, const struct why *w)
{
	exo_fmt_str(f, "have fewer paths that differ in what they know, or "
	               "raise the budget, for example ");
	exo_fmt_str(
	    f, w->report.code == VF_BUDGET_MEM ? "--mem " : "--explored ");
	exo_fmt_u64(f, w->report.limit < UINT64_MAX / 10 ? w->report.limit * 10
	                                                 : UINT64_MAX);
	return true;
}

static const struct {
	uint32_t code;
	bool (*write)(struct exo_fmt *f, const struct why *w);
} known[] = {
	{ VF_UNINIT_REG, hint_unset },
	{ VF_PTR_UNBOUNDED, hint_unbounded },
	{ VF_PTR_NULL, hint_null },
	{ VF_STACK_OOB, hint_sized },
	{ VF_STACK_UNINIT, hint_bytes },
	{ VF_PKT_OOB, hint_end },
	{ VF_MEM_OOB, hint_mem },
	{ VF_VALUE_OOB, hint_sized },
	{ VF_RING_OOB, hint_sized },
	{ VF_ARG_SIZE, hint_size },
	{ VF_BUDGET_EXPLORED, hint_budget },
	{ VF_BUDGET_MEM, hint_budget },
};

void why_hint(struct why *w)
{
	const struct cmd_diag *row = cmd_diag_find(w->report.code);
	struct exo_fmt f;
	size_t i;

	exo_fmt_init(&f, w->hint, sizeof(w->hint));
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].code == w->report.code && known[i].write(&f, w))
			return;
	}
	exo_fmt_init(&f, w->hint, sizeof(w->hint));
	if (row != NULL)
		exo_fmt_str(&f, row->hint);
}
