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

#include "exo/core/budget.h"
#include "exo/core/core.h"
#include "exo/core/epoch.h"
#include "exo/core/index.h"
#include "exo/core/ring.h"
#include "exo/isa/interp.h"
#include "exo/jit/jit.h"
#include "exo/lib/arena.h"
#include "exo/lib/pause.h"
#include "exo/lib/pool.h"
#include "exo/lib/siphash.h"
#include "exo/space/region.h"
#include "verifier/verifier.h"

/* --- environments and keys ------------------------------------------------ */

struct binding;
struct key_rec;
struct linkset;
struct follow;
struct claim;
struct domain;

/** Memory of environments that have one limit. */
struct purse {
	struct exo_mem mem; /* charged to all of them, and to the core */
	uint32_t envs;
};

struct env {
	uint64_t name;
	struct plat_env *plat;
	struct ring ring;
	struct exo_mem mem;  /* charged to this owner, and to the core, ... */
	struct purse *purse; /* ... by way of this; NULL: directly */
	struct binding *bindings;
	uint32_t nbindings;
	uint64_t delivered; /* records */
	struct key_rec *keys;
	uint32_t nkeys;
	struct exo_mem maps; /* a part of mem: its bindings' worlds */
	uint64_t code;       /* bytes of machine code of its bindings */
	uint64_t rate;       /* steps a packet; 0: no limit */
	int64_t burst, credit;
	uint64_t seen; /* the packet up to which it was credited, and ... */
	bool open;     /* ... whether its filters are asked about that one */
	uint64_t paid; /* steps of its filters, all that were */
	struct follow *follow; /* its first fragments; NULL: it follows none */
	uint32_t nfollow;      /* bindings that do */
	struct env *follow_next, **follow_prev;
	uint64_t unpaid; /* packets of its grants that its budget let pass by */
	uint64_t work, limit; /* steps of its calls; limit 0: none */
	struct linkset *sets; /* those that it was the first to bind in */
	uint32_t nsets;
	struct predicate *predicate; /* what it sleeps for; or NULL */
	uint64_t prints;             /* lines of its programs */
	uint64_t ash_ns; /* time of the last token of its handlers', and ... */
	uint32_t ash_tokens; /* ... how many there are */
	bool waits;          /* in the middle of a call: pause.c */
	bool dirty;          /* has unpublished records */
	struct env *dirty_next;
};

/** A region that the kernel keeps; shared, never changed. NULL stands for every
 * packet. */
struct region {
	uint32_t refs;
	uint32_t id; /* what keys call it */
	uint64_t bytes;
	struct exo_mem *mem;
	struct sp_region r;
};

/** The kernel's record of one issued key. */
struct key_rec {
	uint64_t name; /* pool name: index is exo_key.slot, generation .epoch */
	uint32_t rights;
	struct region *region;
	struct env *env;
	struct key_rec *env_next, **env_prev;
	struct key_rec *parent, *child; /* child: newest */
	struct key_rec *next, **prev;   /* siblings */
	struct binding *bindings;       /* published under this key */
	struct domain *domains;         /* its own, by link type */
	uint64_t asked; /* the call that asked of its region, and ... */
	bool meets;     /* ... the answer */
};

/** Most bytes of machine code of one environment, where the core is not told
 * otherwise. */
#define CODE_PER_ENV ((uint64_t)64 << 20)

/** Most bytes of maps of one environment, likewise: a hash takes twice the elements
 * that may be live. */
#define MAPS_PER_ENV ((uint64_t)128 << 20)

/** What code is rounded up to when it is charged. */
#define CODE_GRAIN 64u

/** Most bytes that compiling one program may take, likewise. */
#define COMPILE_MEM ((uint64_t)64 << 20)

/** Most keys that one environment may hold. */
#define KEYS_PER_ENV 4096u

/** Steps of the algebra that one call may take, where the core is not told
 * otherwise: a tenth of a second or so. */
#define REGION_STEPS 1000000u

/* --- bindings and the tables that demultiplex ------------------------------ */

struct exo_world;

