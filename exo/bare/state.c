/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel shows of itself: see state.h. */
#include "exo/bare/state.h"

#include "exo/bare/env.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/serial.h"
#include "exo/bare/slots.h"
#include "exo/bare/space.h"
#include "exo/lib/mem.h"

#define EACH_NS 100000000u
#define MS      1000000u

static struct {
	struct exo_core *core;
	struct exo_state *state;
	struct exo_bind_row *binds;
	uint64_t next;       /* when they are written again */
	uint64_t print_each; /* nanoseconds; 0: never */
	uint64_t print_next;
} shown;

/* Pages that everybody reads. */
static void *pages(uint64_t va, uint64_t size)
{
	unsigned order = frames_order(size);
	uint64_t at = frames_get(order);

	if (at == 0)
		return NULL;
	memset(paging_direct(at), 0, (uint64_t)FRAME_SIZE << order);
	return space_window(va, at, size) ? paging_direct(at) : NULL;
}

bool state_init(const struct machine *m, struct exo_core *core)
{
	shown.core = core;
	shown.print_each = machine_number(m, "top", 0) * MS;
	shown.state = pages(EXO_STATE_AT, sizeof(*shown.state));
	shown.binds = pages(EXO_BINDS_AT, EXO_BIND_ROWS * sizeof(*shown.binds));
	return shown.state != NULL && shown.binds != NULL && slots_show();
}

static void show_env(struct exo_env_row *r, const struct plat_env *e)
{
	struct exo_holder_stat h;
	struct exo_env_stat s = { .mem = 0 };
	struct slots_stat t = slots_stat(e);

	exo_holder_stat(e->holder, &h);
	(void)exo_env_stat(shown.core, e->name, &s);
	memcpy(r->label, e->label, sizeof(r->label));
	r->state = (uint32_t)e->state;
	r->frames = h.owned;
	r->guaranteed = h.guaranteed;
	r->slots = t.slots;
	r->owed = t.owed;
	r->excess_ns = t.excess_ns;
	r->ran_ns = e->ran_ns;
	r->turns = e->turns;
	r->upcalls = e->upcalls;
	r->faults = h.misses;
	r->refills = h.refills;
	r->preloaded = h.preloaded;
	r->tables = e->tables;
	r->drops = e->drops;
	r->kernel = s.mem + s.code + h.mem + sizeof(*e);
	r->bindings = s.bindings;
	r->delivered = s.delivered;
	r->dropped = s.dropped;
	r->unpaid = s.unpaid;
	r->ring_used = s.ring_used;
	r->ring_size = e->ring_size;
	r->lost = h.lost;
	r->env = e->name;
}

static void show_binds(void)
{
	uint32_t index = 0, n = 0;

	while (n < EXO_BIND_ROWS) {
		struct exo_bind_row *r = &shown.binds[n];
		struct exo_bind_stat s;
		uint64_t binding, env;

		if (!exo_binding_each(shown.core, &index, &binding, &env, &s))
			break;
		*r =
		    (struct exo_bind_row){ binding, env, s.evaluated, s.matched,
			    s.delivered, s.dropped, s.unpaid, s.max_steps };
		n++;
	}
	if (n < EXO_BIND_ROWS)
		shown.binds[n].binding = 0;
}

static void show(uint64_t now)
{
	struct exo_state *s = shown.state;

	s->now = now;
	s->frames_free = frames_free();
	s->frames = frames_all();
	s->tables = space_tables();
	s->slot_ns = slots_ns();
	s->slots = slots_count();
	s->slot = slots_at();
	for (unsigned i = 0; i < EXO_STATE_ENVS; i++) {
		const struct plat_env *e = env_at(i);

		if (e != NULL && e->holder != NULL)
			show_env(&s->env[i], e);
		else
			s->env[i].env = 0;
	}
	show_binds();
}

/* --- for who watches from outside ------------------------------------------------- */

static void number(const char *name, uint64_t v)
{
	serial_str(name);
	serial_u64(v);
}

static void print_env(unsigned i, const struct exo_env_row *r)
{
	number("@env ", i);
	number(" state=", r->state);
	number(" slots=", r->slots);
	number(" ran_ms=", r->ran_ns / MS);
	number(" excess_ms=", r->excess_ns / MS);
	number(" turns=", r->turns);
	number(" upcalls=", r->upcalls);
	number(" frames=", r->frames);
	number(" guaranteed=", r->guaranteed);
	number(" faults=", r->faults);
	number(" refills=", r->refills);
	number(" preloaded=", r->preloaded);
	number(" tables=", r->tables);
	number(" drops=", r->drops);
	number(" kernel=", r->kernel);
	number(" bindings=", r->bindings);
	number(" delivered=", r->delivered);
	number(" dropped=", r->dropped);
	number(" unpaid=", r->unpaid);
	number(" ring=", r->ring_used);
	number("/", r->ring_size);
	number(" lost=", r->lost);
	serial_str(" label=");
	serial_str(r->label);
	serial_str("\n");
}

/* One line each, and one at the end. */
static void print(void)
{
	const struct exo_state *s = shown.state;

	for (unsigned i = 0; i < EXO_STATE_ENVS; i++)
		if (s->env[i].env != 0)
			print_env(i, &s->env[i]);
	number("@top now_ms=", s->now / MS);
	number(" frames=", s->frames);
	number(" free=", s->frames_free);
	number(" tables=", s->tables);
	number(" slots=", s->slots);
	number(" slot=", s->slot);
	number(" slot_us=", s->slot_ns / 1000);
	serial_str("\n");
}

void state_show(uint64_t now)
{
	if (now < shown.next)
		return;
	shown.next = now + EACH_NS;
	show(now);
	if (shown.print_each == 0 || now < shown.print_next)
		return;
	shown.print_next = now + shown.print_each;
	print();
}

void state_last(void)
{
	show(shown.state->now);
	if (shown.print_each != 0)
		print();
}
