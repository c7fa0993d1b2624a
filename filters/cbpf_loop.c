/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes from classic instructions, loops rolled out.
 *
 * libpcap writes `protochain` as a loop with a backward `ja`. A verified
 * program has a proven number of steps, so a loop is laid out as 193 copies of
 * its instructions; a backward jump goes to the next copy, and rejects in the
 * last. An IPv6 header in the chain has 8 bytes or more, so that this is exact
 * for every frame of Ethernet's 1,518 bytes, which has room for 183. (Later
 * versions of bpf_filter() reject after 64; that of libpcap 1.10 never does.)
 *
 * Loops that overlap are one region, [lo, hi]. place() finds the node of an
 * instruction: those of a region's first copy for jumps from outside.
 */
#include <stdlib.h>

#include "exo/abi/err.h"
#include "filters/cbpf_int.h"

#define BACKWARD_JUMPS 192u

/* Where an instruction of the source is. */
struct place {
	uint32_t node;   /* its node, in the first copy */
	uint32_t region; /* first instruction of its region */
	uint32_t len;    /* instructions in the region; 0: in none */
};

static bool is_backward(const struct flt_cbpf *in)
{
	return flt_cbpf_op(in->code)->kind == FLT_JA && in->k >= 1u << 31;
}

/* Set len at the first instruction of each region. */
static void find_regions(
    const struct flt_cbpf *insns, uint32_t n, struct place *at)
{
	uint32_t i, lo, hi;

	for (i = 0; i < n; i++)
		if (is_backward(&insns[i])) {
			uint32_t to = i + 1 + insns[i].k;

			at[to].len = i - to + 1;
		}
	for (lo = 0; lo < n; lo = hi) {
		if (at[lo].len == 0) {
			hi = lo + 1;
			continue;
		}
		hi = lo + at[lo].len;
		for (i = lo; i < hi; i++) {
			if (at[i].len > hi - i)
				hi = i + at[i].len;
			at[i].region = lo;
		}
		for (i = lo; i < hi; i++)
			at[i].len = hi - lo;
	}
}

/* Number the nodes; returns how many, or 0 when they are too many. */
static uint32_t number(struct place *at, uint32_t n)
{
	uint64_t node = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		at[i].node = (uint32_t)node++;
		if (at[i].len != 0 && i + 1 == at[i].region + at[i].len)
			node += (uint64_t)at[i].len * BACKWARD_JUMPS;
		if (node >= EXO_INSNS_MAX)
			return 0;
	}
	return (uint32_t)node + 1; /* the last one rejects */
}

/* The node to which a jump from instruction `from` of copy `copy` goes. */
static uint32_t target(const struct place *at, uint32_t from, uint32_t to,
    uint32_t copy, uint32_t reject)
{
	const struct place *a = &at[from], *b = &at[to];

	if (to <= from)
		copy++;
	if (copy > BACKWARD_JUMPS)
		return reject;
	if (a->len == 0 || b->len == 0 || a->region != b->region)
		return b->node;
	return b->node + copy * b->len;
}

static void fill(struct flt_prog *p, const struct flt_cbpf *insns,
    const struct place *at, uint32_t i, uint32_t copy)
{
	const struct flt_cbpf *in = &insns[i];
	struct flt_node *nd = &p->nodes[at[i].node + copy * at[i].len];
	uint32_t reject = p->n - 1;

	nd->kind = flt_cbpf_op(in->code)->kind;
	nd->k = in->k;
	switch (nd->kind) {
	case FLT_LD_ABS:
	case FLT_LD_IND:
	case FLT_LDX_MSH:
		/* no packet is that long */
		if (in->k >= 1u << 31)
			*nd = p->nodes[reject];
		nd->op = in->code & 0x18u;
		break;
	case FLT_JA:
		if (is_backward(in))
			nd->kind = FLT_BACK;
		nd->t = target(at, i, i + 1 + in->k, copy, reject);
		break;
	case FLT_JCC_K:
	case FLT_JCC_X:
		nd->t = target(at, i, i + 1 + in->jt, copy, reject);
		nd->f = target(at, i, i + 1 + in->jf, copy, reject);
		nd->op = in->code & 0xf0u;
		break;
	default:
		nd->op = in->code & 0xf0u;
		break;
	}
}

int flt_cbpf_nodes(const struct flt_cbpf *insns, uint32_t n, struct flt_prog *p)
{
	struct place *at = calloc(n, sizeof(*at));
	uint32_t i, c;

	if (at == NULL)
		return -EXO_ENOMEM;
	find_regions(insns, n, at);
	p->n = number(at, n);
	if (p->n == 0) {
		free(at);
		return -EXO_E2BIG;
	}
	p->nodes = calloc(p->n, sizeof(*p->nodes));
	if (p->nodes == NULL) {
		free(at);
		return -EXO_ENOMEM;
	}
	p->nodes[p->n - 1].kind = FLT_RET_K; /* k is 0 */
	for (i = 0; i < n; i++)
		for (c = 0; c == 0 || (at[i].len != 0 && c <= BACKWARD_JUMPS);
		     c++)
			fill(p, insns, at, i, c);
	free(at);
	return 0;
}
