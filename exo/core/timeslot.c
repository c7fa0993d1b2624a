/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vector of time slots: see timeslot.h.
 *
 * Cost of timeslot_next(): a look at each slot that is passed by, and one round of the
 * owners at most for each; each further walk has taken a slot from somebody's debt.
 */
#include "exo/core/timeslot.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"

void timeslot_init(struct timeslots *t, struct exo_slot_row *rows, uint32_t n,
    uint64_t slot_ns, uint64_t grace_ns)
{
	memset(t, 0, sizeof(*t));
	memset(rows, 0, n * sizeof(*rows));
	t->row = rows;
	t->n = n;
	t->free = n;
	t->at = n - 1;
	t->slot_ns = slot_ns;
	t->grace_ns = grace_ns;
}

/* --- who runs ----------------------------------------------------------------- */

bool timeslot_owes(const struct timeslots *t, uint32_t owner)
{
	return t->owner[owner].owed > 0;
}

/* Who runs in a slot as its owner, or in his name; 0. *lost: the one who owed it. */
static uint32_t of_owner(
    struct timeslots *t, struct exo_slot_row *row, uint32_t *lost)
{
	uint32_t who;

	*lost = 0;
	if (row->owner == 0)
		return 0;
	if (timeslot_owes(t, row->owner)) {
		*lost = row->owner;
		t->owner[row->owner].owed--;
		row->forfeited++;
		return 0;
	}
	who = t->runs_for(t->arg, row->owner);
	if (who == 0 || timeslot_owes(t, who))
		return 0;
	row->turns++;
	t->payer = row->owner;
	return who;
}

/* Who gets a spare slot: the next in the round, or who runs in his name, but for one; 0.
 * *paid: somebody passed his turn. */
static uint32_t of_round(
    struct timeslots *t, uint32_t owners, uint32_t but, bool *paid)
{
	uint32_t at = t->round;

	for (uint32_t i = 0; i < owners; i++) {
		struct timeslot_owner *o;
		uint32_t who;

		at = at < owners ? at + 1 : 1;
		who = t->runs_for(t->arg, at);
		if (at == but || who == 0 || who == but)
			continue;
		o = &t->owner[at];
		if (o->owed == 0 && !timeslot_owes(t, who)) {
			t->round = at;
			t->payer = at;
			return who;
		}
		if (o->owed > 0 && o->slots == 0) {
			o->owed--;
			*paid = true;
		}
	}
	return 0;
}

/* Walk once along the vector. */
static uint32_t walk(struct timeslots *t, uint32_t owners, bool *paid)
{
	bool idle = false; /* in a round, and nothing was paid since */

	*paid = false;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t lost, who;
		bool passed = false;

		t->at = t->at + 1 < t->n ? t->at + 1 : 0;
		who = of_owner(t, &t->row[t->at], &lost);
		if (who == 0 && (!idle || lost != 0)) {
			who = of_round(t, owners, lost, &passed);
			idle = lost == 0 && !passed;
		}
		if (who != 0)
			return who;
		*paid |= passed || lost != 0;
	}
	return 0;
}

uint32_t timeslot_next(struct timeslots *t, uint32_t owners)
{
	uint32_t who;
	bool paid;

	do
		who = walk(t, owners, &paid);
	while (who == 0 && paid);
	return who;
}

/* --- what it costs ------------------------------------------------------------- */

/* He owes so much more: how many slots of it are full. */
static uint64_t full_slots(
    const struct timeslots *t, struct timeslot_owner *o, uint64_t ns)
{
	uint64_t n;

	o->excess += ns;
	o->debt += ns < UINT64_MAX / 2 ? ns : UINT64_MAX / 2;
	if (o->debt < t->slot_ns)
		return 0;
	n = o->debt / t->slot_ns;
	o->debt %= t->slot_ns;
	return n;
}

void timeslot_charge(struct timeslots *t, uint32_t owner, uint64_t ns)
{
	struct timeslot_owner *o = &t->owner[owner];
	uint64_t more = full_slots(t, o, ns);

	if (o->owed < TIMESLOT_OWED)
		o->owed = more < TIMESLOT_OWED - o->owed
		              ? o->owed + (uint32_t)more
		              : TIMESLOT_OWED;
}

