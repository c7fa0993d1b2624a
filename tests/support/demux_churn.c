/* SPDX-License-Identifier: BSD-2-Clause */
/* How worlds of demux_world.h come about and change. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/demux_int.h"
#include "exo/hosted/heap.h"
#include "exo/isa/interp.h"
#include "exo/space/text.h"
#include "exo/space/wire.h"
#include "tests/support/demux_world.h"

#define RING   (1u << 25)
#define BUDGET 300000u
#define ROOTS  14u

static const char *const texts[] = { "any", "any", "tcp", "udp", "ip", "ip6",
	"arp", "udp dst port 53", "udp port 53 or tcp port 53", "frag = 2",
	"vlan", "not vlan", "dst net 10.0.0.0/8", "src net 192.168.0.0/16",
	"caplen = 60", "caplen > 60", "ip.ttl in 0-63", "no proto",
	"sport in 0-1023", "ip and not tcp", "type0 = 0x86dd or l4.0 & 1 = 1",
	"none", "tcp dst port 80 or tcp dst port 443", "ip.frag & 0x1fff = 0",
	"ip.vhl = 0x45", "not (tcp or udp)", "icmp", "tcp.flags & 2 = 2",
	"ip6.nh = 6", "eth.dst & 0x010000000000 = 0", "l4.left in 8-100",
	"portrange 1-1023 and not port 22", "len > 200", "len & 1 = 0" };

static uint32_t chance(struct dx_world *w, uint32_t n)
{
	return sg_below(&w->g, n);
}

static bool ok(const struct dx_world *w, int rc)
{
	if (rc < 0 && rc != -EXO_EBUDGET)
		dx_differs(w, "the algebra has no memory", NULL, NULL);
	return rc >= 0;
}

/* --- regions ------------------------------------------------------------------ */

static struct sp_region every(struct dx_world *w)
{
	struct sp_region r;

	if (sp_all(&w->work, &r) != 0)
		abort();
	return r;
}

static struct sp_region of_text(struct dx_world *w)
{
	const char *t = texts[chance(w, sizeof(texts) / sizeof(texts[0]))];
	struct sp_text_error err;
	struct sp_region r;

	int rc = sp_text_parse(&w->work, t, (uint32_t)strlen(t), &r, &err);

	if (rc == 0)
		return r;
	fprintf(stderr, "%s: %d, %u at %u\n", t, rc, err.code, err.at);
	abort();
}

static struct sp_region of_packet(struct dx_world *w)
{
	static struct dx_packet near;
	struct sp_region r = { NULL, 0 }, one;
	struct sp_atom atoms[6];
	uint32_t n = 1 + chance(w, 4), k;

	while (n-- > 0) {
		dx_packet_any(&w->g, w->plan.link[chance(w, DX_LINKS)], &near);
		k = sg_atoms(&w->g, &near.view, atoms, 1 + chance(w, 5));
		if (!ok(w, sp_conj(&w->work, atoms, k, &one)) ||
		    !ok(w, sp_or(&w->work, r, one, &r)))
			return every(w);
	}
	return r;
}

/* Each environment has a slice of the addresses. */
static struct sp_region of_slice(struct dx_world *w, uint32_t env)
{
	struct sp_region r = every(w), more = r;
	struct sp_atom a = sp_masked(SP_IP_DST, 7, env);

	if (chance(w, 4) == 0)
		a = sp_masked(SP_IP6_DST2, 7, env);
	if (chance(w, 3) != 0)
		more = chance(w, 2) == 0 ? of_text(w) : of_packet(w);
	if (!ok(w, sp_conj(&w->work, &a, 1, &r)) ||
	    !ok(w, sp_and(&w->work, r, more, &r)))
		return (struct sp_region){ NULL, 0 };
	return r;
}

struct sp_region dx_region(struct dx_world *w, uint32_t env)
{
	struct sp_region r;

	w->work.left = BUDGET;
	if (w->plan.apart && chance(w, 8) != 0)
		return of_slice(w, env);
	/* odd masks are shapes, and a grant has not very many */
	if (w->plan.bindings > 300 && chance(w, 8) != 0)
		return of_text(w);
	switch (chance(w, 6)) {
	case 0:
	case 1:
		return of_text(w);
	case 2:
		r = chance(w, 2) == 0 ? of_text(w) : of_packet(w);
		if (!ok(w, sp_not(&w->work, r, &r)) || sp_wire_size(r) == 0)
			return every(w);
		return r;
	default:
		return of_packet(w);
	}
}

