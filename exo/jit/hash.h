/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Perfect hashes of sets that are known when the program is compiled.
 *
 * Definition: h = v * mul modulo 2^64. The top bucket_bits of h name a bucket,
 * whose number in disp[] turns the next slot_bits below into a slot by xor.
 * Each value has a slot of its own; an empty slot holds a value whose slot is
 * another one, so that one compare decides.
 */
#ifndef JIT_HASH_H
#define JIT_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/lib/arena.h"

struct jit_set {
	uint32_t *v; /* ascending, each once */
	uint32_t n;
	uint64_t mul; /* 0: there is no hash */
	uint32_t bucket_bits, slot_bits;
	uint16_t *disp;  /* of buckets */
	uint32_t *slots; /* values */
};

/** Sort the values, and leave out doubles. 0 or -EXO_ENOMEM. */
int jit_set_sort(struct jit_set *set, struct exo_arena *arena);

/** Find a perfect hash for two values or more; set->mul stays 0 when none was
 * found. 0 or -EXO_ENOMEM. */
int jit_set_hash(struct jit_set *set, struct exo_arena *arena);

/** The slot of a value. */
uint32_t jit_set_slot(const struct jit_set *set, uint32_t v);

#endif
