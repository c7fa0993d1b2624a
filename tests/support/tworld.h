/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs with maps and helpers, as unit tests run them: text in, result out.
 *
 * Every function stops the test when what it does for granted fails.
 */
#ifndef TESTS_SUPPORT_TWORLD_H
#define TESTS_SUPPORT_TWORLD_H

#include <stdbool.h>

#include "exo/core/world.h"

#define TWORLD_INSNS 512u
#define TWORLD_FUEL  100000000u
#define TWORLD_CODES 64u /* compiled programs of one test */

/** An allocator on the test platform, charged to itself. */
struct exo_mem tworld_mem(void);

struct tworld {
	struct exo_mem mem;
	struct exo_world_config cfg; /* may be changed before tworld_new() */
	struct exo_world *w;
	struct exo_insn insns[TWORLD_INSNS];
	uint64_t r0;
	bool compiles; /* what is verified runs as compiled code; set it after
			  tworld_new() */
	uint32_t compiled; /* runs that did */
	struct exo_world_code *code[TWORLD_CODES];
	uint32_t ncodes;
};

/** Make a world of these maps; t->cfg keeps what else it holds. */
void tworld_new(
    struct tworld *t, const struct exo_map_def *maps, uint32_t nmaps);

/** Assemble into any array of TWORLD_INSNS; returns the instructions. */
uint32_t tworld_asm(const char *text, struct exo_insn *insns);

/** Assemble and load without a run. */
void tworld_load(struct tworld *t, uint32_t type, const char *text);

/** A program compiled, which lives as long as *t; NULL when it is not
 * verified, or *t does not compile. */
const struct exo_world_code *tworld_code(
    struct tworld *t, uint32_t type, const struct exo_insn *insns, uint32_t n);

/** Assemble, load and run; t->r0 is the result. Compiled code always ends by
 * exit. */
enum isa_end tworld_run(struct tworld *t, uint32_t type, const char *text);

/** The same, which must end by exit: returns the result. */
uint64_t tworld_exit(struct tworld *t, uint32_t type, const char *text);

/** Give the world a packet of n bytes: 0, 1, 2, ... */
void tworld_pkt(struct tworld *t, uint32_t n);

/** End it; the test fails when memory leaks. */
void tworld_end(struct tworld *t);

#endif
