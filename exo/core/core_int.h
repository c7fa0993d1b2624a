/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core's objects, for the files of exo/core alone.
 *
 * Ownership: an environment owns its bindings, its ring and the keys issued
 * to it. A binding hangs in three lists: its environment's, its key's, and
 * the table of its link type. A key hangs in its environment's list and below
 * the key that it was derived from. Withdrawing takes an object out of all of
 * them; nothing else points to it.
 */
#ifndef EXO_CORE_INT_H
#define EXO_CORE_INT_H

#include <stdbool.h>

#include "exo/core/core.h"
#include "exo/isa/interp.h"
#include "exo/jit/jit.h"
#include "exo/lib/arena.h"
#include "exo/lib/pool.h"
#include "exo/lib/siphash.h"
#include "verifier/verifier.h"

/* --- ring.c: the producer's side of a packet ring ------------------------- */

struct ring {
	struct exo_ring *shared; /* NULL: the owner only counts */
	uint32_t size;           /* our own copy of shared->size */
	uint64_t head;           /* written so far; shared->head lags behind */
	uint64_t tail;           /* the last credible value of shared->tail */
	uint64_t dropped;
};

/** Start an empty ring over the platform's memory. */
void ring_init(struct ring *r, struct exo_ring *shared, uint32_t size);

/** Find room for a record of `need` bytes (a multiple of 8), or NULL.
 * The room is the producer's until ring_commit(). */
uint8_t *ring_reserve(struct ring *r, uint32_t need);

/** Account for the record just written. */
void ring_commit(struct ring *r, uint32_t need);

/** Show the consumer everything committed. */
void ring_publish(struct ring *r);

/* --- environments and keys ------------------------------------------------ */

struct binding;
struct key_rec;

struct env {
	uint64_t name;
	struct plat_env *plat;
	struct ring ring;
	struct exo_mem mem; /* charged to this owner, and to the core */
	struct binding *bindings;
	struct key_rec *keys;
	uint32_t nkeys;
	uint64_t code; /* bytes of machine code of its bindings */
	bool dirty;    /* has unpublished records */
	struct env *dirty_next;
};

/** The kernel's record of one issued key. */
struct key_rec {
	uint64_t name; /* pool name: index is exo_key.slot, generation .epoch */
	struct env *env;
	struct key_rec *env_next, **env_prev;
	struct key_rec *parent, *child; /* child: newest */
	struct key_rec *next, **prev;   /* siblings */
	struct binding *bindings;       /* published under this key */
};

/** Most bytes of machine code of one environment, where the core is not told
 * otherwise. */
#define CODE_PER_ENV ((uint64_t)64 << 20)

/** What code is rounded up to when it is charged. */
#define CODE_GRAIN 64u

/** Most bytes that compiling one program may take, likewise. */
#define COMPILE_MEM ((uint64_t)64 << 20)

/** Most keys that one environment may hold. */
#define KEYS_PER_ENV 4096u

/* --- bindings and the tables that demultiplex ------------------------------ */

struct binding {
	jit_fn *run;   /* code's */
	uint32_t type; /* enum exo_prog_type */
	bool keeps;    /* it writes its context: to be cleared before */
	bool looks;    /* it reads it, or may */
	uint64_t name;
	uint64_t tag;
	struct env *env;
	struct key_rec *key;
	struct jit_code *code;
	struct vf_prog *prog; /* what it was made of: for tools */
	struct linkset *set;
	int32_t priority;
	uint32_t mode; /* enum exo_bind_mode */
	uint32_t snap;
	struct binding *env_next, **env_prev;
	struct binding *key_next, **key_prev;
	struct exo_bind_stat stat;
};

/** The bindings of one link type in the order in which they are asked. */
struct linkset {
	uint32_t linktype;
	uint32_t n, room;
	uint32_t nlook; /* of them, those that look at their context */
	uint32_t ntake; /* those that want records */
	struct binding **v;
	struct linkset *next;
};

/** A record to be delivered: found binding by binding, sent packet by
 * packet. */
struct delivery {
	struct binding *b;
	uint32_t pkt; /* index in the batch */
	uint32_t len; /* bytes wanted */
};

/** A packet as every compiled program finds it. */
struct view {
	const uint8_t *data;
	uint64_t size;
};

struct exo_core {
	struct exo_core_config cfg;
	struct exo_mem mem;
	struct exo_sipkey secret;
	struct exo_pool envs, keys, binds;
	struct linkset *sets;
	struct linkset *last; /* of the packet before; or NULL */
	struct delivery *out; /* room for out_room deliveries, twice */
	uint32_t out_room;
	struct env *dirty;
	struct jit_ctx *ctx; /* of the packets at work: BATCH of them, which are
				filled where somebody looks */
	struct view *view;   /* likewise, always */
	struct isa_vm *vm;   /* NULL: nobody judges the compiler */
	uint32_t cpu;        /* enum jit_cpu */
	uint8_t nothing;     /* where a packet without bytes lies */
	struct exo_core_stat stat;
};

/** Packets evaluated binding by binding: one bit each in a word. */
#define BATCH 64u

/* env.c */
struct env *env_find(const struct exo_core *core, uint64_t name);

/* key.c */
/** Check a presented key: authentic, alive, with these rights. */
int key_check(const struct exo_core *core, const struct exo_key *u_key,
    uint32_t rights, struct key_rec **out);
/** Make a key for env below parent (NULL: a first key). */
int key_make(struct exo_core *core, struct env *env, struct key_rec *parent,
    uint32_t rights, uint32_t region, struct exo_key *out);
/** End a key, all below it, and what was bound under them. */
void key_end(struct exo_core *core, struct key_rec *key);

/* bind.c */
int call_bind(struct exo_core *core, struct env *env, struct exo_call_bind *a);
struct binding *binding_find(
    const struct exo_core *core, const struct env *env, uint64_t name);
/** Take a binding out of every list and free it; cannot fail. */
void binding_withdraw(struct exo_core *core, struct binding *b);

/* linkset.c */
/** Find or make a link type's table with all memory that one more
 * linkset_insert() and the packet path will need. */
int linkset_reserve(
    struct exo_core *core, uint32_t linktype, struct linkset **out);
void linkset_insert(struct linkset *set, struct binding *b);
void linkset_remove(struct linkset *set, const struct binding *b);
void linksets_free(struct exo_core *core);

/* run.c */
/** Run b's program on the packets of `alive`, whose contexts are core->ctx[];
 * returns those that it takes, and in keep[] how many bytes of each. */
uint64_t binding_ask(struct exo_core *core, struct binding *b, uint64_t alive,
    uint32_t keep[BATCH]);

#endif
