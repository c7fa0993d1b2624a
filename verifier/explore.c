/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exploration: every way through the program, each distinct state once.
 *
 * States wait at leaders: where jumps, calls and returns lead. Leaders are
 * taken in the order of order.c, so that when one's turn comes, all states
 * that can get there without going round a loop wait there. A state that
 * comes to a leader is compared with those that are there: one that covers it
 * makes it superfluous (every run from it is a run from the other), and those
 * that it covers are dropped. Outside loops the memory of explored states
 * serves the next ones: at any time only the front is held. Inside a loop they
 * stay until nothing waits in it, for later rounds to be compared with, and
 * graph.c proves that the loop ends.
 *
 * A callee is explored in an instance of its own for each chain of calls,
 * when all states that call it from one leader's run are there.
 *
 * There are up to three passes. The coarse one forgets, at joins, the values of
 * numbers that become no part of an address and end no loop (live.c): ways
 * that differ in them only become one, and filters that do not compute
 * addresses take linear time whatever they compare. Forgetting is sound, so
 * that what it accepts is safe. When it refuses after forgetting, or takes too
 * long, the fine pass, which forgets nothing that is live, decides; and when
 * that finds a cycle in the graph of a loop, two strict ones (covering()). A
 * coarse pass that takes too long and has forgotten nothing is the fine one so
 * far, and goes on as such.
 *
 * A state is compared with at most COMPARES others, of GLANCES whose marks
 * (node.c) it glances at. States can be large, so
 * that work is counted, too, in looks: about what it takes to look at one
 * register or stack half. Of these there are LOOKS for each instruction of the
 * budget. Giving up earlier is always sound.
 */
#include "exo/abi/err.h"
#include "exo/isa/decode.h"
#include "exo/lib/mem.h"
#include "verifier/step_int.h"

#define COMPARES 64u
#define GLANCES  256u /* at the marks of that many */
#define LOOKS    128u
#define FRAME    8u /* looks: to pack and unpack a frame, besides what it has */

/* How much of the budget the coarse pass may use. */
#define COARSE      4u
#define COARSE_MORE 1024u

/*
 * Waiting
 */

int vf_scratch(struct vf_env *env, const struct vf_state *st)
{
	size_t size = vf_pack_room(st);
	uint32_t rows = vf_idmap_rows(vf_nregs(st) + VF_REFS_MAX);

	if (env->scratch_size < size) {
		vf_put(env, env->scratch, env->scratch_size);
		env->scratch_size = 0;
		env->scratch = vf_piece(env, size);
		if (env->scratch == NULL)
			return vf_no_memory(env);
		env->scratch_size = size;
	}
	if (env->map.size < rows) {
		vf_put(
		    env, env->map.row, env->map.size * sizeof(env->map.row[0]));
		env->map.size = 0;
		env->map.row = vf_piece(env, rows * sizeof(env->map.row[0]));
		if (env->map.row == NULL)
			return vf_no_memory(env);
		env->map.size = rows;
		env->map.turn = 0;
	}
	return 0;
}

/*
 * Does anything in a list cover n? Inside a loop, what covers it may be where
 * the way came from, which says nothing of an end: if n is less than that, it
 * is explored by itself. If it is the same, the loop does not end.
 *
 * A strict pass takes nothing that was explored before, but the same: then an
 * edge that leads back leads to an equal state. Even that may be a cycle of
 * the graph only: what the equal state led to may have been covered by a
 * larger one that waited, and that has led here. The second strict pass takes
 * an equal one only where the way came from, and explores it again elsewhere.
 */
static bool may_take(struct vf_env *env, const struct vf_node *old,
    const struct vf_node *n, bool seen)
{
	if (!seen)
		return true; /* what waits has led nowhere yet */
	if (env->strict == 0 && !vf_came_through(env, old))
		return true;
	return vf_node_covers(n, old, &env->map) &&
	       (env->strict < 2 || vf_came_through(env, old));
}

