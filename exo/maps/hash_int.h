/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of a hash share: its elements, and those that are free.
 */
#ifndef EXO_MAPS_HASH_INT_H
#define EXO_MAPS_HASH_INT_H

#include "exo/maps/map_int.h"

#define AT_HOME UINT32_MAX /* a link: the element is in its key's group */
#define LIVE    (1u << 31) /* a state: a number follows */
#define FREE    (1u << 31) /* a place: the next free number, from 1, follows */
#define STAMP   25u /* a state: from this bit on the run; before, a link */
#define STAMPS  63u

/* The value of an element; what lies behind it is no program's. */
static inline uint8_t *value_at(const struct map *m, uint32_t e)
{
	return m->values + (size_t)(e - 1) * m->stride;
}

/* The next element in its list, or AT_HOME. */
static inline uint32_t *link_at(const struct map *m, uint32_t e)
{
	return (uint32_t *)(void *)(value_at(m, e) + m->table.link);
}

static inline uint8_t *key_at(const struct map *m, uint32_t e)
{
	return (uint8_t *)(link_at(m, e) + 1);
}

/** An element is free from now on; its link is of the list of such. */
void hash_give(struct map *m, uint32_t e);

/** The free element for a new key of a group: one of that, or of none, or any. If it
 * is seen by the program that runs, all that are free are. There is one. */
uint32_t hash_room(const struct map *m, uint32_t group);

/** It is not free any more. */
void hash_take(struct map *m, uint32_t e);

/** Is what was in a free element still seen by the program that runs? */
bool hash_seen(const struct map_table *t, uint32_t e);

/** A number is free; take one: fewer than max_entries are used. */
void hash_put_number(struct map_table *t, uint32_t number);
uint32_t hash_take_number(struct map_table *t);

#endif
