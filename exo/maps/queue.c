/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues and stacks: values in the order in which they were pushed.
 *
 * Positions count values and never wrap; the value of position p lies at p mod
 * max_entries, and those from tail to head are there. 0 <= head - tail <=
 * max_entries.
 */
#include "exo/maps/map_int.h"

#include "exo/abi/err.h"
#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"

static int queue_check(const struct exo_map_def *def)
{
	struct exo_map_def as = *def;

	if (def->key_size != 0 || (def->flags & EXO_MAP_NO_PREALLOC) != 0)
		return -EXO_EINVAL;
	as.key_size = 1;
	return map_check_values(&as);
}

static bool is_queue(const struct map *m)
{
	return m->ops == &map_queue_ops || m->ops == &map_stack_ops;
}

static uint8_t *place(const struct map *m, uint64_t position)
{
	return map_value(m, (uint32_t)(position % m->def.max_entries));
}

int map_queue_push(struct map *m, const void *value, uint64_t flags)
{
	struct map_ring *q = &m->ring;

	if (!is_queue(m) || (flags != MAP_ANY && flags != MAP_EXIST))
		return -EXO_P_EINVAL;
	if (q->head - q->tail == m->def.max_entries) {
		if (flags != MAP_EXIST)
			return -EXO_P_E2BIG;
		q->tail++;
	}
	memmove(place(m, q->head++), value, m->def.value_size);
	m->count = (uint32_t)(q->head - q->tail);
	return 0;
}

int map_queue_peek(const struct map *m, void *value)
{
	const struct map_ring *q = &m->ring;

	if (!is_queue(m))
		return -EXO_P_EINVAL;
	if (q->head == q->tail) {
		memset(value, 0, m->def.value_size);
		return -EXO_P_ENOENT;
	}
	memmove(value,
	    place(m, m->ops == &map_queue_ops ? q->tail : q->head - 1),
	    m->def.value_size);
	return 0;
}

int map_queue_pop(struct map *m, void *value)
{
	int err = map_queue_peek(m, value);

	if (err != 0)
		return err;
	if (m->ops == &map_queue_ops)
		m->ring.tail++;
	else
		m->ring.head--;
	m->count--;
	return 0;
}

const struct map_ops map_queue_ops = {
	.check = queue_check,
	.make = map_new_values,
	.end = map_free_values,
};

const struct map_ops map_stack_ops = {
	.check = queue_check,
	.make = map_new_values,
	.end = map_free_values,
};
