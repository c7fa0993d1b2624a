/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hashes: a keyed table of groups of elements, and chains of what found no room.
 *
 * Overview: an element is a number; its value, its link and its key lie behind
 * each other. `ways` elements with numbers in sequence are a group, and in memory
 * a line or two. A key has a group: its element is one of that, where there is
 * room when it is made, and a look-up touches nothing else. An element that found
 * no room there is anywhere, in the group's chain; which groups have one is told
 * by a bit of each.
 *
 * Nothing of this can be seen: where an element is depends on a secret key, but what
 * programs read and the order of a walk do not, so that all engines, machines and
 * runs agree. A live element has a number below max_entries for the walk; numbers are
 * used again in the order in which they became free. And an element that was freed in
 * a run, whose value that run may still read, is used again in it only when there is
 * no other, the first freed first: how many there are depends on no key. (They are
 * marked by the run's number, of which few bits are kept: one of long ago may be passed
 * over, but it is before them in the list.)
 *
 * Invariant: count elements are live, each either in the group of its key, and its
 * link says so (AT_HOME), or in one chain; its state has its number, and place[] of
 * that has it. The others are in the free list, each once, in the order in which they
 * were freed; those of no group in one of their own, besides. So are the other numbers
 * in theirs. Where uses count, live elements are
 * in a list by their last use, too, each once.
 *
 * Room: there are more elements than max_entries (plan()), of which no more than that
 * are live, and some of them are in no group: those that find no room at home are
 * there, as long as there is room, so that they do not take that of others. In a map
 * that was filled 19 of 20 small elements are at home, nine of ten when many came and
 * went, and of larger ones five of six and seven of ten. Those that are larger still are
 * all in chains, as short as those of any hash. Where keys fall is known to nobody
 * outside: a chain is as long as chance makes it.
 *
 * Readers in other threads: a group's counter (share.h) is about the elements that
 * are at home in it and those in its chains. A link is AT_HOME only between two
 * changes of that counter: so who finds it, and the key, knows both. An element that
 * leaves a chain changes that chain's counter before it is anywhere else: so who
 * comes from the head to an element that is another's by then knows. Lists by last
 * use are the writer's alone.
 */
#include "exo/maps/hash_int.h"

#include "exo/abi/err.h"
#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"
#include "exo/lib/siphash13.h"

#define INLINE static inline __attribute__((always_inline))

#define SMALL 32u /* bytes of an element */
#define LARGE 128u
#define MANY  (1u << 22)

/* --- elements by their last use ------------------------------------------------ */

static void unlist(struct map_table *t, uint32_t e)
{
	uint32_t older = t->uses[e - 1].older, newer = t->uses[e - 1].newer;

	if (older != 0)
		t->uses[older - 1].newer = newer;
	else
		t->oldest = newer;
	if (newer != 0)
		t->uses[newer - 1].older = older;
	else
		t->newest = older;
}

static void enlist(struct map_table *t, uint32_t e)
{
	t->uses[e - 1].older = t->newest;
	t->uses[e - 1].newer = 0;
	if (t->newest != 0)
		t->uses[t->newest - 1].newer = e;
	else
		t->oldest = e;
	t->newest = e;
}

/* An element is used: it becomes the newest. */
static void use(struct map_table *t, uint32_t e)
{
	if (t->newest == e)
		return;
	unlist(t, e);
	enlist(t, e);
}

/* --- making one ---------------------------------------------------------------- */

static size_t chains_size(const struct map_table *t)
{
	return ((size_t)t->groups + 63) / 64 * sizeof(uint64_t);
}

/* How many elements there are, in groups and in all. */
static void plan(struct map *m)
{
	struct map_table *t = &m->table;
	uint32_t n = m->def.max_entries;

	t->link = (m->def.value_size + 7) & ~7u;
	m->stride =
	    (t->link + (uint32_t)sizeof(uint32_t) + m->def.key_size + 7) & ~7u;
	m->positions = n;
	t->groups = 2 * n;
	if (n > MANY || m->stride > LARGE)
		return;
	t->ways = m->stride <= SMALL ? 4 : 2;
	m->positions = m->stride <= SMALL ? n / 8 : n / 3;
	n = m->stride <= SMALL ? 2 * n : n + n / 2;
	t->groups = (n + t->ways - 1) / t->ways;
	t->homes = t->groups * t->ways;
	t->step = t->ways * m->stride;
	m->positions += t->homes;
}

