/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays: the key is the index, and every element exists from the start. */
#include "exo/maps/map_int.h"

#include "exo/abi/err.h"
#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"

static int array_check(const struct exo_map_def *def)
{
	if (def->key_size != sizeof(uint32_t) ||
	    (def->flags & EXO_MAP_NO_PREALLOC) != 0)
		return -EXO_EINVAL;
	return map_check_values(def);
}

static int array_new(struct map *m)
{
	m->count = m->def.max_entries;
	return map_new_values(m);
}

static uint8_t *array_lookup(const struct map *m, const void *key)
{
	return map_value(m, exo_le32(key));
}

/* In Linux's order: what exists is asked before what is allowed. */
static int array_update(
    struct map *m, const void *key, const void *value, uint64_t flags)
{
	uint8_t *to = array_lookup(m, key);
	struct map_change c;

	if (to == NULL)
		return -EXO_P_E2BIG;
	if (flags == MAP_NOEXIST)
		return -EXO_P_EEXIST;
	c = map_write(map_counter(m, exo_le32(key)));
	map_put(to, value, m->def.value_size);
	map_written(c);
	return 0;
}

static uint8_t *array_next(const struct map *m, uint32_t *pos, void *key)
{
	uint8_t *value = map_value(m, *pos);

	if (value != NULL)
		exo_put_le32(key, (*pos)++);
	return value;
}

static int array_read(
    const struct map *m, const void *key, void *value, uint32_t *index)
{
	const uint8_t *from = array_lookup(m, key);
	struct map_look l = map_look(m, exo_le32(key));

	if (from == NULL)
		return -EXO_P_ENOENT;
	*index = exo_le32(key);
	while (map_try(&l)) {
		if (value != NULL)
			map_see_value(value, from, m->def.value_size);
		if (map_same(&l))
			return 0;
	}
	return -EXO_P_EAGAIN;
}

static int array_read_at(
    const struct map *m, uint32_t index, uint8_t *key, void *value)
{
	exo_put_le32(key, index);
	return array_read(m, key, value, &index);
}

const struct map_ops map_array_ops = {
	.check = array_check,
	.make = array_new,
	.end = map_free_values,
	.lookup = array_lookup,
	.update = array_update,
	.next = array_next,
	.read = array_read,
	.read_at = array_read_at,
};

bool map_array(
    const struct map *m, const uint8_t **values, uint32_t *stride, uint32_t *n)
{
	if (m->ops != &map_array_ops)
		return false;
	*values = m->values;
	*stride = m->stride;
	*n = m->def.max_entries;
	return true;
}
