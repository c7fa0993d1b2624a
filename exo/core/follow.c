/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fragments that follow: later fragments have no ports, so a claim of ports
 * does not have them. An exclusive binding may ask to get those whose first
 * fragment it took.
 *
 * Whose they are
 *	An owner remembers its first fragments in a table of its own: by
 *	interface, VLAN tags, addresses, protocol and identification. A later
 *	one that nobody took, and that is in no other owner's exclusive claim,
 *	goes to the binding that is remembered, if the packet is in its claim
 *	but for what a fragment cannot show. A second first fragment changes
 *	nothing, whoever takes it. Time is that of the packets.
 *
 * Bounds
 *	A table has a fixed size and is the owner's memory. Where it is full,
 *	first fragments are not remembered, and counted: whoever is flooded
 *	with them loses later ones of his own.
 */
#include "exo/abi/err.h"
#include "exo/core/demux_int.h"
#include "exo/lib/mem.h"

#define SETS    256u
#define WAYS    4u
#define LIFE_NS 30000000000u

struct follow_key {
	uint32_t linktype, ifindex, id;
	uint16_t vlan[2]; /* and one more; 0: no tag */
	uint64_t proto;
	uint64_t src[2], dst[2];
};
_Static_assert(sizeof(struct follow_key) == 56, "no padding: it is hashed");

struct follow_way {
	struct follow_key key;
	uint64_t binding; /* its name; 0: empty */
	uint64_t time_ns;
};

struct follow {
	struct follow_way way[SETS][WAYS];
};

/* Fields of which a fragment shows as much as the whole packet. */
static bool shown(uint32_t field)
{
	return field <= SP_TYPE
	           ? field != SP_CAPLEN && field != SP_LEN
	           : field == SP_IP_PROTO || field == SP_IP_SRC ||
	                 field == SP_IP_DST ||
	                 (field >= SP_IP6_NH && field <= SP_IP6_DST2 &&
	                     field != SP_IP6_HLIM) ||
	                 field == SP_PROTO;
}

int follow_claim(struct exo_core *core, struct env *env,
    const struct region *claim, struct sp_work *w, struct region **out)
{
	struct sp_cube *v;
	struct sp_atom *a;

	*out = NULL;
	if (claim == NULL)
		return 0;
	v = exo_arena_get(w->arena, (claim->r.n + 1) * sizeof(*v));
	if (v == NULL)
		return -EXO_ENOMEM;
	for (uint32_t i = 0; i < claim->r.n; i++) {
		const struct sp_cube *c = &claim->r.v[i];

		a = exo_arena_get(w->arena, (c->n + 1) * sizeof(*a));
		if (a == NULL)
			return -EXO_ENOMEM;
		v[i] = (struct sp_cube){ a, 0 };
		for (uint32_t k = 0; k < c->n; k++)
			if (shown(c->a[k].field))
				a[v[i].n++] = c->a[k];
	}
	return region_keep(
	    core, &env->mem, (struct sp_region){ v, claim->r.n }, out);
}

int follow_join(struct exo_core *core, struct env *env)
{
	if (env->nfollow == 0) {
		env->follow = exo_mem_get(&env->mem, sizeof(*env->follow));
		if (env->follow == NULL)
			return -EXO_ENOMEM;
		env->follow_next = core->followers;
		env->follow_prev = &core->followers;
		if (env->follow_next != NULL)
			env->follow_next->follow_prev = &env->follow_next;
		core->followers = env;
	}
	env->nfollow++;
	return 0;
}

void follow_leave(struct env *env)
{
	if (--env->nfollow > 0)
		return;
	exo_mem_put(&env->mem, env->follow, sizeof(*env->follow));
	env->follow = NULL;
	*env->follow_prev = env->follow_next;
	if (env->follow_next != NULL)
		env->follow_next->follow_prev = env->follow_prev;
}

