/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hashes: a keyed table with chains over elements taken beforehand.
 *
 * Overview: an element is a number; its value, its link and its key lie behind
 * each other, so that a look-up touches a bucket and an element. It is either in
 * the chain of its bucket or in the free list, a queue. There are at least twice
 * as many buckets as elements, and where keys fall is known to nobody outside: a
 * chain is as long as chance makes it.
 *
 * Invariant: count elements are live, each in one chain; the other
 * max_entries - count are in the free list, each once. Where uses count, live
 * elements are in a list by their last use, too, each once.
 *
 * Readers in other threads: a bucket's counter (share.h) is about its chain and
 * all that is in the elements of it. An element that leaves it changes that
 * before it is anywhere else: so who comes from the bucket to an element that is
 * another's by then knows. Lists by last use are the writer's alone.
 */
#include "exo/maps/map_int.h"

#include "exo/abi/err.h"
#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"
#include "exo/lib/siphash13.h"

#define INLINE static inline __attribute__((always_inline))

static uint32_t heads_for(uint32_t entries)
{
	uint32_t n = 2;

	while (n < 2 * entries)
		n *= 2;
	return n;
}

/* The value of an element; what lies behind it is no program's. */
static uint8_t *value_at(const struct map *m, uint32_t e)
{
	return m->values + (size_t)(e - 1) * m->stride;
}

/* The next element in its list. */
static uint32_t *link_at(const struct map *m, uint32_t e)
{
	return (uint32_t *)(void *)(value_at(m, e) + m->table.link);
}

static uint8_t *key_at(const struct map *m, uint32_t e)
{
	return (uint8_t *)(link_at(m, e) + 1);
}

static void queue_free(struct map *m, uint32_t e)
{
	struct map_table *t = &m->table;

	map_set(link_at(m, e), 0);
	__atomic_store_n(&t->live[e - 1], 0, __ATOMIC_RELEASE);
	if (t->free_last != 0)
		map_set(link_at(m, t->free_last), e);
	else
		t->free_first = e;
	t->free_last = e;
}

/* An element is used: it becomes the newest. */
static void unlist(struct map_table *t, uint32_t e)
{
	uint32_t older = t->older[e - 1], newer = t->newer[e - 1];

	if (older != 0)
		t->newer[older - 1] = newer;
	else
		t->oldest = newer;
	if (newer != 0)
		t->older[newer - 1] = older;
	else
		t->newest = older;
}

static void enlist(struct map_table *t, uint32_t e)
{
	t->older[e - 1] = t->newest;
	t->newer[e - 1] = 0;
	if (t->newest != 0)
		t->newer[t->newest - 1] = e;
	else
		t->oldest = e;
	t->newest = e;
}

static void use(struct map_table *t, uint32_t e)
{
	if (t->newest == e)
		return;
	unlist(t, e);
	enlist(t, e);
}

static int hash_new(struct map *m)
{
	struct map_table *t = &m->table;
	size_t n = m->def.max_entries;

	t->nheads = heads_for(m->def.max_entries);
	t->link = (m->def.value_size + 7) & ~7u;
	if (map_new_slab(m, sizeof(uint32_t) + m->def.key_size) != 0)
		return -EXO_ENOMEM;
	t->heads = exo_mem_get(m->mem, t->nheads * sizeof(*t->heads));
	t->live = exo_mem_get(m->mem, n);
	if (t->heads == NULL || t->live == NULL)
		return -EXO_ENOMEM;
	for (uint32_t e = 1; e <= m->def.max_entries; e++)
		queue_free(m, e);
	return 0;
}

static void hash_free(struct map *m)
{
	struct map_table *t = &m->table;
	size_t n = m->def.max_entries;

	exo_mem_put(m->mem, t->live, n);
	exo_mem_put(m->mem, t->heads, t->nheads * sizeof(*t->heads));
	map_free_values(m);
}

/* Where the chain of a key begins, whose size is n, as below. */
INLINE uint32_t *head_of(const struct map *m, const void *key, uint32_t n)
{
	uint64_t h = exo_siphash13(&m->table.key, key, n);

	return &m->table.heads[(uint32_t)h & (m->table.nheads - 1)];
}

static uint32_t *head_for(const struct map *m, const void *key)
{
	return head_of(m, key, m->def.key_size);
}

/* Is the key behind a link this one? */
INLINE bool same(const uint32_t *link, const uint8_t *key, uint32_t n)
{
	const uint8_t *own = (const uint8_t *)(link + 1);
	uint32_t differ = 0;

	for (; n >= 8 && differ == 0; n -= 8, own += 8, key += 8)
		differ |= (exo_le32(own) ^ exo_load_half(key)) |
		          (exo_le32(own + 4) ^ exo_load_half(key + 4));
	if (n >= 4) {
		differ |= exo_le32(own) ^ exo_load_half(key);
		n -= 4;
		own += 4;
		key += 4;
	}
	for (; n > 0; n--)
		differ |= (uint32_t)(*own++ ^ *key++);
	return differ == 0;
}