static struct exo_span span(struct dx_world *w, struct sp_region r)
{
	uint32_t size = sp_wire_size(r);
	void *p = exo_arena_get(&w->arena, size);

	if (size == 0 || p == NULL)
		abort();
	sp_wire_write(r, p);
	return (struct exo_span){ (uintptr_t)p, size, 0 };
}

/* --- keys --------------------------------------------------------------------- */

static uint32_t free_key(const struct dx_world *w)
{
	uint32_t i = 0;

	while (i < DX_KEYS && w->key[i].live)
		i++;
	return i;
}

/* A grant; the index of all granted regions has few shapes. */
static void grant(struct dx_world *w, uint32_t env, bool all)
{
	uint32_t i = free_key(w), roots = 0;
	struct dx_key *k = &w->key[i];
	int err;

	for (uint32_t n = 0; n < DX_KEYS; n++)
		roots += w->key[n].live && w->key[n].parent == DX_KEYS;
	if (i == DX_KEYS || roots > ROOTS)
		return;
	*k = (struct dx_key){ .env = env, .parent = DX_KEYS, .live = true };
	k->r = all ? every(w) : dx_region(w, env);
	if (k->r.n > 4)
		k->r = every(w);
	err = exo_grant(w->core, w->env[env].name,
	    chance(w, 4) == 0 ? EXO_RIGHT_ALL & ~EXO_RIGHT_TELL : EXO_RIGHT_ALL,
	    all ? NULL : &k->r, &k->key);
	if (err != 0)
		dx_differs(w, "a grant is refused", NULL, NULL);
}

static uint32_t live_key(struct dx_world *w)
{
	uint32_t i = chance(w, DX_KEYS);

	while (!w->key[i].live)
		i = (i + 1) % DX_KEYS;
	return i;
}

/* A part of a key's region, mostly one that has packets. */
static bool part_of(
    struct dx_world *w, const struct dx_key *from, struct dx_key *k)
{
	uint32_t tries = 3;

	do {
		k->r = dx_region(w, k->env);
		if (!ok(w, sp_and(&w->work, k->r, from->r, &k->r)) ||
		    sp_wire_size(k->r) == 0)
			return false;
	} while (k->r.n == 0 && --tries > 0);
	return true;
}

static void derive(struct dx_world *w, uint32_t from)
{
	uint32_t i = free_key(w);
	struct dx_key *k = &w->key[i];
	struct exo_call_derive a = { .key = w->key[from].key };
	int err;

	if (i == DX_KEYS)
		return;
	k->env = chance(w, w->plan.envs);
	k->parent = from;
	k->r = w->key[from].r;
	if (chance(w, 4) != 0) {
		if (!part_of(w, &w->key[from], k))
			return;
		a.region = span(w, k->r);
	}
	a.rights = a.key.rights;
	if (chance(w, 2) == 0)
		a.rights &= ~EXO_RIGHT_EXCLUSIVE;
	err = exo_call(
	    w->core, w->env[k->env].name, EXO_CALL_DERIVE_NR, &a, sizeof(a));
	dx_total.refused[-err]++;
	dx_total.lent += err == 0;
	k->live = err == 0;
	k->key = a.out_key;
	if (err != 0 && err != -EXO_EBUDGET)
		dx_differs(w, "a lesser key is refused", NULL, NULL);
}

/* Lesser keys of any, of one many, of those others again. */
static void derive_some(struct dx_world *w, uint32_t n)
{
	uint32_t from = live_key(w);

	while (n-- > 0) {
		if (chance(w, 3) == 0)
			from = live_key(w);
		derive(w, from);
	}
}

/* A key and all below it are gone, and what was bound under them. */
static void forget(struct dx_world *w)
{
	bool more = true;

	while (more) {
		more = false;
		for (uint32_t i = 0; i < DX_KEYS; i++) {
			struct dx_key *k = &w->key[i];

			if (k->live && k->parent != DX_KEYS &&
			    !w->key[k->parent].live) {
				k->live = false;
				more = true;
			}
		}
	}
	for (uint32_t i = w->nbinds; i-- > 0;) {
		struct dx_bind *b = w->bind[i];

		if (w->key[b->key].live)
			continue;
		w->env[b->env].takers -= b->args.snap != 0;
		dx_forget(b);
		w->bind[i] = w->bind[--w->nbinds];
	}
}

