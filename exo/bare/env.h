/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Environments in ring 3: an address space, registers, and the page that is shared.
 *
 * Overview: env_new() makes one of an ELF program. sched.c runs them in turn; what
 * ends a turn comes in by trap.c or call.c, which leave the registers in env->regs.
 * One that dies is taken apart when the kernel is on its own stack and tables again.
 */
#ifndef EXO_BARE_ENV_H
#define EXO_BARE_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/pe.h"
#include "exo/abi/ring.h"
#include "exo/bare/machine.h"
#include "exo/bare/regs.h"
#include "exo/core/core.h"
#include "exo/core/phys.h"

#define ENVS_MAX 64u
#define FPU_SIZE 512u /* FXSAVE's */

enum env_state {
	ENV_NONE,
	ENV_MADE, /* by another, and not started */
	ENV_RUNNABLE,
	ENV_WAITING, /* for packets */
	ENV_CALLING, /* in the middle of a call: fiber.h */
	ENV_ACCEPTS, /* calls of others: pct.h */
	ENV_AWAITS,  /* the answer of its callee */
	ENV_SLEEPS,  /* until a time, or its program lets it not: sleep.h */
	ENV_DEAD,    /* to be taken apart */
};

/** Why one ended. */
enum env_end {
	ENV_EXIT = 1,  /* it said so: code is what it said */
	ENV_FAULT,     /* an exception without a handler: code is the vector */
	ENV_BAD_STACK, /* an upcall had nowhere to go */
	ENV_KILLED,
	ENV_NEVER, /* it cannot even be started: nothing begins this way */
};

#define ENV_ANY_CODE UINT64_MAX

#define SPACE_STALE 8u
#define ENV_SEEN    4u

/** A page that the kernel may write, by the direct map, as long as so many changes were
 * made to its address space. */
struct env_seen {
	uint64_t page, changes;
	uint8_t *at;
};

struct plat_env {
	struct user_regs regs; /* first */
	_Alignas(16) uint8_t fpu[FPU_SIZE];
	uint64_t root; /* its tables, */
	uint64_t word,
	    kept; /* to use them next, if they do not change: tlb.h */
	uint32_t tables, tables_most;
	uint32_t tables_given; /* of the last, what was its maker's */
	bool tables_shared;    /* they are its children's as well */
	bool counted;          /* among those that its maker may make no more */
	bool born;    /* frames for those that it has not are set aside */
	bool dropped; /* some of which were dropped since it ran, or */
	bool held;    /* none of which may be dropped, until settle() */
	bool batch;   /* which may be but once, or */
	bool trimmed; /* all that could be, and it got none since */
	uint64_t ran; /* the number of its last switch */
	uint64_t drops;
	uint64_t changes;               /* of its address space; never 0 */
	struct env_seen seen[ENV_SEEN]; /* by the low bits of their numbers */
	uint32_t nstale; /* pages that the processor may know: space.c */
	uint64_t stale[SPACE_STALE];
	struct exo_phys *phys;
	struct exo_holder *holder;
	enum env_state state;
	enum env_end end;
	uint64_t code;
	uint64_t about; /* of a fault: the address */
	uint64_t name;  /* the core's */
	struct exo_core *core;
	struct exo_pe *pe;     /* by the direct map */
	struct exo_ring *ring; /* likewise: one run of frames */
	uint32_t ring_size;
	unsigned ring_order;
	struct plat_env *callee, *caller; /* who waits for whom: pct.h */
	uint64_t
	    until; /* what it sleeps for: a time; and what of its program's */
	struct {
		bool has;      /* it has one */
		bool missed;   /* it might have run, but for `next` */
		uint64_t next; /* it does not run before this time */
		uint32_t frame, generation, off, size;
	} asks;
	struct exo_losses *losses; /* by the direct map */
	uint64_t maker;    /* the name of the one that made it; 0: none did */
	uint64_t first;    /* that of the one that all of its family come of */
	bool child;        /* another one is making it, or did */
	uint32_t children; /* that it may make */
	uint64_t mem;      /* its limits, which are theirs, for all together */
	uint32_t most, entries;
	bool wake; /* packets came since it was last asked */
	uint64_t
	    paid; /* steps of its filters that its slots were charged for */
	char label[32];
	uint64_t disk;  /* epoch of its extent; 0: it was started with none */
	uint64_t turns; /* it was given */
	uint64_t
	    ran_ticks; /* clock_ns_of(): in all, with what the kernel did for it */
	uint32_t wire; /* its name among those who send; 0: none */
	uint64_t upcalls;
	uint32_t lines;        /* it printed */
	enum env_end expected; /* how it is to end, and with which code */
	uint64_t expected_code;
	unsigned place;    /* env_at() of it */
	uint64_t stack;    /* where its calls' begins; 0: there is none */
	uint64_t stack_at; /* where one that pauses is on it */
	bool doomed;       /* it died while its call paused: that ends first */
};
_Static_assert(offsetof(struct plat_env, regs) == 0, "entry.S");

