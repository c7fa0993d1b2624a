/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Perfect hashes: see hash.h.
 *
 * Buckets are placed the largest first, each with the first number that brings
 * all its values to free slots. [F. C. Botelho, R. Pagh, N. Ziviani, "Hash,
 * displace, and compress", ESA 2009, with xor for the displacement.]
 */
#include "exo/jit/hash.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"

#define TRIES      64u /* multipliers */
#define SLOT_BITS  16u /* disp[] is 16 bits wide */
#define BUCKET_MAX 32u /* values in one bucket */

/* By bytes, the lowest first. */
int jit_set_sort(struct jit_set *set, struct exo_arena *arena)
{
	uint32_t *other = exo_arena_get(arena, set->n * sizeof(*other));
	uint32_t *from = set->v, *to = other, shift, i, kept = 0;

	if (other == NULL)
		return -EXO_ENOMEM;
	for (shift = 0; shift < 32; shift += 8) {
		uint32_t start[257] = { 0 }, *swap = from;

		for (i = 0; i < set->n; i++)
			start[(from[i] >> shift & 255) + 1]++;
		for (i = 1; i < 257; i++)
			start[i] += start[i - 1];
		for (i = 0; i < set->n; i++)
			to[start[from[i] >> shift & 255]++] = from[i];
		from = to;
		to = swap;
	}
	for (i = 0; i < set->n; i++)
		if (i == 0 || from[i] != from[i - 1])
			from[kept++] = from[i];
	set->v = from;
	set->n = kept;
	return 0;
}

static uint32_t bucket_of(const struct jit_set *set, uint32_t v)
{
	return (uint32_t)(v * set->mul >> (64 - set->bucket_bits));
}

/* The slot without its bucket's displacement. */
static uint32_t bare_slot(const struct jit_set *set, uint32_t v)
{
	uint64_t h = v * set->mul;

	return (uint32_t)(h >> (64 - set->bucket_bits - set->slot_bits)) &
	       ((1u << set->slot_bits) - 1);
}

uint32_t jit_set_slot(const struct jit_set *set, uint32_t v)
{
	return bare_slot(set, v) ^ set->disp[bucket_of(set, v)];
}

struct work {
	uint32_t *head; /* by bucket: 1 + a value's index; 0: end */
	uint32_t *next; /* by value */
	uint32_t *size; /* by bucket */
	uint8_t *taken; /* by slot */
};

static int work_room(
    struct work *w, const struct jit_set *set, struct exo_arena *a)
{
	uint32_t buckets = 1u << set->bucket_bits;

	w->head = exo_arena_get(a, buckets * sizeof(uint32_t));
	w->size = exo_arena_get(a, buckets * sizeof(uint32_t));
	w->next = exo_arena_get(a, set->n * sizeof(uint32_t));
	w->taken = exo_arena_get(a, (size_t)1 << set->slot_bits);
	return w->head == NULL || w->size == NULL || w->next == NULL ||
	               w->taken == NULL
	           ? -EXO_ENOMEM
	           : 0;
}

/* Put values into their buckets; the size of the largest. */
static uint32_t fill(struct work *w, const struct jit_set *set)
{
	size_t buckets = (size_t)1 << set->bucket_bits;
	uint32_t i, most = 0;

	memset(w->head, 0, buckets * sizeof(w->head[0]));
	memset(w->size, 0, buckets * sizeof(w->size[0]));
	memset(w->taken, 0, (size_t)1 << set->slot_bits);
	for (i = 0; i < set->n; i++) {
		uint32_t b = bucket_of(set, set->v[i]);

		w->next[i] = w->head[b];
		w->head[b] = i + 1;
		if (++w->size[b] > most)
			most = w->size[b];
	}
	return most;
}

/* All values of a bucket to free slots, with this displacement. */
static bool place(
    struct work *w, const struct jit_set *set, uint32_t b, uint32_t disp)
{
	uint32_t i, done = 0, back;

	for (i = w->head[b]; i != 0; i = w->next[i - 1], done++) {
		uint32_t slot = bare_slot(set, set->v[i - 1]) ^ disp;

		if (w->taken[slot] != 0)
			break;
		w->taken[slot] = 1;
	}
	if (i == 0)
		return true;
	for (back = w->head[b]; done > 0; back = w->next[back - 1], done--)
		w->taken[bare_slot(set, set->v[back - 1]) ^ disp] = 0;
	return false;
}

static bool place_all(struct work *w, struct jit_set *set)
{
	uint32_t slots = 1u << set->slot_bits, size = fill(w, set), b, d;

	if (size > BUCKET_MAX)
		return false;
	for (; size > 0; size--) {
		for (b = 0; b < 1u << set->bucket_bits; b++) {
			if (w->size[b] != size)
				continue;
			for (d = 0; d < slots; d++)
				if (place(w, set, b, d))
					break;
			if (d == slots)
				return false;
			set->disp[b] = (uint16_t)d;
		}
	}
	return true;
}

static void fill_slots(struct jit_set *set)
{
	uint32_t slots = 1u << set->slot_bits, i;
	uint32_t first = jit_set_slot(set, set->v[0]);

	for (i = 0; i < slots; i++)
		set->slots[i] = i == first ? set->v[1] : set->v[0];
	for (i = 0; i < set->n; i++)
		set->slots[jit_set_slot(set, set->v[i])] = set->v[i];
}

int jit_set_hash(struct jit_set *set, struct exo_arena *arena)
{
	struct work w;
	uint64_t mul = 0x9e3779b97f4a7c15u;
	uint32_t attempt;

	set->mul = 0;
	set->slot_bits = 1;
	while (set->slot_bits < SLOT_BITS &&
	       ((uint64_t)1 << set->slot_bits) * 4 < (uint64_t)set->n * 5)
		set->slot_bits++;
	if ((uint64_t)set->n * 20 > ((uint64_t)1 << set->slot_bits) * 19 ||
	    set->n < 2)
		return 0;
	set->bucket_bits = set->slot_bits > 3 ? set->slot_bits - 2 : 1;
	set->disp = exo_arena_get(
	    arena, ((size_t)1 << set->bucket_bits) * sizeof(uint16_t));
	set->slots = exo_arena_get(
	    arena, ((size_t)1 << set->slot_bits) * sizeof(uint32_t));
	if (set->disp == NULL || set->slots == NULL ||
	    work_room(&w, set, arena) != 0)
		return -EXO_ENOMEM;
	for (attempt = 0; attempt < TRIES; attempt++) {
		mul = (mul ^ mul >> 29) * 0xbf58476d1ce4e5b9u + attempt;
		set->mul = mul | 1;
		if (place_all(&w, set)) {
			fill_slots(set);
			return 0;
		}
	}
	set->mul = 0;
	return 0;
}
