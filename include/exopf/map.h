/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libexopf: a program's maps, from outside.
 *
 * Overview: maps are what a program keeps from run to run, and what it shares
 * with whoever embeds it. A program's maps are its own and live as long as it
 * does. They are numbered from 0, in the order of the image or of
 * exopf_options.maps; exopf_map_info() tells what each is, and exopf_map_find()
 * which has a name.
 *
 * The calls mean what those of bpf(2) mean, with the same results where this
 * header does not say otherwise: BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM,
 * BPF_MAP_DELETE_ELEM, BPF_MAP_LOOKUP_AND_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY
 * (linux/bpf.h). Kinds with a value for each processor have one. None counts as
 * a use where a map forgets what was not used.
 *
 * Keys and values are copied. A key has the map's key_size bytes, a value its
 * value_size; numbers in them are in the byte order of the program, which is
 * little-endian. Pointers must be to so many bytes, and may be NULL where this
 * says so only.
 *
 * Costs: an array's element is found by its index, a hash's by a keyed hash, a
 * trie's in a step for each bit of the key. No call here takes memory but
 * exopf_map_set_program().
 *
 * Synchronization: the thread that runs a program writes its maps, and no other:
 * exopf_map_update(), exopf_map_delete() and exopf_map_take() are calls of that
 * thread, between runs or from the functions that a run calls (exopf_options), and
 * exopf_map_set_program() is one between runs. All other functions here may be called by any number of threads at the same time,
 * also while it runs; exopf_ring_next() by one thread for each ring buffer. The
 * program is loaded before and freed after all that.
 *
 * What a reader gets was in the map at one moment of the call: key and value are
 * not of two elements, nor of two updates. But what a program writes into a value
 * itself, through the pointer that a look-up gave it, is no update: a reader may
 * see it half done, word by word, as in Linux. Counters of up to 8 bytes, aligned
 * as C aligns them, are whole. A reader never keeps the writer waiting. It tries
 * again while the writer disturbs it, for some 20 ms; then it says EXOPF_EAGAIN.
 * The thread that writes is never told that.
 */
#ifndef EXOPF_MAP_H
#define EXOPF_MAP_H

#include <exopf/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of maps; Linux's numbers (linux/bpf.h, enum bpf_map_type). */
enum exopf_map_kind {
	EXOPF_MAP_HASH = 1,
	EXOPF_MAP_ARRAY = 2,
	EXOPF_MAP_PROG_ARRAY = 3,       /* exopf_map_set_program() fills it */
	EXOPF_MAP_PERF_EVENT_ARRAY = 4, /* exopf_options.event takes events */
	EXOPF_MAP_PERCPU_HASH = 5,
	EXOPF_MAP_PERCPU_ARRAY = 6,
	EXOPF_MAP_LRU_HASH = 9,
	EXOPF_MAP_LRU_PERCPU_HASH = 10,
	EXOPF_MAP_LPM_TRIE = 11, /* flags: EXOPF_MAP_NO_PREALLOC */
	EXOPF_MAP_QUEUE = 22,
	EXOPF_MAP_STACK = 23,
	EXOPF_MAP_RINGBUF = 27 /* exopf_ring_next() takes records */
};

/** Flags of a map; Linux's BPF_F_*. */
#define EXOPF_MAP_NO_PREALLOC 0x001u
#define EXOPF_MAP_RDONLY_PROG 0x080u /* the program may not write values */
#define EXOPF_MAP_WRONLY_PROG 0x100u /* the program may not read values */

/** The shape of a map. */
struct exopf_map_def {
	uint32_t kind;        /* enum exopf_map_kind */
	uint32_t key_size;    /* bytes; 0: queues, stacks, ring buffers */
	uint32_t value_size;  /* bytes; 0: ring buffers */
	uint32_t max_entries; /* elements; bytes of a ring buffer */
	uint32_t flags;       /* EXOPF_MAP_*_PROG ... */
};

/** One of a program's maps. */
struct exopf_map_info {
	struct exopf_map_def def;
	char name[64]; /* of the image, cut to 63 bytes and with a NUL; empty:
	                  it has none. Any bytes: nothing for a terminal */
};

/** How many maps a program has: they are numbered below that. */
uint32_t exopf_map_count(const exopf_program *program);

/**
 * Tell what a map is.
 * Returns 0; EXOPF_EINVAL: there is no map of this number, *info is untouched.
 */
int exopf_map_info(
    const exopf_program *program, uint32_t map, struct exopf_map_info *info);

/**
 * Find a map by the name that info.name has, such as that of the variable in C.
 * Returns 0 with *map its number, the lowest where several have the name;
 * EXOPF_ENOENT: none has, *map is untouched.
 */
int exopf_map_find(
    const exopf_program *program, const char *name, uint32_t *map);