/** Slots that are its own from the start: first, first + step, ... */
struct env_slots {
	uint32_t first, step, n;
};

struct env_args {
	const char *label;
	const uint8_t *elf; /* any bytes; none of a child's */
	uint64_t elf_size;
	const char *arg; /* NUL at the end */
	uint32_t ring_size;
	uint64_t mem;           /* bytes of the kernel's for it; 0: 64 MiB */
	bool child;             /* it begins without pages, and waits */
	struct plat_env *maker; /* of one: its limits are its maker's */
	uint32_t children;      /* that it may make */
	uint32_t frames;        /* guaranteed; 0: what it begins with */
	uint32_t most;          /* frames; 0: no limit */
	uint32_t entries;       /* of the S-TLB; 0: 512 */
	uint32_t tables;        /* at once; 0: 256 */
	enum env_end expected;  /* how it is to end; 0: EXIT, with 0 */
	uint64_t expected_code; /* or ENV_ANY_CODE */
	uint32_t rights;        /* of the key that it starts with, and ... */
	const struct sp_region *region; /* ... what of; NULL: every packet */
	const struct sp_region
	    *send;           /* of a key to send; NULL: there is none */
	const uint8_t *mac;  /* of the network card; NULL */
	struct exo_key disk; /* of its blocks; zeroes: it has none */
	struct env_slots slots;
};

/** Make an environment, runnable. 0 with *out, or a negated EXO_E*. */
int env_new(struct exo_core *core, struct exo_phys *phys,
    const struct env_args *args, struct plat_env **out);

/** How many there are. */
unsigned env_count(void);

/** The i-th there can be; NULL: none, as from env_places() on. */
struct plat_env *env_at(unsigned i);
unsigned env_places(void);

/** The one of this name; NULL. */
struct plat_env *env_named(uint64_t name);

/** Let it end: state is ENV_DEAD from now on, or, in a call that pauses, once that has
 * given up. */
void env_die(struct plat_env *e, enum env_end end, uint64_t code);

/** Whether there are such. */
bool env_any_dead(void);

/** Take apart one that is dead, all that it had. The kernel's tables are in use. */
void env_free(struct plat_env *e);

/** Where a user address is, by the direct map, if all of n bytes are on its page and
 * may be read, or written; NULL. */
uint8_t *env_at_user(struct plat_env *e, uint64_t va, bool write);

/** Copy to and from its memory: see plat_copy_in(). */
int env_copy_in(struct plat_env *e, void *to, uint64_t from, uint64_t n);
int env_copy_out(struct plat_env *e, uint64_t to, const void *from, uint64_t n);

/** Map a fresh, zeroed frame of its own. False: no frame, or it has one there. */
bool env_map_new(struct plat_env *e, uint64_t va, uint64_t bits);

/** Load an ELF program into a fresh environment; *entry. 0, -EXO_EIMAGE or
 * -EXO_ENOMEM. */
int elf_load(
    struct plat_env *e, const uint8_t *u_elf, uint64_t size, uint64_t *entry);

/** Let an upcall come: write its frame and let the environment go on at the entry
 * point. False: there is no entry point. One whose stack is bad dies. */
bool upcall(struct plat_env *e, uint64_t entry, enum exo_cause cause,
    uint64_t vector, uint64_t code, uint64_t address);

#endif
