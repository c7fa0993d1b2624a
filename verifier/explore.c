/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exploration: every way through the program, each distinct state once.
 *
 * States wait at instructions that jumps lead to. The instructions are taken
 * in the order of their addresses: jumps lead forward, so that when one's
 * turn comes, all states that can get there wait there. A state that comes
 * to a join is compared with those that wait: one that covers it makes it
 * superfluous (every run from it is a run from the other), and those that it
 * covers are dropped. The states of an instruction are explored one after
 * the other, and their memory serves the next ones: at any time only the
 * front is held.
 *
 * There are two passes. The coarse one forgets, at joins, the values of
 * numbers that become no part of an address (live.c): ways that differ in
 * them only become one, and filters that do not compute addresses take linear
 * time whatever they compare. Forgetting is sound, so that what it accepts is
 * safe. When it refuses after forgetting, or takes too long, the fine pass,
 * which forgets nothing that is live, decides.
 *
 * A state is compared with at most COMPARES others. States can be large, so
 * that work is charged to the budget of instructions as well: one for each
 * LOOKS registers and stack halves that were packed or compared. Giving up
 * earlier is always sound.
 */
#include "exo/abi/err.h"
#include "exo/isa/decode.h"
#include "exo/lib/mem.h"
#include "verifier/vf_int.h"

#define COMPARES 64u
#define LOOKS    64u

/* How much of the budget the coarse pass may use. */
#define COARSE      4u
#define COARSE_MORE 1024u

static uint32_t grains(uint32_t size)
{
	return (size + VF_NODE_GRAIN - 1) / VF_NODE_GRAIN;
}

static void put_node(struct vf_env *env, struct vf_node *n)
{
	uint32_t k = grains(n->size);

	n->next = env->room[k];
	env->room[k] = n;
}

static struct vf_node *get_node(struct vf_env *env, uint32_t size)
{
	uint32_t k = grains(size);
	struct vf_node *n = env->room[k];

	if (n == NULL)
		return vf_get(env, (size_t)k * VF_NODE_GRAIN);
	env->room[k] = n->next;
	return n;
}

/* Look for a state that covers n, and drop those that n covers. True when n
 * is superfluous. */
static bool is_covered(
    struct vf_env *env, struct vf_leader *l, const struct vf_node *n)
{
	struct vf_node **link = &l->nodes;
	unsigned looks = 0;

	while (*link != NULL && looks++ < COMPARES) {
		struct vf_node *old = *link;

		if (vf_node_covers(old, n, &env->map))
			return true;
		if (!vf_node_covers(n, old, &env->map)) {
			link = &old->next;
			continue;
		}
		*link = old->next;
		put_node(env, old);
		env->facts.states--;
	}
	return false;
}

/* Let a state wait at instruction pc, which has a leader. */
static int wait_at(struct vf_env *env, const struct vf_state *st, uint32_t pc)
{
	struct vf_leader *l = &env->leaders[env->leader_of[pc]];
	struct vf_node *n = env->scratch;
	struct vf_node *kept;

	if (vf_pack(n, st, &l->live,
	        env->coarse && (env->flag[pc] & VF_FLAG_JOIN) != 0, &env->map))
		env->forgot = true;
	env->map.looks += n->nregs + n->nhalf;
	if (is_covered(env, l, n))
		return 0;
	kept = get_node(env, n->size);
	if (kept == NULL)
		return vf_no_memory(env);
	memcpy(kept, n, n->size);
	kept->next = l->nodes;
	l->nodes = kept;
	env->facts.states++;
	return 0;
}

int vf_exit(struct vf_env *env)
{
	const struct vf_reg *r0 = &env->st.r[0];

	if (r0->kind == EXO_REG_UNINIT)
		return vf_refuse_reg(env, VF_UNINIT_R0, 0);
	if (env->refuse_leaks && vf_is_ptr(r0))
		return vf_refuse_reg(env, VF_LEAK_R0, 0);
	return 0;
}

static int load_imm(struct vf_env *env, const struct exo_insn *in)
{
	uint64_t low = (uint32_t)in[0].imm;
	uint64_t high = (uint32_t)in[1].imm;
	struct vf_scalar s = vf_scalar_const(low | high << 32, 64);

	vf_set_scalar(env, exo_dst(in), &s);
	return 0;
}

/* An instruction that leads to the next one only. */
static int step(struct vf_env *env, const struct exo_insn *in)
{
	switch (in->code & 0x07u) {
	case EXO_ALU:
	case EXO_ALU64:
		return vf_alu(env, in);
	case EXO_LDX:
		return vf_load(env, in);
	case EXO_LD:
		return (in->code & 0xe0u) == EXO_IMM ? load_imm(env, in)
		                                     : vf_load_packet(env, in);
	case EXO_ST:
		return vf_store(env, in);
	default:
		return (in->code & 0xe0u) == EXO_ATOMIC ? vf_atomic(env, in)
		                                        : vf_store(env, in);
	}
}