static bool key_of(
    const struct exo_pkt *p, const struct sp_view *v, struct follow_key *k)
{
	const struct sp_packet raw = { p->data, p->caplen, p->wirelen,
		p->linktype };
	bool six = (v->has & SP_BIT(SP_IP6_DST2)) != 0;

	*k = (struct follow_key){ .linktype = p->linktype,
		.ifindex = p->ifindex,
		.proto = v->v[SP_PROTO] };
	if (!sp_fragment_id(&raw, v, &k->id))
		return false;
	if ((v->has & SP_BIT(SP_TCI0)) != 0)
		k->vlan[0] = (uint16_t)((v->v[SP_TCI0] & 0xfff) + 1);
	if ((v->has & SP_BIT(SP_TCI1)) != 0)
		k->vlan[1] = (uint16_t)((v->v[SP_TCI1] & 0xfff) + 1);
	if (!six && (v->has & SP_BIT(SP_IP_DST)) == 0)
		return false;
	k->src[0] = v->v[six ? SP_IP6_SRC : SP_IP_SRC];
	k->dst[0] = v->v[six ? SP_IP6_DST : SP_IP_DST];
	if (six) {
		k->src[1] = v->v[SP_IP6_SRC2];
		k->dst[1] = v->v[SP_IP6_DST2];
	}
	return true;
}

/* The line of a key, in each table. */
static uint32_t line_of(const struct exo_core *core, const struct follow_key *k)
{
	return (uint32_t)(exo_siphash64(&core->secret, k, sizeof(*k)) % SETS);
}

/* The binding that is remembered, if it is there still. */
static struct binding *alive(
    const struct exo_core *core, const struct follow_way *w, uint64_t now)
{
	uint64_t age = now > w->time_ns ? now - w->time_ns : w->time_ns - now;

	return w->binding == 0 || age > LIFE_NS
	           ? NULL
	           : exo_pool_find(&core->binds, w->binding);
}

static struct binding *remembered(const struct exo_core *core,
    const struct env *env, const struct follow_key *k, uint32_t line,
    uint64_t now)
{
	const struct follow_way *w = env->follow->way[line];

	for (uint32_t i = 0; i < WAYS; i++) {
		struct binding *b = alive(core, &w[i], now);

		if (b != NULL && memcmp(&w[i].key, k, sizeof(*k)) == 0)
			return b;
	}
	return NULL;
}

void follow_learn(struct exo_core *core, struct binding *b,
    const struct exo_pkt *p, const struct sp_view *v)
{
	struct follow_way *w, *free = NULL;
	struct follow_key k;
	uint32_t line;

	if (v->v[SP_FRAG] != SP_FRAG_FIRST || !key_of(p, v, &k))
		return;
	line = line_of(core, &k);
	for (const struct env *e = core->followers; e != NULL;
	     e = e->follow_next)
		if (remembered(core, e, &k, line, p->time_ns) != NULL)
			return;
	w = b->env->follow->way[line];
	for (uint32_t i = 0; i < WAYS && free == NULL; i++)
		if (alive(core, &w[i], p->time_ns) == NULL)
			free = &w[i];
	if (free != NULL)
		*free = (struct follow_way){ k, b->name, p->time_ns };
	else
		b->stat.crowded++;
}

/* Whether a packet is in an exclusive claim of somebody else. */
static bool is_others(const struct exo_core *core, const struct linkset *set,
    const struct env *env, const struct sp_view *v)
{
	struct claim_walk walk = claim_near_packet(core, set, v);
	const struct claim *c;

	while ((c = claim_walk_next(&walk)) != NULL)
		if (c->env != env && c->mode == EXO_BIND_EXCLUSIVE &&
		    c->live > 0 &&
		    (c->region == NULL || sp_region_has(c->region->r, v)))
			return true;
	return false;
}

struct binding *follow_find(struct exo_core *core, const struct linkset *set,
    const struct exo_pkt *p, const struct sp_view *v)
{
	struct follow_key k;
	uint32_t line;

	if (v->v[SP_FRAG] != SP_FRAG_LATER || !key_of(p, v, &k))
		return NULL;
	line = line_of(core, &k);
	for (const struct env *e = core->followers; e != NULL;
	     e = e->follow_next) {
		struct binding *b = remembered(core, e, &k, line, p->time_ns);

		if (b == NULL || !b->follows || b->set != set ||
		    is_others(core, set, e, v))
			continue;
		if (b->near == NULL || sp_region_has(b->near->r, v))
			return b;
	}
	core->stat.early++;
	return NULL;
}