static void revoke(struct dx_world *w, uint32_t i)
{
	struct exo_call_revoke a = { .key = w->key[i].key };

	if (exo_call(w->core, w->env[w->key[i].env].name, EXO_CALL_REVOKE_NR,
	        &a, sizeof(a)) != 0)
		dx_differs(w, "revoking is refused", NULL, NULL);
	w->key[i].live = false;
	forget(w);
	dx_total.revoked++;
}

/* One of which others were derived, more often than not. */
static void revoke_one(struct dx_world *w)
{
	uint32_t i = live_key(w), k = live_key(w);

	if (chance(w, 2) == 0 && w->key[k].parent != DX_KEYS &&
	    w->key[w->key[k].parent].parent != DX_KEYS)
		i = w->key[k].parent;
	revoke(w, i);
}

/* --- environments ------------------------------------------------------------- */

static void begin_env(struct dx_world *w, uint32_t i)
{
	struct dx_env *e = &w->env[i];
	struct exo_env_args args = { .ring = e->ring, .ring_size = RING };

	if (exo_env_new(w->core, &args, &e->name) != 0)
		abort();
	lnet_tap_init(&e->tap, e->ring);
	grant(w, i, chance(w, 3) == 0);
	grant(w, i, false);
}

static void end_env(struct dx_world *w, uint32_t i)
{
	if (exo_env_end(w->core, w->env[i].name) != 0)
		dx_differs(w, "an environment does not end", NULL, NULL);
	for (uint32_t k = w->nbinds; k-- > 0;) {
		struct dx_bind *b = w->bind[k];

		if (b->env != i)
			continue;
		dx_forget(b);
		w->bind[k] = w->bind[--w->nbinds];
	}
	for (uint32_t k = 0; k < DX_KEYS; k++)
		w->key[k].live &= w->key[k].env != i;
	forget(w);
	w->env[i].takers = 0;
	dx_total.ended++;
}

/* --- bindings ----------------------------------------------------------------- */

/* The witness of a refusal is what it should be. */
static void check_witness(const struct dx_world *w, const struct dx_bind *b,
    int err, const struct exo_witness *x)
{
	static struct dx_packet p;
	const struct dx_bind *other = NULL;

	if ((err != -EXO_EOUTSIDE && err != -EXO_ECONFLICT &&
	        err != -EXO_ELENT) ||
	    x->caplen == 0)
		return;
	memcpy(p.data, x->data, x->caplen);
	p.caplen = x->caplen;
	p.wirelen = x->wirelen;
	p.link = x->linktype;
	dx_packet_see(&p);
	for (uint32_t i = 0; i < w->nbinds && x->other != 0; i++)
		if (w->bind[i]->args.out_binding == x->other)
			other = w->bind[i];
	if (!sp_region_has(b->claim, &p.view) ||
	    (err == -EXO_EOUTSIDE &&
	        sp_region_has(w->key[b->key].r, &p.view)) ||
	    (x->other != 0 && (other == NULL || other->env == b->env ||
	                          other->args.tag != x->tag ||
	                          !sp_region_has(other->claim, &p.view))))
		dx_differs(w, "the witness of a refusal", &p, b);
}

/* Whether BIND may say this. */
static bool may_be(const struct dx_bind *b, int err)
{
	static const uint32_t right[] = { 0, EXO_RIGHT_TAP, EXO_RIGHT_FIRST,
		EXO_RIGHT_EXCLUSIVE };

	if ((b->args.key.rights & right[b->args.mode]) == 0)
		return err == -EXO_EPERM;
	return err == 0 || err == -EXO_EOUTSIDE || err == -EXO_ECONFLICT ||
	       err == -EXO_ELENT || err == -EXO_ELIMIT || err == -EXO_EBUDGET;
}

/* Where it was put. */
static void count_domain(const struct dx_world *w, const struct dx_bind *b)
{
	const struct binding *x =
	    exo_pool_find(&w->core->binds, b->args.out_binding);
	uint32_t level = 0;

	for (const struct domain *d = x->domain; d->up != NULL; d = d->up)
		level++;
	if (level >= DX_LEVELS)
		dx_differs(w, "a domain too far down", NULL, b);
	dx_total.level[level]++;
	dx_total.shared += x->domain->grant != x->key->region;
}