static struct vf_node *covering(struct vf_env *env, struct vf_node *list,
    const struct vf_node *n, bool seen)
{
	unsigned looks = 0, glances = 0;

	for (; list != NULL && looks < COMPARES && glances++ < GLANCES;
	     list = list->next) {
		if (!vf_node_may_cover(list, n))
			continue;
		looks++;
		if (vf_node_covers(list, n, &env->map) &&
		    may_take(env, list, n, seen))
			return list;
	}
	return NULL;
}

/* Drop what n, which has taken its place in front, covers of those behind. */
static void drop_covered(
    struct vf_env *env, struct vf_inst *inst, struct vf_node *n)
{
	struct vf_node **link = &n->next;
	unsigned looks = 0, glances = 0;

	while (*link != NULL && looks < COMPARES && glances++ < GLANCES) {
		struct vf_node *old = *link;
		bool may = vf_node_may_cover(n, old);

		looks += may;
		if (!may || !vf_node_covers(n, old, &env->map)) {
			link = &old->next;
			continue;
		}
		vf_stub_replace(old, n);
		*link = old->next;
		vf_put(env, old, old->size);
		inst->waiting--;
		env->facts.states--;
	}
}

/* True when a leader is part of the loop at work. */
static bool inside(const struct vf_env *env, const struct vf_inst *inst,
    const struct vf_leader *l)
{
	const struct vf_scope *s = &env->scope;

	if (s->inst == inst)
		return l->pos >= s->start && l->pos <= s->last;
	return inst->depth > s->inst->depth;
}

/* Node n is where the way at work leads, or has led; `in` its leader. */
static int lead_to(struct vf_env *env, const struct vf_inst *inst,
    const struct vf_leader *l, struct vf_node *n)
{
	if (env->scope.inst != NULL && n->stub == NULL &&
	    vf_stub_new(env, n, l->pc, !inside(env, inst, l)) == NULL)
		return vf_no_memory(env);
	return vf_edge_to(env, n);
}

int vf_wait(struct vf_env *env, struct vf_inst *inst, const struct vf_state *st,
    uint32_t pc)
{
	const struct vf_leader *l = &env->leaders[env->leader_of[pc]];
	uint32_t k = env->leader_of[pc] - inst->func->first;
	const struct vf_live *live[EXO_MAX_FRAMES];
	struct vf_node *n, *kept;
	int err = vf_scratch(env, st);

	if (err < 0)
		return err;
	n = env->scratch;
	vf_lives(inst, l, live);
	if (vf_pack(n, st, live,
	        env->coarse && (env->flag[pc] & VF_FLAG_JOIN) != 0, &env->map))
		env->forgot = true;
	env->map.looks +=
	    FRAME * (n->depth + 1u) + n->nregs + (n->size - sizeof(*n)) / 64;
	kept = covering(env, inst->wait[k], n, false);
	if (kept == NULL && inst->seen != NULL)
		kept = covering(env, inst->seen[k].first, n, true);
	if (kept != NULL)
		return lead_to(env, inst, l, kept);
	kept = vf_piece(env, n->size);
	if (kept == NULL)
		return vf_no_memory(env);
	memcpy(kept, n, n->size);
	kept->name = env->nodes++;
	if (env->trace != NULL && env->trace->born != NULL)
		env->trace->born(env->trace->ctx, kept->name, pc);
	kept->next = inst->wait[k];
	inst->wait[k] = kept;
	inst->waiting++;
	env->facts.states++;
	err = lead_to(env, inst, l, kept);
	if (err == 0)
		drop_covered(env, inst, kept);
	return err;
}

/*
 * Following one way
 */

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
		return (in->code & 0xe0u) == EXO_IMM ? vf_load_imm(env, in)
		                                     : vf_load_packet(env, in);
	case EXO_ST:
		return vf_store(env, in);
	default:
		return (in->code & 0xe0u) == EXO_ATOMIC ? vf_atomic(env, in)
		                                        : vf_store(env, in);
	}
}

#define STOP UINT32_MAX /* the way ends, or waits elsewhere */