/* All that was taken is owed, however much it is. */
static void take_back(struct timeslots *t, uint32_t owner, uint64_t ns)
{
	struct timeslot_owner *o = &t->owner[owner];
	uint64_t more = full_slots(t, o, ns), most = UINT32_MAX - o->owed;

	o->owed += (uint32_t)(more < most ? more : most);
}

void timeslot_pass(struct timeslots *t, uint32_t from, uint32_t to)
{
	struct timeslot_owner *o = &t->owner[from];

	take_back(t, to, o->owed * t->slot_ns + o->debt);
	o->owed = 0;
	o->debt = 0;
}

bool timeslot_late(struct timeslots *t, uint32_t owner, uint64_t excess_ns)
{
	if (excess_ns > t->grace_ns)
		take_back(t, owner, excess_ns);
	return excess_ns / TIMESLOT_LIMIT < t->slot_ns;
}

/* --- who has which ------------------------------------------------------------- */

/* Whether first, first + step, ... are n places of the vector. */
static bool inside(
    const struct timeslots *t, uint32_t first, uint32_t step, uint32_t n)
{
	if (n == 0 || n > t->n || first >= t->n)
		return false;
	return n == 1 || (step != 0 && step <= (t->n - 1 - first) / (n - 1));
}

/* Whether all of them are an owner's. */
static bool all_of(const struct timeslots *t, uint32_t owner, uint32_t first,
    uint32_t step, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (t->row[first + i * step].owner != owner)
			return false;
	return true;
}

static void mark(struct timeslots *t, uint32_t owner, uint32_t first,
    uint32_t step, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		t->row[first + i * step] =
		    (struct exo_slot_row){ .owner = owner };
}

/* Slots that are kept for others: guaranteed to them, and not theirs at present. */
static uint32_t kept(const struct timeslots *t, uint32_t owner)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i <= TIMESLOT_OWNERS; i++) {
		const struct timeslot_owner *o = &t->owner[i];

		if (i != owner && o->guaranteed > o->slots)
			n += o->guaranteed - o->slots;
	}
	return n;
}

static int take(struct timeslots *t, uint32_t owner, uint32_t first,
    uint32_t step, uint32_t n, uint32_t leave, uint32_t *out)
{
	uint32_t others;

	if (first == EXO_ANY && n == 1)
		for (first = 0; first < t->n && t->row[first].owner != 0;)
			first++;
	else if (!inside(t, first, step, n))
		return -EXO_EINVAL;
	if (first == t->n)
		return -EXO_ELIMIT;
	if (!all_of(t, 0, first, step, n))
		return -EXO_EBUSY;
	others = kept(t, owner) + leave;
	if (others > t->free || n > t->free - others)
		return -EXO_ELIMIT;
	mark(t, owner, first, step, n);
	t->free -= n;
	t->owner[owner].slots += n;
	*out = first;
	return 0;
}

int timeslot_take(struct timeslots *t, uint32_t owner, uint32_t first,
    uint32_t step, uint32_t n, uint32_t *out)
{
	const struct timeslot_owner *o = &t->owner[owner];
	bool more = n > t->n || o->slots + n > o->guaranteed;

	return take(t, owner, first, step, n, more ? 1 : 0, out);
}

int timeslot_give(struct timeslots *t, uint32_t owner, uint32_t first,
    uint32_t step, uint32_t n)
{
	if (!inside(t, first, step, n))
		return -EXO_EINVAL;
	if (!all_of(t, owner, first, step, n))
		return -EXO_ENOENT;
	mark(t, 0, first, step, n);
	t->free += n;
	t->owner[owner].slots -= n;
	return 0;
}

int timeslot_start(struct timeslots *t, uint32_t owner, uint32_t first,
    uint32_t step, uint32_t n)
{
	uint32_t at;
	int err = take(t, owner, first, step, n, 0, &at);

	if (err == 0)
		t->owner[owner].guaranteed += n;
	return err;
}

void timeslot_end(struct timeslots *t, uint32_t owner)
{
	for (uint32_t i = 0; i < t->n && t->owner[owner].slots > 0; i++)
		if (t->row[i].owner == owner) {
			mark(t, 0, i, 1, 1);
			t->free++;
			t->owner[owner].slots--;
		}
	t->owner[owner] = (struct timeslot_owner){ .slots = 0 };
}
