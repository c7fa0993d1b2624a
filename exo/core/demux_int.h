/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demultiplexer's files among themselves: tables, claims, domains, batches,
 * deliveries.
 */
#ifndef EXO_CORE_DEMUX_INT_H
#define EXO_CORE_DEMUX_INT_H

#include "exo/core/core_int.h"

#define CLAIM_FIELDS 8u

struct claim_chain {
	struct claim *head;
	uint32_t n;
};

struct claim_link {
	struct claim *next, **prev;
	struct claim_chain *in;
};

/** Claims by the numbers that they demand: claim_near.c. */
struct claim_near {
	struct claim_chain without[CLAIM_FIELDS];
	struct claim_chain *table; /* by field and hash */
	uint32_t size, n;
};

/** What bindings of one owner that take packets of a table claim together. */
struct claim {
	struct env *env;
	struct region *region; /* its bindings hold it */
	struct key_rec *key;   /* it outlives them */
	uint32_t mode;
	uint32_t n, live; /* bindings, and those that packets may be of */
	struct claim *next, **prev;
	struct claim_link link[CLAIM_FIELDS];
};

/** What is bound for packets of one link type under one grant, or under a key of
 * less that was derived from it: domain_tree.c. */
struct domain {
	uint64_t mask; /* packets at work that are in it */
	struct exo_index *ix;
	struct exo_index *below; /* of the regions of its kids; NULL: none */
	struct env
	    *sole; /* whose all its bindings are; NULL: several owners' */
	const struct region *grant; /* NULL: every packet */
	struct key_rec *key;        /* whose it is; NULL: several are */
	struct linkset *set;
	uint32_t id, n;    /* its number, and its bindings */
	uint32_t neffects; /* of them, those that run on all of their claims */
	uint32_t shapes;   /* that it may have */
	struct exo_mem *mem;
	struct binding *bindings;
	uint32_t *rule; /* handles in the index of regions */
	uint32_t nrules, rules_room;
	uint64_t charge; /* what it costs its payer */
	struct binding *payer;
	struct domain *up, *kids, *next, **prev;
	struct domain *of_key; /* another one of its key, in another set */
	uint32_t nkids;
	uint32_t place; /* no other kid there has a packet of it */
};

#define DOMAIN_EVERYONE UINT32_MAX

#define SLOTS_CHUNK 1024u
#define SLOTS_MAX   (UINT32_MAX / 2)

struct slots;

