/* SPDX-License-Identifier: BSD-2-Clause */
/* Worlds of generated programs: see life.h. */
#include "tests/support/life.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "exo/core/world_int.h"
#include "exo/maps/map_int.h"
#include "tests/support/mem.h"
#include "tests/support/progen.h"
#include "tests/support/reach.h"

static uint64_t mix(uint64_t sum, uint64_t x)
{
	sum = (sum ^ x) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 29;
}

static uint64_t sum_of(uint64_t sum, const uint8_t *b, size_t size)
{
	uint64_t x;

	for (; size >= 8; size -= 8, b += 8) {
		memcpy(&x, b, 8);
		sum = mix(sum, x);
	}
	x = size;
	while (size-- > 0)
		x = x << 8 | *b++;
	return mix(sum, x);
}

void life_note(struct life *l, enum life_part part, const void *p, size_t size)
{
	l->sum[part] = sum_of(l->sum[part], p, size);
}

static int event(void *arg, uint32_t map, const uint8_t *data, uint32_t size,
    const uint8_t *pkt, uint32_t npkt)
{
	struct life *l = arg;

	life_note(l, LIFE_EVENTS, &map, sizeof(map));
	life_note(l, LIFE_EVENTS, data, size);
	life_note(l, LIFE_EVENTS, pkt, npkt);
	return -(int)(size % 3);
}

static void line(void *arg, const char *text, uint32_t n)
{
	life_note(arg, LIFE_EVENTS, text, n);
}

/* Words that arithmetic dislikes. */
static const uint64_t odd[] = { 0, 1, 2, 7, 8, 31, 32, 63, 64, 127, 128, 255,
	256, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
	0x100000000, 0xffffffff00000000, 0x7fffffffffffffff, 0x8000000000000000,
	UINT64_MAX, UINT64_MAX - 7, 0xffffffff80000000, 0x5555555555555555,
	0x0102030405060708, 0x1fffffff, 0x20000000 };
#define ODDS (sizeof(odd) / sizeof(odd[0]))

uint64_t life_odd(unsigned i)
{
	return odd[i % ODDS];
}

/* These words, and those of the input. */
static void fill(
    const struct life_bytes *b, uint8_t *to, uint32_t n, uint32_t skip)
{
	uint32_t i, at = skip * 5;

	for (i = 0; i < n; i += 8) {
		uint64_t x = odd[(i / 8 * 7 + skip) % ODDS];

		if (at + 9 <= b->n && b->p[at] % 4 == 0) {
			memcpy(&x, b->p + at + 1, 8);
			at += 9;
		} else if (at < b->n) {
			x = odd[b->p[at++] / 4 % ODDS];
		}
		memcpy(to + i, &x, n - i < 8 ? n - i : 8);
	}
}

/* Some of a trie's prefixes, or as many as it has room for. */
static void fill_trie(struct life *l, const uint8_t *value, bool full)
{
	static const uint32_t bits[] = { 8, 24, 0, 32, 16 };
	uint32_t key[2], i;

	for (i = 0; i < (full ? 5 : 2); i++) {
		key[0] = bits[i];
		key[1] = progen_nets[i % 3];
		(void)exo_world_update(l->w, PROGEN_TRIE, key, value + 8 * i);
	}
}

static void fill_maps(struct life *l, const struct life_bytes *b, bool full)
{
	static const uint8_t always[] = { PROGEN_ARRAY, PROGEN_WIDE,
		PROGEN_CPU_ARRAY };
	static const uint8_t some[] = { PROGEN_LRU, PROGEN_CPU_HASH,
		PROGEN_CPU_LRU };
	static const uint8_t full_only[] = { PROGEN_HASH, PROGEN_WRONLY,
		PROGEN_QUEUE, PROGEN_STACK };
	uint8_t key[8], value[64];
	uint32_t i, k;

	for (i = 0; i < 4; i++) {
		memset(key, 0, sizeof(key));
		key[0] = (uint8_t)i;
		fill(b, value, sizeof(value), i + 3);
		for (k = 0; k < sizeof(always); k++)
			(void)exo_elem_set(l->w, always[k], key, value, 0);
		for (k = 0; k < sizeof(some) && (full || i == 1); k++)
			(void)exo_elem_set(l->w, some[k], key, value, 0);
		for (k = 0; k < sizeof(full_only) && full; k++)
			(void)exo_elem_set(l->w, full_only[k], key, value, 0);
	}
	fill_trie(l, value, full);
	memset(value, 0, sizeof(value));
	memcpy(value, progen_const, PROGEN_CONST);
	memset(key, 0, sizeof(key));
	if (exo_world_update(l->w, PROGEN_RDONLY, key, value) != 0)
		abort();
	while (full) {
		uint8_t *r = map_ring_reserve(l->w->maps[PROGEN_RING], 1000);

		if (r == NULL)
			break;
		map_ring_commit(l->w->maps[PROGEN_RING], r, false);
	}
}

