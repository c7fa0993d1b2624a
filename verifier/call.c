/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of local functions, returns, and functions that helpers call.
 *
 * A callee has a frame of its own and finds the caller's r1 to r5; r6 to r9
 * wait in the caller's frame. When it returns, r0 is what it left there and
 * r1 to r5 are not set. No pointer into its frame is left: stack.c keeps them
 * out of the callers' frames.
 *
 * A helper calls a function any number of times up to a bound. What is known
 * between two calls is a state `common` that covers the state before the
 * first one and the states after each return: the function is explored from
 * common, and while a return is not covered, common is weakened by it and the
 * function explored again. After GUESSES rounds each one forgets something for
 * good, and after ROUNDS of them everything that a function could change, so
 * that it ends.
 */
#include "exo/lib/mem.h"
#include "verifier/step_int.h"

#define ROUNDS  4u
#define GUESSES 2u /* rounds in which ids may be guessed */

struct vf_callback {
	struct vf_callback *outer;
	struct vf_state common;
	struct vf_node *node; /* common at rest */
	size_t room;          /* bytes of it */
	uint32_t rounds;
	bool weakened; /* in this round */
};

void vf_clobber(struct vf_env *env)
{
	unsigned i;

	for (i = 1; i <= 5; i++)
		env->st.r[i].kind = EXO_REG_UNINIT;
}

static void push(struct vf_state *st)
{
	unsigned i;

	memcpy(st->frame[st->depth]->kept, &st->r[VF_KEPT_FIRST],
	    sizeof(st->frame[0]->kept));
	st->r[0].kind = EXO_REG_UNINIT;
	for (i = VF_KEPT_FIRST; i < EXO_R_FP; i++)
		st->r[i].kind = EXO_REG_UNINIT;
	vf_state_enter(st, st->depth + 1);
}

static void pop(struct vf_env *env)
{
	struct vf_state *st = &env->st;
	uint32_t i;

	env->map.looks += st->npool;
	for (i = st->npool; i-- > 0;) {
		if (st->pool[i].at / VF_HALVES == st->depth)
			vf_pool_remove(st, &st->pool[i]);
	}
	st->depth--;
	memcpy(&st->r[VF_KEPT_FIRST], st->frame[st->depth]->kept,
	    sizeof(st->frame[0]->kept));
	st->r[EXO_R_FP].frame = (uint8_t)st->depth;
	vf_clobber(env);
}

static int enter(struct vf_env *env)
{
	uint32_t k = env->st.depth + 1;
	int err;

	if (k >= EXO_MAX_FRAMES)
		return vf_refuse(env, VF_CALL_DEPTH);
	err = vf_frame_room(env, &env->st, k);
	if (err == 0)
		err = vf_frame_room(env, &env->taken, k);
	if (err == 0)
		push(&env->st);
	return err;
}

int vf_call(struct vf_env *env, const struct exo_insn *in)
{
	struct vf_func *f = &env->funcs[vf_callee(env, env->pc)];
	struct vf_inst *inst = env->inst;
	struct vf_inst **callee =
	    &inst->callee[env->leader_of[env->pc + 1] - inst->func->first];
	int err = enter(env);

	(void)in;
	if (err < 0)
		return err;
	if (*callee == NULL)
		*callee = vf_inst_new(env, inst, f, env->pc, false);
	if (*callee == NULL)
		return vf_no_memory(env);
	inst->called = *callee;
	return vf_wait(env, *callee, &env->st, f->entry);
}

/*
 * Callbacks
 */

static const struct vf_live all_live = {
	.half = { UINT64_MAX, UINT64_MAX },
	.regs = UINT16_MAX,
	.exact = UINT16_MAX,
	.exact_stack = true,
};

static const struct vf_live *const all_frames[EXO_MAX_FRAMES] = { &all_live,
	&all_live, &all_live, &all_live, &all_live, &all_live, &all_live,
	&all_live };

/* Pack a state whole, into memory that grows. */
static int pack(struct vf_env *env, const struct vf_state *st,
    struct vf_node **n, size_t *room)
{
	size_t size = vf_pack_room(st);
	int err = vf_scratch(env, st);

	if (err < 0)
		return err;
	if (*room < size) {
		vf_put(env, *n, *room);
		*room = 0;
		*n = vf_piece(env, size);
		if (*n == NULL)
			return vf_no_memory(env);
		*room = size;
	}
	(void)vf_pack(*n, st, all_frames, false, &env->map);
	env->map.looks += (*n)->nregs + (*n)->size / 64;
	return 0;
}

/* Which of the records held has this id; nrefs: none. */
static uint32_t ref_of(const struct vf_state *st, uint32_t id)
{
	uint32_t k = 0;

	while (k < st->nrefs && st->ref[k] != id)
		k++;
	return k;
}

/* Pointers with a variable part, or to memory that is held: ids have other
 * names after the function, so that it is a guess whether they are the same.
 * returned() finds out. */
