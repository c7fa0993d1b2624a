/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs from bytes: mostly valid ones, near the verifier's bounds.
 *
 * Each choice takes bytes of the input; an input that is used up gives zeros.
 * The generator follows what it emits: which register and stack slot holds a
 * number, or a pointer to how many accessible bytes, on all ways that lead
 * here. Items (a jump, a proof with accesses, a look-up with its null check,
 * a loop, a call ...) are chosen among those that this allows. The wilder the
 * first byte says, the more often an item takes what is not there, and the
 * more instructions are changed when all is done.
 */
#ifndef TESTS_SUPPORT_PROGEN_H
#define TESTS_SUPPORT_PROGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/ctx.h"
#include "exo/abi/insn.h"
#include "exo/abi/map.h"
#include "verifier/verifier.h"

#define PROGEN_ROOM  720u /* instructions */
#define PROGEN_MAX   600u
#define PROGEN_FUNCS 4u
#define PROGEN_BYTES 4096u /* of input, no more are of use */
#define PROGEN_TAILS 10u   /* slots of its program array */
#define PROGEN_NEED  40u   /* bytes that a mem program's start may ask for */

/** The maps of every generated program, by index. */
enum progen_map {
	PROGEN_ARRAY,
	PROGEN_HASH,
	PROGEN_RING,
	PROGEN_PROGS,
	PROGEN_PERF,
	PROGEN_RDONLY,
	PROGEN_WRONLY,
	PROGEN_WIDE,
	PROGEN_LRU,
	PROGEN_TRIE,
	PROGEN_QUEUE,
	PROGEN_STACK,
	PROGEN_CPU_ARRAY,
	PROGEN_CPU_HASH,
	PROGEN_CPU_LRU,
	PROGEN_MAPS,
};
extern const struct exo_map_def progen_maps[PROGEN_MAPS];

/** PROGEN_RDONLY never changes: its bytes, then zeroes. The same is said of
 * others, where it means nothing. */
#define PROGEN_CONST  12u
#define PROGEN_CONSTS 3u
extern const uint8_t progen_const[PROGEN_CONST];
extern const struct vf_const progen_consts[PROGEN_CONSTS];

/** What keys of the trie hold behind their number of bits: some begin alike. */
#define PROGEN_NETS 4u
extern const uint32_t progen_nets[PROGEN_NETS];

/** What a program has in it: bits. */
enum progen_has {
	PROGEN_HAS_LOOP = 1,
	PROGEN_HAS_PKT = 2,
	PROGEN_HAS_SPILL = 4,
	PROGEN_HAS_CALL = 8,
	PROGEN_HAS_MAP = 16,
	PROGEN_HAS_BACK = 32,
	PROGEN_HAS_RING = 64,
	PROGEN_HAS_LINK = 128,
	PROGEN_HAS_LEGACY = 256,
	PROGEN_HAS_CHANGE = 512,
	PROGEN_HAS_TAIL = 1024,
	PROGEN_HAS_WRITE = 2048,
	PROGEN_HAS_ATOMIC = 4096,
	PROGEN_HAS_VAR = 8192,
	PROGEN_HAS_COMPARE = 16384, /* of pointers */
	PROGEN_HAS_OVERLAP = 32768, /* of what is saved */
	PROGEN_HAS_MOVED = 65536,   /* contexts */
	PROGEN_HAS_BACK_CHANGE = 1 << 17,
	PROGEN_HAS_RINGS = 1 << 18,     /* two records at once */
	PROGEN_HAS_GIVE = 1 << 19,      /* a function gives one back */
	PROGEN_HAS_BYTES = 1 << 20,     /* packet, key, record: for helpers */
	PROGEN_HAS_LONG = 1 << 21,      /* loop */
	PROGEN_HAS_NEST = 1 << 22,      /* of three loops */
	PROGEN_HAS_BACK_LOAD = 1 << 23, /* ld_abs in a callback */
};

struct progen_prog {
	struct exo_insn insns[PROGEN_ROOM];
	uint32_t n;
	uint32_t type;
	uint32_t has;
	bool refuse_leaks;
	bool tame; /* set before: stack accesses are aligned, or of one byte;
		      bounds do not come of remainders or negation, nor packet
		      bytes of equality */
	bool fold; /* set before: r0 tells all numbers at the end */
	uint8_t wild;
};

/** Make a program of bytes; returns how many of them it took. */
size_t progen(struct progen_prog *p, const uint8_t *bytes, size_t size);

/** The bytes of program i of a seed, 8 more may be written; returns how many
 * they are. */
size_t progen_bytes(uint8_t to[PROGEN_BYTES + 8], uint64_t seed, uint64_t i);

/** Swap registers r6 to r9 by map[0..3]; r6 is taken for map[0]. */
void progen_rename(struct progen_prog *p, const uint8_t map[4]);

/** Put `ja +0` before instruction `at` (not into a 64-bit immediate) and
 * link all offsets anew. False: no room, or an offset would not fit. */
bool progen_insert(struct progen_prog *p, uint32_t at);

/** Take instruction `at` out likewise; what led there leads to the next. */
bool progen_remove(struct progen_prog *p, uint32_t at);

/** Make it as short as it can be while still() says yes. */
void progen_shrink(struct progen_prog *p,
    bool (*still)(void *arg, const struct progen_prog *p), void *arg);

/** Print it on stderr as assembler text that reads back. */
void progen_print(const struct progen_prog *p);

#endif
