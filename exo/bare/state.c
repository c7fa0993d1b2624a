/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel shows of itself: see state.h. */
#include "exo/bare/state.h"

#include "exo/bare/clock.h"
#include "exo/bare/env.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/serial.h"
#include "exo/bare/slots.h"
#include "exo/bare/space.h"
#include "exo/lib/mem.h"

#define EACH_NS 100000000u
#define MS      1000000u

/* Printed at once, at most: the console is slow. */
#define PRINT_BINDS 12u
#define SLOTS_LINE  32u
#define PRINT_ENDED 64u
#define EACH_MOST   3600000u /* ms */

#define SAME(is, state) _Static_assert((int)(is) == (int)(state), "env.h")
SAME(EXO_IS_MADE, ENV_MADE);
SAME(EXO_IS_RUNNING, ENV_RUNNABLE);
SAME(EXO_IS_WAITING, ENV_WAITING);
SAME(EXO_IS_CALLING, ENV_CALLING);
SAME(EXO_IS_ACCEPTING, ENV_ACCEPTS);
SAME(EXO_IS_AWAITING, ENV_AWAITS);
SAME(EXO_IS_SLEEPING, ENV_SLEEPS);
SAME(EXO_IS_ENDED, ENV_DEAD);

static struct {
	struct exo_core *core;
	struct exo_state *state;
	struct exo_bind_row *binds;
	uint64_t next;       /* when they are written again */
	uint64_t print_each; /* nanoseconds; 0: never */
	uint64_t print_next;
	uint32_t ended; /* environments, since it was printed */
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
	uint64_t each = machine_number(m, "top", 0);

	shown.core = core;
	shown.print_each = (each < EACH_MOST ? each : EACH_MOST) * MS;
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
	r->ran_ns = clock_ns_of(e->ran_ticks);
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

/* Nothing but the kernel begins a line with '@': what environments write has their label
 * and ": " in front (serial_lines()). */

static void number(const char *name, uint64_t v)
{
	serial_str(" ");
	serial_str(name);
	serial_str("=");
	serial_u64(v);
}

static void print_env(unsigned place, const struct exo_env_row *r)
{
	serial_str("@env ");
	serial_u64(place);
#define EXO_ENV_FIELD(field, meaning) number(#field, r->field);
#include "exo/abi/state.inc"
#undef EXO_ENV_FIELD
	serial_str(" label=");
	serial_str(r->label);
	serial_str("\n");
}

static void print_bind(const struct exo_bind_row *r)
{
	serial_str("@bind");
#define EXO_BIND_FIELD(field, meaning) number(#field, r->field);
#include "exo/abi/state.inc"
#undef EXO_BIND_FIELD
	serial_str("\n");
}

static bool busier(const struct exo_bind_row *a, const struct exo_bind_row *b)
{
	return a->matched != b->matched ? a->matched > b->matched : a < b;
}

/* Those that took most packets, the first of them first. */
static void print_binds(void)
{
	const struct exo_bind_row *last = NULL;

	for (unsigned n = 0; n < PRINT_BINDS; n++) {
		const struct exo_bind_row *best = NULL;

		for (unsigned i = 0; i < EXO_BIND_ROWS; i++) {
			const struct exo_bind_row *r = &shown.binds[i];

			if (r->binding == 0)
				break;
			if ((last == NULL || busier(last, r)) &&
			    (best == NULL || busier(r, best)))
				best = r;
		}
		if (best == NULL)
			return;
		print_bind(best);
		last = best;
	}
}

/* Whose the slots of the vector are, some on each line. */
static void print_slots(void)
{
	const struct exo_slot_row *rows = slots_rows();
	uint32_t n = shown.state->slots;

	for (uint32_t i = 0; i < n; i++) {
		if (i % SLOTS_LINE == 0) {
			serial_str("@slots ");
			serial_u64(i);
		}
		serial_str(" ");
		serial_u64(rows[i].owner);
		if (i % SLOTS_LINE == SLOTS_LINE - 1 || i == n - 1)
			serial_str("\n");
	}
}

/* The last line says that these belong together. */
static void print(void)
{
	const struct exo_state *s = shown.state;

	for (unsigned i = 0; i < EXO_STATE_ENVS; i++)
		if (s->env[i].env != 0)
			print_env(i + 1, &s->env[i]);
	print_binds();
	print_slots();
	serial_str("@top");
#define EXO_STATE_FIELD(field, meaning) number(#field, s->field);
#include "exo/abi/state.inc"
#undef EXO_STATE_FIELD
	serial_str("\n");
	shown.ended = 0;
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

void state_ended(const struct plat_env *e)
{
	struct exo_env_row r = { .env = 0 };

	if (shown.print_each == 0 || shown.ended == PRINT_ENDED ||
	    e->holder == NULL)
		return;
	shown.ended++;
	show_env(&r, e);
	r.state = EXO_IS_ENDED;
	print_env(e->place + 1, &r);
}

void state_last(uint64_t now)
{
	show(now);
	if (shown.print_each != 0)
		print();
}
