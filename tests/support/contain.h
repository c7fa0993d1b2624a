/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Containment: does what a program really does lie inside what the verifier
 * believes of it?
 *
 * contain_add() keeps every state from which an instruction was explored; it
 * is a vf_trace. contain_look() is shown each step of a run (step.h) and
 * looks for a state recorded for that instruction and chain of calls that the
 * machine fits: registers of the running frame and r6 to r9 of its callers,
 * every stack byte, links with their distances, proven bytes, ring buffer
 * memory held. What a state does not set says nothing; a state that was pruned
 * counts through the one that covered it.
 */
#ifndef TESTS_SUPPORT_CONTAIN_H
#define TESTS_SUPPORT_CONTAIN_H

#include "tests/support/step.h"
#include "verifier/vf_int.h"

struct contain_block;
struct contain_state;

/** Zero it once, with the program's instructions in n; contain_free(). */
struct contain {
	uint32_t n; /* instructions of the program */
	struct contain_bucket {
		struct contain_state *first, *last, *hint;
	} * at; /* by instruction */
	uint32_t room;
	uint32_t states;
	struct contain_block *blocks, *block; /* memory; the one in use */
	/* of a run */
	const struct exo_insn *insns; /* steps of other programs are not ours */
	uint64_t steps;               /* looked at */
	uint64_t most;                /* look at no more than that */
	bool failed;
	uint32_t failed_pc;
	char why[160]; /* of the last state that did not fit */
};

/** Begin a new program of n instructions. */
void contain_start(struct contain *c, uint32_t n);

/** struct vf_trace's function; ctx is a struct contain. */
void contain_add(void *ctx, uint32_t pc, const struct vf_state *st);

/** struct step_look's function; ctx is a struct contain. The vm is that of a
 * struct exo_world. */
bool contain_look(
    void *ctx, struct isa_vm *vm, struct isa_state *s, uint32_t pc);

void contain_free(struct contain *c);

#endif
