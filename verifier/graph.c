/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops: that they end, and after how many steps.
 *
 * Outside loops, states at a leader are all there before the first of them is
 * explored, so that the most steps that lead to a node are known then. Inside,
 * a way may lead to a node that was explored before. There the nodes and the
 * ways between them are kept as a graph until nothing waits in the outermost
 * loop. A run of the program is a walk through the graph: at each leader it is
 * in a state of the node that the walk is at, since a node that covers another
 * one stands for it. So if the graph has no cycle, every run leaves the loop,
 * after at most as many steps as the heaviest path has; and a cycle is a way
 * from a state of a node back to one of the same node, which nothing proves
 * to be taken a bounded number of times only: it is refused.
 */
#include "verifier/vf_int.h"

enum colour {
	WHITE,
	GREY, /* on the path that is walked */
	BLACK,
};

/*
 * Which way led to a stub: its chain of `up`. To find out whether another one
 * is in there takes a number of steps that is logarithmic in the length of the
 * chain: `far` leads over 1, 3, 7, ... stubs, as the digits of a skew binary
 * number (Myers, "An applicative random-access stack", 1983).
 */

static void hang(struct vf_stub *s, struct vf_stub *up)
{
	struct vf_stub *far;

	s->up = up;
	if (up == NULL)
		return;
	s->depth = up->depth + 1;
	s->far = up;
	far = up->far;
	if (far != NULL && far->far != NULL &&
	    up->depth - far->depth == far->depth - far->far->depth)
		s->far = far->far;
}

/* The stub at a depth on the way to s, which is as deep at least. */
static const struct vf_stub *above(
    struct vf_env *env, const struct vf_stub *s, uint32_t depth)
{
	while (s->depth > depth) {
		s = s->far->depth >= depth ? s->far : s->up;
		env->map.looks++;
	}
	return s;
}

struct vf_stub *vf_stub_new(
    struct vf_env *env, struct vf_node *n, uint32_t pc, bool outside)
{
	struct vf_stub *s = vf_piece(env, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->all = env->scope.stubs;
	env->scope.stubs = s;
	s->pc = pc;
	s->node = outside ? n : NULL;
	s->arrive = n->steps;
	hang(s, env->stub);
	n->stub = s;
	return s;
}

bool vf_came_through(struct vf_env *env, const struct vf_node *n)
{
	const struct vf_stub *s = env->stub;

	return s != NULL && n->stub != NULL && n->stub->depth <= s->depth &&
	       above(env, s, n->stub->depth) == n->stub;
}

int vf_edge_to(struct vf_env *env, struct vf_node *n)
{
	struct vf_edge *e;

	if (env->stub == NULL) {
		uint64_t steps = vf_sum(env->steps, env->walked);

		if (n->steps < steps)
			n->steps = steps;
		return 0;
	}
	e = vf_piece(env, sizeof(*e));
	if (e == NULL)
		return vf_no_memory(env);
	e->to = n->stub;
	e->steps = env->walked;
	e->next = env->stub->out;
	env->stub->out = e;
	return 0;
}

void vf_stub_replace(struct vf_node *n, struct vf_node *by)
{
	uint64_t steps = n->stub != NULL ? n->stub->arrive : n->steps;
	uint64_t *most = by->stub != NULL ? &by->stub->arrive : &by->steps;

	if (*most < steps)
		*most = steps;
	if (n->stub != NULL) {
		n->stub->is = by->stub;
		n->stub->node = NULL;
	}
}

/* The stub that took the place of one, if any did; shortens the chain. */
static struct vf_stub *now(struct vf_stub *s)
{
	while (s->is != NULL) {
		if (s->is->is != NULL)
			s->is = s->is->is;
		s = s->is;
	}
	return s;
}

/* Walk from a stub, depth first, to the end: what is half walked is no answer. Those that are done are put before *done:
 * at the end each stub comes before all to which it leads. NULL: no cycle;
 * else a stub of one. */
static struct vf_stub *walk(
    struct vf_env *env, struct vf_stub *s, struct vf_stub **done)
{
	s->colour = GREY;
	s->at = s->out;
	s->up = NULL;
	while (s != NULL) {
		struct vf_stub *up = s->up;
		struct vf_stub *to;

		(void)exo_pause(env->pause, 1);
		if (s->at == NULL) {
			s->colour = BLACK;
			s->up = *done;
			*done = s;
			s = up;
			continue;
		}
		to = now(s->at->to);
		s->at = s->at->next;
		if (to->colour == GREY)
			return to;
		if (to->colour == BLACK)
			continue;
		to->colour = GREY;
		to->at = to->out;
		to->up = s;
		s = to;
	}
	return NULL;
}

static void pass_on(struct vf_env *env, struct vf_stub *s)
{
	struct vf_edge *e;

	for (e = s->out; e != NULL; e = e->next) {
		struct vf_stub *to = now(e->to);

		if (to->arrive < vf_sum(s->arrive, e->steps))
			to->arrive = vf_sum(s->arrive, e->steps);
	}
	if (s->exit != 0 && env->longest < vf_sum(s->arrive, s->exit))
		env->longest = vf_sum(s->arrive, s->exit);
	if (s->node != NULL) {
		s->node->steps = s->arrive;
		s->node->stub = NULL;
	}
}

static void drop(struct vf_env *env)
{
	while (env->scope.stubs != NULL) {
		struct vf_stub *s = env->scope.stubs;

		env->scope.stubs = s->all;
		while (s->out != NULL) {
			struct vf_edge *e = s->out;

			s->out = e->next;
			vf_put(env, e, sizeof(*e));
		}
		vf_put(env, s, sizeof(*s));
	}
}

int vf_graph_close(struct vf_env *env)
{
	struct vf_stub *done = NULL;
	struct vf_stub *s, *cycle;

	for (s = env->scope.stubs; s != NULL; s = s->all) {
		if (s->is != NULL || s->colour != WHITE)
			continue;
		cycle = walk(env, s, &done);
		if (cycle != NULL) {
			env->pc = cycle->pc;
			return vf_refuse(env, VF_LOOP);
		}
	}
	for (s = done; s != NULL; s = s->up) {
		(void)exo_pause(env->pause, 1);
		pass_on(env, s);
	}
	drop(env);
	return vf_pause(env, 0);
}

void vf_ends(struct vf_env *env)
{
	if (env->stub != NULL) {
		if (env->stub->exit < env->walked)
			env->stub->exit = env->walked;
	} else if (env->longest < vf_sum(env->steps, env->walked)) {
		env->longest = vf_sum(env->steps, env->walked);
	}
}
