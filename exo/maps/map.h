/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps: the memory that outlives a program's run.
 *
 * Overview: a map is made from a definition (exo/abi/map.h) and lives in one
 * piece: map_new() takes all memory that it will ever need from one struct
 * exo_mem, so that no look-up, update or record allocates. Kinds share the
 * calls below; one that a kind does not know fails.
 *
 * Addresses of values: the values of an array, a hash or a trie lie in one slab, each
 * at an address of its own that never moves. What a program holds after it
 * deleted an element is a pointer into the slab still: it reads the old bytes
 * until the element is used again, and then those of another value of the
 * same map, of the same size. It never reads anything else. While a run lasts
 * (map_runs()), a hash uses the elements that were freed in it last, in the order in
 * which they were freed; a trie takes that which was freed last. (Linux's
 * pre-allocated hash promises less.)
 *
 * Results: what programs see is Linux's: 0, or a negated enum exo_prog_err.
 * What an owner calls answers with negative EXO_E* numbers.
 *
 * Trust: keys, values and flags may hold anything; their sizes are the
 * definition's, and the caller vouches for that many bytes.
 *
 * Synchronization: a map belongs to one thread, its writer, but for map_read() and
 * map_read_next(), which any number of other threads may call meanwhile, and for the
 * consumer of a ring buffer, who may be one other. What they get was there at one
 * moment of the call, whole. Not so what a program writes into a value through a
 * pointer, where it is seen word by word, as in Linux: each aligned word of 8 bytes
 * or less that is written at once is seen at once. The map outlives all calls.
 */
#ifndef EXO_MAPS_MAP_H
#define EXO_MAPS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/map.h"
#include "exo/lib/arena.h"
#include "exo/lib/siphash.h"

/** Limits beside those of exo/abi/map.h. */
#define MAP_ENTRIES_MAX (1u << 24) /* elements */
#define MAP_BYTES_MAX   (1u << 30) /* all values, or all keys, together */
#define MAP_RING_MIN    4096u      /* bytes of a ring buffer */
#define MAP_RING_MAX    (1u << 28)

/** Flags of map_update(). */
#define MAP_ANY     0u /* make the element, or replace its value */
#define MAP_NOEXIST 1u /* make it: it does not exist */
#define MAP_EXIST   2u /* replace it: it exists */

struct map;

/** Is this the definition of a map that can be made? 0; -EXO_EINVAL: sizes
 * or flags do not suit the kind, or there is no such kind; -EXO_E2BIG. */
int map_check(const struct exo_map_def *def);

/**
 * Make an empty map; the elements of an array exist and are zero.
 * All its memory is charged to mem, which must outlive it. hash keys the
 * table of a hash, so that nobody who chooses keys can choose their buckets.
 * Returns 0, what map_check() says, or -EXO_ENOMEM; on failure *out is NULL.
 */
int map_new(const struct exo_map_def *def, struct exo_mem *mem,
    const struct exo_sipkey *hash, struct map **out);

/** *run is another number in each run of programs that hold values of this map, and 0
 * between them; it outlives the map. Without it, what is deleted is used again at once. */
void map_runs(struct map *m, const uint32_t *run);

/** Give everything back; NULL is allowed. Nobody holds a value any more. */
void map_free(struct map *m);

/** The definition that it was made from. */
const struct exo_map_def *map_def(const struct map *m);

/** What its kind can do: bits EXO_MAP_LOOKUP ... of exo/abi/map.h. */
uint32_t map_can(uint32_t kind);

/* --- arrays, hashes, tries --------------------------------------------------
 *
 * A hash that is full refuses another element; one of a kind LRU gives up that
 * which programs have not looked up or updated for longest: exactly that, where
 * Linux takes one of those that were not used lately.
 *
 * A trie's key is a number of bits, in the byte order of the machine, and the
 * bits: a look-up finds the longest prefix of them that is in the trie; updating
 * and deleting are about exactly that prefix.
 *
 * Where Linux has a value for each processor, there is one: a core runs on one.
 */

/** Find the value of a key: value_size bytes to read and write, or NULL.
 * One hash, and up to four elements that lie together or a chain of expected length 1
 * at most, or both; in a trie a node for each bit of the key at most. */
uint8_t *map_lookup(const struct map *m, const void *key);

/** The same for the map's owner: it is no use, where those are counted. */
uint8_t *map_peek(const struct map *m, const void *key);

/** Set the value of a key; value may be one of the map's own. Returns
 * 0, -EINVAL (flags, or not this kind), -EEXIST, -ENOENT or -E2BIG (no such
 * index, or full), as Linux does. */
int map_update(
    struct map *m, const void *key, const void *value, uint64_t flags);

/** Take an element out. 0, -ENOENT, or -EINVAL: an array's stay. */
int map_delete(struct map *m, const void *key);

/**
 * Walk the elements: find the first at position *pos or later, copy its key,
 * and move *pos behind it. Start at 0. Elements may come and go on the way;
 * one that is there from start to end is seen once. Returns the value, or
 * NULL at the end.
 */
uint8_t *map_next(const struct map *m, uint32_t *pos, void *key);

