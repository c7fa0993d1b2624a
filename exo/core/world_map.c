/* SPDX-License-Identifier: BSD-2-Clause */
/* A world's maps as their owner sees them: see world.h. */
#include "exo/core/world.h"

#include "exo/abi/err.h"
#include "exo/core/image.h"
#include "exo/core/world_int.h"
#include "exo/lib/bytes.h"

/* The map of this index if it can do that, or NULL. */
static struct map *find(const struct exo_world *w, uint32_t map, uint32_t can)
{
	if (map >= w->nmaps ||
	    (map_can(map_def(w->maps[map])->kind) & can) == 0)
		return NULL;
	return w->maps[map];
}

int exo_world_slot(struct exo_world *w, uint32_t map, uint32_t index,
    const struct exo_world_prog *prog)
{
	struct map *m = find(w, map, EXO_MAP_TAIL);

	return m == NULL ? -EXO_EINVAL : map_slot_set(m, index, prog);
}

int exo_world_lookup(
    const struct exo_world *w, uint32_t map, const void *key, void *value)
{
	const struct map *m = find(w, map, EXO_MAP_LOOKUP);
	const uint8_t *from;

	if (m == NULL)
		return -EXO_EINVAL;
	from = map_peek(m, key);
	if (from == NULL)
		return -EXO_ENOENT;
	memcpy(value, from, map_def(m)->value_size);
	return 0;
}

int exo_world_begin(struct exo_world *w, const struct exo_image *img)
{
	uint32_t at = 0, i, size;
	const uint8_t *bytes;

	while ((bytes = exo_image_init_next(img, &at, &i, &size)) != NULL) {
		const struct exo_map_def *def = map_def(w->maps[i]);

		if ((def->kind != EXO_MAP_ARRAY &&
		        def->kind != EXO_MAP_PERCPU_ARRAY) ||
		    size > def->value_size)
			return -EXO_EINVAL;
		memcpy(map_value(w->maps[i], 0), bytes, size);
		if ((def->flags & EXO_MAP_RDONLY_PROG) != 0)
			w->frozen |= (uint64_t)1 << i;
	}
	return 0;
}

int exo_world_update(
    struct exo_world *w, uint32_t map, const void *key, const void *value)
{
	struct map *m = find(w, map, EXO_MAP_UPDATE);

	if (m == NULL)
		return -EXO_EINVAL;
	if ((w->frozen >> map & 1) != 0)
		return -EXO_EPERM;
	return map_update(m, key, value, MAP_ANY) == 0 ? 0 : -EXO_ELIMIT;
}

int exo_world_next(const struct exo_world *w, uint32_t map, uint32_t *pos,
    void *key, void *value)
{
	const struct map *m = find(w, map, EXO_MAP_LOOKUP);
	const uint8_t *from;

	if (m == NULL)
		return -EXO_EINVAL;
	from = map_next(m, pos, key);
	if (from == NULL)
		return -EXO_ENOENT;
	memcpy(value, from, map_def(m)->value_size);
	return 0;
}

const uint8_t *exo_world_record(
    struct exo_world *w, uint32_t map, uint32_t *size)
{
	struct map *m = find(w, map, EXO_MAP_RING);

	*size = 0;
	return m == NULL ? NULL : map_ring_next(m, size);
}
