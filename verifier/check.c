/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structure: every instruction is one, every jump leads to one of its own
 * function, and no way runs past the end of a function.
 *
 * A function begins at instruction 0, where a local call leads and where a
 * 64-bit immediate of source 4 points; it ends where the next one begins.
 * Instructions that no way reaches must be well formed, too, but nothing else
 * is asked of them: unoptimised output of libpcap has some.
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

bool vf_is_local_call(const struct exo_insn *in)
{
	return in->code == (EXO_JMP | EXO_CALL) &&
	       exo_src(in) == EXO_CALL_LOCAL;
}

static bool is_func_imm(const struct exo_insn *in)
{
	return isa_slots(in) == 2 && exo_src(in) == EXO_LDDW_FUNC;
}

bool vf_names_func(const struct exo_insn *in)
{
	return vf_is_local_call(in) || is_func_imm(in);
}

/* Where a call or a 64-bit immediate of source 4 leads. */
static int64_t entry_named(const struct exo_insn *in, uint32_t pc)
{
	return (int64_t)pc + 1 + in->imm;
}

static int check_map(struct vf_env *env, const struct exo_insn *in)
{
	unsigned src = exo_src(in);
	const struct exo_map_def *def;

	if (src == EXO_LDDW_IMM || src == EXO_LDDW_FUNC)
		return 0;
	if ((uint32_t)in->imm >= env->in->nmaps)
		return vf_refuse(env, VF_MAP);
	def = &env->in->maps[in->imm];
	if (src == EXO_LDDW_MAP || src == EXO_LDDW_MAP_IDX)
		return 0; /* the decoder wants a second slot of zeros */
	if (def->kind != EXO_MAP_ARRAY)
		return vf_refuse(env, VF_MAP_DIRECT);
	if ((uint32_t)in[1].imm >= def->value_size)
		return vf_refuse(env, VF_VALUE_OOB);
	return 0;
}

static int decode_all(struct vf_env *env)
{
	const struct isa_op *op;
	enum isa_bad bad;
	uint32_t i;

	for (i = 0; i < env->n; i += isa_slots(&env->insns[i])) {
		env->pc = i;
		op = isa_decode(env->insns, env->n, i, &bad);
		if (op == NULL)
			return refuse_bad(env, bad);
		if (op->form == ISA_FORM_LDDW)
			env->flag[i + 1] |= VF_FLAG_SECOND;
		if (!exo_pause(env->pause, 1))
			return vf_pause(env, 0);
	}
	return 0;
}

/* Maps, and where functions begin. */
static int check_names(struct vf_env *env)
{
	uint32_t i;
	int err = 0;

	env->flag[0] |= VF_FLAG_ENTRY;
	env->nfuncs = 1;
	for (i = 0; err == 0 && i < env->n; i += isa_slots(&env->insns[i])) {
		const struct exo_insn *in = &env->insns[i];
		int64_t to;

		env->pc = i;
		err = vf_pause(env, 1);
		if (err == 0 && isa_slots(in) == 2)
			err = check_map(env, in);
		if (!vf_names_func(in))
			continue;
		env->calls |= vf_is_local_call(in);
		env->names = true;
		to = entry_named(in, i);
		if (to < 0 || to >= (int64_t)env->n ||
		    (env->flag[to] & VF_FLAG_SECOND) != 0)
			return vf_refuse(env, VF_CALL_TARGET);
		if ((env->flag[to] & VF_FLAG_ENTRY) == 0)
			env->nfuncs++;
		env->flag[to] |= VF_FLAG_ENTRY;
	}
	return err;
}

static int make_funcs(struct vf_env *env)
{
	uint32_t i, k = 0;

	env->funcs = vf_get(env, env->nfuncs * sizeof(env->funcs[0]));
	if (env->funcs == NULL)
		return vf_no_memory(env);
	for (i = 0; i < env->n; i++) {
		if ((env->flag[i] & VF_FLAG_ENTRY) == 0)
			continue;
		if (k > 0)
			env->funcs[k - 1].end = i;
		env->funcs[k++].entry = i;
	}
	env->funcs[k - 1].end = env->n;
	return 0;
}