/** Elements there are. */
uint32_t map_count(const struct map *m);

/** The position of a value in the slab, by an address that map_lookup() or
 * map_next() gave; below 2^24. In a hash it is by no means that of a walk. */
uint32_t map_index(const struct map *m, const uint8_t *value);

/** The value at a position. NULL: the kind has no values, there is no such
 * position, or in a hash nobody can have got a pointer to it in this run. */
uint8_t *map_value(const struct map *m, uint32_t index);

/** A function that does what map_lookup() does for this map, and never another,
 * for compiled look-ups. */
typedef uint8_t *map_find_fn(const struct map *m, const void *key);
map_find_fn *map_finder(const struct map *m);

/** Where the elements of an array lie: *n of them, *stride bytes from one to
 * the next, for compiled look-ups. False: it is no array. */
bool map_array(
    const struct map *m, const uint8_t **values, uint32_t *stride, uint32_t *n);

/* --- queues and stacks ------------------------------------------------------ */

/** Add a value. 0, -EINVAL (flags, or not this kind), -E2BIG: it is full; with
 * MAP_EXIST the oldest value goes then. */
int map_queue_push(struct map *m, const void *value, uint64_t flags);

/** Take the oldest value of a queue, the newest of a stack; peek leaves it there.
 * 0, -EINVAL, or -ENOENT: it is empty, and *value is zeroes. */
int map_queue_pop(struct map *m, void *value);
int map_queue_peek(const struct map *m, void *value);

/* --- ring buffer ------------------------------------------------------------
 *
 * The consumer's calls are peek, pop and next; all others are the producer's. They
 * may be two threads.
 *
 * Records lie in order; each has a header of 8 bytes and takes a multiple of
 * 8. A record that was reserved holds up those behind it until it is
 * submitted or discarded. A record is never parted: the buffer is followed by
 * as much memory again, into which one may reach.
 */

/** Take room for a record of `size` bytes, aligned to 8, or NULL: no room.
 * The bytes are what was there before. */
uint8_t *map_ring_reserve(struct map *m, uint64_t size);

/** Give up a record that map_ring_reserve() returned: the consumer gets it,
 * or with `discard` skips it. */
void map_ring_commit(struct map *m, uint8_t *record, bool discard);

/** Copy a record in. Returns 0, -EAGAIN: no room, or -EINVAL: flags. */
int map_ring_output(
    struct map *m, const void *data, uint64_t size, uint64_t flags);

/** What Linux's bpf_ringbuf_query() answers: 0 bytes not yet consumed, 1 the
 * buffer's size, 2 and 3 the consumer's and the producer's position; else 0. */
uint64_t map_ring_query(const struct map *m, uint64_t what);

/** The consumer: find the oldest record, or NULL: none, or it is not yet
 * submitted. It stays until map_ring_pop(). */
const uint8_t *map_ring_peek(struct map *m, uint32_t *size);

/** The consumer: done with what map_ring_peek() found. */
void map_ring_pop(struct map *m);

/** The same in one: done with what this gave before, find the next. */
const uint8_t *map_ring_next(struct map *m, uint32_t *size);

/* --- any number of other threads ---------------------------------------------
 *
 * Nobody waits: where the writer changed what is looked at in each of so many
 * tries (MAP_TRIES of share.h), or is in the middle of it, the answer is -EAGAIN.
 * A writer that does nothing else than change one value keeps readers from it; it
 * may also have lost its processor, and so a caller had better yield its own
 * between calls. To the writer itself the answer is never -EAGAIN.
 */

/** Copy the value of a key out; of a queue or stack, without key, what is popped
 * next. value and index may be NULL; *index is where a walk finds it, from which
 * map_next() and map_read_next() go on to it. It is no use. 0, -ENOENT, -EAGAIN, or -EINVAL: a kind without values. *value and *index
 * are undefined where it is not 0. */
int map_read(
    const struct map *m, const void *key, void *value, uint32_t *index);

/** map_next(): copy out key and value of the first element at *pos or later, and
 * move *pos behind it; value may be NULL. 0, -ENOENT: that was the last; -EAGAIN:
 * *pos may have moved, but passed no element; -EINVAL: a kind without keys. *key is
 * untouched where it is not 0. */
int map_read_next(const struct map *m, uint32_t *pos, void *key, void *value);

/* --- slots: program arrays and event arrays --------------------------------- */

/** Put the owner's pointer into a slot, NULL empties it. The map looks at no
 * byte behind it. 0, -EXO_EINVAL: no such slot, or not this kind. */
int map_slot_set(struct map *m, uint32_t index, const void *p);

/** What is in a slot; NULL: nothing, or there is no such slot. */
const void *map_slot(const struct map *m, uint32_t index);

/** One consumer of an event array: what its slots point to. An event is two
 * pieces, `size` bytes of data and then `npkt` of the packet. Returns 0, or
 * a negated enum exo_prog_err, which the program gets. */
struct map_sink {
	int (*put)(void *arg, const uint8_t *data, uint32_t size,
	    const uint8_t *pkt, uint32_t npkt);
	void *arg;
};

#endif