/** The bindings of one link type. */
struct linkset {
	uint32_t linktype;
	uint32_t n, room;
	uint32_t pending; /* bindings whose rules are being made */
	bool sorted;      /* v is in the order in which they are asked */
	uint32_t nslots;  /* given so far */
	uint32_t slots_room, domain_room;
	uint32_t domain_low; /* no number below is free */
	struct slots **slots;
	struct domain *everyone, **domain;
	struct domain **touched;  /* room for all of them */
	uint64_t *mark;           /* of each, zeroes; exo_index_mark() */
	uint32_t *fresh;          /* room for their numbers */
	struct exo_index *grants; /* of the regions of those of grants */
	uint32_t neffects; /* of them, those that run on all of their claims */
	uint32_t nfollow;  /* of them, those whose fragments follow */
	uint32_t npaid;    /* of them, those whose owner has a rate */
	uint32_t nlook;    /* of them, those that look at their context */
	uint32_t ntake;    /* those that want records */
	uint32_t nbare;    /* those that have no code */
	uint32_t nash;     /* handlers */
	uint64_t ncubes;   /* of all their claims */
	struct binding **v;
	struct claim *claims;
	struct claim_near near;
	struct linkset *next;
	struct env *founder; /* who is charged for it; NULL: it is gone */
	struct linkset *founded, **founded_prev;
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

/** Packets evaluated together: one bit each in a word. */
#define BATCH 64u

/** Packets of one link type at work. */
struct batch {
	struct exo_pkt *pkts;
	uint32_t n;
	uint32_t nout;  /* deliveries in core->out */
	uint64_t first; /* number of pkts[0] since the core was born */
};

/* claim.c */
/** The claim that bindings of a key, an owner, a region and a mode have
 * together. */
int claim_find(const struct exo_core *core, const struct linkset *set,
    const struct key_rec *key, const struct env *env, const struct region *r,
    uint32_t mode, struct claim **out);
/** The packets of a region that a table is asked about. */
int claim_of_link(struct sp_work *w, uint32_t linktype, struct sp_region r,
    struct sp_region *out);
/** Whether a claim may be, whose packets of the link type are `mine`: 0;
 * -EXO_ECONFLICT with a cube of packets that it shares with another owner's; negative. */
int claim_check(struct exo_core *core, struct sp_work *w,
    const struct linkset *set, const struct env *env, const struct region *r,
    struct sp_region mine, uint32_t mode, struct sp_cube *why,
    const struct claim **other);
/** The same of keys that were derived from one: -EXO_ELENT. */
int claim_lent(struct sp_work *w, const struct key_rec *key,
    struct sp_region mine, struct sp_cube *why);
/** Publish a binding's claim, which is in others' way from then on; withdraw it. */
void claim_publish(const struct exo_core *core, struct linkset *set,
    struct claim *c, struct binding *b);
void claim_withdraw(struct binding *b);

/* claim_near.c */
/** A walk over claims that may be near: f is CLAIM_FIELDS for all of them. */
struct claim_walk {
	uint32_t n, f;
	struct claim *at, *then;
};
/** Room for one more claim. */
int claim_near_reserve(struct exo_core *core, struct linkset *set);
void claim_near_free(struct exo_core *core, struct linkset *set);
void claim_near_add(
    const struct exo_core *core, struct linkset *set, struct claim *c);
void claim_near_remove(struct linkset *set, struct claim *c);
/** All claims that share a packet with a region, or have a packet, and some
 * others; one after the other, then NULL. */
struct claim_walk claim_near_region(const struct exo_core *core,
    const struct linkset *set, const struct region *r);
struct claim_walk claim_near_packet(const struct exo_core *core,
    const struct linkset *set, const struct sp_view *v);
struct claim *claim_walk_next(struct claim_walk *w);

/* follow.c */
/** What fragments show of a claim. */
int follow_claim(struct exo_core *core, struct env *env,
    const struct region *claim, struct sp_work *w, struct region **out);
/** One more binding of an owner that follows fragments, and one less. */
int follow_join(struct exo_core *core, struct env *env);
void follow_leave(struct env *env);
/** Remember a packet that a binding took, if it is a first fragment. */
void follow_learn(struct exo_core *core, struct binding *b,
    const struct exo_pkt *p, const struct sp_view *v);
/** Who gets a packet that nobody took, if it is a later fragment; or NULL. */
struct binding *follow_find(struct exo_core *core, const struct linkset *set,
    const struct exo_pkt *p, const struct sp_view *v);

/* linkset.c */
/** Find or make a link type's table with all memory that one more
 * linkset_insert() and the packet path will need. */
int linkset_reserve(struct exo_core *core, struct env *env, uint32_t linktype,
    struct linkset **out);
/** The table of a link type, or NULL. */
struct linkset *linkset_find(const struct exo_core *core, uint32_t linktype);
/** A table in which nothing is bound goes; NULL is allowed. */
void linkset_tidy(struct exo_core *core, struct linkset *set);
/** An environment ends: it is charged for none any more. */
void linksets_leave(struct env *env);
void linkset_insert(
    const struct exo_core *core, struct linkset *set, struct binding *b);
void linkset_remove(
    const struct exo_core *core, struct linkset *set, const struct binding *b);
void linksets_free(struct exo_core *core);

/* domain.c */
/** What a binding's rules are made of: cubes in which it takes all, and others. */
struct rules {
	struct sp_region sure, rest;
};
struct vf_accept;
/** Find them, of a condition and a claim (NULL: every packet), in w's arena. 0 or
 * -EXO_ENOMEM. */
int rules_find(struct sp_work *w, const struct vf_accept *acc, uint32_t snap,
    const struct sp_region *claim, struct rules *out);
/** Find a binding's domain, a slot, and room for so many rules, at the owner's charge; the
 * binding has its program, key, set and claim. Whether it fails or not,
 * rules_withdraw() takes all back. */
int rules_begin(struct exo_core *core, struct binding *b,
    const struct vf_accept *acc, const struct rules *r);
/** Put the rules of the binding of this name into its domain's index. Others may run
 * meanwhile, and it may end: -EXO_ESTALE, and nothing is left of it. */
int rules_insert(struct exo_core *core, uint64_t name, const struct rules *r,
    struct exo_pause *pause);
/** All are there. */
void rules_end(struct binding *b);
void rules_withdraw(struct exo_core *core, struct binding *b);
/** Charge a binding's owner for memory of the core's, also beyond his limit. */
void binding_owe(struct binding *b, uint64_t bytes);
struct binding *slot_find(const struct linkset *set, uint32_t slot);
void slots_free(struct exo_core *core, struct linkset *set);
/** Any values of fields are a packet: for what errs on the safe side. */
extern const struct sp_universe rules_universe;

/* Bytes that an owner pays for: about what they are. */
#define BINDING_CHARGE 448u /* without rules */
#define RULE_CHARGE    192u
#define SHAPE_CHARGE   3584u /* of the first to have it */

/* domain_tree.c */
/** Put a binding into the domain of its key, or of the nearest key above that
 * has one; and take it out. */
int domain_join(struct exo_core *core, struct binding *b);
void domain_leave(struct binding *b);
void domains_free(struct exo_core *core, struct linkset *set);

/* deliver.c */
/** Write a record of a packet, or count it as dropped. */
void deliver(struct exo_core *core, const struct exo_pkt *p, uint64_t number,
    struct binding *b, uint32_t len);
/** Tell those who got some. */
void deliver_end(struct exo_core *core);

/* demux_index.c */
/** Demultiplex a batch by index. */
void demux_index(
    struct exo_core *core, const struct batch *bt, const struct linkset *set);
int hits_new(struct exo_core *core);
void hits_free(struct exo_core *core);

/* run.c */
/** Run b's program on the packets of `alive`, whose contexts are core->ctx[];
 * returns those that it takes, and in keep[] how many bytes of each. */
uint64_t binding_ask(struct exo_core *core, struct binding *b, uint64_t alive,
    uint32_t keep[BATCH]);

#endif