static bool is_alike(const struct vf_state *cs, const struct vf_reg *c,
    const struct vf_state *rs, const struct vf_reg *r)
{
	if (c->id == 0 || r->id == 0)
		return c->id == r->id;
	return vf_scalar_covers(&c->s, &r->s) &&
	       ref_of(cs, c->id) == ref_of(rs, r->id);
}

/* Of what was saved in common, by register c, keep what r has, too. */
static bool weaken_saved(const struct vf_state *cs, struct vf_reg *c,
    const struct vf_state *rs, const struct vf_reg *r, bool guess)
{
	struct vf_scalar any = vf_scalar_any(64);

	if (r == NULL || c->kind != r->kind || c->four != r->four)
		return false;
	if (c->kind == EXO_REG_SCALAR) {
		if (c->four)
			any = vf_scalar_zext(&any, 32, 64);
		if (!vf_scalar_covers(&c->s, &r->s))
			c->s = any;
		c->id = 0;
		c->off = 0;
		return true;
	}
	if (c->map != r->map || c->frame != r->frame || c->off != r->off ||
	    !is_alike(cs, c, rs, r) || (c->id != 0 && !guess))
		return false;
	if (c->proven > r->proven)
		c->proven = r->proven;
	return true;
}

static uint8_t weaken_byte(
    uint8_t c, const struct vf_state *r, unsigned frame, unsigned b)
{
	uint8_t have = r->frame[frame]->byte[b];
	const struct vf_reg *saved = vf_saved(r, frame, b / 4);

	if (c == VF_BYTE_NONE || have == VF_BYTE_NONE ||
	    (have == VF_BYTE_SAVED && vf_is_ptr(saved)))
		return VF_BYTE_NONE;
	return c == VF_BYTE_ZERO && have == VF_BYTE_ZERO ? VF_BYTE_ZERO
	                                                 : VF_BYTE_MISC;
}

static void weaken_stack(
    struct vf_state *c, const struct vf_state *r, bool guess, bool hard)
{
	uint32_t i, k, b;

	for (i = c->npool; i-- > 0;) {
		struct vf_reg *x = &c->pool[i];
		unsigned frame = x->at / VF_HALVES, h = x->at % VF_HALVES;
		uint16_t slot = r->frame[frame]->slot[h];
		bool number = x->kind == EXO_REG_SCALAR;

		if (!hard && weaken_saved(c, x, r,
		                 slot == 0 ? NULL : &r->pool[slot - 1], guess))
			continue;
		memset(&c->frame[frame]->byte[(size_t)h * 4],
		    number ? VF_BYTE_MISC : VF_BYTE_NONE, x->four ? 4 : 8);
		vf_pool_remove(c, x);
	}
	for (k = 0; k <= c->depth; k++) {
		for (b = 0; b < EXO_STACK_SIZE; b++) {
			uint8_t *to = &c->frame[k]->byte[b];

			if (*to == VF_BYTE_SAVED)
				continue;
			*to = hard ? VF_BYTE_NONE : weaken_byte(*to, r, k, b);
		}
	}
}

/* r6 to r9 do not change, but packet pointers become void: then they are one
 * thing before, and maybe another after. */
static void weaken_reg(struct vf_reg *c, const struct vf_reg *r)
{
	if (r->kind != c->kind)
		c->kind = EXO_REG_UNINIT;
}

static void weaken(
    struct vf_state *c, struct vf_state *r, bool guess, bool hard)
{
	uint32_t regs = EXO_R_FP + VF_KEPT * c->depth, i;

	for (i = 0; i < regs; i++) {
		if (hard)
			vf_reg_at(c, i)->kind = EXO_REG_UNINIT;
		else
			weaken_reg(vf_reg_at(c, i), vf_reg_at(r, i));
	}
	weaken_stack(c, r, guess, hard);
	if (c->mem_min > r->mem_min)
		c->mem_min = r->mem_min;
}

/* A function that a helper called has returned, with env->st. */
static int returned(struct vf_env *env)
{
	struct vf_callback *cb = env->callback;
	int err;

	vf_ends(env);
	env->st.r[0].kind = EXO_REG_UNINIT;
	if (env->st.nrefs != cb->common.nrefs)
		return vf_refuse(env, VF_RING_HELD);
	err = pack(env, &cb->common, &cb->node, &cb->room);
	if (err == 0)
		err = pack(env, &env->st, &env->scratch, &env->scratch_size);
	if (err < 0 || vf_node_covers(cb->node, env->scratch, &env->map))
		return err;
	weaken(
	    &cb->common, &env->st, cb->rounds < GUESSES, cb->rounds >= ROUNDS);
	cb->weakened = true;
	return 0;
}

/* What is put aside while a function is explored for a helper. */
struct aside {
	struct vf_inst *inst;
	struct vf_scope scope;
	struct vf_stub *stub;
	uint64_t steps, walked, longest;
	uint32_t pc, node;
};

static struct aside put_aside(struct vf_env *env)
{
	struct aside a = { env->inst, env->scope, env->stub, env->steps,
		env->walked, env->longest, env->pc, env->node };

