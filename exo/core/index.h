/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index: which cubes is a packet in?
 *
 * Overview
 *	A set of rules, each a cube with an id and an order. Asked with a batch
 *	of packets it names for each the first rule, or all of them in order, or
 *	all of them in any order. What it answers is what sp_cube_has() says of
 *	each cube and what sp_parse() sees, always.
 *
 * Tables
 *	The fields of a cube that have masked bits, and their masks, are its
 *	shape. A table holds the rules of one or more shapes in buckets, by a
 *	hash of the bits that all of its shapes have: its coarse key. Rules of
 *	one coarse key are a chain. A packet costs a look at a bucket for each
 *	table, whatever the number of rules, and one at a record where a tag is
 *	the same; the record has the whole masked value, and what is no masked
 *	value (ranges, absent fields) is checked there. A new shape joins a
 *	table whose coarse key it has, or one whose key can be made coarser and
 *	still tells rules apart; such a table is emptied into the new one bit by
 *	bit. A shape that makes chains long gets a finer table for the rules to
 *	come. Rules without anything to hash are a chain that is walked for each
 *	packet; their number has a limit of its own.
 *
 * Parsing
 *	Plain packets (Ethernet with at most one tag, or raw IP; IPv4 without
 *	options or fragments, IPv6 without extension headers; TCP or UDP) are
 *	not parsed: their fields lie at constant places, and the words that are
 *	hashed are loaded from there. Others go through sp_parse() once a batch.
 *
 * Security
 *	The hash is universal and its key secret: chances of collision do not
 *	depend on what rules and packets are chosen (index_int.h). A rule that
 *	many packets share a coarse key with costs those packets, not others.
 *	Every owner's index has limits for shapes, records and memory.
 *
 * Synchronization
 *	One writer at a time. Any number of readers, each with a look of its own
 *	whose reader number of the epoch is its own. A rule that is there before
 *	a lookup begins and after it ends is found; one that comes or goes
 *	meanwhile may be.
 */
#ifndef EXO_CORE_INDEX_H
#define EXO_CORE_INDEX_H

#include "exo/core/epoch.h"
#include "exo/lib/arena.h"
#include "exo/space/region.h"

#define EXO_INDEX_KEY    11u /* random words */
#define EXO_INDEX_SHAPES 65000u
#define EXO_LOOK_BATCH   64u

struct exo_index;
struct exo_look;

struct exo_index_config {
	struct exo_mem *mem;     /* all memory is charged to it; outlives it */
	struct exo_epoch *epoch; /* its readers look here; outlives it */
	uint64_t key[EXO_INDEX_KEY]; /* random, and known to nobody else */
	uint32_t shapes;             /* at once, at most EXO_INDEX_SHAPES */
	uint32_t records;            /* at once */
	uint32_t scanned;            /* of these without a masked bit */
};

/** Make an empty index. Returns 0, -EXO_EINVAL (a limit) or -EXO_ENOMEM. */
int exo_index_new(const struct exo_index_config *cfg, struct exo_index **out);

/** End it; no reader is in it. NULL is allowed. */
void exo_index_free(struct exo_index *ix);

/**
 * Add a rule: packets in the cube have the id, in the place of the order. Lower
 * orders come first, of the same order lower ids. Several rules may have an id:
 * then they have one order. The cube is copied; its atoms stand in the order
 * of their fields, one for each.
 * Returns 0 and a handle for exo_index_delete(), else: -EXO_EINVAL (no such
 * cube, no packet can be in it, or order and id make EXO_RANK_NONE),
 * -EXO_ENOMEM, -EXO_ELIMIT (shapes, records, or rules that would be scanned):
 * the rules are as before then.
 * Constant time on average; never a pause that grows with the number of rules. A
 * shape that is new costs a look at some of the tables, and a copy of their list.
 */
int exo_index_insert(struct exo_index *ix, const struct sp_cube *c,
    uint32_t order, uint32_t id, uint32_t *handle);

