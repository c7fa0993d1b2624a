/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tries of longest prefixes: a path-compressed binary trie.
 *
 * A node has a prefix; below it are those that begin with it and go on, by their
 * next bit. A node is there because an element has its prefix, or because two
 * others part there: so there are fewer than twice as many as elements.
 * [Linux's map of this kind; D. R. Morrison, "PATRICIA", JACM 15 (1968)]
 *
 * Keys: a 32-bit number of bits, then the bits, the first the highest of the
 * first byte. Bits of a key behind its number count for nothing.
 *
 * Readers in other threads: the first counter (share.h) is about all but the list
 * of free elements, which is the writer's alone.
 */
#include "exo/maps/map_int.h"

#include "exo/abi/err.h"
#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"
#include "exo/lib/siphash13.h"

#define LENGTH   4u   /* bytes of the number of bits */
#define DATA_MAX 256u /* Linux's */
#define LONG     64u  /* bits of a prefix that is worth more than bytes */

static int trie_check(const struct exo_map_def *def)
{
	int err = map_check_values(def);

	if (err != 0)
		return err;
	if ((def->flags & EXO_MAP_NO_PREALLOC) == 0 ||
	    def->key_size <= LENGTH || def->key_size > LENGTH + DATA_MAX)
		return -EXO_EINVAL;
	return 0;
}

static struct map_node *node_at(const struct map *m, uint32_t i)
{
	return &m->trie.node[i - 1];
}

static uint8_t *data_at(const struct map *m, uint32_t i)
{
	return m->trie.data + (size_t)(i - 1) * m->trie.stride;
}

static void put_node(struct map *m, uint32_t i)
{
	map_set(&node_at(m, i)->child[0], m->trie.free_node);
	m->trie.free_node = i;
}

static void put_element(struct map *m, uint32_t e)
{
	map_set(&m->trie.where[e - 1], 0);
	m->trie.next[e - 1] = m->trie.free_element;
	m->trie.free_element = e;
}

static int trie_new(struct map *m)
{
	struct map_trie *t = &m->trie;
	uint32_t n = m->def.max_entries;

	t->size = m->def.key_size - LENGTH;
	t->stride = (t->size + 3) & ~3u;
	t->nnodes = 2 * n;
	if (map_new_values(m) != 0)
		return -EXO_ENOMEM;
	t->node = exo_mem_get(m->mem, t->nnodes * sizeof(*t->node));
	t->data = exo_mem_get(m->mem, (size_t)t->nnodes * t->stride);
	t->where = exo_mem_get(m->mem, n * sizeof(*t->where));
	t->next = exo_mem_get(m->mem, n * sizeof(*t->next));
	if (t->node == NULL || t->data == NULL || t->where == NULL ||
	    t->next == NULL)
		return -EXO_ENOMEM;
	for (uint32_t i = t->nnodes; i > 0; i--)
		put_node(m, i);
	for (uint32_t e = n; e > 0; e--)
		put_element(m, e);
	return 0;
}

static void trie_free(struct map *m)
{
	const struct map_trie *t = &m->trie;
	size_t n = m->def.max_entries;

	exo_mem_put(m->mem, t->next, n * sizeof(*t->next));
	exo_mem_put(m->mem, t->where, n * sizeof(*t->where));
	exo_mem_put(m->mem, t->data, (size_t)t->nnodes * t->stride);
	exo_mem_put(m->mem, t->node, t->nnodes * sizeof(*t->node));
	map_free_values(m);
}

static uint32_t bit_at(const uint8_t *data, uint32_t i)
{
	return data[i / 8] >> (7 - i % 8) & 1;
}

/* Bits that two pieces of data begin with together, n at most; the first `from`
 * are known to be. */
static uint32_t alike(
    const uint8_t *a, const uint8_t *b, uint32_t from, uint32_t n)
{
	uint32_t i = from / 8;
	uint8_t differ;

	if (n > LONG) {
		while (
		    8 * i + 32 <= n && exo_le32(a + i) == exo_load_half(b + i))
			i += 4;
	}
	while (8 * i + 8 <= n && a[i] == b[i])
		i++;
	if (8 * i >= n)
		return n;
	differ = a[i] ^ b[i];
	i = 8 * i + (uint32_t)__builtin_clz((uint32_t)differ << 24 | 0x800000u);
	return i < n ? i : n;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint8_t *trie_lookup(const struct map *m, const void *key)
{
	const uint8_t *data = (const uint8_t *)key + LENGTH;
	uint32_t bits = exo_le32(key), i = m->trie.root, best = 0, from = 0;

	if (bits > 8 * m->trie.size)
		return NULL;
	while (i != 0) {
		const struct map_node *n = node_at(m, i);

		if (n->bits > bits ||
		    alike(data_at(m, i), data, from, n->bits) < n->bits)
			break;
		from = n->bits;
		if (n->element != 0)
			best = n->element;
		if (n->bits == bits)
			break;
		i = n->child[bit_at(data, n->bits)];
	}
	return best == 0 ? NULL : map_value(m, best - 1);
}

/* How far a prefix goes down the trie. */
struct walk {
	uint32_t *link;    /* what leads to the node where it ends */
	uint32_t *above;   /* what leads to the node above that; NULL: none */
	uint32_t i;        /* the node; 0: none */
	uint32_t together; /* bits of it that are the prefix's */
};

static struct walk go(struct map *m, const uint8_t *data, uint32_t bits)
{
	struct walk w = { .link = &m->trie.root };
	uint32_t from = 0;

	for (w.i = *w.link; w.i != 0; w.i = *w.link) {
		struct map_node *n = node_at(m, w.i);

		w.together =
		    alike(data_at(m, w.i), data, from, least(n->bits, bits));
		if (w.together < n->bits || n->bits == bits)
			break;
		from = n->bits;
		w.above = w.link;
		w.link = &n->child[bit_at(data, n->bits)];
	}
	return w;
}

static uint32_t take_node(struct map *m, const uint8_t *data, uint32_t bits)
{
	uint32_t i = m->trie.free_node;
	struct map_node *n = node_at(m, i);

	m->trie.free_node = n->child[0];
	map_set(&n->child[0], 0);
	map_set(&n->child[1], 0);
	map_set(&n->element, 0);
	map_set(&n->bits, bits);
	map_put_key(data_at(m, i), data, m->trie.size);
	return i;
}

static void give(struct map *m, uint32_t node, const void *value)
{
	uint32_t e = m->trie.free_element;

	m->trie.free_element = m->trie.next[e - 1];
	map_put(map_value(m, e - 1), value, m->def.value_size);
	map_set(&m->trie.where[e - 1], node);
	map_set(&node_at(m, node)->element, e);
	m->count++;
}

/* The node that has exactly the prefix, or 0. */
static uint32_t exact(const struct map *m, const struct walk *w, uint32_t bits)
{
	if (w->i == 0 || node_at(m, w->i)->bits != bits || w->together != bits)
		return 0;
	return w->i;
}

/* A node for a prefix that ends at w, where none is. */
static uint32_t grow(
    struct map *m, const struct walk *w, const uint8_t *data, uint32_t bits)
{
	uint32_t new = take_node(m, data, bits), fork;
	struct map_node *n = node_at(m, new);

	if (w->i == 0) {
		map_set(w->link, new);
		return new;
	}
	if (w->together == bits) {
		map_set(&n->child[bit_at(data_at(m, w->i), bits)], w->i);
		map_set(w->link, new);
		return new;
	}
	fork = take_node(m, data, w->together);
	n = node_at(m, fork);
	map_set(&n->child[bit_at(data, w->together)], new);
	map_set(&n->child[!bit_at(data, w->together)], w->i);
	map_set(w->link, fork);
	return new;
}

static int trie_update(
    struct map *m, const void *key, const void *value, uint64_t flags)
{
	uint8_t own[DATA_MAX]; /* it may lie in a value that is written */
	uint32_t bits = exo_le32(key), e, node;
	struct map_change c;
	struct walk w;

	if (bits > 8 * m->trie.size)
		return -EXO_P_EINVAL;
	memcpy(own, (const uint8_t *)key + LENGTH, m->trie.size);
	w = go(m, own, bits);
	node = exact(m, &w, bits);
	e = node == 0 ? 0 : node_at(m, node)->element;
	if (e != 0 && flags == MAP_NOEXIST)
		return -EXO_P_EEXIST;
	if (e == 0 && flags == MAP_EXIST)
		return -EXO_P_ENOENT;
	if (e == 0 && m->trie.free_element == 0)
		return -EXO_P_ENOSPC;
	c = map_write(m->counter);
	if (e != 0)
		map_put(map_value(m, e - 1), value, m->def.value_size);
	else
		give(m, node != 0 ? node : grow(m, &w, own, bits), value);
	map_written(c);
	return 0;
}

/* A node without an element, and less than two below it, goes. */
static void prune(struct map *m, uint32_t *link)
{
	const struct map_node *n = node_at(m, *link);
	uint32_t i = *link;

	if (n->element != 0 || (n->child[0] != 0 && n->child[1] != 0))
		return;
	map_set(link, n->child[0] | n->child[1]);
	put_node(m, i);
}

static int trie_remove(struct map *m, const void *key)
{
	uint32_t bits = exo_le32(key), node, e;
	struct map_change c;
	struct walk w;

	if (bits > 8 * m->trie.size)
		return -EXO_P_EINVAL;
	w = go(m, (const uint8_t *)key + LENGTH, bits);
	node = exact(m, &w, bits);
	e = node == 0 ? 0 : node_at(m, node)->element;
	if (e == 0)
		return -EXO_P_ENOENT;
	m->count--;
	c = map_write(m->counter);
	map_set(&node_at(m, node)->element, 0);
	put_element(m, e);
	prune(m, w.link);
	if (w.above != NULL)
		prune(m, w.above);
	map_written(c);
	return 0;
}

static uint8_t *trie_next(const struct map *m, uint32_t *pos, void *key)
{
	while (*pos < m->def.max_entries) {
		uint32_t e = ++*pos, i = m->trie.where[e - 1];

		if (i == 0)
			continue;
		exo_put_le32(key, node_at(m, i)->bits);
		memcpy((uint8_t *)key + LENGTH, data_at(m, i), m->trie.size);
		return map_value(m, e - 1);
	}
	return NULL;
}

/* --- reads by other threads: see share.h --------------------------------------- */

/* What trie_lookup() finds, if nothing was written since the look began. Each node
 * must have more bits than the one above, so that this ends. */
static uint32_t seek(const struct map *m, const uint8_t *data, uint32_t bits)
{
	uint32_t i = map_see(&m->trie.root), best = 0, from = 0;
	uint8_t own[DATA_MAX];
	bool first = true;

	while (i != 0 && i <= m->trie.nnodes) {
		const struct map_node *n = node_at(m, i);
		uint32_t has = map_see(&n->bits), at = from / 8 & ~3u, e;

		if (has > bits || (has <= from && !first))
			break;
		map_see_key(own + at, data_at(m, i) + at, (has + 7) / 8 - at);
		if (alike(own, data, from, has) < has)
			break;
		first = false;
		from = has;
		e = map_see(&n->element);
		if (e != 0 && e <= m->def.max_entries)
			best = e;
		if (has == bits)
			break;
		i = map_see(&n->child[bit_at(data, has)]);
	}
	return best;
}

static int trie_read(
    const struct map *m, const void *key, void *value, uint32_t *index)
{
	const uint8_t *data = (const uint8_t *)key + LENGTH;
	struct map_look l = map_look(m, 0);
	uint32_t bits = exo_le32(key);

	if (bits > 8 * m->trie.size)
		return -EXO_P_ENOENT;
	while (map_try(&l)) {
		uint32_t e = seek(m, data, bits);

		if (e != 0 && value != NULL)
			map_see_value(
			    value, map_value(m, e - 1), m->def.value_size);
		if (!map_same(&l))
			continue;
		*index = e - 1;
		return e == 0 ? -EXO_P_ENOENT : 0;
	}
	return -EXO_P_EAGAIN;
}

static int trie_read_at(
    const struct map *m, uint32_t index, uint8_t *key, void *value)
{
	struct map_look l = map_look(m, 0);

	while (map_try(&l)) {
		uint32_t i = map_see(&m->trie.where[index]);

		if (i == 0)
			return -EXO_P_ENOENT;
		if (i > m->trie.nnodes)
			continue;
		exo_put_le32(key, map_see(&node_at(m, i)->bits));
		map_see_key(key + LENGTH, data_at(m, i), m->trie.size);
		if (value != NULL)
			map_see_value(
			    value, map_value(m, index), m->def.value_size);
		if (map_same(&l))
			return 0;
	}
	return -EXO_P_EAGAIN;
}

const struct map_ops map_trie_ops = {
	.check = trie_check,
	.make = trie_new,
	.end = trie_free,
	.lookup = trie_lookup,
	.update = trie_update,
	.remove = trie_remove,
	.next = trie_next,
	.read = trie_read,
	.read_at = trie_read_at,
};
