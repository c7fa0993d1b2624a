/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world for one program: maps, helpers, and the interpreter that runs it.
 *
 * Overview: exo_world_new() makes maps by their definitions and an isa_vm whose
 * helpers and names are bound to them. Load a program into exo_world_vm() with
 * isa_load(), give it a packet (exo_world_pkt(), or isa_set_pkt() for one that
 * nobody changes) or memory (isa_set_mem()), and exo_world_run() it, as often
 * as wanted: maps keep their content. A program names a map by its index.
 *
 * It serves those who run programs by themselves (tests, the tool, fuzzers'
 * oracles); the programs need not be verified. Whatever they do, the run ends
 * by an enum isa_end, and helpers check all that exo/isa/helpers.inc promises.
 *
 * Determinism: with the same definitions, key, seed and clock every run is the
 * same, addresses included.
 *
 * Synchronization: one thread, but for exo_world_def(), exo_elem_get() and
 * exo_elem_next(), which any number of others may call meanwhile, and
 * exo_world_record(), which one other may for each ring buffer; see exo/maps/map.h.
 */
#ifndef EXO_CORE_WORLD_H
#define EXO_CORE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/abi/map.h"
#include "exo/isa/interp.h"
#include "exo/lib/arena.h"
#include "exo/lib/siphash.h"
#include "verifier/verifier.h"

#define EXO_WORLD_MAPS EXO_MAPS_MAX
#define EXO_WORLD_ROOM 512u /* bytes before and behind a packet */
#define EXO_WORLD_HELD 32u  /* most ring buffer records held at once */

struct exo_world;

struct exo_world_config {
	struct exo_mem *mem; /* charged for everything; outlives the world */
	const struct exo_map_def *maps;
	uint32_t nmaps;
	struct exo_sipkey hash; /* keys the tables of hashes */
	uint64_t seed;          /* what get_prandom_u32 follows from */
	/** Nanoseconds, for ktime_get_ns. NULL: a clock that begins at 0 with
	 * the world and moves by a microsecond a look. */
	uint64_t (*now)(void *arg);
	/**
	 * Take an event of perf_event_output: `size` bytes of data and npkt
	 * bytes of the packet. Returns 0 or a negated enum exo_prog_err, which
	 * the program gets. NULL: nobody listens, the program gets -ENOENT.
	 */
	int (*event)(void *arg, uint32_t map, const uint8_t *data,
	    uint32_t size, const uint8_t *pkt, uint32_t npkt);
	void *arg; /* for now() and event() */
	/** Take a line of trace_printk: n bytes and a NUL, printable but for
	 * newlines and tabs. NULL: it goes nowhere. */
	void (*print)(void *arg, const char *line, uint32_t n);
	void *print_arg;
	uint32_t no_cpu; /* what compiled programs must do without, as bits of
			    exo/jit/jit.h's enum jit_cpu */
	uint32_t harden; /* how they are hardened: bits of enum jit_harden */
	bool places;     /* keep what exo_world_code_place() gives */
};

/** Whether there can be such a map: 0, -EXO_EINVAL, or -EXO_E2BIG. */
int exo_world_map(const struct exo_map_def *def);

/**
 * Make a world. Nothing of *cfg is kept but mem, the functions and arg.
 * Returns 0; -EXO_EINVAL or -EXO_E2BIG: a definition cannot be, or there are
 * too many; -EXO_ENOMEM. On failure *out is NULL.
 */
int exo_world_new(const struct exo_world_config *cfg, struct exo_world **out);

/** End it; NULL is allowed. */
void exo_world_free(struct exo_world *w);

/** Its interpreter, for isa_load(), isa_set_pkt(), isa_set_mem() and to look
 * at after a run. Its ops and user are the world's: leave them. */
struct isa_vm *exo_world_vm(struct exo_world *w);

/**
 * Copy a packet in, for the runs until the next one. It may be written and
 * its ends moved, with EXO_WORLD_ROOM bytes on both sides. After a run
 * exo_world_vm()->pkt is the packet as it is then. 0 or -EXO_ENOMEM.
 */
int exo_world_pkt(struct exo_world *w, const struct isa_pkt *pkt);

/** Run the loaded program with this fuel: isa_run(), after which records of
 * ring buffers that it held are discarded. */
enum isa_end exo_world_run(struct exo_world *w, uint64_t fuel, uint64_t *r0);

/** A verified program compiled for one world. */
struct exo_world_code;

/**
 * Compile a program that was verified with the world's maps; it may be freed
 * afterwards. without: passes of the compiler to leave out, as bits of
 * exo/jit/passes.inc; 0 for none.
 * Returns 0; -EXO_ENOMEM; -EXO_E2BIG; -EXO_EINVAL: it names other maps.
 */
int exo_world_compile(struct exo_world *w, const struct vf_prog *prog,
    uint32_t without, struct exo_world_code **out);