/*
 * Pages: PAGES_SIZE bytes between two pages that nobody may touch. They are
 * kept for the lives to come.
 */

#define PAGE       4096u
#define PAGES_SIZE (1u << 17)
#define PAGES_KEPT 16u

static uint8_t *pages_kept[PAGES_KEPT];
static unsigned npages;

static uint8_t *pages_get(void)
{
	uint8_t *p;

	if (npages > 0)
		return pages_kept[--npages];
	p = mmap(NULL, PAGES_SIZE + 2 * PAGE, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED ||
	    mprotect(p + PAGE, PAGES_SIZE, PROT_READ | PROT_WRITE) != 0)
		abort();
	return p + PAGE;
}

static void pages_put(uint8_t *p)
{
	if (npages < PAGES_KEPT)
		pages_kept[npages++] = p;
	else if (munmap(p - PAGE, PAGES_SIZE + 2 * PAGE) != 0)
		abort();
}

static void put_tails(struct life *l)
{
	unsigned i;

	for (i = 0; i < TAILS; i++) {
		const struct vf_prog *p = tail_prog(l->type, (enum tail)i);

		if (p == NULL)
			continue;
		l->tail[i].insns = vf_prog_insns(p, &l->tail[i].ninsns);
		l->tail[i].type = vf_prog_type(p);
		if (exo_world_slot(l->w, PROGEN_PROGS, i, &l->tail[i]) != 0)
			abort();
	}
}

void life_begin(
    struct life *l, uint32_t type, const struct life_bytes *b, bool full)
{
	struct exo_world_config cfg = { .maps = progen_maps,
		.nmaps = PROGEN_MAPS,
		.seed = full ? 99 : b->n,
		.event = event,
		.arg = l,
		.print = line,
		.print_arg = l };

	memset(l, 0, sizeof(*l));
	l->type = type;
	l->pages = pages_get();
	l->mem = mem_heap(NULL);
	cfg.mem = &l->mem;
	if (exo_world_new(&cfg, &l->w) != 0)
		abort();
	reach_watch(l->w);
	put_tails(l);
	fill_maps(l, b, full);
}

void life_finish(struct life *l)
{
	exo_world_free(l->w);
	pages_put(l->pages);
	if (l->mem.used != 0)
		abort();
}

/* A packet that may be written, in the world's room. */
static void supply_room(
    struct life *l, const struct isa_pkt *pkt, uint32_t meta)
{
	struct isa_vm *vm = exo_world_vm(l->w);

	if (exo_world_pkt(l->w, pkt) != 0)
		abort();
	if (l->poison != 0) {
		memset(vm->room.base, l->poison, vm->room.head - meta);
		memset(vm->room.base + vm->room.head + pkt->caplen, l->poison,
		    vm->room.tail);
	}
	vm->room.meta = meta;
	if (meta != 0)
		isa_pkt_moved(vm);
}

void life_supply(struct life *l, const struct life_bytes *b, uint32_t size,
    uint32_t meta, uint32_t skip)
{
	struct isa_vm *vm = exo_world_vm(l->w);
	uint8_t *bytes = l->pages;
	struct isa_pkt pkt = { NULL, size, size + skip % 4, 0x80000001,
		0x86dd };

	if (skip % 4 != 3) /* at the end, else at the beginning */
		bytes += PAGES_SIZE - size;
	fill(b, bytes, size > 512 ? 512 : size, skip);
	if (size > 512)
		memset(bytes + 512, 0x5a, size - 512);
	pkt.data = bytes;
	if (l->type == EXO_PROG_MEM) {
		l->space = bytes;
		l->space_size = size;
		isa_set_mem(vm, bytes, size);
	} else if (l->type == EXO_PROG_SOCKET) {
		isa_set_pkt(vm, &pkt);
	} else {
		supply_room(l, &pkt, meta);
	}
}