/* A jump, call or exit; *next is where this way goes on. */
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
	if (in->code == (EXO_JMP | EXO_CALL)) {
		if (!vf_is_local_call(in))
			return vf_helper(env, in);
		*next = STOP;
		return vf_call(env, in);
	}
	to = (uint32_t)isa_target(in, env->pc);
	if ((in->code & 0xf0u) == EXO_JA) {
		*next = STOP;
		return vf_wait(env, env->inst, &env->st, to);
	}
	err = vf_branch(env, in, &fall, &taken);
	env->note[env->pc] |=
	    (uint8_t)((fall ? VF_NOTE_FALLS : 0) | (taken ? VF_NOTE_TAKES : 0));
	if (err == 0 && taken)
		err = vf_wait(env, env->inst, &env->taken, to);
	if (!fall)
		*next = STOP;
	return err;
}

/* What this pass may use is used up. A coarse one that forgot nothing has done
 * what the fine one would do: it goes on as that. */
static bool goes_on(struct vf_env *env)
{
	if (!env->coarse || env->forgot || env->until == env->budget)
		return false;
	env->coarse = false;
	env->until = env->budget;
	return true;
}

/* Tell whoever may want to pause what was done since. */
static int tell(struct vf_env *env)
{
	uint64_t work = env->facts.explored + env->map.looks / LOOKS;
	uint64_t units = work - env->told;

	env->told = work;
	return vf_pause(env, units);
}

int vf_budget(struct vf_env *env)
{
	int err = tell(env);

	if (err < 0)
		return err;
	do {
		if (env->facts.explored < env->until &&
		    env->map.looks / LOOKS < env->until)
			return 0;
	} while (goes_on(env));
	(void)vf_refuse(env, VF_BUDGET_EXPLORED);
	env->report->limit = env->budget;
	return -EXO_EBUDGET;
}

/* Follow one way from env->pc until it ends or joins another. */
static int follow(struct vf_env *env)
{
	for (;;) {
		const struct exo_insn *in = &env->insns[env->pc];
		unsigned class = in->code & 0x07u;
		uint32_t next = env->pc + isa_slots(in);
		int err = vf_room(env);

		if (err < 0)
			return err;
		err = vf_budget(env);
		if (err < 0)
			return err;
		env->facts.explored++;
		env->note[env->pc] |= VF_NOTE_RUNS;
		env->walked = vf_sum(env->walked, 1);
		if (env->trace != NULL)
			env->trace->fn(env->trace->ctx, env->pc, &env->st);
		err = class == EXO_JMP || class == EXO_JMP32
		          ? jump(env, in, &next)
		          : step(env, in);
		if (err < 0 || next == STOP)
			return err;
		if ((env->flag[next] & VF_FLAG_JOIN) != 0)
			return vf_wait(env, env->inst, &env->st, next);
		env->pc = next;
	}
}

/*
 * The schedule
 */

static uint32_t leader_at(
    const struct vf_env *env, const struct vf_func *f, uint32_t place)
{
	return f->cyclic ? env->order[f->first + place] : f->first + place;
}

static uint32_t list_at(
    const struct vf_env *env, const struct vf_inst *inst, uint32_t place)
{
	return leader_at(env, inst->func, place) - inst->func->first;
}

void vf_begin(struct vf_env *env, uint32_t node)
{
	env->node = node;
	if (env->trace != NULL && env->trace->begin != NULL)
		env->trace->begin(env->trace->ctx, node);
}

static void drop_seen(struct vf_env *env, struct vf_node **link)
{
	while (*link != NULL) {
		struct vf_node *n = *link;

		*link = n->next;
		vf_put(env, n, n->size);
	}
}

/* Old rounds of a loop are not compared with any more; their stubs stay. */
static void drop_old(struct vf_env *env, struct vf_seen *seen)
{
	struct vf_node **link = &seen->first;
	uint32_t k;

	for (k = 0; k < GLANCES; k++)
		link = &(*link)->next;
	drop_seen(env, link);
	seen->n = GLANCES;
}

/* The first state of list k goes on from where it waits. */
static int explore_node(
    struct vf_env *env, struct vf_inst *inst, uint32_t k, uint32_t pc)
{
	struct vf_node *n = inst->wait[k];

