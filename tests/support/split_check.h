/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a split expression's verdict on a packet libpcap's?
 *
 * Unoptimised it is that of libpcap's unoptimised program for the whole.
 * Optimised it is that of one of libpcap's two programs for the whole; the two
 * differ on packets that end before a byte that one of them loads, and where
 * libpcap 1.10.3's optimiser makes mistakes. Or the optimiser does either with
 * a node: libpcap's two programs for that node differ.
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
	const char *expr;
	uint32_t linktype;
	unsigned flags;
	struct split_prog opt, raw;
};

enum split_verdict {
	SPLIT_SAME,        /* libpcap's, optimised or not as ours */
	SPLIT_UNOPTIMISED, /* not the optimised program's, which rejects less */
	SPLIT_OPTIMISER, /* the same, and the optimised program rejects more */
	SPLIT_NODE,      /* the optimiser's, of a node */
	SPLIT_WRONG,
};

static inline void split_whole_make(
    struct split_whole *w, const char *expr, uint32_t linktype, unsigned flags)
{
	struct split_prog *p = &w->opt;

	w->expr = expr;
	w->linktype = linktype;
	w->flags = flags;
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

/* The result, where 1 stands for a mismatch: 0 is a load past the end. */
static inline uint32_t split_run_node(const struct split_prog *p,
    const uint8_t *pkt, uint32_t caplen, uint32_t wirelen)
{
	uint32_t i;

	for (i = 0; i < p->n; i++)
		if (p->insns[i].code == (BPF_RET | BPF_K) && p->insns[i].k == 0)
			p->insns[i].k = 1;
	return cbpf_run_libpcap(p->insns, pkt, caplen, wirelen);
}

/* Do libpcap's two programs for a node of so many terms differ? */
static inline bool split_is_node(const struct split_whole *w, uint32_t terms,
    const uint8_t *pkt, uint32_t caplen, uint32_t wirelen)
{
	struct flt_split s;
	bool found = false;
	uint32_t i;

	if (flt_split(w->expr, terms, &s) != 0)
		return false;
	for (i = 0; i < s.n && !found; i++) {
		struct split_whole node;

		s.text[s.nodes[i].at + s.nodes[i].len] = '\0';
		split_whole_make(
		    &node, s.text + s.nodes[i].at, w->linktype, w->flags);
		found = node.opt.ret == 0 && node.raw.ret == 0 &&
		        split_run_node(&node.opt, pkt, caplen, wirelen) !=
		            split_run_node(&node.raw, pkt, caplen, wirelen);
		split_whole_free(&node);
	}
	flt_split_free(&s);
	return found;
}

/* Judge `ours`, made of nodes of so many terms, unoptimised (raw) or not. */
static inline enum split_verdict split_judge(const struct split_whole *w,
    const struct flt_cbpf *ours, bool raw, uint32_t terms, const uint8_t *pkt,
    uint32_t caplen, uint32_t wirelen)
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
		return r == 0 ? SPLIT_UNOPTIMISED : SPLIT_OPTIMISER;
	return split_is_node(w, terms, pkt, caplen, wirelen) ? SPLIT_NODE
	                                                     : SPLIT_WRONG;
}

#endif
