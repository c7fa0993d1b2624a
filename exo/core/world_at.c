/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world's addresses: which memory, which map, which record.
 *
 * Everything here is asked with numbers that a program made up.
 */
#include "exo/core/world_int.h"

#include "exo/lib/bug.h"
#include "exo/lib/bytes.h"

void world_forget(struct exo_world *w)
{
	w->serial = 0;
	for (uint32_t i = 0; i < EXO_MAX_FRAMES; i++)
		w->keys[i].serial = 0;
}

static bool is_used(const struct exo_world *w, uint32_t serial)
{
	for (uint32_t i = 0; i < EXO_WORLD_HELD; i++) {
		if (w->held[i].serial == serial)
			return true;
	}
	for (uint32_t i = 0; i < EXO_MAX_FRAMES; i++) {
		if (w->keys[i].serial == serial)
			return true;
	}
	return false;
}

/* A run may need more of them than there are, but not at a time. A compiled
 * program never sees one. */
uint32_t world_serial(struct exo_world *w)
{
	do
		w->serial = w->serial % WORLD_SERIALS + 1;
	while (w->running == NULL && is_used(w, w->serial));
	return w->serial;
}

struct map *world_map_at(
    const struct exo_world *w, uint64_t addr, uint32_t *map)
{
	uint64_t i = (addr >> 32) - WORLD_ID_MAP;

	if ((uint32_t)addr != 0 || i >= w->nmaps)
		return NULL;
	*map = (uint32_t)i;
	return w->maps[i];
}

/* The record whose memory has this region number, or NULL. */
static const struct world_record *record_of(
    const struct exo_world *w, uint32_t id)
{
	uint32_t serial = id & WORLD_SERIALS;

	for (uint32_t i = 0; i < EXO_WORLD_HELD; i++) {
		if (w->held[i].serial == serial && serial != 0)
			return &w->held[i];
	}
	return NULL;
}

struct world_record *world_record_at(struct exo_world *w, uint64_t addr)
{
	uint32_t id = (uint32_t)(addr >> 32);
	const struct world_record *rec;

	if ((id & WORLD_ID_KINDS) != WORLD_ID_RECORD || (uint32_t)addr != 0)
		return NULL;
	rec = record_of(w, id);
	return rec == NULL ? NULL : &w->held[rec - w->held];
}

struct world_record *world_record_of(struct exo_world *w, const void *data)
{
	for (uint32_t i = 0; i < EXO_WORLD_HELD; i++) {
		if (w->held[i].serial != 0 && w->held[i].data == data)
			return &w->held[i];
	}
	exo_bug("a program gives up what it does not hold");
}

/* A piece of memory, to be narrowed to what is asked for. */
static uint8_t *part(uint8_t *base, uint32_t len, uint64_t addr, uint32_t size)
{
	if (base == NULL || !exo_range_ok((uint32_t)addr, size, len))
		return NULL;
	return base + (uint32_t)addr;
}

static uint8_t *value_at(
    const struct exo_world *w, uint64_t addr, uint32_t size, bool write)
{
	uint32_t id = (uint32_t)(addr >> 32) - WORLD_ID_VALUE;
	uint32_t map = id >> 24;
	const struct exo_map_def *def;

	if (map >= w->nmaps)
		return NULL;
	def = map_def(w->maps[map]);
	if ((def->flags & (write ? EXO_MAP_RDONLY_PROG : EXO_MAP_WRONLY_PROG)))
		return NULL;
	return part(map_value(w->maps[map], id & 0xffffffu), def->value_size,
	    addr, size);
}

/* Keys may be read while the function runs that they were handed to. */
static uint8_t *key_at(struct exo_world *w, uint64_t addr, uint32_t size)
{
	uint32_t serial = (uint32_t)(addr >> 32) & WORLD_SERIALS;

	for (uint32_t d = 1; d <= w->vm.depth - w->vm.base; d++) {
		struct world_key *k = &w->keys[d];

		if (k->serial == serial && serial != 0)
			return part(k->bytes, k->size, addr, size);
	}
	return NULL;
}

uint8_t *world_at(
    const struct isa_vm *vm, uint64_t addr, uint32_t size, bool write)
{
	struct exo_world *w = vm->user;
	uint32_t id = (uint32_t)(addr >> 32);
	const struct world_record *rec;

	if (id >= WORLD_ID_VALUE)
		return value_at(w, addr, size, write);
	switch (id & WORLD_ID_KINDS) {
	case WORLD_ID_RECORD:
		rec = record_of(w, id);
		return rec == NULL ? NULL
		                   : part(rec->data, rec->size, addr, size);
	case WORLD_ID_KEY:
		return write ? NULL : key_at(w, addr, size);
	default:
		return NULL;
	}
}

/* Both ways to name a map, by descriptor and by index, mean its index here.
 * The address of a value is that of element 0, and a byte in it. */
uint64_t world_name(struct isa_vm *vm, uint32_t src, uint64_t imm)
{
	const struct exo_world *w = vm->user;
	uint32_t map = (uint32_t)imm, off = (uint32_t)(imm >> 32);
	const struct exo_map_def *def;

	if (map >= w->nmaps)
		return 0;
	if (src == EXO_LDDW_MAP || src == EXO_LDDW_MAP_IDX)
		return off == 0 ? world_addr(WORLD_ID_MAP | map) : 0;
	def = map_def(w->maps[map]);
	if ((map_can(def->kind) & EXO_MAP_DIRECT) == 0 ||
	    off >= def->value_size)
		return 0;
	return world_addr(WORLD_ID_VALUE | map << 24) | off;
}
