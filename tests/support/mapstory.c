/* SPDX-License-Identifier: BSD-2-Clause */
/* Stories of maps: see mapstory.h. */
#include "tests/support/mapstory.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 31) * UINT64_C(0x7fb5d329728ea185);
	x = (x ^ x >> 27) * UINT64_C(0x81dadef4bc2dd44d);
	return x ^ x >> 33;
}

static bool is_array(const struct story *s)
{
	return s->def.kind == EXOPF_MAP_ARRAY ||
	       s->def.kind == EXOPF_MAP_PERCPU_ARRAY;
}

static bool is_queue(const struct story *s)
{
	return s->def.kind == EXOPF_MAP_QUEUE || s->def.kind == EXOPF_MAP_STACK;
}

static bool forgets(const struct story *s)
{
	return s->def.kind == EXOPF_MAP_LRU_HASH ||
	       s->def.kind == EXOPF_MAP_LRU_PERCPU_HASH;
}

/* --- keys, values --------------------------------------------------------------- */

/* Is a key this one? Of a trie's, bits behind the prefix count for nothing. */
static bool is_key(const struct story *s, uint32_t id, const uint8_t *key)
{
	uint32_t bits[2], data[2];

	if (s->def.kind != EXOPF_MAP_LPM_TRIE)
		return memcmp(s->key[id], key, s->def.key_size) == 0;
	memcpy(&bits[0], s->key[id], 4);
	memcpy(&bits[1], key, 4);
	memcpy(&data[0], s->key[id] + 4, 4);
	memcpy(&data[1], key + 4, 4);
	return bits[0] == bits[1] &&
	       __builtin_bswap32(data[0] ^ data[1]) >> (32 - bits[0]) == 0;
}

/* Prefixes of a few addresses, many of them of one another. */
static void make_prefix(struct story *s, uint32_t id)
{
	uint32_t bits = 1 + (uint32_t)(mix(id) % 32), data, was;

	do {
		was = 0;
		data = (uint32_t)mix(id % 4) & ~(uint32_t)0 << (32 - bits);
		if (id >= 40)
			data ^= (uint32_t)mix(id) & 3u << (32 - bits);
		data = __builtin_bswap32(data);
		memcpy(s->key[id], &bits, 4);
		memcpy(s->key[id] + 4, &data, 4);
		bits = bits % 32 + 1;
		while (was < id && !is_key(s, was, s->key[id]))
			was++;
	} while (was < id);
}

static void make_keys(struct story *s)
{
	uint64_t key;

	for (uint32_t id = 0; id < STORY_IDS; id++) {
		key = is_array(s) ? id : mix(id) << 8 | id;
		if (s->def.kind == EXOPF_MAP_LPM_TRIE)
			make_prefix(s, id);
		else
			memcpy(s->key[id], &key, sizeof(key));
	}
}

uint32_t story_id(const struct story *s, const uint8_t *key)
{
	uint32_t id = 0;

	while (id < STORY_IDS && !is_key(s, id, key))
		id++;
	return id;
}

bool story_covers(const struct story *s, uint32_t a, uint32_t b)
{
	uint32_t bits[2], data[2];

	if (s->def.kind != EXOPF_MAP_LPM_TRIE)
		return a == b;
	memcpy(&bits[0], s->key[a], 4);
	memcpy(&bits[1], s->key[b], 4);
	memcpy(&data[0], s->key[a] + 4, 4);
	memcpy(&data[1], s->key[b] + 4, 4);
	return bits[0] <= bits[1] &&
	       __builtin_bswap32(data[0] ^ data[1]) >> (32 - bits[0]) == 0;
}

void story_value(const struct story *s, uint32_t event, uint8_t *value)
{
	uint64_t word[STORY_VALUE / 8] = { event };

	for (uint32_t i = 1; i < STORY_VALUE / 8; i++)
		word[i] = mix((uint64_t)event << 8 | i);
	memcpy(value, word,
	    s->def.value_size != 0 ? s->def.value_size : STORY_VALUE);
}

uint32_t story_event(const struct story *s, const uint8_t *value)
{
	uint8_t want[STORY_VALUE] = { 0 };
	uint32_t event;

	memcpy(&event, value, sizeof(event));
	if (event > s->nevents)
		return UINT32_MAX;
	if (event != 0)
		story_value(s, event, want);
	return memcmp(value, want, s->def.value_size) == 0 ? event : UINT32_MAX;
}

/* --- what happens --------------------------------------------------------------- */

static uint32_t add(struct story *s, uint32_t n, uint32_t id, bool put)
{
	uint32_t k = ++s->nevents, before = s->latest[id];

	s->event[k] = (struct story_event){
		.op = n, .before = before, .id = (uint8_t)id, .put = put
	};
	if (before != 0)
		s->event[before].after = k;
	s->latest[id] = k;
	return k;
}

/* Elements, and which was put least lately. */
static uint32_t there_are(const struct story *s, uint32_t *oldest)
{
	uint32_t n = 0, least = UINT32_MAX;

	for (uint32_t id = 0; id < STORY_IDS; id++) {
		uint32_t k = s->latest[id];

		if (k == 0 || !s->event[k].put)
			continue;
		n++;
		if (k < least) {
			least = k;
			*oldest = id;
		}
	}
	return n;
}