/* The value of a key and its element; NULL and 0: there is none. */
INLINE uint8_t *find(
    const struct map *m, const void *key, uint32_t n, uint32_t *element)
{
	uint32_t e = *head_of(m, key, n);
	uint8_t *value = NULL;

	while (e != 0) {
		const uint32_t *link;

		value = value_at(m, e);
		link = (const uint32_t *)(void *)(value + m->table.link);
		if (same(link, key, n))
			break;
		e = *link;
	}
	*element = e;
	return e == 0 ? NULL : value;
}

/* The link that leads to the key's element, or to the end of its chain. */
static uint32_t *link_to(const struct map *m, uint32_t *link, const void *key)
{
	while (*link != 0 && !same(link_at(m, *link), key, m->def.key_size))
		link = link_at(m, *link);
	return link;
}

INLINE uint8_t *lookup(const struct map *m, const void *key, uint32_t n)
{
	uint32_t e;

	return find(m, key, n, &e);
}

static uint8_t *hash_lookup(const struct map *m, const void *key)
{
	return lookup(m, key, m->def.key_size);
}

/* The bucket that begins at head, and what is in it, change. */
static struct map_change change(struct map *m, const uint32_t *head)
{
	return map_write(map_counter(m, (size_t)(head - m->table.heads)));
}

/* Take an element out of its chain, which begins at head. */
static void take_out(struct map *m, const uint32_t *head, uint32_t *link)
{
	struct map_change c = change(m, head);
	uint32_t e = *link;

	map_set(link, *link_at(m, e));
	queue_free(m, e);
	map_written(c);
	if (m->table.older != NULL)
		unlist(&m->table, e);
	m->count--;
}

/* The new element goes to the head of the chain. Key and value may lie in the
 * value of the element that is about to be used; keys lie where no program
 * points, so the key is copied first. */
static int insert(
    struct map *m, uint32_t *head, const void *key, const void *value)
{
	struct map_table *t = &m->table;
	uint32_t e = t->free_first;
	struct map_change c;

	if (e == 0)
		return -EXO_P_E2BIG;
	t->free_first = *link_at(m, e);
	if (t->free_first == 0)
		t->free_last = 0;
	c = change(m, head);
	map_put_key(key_at(m, e), key, m->def.key_size);
	map_put(value_at(m, e), value, m->def.value_size);
	map_set(link_at(m, e), *head);
	__atomic_store_n(&t->live[e - 1], 1, __ATOMIC_RELEASE);
	map_set(head, e);
	map_written(c);
	m->count++;
	if (t->older != NULL)
		enlist(t, e);
	return 0;
}

/* Give up what was not used for longest. */
static void forget(struct map *m)
{
	const uint8_t *key = key_at(m, m->table.oldest);
	uint32_t *head = head_for(m, key);

	take_out(m, head, link_to(m, head, key));
}

static int hash_update(
    struct map *m, const void *key, const void *value, uint64_t flags)
{
	uint32_t *head = head_for(m, key);
	uint32_t e = *link_to(m, head, key);
	struct map_change c;

	if (e != 0 && flags == MAP_NOEXIST)
		return -EXO_P_EEXIST;
	if (e == 0 && flags == MAP_EXIST)
		return -EXO_P_ENOENT;
	if (e == 0 && m->table.older != NULL && m->table.free_first == 0)
		forget(m);
	if (e == 0)
		return insert(m, head, key, value);
	if (m->table.older != NULL)
		use(&m->table, e);
	c = change(m, head);
	map_put(value_at(m, e), value, m->def.value_size);
	map_written(c);
	return 0;
}

