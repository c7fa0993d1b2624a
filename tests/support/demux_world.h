/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A core under churn, and the model of what it must deliver.
 *
 * The model knows its environments, keys, claims and bindings, and asks each
 * binding about each packet: whether it is in the claim, by sp_region_has(),
 * and what the program says, by the interpreter. It knows no index, no accept
 * condition and no compiled code.
 */
#ifndef TESTS_SUPPORT_DEMUX_WORLD_H
#define TESTS_SUPPORT_DEMUX_WORLD_H

#include "exo/abi/call.h"
#include "exo/core/core.h"
#include "exo/lib/arena.h"
#include "libos-net/tap.h"
#include "tests/support/demux_prog.h"

#define DX_ENVS  5u
#define DX_KEYS  64u
#define DX_PROGS 900u
#define DX_BINDS 2000u
#define DX_BATCH 200u
#define DX_LINKS 2u

#define DX_LEVELS 3u /* of domains */

struct dx_key {
	struct exo_key key;
	struct sp_region r;
	uint32_t env, parent; /* parent: DX_KEYS for none */
	bool live;
};

struct dx_bind {
	struct exo_call_bind args; /* as it was bound; out_binding: its name */
	struct dx_prog *prog;
	struct sp_region claim;
	uint32_t env, key;
	uint64_t born;
	struct exo_bind_stat want;
	struct exo_world *world; /* of a program that is asked in one */
};

/* What a libOS must read. */
struct dx_expect {
	struct dx_bind *b;
	uint32_t packet; /* of the batch */
	uint32_t len;
};

struct dx_env {
	uint64_t name;
	struct exo_ring *ring;
	struct lnet_tap tap;
	struct dx_expect *want;
	uint32_t nwant, ngot, room;
	uint32_t takers; /* bindings that want records */
};

/* What sort of set it is to be. */
struct dx_plan {
	uint64_t seed;
	uint32_t bindings, programs, envs;
	uint32_t exclusive, first; /* of 16 bindings */
	uint32_t lent; /* keys that are derived at first; some each turn */
	bool apart;    /* each environment has packets of its own, mostly */
	struct exo_core_config cfg;
	uint32_t link[DX_LINKS];
};

struct dx_world {
	struct dx_plan plan;
	struct spacegen g;
	struct exo_core *core;
	struct exo_mem mem;
	struct exo_arena arena;
	struct sp_work work;
	struct isa_vm *vm;
	struct dx_env env[DX_ENVS];
	struct dx_key key[DX_KEYS];
	struct dx_prog prog[DX_PROGS];
	uint32_t nprogs;
	struct dx_bind *bind[DX_BINDS];
	uint32_t nbinds; /* in the order in which they are asked, once sorted */
	uint64_t born, packets, unmatched;
	struct dx_packet batch[DX_BATCH];
};

/** What was done, over all worlds. */
struct dx_total {
	uint64_t packets, decisions, delivered, accepted;
	uint64_t away;   /* runs of programs with effects on what others took */
	uint64_t worlds; /* of bindings, whose maps were compared */
	uint64_t bound, unbound, revoked, ended, refused[32];
	uint64_t lent, level[DX_LEVELS], shared; /* bindings, by the level of
	        their domain; of them, in one of a key above */
};
extern struct dx_total dx_total;

struct dx_world *dx_world_new(const struct dx_plan *plan);
void dx_world_free(struct dx_world *w);

/** Bind until there are so many. */
void dx_world_fill(struct dx_world *w, uint32_t bindings);

/** Bind, unbind, bind anew, revoke, end; as planned there are, or few. */
void dx_world_churn(struct dx_world *w);

/** How many packets of w->batch may be ingested at once: rings have room. */
uint32_t dx_world_room(const struct dx_world *w);

/** Ingest the first n packets of w->batch and compare all that is seen of it;
 * what differs is described, and ends the process by exit(3). */
void dx_world_judge(struct dx_world *w, uint32_t n);

/** Compare the counters of all bindings. */
void dx_world_count(struct dx_world *w);

/** What differs: says it, and the packet and the binding if not NULL. */
_Noreturn void dx_differs(const struct dx_world *w, const char *what,
    const struct dx_packet *p, const struct dx_bind *b);

/** A region of chance, in the arena of the world. */
struct sp_region dx_region(struct dx_world *w, uint32_t env);

/** Bind in the model's way; 0 or the core's error. */
int dx_bind(struct dx_world *w, struct dx_bind *b);
void dx_forget(struct dx_bind *b);
void dx_unbind(struct dx_world *w, uint32_t i);

#endif