int dx_bind(struct dx_world *w, struct dx_bind *b)
{
	static _Alignas(8) uint8_t seen[EXO_WITNESS_BYTES];
	int err;

	memset(seen, 0, sizeof(struct exo_witness));
	b->args.witness = (struct exo_span){ (uintptr_t)seen, sizeof(seen), 0 };
	b->args.tag = w->born;
	b->args.key = w->key[b->key].key;
	b->born = w->born++;
	memset(&b->want, 0, sizeof(b->want));
	err = exo_call(w->core, w->env[b->env].name, EXO_CALL_BIND_NR, &b->args,
	    sizeof(b->args));
	dx_total.refused[-err]++;
	if (!may_be(b, err)) {
		printf("error %d\n", err);
		dx_differs(w, "a binding is refused, or is not", NULL, b);
	}
	if (err != 0) {
		check_witness(w, b, err, (const void *)seen);
		return err;
	}
	if (b->prog->world)
		b->world = dx_effect_world();
	w->env[b->env].takers += b->args.snap != 0;
	w->bind[w->nbinds++] = b;
	dx_total.bound++;
	count_domain(w, b);
	return 0;
}

static uint32_t some_snap(struct dx_world *w)
{
	static const uint32_t snaps[] = { 1, 14, 40, 60, 200, 1500,
		UINT32_MAX };

	if (chance(w, 8) >= (w->plan.bindings > 300 ? 1 : 5))
		return 0;
	return snaps[chance(w, 7)];
}

static uint32_t some_mode(struct dx_world *w)
{
	uint32_t x = chance(w, 16);

	if (x < w->plan.exclusive)
		return EXO_BIND_EXCLUSIVE;
	return x < w->plan.exclusive + w->plan.first ? EXO_BIND_FIRST
	                                             : EXO_BIND_TAP;
}

/* What is claimed; none is all of the key's. */
static bool some_claim(struct dx_world *w, struct dx_bind *b)
{
	const struct dx_key *k = &w->key[b->key];

	b->claim = k->r;
	if (chance(w, 3) == 0)
		return true;
	b->claim = dx_region(w, b->env);
	if (chance(w, 8) != 0 &&
	    !ok(w, sp_and(&w->work, b->claim, k->r, &b->claim)))
		return false;
	if (sp_wire_size(b->claim) == 0)
		return false;
	b->args.claim = span(w, b->claim);
	return true;
}

/* Where many are lent, one that was, mostly. */
static uint32_t some_key(struct dx_world *w)
{
	uint32_t i = live_key(w);

	for (uint32_t n = w->plan.lent / 10;
	     n > 0 && w->key[i].parent == DX_KEYS; n--)
		i = live_key(w);
	return i;
}

static void bind_one(struct dx_world *w)
{
	struct dx_bind *b = calloc(1, sizeof(*b));
	struct dx_prog *p = &w->prog[chance(w, w->nprogs)];

	if (b == NULL)
		abort();
	b->prog = p;
	b->key = some_key(w);
	b->env =
	    chance(w, 4) == 0 ? chance(w, w->plan.envs) : w->key[b->key].env;
	b->args.linktype = p->link;
	b->args.image = (uintptr_t)p->img.bytes;
	b->args.image_size = p->img.size;
	b->args.priority = (int32_t)chance(w, 5) - 2;
	if (chance(w, 50) == 0)
		b->args.priority = chance(w, 2) == 0 ? INT32_MIN : INT32_MAX;
	b->args.mode = some_mode(w);
	b->args.snap = some_snap(w);
	if (!some_claim(w, b) || dx_bind(w, b) != 0)
		free(b);
}

void dx_forget(struct dx_bind *b)
{
	dx_effect_free(b->world);
	free(b);
}

/* The maps go with the binding: they are compared before. */
static void unbind_call(struct dx_world *w, uint32_t i)
{
	struct dx_bind *b = w->bind[i];
	struct exo_call_unbind a = { .binding = b->args.out_binding };

	if (b->world != NULL &&
	    !dx_effect_same(w->core, b->args.out_binding, b->world))
		dx_differs(w, "maps of a binding that goes", NULL, b);
	dx_effect_free(b->world);
	b->world = NULL;

	if (exo_call(w->core, w->env[b->env].name, EXO_CALL_UNBIND_NR, &a,
	        sizeof(a)) != 0)
		dx_differs(w, "unbinding is refused", NULL, b);
	w->env[b->env].takers -= b->args.snap != 0;
	w->bind[i] = w->bind[--w->nbinds];
	dx_total.unbound++;
}

