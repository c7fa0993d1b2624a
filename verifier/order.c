/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order in which the leaders of a function are taken.
 *
 * Where all jumps lead forward it is the order of addresses. Elsewhere it is
 * a weak topological order (Bourdoncle, "Efficient chaotic iteration
 * strategies with widenings", 1993): every way from a leader leads to a later
 * place, or back to the head of a loop that both are part of. A loop is a
 * strongly connected component; its head, by which a search from the entry
 * came into it, takes the first place, and what remains without the head is
 * ordered in the same manner, with loops of its own.
 *
 * Components are found by Tarjan's algorithm, which gives them in reverse
 * topological order: they are put down from the last place on. It runs once
 * for each level of nesting, at most LEVELS times; loops deeper inside are
 * flat: places as the search came by them. Soundness does not rest on the
 * order: explore.c goes on until nothing waits.
 */
#include "exo/lib/mem.h"
#include "verifier/vf_int.h"

#define LEVELS 16u

/* For each leader of the function, by number from its first one. */
struct vertex {
	uint32_t num;   /* in order of the search; 0: not found yet */
	uint32_t low;   /* least num that it reaches */
	uint32_t at;    /* its run is looked at from here */
	uint32_t up;    /* the search came from there */
	uint32_t range; /* part of this range of places; 0: head, done */
	bool open;      /* on the stack: its component is not known yet */
	bool self;      /* leads to itself */
};

/* Places [lo, hi) that are to be ordered, inside a loop. */
struct range {
	uint32_t lo, hi, comp, level;
};

struct sorter {
	struct vf_env *env;
	struct vf_func *f;
	struct vertex *v;
	uint32_t *place; /* leaders by place */
	uint32_t *stack; /* of vertices whose component is not known */
	uint32_t nstack, num;
	struct range *todo;
	uint32_t ntodo, nranges;
	uint32_t id; /* of the range at work */
};

static void visit(struct sorter *s, uint32_t k, uint32_t up)
{
	struct vertex *v = &s->v[k];

	v->num = ++s->num;
	v->low = v->num;
	v->at = s->env->leaders[s->f->first + k].pc;
	v->up = up;
	v->open = true;
	s->stack[s->nstack++] = k;
}

/* Members go to the places that end at hi, as the search found them. Returns
 * where they begin. */
static uint32_t close_component(
    struct sorter *s, uint32_t root, const struct range *r, uint32_t hi)
{
	struct vf_env *env = s->env;
	uint32_t n = 0, lo, i;
	bool loop, flat;

	do
		n++;
	while (s->stack[s->nstack - n] != root);
	lo = hi - n;
	loop = n > 1 || s->v[root].self;
	flat = r->level >= LEVELS;
	for (i = 0; i < n; i++) {
		uint32_t k = s->stack[s->nstack - n + i];

		s->place[lo + i] = k;
		s->v[k].open = false;
		env->leaders[s->f->first + k].comp =
		    loop ? env->ncomps : r->comp;
		if (loop && i > 0 && !flat) {
			s->v[k].range = s->nranges + 1;
			s->v[k].num = 0;
			s->v[k].self = false;
		}
	}
	s->nstack -= n;
	if (!loop)
		return lo;
	if (n > 1 && !flat) {
		s->nranges++;
		s->v[root].range = 0;
		s->todo[s->ntodo++] =
		    (struct range){ lo + 1, hi, env->ncomps, r->level + 1 };
	}
	env->comps[env->ncomps++] =
	    (struct vf_comp){ lo, hi - 1, r->comp, flat && n > 1 };
	return lo;
}

/* An edge of the search. */
static void look(struct sorter *s, uint32_t from, uint32_t to)
{
	struct vertex *v = &s->v[from];

	if (s->v[to].range != s->id)
		return;
	if (to == from)
		v->self = true;
	if (s->v[to].num == 0)
		visit(s, to, from);
	else if (s->v[to].open && v->low > s->v[to].num)
		v->low = s->v[to].num;
}

/* Search from one vertex; *hi: the places before it are free. */
static void search(
    struct sorter *s, uint32_t root, const struct range *r, uint32_t *hi)
{
	uint32_t k = root, to;

	visit(s, root, VF_NONE);
	while (k != VF_NONE) {
		struct vertex *v = &s->v[k];

		(void)exo_pause(s->env->pause, 1);
		if (vf_successor(s->env, &v->at, &to)) {
			uint32_t found = s->num;

			look(s, k, s->env->leader_of[to] - s->f->first);
			if (s->num != found)
				k = s->stack[s->nstack - 1];
			continue;
		}
		if (v->low == v->num)
			*hi = close_component(s, k, r, *hi);
		if (v->up != VF_NONE && s->v[v->up].low > v->low)
			s->v[v->up].low = v->low;
		k = v->up;
	}
}

/* The vertices of a range, as they lie there, are the roots of its search:
 * the first one of the whole function is its entry. */
static void sort_range(struct sorter *s, const struct range *r, uint32_t *roots)
{
	uint32_t hi = r->hi, i;

	memcpy(roots, &s->place[r->lo], (r->hi - r->lo) * sizeof(roots[0]));
	for (i = 0; i < r->hi - r->lo; i++) {
		const struct vertex *v = &s->v[roots[i]];

		if (v->range == s->id && v->num == 0)
			search(s, roots[i], r, &hi);
	}
}

static void sort(struct sorter *s, uint32_t *roots)
{
	const struct vf_func *f = s->f;
	uint32_t done = 0, i;

	for (i = 0; i < f->count; i++) {
		s->place[i] = i;
		s->v[i].range = 1;
	}
	s->nranges = 1;
	s->todo[s->ntodo++] = (struct range){ 0, f->count, VF_NONE, 0 };
	/* ranges are numbered in the order in which they are put down */
	while (done < s->ntodo) {
		struct range r = s->todo[done++];

		s->id = done;
		s->num = 0;
		sort_range(s, &r, roots);
	}
}

static int order_func(struct vf_env *env, struct vf_func *f)
{
	struct sorter s = { .env = env, .f = f };
	size_t n = f->count;
	uint32_t *words = vf_piece(env, n * 2 * sizeof(words[0]));
	uint32_t i;
	int err = 0;

	s.v = vf_piece(env, n * sizeof(s.v[0]));
	s.todo = vf_piece(env, (n + 1) * sizeof(s.todo[0]));
	if (words != NULL && s.v != NULL && s.todo != NULL) {
		s.stack = words;
		s.place = &env->order[f->first];
		sort(&s, words + n);
		for (i = 0; i < f->count; i++) {
			s.place[i] += f->first;
			env->leaders[s.place[i]].pos = i;
		}
	} else {
		err = vf_no_memory(env);
	}
	vf_put(env, s.todo, (n + 1) * sizeof(s.todo[0]));
	vf_put(env, s.v, n * sizeof(s.v[0]));
	vf_put(env, words, n * 2 * sizeof(words[0]));
	return err;
}

int vf_order(struct vf_env *env)
{
	uint32_t i, f;
	int err = 0;

	for (f = 0; f < env->nfuncs; f++) {
		for (i = 0; i < env->funcs[f].count; i++) {
			struct vf_leader *l =
			    &env->leaders[env->funcs[f].first + i];

			l->pos = i;
			l->comp = VF_NONE;
		}
	}
	if (!env->backward)
		return 0;
	env->order = vf_get(env, env->nleaders * sizeof(env->order[0]));
	env->comps = vf_get(env, env->nleaders * sizeof(env->comps[0]));
	if (env->order == NULL || env->comps == NULL)
		return vf_no_memory(env);
	for (i = 0; i < env->nleaders; i++)
		env->order[i] = i;
	for (f = 0; err == 0 && f < env->nfuncs; f++) {
		if (env->funcs[f].cyclic && env->funcs[f].count > 0)
			err = order_func(env, &env->funcs[f]);
	}
	return err == 0 ? vf_pause(env, 0) : err;
}
