/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions that the kernel keeps: what keys are about and bindings claim.
 *
 * A region is one block, charged to the environment that presented it, and
 * shared by the keys and bindings that are about it. It never changes.
 */
#include "exo/abi/err.h"
#include "exo/core/core_int.h"
#include "exo/lib/mem.h"
#include "exo/space/wire.h"

static void cubes_copy(struct sp_region r, struct sp_cube *v, struct sp_atom *a)
{
	for (uint32_t i = 0; i < r.n; i++) {
		v[i] = (struct sp_cube){ a, r.v[i].n };
		if (v[i].n > 0)
			memcpy(a, r.v[i].a, v[i].n * sizeof(*a));
		a += v[i].n;
	}
}

int region_keep(struct exo_core *core, struct exo_mem *mem, struct sp_region r,
    struct region **out)
{
	uint64_t atoms = 0, bytes;
	struct region *kept;
	struct sp_cube *v;
	struct sp_atom *a;

	for (uint32_t i = 0; i < r.n; i++)
		atoms += r.v[i].n;
	bytes = sizeof(*kept) + r.n * sizeof(*v) + atoms * sizeof(*a);
	kept = exo_mem_get(mem, bytes);
	if (kept == NULL)
		return -EXO_ENOMEM;
	v = (struct sp_cube *)(kept + 1);
	a = (struct sp_atom *)(v + r.n);
	*kept = (struct region){ .refs = 1,
		.id = ++core->regions,
		.bytes = bytes,
		.mem = mem,
		.r = { v, r.n } };
	cubes_copy(r, v, a);
	*out = kept;
	return 0;
}

struct region *region_share(struct region *r)
{
	if (r != NULL)
		r->refs++;
	return r;
}

void region_drop(struct region *r)
{
	if (r != NULL && --r->refs == 0)
		exo_mem_put(r->mem, r, r->bytes);
}

int region_set(struct sp_work *w, const struct region *r, struct sp_region *out)
{
	if (r == NULL)
		return sp_all(w, out);
	*out = r->r;
	return 0;
}

int region_read(struct env *env, const struct exo_span *from, struct sp_work *w,
    struct sp_region *out)
{
	uint8_t *copy;
	int err;

	if (from->zero != 0)
		return -EXO_EINVAL;
	if (from->size > sizeof(struct exo_region_hdr) +
	                     EXO_REGION_ATOMS * sizeof(struct exo_atom))
		return -EXO_E2BIG;
	copy = exo_arena_get(w->arena, from->size + 1u);
	if (copy == NULL)
		return -EXO_ENOMEM;
	err = plat_copy_in(env->plat, copy, from->at, from->size);
	return err != 0 ? err : sp_wire_read(w, copy, from->size, out);
}

int region_copy(
    struct sp_work *w, const struct region *r, struct sp_region *out)
{
	struct sp_cube *v;
	struct sp_atom *a;
	uint64_t atoms = 0;

	if (r == NULL)
		return sp_all(w, out);
	for (uint32_t i = 0; i < r->r.n; i++)
		atoms += r->r.v[i].n;
	v = exo_arena_get(w->arena, (r->r.n + (size_t)1) * sizeof(*v));
	a = exo_arena_get(w->arena, (atoms + 1) * sizeof(*a));
	if (v == NULL || a == NULL)
		return -EXO_ENOMEM;
	cubes_copy(r->r, v, a);
	*out = (struct sp_region){ v, r->r.n };
	return 0;
}

void region_work_in(
    struct exo_core *core, struct exo_arena *arena, struct sp_work *w)
{
	*w = (struct sp_work){ .arena = arena,
		.left = core->cfg.region_steps,
		.of = &sp_packets };
}

void region_work(struct exo_core *core, struct env *env,
    struct exo_arena *arena, struct sp_work *w)
{
	exo_arena_init(arena, &env->mem);
	region_work_in(core, arena, w);
}

/* --- witnesses ------------------------------------------------------------------ */

int witness_check(const struct exo_span *to)
{
	return to->zero != 0 ||
	               (to->at != 0 && to->size < sizeof(struct exo_witness))
	           ? -EXO_EINVAL
	           : 0;
}

int witness_show(struct exo_core *core, struct env *env,
    const struct sp_cube *c, const struct binding *other,
    const struct exo_span *to)
{
	const uint32_t head = sizeof(struct exo_witness);
	struct exo_witness *out;
	struct exo_arena arena;
	struct sp_packet p;
	struct sp_work w;
	uint32_t flaws, room, n;
	int err = 0;

	if (to->at == 0)
		return 0;
	region_work(core, env, &arena, &w);
	out = exo_arena_get(&arena, EXO_WITNESS_BYTES);
	if (out == NULL) {
		err = -EXO_ENOMEM;
		goto done;
	}
	if (sp_witness(&w, (struct sp_region){ c, 1 }, out->data,
	        EXO_WITNESS_BYTES - head, &p, &flaws) > 0) {
		out->linktype = p.link;
		out->caplen = p.caplen;
		out->wirelen = p.len;
		out->flaws = flaws;
	}
	if (other != NULL) {
		out->other = other->name;
		out->tag = other->tag;
	}
	room = to->size - head;
	n = out->caplen < room ? out->caplen : room;
	err = plat_copy_out(env->plat, to->at, out, head + n);
done:
	(void)budget_work(env, core->cfg.region_steps - w.left);
	exo_arena_free(&arena);
	return err;
}