/* A queue or stack: what is popped is pushed again. */
static void note_queue(struct life *l, uint32_t map)
{
	struct map *m = l->w->maps[map];
	uint32_t n = map_count(m), i;
	uint8_t value[4][16];

	if (n > 4)
		abort();
	memset(value, 0, sizeof(value));
	life_note(l, LIFE_MAPS, &n, sizeof(n));
	for (i = 0; i < n; i++)
		(void)map_queue_pop(m, value[i]);
	life_note(l, LIFE_MAPS, value, sizeof(value));
	for (i = 0; i < n; i++)
		(void)map_queue_push(m,
		    value[progen_maps[map].kind == EXO_MAP_STACK ? n - 1 - i
		                                                 : i],
		    MAP_ANY);
}

/* The elements that are to go first, by their keys. */
static void note_uses(struct life *l, uint32_t map)
{
	const struct map *m = l->w->maps[map];
	uint8_t key[8] = { 0 };
	uint32_t e, pos;

	for (e = m->table.oldest; e != 0; e = m->table.uses[e - 1].newer) {
		pos = m->table.state[e - 1] & ~(1u << 31);
		if (m->table.place[pos] != e || map_next(m, &pos, key) == NULL)
			abort();
		life_note(l, LIFE_MAPS, key, sizeof(key));
	}
}

/* All elements of a map; their order is no matter. */
static void note_map(struct life *l, uint32_t map)
{
	uint8_t key[8] = { 0 }, value[64] = { 0 };
	uint64_t all = 0;
	uint32_t pos = 0, kind = progen_maps[map].kind;

	if (kind == EXO_MAP_QUEUE || kind == EXO_MAP_STACK)
		note_queue(l, map);
	if (kind == EXO_MAP_LRU_HASH || kind == EXO_MAP_LRU_PERCPU_HASH)
		note_uses(l, map);
	while (exo_world_next(l->w, map, &pos, key, value) == 0)
		all +=
		    sum_of(sum_of(map, key, sizeof(key)), value, sizeof(value));
	life_note(l, LIFE_MAPS, &all, sizeof(all));
}

static void note_pkt(struct life *l)
{
	const struct isa_vm *vm = exo_world_vm(l->w);
	const uint32_t ends[] = { vm->pkt.caplen, vm->pkt.wirelen,
		vm->room.head, vm->room.tail, vm->room.meta };

	life_note(l, LIFE_ENDS, ends, sizeof(ends));
	if (vm->room.writable && l->poison == 0)
		life_note(l, LIFE_PKT, vm->room.base,
		    vm->room.head + vm->pkt.caplen + vm->room.tail);
	else if (vm->pkt.data != NULL)
		life_note(l, LIFE_PKT, vm->pkt.data - vm->room.meta,
		    vm->pkt.caplen + vm->room.meta);
}

void life_note_all(struct life *l)
{
	const struct isa_vm *vm = exo_world_vm(l->w);
	uint32_t map, len;
	const uint8_t *rec;

	life_note(l, LIFE_MEM, l->space, l->space_size);
	note_pkt(l);
	life_note(l, LIFE_OWN, &vm->own, sizeof(vm->own));
	life_note(l, LIFE_STATE, &l->w->random, sizeof(l->w->random));
	life_note(l, LIFE_STATE, &l->w->clock, sizeof(l->w->clock));
	for (map = 0; map < PROGEN_MAPS; map++) {
		note_map(l, map);
		while ((rec = exo_world_record(l->w, map, &len)) != NULL)
			life_note(l, LIFE_RECORDS, rec, len);
	}
	for (map = 2; map < 4; map++) { /* what ringbuf_query tells */
		uint64_t at = map_ring_query(l->w->maps[PROGEN_RING], map);

		life_note(l, LIFE_RECORDS, &at, sizeof(at));
	}
}
