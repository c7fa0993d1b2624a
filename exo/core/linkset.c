/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of the linear demultiplexer: one per link type, ordered by
 * priority (higher first), then by age.
 *
 * Reserving takes all the memory that inserting and the packet path need, so
 * that neither can fail. A table stays when its last binding goes: link types
 * are few.
 */
#include "exo/abi/err.h"
#include "exo/core/core_int.h"
#include "exo/lib/mem.h"

#define OUT_MIN      4096u
#define OUT_MANY     16384u
#define LINKSETS_MAX 256u

static struct linkset *set_find(struct exo_core *core, uint32_t linktype)
{
	struct linkset *s;

	for (s = core->sets; s != NULL; s = s->next)
		if (s->linktype == linktype)
			return s;
	return NULL;
}

static int set_new(
    struct exo_core *core, uint32_t linktype, struct linkset **out)
{
	struct linkset *s;
	uint32_t count = 0;

	for (s = core->sets; s != NULL; s = s->next)
		count++;
	if (count >= LINKSETS_MAX)
		return -EXO_ELIMIT;
	s = exo_mem_get(&core->mem, sizeof(*s));
	if (s == NULL)
		return -EXO_ENOMEM;
	s->linktype = linktype;
	s->next = core->sets;
	core->sets = s;
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

int linkset_reserve(
    struct exo_core *core, uint32_t linktype, struct linkset **out)
{
	struct linkset *s = set_find(core, linktype);
	int err = 0;

	if (s == NULL)
		err = set_new(core, linktype, &s);
	if (err == 0)
		err = set_grow(core, s);
	if (err == 0)
		err = out_grow(core, s->n + 1);
	if (err == 0)
		*out = s;
	return err;
}

void linkset_insert(struct linkset *set, struct binding *b)
{
	uint32_t lo = 0, hi = set->n;

	/* after the last one whose priority is not lower: age breaks ties */
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (set->v[mid]->priority >= b->priority)
			lo = mid + 1;
		else
			hi = mid;
	}
	memmove(set->v + lo + 1, set->v + lo,
	    (set->n - lo) * sizeof(struct binding *));
	set->v[lo] = b;
	set->n++;
	set->nlook += b->looks;
	set->ntake += b->snap != 0;
	b->set = set;
}

void linkset_remove(struct linkset *set, const struct binding *b)
{
	uint32_t i = 0;

	while (set->v[i] != b)
		i++;
	set->n--;
	set->nlook -= b->looks;
	set->ntake -= b->snap != 0;
	memmove(set->v + i, set->v + i + 1,
	    (set->n - i) * sizeof(struct binding *));
}

void linksets_free(struct exo_core *core)
{
	struct linkset *s = core->sets;

	while (s != NULL) {
		struct linkset *next = s->next;

		exo_mem_put(
		    &core->mem, s->v, s->room * sizeof(struct binding *));
		exo_mem_put(&core->mem, s, sizeof(*s));
		s = next;
	}
	core->sets = NULL;
	exo_mem_put(&core->mem, core->out,
	    2 * (size_t)core->out_room * sizeof(*core->out));
	core->out = NULL;
	core->out_room = 0;
}
