/* SPDX-License-Identifier: BSD-2-Clause */
/* Program arrays, event arrays: slots for pointers of the owner. */
#include "exo/maps/map_int.h"

#include "exo/abi/err.h"

static int slot_check(const struct exo_map_def *def)
{
	if (def->key_size != sizeof(uint32_t) ||
	    def->value_size != sizeof(uint32_t) || def->flags != 0)
		return -EXO_EINVAL;
	return def->max_entries > MAP_ENTRIES_MAX ? -EXO_E2BIG : 0;
}

static int slot_new(struct map *m)
{
	m->slots =
	    exo_mem_get(m->mem, m->def.max_entries * sizeof(const void *));
	return m->slots == NULL ? -EXO_ENOMEM : 0;
}

static void slot_free(struct map *m)
{
	exo_mem_put(
	    m->mem, m->slots, m->def.max_entries * sizeof(const void *));
}

const struct map_ops map_slot_ops = {
	.check = slot_check,
	.make = slot_new,
	.end = slot_free,
};

int map_slot_set(struct map *m, uint32_t index, const void *p)
{
	if (m->slots == NULL || index >= m->def.max_entries)
		return -EXO_EINVAL;
	if (m->slots[index] == NULL && p != NULL)
		m->count++;
	else if (m->slots[index] != NULL && p == NULL)
		m->count--;
	m->slots[index] = p;
	return 0;
}

const void *map_slot(const struct map *m, uint32_t index)
{
	if (m->slots == NULL || index >= m->def.max_entries)
		return NULL;
	return m->slots[index];
}