static int hash_new(struct map *m)
{
	struct map_table *t = &m->table;
	struct exo_mem *mem = m->mem;
	size_t n;

	plan(m);
	n = m->positions;
	if (map_new_slab(m, m->positions, m->stride) != 0)
		return -EXO_ENOMEM;
	t->heads = exo_mem_get(mem, t->groups * sizeof(*t->heads));
	t->chains = exo_mem_get(mem, chains_size(t));
	t->state = exo_mem_get(mem, n * sizeof(*t->state));
	t->place = exo_mem_get(mem, m->def.max_entries * sizeof(*t->place));
	t->apart = exo_mem_get(mem, (n - t->homes) * sizeof(*t->apart));
	if (t->heads == NULL || t->chains == NULL || t->state == NULL ||
	    t->place == NULL || (t->apart == NULL && n > t->homes))
		return -EXO_ENOMEM;
	for (uint32_t e = 1; e <= n; e++)
		hash_give(m, e);
	for (uint32_t i = 0; i < m->def.max_entries; i++)
		hash_put_number(t, i);
	return 0;
}

static void hash_free(struct map *m)
{
	struct map_table *t = &m->table;

	exo_mem_put(
	    m->mem, t->apart, (m->positions - t->homes) * sizeof(*t->apart));
	exo_mem_put(m->mem, t->place, m->def.max_entries * sizeof(*t->place));
	exo_mem_put(m->mem, t->state, m->positions * sizeof(*t->state));
	exo_mem_put(m->mem, t->chains, chains_size(t));
	exo_mem_put(m->mem, t->heads, t->groups * sizeof(*t->heads));
	map_free_values(m);
}

/* --- looking ------------------------------------------------------------------- */

/* The group of a key whose size is n: its elements are those behind group * ways. */
INLINE uint32_t group_of(const struct map *m, const void *key, uint32_t n)
{
	uint64_t h = exo_siphash13(&m->table.key, key, n) & UINT32_MAX;

	return (uint32_t)(h * m->table.groups >> 32);
}

/* Has a group a chain? */
INLINE bool has_chain(const struct map_table *t, uint32_t group)
{
	return (t->chains[group / 64] >> group % 64 & 1) != 0;
}

static void note_chain(struct map_table *t, uint32_t group)
{
	uint64_t bit = UINT64_C(1) << group % 64;

	t->chains[group / 64] &= ~bit;
	t->chains[group / 64] |= t->heads[group] != 0 ? bit : 0;
}

/* Is the key behind a link this one? */
INLINE bool same(const uint32_t *link, const uint8_t *key, uint32_t n)
{
	const uint8_t *own = (const uint8_t *)(link + 1);
	uint32_t differ = 0;

	for (; n >= 4; n -= 4, own += 4, key += 4) {
		if (exo_le32(own) != exo_load_half(key))
			return false;
	}
	for (; n > 0; n--)
		differ |= (uint32_t)(*own++ ^ *key++);
	return differ == 0;
}

/* Link and key of an element that is at home, where the key has 4, 8 or 16 bytes,
 * as they lie behind its value. */
struct words {
	uint64_t link, middle;
	uint32_t last;
};

INLINE bool has_words(uint32_t n)
{
	return n == 4 || n == 8 || n == 16;
}

INLINE struct words words_of(const uint8_t *key, uint32_t n)
{
	struct words w = { .link = AT_HOME };

	w.link |= (uint64_t)exo_load_half(key) << 32;
	if (n == 8)
		w.last = exo_load_half(key + 4);
	if (n == 16) {
		w.middle = exo_load_half(key + 4) |
		           (uint64_t)exo_load_half(key + 8) << 32;
		w.last = exo_load_half(key + 12);
	}
	return w;
}

/* 1: the element whose link this is is at home, and has the key; or 0. */
INLINE uint32_t is_it(const uint8_t *link, const struct words *w, uint32_t n)
{
	uint64_t differ = exo_le64(link) ^ w->link;

	if (n == 8)
		differ |= exo_le32(link + 8) ^ w->last;
	if (n == 16)
		differ |= (exo_le64(link + 8) ^ w->middle) |
		          (exo_le32(link + 16) ^ w->last);
	return differ == 0;
}

/* Which elements of a group, one at most, has the key: bit by bit. All are looked
 * at, so that no branch depends on it. */
INLINE uint32_t which_is(
    const struct map *m, const uint8_t *link, const uint8_t *key, uint32_t n)
{
	struct words w = words_of(key, n);
	uint32_t s = m->stride;
	uint32_t which = is_it(link, &w, n) | is_it(link + s, &w, n) << 1;

	if (m->table.ways == 2)
		return which;
	link += (size_t)2 * s;
	return which | is_it(link, &w, n) << 2 | is_it(link + s, &w, n) << 3;
}

