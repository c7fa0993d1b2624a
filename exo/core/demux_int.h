/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demultiplexer's files among themselves: tables, domains, batches,
 * deliveries.
 */
#ifndef EXO_CORE_DEMUX_INT_H
#define EXO_CORE_DEMUX_INT_H

#include "exo/core/core_int.h"

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

/* linkset.c */
/** Find or make a link type's table with all memory that one more
 * linkset_insert() and the packet path will need. */
int linkset_reserve(
    struct exo_core *core, uint32_t linktype, struct linkset **out);
void linkset_insert(
    const struct exo_core *core, struct linkset *set, struct binding *b);
void linkset_remove(
    const struct exo_core *core, struct linkset *set, const struct binding *b);
void linksets_free(struct exo_core *core);

/* domain.c */
/** The domain of a key's grant, with one more binding in it. */
int domain_join(struct exo_core *core, struct linkset *set, struct key_rec *key,
    struct domain **out);
void domain_leave(struct linkset *set, struct domain *d);
/** Find a binding's condition, and put its rules into its domain's index; the
 * binding has its program, set, claim and domain. Whether that fails or not,
 * rules_withdraw() takes all back. */
int rules_publish(struct exo_core *core, struct binding *b);
void rules_withdraw(struct exo_core *core, struct binding *b);
struct binding *slot_find(const struct linkset *set, uint32_t slot);
void slots_free(struct exo_core *core, struct linkset *set);
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
