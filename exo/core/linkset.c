/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of the demultiplexer: one per link type. As long as they are few,
 * its bindings stand in the order in which they are asked: by priority (higher
 * first), then by age.
 *
 * Reserving takes all the memory that inserting and the packet path need, so
 * that neither can fail. Whoever is the first to bind in a table is charged for
 * it, until the last binding goes, and the table with it, or its owner.
 */
#include "exo/abi/err.h"
#include "exo/core/demux_int.h"
#include "exo/lib/mem.h"

#define OUT_MIN      4096u
#define OUT_MANY     16384u
#define LINKSETS_MAX 256u   /* of one first owner */
#define SET_CHARGE   16384u /* bytes of a table: about what it is */
#define RANKS_SPARE  16u

struct linkset *linkset_find(const struct exo_core *core, uint32_t linktype)
{
	struct linkset *s = core->sets[linktype % LINKSET_HEADS];

	while (s != NULL && s->linktype != linktype)
		s = s->next;
	return s;
}

/* Its first owner is charged no more. */
static void set_leave(struct linkset *s)
{
	if (s->founder == NULL)
		return;
	*s->founded_prev = s->founded;
	if (s->founded != NULL)
		s->founded->founded_prev = s->founded_prev;
	env_owe_less(s->founder, SET_CHARGE);
	s->founder->nsets--;
	s->founder = NULL;
}

static void set_free(struct exo_core *core, struct linkset *s)
{
	struct linkset **at = &core->sets[s->linktype % LINKSET_HEADS];

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	if (core->last == s)
		core->last = NULL;
	set_leave(s);
	exo_mem_put(&core->mem, s->v, s->room * sizeof(struct binding *));
	slots_free(core, s);
	domains_free(core, s);
	claim_near_free(core, s);
	exo_mem_put(&core->mem, s, sizeof(*s));
}

void linkset_tidy(struct exo_core *core, struct linkset *set)
{
	if (set != NULL && set->n + set->pending == 0)
		set_free(core, set);
}

void linksets_leave(struct env *env)
{
	while (env->sets != NULL)
		set_leave(env->sets);
}

static int set_new(struct exo_core *core, struct env *env, uint32_t linktype,
    struct linkset **out)
{
	struct linkset *s, **head = &core->sets[linktype % LINKSET_HEADS];

	if (env->nsets >= LINKSETS_MAX)
		return -EXO_ELIMIT;
	if (!env_may_owe(env, SET_CHARGE))
		return -EXO_ENOMEM;
	s = exo_mem_get(&core->mem, sizeof(*s));
	if (s == NULL)
		return -EXO_ENOMEM;
	s->linktype = linktype;
	s->next = *head;
	*head = s;
	s->founder = env;
	s->founded = env->sets;
	s->founded_prev = &env->sets;
	if (s->founded != NULL)
		s->founded->founded_prev = &s->founded;
	env->sets = s;
	env->nsets++;
	env_owe(env, SET_CHARGE);
	*out = s;
	return 0;
}

static int set_grow(struct exo_core *core, struct linkset *s)
{
	uint32_t room = s->room == 0 ? 16 : s->room * 2;
	struct binding **v;

	if (s->n < s->room)
		return 0;
	v = exo_mem_get(&core->mem, room * sizeof(struct binding *));
	if (v == NULL)
		return -EXO_ENOMEM;
	if (s->n != 0)
		memcpy(v, s->v, s->n * sizeof(struct binding *));
	exo_mem_put(&core->mem, s->v, s->room * sizeof(struct binding *));
	s->v = v;
	s->room = room;
	return 0;
}

/* Room for what one packet may cause, and for a batch of them where that is
 * not too much. */
static int out_grow(struct exo_core *core, uint32_t bindings)
{
	uint32_t room = OUT_MIN;
	struct delivery *out;

	while (room < 4 * (uint64_t)bindings ||
	       (room < BATCH * (uint64_t)bindings && room < OUT_MANY))
		room *= 2;
	if (room <= core->out_room)
		return 0;
	out = exo_mem_get(&core->mem, 2 * (size_t)room * sizeof(*out));
	if (out == NULL)
		return -EXO_ENOMEM;
	exo_mem_put(
	    &core->mem, core->out, 2 * (size_t)core->out_room * sizeof(*out));
	core->out = out;
	core->out_room = room;
	return 0;
}

