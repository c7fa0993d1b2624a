/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deliveries: records of packets in their owners' rings, and who is told.
 */
#include "exo/core/demux_int.h"
#include "exo/lib/mem.h"

void deliver(struct exo_core *core, const struct exo_pkt *p, uint64_t number,
    struct binding *b, uint32_t len)
{
	struct env *env = b->env;
	uint32_t size = ((uint32_t)sizeof(struct exo_rec) + len + 7) & ~7u;
	struct exo_rec rec = {
		.size = size,
		.kind = EXO_REC_PACKET,
		.binding = b->name,
		.tag = b->tag,
		.packet = number,
		.time_ns = p->time_ns,
		.wirelen = p->wirelen,
		.caplen = p->caplen,
		.len = len,
		.ifindex = p->ifindex,
	};
	uint8_t *to = ring_reserve(&env->ring, size);

	if (to == NULL) {
		/* a consumer that runs at once may make room */
		ring_publish(&env->ring);
		plat_notify(env->plat);
		to = ring_reserve(&env->ring, size);
	}
	if (to == NULL) {
		b->stat.dropped++;
		env->ring.dropped++;
	} else {
		memcpy(to, &rec, sizeof(rec));
		if (len > 0) /* else there may be no data at all */
			memcpy(to + sizeof(rec), p->data, len);
		ring_commit(&env->ring, size);
		b->stat.delivered++;
		env->delivered++;
	}
	if (!env->dirty) {
		env->dirty = true;
		env->dirty_next = core->dirty;
		core->dirty = env;
	}
}

void deliver_end(struct exo_core *core)
{
	struct env *e = core->dirty;

	core->dirty = NULL;
	while (e != NULL) {
		struct env *next = e->dirty_next;

		e->dirty = false;
		e->dirty_next = NULL;
		ring_publish(&e->ring);
		plat_notify(e->plat);
		e = next;
	}
}