/** Give it back; NULL is allowed. No slot names it any more. */
void exo_world_code_free(struct exo_world *w, struct exo_world_code *c);

/** Its machine code. */
const uint8_t *exo_world_code_bytes(
    const struct exo_world_code *c, uint32_t *size);

/** A piece of the machine code: where it begins; it ends where the next does,
 * or with the code. */
struct exo_world_place {
	uint32_t from;
	uint32_t pc; /* the instruction it is of, or one of: */
};
#define EXO_PLACE_FRAME  UINT32_MAX       /* entry and exit of a function */
#define EXO_PLACE_TABLES (UINT32_MAX - 1) /* no code: what is looked up */

/** The i-th piece in the order of the code; an instruction may have several,
 * or none. False past the last, or where places were not kept. */
bool exo_world_code_place(
    const struct exo_world_code *c, uint32_t i, struct exo_world_place *out);

/** Run compiled code as exo_world_run() runs the loaded program; the result,
 * 0 where that ends by ISA_END_REJECT. */
uint64_t exo_world_exec(struct exo_world *w, const struct exo_world_code *c);

/** What a slot of a program array may name; isa_load()'s kind of program. */
struct exo_world_prog {
	const struct exo_insn *insns;
	uint32_t ninsns;
	uint32_t type; /* a tail call from another type fails */
	const struct exo_world_code *code; /* the same; NULL: compiled programs
					      find nothing here */
};

/** Let slot `index` of program array `map` name *prog, which must outlive its
 * place there; NULL empties it. 0, or -EXO_EINVAL: no such slot. */
int exo_world_slot(struct exo_world *w, uint32_t map, uint32_t index,
    const struct exo_world_prog *prog);

/** Copy the value of a key out. 0; -EXO_ENOENT: it is not there; -EXO_EINVAL:
 * no such map, or it has no values. */
int exo_world_lookup(
    const struct exo_world *w, uint32_t map, const void *key, void *value);

struct exo_image;

/**
 * Put into maps what an image says that they begin with; the world is of its
 * maps. Those that programs may only read are never written again: the verifier
 * may have been told what is in them (exo_image_consts()).
 * 0, or -EXO_EINVAL: a map of another kind than an array, or more than it has
 * room for.
 */
int exo_world_begin(struct exo_world *w, const struct exo_image *img);

/** Set the value of a key, whatever the map's flags say of programs. 0,
 * -EXO_EINVAL as above, -EXO_ELIMIT: no such index, or full, -EXO_EPERM: it is
 * to stay as it began. */
int exo_world_update(
    struct exo_world *w, uint32_t map, const void *key, const void *value);

/** Copy out the first element at position *pos (start with 0) or later, and
 * move *pos behind it. 0; -EXO_ENOENT: that was all; -EXO_EINVAL. */
int exo_world_next(const struct exo_world *w, uint32_t map, uint32_t *pos,
    void *key, void *value);

/** Take the oldest record of a ring buffer: its *size bytes are valid, and take
 * room, until the next call for this map. NULL: there is none. */
const uint8_t *exo_world_record(
    struct exo_world *w, uint32_t map, uint32_t *size);

/* --- elements from outside, as bpf(2) has it ---------------------------------
 *
 * What a process does to Linux's maps, with the same results: 0, or a negated
 * enum exo_prog_err; -EINVAL: there is no such map, or its kind does not do that.
 * Flags of the map about programs bind nobody here. Nothing counts as a use. To
 * another thread than the writer's get and next may say -EAGAIN: map_read().
 */

/** The definition of a map; NULL: there is none of this index. */
const struct exo_map_def *exo_world_def(
    const struct exo_world *w, uint32_t map);

/** Copy out the value of a key; of a queue or stack, without key, what is to
 * be popped next. -ENOENT: nothing is there. */
int exo_elem_get(
    const struct exo_world *w, uint32_t map, const void *key, void *value);

/** Set the value of a key, flags being MAP_ANY ... of exo/maps/map.h; push to a
 * queue or stack. What map_update() and map_queue_push() say; -EPERM: the map is
 * to stay as it began (exo_world_begin()). */
int exo_elem_set(struct exo_world *w, uint32_t map, const void *key,
    const void *value, uint64_t flags);

/** Take the element of a key out. -ENOENT: nothing is there. */
int exo_elem_delete(struct exo_world *w, uint32_t map, const void *key);

/** Copy out the value of a key and take the element out, of hashes; pop from a
 * queue or stack, without key. -ENOENT: nothing is there. */
int exo_elem_take(
    struct exo_world *w, uint32_t map, const void *key, void *value);

/** Copy out the key that follows this one in some order; the first where key
 * is NULL or has no element. -ENOENT: it was the last. next may be key. */
int exo_elem_next(
    const struct exo_world *w, uint32_t map, const void *key, void *next);

#endif
