/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exokernel core as its platform sees it.
 *
 * Overview: a platform makes one core, gives every libOS an environment, a
 * ring and its first keys, passes the libOSes' calls in by exo_call(), and
 * feeds packets by exo_ingest(). LibOSes never see this header: they know
 * exo/abi only.
 *
 * Life-cycle: exo_core_new() ... exo_core_free(); the latter ends every
 * environment. Nothing survives it; every byte goes back to the platform.
 *
 * Synchronization: one thread at a time in a core. A call may wait while others are
 * made (exo_core_config.pause): it looks again at all that they may have changed.
 */
#ifndef EXO_CORE_CORE_H
#define EXO_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/call.h"
#include "exo/abi/cap.h"
#include "exo/abi/phys.h"
#include "exo/abi/ring.h"
#include "exo/plat/plat.h"

struct exo_core;
struct sp_region;

struct exo_core_config {
	uint64_t mem;          /* bytes the whole core may hold; 0: no limit */
	uint32_t envs;         /* most environments; 0: 65,536 */
	uint32_t bindings;     /* most bindings; 0: 4,194,304 */
	uint64_t verify_insns; /* explored a BIND; 0: VF_EXPLORED_BARE */
	uint64_t verify_mem;   /* bytes a BIND; 0: VF_MEM_BARE */
	uint64_t steps; /* proven of a bound program, at most, whatever its key
	                   lets; 0: EXO_STEPS_MAX */
	uint64_t code;  /* bytes of machine code an environment; 0: 64 MiB */
	uint64_t maps;  /* bytes of maps an environment; 0: 64 MiB */
	uint64_t compile_mem; /* bytes a BIND while it compiles; 0: 64 MiB */
	uint64_t
	    region_steps; /* of the algebra of regions a call; 0: 1,000,000 */
	uint32_t linear;  /* bindings of a link type that are asked in order;
	                         more are found by index; 0: 8 */
	uint32_t without; /* passes of the compiler to leave out: bits of
				  exo/jit/passes.inc */
	uint32_t harden;  /* bits of enum jit_harden (exo/jit/jit.h) */
	/** Send a packet of an environment, which is whole and not kept: 0, or
	 * -EXO_ELIMIT, there is no room for one of this one's now. NULL: there is
	 * no way out. */
	int (*send)(
	    void *arg, struct plat_env *env, const uint8_t *packet, uint32_t n);
	void *send_arg;
	/** The call of an environment takes long: it may wait here. Others may run,
	 * call and take packets meanwhile, also those that wait like this one. False:
	 * the environment is to end, and the call gives up, with an error. Until the
	 * call has returned its environment neither ends nor makes another one. It
	 * is asked each 50 microseconds or so, by BIND and SLOT, while they prove
	 * and compile, by BIND and DERIVE while they compare regions, and by BIND
	 * while it makes rules. NULL: calls do not wait. */
	bool (*pause)(void *arg, struct plat_env *env);
	void *pause_arg;
	/** A binding or a key of env, by this name, is gone: by its own call, or somebody
	 * else ended the key that it was of. NULL: nobody asks. */
	void (*gone)(
	    struct plat_env *env, enum exo_kind kind, uint64_t name, bool own);
	bool judge; /* interpret, too: exo_bind_stat.differed counts
				  where the two differ */
};

/** Make a core. Returns 0, -EXO_ENOMEM or -EXO_ENOENTROPY. */
int exo_core_new(const struct exo_core_config *cfg, struct exo_core **out);

/** End it with all its environments; NULL is allowed. */
void exo_core_free(struct exo_core *core);

struct exo_env_args {
	struct plat_env *plat; /* handed back in plat_* calls; may be NULL */
	struct exo_ring *ring; /* the platform's memory; NULL: counts only */
	uint32_t ring_size;    /* bytes of ring->data, a power of two */
	uint64_t mem;          /* bytes charged to this owner; 0: no limit */
	uint64_t kin;   /* the name of another, whose limit of bytes is for both
	                 together; 0: it is its own */
	uint32_t rate;  /* steps of its filters for each packet that the core
	                  takes in; 0: no limit */
	uint32_t burst; /* of them, what it may save; at least the rate */
	uint64_t work; /* steps that its calls may take, of verifying and of the
	                  algebra of regions; 0: no limit */
};

