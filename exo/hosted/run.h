/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of `exopf run` share.
 *
 * Overview: cmd_run.c reads the arguments; run_engine.c runs the program on
 * one engine, each in a world and on bytes of its own; run_both.c says where
 * two runs differ; run_show.c prints.
 */
#ifndef EXO_HOSTED_RUN_H
#define EXO_HOSTED_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/core/world.h"
#include "exo/hosted/compile.h"
#include "exo/hosted/json.h"
#include "exo/hosted/passes.h"
#include "exo/hosted/program.h"

#define RUN_SCHEMA "exopf.run/1"

/** Engines: bits. */
enum run_engine {
	RUN_INTERP = 1,
	RUN_JIT = 2,
	RUN_BOTH = RUN_INTERP | RUN_JIT,
};

/** What to run, and on what. */
struct run_job {
	struct cmd_program program;
	unsigned engine; /* enum run_engine */
	struct exo_map_def maps[EXO_WORLD_MAPS];
	uint32_t nmaps;
	uint8_t *bytes; /* the memory, or the packet */
	size_t nbytes;
	uint64_t wirelen; /* 0: the packet is whole */
	uint64_t fuel;
	struct cmd_jit jit;
	bool perf_map;
	bool json;
};

/** What came of it on one engine. Zero it; run_result_free() at the end. */
struct run_result {
	enum isa_end end; /* compiled code knows ISA_END_EXIT only */
	uint64_t r0;
	uint64_t steps; /* the interpreter's */
	uint32_t pc;    /* where it ended: the interpreter's */
	uint32_t code;  /* bytes of machine code; 0: interpreted */
	uint8_t *mem;   /* the program's own copy of the memory */
	struct exo_mem heap;
	struct exo_world *world; /* jit: compiled.world */
	struct cmd_compiled compiled;
};

/** A run that ended otherwise than a verified one may. */
static inline bool run_is_trap(enum isa_end end)
{
	return end != ISA_END_EXIT && end != ISA_END_REJECT;
}

/* run_engine.c */
/** Run on the interpreter, on compiled code. Return 0 when there is a result;
 * CMD_NO when the verifier refused; CMD_FAULT. They say why. */
int run_interp(const struct run_job *job, struct run_result *r);
int run_jit(const struct run_job *job, struct run_result *r);
void run_result_free(struct run_result *r);
/** The memory or packet as it is after the run. */
const uint8_t *run_after(
    const struct run_job *job, const struct run_result *r, uint32_t *n);

/* run_both.c */
/** Say where the two differ, if they do, in a text of at most size bytes.
 * Returns whether they differ. */
bool run_differ(const struct run_job *job, const struct run_result *interp,
    const struct run_result *jit, char *text, size_t size);

/* run_show.c */
/** Print a result. differ: where the two do, or NULL. Returns how to exit. */
int run_show(
    const struct run_job *job, const struct run_result *r, const char *differ);
/** Print that the verifier refused; returns how to exit. */
int run_show_refused(const struct run_job *job, const struct run_result *r);

#endif
