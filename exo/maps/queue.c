/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues and stacks: values in the order in which they were pushed.
 *
 * Positions count values and never wrap; the value of position p lies at p mod
 * max_entries, and those from tail to head are there. 0 <= head - tail <=
 * max_entries. The first counter (share.h) is about all.
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

static void move(uint64_t *position, uint64_t by)
{
	__atomic_store_n(position, *position + by, __ATOMIC_RELEASE);
}

int map_queue_push(struct map *m, const void *value, uint64_t flags)
{
	struct map_ring *q = &m->ring;
	bool full = q->head - q->tail == m->def.max_entries;
	struct map_change c;

	if (!is_queue(m) || (flags != MAP_ANY && flags != MAP_EXIST))
		return -EXO_P_EINVAL;
	if (full && flags != MAP_EXIST)
		return -EXO_P_E2BIG;
	c = map_write(m->counter);
	if (full)
		move(&q->tail, 1);
	map_put(place(m, q->head), value, m->def.value_size);
	move(&q->head, 1);
	map_written(c);
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
	struct map_change c;

	if (err != 0)
		return err;
	c = map_write(m->counter);
	if (m->ops == &map_queue_ops)
		move(&m->ring.tail, 1);
	else
		move(&m->ring.head, UINT64_MAX);
	map_written(c);
	m->count--;
	return 0;
}

/* What map_queue_peek() finds. */
static int queue_read(
    const struct map *m, const void *key, void *value, uint32_t *index)
{
	const struct map_ring *q = &m->ring;
	struct map_look l = map_look(m, 0);

	(void)key;
	while (map_try(&l)) {
		uint64_t tail = __atomic_load_n(&q->tail, __ATOMIC_ACQUIRE);
		uint64_t head = __atomic_load_n(&q->head, __ATOMIC_ACQUIRE);
		const uint8_t *from =
		    place(m, m->ops == &map_queue_ops ? tail : head - 1);

		if (value != NULL && head != tail)
			map_see_value(value, from, m->def.value_size);
		if (!map_same(&l))
			continue;
		*index = map_index(m, from);
		return head == tail ? -EXO_P_ENOENT : 0;
	}
	return -EXO_P_EAGAIN;
}

const struct map_ops map_queue_ops = {
	.check = queue_check,
	.make = map_new_values,
	.end = map_free_values,
	.read = queue_read,
};

const struct map_ops map_stack_ops = {
	.check = queue_check,
	.make = map_new_values,
	.end = map_free_values,
	.read = queue_read,
};
