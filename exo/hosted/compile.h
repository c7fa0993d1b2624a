/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that the tool verifies and compiles, in a world of its own.
 */
#ifndef EXO_HOSTED_COMPILE_H
#define EXO_HOSTED_COMPILE_H

#include <stdbool.h>

#include "exo/core/world.h"
#include "exo/hosted/json.h"
#include "exo/hosted/passes.h"
#include "exo/hosted/source.h"
#include "exo/hosted/why.h"

/** Zero it; cmd_compile_free() at the end. It must not be moved. */
struct cmd_compiled {
	struct exo_mem mem;
	struct vf_input in;
	struct exo_world *world;
	struct vf_prog *prog;
	struct exo_world_code *code;
	bool refused; /* why says why */
	struct why why;
};

/**
 * Verify a program, with the tool's limits, and compile it; with its places.
 * What in points to must outlive c.
 * Returns 0; CMD_NO when the verifier refuses it, having printed that to
 * standard error; CMD_FAULT after saying what else is wrong.
 */
int cmd_compile_prog(struct cmd_compiled *c, const struct vf_input *in,
    const struct cmd_jit *jit, const struct cmd_source *source);

/** Write the refusal as member "refusal", null when there was none. */
void cmd_compile_json(struct cmd_json *j, const struct cmd_compiled *c,
    const struct cmd_source *source);

void cmd_compile_free(struct cmd_compiled *c);

#endif
