/* SPDX-License-Identifier: BSD-2-Clause */
/* The elements of a world's maps from outside, as bpf(2) has it: see world.h. */
#include "exo/core/world_int.h"

#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"

static uint32_t can_of(const struct exo_world *w, uint32_t map)
{
	return map < w->nmaps ? map_can(map_def(w->maps[map])->kind) : 0;
}

const struct exo_map_def *exo_world_def(const struct exo_world *w, uint32_t map)
{
	return map < w->nmaps ? map_def(w->maps[map]) : NULL;
}

int exo_elem_get(
    const struct exo_world *w, uint32_t map, const void *key, void *value)
{
	if (map >= w->nmaps)
		return -EXO_P_EINVAL;
	return map_read(w->maps[map], key, value, NULL);
}

int exo_elem_set(struct exo_world *w, uint32_t map, const void *key,
    const void *value, uint64_t flags)
{
	uint32_t can = can_of(w, map);

	if ((can & EXO_MAP_PUSH) != 0)
		return map_queue_push(w->maps[map], value, flags);
	if ((can & EXO_MAP_UPDATE) == 0)
		return -EXO_P_EINVAL;
	if ((w->frozen >> map & 1) != 0)
		return -EXO_P_EPERM;
	return map_update(w->maps[map], key, value, flags);
}

int exo_elem_delete(struct exo_world *w, uint32_t map, const void *key)
{
	if ((can_of(w, map) & EXO_MAP_DELETE) == 0)
		return -EXO_P_EINVAL;
	return map_delete(w->maps[map], key);
}

/* An array's elements stay, and so nothing is taken. A trie's element goes by
 * its own prefix, which need not be that of the look-up. */
int exo_elem_take(
    struct exo_world *w, uint32_t map, const void *key, void *value)
{
	const struct exo_map_def *def = exo_world_def(w, map);
	int err;

	if (def == NULL)
		return -EXO_P_EINVAL;
	switch (def->kind) {
	case EXO_MAP_QUEUE:
	case EXO_MAP_STACK:
		return map_queue_pop(w->maps[map], value);
	case EXO_MAP_HASH:
	case EXO_MAP_PERCPU_HASH:
	case EXO_MAP_LRU_HASH:
	case EXO_MAP_LRU_PERCPU_HASH:
		err = exo_elem_get(w, map, key, value);
		return err != 0 ? err : map_delete(w->maps[map], key);
	default:
		return -EXO_P_EINVAL;
	}
}

/* Are two keys of a trie one prefix? Only its bits count. */
static bool same_prefix(const uint8_t *a, const uint8_t *b)
{
	uint32_t bits = exo_le32(a);
	uint8_t rest = (uint8_t)(0xff00u >> bits % 8);

	if (bits != exo_le32(b) || memcmp(a + 4, b + 4, bits / 8) != 0)
		return false;
	return rest == 0 || ((a[4 + bits / 8] ^ b[4 + bits / 8]) & rest) == 0;
}

/* The position behind that of a key; 0: the map has no such element. Returns 0 or
 * -EAGAIN. A trie may have found a shorter prefix. */
static int behind(const struct map *m, const void *key, uint32_t *pos)
{
	uint8_t found[EXO_MAP_KEY_MAX];
	int err = map_read(m, key, NULL, pos);

	if (err == 0 && map_def(m)->kind != EXO_MAP_LPM_TRIE) {
		++*pos;
		return 0;
	}
	if (err == 0)
		err = map_read_next(m, pos, found, NULL);
	if (err == -EXO_P_EAGAIN)
		return err;
	if (err != 0 || !same_prefix(key, found))
		*pos = 0;
	return 0;
}

int exo_elem_next(
    const struct exo_world *w, uint32_t map, const void *key, void *next)
{
	uint32_t pos = 0;
	int err = 0;

	if ((can_of(w, map) & EXO_MAP_LOOKUP) == 0)
		return -EXO_P_EINVAL;
	if (key != NULL)
		err = behind(w->maps[map], key, &pos);
	return err != 0 ? err : map_read_next(w->maps[map], &pos, next, NULL);
}
