/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index's data: records, buckets, layouts, tables.
 *
 * Words: the bits of a packet that a table looks at lie in up to five 64-bit
 * words, as wire bytes. Its layout says which byte of which word a field has.
 * A layout only grows: what stands in records stays right.
 *
 * Hash: of words w_j, with secret random k, the upper 32 bits of
 *	k_10 + sum over j of (k_2j + low(w_j)) (k_2j+1 + high(w_j))  mod 2^64.
 * Over k it is strongly universal: any two different keys have any two values
 * with chance 2^-64. [D. Lemire, O. Kaser, "Strongly Universal String Hashing
 * is Fast", The Computer Journal 57 (2014), theorem 1 with section 3's
 * half-multiplication form; its ancestor is NH: J. Black et al., "UMAC",
 * CRYPTO 1999.] The mix that follows is a bijection of 32 bits and keeps that;
 * it makes keys that are close together look random, too. So of n other keys
 * in a table of b buckets, whatever they are, n / b are expected beside one
 * and n / 255 of those have its tag.
 *
 * Growth is linear hashing: bucket n - 2^k is divided when bucket n is born, one
 * for each slot that is taken, from the time when buckets are full enough until
 * all have been. So buckets are equally full but for a short while. They, records
 * and their like lie in segments that double, so that nothing is ever copied. [W.
 * Litwin, "Linear hashing", VLDB 1980]
 *
 * Chains: a slot of a bucket leads to the records of one coarse key, linked by
 * next, which readers follow, and prev, which they do not: the head's is the
 * tail. A slot's tag is 0 when it is free.
 *
 * Few: as long as a table never had more than IX_FEW chains since it was empty,
 * their heads stand in the table, too. A reader copies them between two looks at
 * `turn`, which is odd while they change, and asks each; so it has all that were
 * there at one moment, and what comes later it need not see.
 */
#ifndef EXO_CORE_INDEX_DATA_H
#define EXO_CORE_INDEX_DATA_H

#include "exo/core/index.h"
#include "exo/lib/bytes.h"

#define IX_WORDS  5u
#define IX_SLOTS  12u /* of a bucket */
#define IX_LOAD   7u /* slots in use of a bucket, on average: then they double */
#define IX_FEW    4u /* chains of a table that are asked without a hash */
#define IX_MANY   UINT32_MAX
#define IX_CHAIN  8u  /* records of one coarse key that nobody minds */
#define IX_KEYS   16u /* masked fields of a shape; more are checked apart */
#define IX_PLACES 24u /* fields of a layout */
#define IX_STRONG 16u /* bits that a coarse key needs to be worth it */
#define IX_SEGS   32u
#define IX_TABLES 65535u
#define IX_FREE   UINT16_MAX /* the table of a record that is free */

/* The order of plain packets' classes; see index_class.c. */
enum ix_class {
	IX_ETH4,
	IX_ETH6,
	IX_TAG4,
	IX_TAG6,
	IX_RAW4,
	IX_RAW6,
	IX_PLAIN, /* how many plain ones there are */
	IX_PARSED = IX_PLAIN,
	IX_CLASSES,
};

/* What may be freed when the readers of now have left. */
enum ix_kind {
	IX_DEAD_BLOCK, /* memory as it is */
	IX_DEAD_TABLE,
	IX_DEAD_MEMBER,
};
struct ix_dead {
	struct ix_dead *next;
	uint64_t stamp;
	uint32_t kind;
	uint32_t size; /* of a block; a member's number */
};

/* One rule. Record 0 is none: no packet is in it. */
struct ix_rec {
	uint64_t rank;
	uint64_t w[IX_WORDS]; /* masked by its member's masks */
	uint32_t next, prev;
	uint16_t member;
	uint16_t table; /* where it was put in; IX_FREE */
	uint32_t ext;   /* atoms that no mask can say; 0: none */
};

/* A shape in a table, as a record of it is checked: of the fields that it cares
 * for those that it needs are there, the others not, and the words have the
 * record's bits. */
struct ix_member {
	uint64_t mask[IX_WORDS];
	uint64_t care, need;
	uint32_t gen; /* the first layout that has all its fields */
	uint32_t spare;
};

