/* SPDX-License-Identifier: BSD-2-Clause */
/* Instances of functions, and room in states: see vf_int.h. */
#include "exo/lib/mem.h"
#include "verifier/vf_int.h"

/* What the caller still reads while the callee runs. */
static void keep_live(const struct vf_env *env, struct vf_inst *inst)
{
	const struct vf_leader *back;

	inst->kept = (struct vf_live){
		.half = { UINT64_MAX, UINT64_MAX },
		.regs = UINT16_MAX,
		.exact = UINT16_MAX,
		.exact_stack = true,
	};
	if (inst->callback)
		return;
	back = &env->leaders[env->leader_of[inst->call + 1]];
	inst->kept = back->live;
	if (env->stack_escapes) {
		inst->kept.half[0] = UINT64_MAX;
		inst->kept.half[1] = UINT64_MAX;
	}
}

static size_t lists_size(const struct vf_env *env, const struct vf_inst *inst)
{
	size_t each = sizeof(inst->wait[0]);

	if (env->backward)
		each += sizeof(inst->seen[0]);
	if (env->calls)
		each += sizeof(inst->callee[0]);
	return inst->func->count * each;
}

/* One piece for all lists: most programs need the first ones only, and have a
 * leader for every few instructions. */
static bool make_lists(struct vf_env *env, struct vf_inst *inst)
{
	uint32_t n = inst->func->count;
	void *room = vf_piece(env, lists_size(env, inst));

	if (room == NULL)
		return false;
	inst->wait = room;
	room = inst->wait + n;
	if (env->backward) {
		inst->seen = room;
		room = inst->seen + n;
	}
	if (env->calls)
		inst->callee = room;
	return true;
}

static void drop_lists(struct vf_env *env, struct vf_inst *inst)
{
	vf_put(env, inst->wait, lists_size(env, inst));
}

struct vf_inst *vf_inst_new(struct vf_env *env, struct vf_inst *parent,
    struct vf_func *func, uint32_t call, bool callback)
{
	struct vf_inst *inst = vf_piece(env, sizeof(*inst));

	if (inst == NULL)
		return NULL;
	env->map.looks += func->count; /* as many lists to make and drop */
	inst->func = func;
	if (!make_lists(env, inst)) {
		vf_put(env, inst, sizeof(*inst));
		return NULL;
	}
	inst->call = call;
	inst->callback = callback;
	if (parent == NULL)
		return inst;
	if (vf_note_call(env, parent->func, func, call) < 0) {
		drop_lists(env, inst);
		vf_put(env, inst, sizeof(*inst));
		return NULL;
	}
	inst->parent = parent;
	inst->depth = parent->depth + 1;
	memcpy(inst->live, parent->live, sizeof(inst->live));
	keep_live(env, inst);
	inst->live[parent->depth] = &inst->kept;
	inst->sibling = parent->child;
	parent->child = inst;
	return inst;
}

static void drop_nodes(struct vf_env *env, struct vf_node *n)
{
	while (n != NULL) {
		struct vf_node *next = n->next;

		vf_put(env, n, n->size);
		n = next;
	}
}

static void drop_one(struct vf_env *env, struct vf_inst *inst)
{
	uint32_t k;

	for (k = 0; k < inst->func->count; k++) {
		drop_nodes(env, inst->wait[k]);
		if (inst->seen != NULL)
			drop_nodes(env, inst->seen[k].first);
	}
	drop_lists(env, inst);
	vf_put(env, inst, sizeof(*inst));
}

/* Where the caller keeps it. */
static struct vf_inst **callee_of(
    const struct vf_env *env, const struct vf_inst *inst)
{
	const struct vf_inst *up = inst->parent;

	return &up->callee[env->leader_of[inst->call + 1] - up->func->first];
}

/* No recursion: down to a leaf, drop it, up again. */
void vf_inst_drop(struct vf_env *env, struct vf_inst *inst)
{
	struct vf_inst *i = inst;
	struct vf_inst **link;

	if (inst->parent != NULL) {
		link = &inst->parent->child;
		while (*link != inst)
			link = &(*link)->sibling;
		*link = inst->sibling;
		if (!inst->callback)
			*callee_of(env, inst) = NULL;
	}
	for (;;) {
		struct vf_inst *up = i->parent;

		if (i->child != NULL) {
			i = i->child;
			continue;
		}
		if (i == inst) {
			drop_one(env, i);
			return;
		}
		up->child = i->sibling;
		drop_one(env, i);
		i = up;
	}
}

void vf_lives(const struct vf_inst *inst, const struct vf_leader *l,
    const struct vf_live *live[EXO_MAX_FRAMES])
{
	memcpy(live, inst->live, sizeof(inst->live));
	live[inst->depth] = &l->live;
}

/*
 * Room in states
 */

static int grow_pool(struct vf_env *env, struct vf_state *st, uint32_t room)
{
	struct vf_reg *pool;

	if (st->room >= room)
		return 0;
	pool = vf_piece(env, room * sizeof(pool[0]));
	if (pool == NULL)
		return vf_no_memory(env);
	if (st->npool > 0)
		memcpy(pool, st->pool, st->npool * sizeof(pool[0]));
	vf_put(env, st->pool, st->room * sizeof(pool[0]));
	st->pool = pool;
	st->room = room;
	return 0;
}

int vf_room(struct vf_env *env)
{
	uint32_t room = env->st.room == 0 ? 8 : env->st.room * 2;
	int err;

	if (env->st.npool < env->st.room && env->taken.room >= env->st.room)
		return 0;
	if (env->st.npool < env->st.room)
		room = env->st.room;
	err = grow_pool(env, &env->st, room);
	return err == 0 ? grow_pool(env, &env->taken, room) : err;
}

int vf_frame_room(struct vf_env *env, struct vf_state *st, uint32_t k)
{
	if (st->frame[k] != NULL)
		return 0;
	st->frame[k] = vf_piece(env, sizeof(*st->frame[k]));
	return st->frame[k] != NULL ? 0 : vf_no_memory(env);
}

int vf_copy_room(
    struct vf_env *env, struct vf_state *to, const struct vf_state *from)
{
	uint32_t k;
	int err = grow_pool(env, to, from->npool);

	for (k = 0; err == 0 && k <= from->depth; k++)
		err = vf_frame_room(env, to, k);
	return err;
}
