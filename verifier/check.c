/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structure: every instruction is one, every jump leads to one, and no way
 * runs past the end.
 *
 * Instructions that no way reaches must be well formed, too, but nothing else
 * is asked of them: unoptimised output of libpcap has some. Jumps lead
 * forward only, so that one pass in the order of addresses sees every
 * instruction before the ones that it leads to.
 */
#include "verifier/vf_int.h"

#include "exo/isa/decode.h"

static int refuse_bad(struct vf_env *env, enum isa_bad bad)
{
	switch (bad) {
	case ISA_BAD_REG:
		return vf_refuse(env, VF_BAD_REG);
	case ISA_BAD_FP_WRITE:
		return vf_refuse(env, VF_FP_WRITE);
	case ISA_BAD_RESERVED:
		return vf_refuse(env, VF_RESERVED);
	case ISA_BAD_LDDW:
		return vf_refuse(env, VF_BAD_LDDW);
	case ISA_BAD_UNSUPPORTED:
		return vf_refuse(env, VF_UNSUPPORTED);
	case ISA_BAD_NONE:
	case ISA_BAD_OPCODE:
	case ISA_BAD_JUMP:
		break;
	}
	return vf_refuse(env, VF_BAD_OPCODE);
}

/* Kinds of instructions that are well formed but not verified. */
static int check_form(struct vf_env *env, const struct isa_op *op)
{
	const struct exo_insn *in = &env->insns[env->pc];

	switch (op->form) {
	case ISA_FORM_CALL:
		return vf_refuse(env, VF_HELPER);
	case ISA_FORM_CALL_LOCAL:
		return vf_refuse(env, VF_LOCAL_CALL);
	case ISA_FORM_LDDW:
		if (exo_src(in) == EXO_LDDW_FUNC)
			return vf_refuse(env, VF_FUNC);
		if (exo_src(in) != EXO_LDDW_IMM)
			return vf_refuse(env, VF_MAP);
		return 0;
	default:
		return 0;
	}
}

static int decode_all(struct vf_env *env)
{
	const struct isa_op *op;
	enum isa_bad bad;
	uint32_t i;

	for (i = 0; i < env->n; i += isa_slots(&env->insns[i])) {
		int err;

		env->pc = i;
		op = isa_decode(env->insns, env->n, i, &bad);
		if (op == NULL)
			return refuse_bad(env, bad);
		err = check_form(env, op);
		if (err < 0)
			return err;
		if (op->form == ISA_FORM_LDDW)
			env->flag[i + 1] |= VF_FLAG_SECOND;
	}
	return 0;
}

/* Jumps of any kind, calls and exit excepted. */
static bool is_jump(const struct exo_insn *in)
{
	unsigned class = in->code & 0x07u;
	unsigned op = in->code & 0xf0u;

	return (class == EXO_JMP || class == EXO_JMP32) && op != EXO_CALL &&
	       op != EXO_EXIT;
}

static int check_jumps(struct vf_env *env)
{
	uint32_t i;

	for (i = 0; i < env->n; i += isa_slots(&env->insns[i])) {
		int64_t to;

		if (!is_jump(&env->insns[i]))
			continue;
		env->pc = i;
		to = isa_target(&env->insns[i], i);
		if (to < 0 || to >= (int64_t)env->n)
			return vf_refuse(env, VF_JUMP_OUT);
		if ((env->flag[to] & VF_FLAG_SECOND) != 0)
			return vf_refuse(env, VF_JUMP_MID);
		if (to <= (int64_t)i)
			return vf_refuse(env, VF_LOOP);
	}
	return 0;
}

static int reach(struct vf_env *env, uint32_t to)
{
	if (to >= env->n)
		return vf_refuse(env, VF_FALL_THROUGH);
	env->flag[to] |= (env->flag[to] & VF_FLAG_REACHED) != 0
	                     ? VF_FLAG_JOIN
	                     : VF_FLAG_REACHED;
	return 0;
}

static int flow(struct vf_env *env)
{
	uint32_t i;
	int err;

	env->flag[0] |= VF_FLAG_REACHED | VF_FLAG_TARGET;
	for (i = 0; i < env->n; i += isa_slots(&env->insns[i])) {
		const struct exo_insn *in = &env->insns[i];
		bool jump = is_jump(in);

		if ((env->flag[i] & VF_FLAG_REACHED) == 0 ||
		    in->code == (EXO_JMP | EXO_EXIT))
			continue;
		env->pc = i;
		if (jump) {
			uint32_t to = (uint32_t)isa_target(in, i);

			env->flag[to] |= VF_FLAG_TARGET;
			err = reach(env, to);
			if (err < 0)
				return err;
		}
		if (jump && (in->code & 0xf0u) == EXO_JA)
			continue;
		err = reach(env, i + isa_slots(in));
		if (err < 0)
			return err;
	}
	return 0;
}

static int make_leaders(struct vf_env *env)
{
	uint32_t i, k;

	for (i = 0; i < env->n; i++)
		env->nleaders += (env->flag[i] & VF_FLAG_TARGET) != 0;
	env->leaders = vf_get(env, env->nleaders * sizeof(env->leaders[0]));
	if (env->leaders == NULL)
		return vf_no_memory(env);
	for (i = 0, k = 0; i < env->n; i++) {
		if ((env->flag[i] & VF_FLAG_TARGET) == 0)
			continue;
		env->leaders[k].pc = i;
		env->leader_of[i] = k++;
	}
	return 0;
}

int vf_check(struct vf_env *env)
{
	int err;

	env->flag = vf_get(env, env->n);
	env->leader_of = vf_get(env, env->n * sizeof(env->leader_of[0]));
	if (env->flag == NULL || env->leader_of == NULL)
		return vf_no_memory(env);
	err = decode_all(env);
	if (err == 0)
		err = check_jumps(env);
	if (err == 0)
		err = flow(env);
	return err == 0 ? make_leaders(env) : err;
}
