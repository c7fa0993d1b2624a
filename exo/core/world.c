/* SPDX-License-Identifier: BSD-2-Clause */
/* A world's life and its runs: see world.h. */
#include "exo/core/world.h"

#include "exo/abi/err.h"
#include "exo/core/world_int.h"
#include "exo/lib/bytes.h"

static const struct isa_ops world_ops = {
	.helper = world_helper,
	.map = world_name,
	.at = world_at,
};

static int event_put(void *arg, const uint8_t *data, uint32_t size,
    const uint8_t *pkt, uint32_t npkt)
{
	const struct world_sink *s = arg;

	return s->world->event(s->world->arg, s->map, data, size, pkt, npkt);
}

/* Open every slot of an event array. */
static void listen(struct exo_world *w, uint32_t map)
{
	struct world_sink *s = &w->sinks[map];
	struct map *m = w->maps[map];

	*s = (struct world_sink){ { event_put, s }, w, map };
	for (uint32_t i = 0; i < map_def(m)->max_entries; i++)
		(void)map_slot_set(m, i, &s->sink);
}

static int make_maps(struct exo_world *w, const struct exo_world_config *cfg)
{
	int err;

	if (cfg->nmaps == 0)
		return 0;
	w->maps = exo_mem_get(w->mem, cfg->nmaps * sizeof(struct map *));
	w->sinks = exo_mem_get(w->mem, cfg->nmaps * sizeof(*w->sinks));
	w->nmaps = cfg->nmaps;
	if (w->maps == NULL || w->sinks == NULL)
		return -EXO_ENOMEM;
	for (uint32_t i = 0; i < cfg->nmaps; i++) {
		err = map_new(&cfg->maps[i], w->mem, &cfg->hash, &w->maps[i]);
		if (err != 0)
			return err;
		map_runs(w->maps[i], &w->run);
		if ((map_can(cfg->maps[i].kind) & EXO_MAP_PERF) != 0 &&
		    w->event != NULL)
			listen(w, i);
	}
	return 0;
}

int exo_world_map(const struct exo_map_def *def)
{
	return map_check(def);
}

/* Where a tail call may lead, it may be made in a function. */
static int make_deep(struct exo_world *w)
{
	for (uint32_t i = 0; i < w->nmaps && w->vm.deep == NULL; i++) {
		if (map_def(w->maps[i])->kind != EXO_MAP_PROG_ARRAY)
			continue;
		w->vm.deep = exo_mem_get(w->mem, ISA_DEEP_SIZE);
		if (w->vm.deep == NULL)
			return -EXO_ENOMEM;
	}
	return 0;
}

int exo_world_new(const struct exo_world_config *cfg, struct exo_world **out)
{
	struct exo_world *w;
	int err;

	*out = NULL;
	if (cfg->nmaps > EXO_WORLD_MAPS)
		return -EXO_E2BIG;
	w = exo_mem_get(cfg->mem, sizeof(*w));
	if (w == NULL)
		return -EXO_ENOMEM;
	w->mem = cfg->mem;
	w->runs = 1;
	w->random = cfg->seed;
	w->now = cfg->now;
	w->event = cfg->event;
	w->arg = cfg->arg;
	w->print = cfg->print;
	w->print_arg = cfg->print_arg;
	w->no_cpu = cfg->no_cpu;
	w->harden = cfg->harden;
	w->places = cfg->places;
	w->vm.ops = &world_ops;
	w->vm.user = w;
	w->ctx.user = w;
	err = make_maps(w, cfg);
	if (err == 0)
		err = make_deep(w);
	if (err != 0)
		exo_world_free(w);
	else
		*out = w;
	return err;
}

void exo_world_free(struct exo_world *w)
{
	if (w == NULL)
		return;
	if (w->holds > 0) {
		w->holds--;
		return;
	}
	world_tails_free(w);
	for (uint32_t i = 0; i < w->nmaps && w->maps != NULL; i++)
		map_free(w->maps[i]);
	exo_mem_put(w->mem, w->sinks, w->nmaps * sizeof(*w->sinks));
	exo_mem_put(w->mem, w->maps, w->nmaps * sizeof(struct map *));
	exo_mem_put(w->mem, w->pkt, w->pkt_size);
	if (w->vm.deep != NULL)
		exo_mem_put(w->mem, w->vm.deep, ISA_DEEP_SIZE);
	exo_mem_put(w->mem, w, sizeof(*w));
}

struct isa_vm *exo_world_vm(struct exo_world *w)
{
	return &w->vm;
}

int exo_world_pkt(struct exo_world *w, const struct isa_pkt *pkt)
{
	size_t need = (size_t)pkt->caplen + 2 * (size_t)EXO_WORLD_ROOM;
	struct isa_pkt own = *pkt;
	uint8_t *room;

	if (need > w->pkt_size) {
		room = exo_mem_get(w->mem, need);
		if (room == NULL)
			return -EXO_ENOMEM;
		exo_mem_put(w->mem, w->pkt, w->pkt_size);
		w->pkt = room;
		w->pkt_size = need;
	}
	memset(w->pkt, 0, need);
	if (pkt->caplen != 0)
		memcpy(w->pkt + EXO_WORLD_ROOM, pkt->data, pkt->caplen);
	own.data = w->pkt + EXO_WORLD_ROOM;
	isa_set_pkt(&w->vm, &own);
	isa_set_room(&w->vm, EXO_WORLD_ROOM, EXO_WORLD_ROOM);
	return 0;
}

void world_discard(struct exo_world *w)
{
	for (uint32_t i = 0; i < EXO_WORLD_HELD; i++) {
		struct world_record *rec = &w->held[i];

		if (rec->serial != 0)
			map_ring_commit(rec->map, rec->data, true);
		rec->serial = 0;
	}
}

enum isa_end exo_world_run(struct exo_world *w, uint64_t fuel, uint64_t *r0)
{
	enum isa_end end;

	world_begin(w);
	w->vm.fuel = fuel;
	end = isa_run(&w->vm, r0);
	w->kept = true;
	world_ends(w);
	return end;
}