/* What each packet that it gets needs comes first: BINDING_HOT bytes. */
struct binding {
	jit_fn *run;   /* code's */
	uint32_t type; /* enum exo_prog_type */
	bool keeps;    /* it writes its context: to be cleared before */
	bool looks;    /* it reads it, or may */
	bool follows;  /* later fragments follow their first */
	bool effects;  /* it runs on every packet of its claim */
	bool sure;     /* each of its rules is: by index it is never run */
	bool slotted;
	bool live;     /* all of its rules are there: packets may be its */
	bool ash;      /* it may answer packets: ash.c */
	uint32_t keep; /* what it returns of what it accepts; 0: unknown */
	uint32_t slot; /* its number in the set, by age */
	uint32_t mode; /* enum exo_bind_mode */
	uint32_t snap;
	struct env *env;
	uint64_t name;
	uint64_t tag;
	struct exo_bind_stat stat;
	uint32_t at;    /* its place in set->v */
	uint32_t *rule; /* handles in its domain's index */
	uint32_t nrules, rules_room;
	struct domain *domain;
	struct binding *domain_next, **domain_prev;
	uint64_t send;    /* an ASH's key: its name */
	uint64_t charged; /* bytes of the core's that the owner pays for */
	struct key_rec *key;
	struct jit_code *code;   /* NULL: it is never run */
	struct vf_prog *prog;    /* what it was made of: for tools */
	struct exo_world *world; /* its helpers and maps; NULL: it has none */
	struct exo_world *twin;  /* the judge's */
	struct linkset *set;
	struct region *claim; /* it is asked about nothing else */
	struct claim *shared; /* NULL: a tap's */
	struct region *near;  /* what fragments show of the claim */
	int32_t priority;
	struct binding *env_next, **env_prev;
	struct binding *key_next, **key_prev;
};

#define BINDING_HOT offsetof(struct binding, at)

struct delivery;
struct view;
struct hits;

#define LINKSET_HEADS 64u

struct exo_core {
	struct exo_core_config cfg;
	struct exo_mem mem;
	struct exo_sipkey secret;
	struct exo_pool envs, keys, binds;
	struct linkset *sets[LINKSET_HEADS]; /* by link type */
	struct linkset *last;                /* of the packet before; or NULL */
	struct delivery *out; /* room for out_room deliveries, twice */
	uint32_t out_room;
	struct env *dirty;
	struct env *followers;
	struct jit_ctx *ctx; /* of the packets at work: BATCH of them, which are
				filled where somebody looks */
	struct view *view;   /* likewise, always */
	const struct exo_pkt *pkts; /* the packets themselves */
	uint64_t now;               /* the time of that at work */
	struct exo_epoch epoch;
	struct exo_look *look;
	struct hits *hits; /* what the indexes answer */
	uint64_t *ranks;   /* all of one packet, of any set */
	uint32_t ranks_room;
	struct isa_vm *vm;    /* NULL: nobody judges the compiler */
	struct sp_view *seen; /* as the canonical parser sees them, where a
				 claim asks */
	uint64_t parsed;      /* which of them it has seen */
	uint32_t cpu;         /* enum jit_cpu */
	uint32_t regions;     /* made so far: their numbers */
	uint32_t slots_max;   /* SLOTS_MAX, but for tests */
	uint64_t calls;       /* that compared claims */
	struct {
		const struct env
		    *by;      /* whose doing it is; NULL: the kernel's */
		uint64_t but; /* a key of which nobody is told; or 0 */
	} ending;             /* of keys, and of what goes with them */
	uint8_t nothing;      /* where a packet without bytes lies */
	uint8_t out_packet[EXO_TRANSMIT_MAX]; /* that is being looked at */
	struct exo_core_stat stat;
};

/* env.c */
struct env *env_find(const struct exo_core *core, uint64_t name);
/** Memory that is the core's own, but that an owner pays for: whether so much more is
 * within its limit; it does from now on; it does no more. */
bool env_may_owe(const struct env *e, uint64_t bytes);
void env_owe(struct env *e, uint64_t bytes);
void env_owe_less(struct env *e, uint64_t bytes);

/* key.c */
/** Check a presented key: authentic, alive, with these rights. */
int key_check(const struct exo_core *core, const struct exo_key *u_key,
    uint32_t rights, struct key_rec **out);
/** Make a key for env below parent (NULL: a first key). It takes over the
 * caller's share of the region, also when it fails. */
int key_make(struct exo_core *core, struct env *env, struct key_rec *parent,
    uint32_t rights, struct region *region, struct exo_key *out);
/** The grant that it was derived from, in any number of steps. */
struct key_rec *key_root(struct key_rec *key);
/** End a key, all below it, and what was bound under them, by the doing of `by`: NULL,
 * the kernel's. */
void key_end(struct exo_core *core, struct key_rec *key, const struct env *by);

/* bind.c */
int call_bind(struct exo_core *core, struct env *env, struct exo_call_bind *a);
struct binding *binding_find(
    const struct exo_core *core, const struct env *env, uint64_t name);
/** Take a binding out of every list and free it; cannot fail. */
void binding_withdraw(struct exo_core *core, struct binding *b);
struct exo_image;
/** Copy an image in, once, and take it apart. *bytes is to be given back, also
 * when it fails. */
int image_take(struct env *env, uint64_t u_at, uint32_t size, uint8_t **bytes,
    struct exo_image *img, struct exo_report *report);