/* Room for all rules of a packet: two of a binding, and as much again for those
 * that are found more than once. */
static int ranks_grow(struct exo_core *core, uint32_t bindings)
{
	uint64_t need = 4 * ((uint64_t)bindings + RANKS_SPARE);
	uint64_t room = core->ranks_room == 0 ? OUT_MIN : core->ranks_room;
	uint64_t *ranks;

	while (room < need)
		room *= 2;
	if (room == core->ranks_room)
		return 0;
	if (room > UINT32_MAX)
		return -EXO_ELIMIT;
	ranks = exo_mem_get(&core->mem, room * sizeof(*ranks));
	if (ranks == NULL)
		return -EXO_ENOMEM;
	exo_mem_put(
	    &core->mem, core->ranks, core->ranks_room * sizeof(*core->ranks));
	core->ranks = ranks;
	core->ranks_room = (uint32_t)room;
	return 0;
}

int linkset_reserve(struct exo_core *core, struct env *env, uint32_t linktype,
    struct linkset **out)
{
	struct linkset *s = linkset_find(core, linktype);
	int err = 0;

	if (s == NULL)
		err = set_new(core, env, linktype, &s);
	if (err == 0)
		err = set_grow(core, s);
	if (err == 0 && s->n < core->cfg.linear)
		err = out_grow(core, s->n + 1);
	if (err == 0)
		err = ranks_grow(core, s->n + s->pending + 1);
	if (err == 0)
		*out = s;
	else
		linkset_tidy(core, s);
	return err;
}

static bool before(const struct binding *a, const struct binding *b)
{
	return a->priority != b->priority ? a->priority > b->priority
	                                  : a->slot < b->slot;
}

/* Let the binding at a place rise to its own. */
static void rise(struct linkset *set, uint32_t i)
{
	struct binding *b = set->v[i];

	for (; i > 0 && before(b, set->v[i - 1]); i--) {
		set->v[i] = set->v[i - 1];
		set->v[i]->at = i;
	}
	set->v[i] = b;
	b->at = i;
}

static uint32_t cubes_of(const struct binding *b)
{
	return b->claim == NULL ? 0 : b->claim->r.n;
}

void linkset_insert(
    const struct exo_core *core, struct linkset *set, struct binding *b)
{
	set->v[set->n] = b;
	b->at = set->n++;
	if (set->n == 1)
		set->sorted = true;
	if (set->n > core->cfg.linear)
		set->sorted = false;
	else
		rise(set, b->at);
	set->nlook += b->looks;
	set->npaid += b->env->rate != 0;
	set->nfollow += b->follows;
	set->neffects += b->effects;
	b->domain->neffects += b->effects;
	set->ntake += b->snap != 0;
	set->nbare += b->code == NULL;
	set->nash += b->ash;
	set->ncubes += cubes_of(b);
}

/* The last one takes its place; when they have become few, they are sorted. */
void linkset_remove(
    const struct exo_core *core, struct linkset *set, const struct binding *b)
{
	uint32_t at = b->at;

	set->n--;
	set->nlook -= b->looks;
	set->npaid -= b->env->rate != 0;
	set->nfollow -= b->follows;
	set->neffects -= b->effects;
	b->domain->neffects -= b->effects;
	set->ntake -= b->snap != 0;
	set->nbare -= b->code == NULL;
	set->nash -= b->ash;
	set->ncubes -= cubes_of(b);
	if (set->sorted) {
		for (; at < set->n; at++) {
			set->v[at] = set->v[at + 1];
			set->v[at]->at = at;
		}
		return;
	}
	set->v[at] = set->v[set->n];
	set->v[at]->at = at;
	if (set->n > core->cfg.linear)
		return;
	for (uint32_t i = 1; i < set->n; i++)
		rise(set, i);
	set->sorted = true;
}

void linksets_free(struct exo_core *core)
{
	for (uint32_t i = 0; i < LINKSET_HEADS; i++)
		while (core->sets[i] != NULL)
			set_free(core, core->sets[i]);
	exo_mem_put(&core->mem, core->out,
	    2 * (size_t)core->out_room * sizeof(*core->out));
	core->out = NULL;
	core->out_room = 0;
}