#define STOP UINT32_MAX /* the way ends, or waits elsewhere */

/* A jump or exit; *next is where this way goes on. */
static int jump(struct vf_env *env, const struct exo_insn *in, uint32_t *next)
{
	uint32_t to;
	bool fall = false;
	bool taken = false;
	int err;

	if (in->code == (EXO_JMP | EXO_EXIT)) {
		*next = STOP;
		return vf_exit(env);
	}
	to = (uint32_t)isa_target(in, env->pc);
	if ((in->code & 0xf0u) == EXO_JA) {
		*next = to;
		return 0;
	}
	err = vf_branch(env, in, &fall, &taken);
	if (err == 0 && taken)
		err = wait_at(env, &env->taken, to);
	if (!fall)
		*next = STOP;
	return err;
}

/* Follow one way from env->pc until it ends or joins another. */
static int follow(struct vf_env *env)
{
	for (;;) {
		const struct exo_insn *in = &env->insns[env->pc];
		unsigned class = in->code & 0x07u;
		uint32_t next = env->pc + isa_slots(in);
		int err;

		if (env->facts.explored + env->map.looks / LOOKS >=
		    env->until) {
			(void)vf_refuse(env, VF_BUDGET_EXPLORED);
			env->report->limit = env->budget;
			return -EXO_EBUDGET;
		}
		env->facts.explored++;
		if (env->trace != NULL)
			env->trace->fn(env->trace->ctx, env->pc, &env->st);
		err = class == EXO_JMP || class == EXO_JMP32
		          ? jump(env, in, &next)
		          : step(env, in);
		if (err < 0 || next == STOP)
			return err;
		if ((env->flag[next] & VF_FLAG_JOIN) != 0)
			return wait_at(env, &env->st, next);
		env->pc = next;
	}
}

/* What a run finds: see exo/isa/interp.h. */
static void start_state(struct vf_env *env)
{
	struct vf_state *st = &env->st;
	bool mem = env->type == EXO_PROG_MEM;

	vf_state_init(st);
	st->r[1].kind = mem ? EXO_REG_MEM : EXO_REG_CTX;
	st->r[1].s = vf_scalar_const(0, 64);
	st->r[1].def = EXO_REPORT_NOWHERE;
	if (!mem)
		return;
	st->r[2].kind = EXO_REG_SCALAR;
	st->r[2].s = vf_scalar_between(0, INT32_MAX, 64);
	st->r[2].id = VF_ID_SIZE;
	st->r[2].def = EXO_REPORT_NOWHERE;
}

static void drop_all(struct vf_env *env)
{
	uint32_t k;

	for (k = 0; k < env->nleaders; k++) {
		while (env->leaders[k].nodes != NULL) {
			struct vf_node *n = env->leaders[k].nodes;

			env->leaders[k].nodes = n->next;
			put_node(env, n);
		}
	}
}

static int pass(struct vf_env *env)
{
	uint32_t k;
	int err;

	if (env->trace != NULL)
		env->trace->fn(env->trace->ctx, 0, NULL);
	start_state(env);
	err = wait_at(env, &env->st, 0);
	for (k = 0; err == 0 && k < env->nleaders; k++) {
		struct vf_leader *l = &env->leaders[k];

		while (err == 0 && l->nodes != NULL) {
			struct vf_node *n = l->nodes;

			l->nodes = n->next;
			vf_unpack(&env->st, n);
			put_node(env, n);
			env->pc = l->pc;
			err = follow(env);
		}
	}
	return err;
}

/* What both passes share goes on; what one found does not. */
static void begin_fine(struct vf_env *env)
{
	struct vf_facts *f = &env->facts;

	drop_all(env);
	*f = (struct vf_facts){
		.max_steps = f->max_steps,
		.explored = f->explored,
		.pure = true,
	};
	env->coarse = false;
	env->until = env->budget;
}

int vf_explore(struct vf_env *env)
{
	int err;

	env->scratch = vf_get(env, VF_NODE_MAX);
	if (env->scratch == NULL)
		return vf_no_memory(env);
	env->coarse = true;
	env->until = COARSE * (uint64_t)env->n + COARSE_MORE;
	if (env->until > env->budget)
		env->until = env->budget;
	err = pass(env);
	if (err == 0 || err == -EXO_ENOMEM)
		return err;
	if (!env->forgot && (err == -EXO_EREFUSED || env->until == env->budget))
		return err;
	begin_fine(env);
	return pass(env);
}
