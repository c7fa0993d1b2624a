/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Classic BPF to eBPF: the check of the source, and the order of the passes.
 *
 *	check	refuse what is no program
 *	nodes	every jump forward, loops rolled out	cbpf_loop.c
 *	flow	what is read later, what can be reached	cbpf_flow.c
 *	emit	instructions				cbpf_emit.c
 */
#include <stdlib.h>

#include "exo/abi/err.h"
#include "filters/cbpf_int.h"
#include "filters/filters_int.h"

/* A target outside the program, or past its end by wrapping? */
static bool inside(uint32_t i, uint32_t distance, uint32_t n)
{
	return i + 1 + distance < n;
}

static const char *wrong_k(const struct flt_op *op, uint16_t code, uint32_t k)
{
	unsigned alu = code & 0xf0u;

	switch (op->kind) {
	case FLT_LD_MEM:
	case FLT_LDX_MEM:
	case FLT_ST:
	case FLT_STX:
		return k < FLT_MEMWORDS ? NULL : "there are 16 words M[]";
	case FLT_ALU_K:
		if ((alu == EXO_DIV || alu == EXO_MOD) && k == 0)
			return "division by the constant 0";
		/* bpf_filter() of libpcap 1.10 leaves it to the C compiler */
		if ((alu == EXO_LSH || alu == EXO_RSH) && k >= 32)
			return "shift by a constant of 32 or more";
		return NULL;
	default:
		return NULL;
	}
}

static const char *wrong(const struct flt_cbpf *in, uint32_t i, uint32_t n)
{
	const struct flt_op *op = flt_cbpf_op(in->code);

	if (op == NULL)
		return "no such instruction";
	if (op->kind == FLT_JA && !inside(i, in->k, n))
		return "jump out of the program";
	if ((op->kind == FLT_JCC_K || op->kind == FLT_JCC_X) &&
	    (!inside(i, in->jt, n) || !inside(i, in->jf, n)))
		return "jump out of the program";
	if (i == n - 1 && op->kind != FLT_RET_K && op->kind != FLT_RET_A)
		return "the last instruction does not return";
	return wrong_k(op, in->code, in->k);
}

static int check(
    const struct flt_cbpf *insns, uint32_t n, struct flt_error *err)
{
	uint32_t i;

	if (n == 0)
		return flt_fail(
		    err, -EXO_EINVAL, "classic BPF: the program is empty");
	if (n > EXO_INSNS_MAX)
		return flt_fail(err, -EXO_E2BIG,
		    "classic BPF: %u instructions, the limit is %u", n,
		    EXO_INSNS_MAX);
	for (i = 0; i < n; i++) {
		const char *what = wrong(&insns[i], i, n);

		if (what != NULL)
			return flt_fail(err, -EXO_EINVAL,
			    "classic BPF, instruction %u (code 0x%x): %s", i,
			    (unsigned)insns[i].code, what);
	}
	return 0;
}

int flt_cbpf_convert(const struct flt_cbpf *insns, uint32_t n,
    struct flt_code *code, struct flt_error *err)
{
	struct flt_prog p = { NULL, 0, 0, false };
	uint32_t start = code->n;
	int ret = check(insns, n, err);

	if (ret < 0)
		return ret;
	ret = flt_cbpf_nodes(insns, n, &p);
	if (ret == 0) {
		flt_cbpf_flow(&p);
		ret = flt_cbpf_emit(&p, code);
	}
	free(p.nodes);
	if (ret == 0)
		return 0;
	code->n = start;
	if (ret == -EXO_E2BIG)
		return flt_fail(err, ret,
		    "classic BPF of %u instructions becomes more than %u", n,
		    EXO_INSNS_MAX);
	return flt_fail(err, ret, "out of memory");
}
