/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack of the deepest chain of calls.
 *
 * A compiler makes one frame for each function, so that each takes what it was
 * seen to take in any chain. Which function calls which is what exploration
 * saw: a function's address may be handed on, and a helper call it far from
 * where the program names it. Chains are at most EXO_MAX_FRAMES long.
 */
#include "verifier/vf_int.h"

/* Linux's compilers of bytecode give each frame a multiple of this. */
#define FRAME_GRAIN 32u

static bool is_noted(
    struct vf_env *env, const struct vf_func *from, const struct vf_func *to)
{
	const struct vf_calls *c = from->calls;

	for (; c != NULL; c = c->next) {
		if (c->callee == to)
			return true;
		env->map.looks++;
	}
	return false;
}

int vf_note_call(
    struct vf_env *env, struct vf_func *from, struct vf_func *to, uint32_t pc)
{
	bool local = vf_is_local_call(&env->insns[pc]);
	struct vf_calls *c;

	if (local ? (env->flag[pc] & VF_FLAG_CALLED) != 0
	          : is_noted(env, from, to))
		return 0;
	c = vf_get(env, sizeof(*c));
	if (c == NULL)
		return vf_no_memory(env);
	if (local)
		env->flag[pc] |= VF_FLAG_CALLED;
	c->callee = to;
	c->next = from->calls;
	from->calls = c;
	return 0;
}

static uint32_t frame_size(const struct vf_func *f)
{
	return (f->stack + FRAME_GRAIN - 1) / FRAME_GRAIN * FRAME_GRAIN;
}

/* One round for each frame of the longest chain. */
uint32_t vf_stack_chain(struct vf_env *env)
{
	const struct vf_calls *c;
	uint32_t round, f;

	for (f = 0; f < env->nfuncs; f++)
		env->funcs[f].chain = frame_size(&env->funcs[f]);
	for (round = 1; round < EXO_MAX_FRAMES && env->nfuncs > 1; round++) {
		for (f = env->nfuncs; f-- > 0;) {
			struct vf_func *func = &env->funcs[f];
			uint32_t most = 0;

			for (c = func->calls; c != NULL; c = c->next) {
				if (most < c->callee->chain)
					most = c->callee->chain;
			}
			func->chain = most + frame_size(func);
		}
	}
	return env->funcs[0].chain;
}
