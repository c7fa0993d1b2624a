/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a split expression's verdict on a packet libpcap's?
 *
 * Unoptimised it is that of libpcap's unoptimised program for the whole.
 * Optimised it is that of one of libpcap's two programs. Where it is not the
 * optimised one's, then on a packet that ends before a byte that the
 * unoptimised one loads, and which that one rejects for it, or where the
 * optimised one is wrong: libpcap 1.10.3's optimiser makes mistakes.
 * On such a short packet the verdict may also be the one that all longer
 * packets get that begin like it: an optimised node spares a load that the
 * optimised whole does not.
 * Header only, so that every test program can have it.
 */
#ifndef TESTS_SUPPORT_SPLIT_CHECK_H
#define TESTS_SUPPORT_SPLIT_CHECK_H

#include "filters/filters_int.h"
#include "filters/split.h"
#include "tests/support/cbpf_run.h"

/* A compiled expression; ret 0 when there is one. */
struct split_prog {
	struct flt_cbpf *insns;
	uint32_t n;
	int ret;
	struct flt_error err;
};

/* libpcap's programs for the whole, optimised and not. */
struct split_whole {
	struct split_prog opt, raw;
};

enum split_verdict {
	SPLIT_SAME,
	SPLIT_REJECTS,   /* a short packet, as the unoptimised program does */
	SPLIT_LONGER,    /* a short packet, as all longer ones */
	SPLIT_OPTIMISER, /* as the unoptimised program, and that is right */
	SPLIT_WRONG,
};

static inline void split_whole_make(
    struct split_whole *w, const char *expr, uint32_t linktype, unsigned flags)
{
	struct split_prog *p = &w->opt;

	p->ret =
	    flt_expr_whole(expr, linktype, flags, &p->insns, &p->n, &p->err);
	p = &w->raw;
	p->ret = flt_expr_whole(
	    expr, linktype, flags | FLT_EXPR_RAW, &p->insns, &p->n, &p->err);
}

static inline void split_whole_free(struct split_whole *w)
{
	free(w->opt.insns);
	free(w->raw.insns);
}

/* Do longer packets that begin like this one get what it got? */
static inline bool split_is_longer(const struct flt_cbpf *raw,
    const uint8_t *pkt, uint32_t caplen, uint32_t wirelen, uint32_t got)
{
	static uint8_t data[4096];
	uint64_t rnd = caplen + 1u;
	uint32_t i, fill;

	if (caplen > sizeof(data) / 2)
		return false;
	memcpy(data, pkt, caplen);
	for (fill = 0; fill < 8; fill++) {
		for (i = caplen; i < sizeof(data); i++)
			data[i] = fill < 2 ? (uint8_t)(0 - fill)
			                   : (uint8_t)cbpf_random(&rnd);
		if (cbpf_run_libpcap(raw, data, sizeof(data), wirelen) != got)
			return false;
	}
	return true;
}

/* Judge `ours`, made of unoptimised nodes (raw) or of optimised ones. */
static inline enum split_verdict split_judge(const struct split_whole *w,
    const struct flt_cbpf *ours, bool raw, const uint8_t *pkt, uint32_t caplen,
    uint32_t wirelen)
{
	uint32_t r = cbpf_run_libpcap(w->raw.insns, pkt, caplen, wirelen);
	uint32_t got = cbpf_run_libpcap(ours, pkt, caplen, wirelen);
	uint32_t o = r;

	/* "expression rejects all packets" has no optimised program */
	if (!raw && w->opt.ret == 0)
		o = cbpf_run_libpcap(w->opt.insns, pkt, caplen, wirelen);
	if (got == o)
		return SPLIT_SAME;
	if (raw)
		return SPLIT_WRONG;
	if (got == r)
		return r == 0 ? SPLIT_REJECTS : SPLIT_OPTIMISER;
	if (r == 0 && split_is_longer(w->raw.insns, pkt, caplen, wirelen, got))
		return SPLIT_LONGER;
	return SPLIT_WRONG;
}

#endif