/**
 * Make an environment; *env is its name (index and generation).
 * The ring must outlive the environment and is initialised here.
 * Returns 0, -EXO_EINVAL, -EXO_ENOMEM or -EXO_ELIMIT.
 */
int exo_env_new(
    struct exo_core *core, const struct exo_env_args *args, uint64_t *env);

/** End an environment that is in no call: its bindings are withdrawn, its keys
 * revoked, its memory given back. Returns 0 or -EXO_ESTALE. */
int exo_env_end(struct exo_core *core, uint64_t env);

/**
 * Issue a key from nothing: the platform's own authority, never a libOS's.
 * region (NULL: every packet) is copied, and charged to the environment. The key
 * dies with the environment. Returns 0, -EXO_EINVAL, -EXO_ESTALE, -EXO_ENOMEM or
 * -EXO_ELIMIT.
 */
int exo_grant(struct exo_core *core, uint64_t env, uint32_t rights,
    const struct sp_region *region, struct exo_key *out);

/**
 * A call by a libOS: decode everything, then invoke, which cannot fail.
 * args is the argument structure of call nr (exo/abi/call.h), in memory of
 * the kernel's own: the platform has copied it in once and copies it out
 * again; size is what the caller said it is.
 * Returns the call's result; -EXO_ENOSYS for an unknown number.
 */
int exo_call(
    struct exo_core *core, uint64_t env, uint32_t nr, void *args, size_t size);

/** What an environment did. */
struct exo_env_stat {
	uint64_t mem;    /* bytes charged to it now */
	uint64_t code;   /* of machine code, in grains of 64 */
	uint64_t work;   /* steps of its calls */
	uint64_t unpaid; /* packets of its own grants that were passed by before
	                    its filters were looked for */
	int64_t credit;  /* steps that its filters may take; below 0: in debt */
	uint64_t
	    paid; /* steps that its filters took, where it has a rate, and its
	                  predicate */
	uint64_t delivered; /* records put on its ring */
	uint64_t dropped;   /* that found no room */
	uint64_t ring_used; /* bytes of it that were not taken */
	uint32_t bindings;  /* that it has */
};

/** Returns 0 or -EXO_ESTALE. */
int exo_env_stat(
    const struct exo_core *core, uint64_t env, struct exo_env_stat *out);

/** Show the counters of the first binding at *index (begin with 0) or later, and whose it
 * is; *index moves behind it. false: there is none. */
bool exo_binding_each(const struct exo_core *core, uint32_t *index,
    uint64_t *binding, uint64_t *env, struct exo_bind_stat *out);

/** Revocation of what is here: give up bindings or keys of an environment, by name: all of
 * them, or none. -EXO_EINVAL: of another kind, or one twice; -EXO_ENOENT: it has none of
 * that name. */
int exo_env_give(struct exo_core *core, uint64_t env, enum exo_kind kind,
    const uint64_t *u_names, uint32_t n);

/** Take its newest binding, or its newest key that was derived (those that it was granted
 * are guaranteed), of which nothing else is told; what goes with a key is gone by somebody
 * else's doing. false: there is none. */
bool exo_env_take(
    struct exo_core *core, uint64_t env, enum exo_kind kind, uint64_t *name);

/**
 * Give an environment a wake-up predicate, by an image of EXO_PROG_MEM without maps and
 * helpers of at most EXO_WAKE_STEPS proven steps, instead of that it has; size 0: none.
 * The report is of a refusal. 0; -EXO_EINVAL, -EXO_EIMAGE, -EXO_EREFUSED, -EXO_E2BIG,
 * -EXO_EBUDGET, -EXO_ELIMIT, -EXO_ENOMEM, -EXO_ESTALE: it keeps what it had.
 */
