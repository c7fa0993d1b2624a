/* SPDX-License-Identifier: BSD-2-Clause */
/* The yardstick's maps: what is not inlined, for no row times it. */
#include "tests/bench/maps_yard.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static void *take(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL) {
		fputs("bench_maps: no memory\n", stderr);
		exit(2);
	}
	return p;
}

static void new_hash(struct yd_map *m, struct yd_shape s)
{
	m->slot = take(yd_slots(s.n), sizeof(*m->slot));
	m->next = take(s.n, sizeof(*m->next));
	m->older = take(s.n, sizeof(*m->older));
	m->newer = take(s.n, sizeof(*m->newer));
	for (uint32_t e = 1; e <= s.n; e++)
		yd_give_back(m, e);
	if (getrandom(&m->k0, sizeof(m->k0), 0) < 0 ||
	    getrandom(&m->k1, sizeof(m->k1), 0) < 0)
		abort();
}

struct yd_map *yd_new(struct yd_shape s)
{
	struct yd_map *m = take(1, sizeof(*m));

	switch ((enum yd_kind)s.kind) {
	case YD_HASH:
	case YD_PERCPU_HASH:
	case YD_LRU_HASH:
		new_hash(m, s);
		break;
	case YD_LPM_TRIE:
		m->node = take(2 * (size_t)s.n + 1, sizeof(*m->node));
		break;
	case YD_RINGBUF:
		m->values = take(2 * (size_t)s.n, 1);
		return m;
	case YD_ARRAY:
	case YD_PERCPU_ARRAY:
	case YD_QUEUE:
		break;
	}
	m->values = take(s.n, yd_stride(s));
	return m;
}

void yd_drain(struct yd_map *m)
{
	m->tail = m->head;
}

/* The first k bits of 64. */
static uint64_t mask_of(uint32_t k)
{
	return k == 0 ? 0 : k >= 64 ? UINT64_MAX : ~(UINT64_MAX >> k);
}

/* Bits that a node and a prefix begin with together. */
static uint32_t alike(const struct yd_node *n, const struct yd_prefix *p)
{
	uint64_t high = n->high ^ p->high, low = n->low ^ p->low;
	uint32_t most = n->bits < p->bits ? n->bits : p->bits;
	uint32_t i = high != 0  ? (uint32_t)__builtin_clzll(high)
	             : low != 0 ? 64 + (uint32_t)__builtin_clzll(low)
	                        : 128;

	return i < most ? i : most;
}

static uint32_t new_node(
    struct yd_map *m, const struct yd_prefix *p, uint32_t bits)
{
	struct yd_node *n = &m->node[++m->nnodes];

	n->bits = bits;
	n->high_mask = mask_of(bits);
	n->low_mask = bits > 64 ? mask_of(bits - 64) : 0;
	n->high = p->high & n->high_mask;
	n->low = p->low & n->low_mask;
	return m->nnodes;
}

/* A node for the prefix below *link, whose first `same` bits are those of the
 * node that is there. */
static uint32_t grow(
    struct yd_map *m, uint32_t *link, const struct yd_prefix *p, uint32_t same)
{
	uint32_t old = *link, i = new_node(m, p, p->bits), fork;
	const struct yd_node *n = &m->node[old];
	struct yd_prefix as = { n->high, n->low, n->bits };

	*link = i;
	if (old == 0)
		return i;
	if (same == p->bits) {
		m->node[i].child[yd_bit(&as, same)] = old;
		return i;
	}
	fork = *link = new_node(m, p, same);
	m->node[fork].child[yd_bit(p, same)] = i;
	m->node[fork].child[yd_bit(&as, same)] = old;
	return i;
}

long yd_trie_update(struct yd_map *m, struct yd_shape s,
    const struct yd_prefix *p, const void *value)
{
	uint32_t *link = &m->root, same = 0, i;

	while ((i = *link) != 0) {
		same = alike(&m->node[i], p);
		if (same < m->node[i].bits || m->node[i].bits == p->bits)
			break;
		link = &m->node[i].child[yd_bit(p, m->node[i].bits)];
	}
	if (i == 0 || m->node[i].bits != p->bits || same != p->bits) {
		if (m->count == s.n)
			return -28;
		i = grow(m, link, p, same);
	}
	if (m->node[i].element == 0)
		m->node[i].element = ++m->count;
	memcpy(yd_element(m, s, m->node[i].element), value, s.value);
	return 0;
}