/* The same of keys of all other sizes: of those that begin as it does. */
static uint32_t which_same(
    const struct map *m, const uint8_t *link, const uint8_t *key)
{
	uint32_t n = m->def.key_size;
	uint32_t which =
	    n < 4 ? 15u >> (4 - m->table.ways) : which_is(m, link, key, 4);

	for (uint32_t left = which; left != 0; left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(left);
		const uint32_t *own =
		    (const uint32_t *)(const void *)(link +
		                                     (size_t)i * m->stride);

		if (*own == AT_HOME && same(own, key, n))
			return 1u << i;
	}
	return 0;
}

/* The value of the element of a group that has a key, and which that is; NULL:
 * none. */
INLINE uint8_t *at_home(const struct map *m, uint32_t group, const void *key,
    uint32_t n, uint32_t *element)
{
	uint8_t *first = m->values + (size_t)group * m->table.step;
	const uint8_t *link = first + m->table.link;
	uint32_t which;

	if (m->table.ways == 0)
		return NULL;
	which =
	    has_words(n) ? which_is(m, link, key, n) : which_same(m, link, key);
	if (which == 0)
		return NULL;
	which = (uint32_t)__builtin_ctz(which);
	*element = group * m->table.ways + which + 1;
	return first + (size_t)which * m->stride;
}

/* The link that leads to the key's element, or to the end of its chain. */
INLINE uint32_t *link_to(
    const struct map *m, uint32_t group, const void *key, uint32_t n)
{
	uint32_t *link = &m->table.heads[group];

	while (*link != 0 && !same(link_at(m, *link), key, n))
		link = link_at(m, *link);
	return link;
}

/* The value of a key that is in a group's chain; NULL: none. */
static __attribute__((noinline)) uint8_t *away(
    const struct map *m, uint32_t group, const void *key)
{
	uint32_t e = *link_to(m, group, key, m->def.key_size);

	return e == 0 ? NULL : value_at(m, e);
}

/* The value of a key; NULL: there is none. */
INLINE uint8_t *lookup(const struct map *m, const void *key, uint32_t n)
{
	uint32_t group = group_of(m, key, n), e;
	uint8_t *value = at_home(m, group, key, n, &e);

	if (value != NULL || !has_chain(&m->table, group))
		return value;
	return away(m, group, key);
}

static uint8_t *hash_lookup(const struct map *m, const void *key)
{
	return lookup(m, key, m->def.key_size);
}

/* --- changing ------------------------------------------------------------------ */

/* A key's element, and what leads to it. */
struct seat {
	uint32_t group;
	uint32_t element; /* 0: none */
	uint32_t *link;   /* NULL: it is at home */
};

INLINE struct seat seat_in(const struct map *m, const void *key, uint32_t n)
{
	struct seat s = { .group = group_of(m, key, n) };

	if (at_home(m, s.group, key, n, &s.element) != NULL)
		return s;
	s.link = link_to(m, s.group, key, n);
	s.element = *s.link;
	return s;
}

static struct seat seat_of(const struct map *m, const void *key)
{
	switch (m->def.key_size) {
	case 4:
		return seat_in(m, key, 4);
	case 8:
		return seat_in(m, key, 8);
	case 16:
		return seat_in(m, key, 16);
	default:
		return seat_in(m, key, m->def.key_size);
	}
}

/* What belongs to a group changes. */
static struct map_change change(struct map *m, const struct seat *s)
{
	return map_write(map_counter(m, s->group));
}

static void take_out(struct map *m, const struct seat *s)
{
	struct map_table *t = &m->table;
	uint32_t number = t->state[s->element - 1] & ~LIVE;
	struct map_change c = change(m, s);

	if (s->link != NULL) {
		map_set(s->link, *link_at(m, s->element));
		note_chain(t, s->group);
	}
	hash_give(m, s->element);
	hash_put_number(t, number);
	map_written(c);
	if (t->uses != NULL)
		unlist(t, s->element);
	m->count--;
}

/* A new element. Key and value may lie in the value of the element that is about
 * to be used; keys lie where no program points, so the key is copied first. */
static int insert(
    struct map *m, const struct seat *s, const void *key, const void *value)
{
	struct map_table *t = &m->table;
	uint32_t *head = &t->heads[s->group];
	uint32_t e = hash_room(m, s->group), number;
	bool home = e - 1 - s->group * t->ways < t->ways;
	struct map_change c;

	if (m->count == m->def.max_entries)
		return -EXO_P_E2BIG;
	hash_take(m, e);
	number = hash_take_number(t);
	c = change(m, s);
	map_put_key(key_at(m, e), key, m->def.key_size);
	map_put(value_at(m, e), value, m->def.value_size);
	map_set(link_at(m, e), home ? AT_HOME : *head);
	if (!home) {
		map_set(head, e);
		note_chain(t, s->group);
	}
	map_set(&t->state[e - 1], LIVE | number);
	map_set(&t->place[number], e);
	map_written(c);
	m->count++;
	if (t->uses != NULL)
		enlist(t, e);
	return 0;
}