/**
 * Copy the value of a key to *value. Of a trie it is that of the longest prefix
 * that the key begins with; of a queue or stack, whose key is not looked at and
 * may be NULL, what is to be popped next, which stays.
 * Returns 0; EXOPF_ENOENT: there is no such element; EXOPF_EINVAL: no such map,
 * or its kind has no values (program and event arrays, ring buffers); EXOPF_EAGAIN:
 * another thread writes it all the time. *value is undefined where it is not 0.
 */
int exopf_map_lookup(
    const exopf_program *program, uint32_t map, const void *key, void *value);

/** Flags of exopf_map_update(); Linux's BPF_ANY, BPF_NOEXIST, BPF_EXIST. */
#define EXOPF_ANY     0u /* make the element, or replace its value */
#define EXOPF_NOEXIST 1u /* make it: it does not exist */
#define EXOPF_EXIST   2u /* replace it: it exists */

/**
 * Set the value of a key. Of a queue or stack, whose key is not looked at and
 * may be NULL: push; with EXOPF_EXIST a full one gives up its oldest value.
 * Returns 0; EXOPF_EINVAL: as above, or flags, or a trie's key of more bits
 * than it has; EXOPF_EEXIST: with EXOPF_NOEXIST, it does (as all elements of an
 * array do); EXOPF_ENOENT: with EXOPF_EXIST, it does not; EXOPF_E2BIG: an
 * array has no such index, or the hash, queue or stack is full; EXOPF_ENOSPC:
 * the trie is; EXOPF_EPERM: the program may only read the map, and its image said
 * what is in it, which the proof relies on (as Linux's frozen maps: constants of
 * C). What is not 0 changed nothing.
 */
int exopf_map_update(exopf_program *program, uint32_t map, const void *key,
    const void *value, uint64_t flags);

/**
 * Take the element of a key out; of a trie, of exactly this prefix.
 * Returns 0; EXOPF_ENOENT: there is none; EXOPF_EINVAL: as above, or elements
 * of this kind are not deleted: arrays, queues, stacks.
 */
int exopf_map_delete(exopf_program *program, uint32_t map, const void *key);

/**
 * Copy the value of a key to *value and take the element out: of hashes. Pop,
 * of queues and stacks; key may be NULL there.
 * Returns 0; EXOPF_ENOENT: there is none; EXOPF_EINVAL: as above, or another
 * kind. *value is undefined where it is not 0.
 */
int exopf_map_take(
    exopf_program *program, uint32_t map, const void *key, void *value);

/**
 * Copy the key that follows this one to *next, which may be key itself. Key NULL,
 * or one that has no element: the first. The order is the map's own. Whoever
 * takes elements out on the way asks for the next key before; an element that
 * is there all the time is seen once, as long as no other is put in. While another
 * thread writes, a key that has gone begins the walk anew: who walks then bounds
 * the number of steps.
 * Returns 0; EXOPF_ENOENT: it was the last; EXOPF_EINVAL: no such map, or its
 * kind has no keys; EXOPF_EAGAIN: another thread writes it all the time. *next is
 * untouched where it is not 0.
 */
int exopf_map_next_key(
    const exopf_program *program, uint32_t map, const void *key, void *next);

struct exopf_report;

/**
 * Put a program into a slot of a program array, where tail calls find it from the
 * next run on; with n_bytes 0, empty the slot. What was there is no more. The
 * program has the type of `program`, runs with its maps, which it names by the
 * same numbers, and is proven as that was, under the same options; n_bytes of
 * instructions are copied, 8 bytes each. An image may bring programs for slots.
 * A run makes 33 tail calls at most: exopf_facts.max_steps is of all together.
 * *report, which may be NULL, tells why it is refused (exopf/exopf.h).
 * Returns 0; EXOPF_EINVAL: no such map, no program array, no such slot, no whole
 * number of instructions, or the program runs: it is a function of options that asks; EXOPF_ENOMEM, also for machine code; EXOPF_E2BIG:
 * more than 1,000,000; EXOPF_EREFUSED; EXOPF_EBUDGET: to prove it costs too much,
 * or a run could. What is not 0 changed nothing.
 */
int exopf_map_set_program(exopf_program *program, uint32_t map, uint32_t slot,
    const void *insns, size_t n_bytes, struct exopf_report *report);

/**
 * Take the oldest record of a ring buffer: *data points to its *size bytes,
 * aligned to 8, inside the map. They stay, and take room in it, until the next call
 * for this map, or exopf_free(). Records that the program discarded are passed over.
 * Nobody waits here: a program adds records while it runs, and at no other time.
 * Returns 0; EXOPF_ENOENT: there is none; EXOPF_EINVAL: no such map, or it is no
 * ring buffer. *data is NULL and *size 0 where it is not 0.
 */
int exopf_ring_next(
    exopf_program *program, uint32_t map, const void **data, uint32_t *size);

#ifdef __cplusplus
}
#endif

#endif