void dx_unbind(struct dx_world *w, uint32_t i)
{
	struct dx_bind *b = w->bind[i];

	unbind_call(w, i);
	free(b);
}

static void rebind_one(struct dx_world *w)
{
	uint32_t i = chance(w, w->nbinds);
	struct dx_bind *b = w->bind[i];

	unbind_call(w, i);
	if (dx_bind(w, b) != 0)
		free(b);
}

static int by_order(const void *x, const void *y)
{
	const struct dx_bind *a = *(struct dx_bind *const *)x;
	const struct dx_bind *b = *(struct dx_bind *const *)y;

	if (a->args.priority != b->args.priority)
		return a->args.priority > b->args.priority ? -1 : 1;
	return a->born < b->born ? -1 : 1;
}

void dx_world_fill(struct dx_world *w, uint32_t bindings)
{
	uint32_t tries = 2 * bindings + 8;

	while (w->nbinds < bindings && tries-- > 0)
		bind_one(w);
	qsort(w->bind, w->nbinds, sizeof(w->bind[0]), by_order);
}

void dx_world_churn(struct dx_world *w)
{
	uint32_t most = w->plan.bindings, turns;

	/* now and then they become so few that they are asked in order */
	if (chance(w, 6) == 0)
		most = chance(w, 14);
	while (w->nbinds > most) {
		uint32_t i = chance(w, w->nbinds);

		if (w->bind[i]->args.snap == 0 || chance(w, 8) == 0)
			dx_unbind(w, i);
	}
	turns = 1 + w->nbinds / 16;
	for (uint32_t i = 0; i < turns && w->nbinds > 0; i++) {
		if (chance(w, 3) == 0)
			rebind_one(w);
		else
			dx_unbind(w, chance(w, w->nbinds));
	}
	if (chance(w, 3) == 0)
		revoke_one(w);
	if (chance(w, 12) == 0) {
		uint32_t i = chance(w, w->plan.envs);

		end_env(w, i);
		begin_env(w, i);
	}
	grant(w, chance(w, w->plan.envs), chance(w, 4) == 0);
	derive_some(w, 1 + chance(w, 1 + w->plan.lent / 4));
	dx_world_fill(w, most);
}

/* --- a world ------------------------------------------------------------------ */

struct dx_world *dx_world_new(const struct dx_plan *plan)
{
	struct dx_world *w = calloc(1, sizeof(*w));
	uint32_t tries = plan->programs * 20;

	if (w == NULL || (w->vm = calloc(1, sizeof(*w->vm))) == NULL)
		abort();
	w->plan = *plan;
	w->g.seed = plan->seed * 0x9e3779b97f4a7c15u | 1;
	w->mem = cmd_heap();
	exo_arena_init(&w->arena, &w->mem);
	w->work =
	    (struct sp_work){ &w->arena, BUDGET, &sp_packets, NULL, NULL };
	if (exo_core_new(&plan->cfg, &w->core) != 0)
		abort();
	while (w->nprogs < plan->programs && tries-- > 0)
		w->nprogs += dx_prog_make(
		    &w->prog[w->nprogs], &w->g, plan->link[chance(w, 4) == 0]);
	for (uint32_t i = 0; i < plan->envs; i++) {
		w->env[i].ring =
		    aligned_alloc(64, sizeof(struct exo_ring) + RING);
		if (w->env[i].ring == NULL)
			abort();
		begin_env(w, i);
	}
	derive_some(w, plan->lent);
	return w;
}

void dx_world_free(struct dx_world *w)
{
	while (w->nbinds > 0)
		dx_forget(w->bind[--w->nbinds]);
	exo_core_free(w->core);
	for (uint32_t i = 0; i < w->plan.envs; i++) {
		free(w->env[i].ring);
		free(w->env[i].want);
	}
	for (uint32_t i = 0; i < w->nprogs; i++)
		dx_prog_free(&w->prog[i]);
	exo_arena_free(&w->arena);
	free(w->vm);
	free(w);
}
