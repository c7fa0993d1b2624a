/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The defensive interpreter, one instruction at a time: the same source, built
 * once more with somebody looking at it before each instruction.
 */
#ifndef TESTS_SUPPORT_STEP_H
#define TESTS_SUPPORT_STEP_H

#include "exo/isa/interp_int.h"

/** Is shown the registers before the instruction pc of s->code, r10 and
 * callers' registers included; fn may change what the run does not set.
 * Returning false ends the run. */
struct step_look {
	bool (*fn)(
	    void *ctx, struct isa_vm *vm, struct isa_state *s, uint32_t pc);
	void *ctx;
	bool stopped; /* fn said so; the run ends with ISA_END_FUEL */
};

/** isa_run(), shown to somebody. One at a time. */
enum isa_end step_run(struct isa_vm *vm, uint64_t *r0, struct step_look *look);

#endif
