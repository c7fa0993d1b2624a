/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers that hand records to consumers: ring buffers, event arrays. */
#include "exo/core/world_int.h"

#include "exo/abi/prog_err.h"

/* Flags of perf_event_output: a slot, bytes of the packet to append. */
#define INDEX_MASK   UINT64_C(0xffffffff)
#define CTXLEN_MASK  UINT64_C(0xfffff00000000)
#define CTXLEN_SHIFT 32

int helper_ringbuf_output(struct helper *h)
{
	return helper_gives(
	    h, map_ring_output(h->map, h->p[2], h->r[3], h->r[4]));
}

static struct world_record *free_place(struct exo_world *w)
{
	for (uint32_t i = 0; i < EXO_WORLD_HELD; i++) {
		if (w->held[i].serial == 0)
			return &w->held[i];
	}
	return NULL;
}

/* A program that holds too many gets none, as if there were no room. */
int helper_ringbuf_reserve(struct helper *h)
{
	struct world_record *rec = free_place(h->w);
	uint8_t *data = NULL;

	h->r[0] = 0;
	if (rec != NULL && h->r[3] == 0)
		data = map_ring_reserve(h->map, h->r[2]);
	if (data == NULL)
		return ISA_HELPER_DONE;
	*rec = (struct world_record){
		.serial = world_serial(h->w),
		.size = (uint32_t)h->r[2],
		.data = data,
		.map = h->map,
	};
	h->vm->held++;
	h->r[0] =
	    world_gives(h->w, data, world_addr(WORLD_ID_RECORD | rec->serial));
	return ISA_HELPER_DONE;
}

/* The flags tell whether to wake a consumer; there is none that sleeps. */
static int give_up(struct helper *h, bool discard)
{
	map_ring_commit(h->record->map, h->record->data, discard);
	h->record->serial = 0;
	h->vm->held--;
	return helper_gives(h, 0);
}

int helper_ringbuf_submit(struct helper *h)
{
	return give_up(h, false);
}

int helper_ringbuf_discard(struct helper *h)
{
	return give_up(h, true);
}

int helper_ringbuf_query(struct helper *h)
{
	h->r[0] = map_ring_query(h->map, h->r[2]);
	return ISA_HELPER_DONE;
}

int helper_perf_event_output(struct helper *h)
{
	uint64_t flags = h->r[3];
	uint32_t npkt = (uint32_t)((flags & CTXLEN_MASK) >> CTXLEN_SHIFT);
	uint32_t index = (uint32_t)flags;
	const struct map_sink *sink;

	if ((flags & ~(INDEX_MASK | CTXLEN_MASK)) != 0)
		return helper_gives(h, -EXO_P_EINVAL);
	if (npkt > h->vm->pkt.caplen)
		return helper_gives(h, -EXO_P_EFAULT);
	if (index == INDEX_MASK)
		index = 0; /* this processor's: there is one */
	if (index >= map_def(h->map)->max_entries)
		return helper_gives(h, -EXO_P_E2BIG);
	sink = map_slot(h->map, index);
	if (sink == NULL)
		return helper_gives(h, -EXO_P_ENOENT);
	return helper_gives(h, sink->put(sink->arg, h->p[4], (uint32_t)h->r[5],
	                           h->vm->pkt.data, npkt));
}
