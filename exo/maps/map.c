/* SPDX-License-Identifier: BSD-2-Clause */
/* A map's life, and the calls that differ by kind: see map.h. */
#include "exo/maps/map.h"

#include "exo/abi/err.h"
#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"
#include "exo/maps/map_int.h"

#define ACCESS (EXO_MAP_RDONLY_PROG | EXO_MAP_WRONLY_PROG)
#define LINE   64u /* bytes that a processor takes from memory at once */
#define FLAGS  (ACCESS | EXO_MAP_NO_PREALLOC)

uint32_t map_can(uint32_t kind)
{
	switch (kind) {
/* One branch for each row: NOLINTBEGIN(bugprone-branch-clone) */
#define EXO_MAP_KIND(nr, NAME, text, can) \
	case nr:                          \
		return can;
#include "exo/abi/map.inc"
/* NOLINTEND(bugprone-branch-clone) */
#undef EXO_MAP_KIND
	default:
		return 0;
	}
}

static const struct map_ops *ops_of(uint32_t kind)
{
	switch (kind) {
	case EXO_MAP_ARRAY:
	case EXO_MAP_PERCPU_ARRAY:
		return &map_array_ops;
	case EXO_MAP_HASH:
	case EXO_MAP_PERCPU_HASH:
		return &map_hash_ops;
	case EXO_MAP_LRU_HASH:
	case EXO_MAP_LRU_PERCPU_HASH:
		return &map_lru_ops;
	case EXO_MAP_LPM_TRIE:
		return &map_trie_ops;
	case EXO_MAP_QUEUE:
		return &map_queue_ops;
	case EXO_MAP_STACK:
		return &map_stack_ops;
	case EXO_MAP_RINGBUF:
		return &map_ring_ops;
	case EXO_MAP_PROG_ARRAY:
	case EXO_MAP_PERF_EVENT_ARRAY:
		return &map_slot_ops;
	default:
		return NULL;
	}
}

int map_check(const struct exo_map_def *def)
{
	const struct map_ops *ops = ops_of(def->kind);

	if (ops == NULL || def->max_entries == 0)
		return -EXO_EINVAL;
	if ((def->flags & ~FLAGS) != 0 || (def->flags & ACCESS) == ACCESS)
		return -EXO_EINVAL;
	return ops->check(def);
}

/* Bytes from one value to the next. */
static uint32_t stride_of(const struct exo_map_def *def)
{
	return (def->value_size + 7) & ~7u;
}

int map_check_values(const struct exo_map_def *def)
{
	if (def->key_size == 0 || def->value_size == 0)
		return -EXO_EINVAL;
	if (def->key_size > EXO_MAP_KEY_MAX ||
	    def->value_size > EXO_MAP_VALUE_MAX ||
	    def->max_entries > MAP_ENTRIES_MAX)
		return -EXO_E2BIG;
	if ((uint64_t)def->max_entries * stride_of(def) > MAP_BYTES_MAX ||
	    (uint64_t)def->max_entries * def->key_size > MAP_BYTES_MAX)
		return -EXO_E2BIG;
	return 0;
}

int map_new_slab(struct map *m, uint32_t positions, uint32_t stride)
{
	size_t size = (size_t)positions * stride + LINE - 1;

	m->positions = positions;
	m->stride = stride;
	m->slab = exo_mem_get(m->mem, size);
	if (m->slab == NULL)
		return -EXO_ENOMEM;
	m->values = m->slab + (0u - (uintptr_t)m->slab) % LINE;
	return 0;
}

int map_new_values(struct map *m)
{
	return map_new_slab(m, m->def.max_entries, stride_of(&m->def));
}

void map_free_values(struct map *m)
{
	exo_mem_put(
	    m->mem, m->slab, (size_t)m->positions * m->stride + LINE - 1);
}

int map_new(const struct exo_map_def *def, struct exo_mem *mem,
    const struct exo_sipkey *hash, struct map **out)
{
	const struct map_ops *ops = ops_of(def->kind);
	struct map *m;
	int err;

	*out = NULL;
	err = map_check(def);
	if (ops == NULL || err != 0)
		return err;
	m = exo_mem_get(mem, sizeof(*m));
	if (m == NULL)
		return -EXO_ENOMEM;
	m->def = *def;
	m->ops = ops;
	m->mem = mem;
	m->table.key = *hash;
	err = ops->make(m);
	if (err != 0)
		map_free(m);
	else
		*out = m;
	return err;
}

void map_runs(struct map *m, const uint32_t *run)
{
	m->table.run = run;
}

void map_free(struct map *m)
{
	if (m == NULL)
		return;
	m->ops->end(m);
	exo_mem_put(m->mem, m, sizeof(*m));
}

const struct exo_map_def *map_def(const struct map *m)
{
	return &m->def;
}

uint8_t *map_lookup(const struct map *m, const void *key)
{
	return m->ops->lookup == NULL ? NULL : m->ops->lookup(m, key);
}

map_find_fn *map_finder(const struct map *m)
{
	if (m->ops == &map_hash_ops || m->ops == &map_lru_ops)
		return map_hash_finder(m);
	return m->ops->lookup == NULL ? map_lookup : m->ops->lookup;
}

uint8_t *map_peek(const struct map *m, const void *key)
{
	return m->ops->peek == NULL ? map_lookup(m, key) : m->ops->peek(m, key);
}

int map_update(
    struct map *m, const void *key, const void *value, uint64_t flags)
{
	if (m->ops->update == NULL || flags > MAP_EXIST)
		return -EXO_P_EINVAL;
	return m->ops->update(m, key, value, flags);
}

int map_delete(struct map *m, const void *key)
{
	return m->ops->remove == NULL ? -EXO_P_EINVAL : m->ops->remove(m, key);
}

uint8_t *map_next(const struct map *m, uint32_t *pos, void *key)
{
	return m->ops->next == NULL ? NULL : m->ops->next(m, pos, key);
}

int map_read(const struct map *m, const void *key, void *value, uint32_t *index)
{
	uint32_t at;

	return m->ops->read == NULL
	           ? -EXO_P_EINVAL
	           : m->ops->read(m, key, value, index == NULL ? &at : index);
}

int map_read_next(const struct map *m, uint32_t *pos, void *key, void *value)
{
	uint8_t own[EXO_MAP_KEY_MAX];

	if (m->ops->read_at == NULL)
		return -EXO_P_EINVAL;
	for (; *pos < m->def.max_entries; ++*pos) {
		int err = m->ops->read_at(m, *pos, own, value);

		if (err == -EXO_P_ENOENT)
			continue;
		if (err != 0)
			return err;
		++*pos;
		memcpy(key, own, m->def.key_size);
		return 0;
	}
	return -EXO_P_ENOENT;
}

uint32_t map_count(const struct map *m)
{
	return m->count;
}

uint32_t map_index(const struct map *m, const uint8_t *value)
{
	return (uint32_t)((size_t)(value - m->values) / m->stride);
}

uint8_t *map_value(const struct map *m, uint32_t index)
{
	if (m->values == NULL || index >= m->positions ||
	    (m->ops->shows != NULL && !m->ops->shows(m, index)))
		return NULL;
	return m->values + (size_t)index * m->stride;
}