	inst->wait[k] = n->next;
	inst->waiting--;
	vf_unpack(&env->st, n);
	env->inst = inst;
	env->stub = n->stub;
	env->steps = n->steps;
	env->walked = 0;
	env->pc = pc;
	vf_begin(env, n->name);
	if (env->scope.inst != NULL) {
		n->next = inst->seen[k].first;
		inst->seen[k].first = n;
		if (++inst->seen[k].n == 2 * GLANCES)
			drop_old(env, &inst->seen[k]);
	} else {
		vf_put(env, n, n->size);
	}
	return follow(env);
}

/* A leader's run has one call at most. Outside loops the instance is done
 * for; inside it may be called again. With vf_run() it goes no deeper than
 * functions may call each other: EXO_MAX_FRAMES.
 * NOLINTNEXTLINE(misc-no-recursion) */
static int run_callee(struct vf_env *env, struct vf_inst *inst)
{
	struct vf_inst *c = inst->called;
	int err;

	if (c == NULL)
		return 0;
	inst->called = NULL;
	err = vf_run(env, c);
	if (err == 0 && env->scope.inst == NULL)
		vf_inst_drop(env, c);
	return err;
}

/* States wait at a place: if it is in a loop, and none is at work, it is the
 * outermost loop round it from now on. */
static int open_loop(
    struct vf_env *env, struct vf_inst *inst, const struct vf_leader *l)
{
	const struct vf_comp *c;
	uint32_t p;

	if (env->scope.inst != NULL || l->comp == VF_NONE)
		return 0;
	c = &env->comps[l->comp];
	while (c->parent != VF_NONE)
		c = &env->comps[c->parent];
	env->scope = (struct vf_scope){
		.inst = inst, .start = c->start, .last = c->last
	};
	for (p = c->start; p <= c->last; p++) {
		uint32_t k = leader_at(env, inst->func, p);
		struct vf_node *n = inst->wait[k - inst->func->first];

		for (; n != NULL; n = n->next) {
			if (vf_stub_new(env, n, env->leaders[k].pc, false) ==
			    NULL)
				return vf_no_memory(env);
		}
	}
	return 0;
}

static int close_loop(struct vf_env *env, struct vf_inst *inst)
{
	uint32_t p = env->scope.start, last = env->scope.last;
	int err = vf_graph_close(env);

	if (err < 0)
		return err;
	env->scope.inst = NULL;
	env->stub = NULL;
	for (; p <= last; p++) {
		struct vf_seen *seen = &inst->seen[list_at(env, inst, p)];

		drop_seen(env, &seen->first);
		seen->n = 0;
	}
	while (inst->child != NULL)
		vf_inst_drop(env, inst->child);
	return 0;
}

/* The place in a loop from which its next round starts; VF_NONE: none. */
static uint32_t next_round(
    struct vf_env *env, const struct vf_inst *inst, const struct vf_comp *c)
{
	uint32_t p = c->start;

	for (; p <= (c->flat ? c->last : c->start); p++) {
		env->map.looks++;
		if (inst->wait[list_at(env, inst, p)] != NULL)
			return p;
	}
	return VF_NONE;
}

/* Where to go on after place *p, at which nothing waits any more. */
static int next_place(struct vf_env *env, struct vf_inst *inst, uint32_t *p)
{
	uint32_t k = env->leaders[leader_at(env, inst->func, *p)].comp;

	for (; k != VF_NONE && env->comps[k].last == *p;
	     k = env->comps[k].parent) {
		uint32_t again = next_round(env, inst, &env->comps[k]);

		if (again != VF_NONE) {
			*p = again;
			return 0;
		}
		if (env->scope.inst == inst &&
		    env->comps[k].parent == VF_NONE) {
			int err = close_loop(env, inst);

			if (err < 0)
				return err;
		}
	}
	++*p;
	return 0;
}

