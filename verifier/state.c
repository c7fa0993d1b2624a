/* SPDX-License-Identifier: BSD-2-Clause */
/* Abstract states at work: see state.h. */
#include "verifier/state.h"

#include "exo/lib/mem.h"

void vf_state_enter(struct vf_state *st, uint32_t depth)
{
	struct vf_frame *f = st->frame[depth];
	struct vf_reg *fp = &st->r[EXO_R_FP];

	memset(f->byte, VF_BYTE_NONE, sizeof(f->byte));
	memset(f->slot, 0, sizeof(f->slot));
	st->depth = depth;
	*fp = (struct vf_reg){
		.kind = EXO_REG_STACK,
		.frame = (uint8_t)depth,
		.s = vf_scalar_const(0, 64),
		.def = EXO_REPORT_NOWHERE,
	};
}

void vf_state_init(struct vf_state *st)
{
	memset(st->r, 0, sizeof(st->r));
	st->npool = 0;
	st->nrefs = 0;
	st->mem_min = 0;
	st->next_id = VF_ID_FIRST;
	vf_state_enter(st, 0);
}

void vf_state_copy(struct vf_state *to, const struct vf_state *from)
{
	uint32_t k;

	memcpy(to->r, from->r, sizeof(to->r));
	to->mem_min = from->mem_min;
	to->next_id = from->next_id;
	to->depth = from->depth;
	to->nrefs = from->nrefs;
	for (k = 0; k < from->nrefs; k++) {
		to->ref[k] = from->ref[k];
		to->ref_at[k] = from->ref_at[k];
	}
	to->npool = from->npool;
	if (from->npool != 0)
		memcpy(to->pool, from->pool, from->npool * sizeof(to->pool[0]));
	for (k = 0; k <= from->depth; k++)
		*to->frame[k] = *from->frame[k];
}

struct vf_reg *vf_pool_add(
    struct vf_state *st, unsigned frame, unsigned h, const struct vf_reg *r)
{
	struct vf_reg *to = &st->pool[st->npool++];

	*to = *r;
	to->at = (uint16_t)(frame * VF_HALVES + h);
	st->frame[frame]->slot[h] = (uint16_t)st->npool;
	return to;
}

static uint16_t *slot_of(const struct vf_state *st, const struct vf_reg *r)
{
	return &st->frame[r->at / VF_HALVES]->slot[r->at % VF_HALVES];
}

void vf_pool_remove(struct vf_state *st, struct vf_reg *r)
{
	struct vf_reg *last = &st->pool[st->npool - 1];

	*slot_of(st, r) = 0;
	if (r != last) {
		*r = *last;
		*slot_of(st, r) = (uint16_t)(r - st->pool + 1);
	}
	st->npool--;
}
