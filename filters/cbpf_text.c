/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Classic BPF as text, in the form of `tcpdump -d`.
 */
#include "exo/lib/fmt.h"
#include "filters/cbpf_int.h"

static void pad(struct exo_fmt *f, size_t from, size_t width)
{
	while (f->len - from < width && !f->cut)
		exo_fmt_char(f, ' ');
}

static void index3(struct exo_fmt *f, uint32_t i)
{
	exo_fmt_str(f, i < 10 ? "(00" : i < 100 ? "(0" : "(");
	exo_fmt_u64(f, i);
	exo_fmt_str(f, ") ");
}

/* Expand the pattern of a row; see cbpf.inc. */
static void operand(struct exo_fmt *f, const char *s, uint32_t k, uint32_t next)
{
	for (; *s != '\0'; s++) {
		if (*s != '%') {
			exo_fmt_char(f, *s);
			continue;
		}
		switch (*++s) {
		case 'd':
			exo_fmt_i64(f, (int32_t)k);
			break;
		case 'x':
			exo_fmt_hex(f, k, 1);
			break;
		default:
			exo_fmt_i64(f, (int32_t)(next + k));
			break;
		}
	}
}

void flt_cbpf_text(
    const struct flt_cbpf *insn, uint32_t index, char *buf, size_t size)
{
	const struct flt_op *op = flt_cbpf_op(insn->code);
	uint32_t next = index + 1;
	struct exo_fmt f;
	size_t from;

	if (size == 0)
		return;
	exo_fmt_init(&f, buf, size);
	index3(&f, index);
	from = f.len;
	exo_fmt_str(&f, op != NULL ? op->mnemonic : "unimp");
	pad(&f, from, 8);
	exo_fmt_char(&f, ' ');
	from = f.len;
	if (op == NULL)
		operand(&f, "0x%x", insn->code, next);
	else
		operand(&f, op->operand, insn->k, next);
	if ((insn->code & 7u) != EXO_JMP || (insn->code & 0xf0u) == EXO_JA)
		return;
	pad(&f, from, 16);
	exo_fmt_str(&f, " jt ");
	exo_fmt_u64(&f, next + insn->jt);
	exo_fmt_str(&f, "\tjf ");
	exo_fmt_u64(&f, next + insn->jf);
}
