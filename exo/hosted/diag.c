/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prose for refusals.
 */
#include "exo/hosted/diag.h"

#include "exo/abi/err.h"
#include "exo/isa/text.h"
#include "verifier/verifier.h"

static const struct cmd_diag rows[] = {
#define VF_DIAG(number, name, title, hint) { (number), #name, (title), (hint) },
#include "verifier/diag.inc"
#undef VF_DIAG
};

static const struct {
	int number;
	const char *meaning;
} errors[] = {
#define EXO_ERR(name, number, meaning) { (number), (meaning) },
#include "exo/abi/err.inc"
#undef EXO_ERR
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const struct cmd_diag *cmd_diag_at(uint32_t i)
{
	return i < COUNT(rows) ? &rows[i] : NULL;
}

const struct cmd_diag *cmd_diag_find(uint32_t code)
{
	uint32_t i;

	for (i = 0; i < COUNT(rows); i++) {
		if (rows[i].code == code)
			return &rows[i];
	}
	return NULL;
}

const char *cmd_diag_error(int err)
{
	size_t i;

	for (i = 0; i < COUNT(errors); i++) {
		if (errors[i].number == err || errors[i].number == -err)
			return errors[i].meaning;
	}
	return "unknown error";
}

void cmd_diag_code(struct exo_fmt *f, uint32_t code)
{
	exo_fmt_str(f, "VF");
	exo_fmt_u64(f, code);
}

/* What a register of this kind is, to follow "r1 is". */
static const char *kind_text(uint8_t kind)
{
	switch ((enum exo_reg_kind)kind) {
	case EXO_REG_UNINIT:
		return "not set to anything on this path";
	case EXO_REG_SCALAR:
		return "a number";
	case EXO_REG_CTX:
		return "a pointer to the context";
	case EXO_REG_STACK:
		return "a pointer into the stack";
	case EXO_REG_PKT:
		return "a pointer into the packet";
	case EXO_REG_PKT_END:
		return "the end of the packet";
	case EXO_REG_PKT_META:
		return "a pointer to the packet's metadata";
	case EXO_REG_MEM:
		return "a pointer into the memory handed over";
	case EXO_REG_MAP:
		return "a map";
	case EXO_REG_MAP_VALUE:
		return "a pointer into a map's value";
	case EXO_REG_MAP_VALUE_OR_NULL:
		return "a pointer into a map's value, or null: it was not "
		       "compared with 0";
	case EXO_REG_RING:
		return "a pointer into a ring buffer's record";
	case EXO_REG_RING_OR_NULL:
		return "a pointer into a ring buffer's record, or null: it "
		       "was not compared with 0";
	case EXO_REG_FUNC:
		return "a function";
	case EXO_REG_MAP_KEY:
		return "a pointer into a map's key";
	}
	return "of an unknown kind";
}

static bool is_pointer(uint8_t kind)
{
	return kind != EXO_REG_UNINIT && kind != EXO_REG_SCALAR;
}

/* A number in the form that people recognise: -8, 65535, 0xffff0000. */
static void write_u64(struct exo_fmt *f, uint64_t v)
{
	if (v < 0x10000) {
		exo_fmt_u64(f, v);
		return;
	}
	exo_fmt_str(f, "0x");
	exo_fmt_hex(f, v, 1);
}

/* The range: whichever of its two readings says more. */
static void write_range(struct exo_fmt *f, const struct exo_report *r)
{
	bool any_u = r->umin == 0 && r->umax == UINT64_MAX;
	bool any_s = r->smin == INT64_MIN && r->smax == INT64_MAX;

	if (any_u && any_s) {
		exo_fmt_str(f, "any 64-bit value");
	} else if (r->umin == r->umax) {
		exo_fmt_str(f, "exactly ");
		if ((int64_t)r->umin < 0 && (int64_t)r->umin > -0x10000)
			exo_fmt_i64(f, (int64_t)r->umin);
		else
			write_u64(f, r->umin);
	} else if (any_u || (r->smin < 0 && !any_s)) {
		exo_fmt_str(f, "between ");
		exo_fmt_i64(f, r->smin);
		exo_fmt_str(f, " and ");
		exo_fmt_i64(f, r->smax);
		exo_fmt_str(f, " (signed)");
	} else {
		exo_fmt_str(f, "between ");
		write_u64(f, r->umin);
		exo_fmt_str(f, " and ");
		write_u64(f, r->umax);
	}
}

static bool has_range(const struct exo_report *r)
{
	return r->smin != 0 || r->smax != 0 || r->umin != 0 || r->umax != 0;
}

void cmd_diag_register(struct exo_fmt *f, const struct exo_report *r)
{
	if (r->reg == EXO_REPORT_NOREG)
		return;
	exo_fmt_char(f, 'r');
	exo_fmt_u64(f, r->reg);
	exo_fmt_str(f, " is ");
	exo_fmt_str(f, kind_text(r->reg_kind));
	if (r->reg_kind == EXO_REG_SCALAR) {
		exo_fmt_str(f, ", ");
		write_range(f, r);
	} else if (is_pointer(r->reg_kind) && has_range(r)) {
		exo_fmt_str(f, " plus ");
		write_range(f, r);
	}
}

/* The access, when the report is about one. */
static void write_access(struct exo_fmt *f, const struct exo_report *r)
{
	if (r->size == 0)
		return;
	exo_fmt_str(f, "\n  the access takes ");
	exo_fmt_u64(f, r->size);
	exo_fmt_str(f, r->size == 1 ? " byte at offset " : " bytes at offset ");
	exo_fmt_i64(f, r->off);
	if (r->reg_kind == EXO_REG_PKT || r->reg_kind == EXO_REG_PKT_META ||
	    r->reg_kind == EXO_REG_MEM || r->reg_kind == EXO_REG_MAP_VALUE) {
		exo_fmt_str(f, "; proven to be there: ");
		exo_fmt_u64(f, r->limit);
	}
}

static void write_insn(struct exo_fmt *f, const char *lead, uint32_t at,
    const struct exo_insn *insns, uint32_t n)
{
	exo_fmt_str(f, lead);
	exo_fmt_u64(f, at);
	if (at < n) {
		exo_fmt_str(f, ": ");
		isa_disasm(f, insns, n, at);
	}
}

void cmd_diag_write(struct exo_fmt *f, const struct exo_report *r,
    const struct exo_insn *insns, uint32_t n)
{
	const struct cmd_diag *row = cmd_diag_find(r->code);

	cmd_diag_code(f, r->code);
	exo_fmt_str(f, ": ");
	exo_fmt_str(f, row != NULL ? row->title : "unknown code");
	if (r->insn != EXO_REPORT_NOWHERE)
		write_insn(f, "\n  at instruction ", r->insn, insns, n);
	if (r->reg != EXO_REPORT_NOREG) {
		exo_fmt_str(f, "\n  ");
		cmd_diag_register(f, r);
	}
	write_access(f, r);
	if (r->reg != EXO_REPORT_NOREG && r->widened != EXO_REPORT_NOWHERE &&
	    r->reg_kind != EXO_REG_UNINIT) {
		exo_fmt_str(f, "\n  r");
		exo_fmt_u64(f, r->reg);
		write_insn(
		    f, " got this value at instruction ", r->widened, insns, n);
	}
	if (r->code >= 900) {
		exo_fmt_str(f, "\n  explored until then: ");
		exo_fmt_u64(f, r->explored);
		exo_fmt_str(f, " instructions; the limit that was reached: ");
		exo_fmt_u64(f, r->limit);
	}
	if (row != NULL) {
		exo_fmt_str(f, "\n  hint: ");
		exo_fmt_str(f, row->hint);
	}
}