static void element(struct story *s, uint32_t n, uint64_t random)
{
	uint32_t id = random % STORY_IDS, k = s->latest[id], oldest = 0;
	bool there = k != 0 && s->event[k].put;
	struct story_op *op = &s->op[n];

	op->id = (uint8_t)id;
	op->what = STORY_PUT;
	if (random >> 8 & 1 && !is_array(s) &&
	    (forgets(s) || id >= STORY_STABLE))
		op->what = STORY_GONE;
	if (n <= STORY_STABLE && !forgets(s)) {
		op->id = (uint8_t)(n - 1);
		op->what = STORY_PUT;
		there = false;
	}
	if (op->what == STORY_GONE && !there)
		return;
	if (op->what == STORY_PUT && !there &&
	    there_are(s, &oldest) == s->def.max_entries && forgets(s))
		op->lost = add(s, n, oldest, false);
	op->event = add(s, n, op->id, op->what == STORY_PUT);
}

/* What is there lies in held[tail] to held[head - 1]. */
static void value(struct story *s, uint32_t n, uint64_t random, uint32_t *held,
    uint32_t at[2])
{
	struct story_op *op = &s->op[n];
	bool fifo = s->def.kind == EXOPF_MAP_QUEUE;
	uint32_t size = s->def.max_entries;

	op->what = random % 8 < 4   ? STORY_PUT
	           : random % 8 < 7 ? STORY_GONE
	                            : STORY_OVER;
	if (op->what == STORY_GONE && at[0] != at[1]) {
		op->event = add(s, n, 0, false);
		at[fifo ? 0 : 1] += fifo ? 1 : UINT32_MAX;
	}
	if (op->what == STORY_OVER && at[1] - at[0] == size)
		at[0]++;
	if (op->what != STORY_GONE && at[1] - at[0] < size) {
		op->event = add(s, n, 0, true);
		held[at[1]++ % size] = op->event;
	}
	s->top[n] =
	    at[0] == at[1] ? 0 : held[(fifo ? at[0] : at[1] - 1) % size];
}

bool story_new(struct story *s, const struct exopf_map_def *def, uint32_t nops)
{
	uint32_t held[STORY_IDS], at[2] = { 1u << 30, 1u << 30 };

	*s = (struct story){ .def = *def, .nops = nops };
	make_keys(s);
	s->op = calloc(nops + 1, sizeof(*s->op));
	s->event = calloc(2 * (size_t)nops + 2, sizeof(*s->event));
	s->top = calloc(nops + 1, sizeof(*s->top));
	if (s->op == NULL || s->event == NULL || s->top == NULL)
		return false;
	for (uint32_t n = 1; n <= nops; n++) {
		if (is_queue(s))
			value(s, n, mix(n), held, at);
		else
			element(s, n, mix(n));
	}
	memset(s->latest, 0, sizeof(s->latest));
	return true;
}

void story_free(struct story *s)
{
	free(s->op);
	free(s->event);
	free(s->top);
}

/* --- as it is told -------------------------------------------------------------- */

static void happens(struct story *s, uint32_t k)
{
	if (k != 0)
		__atomic_store_n(
		    &s->latest[s->event[k].id], k, __ATOMIC_RELEASE);
}

void story_begin(struct story *s, uint32_t n)
{
	happens(s, s->op[n].lost);
	happens(s, s->op[n].event);
	__atomic_store_n(&s->started, n, __ATOMIC_RELEASE);
}

void story_end(struct story *s, uint32_t n)
{
	__atomic_store_n(&s->done, n, __ATOMIC_RELEASE);
}

/* Is what an event left in one of these states? */
static bool lasts(const struct story *s, uint32_t k, uint32_t lo, uint32_t hi)
{
	const struct story_event *e = &s->event[k];

	return e->op <= hi && (e->after == 0 || s->event[e->after].op > lo);
}

bool story_shows(
    const struct story *s, uint32_t event, uint32_t lo, uint32_t hi)
{
	return event != 0 && event <= s->nevents && s->event[event].put &&
	       lasts(s, event, lo, hi);
}

/* Did the key have an element, or none? At first it had none. */
static bool ever(
    const struct story *s, uint32_t id, bool put, uint32_t lo, uint32_t hi)
{
	uint32_t k = __atomic_load_n(&s->latest[id], __ATOMIC_ACQUIRE);

	for (; k != 0; k = s->event[k].before) {
		if (s->event[k].put == put && lasts(s, k, lo, hi))
			return true;
		if (s->event[k].op <= lo)
			return false;
	}
	return !put;
}

bool story_has(const struct story *s, uint32_t id, uint32_t lo, uint32_t hi)
{
	return ever(s, id, true, lo, hi);
}

bool story_lacks(const struct story *s, uint32_t id, uint32_t lo, uint32_t hi)
{
	return ever(s, id, false, lo, hi);
}

bool story_tops(const struct story *s, uint32_t event, uint32_t lo, uint32_t hi)
{
	uint32_t n = lo;

	while (n < hi && s->top[n] != event)
		n++;
	return s->top[n] == event;
}
