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
 * no other, the first freed first: how many there are depends on no key.
 *
 * Invariant: count elements are live, each either in the group of its key, and its
 * link says so (AT_HOME), or in one chain; its state has its number, and place[] of
 * that has it. The others are in the free list, each once, in the order in which they
 * were freed. So are the other numbers in theirs. Where uses count, live elements are
 * in a list by their last use, too, each once.
 *
 * Room: there are more elements than max_entries (spare()), of which no more than
 * that are live. In a map that is full 19 of 20 small ones are at home, four of
 * five of some size, and three of five large ones. Where keys fall is known to
 * nobody outside: a chain is as long as chance makes it.
 *
 * Readers in other threads: a group's counter (share.h) is about the elements that
 * are at home in it and those in its chains. A link is AT_HOME only between two
 * changes of that counter: so who finds it, and the key, knows both. An element that
 * leaves a chain changes that chain's counter before it is anywhere else: so who
 * comes from the head to an element that is another's by then knows. Lists by last
 * use are the writer's alone.
 */
#include "exo/maps/map_int.h"

#include "exo/abi/err.h"
#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"
#include "exo/lib/siphash13.h"

#define INLINE static inline __attribute__((always_inline))

#define AT_HOME   UINT32_MAX /* a link: the element is in its key's group */
#define LIVE      (1u << 31) /* a state: a number follows */
#define FREE      (1u << 31) /* a place: the next free number, from 1, follows */
#define STAMP     25u /* a state: from this bit on the run; before, a link */
#define STAMPS    63u
#define SMALL     32u /* bytes of an element */
#define LARGE     128u
#define SPARE_MAX (1u << 22) /* so few elements may have as many more */

/* The value of an element; what lies behind it is no program's. */
static uint8_t *value_at(const struct map *m, uint32_t e)
{
	return m->values + (size_t)(e - 1) * m->stride;
}

/* The next element in its list, or AT_HOME. */
static uint32_t *link_at(const struct map *m, uint32_t e)
{
	return (uint32_t *)(void *)(value_at(m, e) + m->table.link);
}

static uint8_t *key_at(const struct map *m, uint32_t e)
{
	return (uint8_t *)(link_at(m, e) + 1);
}

/* --- free elements and numbers ------------------------------------------------- */

/* What marks an element that is freed now; 0: nothing that is ever now again. */
static uint32_t stamp_now(const struct map_table *t)
{
	return t->run == NULL ? 0 : *t->run % STAMPS + 1;
}

static void set_before(struct map_table *t, uint32_t e, uint32_t before)
{
	uint32_t stamp = t->state[e - 1] >> STAMP << STAMP;

	map_set(&t->state[e - 1], stamp | before);
}

static void queue_free(struct map *m, uint32_t e, uint32_t stamp)
{
	struct map_table *t = &m->table;

	map_set(link_at(m, e), 0);
	map_set(&t->state[e - 1], stamp << STAMP | t->free_last);
	if (t->free_last != 0)
		map_set(link_at(m, t->free_last), e);
	else
		t->free_first = e;
	t->free_last = e;
}

/* A free element leaves the list. */
static void unqueue(struct map *m, uint32_t e)
{
	struct map_table *t = &m->table;
	uint32_t before = t->state[e - 1] & ((1u << STAMP) - 1);
	uint32_t behind = *link_at(m, e);

	if (before != 0)
		map_set(link_at(m, before), behind);
	else
		t->free_first = behind;
	if (behind != 0)
		set_before(t, behind, before);
	else
		t->free_last = before;
}

/* Is what was in a free element still seen by the program that runs? */
static bool is_seen(const struct map_table *t, uint32_t e)
{
	uint32_t stamp = t->state[e - 1] >> STAMP;

	return stamp != 0 && stamp == stamp_now(t);
}

static void put_number(struct map_table *t, uint32_t number)
{
	map_set(&t->place[number], FREE);
	if (t->number_last != 0)
		map_set(&t->place[t->number_last - 1], FREE | (number + 1));
	else
		t->number_first = number + 1;
	t->number_last = number + 1;
}

/* Fewer than max_entries are used. */
static uint32_t take_number(struct map_table *t)
{
	uint32_t number = t->number_first - 1;

	t->number_first = t->place[number] & ~FREE;
	if (t->number_first == 0)
		t->number_last = 0;
	return number;
}

/* --- elements by their last use ------------------------------------------------ */

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

/* How many elements more than may be live. */
static uint32_t spare(const struct map *m)
{
	uint32_t n = m->def.max_entries;

	if (n > SPARE_MAX || m->stride > LARGE)
		return 0;
	return m->stride <= SMALL ? n : n / 2;
}

