/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slots of time on this machine: see slots.h.
 *
 * What filters take is charged by the steps that their owner paid, at the time that an
 * instruction takes here, when the next slot is given away: nothing for each packet.
 */
#include "exo/bare/slots.h"

#include "exo/abi/err.h"
#include "exo/bare/clock.h"
#include "exo/bare/family.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/pct.h"
#include "exo/bare/sched.h"
#include "exo/bare/serial.h"
#include "exo/bare/space.h"
#include "exo/core/timeslot.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define SLOTS    16u
#define SLOT_US  10000u
#define GRACE_US 500u
#define LEAST_NS 50000u /* that are worth giving away */
#define INSNS    65536u /* to measure one */

_Static_assert(ENVS_MAX == TIMESLOT_OWNERS, "places are owners");

static struct exo_slot_row *rows; /* a frame, which is shown as it is */
static struct timeslots vector;
static struct {
	bool trace;
	bool over;        /* the slot, and who runs goes on; */
	uint64_t behind;  /* ... when that was noticed, so long ago */
	bool filtered;    /* programs ran since a slot was given away */
	uint64_t step_ns; /* by 2^16 */
	uint64_t payer;   /* the name of who got this slot, or was given it */
} slots;

static uint64_t between(uint64_t v, uint64_t from, uint64_t to)
{
	return v < from ? from : v > to ? to : v;
}

/* Nanoseconds of an instruction, by 2^16. */
static uint64_t measure(void)
{
	uint64_t from = clock_ns();

	for (uint32_t i = 0; i < INSNS; i += 8)
		__asm__ volatile(".rept 6; addq $1, %%rax; .endr" : : : "rax");
	return between(((clock_ns() - from) << 16) / INSNS, 1 << 12, 1 << 20);
}

static uint32_t runs_for(void *arg, uint32_t owner)
{
	struct plat_env *e = env_at(owner - 1);

	(void)arg;
	if (e == NULL)
		return 0;
	if (!sched_can_run(e)) {
		e = pct_runs_for(e);
		if (!sched_can_run(e))
			return 0;
	}
	return e->place + 1;
}

void slots_init(const struct machine *m)
{
	uint64_t n = between(machine_number(m, "slots", SLOTS), 1, SLOTS_MAX);
	uint64_t us =
	    between(machine_number(m, "slot_us", SLOT_US), 1000, 1000000);
	uint64_t grace =
	    between(machine_number(m, "grace_us", GRACE_US), 0, us);
	const char *value;
	int k = machine_option(m, "trace", &value);
	uint64_t at = frames_get(0);

	_Static_assert(SLOTS_MAX * sizeof(*rows) <= EXO_PAGE, "it has room");
	exo_assert(at != 0);
	rows = paging_direct(at);
	memset(rows, 0, EXO_PAGE);
	timeslot_init(&vector, rows, (uint32_t)n, us * 1000, grace * 1000);
	vector.runs_for = runs_for;
	slots.trace = k == 5 && memcmp(value, "slots", 5) == 0;
	(void)measure();
	slots.step_ns = measure();
}

uint64_t slots_ns(void)
{
	return vector.slot_ns;
}

uint64_t slots_round_ns(void)
{
	return vector.n * vector.slot_ns;
}

int slots_begin(const struct plat_env *e, const struct env_slots *s)
{
	return s->n == 0 ? 0
	                 : timeslot_start(
	                       &vector, e->place + 1, s->first, s->step, s->n);
}

/* What one owes that has ended its family does: else whoever makes others has time for
 * nothing. */
void slots_end(const struct plat_env *e)
{
	const struct plat_env *heir = family_heir(e);

	if (heir != NULL)
		timeslot_pass(&vector, e->place + 1, heir->place + 1);
	timeslot_end(&vector, e->place + 1);
}

/* --- whose time it is ----------------------------------------------------------- */

void slots_filtered(void)
{
	slots.filtered = true;
}

void slots_charge(const struct plat_env *e, uint64_t ns)
{
	timeslot_charge(&vector, e->place + 1, ns);
}

static void charge_filters(void)
{
	slots.filtered = false;
	for (unsigned i = 0; i < env_places(); i++) {
		struct plat_env *e = env_at(i);
		struct exo_env_stat stat;

		if (e == NULL || exo_env_stat(e->core, e->name, &stat) != 0)
			continue;
		timeslot_charge(&vector, e->place + 1,
		    (stat.paid - e->paid) * slots.step_ns >> 16);
		e->paid = stat.paid;
	}
}

static void say(const struct plat_env *e, const char *how)
{
	if (!slots.trace)
		return;
	serial_str("slot ");
	serial_u64(vector.at);
	serial_str(" ");
	serial_str(e->label);
	serial_str(how);
}

struct plat_env *slots_next(void)
{
	struct plat_env *e;
	uint32_t who;

	if (slots.filtered)
		charge_filters();
	who = timeslot_next(&vector, env_places());
	if (who == 0)
		return NULL;
	e = env_at(who - 1);
	slots.payer = env_at(vector.payer - 1)->name;
	say(e, "\n");
	return e;
}

/* --- its end ---------------------------------------------------------------------- */