/** Take a rule away. Returns 0, or -EXO_ENOENT when the handle names none.
 * Handles are used again. Time as above; needs no memory. */
int exo_index_delete(struct exo_index *ix, uint32_t handle);

/** A rule's id becomes less by a number. Takes constant time, cannot fail; nobody
 * looks meanwhile. */
void exo_index_lower(struct exo_index *ix, uint32_t handle, uint32_t by);

struct exo_index_stat {
	uint32_t records, shapes;
	uint32_t tables;   /* each costs a packet one look */
	uint32_t emptying; /* of these, into another one */
	uint32_t scanned;  /* records without a masked bit */
	uint32_t longest;  /* chain met by an insert, as far as it was walked */
};

void exo_index_stat(const struct exo_index *ix, struct exo_index_stat *out);

/** Make a reader's workspace: reader is its number in the epoch.
 * Returns 0 or -EXO_ENOMEM. */
int exo_look_new(struct exo_mem *mem, struct exo_epoch *epoch, uint32_t reader,
    struct exo_look **out);
void exo_look_free(struct exo_look *l);

/** Begin to look: n <= EXO_LOOK_BATCH packets, which stay as they are until
 * exo_look_end(). Meanwhile any number of indexes of the epoch may be asked. */
void exo_look_begin(struct exo_look *l, const struct sp_packet *p, uint32_t n);
void exo_look_end(struct exo_look *l);

/** Order and id of a rule as one number, and of none. */
#define EXO_RANK_NONE UINT64_MAX
static inline uint64_t exo_rank(uint32_t order, uint32_t id)
{
	return (uint64_t)order << 32 | id;
}
static inline uint32_t exo_rank_id(uint64_t rank)
{
	return (uint32_t)rank;
}

/**
 * Exclusive: the first rule of each packet of the batch whose bit is in which,
 * or EXO_RANK_NONE, to rank[number of the packet]. Others are left alone.
 */
void exo_index_first(const struct exo_index *ix, struct exo_look *l,
    uint64_t which, uint64_t *rank);

/* Where ordered lookups put what they find. */
struct exo_hits {
	uint64_t *rank; /* room for each packet: the i-th from i * room on */
	uint32_t room;  /* at least 1 */
	uint32_t n[EXO_LOOK_BATCH];    /* out: how many */
	uint64_t from[EXO_LOOK_BATCH]; /* no rank below it: 0 at first */
};

/**
 * Ordered: ranks of the rules of each packet in which, ascending, each once.
 * Returns the packets that have more than the room, as bits; from[] is where
 * they go on when this is called with them again.
 */
uint64_t exo_index_ordered(const struct exo_index *ix, struct exo_look *l,
    uint64_t which, struct exo_hits *h);

/**
 * Ordered, of several indexes: the ranks are put between those that the packets
 * have already, n[] of them, from other indexes; the least of all stay. from[]
 * stays as it is. Returns packets that had no room for one.
 */
uint64_t exo_index_merge(const struct exo_index *ix, struct exo_look *l,
    uint64_t which, struct exo_hits *h);

/** Where exo_index_mark() notes what it finds. */
struct exo_marks {
	uint64_t *mark;  /* by id, a bit for each packet; zeroes before */
	uint32_t *fresh; /* room for the ids that are found */
	uint32_t n;      /* of them; 0 before */
};

/** All, where a rule's id is all that matters, and small: mark packets. */
void exo_index_mark(const struct exo_index *ix, struct exo_look *l,
    uint64_t which, struct exo_marks *m);

/**
 * All: call fn for each rule of each packet in which, in any order. A rank is
 * reported more than once when several of its rules have the packet, or when
 * tables come and go meanwhile.
 */
void exo_index_all(const struct exo_index *ix, struct exo_look *l,
    uint64_t which, void (*fn)(void *arg, uint32_t packet, uint64_t rank),
    void *arg);

#endif
