/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hashes: a keyed table with chains over elements taken beforehand.
 *
 * Overview: an element is a number; its key, its value and its link lie in
 * three arrays. It is either in the chain of its bucket or in the free list,
 * a queue. There are at least as many buckets as elements, and where keys
 * fall is known to nobody outside: a chain is as long as chance makes it.
 *
 * Invariant: count elements are live, each in one chain; the other
 * max_entries - count are in the free list, each once.
 */
#include "exo/maps/map_int.h"

#include "exo/abi/err.h"
#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"

static uint32_t heads_for(uint32_t entries)
{
	uint32_t n = 1;

	while (n < entries)
		n *= 2;
	return n;
}

static void queue_free(struct map_table *t, uint32_t e)
{
	t->next[e - 1] = 0;
	t->live[e - 1] = 0;
	if (t->free_last != 0)
		t->next[t->free_last - 1] = e;
	else
		t->free_first = e;
	t->free_last = e;
}

static int hash_new(struct map *m)
{
	struct map_table *t = &m->table;
	size_t n = m->def.max_entries;

	t->nheads = heads_for(m->def.max_entries);
	if (map_new_values(m) != 0)
		return -EXO_ENOMEM;
	t->keys = exo_mem_get(m->mem, n * m->def.key_size);
	t->heads = exo_mem_get(m->mem, t->nheads * sizeof(*t->heads));
	t->next = exo_mem_get(m->mem, n * sizeof(*t->next));
	t->live = exo_mem_get(m->mem, n);
	if (t->keys == NULL || t->heads == NULL || t->next == NULL ||
	    t->live == NULL)
		return -EXO_ENOMEM;
	for (uint32_t e = 1; e <= m->def.max_entries; e++)
		queue_free(t, e);
	return 0;
}

static void hash_free(struct map *m)
{
	struct map_table *t = &m->table;
	size_t n = m->def.max_entries;

	exo_mem_put(m->mem, t->live, n);
	exo_mem_put(m->mem, t->next, n * sizeof(*t->next));
	exo_mem_put(m->mem, t->heads, t->nheads * sizeof(*t->heads));
	exo_mem_put(m->mem, t->keys, n * m->def.key_size);
	map_free_values(m);
}

static uint8_t *key_at(const struct map *m, uint32_t e)
{
	return m->table.keys + (size_t)(e - 1) * m->def.key_size;
}

/* Where the chain of a key begins. */
static uint32_t *head_of(const struct map *m, const void *key)
{
	const struct map_table *t = &m->table;
	uint64_t h = exo_siphash64(&t->key, key, m->def.key_size);

	return &t->heads[(uint32_t)h & (t->nheads - 1)];
}

/* The link that leads to the key's element, or to the end of its chain. */
static uint32_t *link_to(const struct map *m, uint32_t *link, const void *key)
{
	while (
	    *link != 0 && memcmp(key_at(m, *link), key, m->def.key_size) != 0)
		link = &m->table.next[*link - 1];
	return link;
}

static uint8_t *hash_lookup(const struct map *m, const void *key)
{
	uint32_t e = *link_to(m, head_of(m, key), key);

	return e == 0 ? NULL : map_value(m, e - 1);
}

/* The new element goes to the head of the chain. The value is copied before
 * anything else changes: it may lie in the element that is about to be used,
 * but keys lie where no program points. */
static int insert(
    struct map *m, uint32_t *head, const void *key, const void *value)
{
	struct map_table *t = &m->table;
	uint32_t e = t->free_first;

	if (e == 0)
		return -EXO_P_E2BIG;
	t->free_first = t->next[e - 1];
	if (t->free_first == 0)
		t->free_last = 0;
	memmove(map_value(m, e - 1), value, m->def.value_size);
	memcpy(key_at(m, e), key, m->def.key_size);
	t->next[e - 1] = *head;
	t->live[e - 1] = 1;
	*head = e;
	m->count++;
	return 0;
}

static int hash_update(
    struct map *m, const void *key, const void *value, uint64_t flags)
{
	uint32_t *head = head_of(m, key);
	uint32_t e = *link_to(m, head, key);

	if (e != 0 && flags == MAP_NOEXIST)
		return -EXO_P_EEXIST;
	if (e == 0 && flags == MAP_EXIST)
		return -EXO_P_ENOENT;
	if (e == 0)
		return insert(m, head, key, value);
	memmove(map_value(m, e - 1), value, m->def.value_size);
	return 0;
}

static int hash_remove(struct map *m, const void *key)
{
	uint32_t *link = link_to(m, head_of(m, key), key);
	uint32_t e = *link;

	if (e == 0)
		return -EXO_P_ENOENT;
	*link = m->table.next[e - 1];
	queue_free(&m->table, e);
	m->count--;
	return 0;
}

static uint8_t *hash_next(const struct map *m, uint32_t *pos, void *key)
{
	while (*pos < m->def.max_entries) {
		uint32_t i = (*pos)++;

		if (m->table.live[i] == 0)
			continue;
		memcpy(key, key_at(m, i + 1), m->def.key_size);
		return map_value(m, i);
	}
	return NULL;
}

const struct map_ops map_hash_ops = {
	.check = map_check_values,
	.make = hash_new,
	.end = hash_free,
	.lookup = hash_lookup,
	.update = hash_update,
	.remove = hash_remove,
	.next = hash_next,
};
