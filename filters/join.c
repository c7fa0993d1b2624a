/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One classic program of the programs of an expression's nodes.
 *
 * They are laid end to end. `ret` becomes `ja`, which reaches as far as needed,
 * so that all other jumps stay as they are. A last `ja` to what comes next
 * anyway is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "filters/cbpf_int.h"
#include "filters/split.h"

/* What libpcap returns for a match is the same in all of them. */
static int check(
    const struct flt_part_prog *progs, uint32_t n, uint32_t *accept)
{
	uint32_t i, k;

	*accept = 0;
	for (i = 0; i < n; i++)
		for (k = 0; k < progs[i].n; k++) {
			const struct flt_cbpf *in = &progs[i].insns[k];
			const struct flt_op *op = flt_cbpf_op(in->code);

			if (op == NULL || op->kind == FLT_RET_A ||
			    (op->kind == FLT_JA && in->k >= 1u << 31))
				return -EXO_EINVAL;
			if (op->kind != FLT_RET_K || in->k == 0)
				continue;
			if (*accept != 0 && *accept != in->k)
				return -EXO_EINVAL;
			*accept = in->k;
		}
	return 0;
}

static bool is_ret(const struct flt_cbpf *in)
{
	return flt_cbpf_op(in->code)->kind == FLT_RET_K;
}

static uint32_t leads_to(
    const struct flt_split_node *node, const struct flt_cbpf *ret)
{
	return ret->k != 0 ? node->t : node->f;
}

/* How many instructions of a node's program remain. */
static uint32_t size_of(
    const struct flt_split *s, const struct flt_part_prog *p, uint32_t i)
{
	const struct flt_cbpf *last = &p->insns[p->n - 1];

	return is_ret(last) && leads_to(&s->nodes[i], last) == i + 1 ? p->n - 1
	                                                             : p->n;
}

/* Copy node i's program to `to`, which is at[i]. */
static void copy(const struct flt_split *s, const struct flt_part_prog *p,
    const uint32_t *at, uint32_t i, struct flt_cbpf *to)
{
	uint32_t k, size = at[i + 1] - at[i];

	for (k = 0; k < size; k++) {
		uint32_t node, target;

		to[k] = p->insns[k];
		if (!is_ret(&to[k]))
			continue;
		node = leads_to(&s->nodes[i], &to[k]);
		target = node == FLT_SPLIT_TRUE    ? at[s->n]
		         : node == FLT_SPLIT_FALSE ? at[s->n] + 1
		                                   : at[node];
		to[k] = (struct flt_cbpf){ EXO_JMP | EXO_JA, 0, 0,
			target - (at[i] + k) - 1 };
	}
}

int flt_join(const struct flt_split *s, const struct flt_part_prog *progs,
    struct flt_cbpf **out, uint32_t *n)
{
	uint32_t *at, i, accept;
	int ret = check(progs, s->n, &accept);

	if (ret < 0)
		return ret;
	at = calloc((size_t)s->n + 1, sizeof(*at));
	if (at == NULL)
		return -EXO_ENOMEM;
	for (i = 0; i < s->n && ret == 0; i++) {
		at[i + 1] = at[i] + size_of(s, &progs[i], i);
		if (at[i + 1] > EXO_INSNS_MAX - 2)
			ret = -EXO_E2BIG;
	}
	if (ret == 0) {
		*n = at[s->n] + 2;
		*out = calloc(*n, sizeof(**out));
		ret = *out == NULL ? -EXO_ENOMEM : 0;
	}
	if (ret == 0) {
		for (i = 0; i < s->n; i++)
			copy(s, &progs[i], at, i, *out + at[i]);
		/* the codes of `ret #k` */
		(*out)[at[s->n]] = (struct flt_cbpf){ 6, 0, 0, accept };
		(*out)[at[s->n] + 1] = (struct flt_cbpf){ 6, 0, 0, 0 };
	}
	free(at);
	return ret;
}