	env->scope = (struct vf_scope){ .inst = NULL };
	env->stub = NULL;
	env->steps = 0;
	env->walked = 0;
	env->longest = 0;
	return a;
}

static void take_back(struct vf_env *env, const struct aside *a)
{
	env->inst = a->inst;
	env->scope = a->scope;
	env->stub = a->stub;
	env->steps = a->steps;
	env->walked = a->walked;
	env->longest = a->longest;
	env->pc = a->pc;
	vf_begin(env, a->node);
}

/* Explore the function once, from common; *body: its steps, at least. */
static int round_of(struct vf_env *env, struct vf_func *f,
    const struct vf_reg args[5], uint64_t *body)
{
	struct vf_callback *cb = env->callback;
	struct vf_inst *c;
	struct aside a;
	int err = vf_copy_room(env, &env->st, &cb->common);

	if (err < 0)
		return err;
	vf_state_copy(&env->st, &cb->common);
	memcpy(&env->st.r[1], args, 5 * sizeof(args[0]));
	err = enter(env);
	if (err < 0)
		return err;
	c = vf_inst_new(env, env->inst, f, env->pc, true);
	if (c == NULL)
		return vf_no_memory(env);
	a = put_aside(env);
	err = vf_wait(env, c, &env->st, f->entry);
	if (err == 0)
		err = vf_run(env, c);
	if (err < 0)
		return err; /* the report says where */
	if (*body < env->longest)
		*body = env->longest;
	vf_inst_drop(env, c);
	take_back(env, &a);
	return 0;
}

static void drop_callback(struct vf_env *env, struct vf_callback *cb)
{
	uint32_t k;

	env->callback = cb->outer;
	for (k = 0; k < EXO_MAX_FRAMES; k++)
		vf_put(env, cb->common.frame[k], sizeof(struct vf_frame));
	vf_put(
	    env, cb->common.pool, cb->common.room * sizeof(cb->common.pool[0]));
	vf_put(env, cb->node, cb->room);
	vf_put(env, cb, sizeof(*cb));
}

int vf_call_back(struct vf_env *env, struct vf_func *f,
    const struct vf_reg args[5], uint64_t times)
{
	struct vf_callback *cb = vf_piece(env, sizeof(*cb));
	uint64_t body = 0, steps;
	unsigned i;
	int err;

	if (cb == NULL)
		return vf_no_memory(env);
	err = vf_copy_room(env, &cb->common, &env->st);
	if (err < 0)
		return err;
	vf_state_copy(&cb->common, &env->st);
	for (i = 0; i <= 5; i++)
		cb->common.r[i].kind = EXO_REG_UNINIT;
	cb->outer = env->callback;
	env->callback = cb;
	do {
		cb->weakened = false;
		err = round_of(env, f, args, &body);
		cb->rounds++;
	} while (err == 0 && cb->weakened);
	if (err < 0)
		return err;
	err = vf_copy_room(env, &env->st, &cb->common);
	if (err < 0)
		return err;
	vf_state_copy(&env->st, &cb->common);
	drop_callback(env, cb);
	if (__builtin_mul_overflow(times, body, &steps))
		steps = UINT64_MAX;
	env->walked = vf_sum(env->walked, steps);
	return 0;
}

/*
 * Ends
 */

static int program_ends(struct vf_env *env)
{
	const struct vf_reg *r0 = &env->st.r[0];

	if (r0->kind == EXO_REG_UNINIT)
		return vf_refuse_reg(env, VF_UNINIT_R0, 0);
	if (env->refuse_leaks && vf_is_ptr(r0))
		return vf_refuse_reg(env, VF_LEAK_R0, 0);
	if (env->st.nrefs != 0)
		return vf_refuse(env, VF_RING_HELD);
	vf_ends(env);
	return 0;
}

int vf_exit(struct vf_env *env)
{
	const struct vf_reg *r0 = &env->st.r[0];
	struct vf_inst *inst = env->inst;

	if (inst->parent == NULL)
		return program_ends(env);
	if ((r0->kind == EXO_REG_STACK || r0->kind == EXO_REG_MAP_KEY) &&
	    r0->frame == env->st.depth)
		return vf_refuse_reg(env, VF_STACK_ESCAPE, 0);
	if (inst->callback && (r0->kind != EXO_REG_SCALAR || r0->s.r.umax > 1))
		return vf_refuse_reg(env, VF_CALLBACK_R0, 0);
	pop(env);
	if (inst->callback)
		return returned(env);
	return vf_wait(env, inst->parent, &env->st, inst->call + 1);
}

int vf_may_end(struct vf_env *env, const struct vf_scalar *r0, bool changed)
{
	int err;

	if (env->inst->parent == NULL) {
		vf_ends(env);
		return 0;
	}
	vf_state_copy(&env->taken, &env->st);
	if (changed)
		vf_packet_changed(env);
	vf_set_scalar(env, 0, r0);
	err = vf_exit(env);
	vf_state_copy(&env->st, &env->taken);
	return err;
}
