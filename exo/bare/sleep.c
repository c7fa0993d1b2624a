/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleep: see sleep.h. */
#include "exo/bare/sleep.h"

#include "exo/abi/err.h"
#include "exo/bare/clock.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/slots.h"
#include "exo/core/core.h"
#include "exo/lib/mem.h"

#define EACH_NS 100000u /* a program looks no more often */

int sleep_wake(struct plat_env *e, const struct exo_call_wake *a)
{
	struct exo_report report;
	uint32_t frame = 0, generation = 0;
	int err = 0;

	if (a->zero != 0 || a->off % 8 != 0 || a->size % 8 != 0 ||
	    a->size > EXO_WAKE_MAX || a->off > EXO_PAGE - a->size)
		return -EXO_EINVAL;
	if (a->image_size != 0 && a->size != 0)
		err = exo_phys_frame(
		    e->phys, &a->key, EXO_FRAME_READ, &frame, &generation);
	if (err != 0)
		return err;
	err = exo_env_predicate(
	    e->core, e->name, a->image, a->image_size, &report);
	if (a->report != 0)
		(void)env_copy_out(e, a->report, &report, sizeof(report));
	if (err != 0)
		return err;
	e->asks.has = a->image_size != 0;
	e->asks.frame = frame;
	e->asks.generation = generation;
	e->asks.off = a->off;
	e->asks.size = a->size;
	return 0;
}

int sleep_begin(struct plat_env *e, const struct exo_call_sleep *a)
{
	if (a->zero != 0 || (a->until == 0 && !e->asks.has))
		return -EXO_EINVAL;
	e->until = a->until == 0 ? UINT64_MAX : a->until;
	e->asks.next = 0;
	e->state = ENV_SLEEPS;
	return 0;
}

/* Whether its program says so. A frame that is gone is no reason to sleep on. */
static bool wakes(struct plat_env *e, uint64_t now)
{
	_Alignas(8) uint8_t mem[sizeof(struct exo_wake) + EXO_WAKE_MAX];
	struct exo_wake head = { .now = now };
	uint32_t n = e->asks.size;

	if (n > 0) {
		if (!exo_phys_same(e->phys, e->asks.frame, e->asks.generation))
			return true;
		memcpy(mem + sizeof(head),
		    (const uint8_t *)paging_direct(
		        (uint64_t)e->asks.frame * FRAME_SIZE) +
		        e->asks.off,
		    n);
	}
	if (e->ring != NULL)
		head.packets =
		    __atomic_load_n(&e->ring->head, __ATOMIC_RELAXED) -
		    __atomic_load_n(&e->ring->tail, __ATOMIC_RELAXED);
	memcpy(mem, &head, sizeof(head));
	return exo_env_wakes(e->core, e->name, mem, (uint32_t)sizeof(head) + n);
}

bool sleep_over(struct plat_env *e)
{
	uint64_t now = clock_ns();

	if (now >= e->until)
		return true;
	if (!e->asks.has)
		return false;
	e->asks.missed = now < e->asks.next && !e->wake;
	if (e->asks.missed)
		return false;
	e->asks.next = now + EACH_NS;
	e->wake =
	    false; /* it has no entry point for packets, or would be awake */
	slots_filtered();
	return wakes(e, now);
}

/* Until a time, if that is less; never 0. */
static uint64_t earlier(uint64_t most, uint64_t now, uint64_t then)
{
	if (then <= now)
		return 1;
	return then - now < most ? then - now : most;
}

uint64_t sleep_next(uint64_t most)
{
	uint64_t now = clock_ns();

	for (unsigned i = 0; i < env_places(); i++) {
		const struct plat_env *e = env_at(i);

		if (e == NULL || e->state != ENV_SLEEPS)
			continue;
		most = earlier(most, now, e->until);
		if (e->asks.has && e->asks.missed)
			most = earlier(most, now, e->asks.next);
	}
	return most;
}