uint64_t slots_over(struct plat_env *e, uint64_t now)
{
	uint64_t end = sched_end();

	if (slots.over) {
		env_die(e, ENV_KILLED, SLOTS_KILLED);
		return 0;
	}
	if (e->pe->critical != 0)
		e->pe->late = end;
	else if (!upcall(e, e->pe->entry_end, EXO_CAUSE_END, 0, 0,
	             end + vector.grace_ns))
		return 0;
	slots.over = true;
	slots.behind = now > end ? now - end : 0;
	return TIMESLOT_LIMIT * vector.slot_ns;
}

bool slots_are_over(void)
{
	return slots.over;
}

bool slots_worth(void)
{
	return !slots.over && sched_left() >= between(vector.grace_ns, LEAST_NS,
	                                          vector.slot_ns / 4);
}

void slots_waited(const struct plat_env *e, uint64_t ns)
{
	if (!slots.over)
		return;
	sched_longer(ns);
	timeslot_charge(&vector, e->place + 1, ns);
}

void slots_leave(struct plat_env *e, uint64_t now)
{
	uint64_t end = sched_end(), ran = 0, limit;
	uint64_t behind = now > end ? now - end : 0;
	const struct plat_env *payer;

	if (!slots.over && behind <= vector.grace_ns)
		return;
	limit = TIMESLOT_LIMIT * vector.slot_ns;
	if (slots.over) {
		uint64_t left = behind > 0 ? 0 : end - now;

		ran = left < limit ? limit - left : 0;
		behind = slots.behind;
		slots.over = false;
	}
	if (e == NULL)
		return;
	e->pe->late = 0;
	/* Of one that has ended, too: somebody else may owe it then. Who is called is in
	 * the time of who calls: one that owes already would have nothing to lose. */
	payer = env_named(slots.payer);
	if (payer == NULL)
		payer = e;
	(void)timeslot_late(&vector, payer->place + 1, behind + ran);
	if (ran >= limit)
		env_die(e, ENV_KILLED, SLOTS_KILLED);
}

/* --- calls ------------------------------------------------------------------------ */

int slots_take(const struct plat_env *e, struct exo_call_slots *a)
{
	int err;

	if (a->zero != 0 || a->zero2 != 0)
		return -EXO_EINVAL;
	err = timeslot_take(
	    &vector, e->place + 1, a->first, a->step, a->n, &a->out_first);
	for (uint32_t i = 0; err == 0 && i < a->n; i++)
		exo_holder_got(e->holder, EXO_KIND_SLOT);
	return err;
}

int slots_give(const struct plat_env *e, const struct exo_call_slots *a)
{
	int err;

	if (a->zero != 0 || a->zero2 != 0)
		return -EXO_EINVAL;
	err = timeslot_give(&vector, e->place + 1, a->first, a->step, a->n);
	for (uint32_t i = 0; err == 0 && i < a->n; i++)
		exo_holder_given(e->phys, e->holder, EXO_KIND_SLOT);
	return err;
}

void slots_given(const struct plat_env *to)
{
	slots.payer = to->name;
}

int slots_whom(uint64_t name, struct plat_env **out)
{
	for (unsigned i = 0; i < env_places(); i++) {
		struct plat_env *e = env_at(i);

		if (e == NULL || e->state == ENV_DEAD || e->name != name)
			continue;
		if (timeslot_owes(&vector, e->place + 1) || !sched_can_run(e))
			return -EXO_EBUSY;
		say(e, " given\n");
		*out = e;
		return 0;
	}
	return -EXO_ESTALE;
}

/* --- revocation -------------------------------------------------------------------- */

int slots_surrender(
    const struct plat_env *e, const uint64_t *u_places, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (u_places[i] >= vector.n ||
		    rows[u_places[i]].owner != e->place + 1)
			return -EXO_ENOENT;
		for (uint32_t k = 0; k < i; k++)
			if (u_places[k] == u_places[i])
				return -EXO_EINVAL;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct exo_call_slots a = {
			.first = (uint32_t)u_places[i], .step = 1, .n = 1
		};

		(void)slots_give(e, &a);
	}
	return 0;
}

bool slots_choose(const struct plat_env *e, uint64_t *place)
{
	const struct timeslot_owner *o = &vector.owner[e->place + 1];
	uint32_t i = vector.n;

	if (o->slots <= o->guaranteed)
		return false;
	while (rows[i - 1].owner != e->place + 1)
		i--;
	*place = i - 1;
	return timeslot_give(&vector, e->place + 1, i - 1, 1, 1) == 0;
}

/* --- what is shown ----------------------------------------------------------------- */

struct slots_stat slots_stat(const struct plat_env *e)
{
	const struct timeslot_owner *o = &vector.owner[e->place + 1];

	return (struct slots_stat){ o->slots, o->owed, o->excess };
}

uint32_t slots_count(void)
{
	return vector.n;
}

uint32_t slots_left(void)
{
	return vector.free;
}

uint32_t slots_at(void)
{
	return vector.at;
}

const struct exo_slot_row *slots_rows(void)
{
	return rows;
}

bool slots_show(void)
{
	return space_window(EXO_SLOTS_AT, paging_phys(rows), EXO_PAGE);
}
