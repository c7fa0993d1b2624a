/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a verdict comes about: for tests of containment, and for tools that
 * explain. What the kernel links has no use for it.
 */
#ifndef VF_TRACE_H
#define VF_TRACE_H

#include "verifier/state.h"
#include "verifier/verifier.h"

/**
 * Is shown how a verdict comes about: for tests of containment, and for tools
 * that explain. Functions may be NULL, but for fn.
 *
 * fn gets each state before the instruction pc is explored from it, and NULL
 * when a pass begins, which makes all of the last one void. Nodes have
 * numbers. born: a state came to wait at pc, from the instruction that fn was
 * shown last (not for the first). begin: what fn is shown next is explored
 * from this node, or goes on there, after a function that a helper called.
 */
struct vf_trace {
	void (*fn)(void *ctx, uint32_t pc, const struct vf_state *st);
	void *ctx;
	void (*born)(void *ctx, uint32_t node, uint32_t pc);
	void (*begin)(void *ctx, uint32_t node);
};

/** vf_verify() that shows its states; trace may be NULL. The same program,
 * limits and trace functions are shown the same. */
int vf_verify_traced(const struct vf_input *in, const struct vf_limits *limits,
    struct exo_mem *mem, const struct vf_trace *trace, struct vf_prog **out,
    struct exo_report *report);

#endif