int exo_env_predicate(struct exo_core *core, uint64_t env, uint64_t u_image,
    uint32_t size, struct exo_report *report);

/** Whether it lets its environment wake up, of this memory, which it may write; true, if
 * there is none. Its proven steps are counted with those of filters that were paid, and
 * are none of what filters may take. */
bool exo_env_wakes(
    struct exo_core *core, uint64_t env, const void *mem, uint32_t size);

/** One packet on its way in. */
struct exo_pkt {
	const uint8_t *data;
	uint32_t caplen; /* bytes at data */
	uint32_t wirelen;
	uint64_t time_ns;
	uint32_t linktype;
	uint32_t ifindex;
	uint32_t matched; /* set by exo_ingest(): bindings that took it */
};

/**
 * Demultiplex n packets, in order.
 * A ring without room gets one plat_notify() and a second try; then the
 * record is dropped and counted against its owner. Environments with new
 * records are notified before the call returns.
 */
void exo_ingest(struct exo_core *core, struct exo_pkt *pkts, uint32_t n);

/**
 * Whether whoever presents a key may send a packet: it has EXO_RIGHT_TRANSMIT,
 * and the packet is in its region, so that nobody sends as somebody else. The
 * region may be of anything, source addresses for one; bytes that are not at
 * p->data (caplen below wirelen) are in no field.
 * p->data is memory that nobody else writes until the packet is sent: the
 * platform copies the headers first, asks about the copy, and sends that.
 * Returns 0, -EXO_EBADKEY, -EXO_ESTALE, -EXO_EPERM or -EXO_EOUTSIDE. Costs a
 * MAC, a parse and a look at each cube of the region.
 */
int exo_may_transmit(const struct exo_core *core, const struct exo_key *u_key,
    const struct exo_pkt *p);

/** What the core holds and did. */
struct exo_core_stat {
	uint64_t packets; /* ingested */
	uint64_t bytes;   /* their wire lengths */
	uint64_t unmatched;
	uint64_t unmatched_bytes;
	uint64_t
	    early;     /* later fragments whose first was not there to follow */
	uint64_t code; /* bytes of machine code */
	uint64_t mem;  /* bytes held */
	uint64_t mem_peak;
	uint32_t envs;
	uint32_t bindings;
	uint64_t refused; /* BIND calls that failed */
	uint64_t sent;    /* packets that went out */
	uint64_t unsent;  /* that might not, or found no room */
};

void exo_core_stat(const struct exo_core *core, struct exo_core_stat *out);

/** The machine code of a binding, *size bytes, for tools that name it; valid
 * until the binding goes. NULL when there is no such binding, or when the index
 * answers for it: then its program is never run, and is not compiled. */
const uint8_t *exo_binding_code(
    const struct exo_core *core, uint64_t binding, uint32_t *size);

/**
 * A binding's maps, which its program names by index, as its owner sees them.
 * Copy the value of a key out. 0; -EXO_ESTALE: no such binding; -EXO_ENOENT:
 * the key is not there; -EXO_EINVAL: no such map, or it has no values.
 */
int exo_binding_lookup(const struct exo_core *core, uint64_t binding,
    uint32_t map, const void *key, void *value);

/** Copy out the first element at position *pos (start with 0) or later, and
 * move *pos behind it. 0; -EXO_ENOENT: that was all; otherwise as above. */
int exo_binding_next(const struct exo_core *core, uint64_t binding,
    uint32_t map, uint32_t *pos, void *key, void *value);

/** Take the oldest record of a ring buffer, which is valid and takes room until
 * the next call for this map. NULL: there is none, or no such map. */
const uint8_t *exo_binding_record(
    struct exo_core *core, uint64_t binding, uint32_t map, uint32_t *size);

/** The instructions of a binding's verified program, for tools that show
 * them; valid until the binding goes. NULL when there is no such binding. */
const struct exo_insn *exo_binding_insns(
    const struct exo_core *core, uint64_t binding, uint32_t *n);

#endif