/** May a program take so many steps? 0, -EXO_EPERM or -EXO_E2BIG. */
int steps_check(const struct exo_core *core, uint32_t rights, uint64_t steps);
/** Compile, within what the owner may still have of code; pending: bytes that
 * this call has made already. pause: or NULL. */
int code_compile(struct exo_core *core, struct env *env,
    struct exo_world *world, const struct vf_prog *prog, uint64_t pending,
    struct exo_pause *pause, struct jit_code **out);
/** What the code is charged as; NULL: 0. */
uint64_t code_grains(const struct jit_code *code);
/** Charge the code of a binding and of the programs in its slots, or no more. */
void count_code(struct exo_core *core, const struct binding *b, bool more);

/* slot.c */
int call_slot(struct exo_core *core, struct env *env, struct exo_call_slot *a);
/** Put the programs of an image into the slots of a world that nobody else has yet,
 * whose program is compiled. pause: or NULL. */
int tails_decode(struct exo_core *core, struct env *env, uint32_t rights,
    bool ash, const struct exo_image *img, const struct vf_prog *prog,
    const struct jit_code *code, struct exo_world *world,
    struct exo_world *twin, struct exo_pause *pause, struct exo_report *report);
/** The most steps that a run of a program in its world can take. */
uint64_t steps_of(const struct vf_prog *prog, const struct exo_world *world);

/* region.c */
/** Begin the work of one call, in an arena of the environment's memory. */
void region_work(struct exo_core *core, struct env *env,
    struct exo_arena *arena, struct sp_work *w);
/** The same in an arena that is there. */
void region_work_in(
    struct exo_core *core, struct exo_arena *arena, struct sp_work *w);
/** Its packets, in the arena: what is compared while others run, who may end it. */
int region_copy(
    struct sp_work *w, const struct region *r, struct sp_region *out);
/** Read a region of the environment's memory: once. */
int region_read(struct env *env, const struct exo_span *from, struct sp_work *w,
    struct sp_region *out);
/** Keep a copy, with one share of it. */
int region_keep(struct exo_core *core, struct exo_mem *mem, struct sp_region r,
    struct region **out);
/** One more share, and one less. */
struct region *region_share(struct region *r);
void region_drop(struct region *r);
/** Its packets. */
int region_set(
    struct sp_work *w, const struct region *r, struct sp_region *out);
/** Check where a witness is to go, and write one of a cube; other is the
 * binding in the way, NULL if none is or the caller may not know. */
int witness_check(const struct exo_span *to);
int witness_show(struct exo_core *core, struct env *env,
    const struct sp_cube *c, const struct binding *other,
    const struct exo_span *to);

/* effect.c */
/** Can the maps of an image be made? 0, -EXO_EINVAL or -EXO_E2BIG. */
int effect_check(const struct exo_image *img);
/** Make a world for a program that has maps or calls helpers, at its owner's
 * charge, and one for a judge: 0, -EXO_EINVAL, -EXO_E2BIG, -EXO_ENOMEM or
 * -EXO_EBUDGET. Programs that need none get none. */
int effect_worlds(struct exo_core *core, struct env *env,
    const struct exo_image *img, const struct vf_prog *prog, bool ash,
    struct exo_world **out, struct exo_world **twin);
/** Run a binding's program in its world, on the packet that its vm is to see;
 * what it returns. */
uint64_t effect_run(const struct binding *b, const struct isa_pkt *pkt);
/** The same for the judge; false: it ends or answers otherwise. */
bool effect_agrees(
    const struct binding *b, const struct isa_pkt *pkt, uint64_t r0);

/* give.c, predicate.c */
/** Its owner withdraws a binding. */
void binding_give(struct exo_core *core, struct binding *b);
void predicate_free(struct env *env);

/* transmit.c */
int call_transmit(
    struct exo_core *core, struct env *env, struct exo_call_transmit *a);

/* ash.c */
/** What a handler needs of its caller: 0, -EXO_EINVAL, or what its key lacks. */
int ash_check(const struct exo_core *core, const struct exo_call_bind *a);
/** The name of the key that it sends by. */
uint64_t ash_key(const struct exo_key *key);
/** Room for the copies of its packets. */
int ash_room(struct exo_world *w);
/** What comes of a packet. */
enum ash_does {
	ASH_LEAVES, /* it is not taken */
	ASH_PASSES, /* to the ring */
	ASH_SENDS,  /* its copy, by ash_commit() */
};
/** Run it on a packet. Nothing leaves yet. */
enum ash_does ash_run(
    struct exo_core *core, struct binding *b, const struct exo_pkt *p);
/** Let go what it sends. */
void ash_commit(
    struct exo_core *core, struct binding *b, const struct exo_pkt *p);

#endif