uint32_t vf_func_of(const struct vf_env *env, uint32_t pc)
{
	uint32_t lo = 0, hi = env->nfuncs;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (env->funcs[mid].entry <= pc)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

uint32_t vf_callee(const struct vf_env *env, uint32_t pc)
{
	return vf_func_of(env, (uint32_t)entry_named(&env->insns[pc], pc));
}

/* Jumps of any kind, calls and exit excepted. */
static bool is_jump(const struct exo_insn *in)
{
	unsigned class = in->code & 0x07u;
	unsigned op = in->code & 0xf0u;

	return (class == EXO_JMP || class == EXO_JMP32) && op != EXO_CALL &&
	       op != EXO_EXIT;
}

static bool is_exit(const struct exo_insn *in)
{
	return in->code == (EXO_JMP | EXO_EXIT);
}

static bool is_always(const struct exo_insn *in)
{
	return (in->code & 0xf0u) == EXO_JA;
}

static int check_jumps(struct vf_env *env, struct vf_func *f)
{
	uint32_t i;

	for (i = f->entry; i < f->end; i += isa_slots(&env->insns[i])) {
		int64_t to;

		if (!is_jump(&env->insns[i]))
			continue;
		env->pc = i;
		if (!exo_pause(env->pause, 1))
			return vf_pause(env, 0);
		to = isa_target(&env->insns[i], i);
		if (to < 0 || to >= (int64_t)env->n)
			return vf_refuse(env, VF_JUMP_OUT);
		if ((env->flag[to] & VF_FLAG_SECOND) != 0)
			return vf_refuse(env, VF_JUMP_MID);
		if (to < (int64_t)f->entry || to >= (int64_t)f->end)
			return vf_refuse(env, VF_JUMP_FUNC);
		if (to <= (int64_t)i)
			f->cyclic = true;
	}
	env->backward |= f->cyclic;
	return 0;
}

/*
 * Flow
 *
 * A stack of instructions that were found to be reached by a jump, a call or
 * a return and whose runs were not walked yet. Each is pushed once.
 */

struct flow {
	struct vf_env *env;
	uint32_t *stack;
	uint32_t n;
	const struct vf_func *f; /* whose run is walked */
};

static void reach(struct flow *fl, uint32_t to)
{
	uint8_t *flag = &fl->env->flag[to];

	if ((*flag & VF_FLAG_REACHED) != 0)
		*flag |= VF_FLAG_JOIN;
	else
		fl->stack[fl->n++] = to;
	*flag |= VF_FLAG_REACHED | VF_FLAG_TARGET;
}

/* A function's entry is reached by all its calls alike. */
static void reach_entry(struct flow *fl, uint32_t func)
{
	uint32_t to = fl->env->funcs[func].entry;

	if ((fl->env->flag[to] & VF_FLAG_REACHED) == 0)
		reach(fl, to);
}

/* What instruction i leads to, but for the next one. *ends: not to that. */
static void lead(struct flow *fl, uint32_t i, bool *ends)
{
	const struct exo_insn *in = &fl->env->insns[i];

	*ends = is_exit(in);
	if (is_func_imm(in))
		reach_entry(fl, vf_callee(fl->env, i));
	if (is_jump(in)) {
		reach(fl, (uint32_t)isa_target(in, i));
		*ends = is_always(in);
	}
	if (vf_is_local_call(in)) {
		reach_entry(fl, vf_callee(fl->env, i));
		if (i + 1 < fl->f->end)
			reach(fl, i + 1);
		*ends = i + 1 < fl->f->end; /* if not: refused below */
	}
}

static int walk(struct flow *fl, uint32_t i)
{
	struct vf_env *env = fl->env;
	bool ends;

	fl->f = &env->funcs[vf_func_of(env, i)];
	for (;;) {
		lead(fl, i, &ends);
		env->pc = i;
		if (!exo_pause(env->pause, 1))
			return vf_pause(env, 0);
		if (ends)
			return 0;
		i += isa_slots(&env->insns[i]);
		if (i >= fl->f->end)
			return vf_refuse(env, VF_FALL_THROUGH);
		if ((env->flag[i] & VF_FLAG_REACHED) != 0) {
			env->flag[i] |= VF_FLAG_JOIN | VF_FLAG_TARGET;
			return 0;
		}
		env->flag[i] |= VF_FLAG_REACHED;
	}
}

static int flow(struct vf_env *env)
{
	struct flow fl = { .env = env };
	int err = 0;

	fl.stack = vf_get(env, env->n * sizeof(fl.stack[0]));
	if (fl.stack == NULL)
		return vf_no_memory(env);
	reach(&fl, 0);
	while (err == 0 && fl.n > 0)
		err = walk(&fl, fl.stack[--fl.n]);
	/* its memory serves as leader_of[] now: same size */
	env->leader_of = fl.stack;
	return err;
}

static int make_leaders(struct vf_env *env)
{
	uint32_t i, f, k;

	for (i = 0; i < env->n; i++)
		env->nleaders += (env->flag[i] & VF_FLAG_TARGET) != 0;
	env->leaders = vf_get(env, env->nleaders * sizeof(env->leaders[0]));
	if (env->leaders == NULL)
		return vf_no_memory(env);
	for (f = 0, k = 0; f < env->nfuncs; f++) {
		struct vf_func *func = &env->funcs[f];

		func->first = k;
		for (i = func->entry; i < func->end; i++) {
			env->leader_of[i] = VF_NONE;
			if ((env->flag[i] & VF_FLAG_TARGET) == 0)
				continue;
			env->leaders[k].pc = i;
			env->leaders[k].func = f;
			env->leader_of[i] = k++;
		}
		func->count = k - func->first;
	}
	return 0;
}

bool vf_successor(const struct vf_env *env, uint32_t *at, uint32_t *to)
{
	uint32_t i = *at;

	while (i < env->n) {
		const struct exo_insn *in = &env->insns[i];
		uint32_t next = i + isa_slots(in);
		bool joins =
		    next < env->n && (env->flag[next] & VF_FLAG_JOIN) != 0;

		if (is_exit(in))
			return false;
		if (is_jump(in)) {
			*to = (uint32_t)isa_target(in, i);
			/* a join that comes next is given next time round */
			*at = is_always(in) ? env->n
			      : joins       ? env->n + 1 + next
			                    : next;
			return true;
		}
		if (vf_is_local_call(in) || joins) {
			*to = next;
			*at = env->n;
			return true;
		}
		i = next;
	}
	if (i == env->n)
		return false;
	*to = i - env->n - 1;
	*at = env->n;
	return true;
}

int vf_check(struct vf_env *env)
{
	uint32_t f;
	int err;

	env->flag = vf_get(env, env->n);
	env->note = vf_get(env, env->n);
	if (env->flag == NULL || env->note == NULL)
		return vf_no_memory(env);
	err = decode_all(env);
	if (err == 0)
		err = check_names(env);
	if (err == 0)
		err = make_funcs(env);
	for (f = 0; err == 0 && f < env->nfuncs; f++)
		err = check_jumps(env, &env->funcs[f]);
	if (err == 0)
		err = flow(env);
	return err == 0 ? make_leaders(env) : err;
}