/* Give up what was not used for longest. */
static void forget(struct map *m)
{
	struct seat s = seat_of(m, key_at(m, m->table.oldest));

	take_out(m, &s);
}

static int hash_update(
    struct map *m, const void *key, const void *value, uint64_t flags)
{
	struct seat s = seat_of(m, key);
	struct map_change c;

	if (s.element != 0 && flags == MAP_NOEXIST)
		return -EXO_P_EEXIST;
	if (s.element == 0 && flags == MAP_EXIST)
		return -EXO_P_ENOENT;
	if (s.element == 0 && m->table.uses != NULL &&
	    m->count == m->def.max_entries)
		forget(m);
	if (s.element == 0)
		return insert(m, &s, key, value);
	if (m->table.uses != NULL)
		use(&m->table, s.element);
	c = change(m, &s);
	map_put(value_at(m, s.element), value, m->def.value_size);
	map_written(c);
	return 0;
}

static int hash_remove(struct map *m, const void *key)
{
	struct seat s = seat_of(m, key);

	if (s.element == 0)
		return -EXO_P_ENOENT;
	take_out(m, &s);
	return 0;
}

static uint8_t *hash_next(const struct map *m, uint32_t *pos, void *key)
{
	while (*pos < m->def.max_entries) {
		uint32_t e = m->table.place[(*pos)++];

		if ((e & FREE) != 0)
			continue;
		memcpy(key, key_at(m, e), m->def.key_size);
		return value_at(m, e);
	}
	return NULL;
}

/* May a program point to the value at an index? */
static bool hash_shows(const struct map *m, uint32_t index)
{
	return (m->table.state[index] & LIVE) != 0 ||
	       hash_seen(&m->table, index + 1);
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
static uint32_t seek(const struct map *m, uint32_t group, const uint8_t *key,
    const struct map_look *l)
{
	uint32_t e = group * m->table.ways, n = m->def.key_size, steps;

	for (uint32_t i = 0; i < m->table.ways; i++) {
		if (map_see(link_at(m, ++e)) == AT_HOME &&
		    reads_same(m, e, key, n))
			return e;
	}
	e = map_see(&m->table.heads[group]);
	for (steps = 1; e != 0 && e <= m->positions; steps++) {
		if (reads_same(m, e, key, n))
			return e;
		if (steps == m->positions ||
		    (steps % LOOK_AGAIN == 0 && !map_same(l)))
			break;
		e = map_see(link_at(m, e));
	}
	return 0;
}

static int hash_read(
    const struct map *m, const void *key, void *value, uint32_t *index)
{
	uint32_t group = group_of(m, key, m->def.key_size);
	struct map_look l = map_look(m, group);

	while (map_try(&l)) {
		uint32_t e = seek(m, group, key, &l);

		if (e != 0 && value != NULL)
			map_see_value(value, value_at(m, e), m->def.value_size);
		if (e != 0)
			*index = map_see(&m->table.state[e - 1]) & ~LIVE;
		if (!map_same(&l))
			continue;
		return e == 0 ? -EXO_P_ENOENT : 0;
	}
	return -EXO_P_EAGAIN;
}

/* Which group's it is depends on a key that may be parts of two; but if it is
 * found, and here, it is one. */
static int hash_read_at(
    const struct map *m, uint32_t index, uint8_t *key, void *value)
{
	for (uint32_t i = 0; i < MAP_TRIES; i++) {
		uint32_t e = map_see(&m->table.place[index]), found;
		int err;

		if ((e & FREE) != 0)
			return -EXO_P_ENOENT;
		map_see_key(key, key_at(m, e), m->def.key_size);
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
	.shows = hash_shows,
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
	size_t n;

	if (hash_new(m) != 0)
		return -EXO_ENOMEM;
	n = m->positions;
	t->uses = exo_mem_get(m->mem, n * sizeof(*t->uses));
	return t->uses == NULL ? -EXO_ENOMEM : 0;
}

static void lru_free(struct map *m)
{
	size_t n = m->positions;

	exo_mem_put(m->mem, m->table.uses, n * sizeof(*m->table.uses));
	hash_free(m);
}

INLINE uint8_t *lookup_use(const struct map *m, const void *key, uint32_t n)
{
	struct map_table *t;
	uint32_t group = group_of(m, key, n), e;
	uint8_t *value = at_home(m, group, key, n, &e);

	if (value == NULL && has_chain(&m->table, group)) {
		value = away(m, group, key);
		e = value == NULL ? 0 : map_index(m, value) + 1;
	}
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
	.shows = hash_shows,
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
	bool lru = m->table.uses != NULL;

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