/* NOLINTNEXTLINE(misc-no-recursion): see run_callee() */
int vf_run(struct vf_env *env, struct vf_inst *inst)
{
	uint32_t p = 0;
	int err = 0;

	while (err == 0 && p < inst->func->count &&
	       (inst->waiting != 0 || env->scope.inst == inst)) {
		uint32_t k = list_at(env, inst, p);
		const struct vf_leader *l =
		    &env->leaders[inst->func->first + k];
		bool any = inst->wait[k] != NULL;

		env->map.looks++; /* also if nothing waits here */
		err = vf_budget(env);
		if (err == 0 && any)
			err = open_loop(env, inst, l);
		while (err == 0 && inst->wait[k] != NULL)
			err = explore_node(env, inst, k, l->pc);
		if (err == 0)
			err = run_callee(env, inst);
		if (err == 0)
			err = next_place(env, inst, &p);
	}
	/* the order is a weak topological one, so that nothing can wait */
	if (err == 0 && inst->waiting != 0)
		return vf_refuse(env, VF_LOOP);
	return err;
}

/*
 * Passes
 */

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

static int pass(struct vf_env *env)
{
	struct vf_inst *main =
	    vf_inst_new(env, NULL, &env->funcs[0], VF_NONE, false);
	int err;

	if (main == NULL)
		return vf_no_memory(env);
	if (env->trace != NULL)
		env->trace->fn(env->trace->ctx, 0, NULL);
	start_state(env);
	err = vf_wait(env, main, &env->st, 0);
	if (err == 0)
		err = vf_run(env, main);
	vf_inst_drop(env, main);
	if (err == 0 && env->longest > VF_STEPS_MAX) {
		err = vf_refuse(env, VF_STEPS);
		env->report->insn = EXO_REPORT_NOWHERE;
	}
	env->facts.max_steps = env->longest;
	env->facts.stack = env->funcs[0].stack;
	env->facts.stack_chain = vf_stack_chain(env);
	if (err == 0 && env->facts.stack_chain > EXO_STACK_SIZE) {
		err = vf_refuse(env, VF_STACK_CHAIN);
		env->report->insn = EXO_REPORT_NOWHERE;
		env->report->limit = env->facts.stack_chain;
	}
	return err;
}

/* What both passes share goes on; what one found does not. */
static void begin_fine(struct vf_env *env)
{
	uint32_t i;

	for (i = 0; i < env->nfuncs; i++)
		env->funcs[i].stack = 0;
	env->facts = (struct vf_facts){
		.explored = env->facts.explored,
		.pure = true,
	};
	for (i = 0; i < env->n; i++)
		env->flag[i] &= (uint8_t) ~(VF_FLAG_CTX | VF_FLAG_MEM);
	memset(env->note, 0, env->n);
	if (env->konst != NULL)
		memset(env->konst, 0, env->n * sizeof(env->konst[0]));
	/* stubs of a loop that was not finished are left to the arena */
	env->scope = (struct vf_scope){ .inst = NULL };
	env->callback = NULL;
	env->longest = 0;
	env->nodes = 0;
	env->steps = 0;
	env->stub = NULL;
	env->walked = 0;
	env->coarse = false;
	env->until = env->budget;
}

int vf_explore(struct vf_env *env)
{
	struct exo_report before;
	int err = vf_frame_room(env, &env->st, 0);

	if (err == 0)
		err = vf_frame_room(env, &env->taken, 0);
	if (err == 0)
		err = vf_room(env);
	if (err < 0)
		return err;
	env->coarse = true;
	env->until = COARSE * (uint64_t)env->n + COARSE_MORE;
	if (env->nfuncs > 1 || env->backward)
		env->until += env->budget / COARSE;
	if (env->until > env->budget)
		env->until = env->budget;
	err = pass(env);
	if (err == 0 || err == -EXO_ENOMEM)
		return err;
	if (!env->forgot && env->report->code != VF_LOOP)
		return err; /* it was the fine one */
	before = *env->report;
	begin_fine(env);
	env->strict = !env->forgot; /* what it forgot was not to blame */
	err = pass(env);
	while (err == -EXO_EREFUSED && env->report->code == VF_LOOP &&
	       env->strict < 2) {
		before = *env->report;
		begin_fine(env);
		env->strict++;
		err = pass(env);
	}
	if (err == -EXO_EBUDGET && before.code == VF_LOOP &&
	    env->report->code == VF_BUDGET_EXPLORED) {
		/* says more than that the budget was too small to prove it */
		before.explored = env->facts.explored;
		*env->report = before;
		return -EXO_EREFUSED;
	}
	return err;
}