static int hash_remove(struct map *m, const void *key)
{
	uint32_t *head = head_for(m, key);
	uint32_t *link = link_to(m, head, key);

	if (*link == 0)
		return -EXO_P_ENOENT;
	take_out(m, head, link);
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

/* --- reads by other threads: see share.h --------------------------------------- */

#define LOOK_AGAIN 16u /* elements of a chain, which may have become another */

static bool reads_same(
    const struct map *m, uint32_t e, const uint8_t *key, uint32_t n)
{
	const uint8_t *own = key_at(m, e);

	for (; n >= 4; n -= 4, own += 4, key += 4) {
		if (map_see((const uint32_t *)(const void *)own) !=
		    exo_le32(key))
			return false;
	}
	for (; n > 0; n--) {
		if (__atomic_load_n(own++, __ATOMIC_ACQUIRE) != *key++)
			return false;
	}
	return true;
}

/* The element of a key, or 0, if nothing was written since the look began. */
static uint32_t seek(const struct map *m, const uint32_t *head,
    const uint8_t *key, const struct map_look *l)
{
	uint32_t e = map_see(head), steps;

	for (steps = 1; e != 0 && e <= m->def.max_entries; steps++) {
		if (reads_same(m, e, key, m->def.key_size))
			return e;
		if (steps == m->def.max_entries ||
		    (steps % LOOK_AGAIN == 0 && !map_same(l)))
			break;
		e = map_see(link_at(m, e));
	}
	return 0;
}

static int hash_read(
    const struct map *m, const void *key, void *value, uint32_t *index)
{
	const uint32_t *head = head_for(m, key);
	struct map_look l = map_look(m, (size_t)(head - m->table.heads));

	while (map_try(&l)) {
		uint32_t e = seek(m, head, key, &l);

		if (e != 0 && value != NULL)
			map_see_value(value, value_at(m, e), m->def.value_size);
		if (!map_same(&l))
			continue;
		*index = e - 1;
		return e == 0 ? -EXO_P_ENOENT : 0;
	}
	return -EXO_P_EAGAIN;
}

/* Which bucket's it is depends on a key that may be parts of two; but if it is
 * found, and here, it is one. */
static int hash_read_at(
    const struct map *m, uint32_t index, uint8_t *key, void *value)
{
	const uint8_t *live = &m->table.live[index];

	for (uint32_t i = 0; i < MAP_TRIES; i++) {
		uint32_t found;
		int err;

		if (__atomic_load_n(live, __ATOMIC_ACQUIRE) == 0)
			return -EXO_P_ENOENT;
		map_see_key(key, key_at(m, index + 1), m->def.key_size);
		err = hash_read(m, key, value, &found);
		if ((err == 0 && found == index) || err == -EXO_P_EAGAIN)
			return err;
	}
	return -EXO_P_EAGAIN;
}

const struct map_ops map_hash_ops = {
	.check = map_check_values,
	.make = hash_new,
	.end = hash_free,
	.lookup = hash_lookup,
	.update = hash_update,
	.remove = hash_remove,
	.next = hash_next,
	.read = hash_read,
	.read_at = hash_read_at,
};

/* --- the same with uses ------------------------------------------------------ */

/* Linux's have all their memory from the start. */
static int lru_check(const struct exo_map_def *def)
{
	if ((def->flags & EXO_MAP_NO_PREALLOC) != 0)
		return -EXO_EINVAL;
	return map_check_values(def);
}

static int lru_new(struct map *m)
{
	struct map_table *t = &m->table;
	size_t n = m->def.max_entries;

	if (hash_new(m) != 0)
		return -EXO_ENOMEM;
	t->older = exo_mem_get(m->mem, n * sizeof(*t->older));
	t->newer = exo_mem_get(m->mem, n * sizeof(*t->newer));
	return t->older == NULL || t->newer == NULL ? -EXO_ENOMEM : 0;
}

static void lru_free(struct map *m)
{
	size_t n = m->def.max_entries;

	exo_mem_put(m->mem, m->table.newer, n * sizeof(*m->table.newer));
	exo_mem_put(m->mem, m->table.older, n * sizeof(*m->table.older));
	hash_free(m);
}

INLINE uint8_t *lookup_use(const struct map *m, const void *key, uint32_t n)
{
	struct map_table *t;
	uint32_t e;
	uint8_t *value = find(m, key, n, &e);

	if (value == NULL)
		return NULL;
	memcpy(&t, &(const struct map_table *){ &m->table }, sizeof(t));
	use(t, e);
	return value;
}

static uint8_t *lru_lookup(const struct map *m, const void *key)
{
	return lookup_use(m, key, m->def.key_size);
}

const struct map_ops map_lru_ops = {
	.check = lru_check,
	.make = lru_new,
	.end = lru_free,
	.lookup = lru_lookup,
	.peek = hash_lookup,
	.update = hash_update,
	.remove = hash_remove,
	.next = hash_next,
	.read = hash_read,
	.read_at = hash_read_at,
};

/* --- look-ups of compiled programs: the same, of one size of keys each --------- */

#define SIZED(n)                                                            \
	static uint8_t *hash_lookup_##n(const struct map *m, const void *k) \
	{                                                                   \
		return lookup(m, k, n);                                     \
	}                                                                   \
	static uint8_t *lru_lookup_##n(const struct map *m, const void *k)  \
	{                                                                   \
		return lookup_use(m, k, n);                                 \
	}
SIZED(4)
SIZED(8)
SIZED(16)

map_find_fn *map_hash_finder(const struct map *m)
{
	bool lru = m->table.older != NULL;

	switch (m->def.key_size) {
	case 4:
		return lru ? lru_lookup_4 : hash_lookup_4;
	case 8:
		return lru ? lru_lookup_8 : hash_lookup_8;
	case 16:
		return lru ? lru_lookup_16 : hash_lookup_16;
	default:
		return lru ? lru_lookup : hash_lookup;
	}
}