struct ix_bucket {
	uint8_t tag[IX_SLOTS];
	uint32_t extra; /* a further bucket, 0: none; no tag */
	uint32_t head[IX_SLOTS];
};

_Static_assert(sizeof(struct ix_rec) == 64, "a cache line");
_Static_assert(sizeof(struct ix_member) == 64, "a cache line");
_Static_assert(sizeof(struct ix_bucket) == 64, "a cache line");

struct ix_ext {
	uint32_t n;
	struct sp_atom a[];
};

/* Elements by number, in segments that double: segment k has the numbers of k
 * significant bits. at[] is biased so that at[k] + number * size is right. */
struct ix_slab {
	uintptr_t at[IX_SEGS];
	void *raw[IX_SEGS]; /* as allocated */
	uint32_t size;
	uint32_t first; /* segments below it are in it; a power of two */
	uint32_t fresh; /* never used from here on */
	uint32_t free;  /* head of the free ones; 0: none */
};

struct ix_place {
	uint8_t field, word, byte, bytes;
};

/* How a plain class's packet gives one word: what is loaded at off is rotated
 * left and masked, twice, and constant bits are added. */
struct ix_load {
	uint64_t mask[2];
	uint64_t fixed;
	uint16_t off[2];
	uint8_t rot[2];
};

enum ix_way {
	IX_NEVER, /* no such packet is in any cube of the table */
	IX_RAW,   /* one load a word, not rotated */
	IX_ONE,   /* the same with constant bits */
	IX_TWO,   /* two */
	IX_APART, /* field by field */
};

/* check: fields that must be there, or it is done field by field. */
struct ix_prog {
	uint64_t check;
	uint8_t way; /* enum ix_way */
	struct ix_load load[IX_WORDS];
};

struct ix_layout {
	struct ix_dead dead;
	uint32_t gen; /* grows with it */
	uint32_t words, places;
	uint64_t fields;        /* those that have a place */
	int16_t base[IX_WORDS]; /* where byte 0 would lie, behind the network
	                           header of plain IPv4 */
	uint8_t used[IX_WORDS]; /* bytes, as bits */
	struct ix_place place[IX_PLACES];
	struct ix_prog prog[IX_PLAIN];
};

struct ix_table {
	/* for readers, too */
	const struct ix_layout *lay;
	uint64_t best; /* no rank in it is below */
	uint64_t need; /* the coarse key's fields */
	uint64_t coarse[IX_WORDS];
	uint32_t hashed;  /* words of it */
	uint32_t buckets; /* 0: a chain that all packets walk, see head */
	struct ix_slab slab, extras; /* buckets */
	uint32_t head;
	uint32_t turn, nfew; /* IX_MANY: few are not known */
	uint32_t few[IX_FEW];

	/* for the writer */
	struct ix_dead dead;
	struct ix_table *into; /* it is, or was, emptied into this one */
	uint32_t cursor;       /* buckets that are empty */
	uint32_t slots;
	uint32_t origin;   /* records that were put in, tables that were emptied
	                      into it: it is known to them */
	uint32_t members;  /* shapes whose records are put in here */
	uint32_t strength; /* of the coarse key */
	uint32_t number;
	bool done; /* nothing is in it, and nothing will be */
	bool gone; /* and no reader has it */
};

struct ix_list {
	struct ix_dead dead;
	uint32_t n, room;
	struct ix_table *t[];
};

/* The writer's side of a member. */
struct ix_shape {
	struct ix_dead dead;
	uint64_t need, absent; /* need: of masked fields and others */
	uint64_t mask[IX_KEYS];
	uint8_t field[IX_KEYS];
	uint32_t n;
	uint32_t hash, next; /* chain of those that new records may have */
	bool current;        /* it is in one */
	uint32_t records;
	struct ix_table *table;
	uint64_t inside; /* fields that the words have */
};

struct ix_queue {
	uint32_t first, last; /* records linked by prev */
	uint64_t stamp;
};

struct exo_index {
	struct exo_mem *mem;
	struct exo_epoch *epoch;
	struct ix_list *list; /* for readers, too, as the slabs are */
	struct ix_slab recs, members, exts;
	uint64_t key[EXO_INDEX_KEY];

