/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of exo/maps share: a map, and what differs between kinds.
 */
#ifndef EXO_MAPS_MAP_INT_H
#define EXO_MAPS_MAP_INT_H

#include "exo/maps/map.h"
#include "exo/maps/share.h"

#define MAP_COUNTERS 64u /* a power of two */

struct map_ops;

/** A free element of no group, by its neighbours in their list; 0: none. */
struct map_apart {
	uint32_t before, behind;
};

/** An element by its last use: those before and after it; 0: none. */
struct map_use {
	uint32_t older, newer;
};

/** A hash's table. Lists of elements hold numbers counted from 1, 0 ends them. Uses,
 * oldest and newest are of a hash that forgets what was not used for longest. */
struct map_table {
	struct exo_sipkey key;
	uint32_t
	    link; /* from an element's value to its link; its key follows */
	uint32_t ways; /* elements of a group: 0, 2 or 4 */
	uint32_t groups;
	uint32_t homes;   /* elements of all groups, the first there are */
	uint32_t step;    /* bytes from group to group */
	uint32_t *heads;  /* of each group's chain */
	uint64_t *chains; /* a bit for each group: it has one */
	uint32_t *state;  /* of each element: its number, or where it is free */
	uint32_t *place; /* of each number: its element, or the next free one */
	struct map_apart *apart; /* of each that is in no group */
	uint32_t free_first, free_last;
	uint32_t apart_first, apart_last;   /* free; counted behind homes */
	uint32_t number_first, number_last; /* likewise free; from 1 */
	const uint32_t *run;                /* map_runs() */
	struct map_use *uses;               /* of each element */
	uint32_t oldest, newest;
};

/** A trie's node: its prefix, and the element that has it, or 0. */
struct map_node {
	uint32_t child[2]; /* numbers counted from 1 */
	uint32_t element;  /* likewise */
	uint32_t bits;     /* of the prefix */
};

/** A trie; nodes are numbered as elements are, from 1. */
struct map_trie {
	struct map_node *node; /* nnodes */
	uint8_t *data;         /* of each node, aligned to 4 */
	uint32_t *where;       /* the node of each element; 0: it is free */
	uint32_t nnodes, size; /* size: bytes of a node's data */
	uint32_t stride;       /* from data to data */
	uint32_t root;
	uint32_t free_node, free_element; /* linked by child[0], by next */
	uint32_t *next;
};

/** A ring buffer: positions count bytes and never wrap; of a queue, values. */
struct map_ring {
	uint8_t *data; /* 2 * max_entries */
	uint64_t tail; /* consumed */
	uint64_t head; /* reserved */
	bool given;    /* the consumer looks at the oldest record */
};

struct map {
	struct exo_map_def def;
	const struct map_ops *ops;
	struct exo_mem *mem;
	uint8_t *slab;      /* what was taken, in which values lie */
	uint8_t *values;    /* the slab; NULL in kinds without */
	uint32_t stride;    /* bytes from value to value, a multiple of 8 */
	uint32_t positions; /* values in the slab: max_entries, or more */
	uint32_t count;
	struct map_table table;
	struct map_ring ring;
	struct map_trie trie;
	const void **slots;
	uint64_t counter[MAP_COUNTERS]; /* share.h; what each is about: */
};

/** The counter of an array's element, or of what is in a hash's group. Of other
 * kinds the first one is about all. */
static inline uint64_t *map_counter(struct map *m, size_t i)
{
	return &m->counter[i % MAP_COUNTERS];
}

static inline struct map_look map_look(const struct map *m, size_t i)
{
	return (struct map_look){ .counter = &m->counter[i % MAP_COUNTERS] };
}

/** What a kind does. make takes memory, and end gives all back, also after a
 * make that failed half-way. The others are NULL where a kind has none. */
struct map_ops {
	int (*check)(const struct exo_map_def *def);
	int (*make)(struct map *m);
	void (*end)(struct map *m);
	map_find_fn *lookup;
	map_find_fn *peek; /* or lookup */
	int (*update)(
	    struct map *m, const void *key, const void *value, uint64_t flags);
	int (*remove)(struct map *m, const void *key);
	uint8_t *(*next)(const struct map *m, uint32_t *pos, void *key);
	/* Does map_value() give what is there? NULL: it does. */
	bool (*shows)(const struct map *m, uint32_t index);
	/* map_read(), and of the element that a walk finds there, its key, too:
	 * 0, -ENOENT, -EAGAIN. Other threads call them; value may be NULL. */
	int (*read)(
	    const struct map *m, const void *key, void *value, uint32_t *index);
	int (*read_at)(
	    const struct map *m, uint32_t index, uint8_t *key, void *value);
};

extern const struct map_ops map_array_ops;
extern const struct map_ops map_hash_ops;
extern const struct map_ops map_lru_ops;
extern const struct map_ops map_trie_ops;
extern const struct map_ops map_queue_ops;
extern const struct map_ops map_stack_ops;
extern const struct map_ops map_ring_ops;
extern const struct map_ops map_slot_ops;

/** map_finder() of a hash. */
map_find_fn *map_hash_finder(const struct map *m);

/** Sizes that every kind with values has to keep: 0, -EXO_EINVAL, or
 * -EXO_E2BIG. */
int map_check_values(const struct exo_map_def *def);

/** Take the slab, of so many values, and so many bytes from one to the next;
 * it begins on a line. */
int map_new_slab(struct map *m, uint32_t positions, uint32_t stride);

/** The same for as many values as there may be, without anything between. */
int map_new_values(struct map *m);

void map_free_values(struct map *m);

#endif