static int hash_new(struct map *m)
{
	struct map_table *t = &m->table;
	size_t n = m->def.max_entries;

	t->link = (m->def.value_size + 7) & ~7u;
	m->stride =
	    (t->link + (uint32_t)sizeof(uint32_t) + m->def.key_size + 7) & ~7u;
	t->ways = m->stride <= SMALL ? 4 : 2;
	n += spare(m);
	t->groups = (uint32_t)(n + t->ways - 1) / t->ways;
	t->step = t->ways * m->stride;
	n = (size_t)t->groups * t->ways;
	if (map_new_slab(m, (uint32_t)n, m->stride) != 0)
		return -EXO_ENOMEM;
	t->heads = exo_mem_get(m->mem, t->groups * sizeof(*t->heads));
	t->chains = exo_mem_get(m->mem, chains_size(t));
	t->state = exo_mem_get(m->mem, n * sizeof(*t->state));
	t->place = exo_mem_get(m->mem, m->def.max_entries * sizeof(*t->place));
	if (t->heads == NULL || t->chains == NULL || t->state == NULL ||
	    t->place == NULL)
		return -EXO_ENOMEM;
	for (uint32_t e = 1; e <= n; e++)
		queue_free(m, e, 0);
	for (uint32_t i = 0; i < m->def.max_entries; i++)
		put_number(t, i);
	return 0;
}

static void hash_free(struct map *m)
{
	struct map_table *t = &m->table;

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

	for (; n >= 4 && differ == 0; n -= 4, own += 4, key += 4)
		differ = exo_le32(own) ^ exo_load_half(key);
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

/* The same of keys of all other sizes. */
static uint32_t which_same(
    const struct map *m, const uint8_t *link, const uint8_t *key)
{
	for (uint32_t i = 0; i < m->table.ways; i++, link += m->stride) {
		const uint32_t *own = (const uint32_t *)(const void *)link;

		if (*own == AT_HOME && same(own, key, m->def.key_size))
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
	uint32_t which =
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
	queue_free(m, s->element, stamp_now(t));
	put_number(t, number);
	map_written(c);
	if (t->older != NULL)
		unlist(t, s->element);
	m->count--;
}

/* A free element of a group that nobody sees; 0: none. */
static uint32_t room_in(const struct map *m, uint32_t group)
{
	const struct map_table *t = &m->table;
	uint32_t first = group * t->ways;

	for (uint32_t i = 0; i < t->ways; i++) {
		uint32_t e = first + i + 1;

		if ((t->state[e - 1] & LIVE) == 0 && !is_seen(t, e))
			return e;
	}
	return 0;
}

/* A new element. Key and value may lie in the value of the element that is about
 * to be used; keys lie where no program points, so the key is copied first. */
static int insert(
    struct map *m, const struct seat *s, const void *key, const void *value)
{
	struct map_table *t = &m->table;
	uint32_t *head = &t->heads[s->group];
	uint32_t home = room_in(m, s->group);
	uint32_t e = home != 0 ? home : t->free_first, number;
	struct map_change c;

	if (m->count == m->def.max_entries)
		return -EXO_P_E2BIG;
	unqueue(m, e);
	number = take_number(t);
	c = change(m, s);
	map_put_key(key_at(m, e), key, m->def.key_size);
	map_put(value_at(m, e), value, m->def.value_size);
	map_set(link_at(m, e), home != 0 ? AT_HOME : *head);
	if (home == 0) {
		map_set(head, e);
		note_chain(t, s->group);
	}
	map_set(&t->state[e - 1], LIVE | number);
	map_set(&t->place[number], e);
	map_written(c);
	m->count++;
	if (t->older != NULL)
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
	if (s.element == 0 && m->table.older != NULL &&
	    m->count == m->def.max_entries)
		forget(m);
	if (s.element == 0)
		return insert(m, &s, key, value);
	if (m->table.older != NULL)
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
	       is_seen(&m->table, index + 1);
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
	t->older = exo_mem_get(m->mem, n * sizeof(*t->older));
	t->newer = exo_mem_get(m->mem, n * sizeof(*t->newer));
	return t->older == NULL || t->newer == NULL ? -EXO_ENOMEM : 0;
}

static void lru_free(struct map *m)
{
	size_t n = m->positions;

	exo_mem_put(m->mem, m->table.newer, n * sizeof(*m->table.newer));
	exo_mem_put(m->mem, m->table.older, n * sizeof(*m->table.older));
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