	struct ix_slab shapes; /* by the member's number */
	struct ix_slab tables; /* pointers to them */
	uint32_t *heads;       /* of chains of shapes */
	uint32_t nheads;
	uint32_t max_shapes, max_records, max_scanned;
	uint32_t nrecords, nshapes, nscanned, longest, ops;
	struct ix_table *emptying; /* at most one is */
	bool relist;  /* there are tables in the list that are done */
	bool reorder; /* it is not in the order of what is best */
	struct ix_queue dying[3];
	struct ix_queue ripe;
	struct ix_dead *dead, **dead_end;

	/* of the call at work */
	struct sp_atom atom[SP_FIELDS];
	uint32_t natoms;
	struct ix_shape now;
};

/* --- numbers ---------------------------------------------------------------- */

/* The place of the highest bit of v, which is not 0; in this form it is one
 * instruction. */
static inline uint64_t ix_top(uint64_t v)
{
	return 63u ^ (uint64_t)__builtin_clzll(v);
}

/* What each slab begins with; known when it is compiled, for lookups. */
#define IX_RECS    64u
#define IX_MEMBERS 16u
#define IX_BUCKETS 4u

static inline void *ix_at(
    const uintptr_t *at, uint32_t i, uint32_t first, uint32_t size)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (void *)(at[ix_top(i | (first - 1))] + (uintptr_t)i * size);
}

static inline void *ix_slab_at(const struct ix_slab *s, uint32_t i)
{
	return ix_at(s->at, i, s->first, s->size);
}

static inline struct ix_rec *ix_rec(const struct exo_index *ix, uint32_t i)
{
	return ix_at(ix->recs.at, i, IX_RECS, sizeof(struct ix_rec));
}

static inline struct ix_member *ix_member(
    const struct exo_index *ix, uint32_t i)
{
	return ix_at(ix->members.at, i, IX_MEMBERS, sizeof(struct ix_member));
}

static inline struct ix_bucket *ix_bucket(const struct ix_table *t, uint32_t b)
{
	return ix_at(t->slab.at, b, IX_BUCKETS, sizeof(struct ix_bucket));
}

static inline struct ix_bucket *ix_extra(const struct ix_table *t, uint32_t i)
{
	return ix_at(t->extras.at, i, IX_BUCKETS, sizeof(struct ix_bucket));
}

static inline struct ix_shape *ix_shape(const struct exo_index *ix, uint32_t i)
{
	return ix_slab_at(&ix->shapes, i);
}

static inline struct ix_table **ix_table(const struct exo_index *ix, uint32_t i)
{
	return ix_slab_at(&ix->tables, i);
}

static inline struct ix_ext **ix_ext(const struct exo_index *ix, uint32_t i)
{
	return ix_slab_at(&ix->exts, i);
}

/* --- hash ------------------------------------------------------------------- */

static inline uint64_t ix_mul(const uint64_t *key, uint32_t j, uint64_t w)
{
	uint32_t i = 2 * j;

	return (key[i] + (uint32_t)w) * (key[i + 1] + (w >> 32));
}

static inline uint32_t ix_mix(uint64_t sum)
{
	uint32_t x = (uint32_t)(sum >> 32) * 0x7feb352du;

	return x ^ x >> 16;
}

static inline uint8_t ix_tag(uint32_t x)
{
	uint32_t t = x >> 24;

	return (uint8_t)(t + (t == 0));
}

/* The bucket of a hash when there are n. */
static inline uint32_t ix_which(uint32_t x, uint32_t n)
{
	uint32_t all = UINT32_MAX >> __builtin_clz(n); /* 2^(k+1) - 1 */
	uint32_t b = x & all;

	return b < n ? b : b & all >> 1;
}

static inline uint32_t ix_hash(
    const uint64_t *key, const struct ix_table *t, const uint64_t *w)
{
	uint64_t sum = key[(size_t)2 * IX_WORDS];

	for (uint32_t j = 0; j < t->hashed; j++)
		sum += ix_mul(key, j, w[j] & t->coarse[j]);
	return ix_mix(sum);
}

#endif
