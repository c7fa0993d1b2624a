/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of a world and of the helpers share.
 *
 * Region numbers (the upper halves of addresses; see exo/isa/interp.h), above
 * those of the interpreter: each element of a map has its own, so that no
 * pointer to one reaches another, and each record and each key that a callback
 * sees has a new one, so that no stale pointer reaches anything.
 */
#ifndef EXO_CORE_WORLD_INT_H
#define EXO_CORE_WORLD_INT_H

#include "exo/core/world.h"
#include "exo/isa/helpers.h"
#include "exo/jit/jit.h"
#include "exo/maps/map.h"

#define WORLD_ID_KEY    0x0b000000u /* + serial */
#define WORLD_ID_RECORD 0x0c000000u /* + serial */
#define WORLD_ID_MAP    0x0f000000u /* + map: the map itself, no memory */
#define WORLD_ID_VALUE  0x80000000u /* + map << 24 + element */
#define WORLD_ID_KINDS  0xff000000u
#define WORLD_SERIALS   0x00ffffffu

/** A record of a ring buffer that the program holds. */
struct world_record {
	uint32_t serial; /* 0: this place is free */
	uint32_t size;
	uint8_t *data;
	struct map *map;
};

/** The key that a function called back by for_each_map_elem sees. */
struct world_key {
	uint32_t serial;
	uint32_t size;
	uint8_t bytes[EXO_MAP_KEY_MAX];
};

/** Where the events of one map go. */
struct world_sink {
	struct map_sink sink;
	struct exo_world *world;
	uint32_t map;
};

/** Compiled code of a world. */
struct exo_world_code {
	struct jit_code *code;
	uint32_t type;
};

struct world_tail;

struct exo_world {
	struct exo_mem *mem;
	uint32_t holds; /* who keep it, besides its owner */
	struct map **maps;
	struct world_sink *sinks; /* one for each map */
	uint32_t nmaps;
	uint64_t frozen; /* maps that nobody writes any more */
	uint64_t random;
	uint64_t clock;
	uint64_t (*now)(void *arg);
	int (*event)(void *arg, uint32_t map, const uint8_t *data,
	    uint32_t size, const uint8_t *pkt, uint32_t npkt);
	void *arg;
	void (*print)(void *arg, const char *line, uint32_t n);
	void *print_arg;
	uint8_t *pkt; /* exo_world_pkt()'s copy, with its room */
	size_t pkt_size;
	uint32_t runs;   /* that have begun, twice, and 1 */
	uint32_t run;    /* the same while one lasts, and else 0 */
	uint32_t serial; /* the last that was given out in this run */
	struct world_record held[EXO_WORLD_HELD];
	struct world_key keys[EXO_MAX_FRAMES]; /* by the function's frame */
	const struct jit_code *running; /* NULL: programs are interpreted */
	jit_callback *stub; /* by which functions are called back: that of some
	                       code that has one, they are all the same */
	struct jit_ctx ctx; /* what compiled programs get; own is zero between
	                       runs */
	bool keeps;         /* the one that runs may have changed ctx.own */
	bool kept;          /* vm.own is not zero */
	uint32_t no_cpu;
	uint32_t harden;
	bool places;
	struct world_tail *tails; /* programs in slots that are its own */
	struct isa_vm vm;
};

/** Virtual addresses. */
static inline uint64_t world_addr(uint32_t id)
{
	return (uint64_t)id << 32;
}

static inline uint64_t world_value_addr(
    const struct map *m, uint32_t map, const uint8_t *value)
{
	return world_addr(WORLD_ID_VALUE | map << 24 | map_index(m, value));
}

/** A number for the next record or key; never 0. */
uint32_t world_serial(struct exo_world *w);

/** A run begins: what was handed out in the last one is void. Records that
 * are still held keep their numbers. */
void world_forget(struct exo_world *w);
static inline void world_begin(struct exo_world *w)
{
	w->runs += 2;
	w->run = w->runs;
	if (w->serial != 0) /* else nothing was */
		world_forget(w);
}

/** The map that an address stands for, and its index; NULL: it is none. */
struct map *world_map_at(
    const struct exo_world *w, uint64_t addr, uint32_t *map);

/** A run is over: what is still held is discarded. */
void world_discard(struct exo_world *w);
static inline void world_ends(struct exo_world *w)
{
	w->run = 0;
	if (w->serial != 0 && w->vm.held != 0)
		world_discard(w);
}

/** The record whose memory this is; a verified program's. */
struct world_record *world_record_of(struct exo_world *w, const void *data);

/** What a program gets for a pointer: itself, or a virtual address. */
static inline uint64_t world_gives(
    const struct exo_world *w, const void *p, uint64_t addr)
{
	return w->running != NULL ? (uintptr_t)p : addr;
}

/** The record that begins at an address, or NULL. */
struct world_record *world_record_at(struct exo_world *w, uint64_t addr);

/** What compiling for a world needs. */
struct jit_env world_jit(struct exo_world *w);

/** Compile as exo_world_compile() does; the code is charged to w->mem. */
int world_compile(struct exo_world *w, const struct vf_prog *prog,
    uint32_t without, struct jit_code **out);

/** The world ends, and its programs in slots with it. */
void world_tails_free(struct exo_world *w);

/** Run compiled code of a program of this type on the vm's packet or memory;
 * the result, 0 where that ends by ISA_END_REJECT. */
uint64_t world_exec(
    struct exo_world *w, const struct jit_code *code, uint32_t type);

/** isa_ops: memory behind addresses, and names of maps. */
uint8_t *world_at(
    const struct isa_vm *vm, uint64_t addr, uint32_t size, bool write);
uint64_t world_name(struct isa_vm *vm, uint32_t src, uint64_t imm);

/** isa_ops: check the arguments of a helper against its row, then run it. */
int world_helper(struct isa_vm *vm, uint32_t nr, uint64_t regs[16]);

/** One call of a helper, its arguments checked. Numbered as registers are. */
struct helper {
	struct exo_world *w;
	struct isa_vm *vm;
	uint64_t *r; /* the registers; the body sets r[0] */
	struct map *map;
	uint32_t map_nr;
	uint8_t *p[ISA_ARGS + 1];    /* memory behind the argument */
	struct world_record *record; /* that it gives up */
	uint8_t nothing;             /* what p[] shows when the size is 0 */
};

/** The body of a helper: does what bpf-helpers(7) says. Returns enum
 * isa_helper_does, r[0] being the result when that is ISA_HELPER_DONE. */
typedef int helper_body(struct helper *h);

#define ISA_HELPER(nr, name, types, ret, a, b, c, d, e, fx, steps) \
	helper_body helper_##name;
#include "exo/isa/helpers.inc"
#undef ISA_HELPER

/** End a body with a result; an error is a negated enum exo_prog_err. */
static inline int helper_gives(struct helper *h, int64_t result)
{
	h->r[0] = (uint64_t)result;
	return ISA_HELPER_DONE;
}

#endif
