/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that may wait: see fiber.h.
 *
 * Stacks lie behind the kernel's own, by the places of environments, each between pages
 * that are not there. One is made when it is needed first, and kept as long as its
 * environment, which cannot have more than one.
 */
#include "exo/bare/fiber.h"

#include "exo/bare/cpu.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/space.h"
#include "exo/lib/bug.h"

#define PAGES  (FIBER_STACK / FRAME_SIZE)
#define FIBERS (STACKS + 0x1000000u)
#define SAVED  6u /* registers that fiber_switch() keeps */

/** Keep the registers of who calls this on its stack, where that is in *from, and go on
 * with those that `to` has: entry.S. */
void fiber_switch(uint64_t *from, uint64_t to);

static struct {
	uint64_t back; /* the kernel's stack, while a fiber runs */
	void (*fn)(struct plat_env *e, void *arg);
	void *arg;
} now;

static uint64_t stack_from(const struct plat_env *e)
{
	return FIBERS + ((uint64_t)e->place * 2 * PAGES + 1) * FRAME_SIZE;
}

static void unmap(uint64_t from, unsigned n)
{
	while (n-- > 0) {
		uint64_t at =
		    paging_unmap(paging_root(), from + n * FRAME_SIZE);

		frames_put(at, 0);
	}
}

static bool make_stack(struct plat_env *e)
{
	uint64_t from = stack_from(e);

	if (!space_may((uint64_t)PAGES * FRAME_SIZE))
		return false;
	for (unsigned k = 0; k < PAGES; k++) {
		uint64_t at = frames_get(0);

		if (at != 0 &&
		    paging_map(paging_root(), from + k * FRAME_SIZE, at,
		        PT_PRESENT | PT_WRITE | PT_NX | PT_GLOBAL))
			continue;
		if (at != 0)
			frames_put(at, 0);
		unmap(from, k);
		return false;
	}
	e->stack = from + PAGES * FRAME_SIZE;
	return true;
}

void fiber_free(struct plat_env *e)
{
	if (e->stack != 0)
		unmap(stack_from(e), PAGES);
	e->stack = 0;
}

/* The first thing on a stack. */
static void first(void)
{
	struct plat_env *e = cpu_here()->current;

	now.fn(e, now.arg);
	fiber_switch(&e->stack_at, now.back);
	exo_bug("a call that has ended goes on");
}

/* To e's stack; back when it pauses or has ended. */
static void enter(struct plat_env *e)
{
	fiber_switch(&now.back, e->stack_at);
	if (e->state == ENV_CALLING || !e->doomed)
		return;
	e->doomed = false;
	env_die(e, e->end, e->code);
}

bool fiber_run(
    struct plat_env *e, void (*fn)(struct plat_env *e, void *arg), void *arg)
{
	uint64_t *sp;

	if (e->stack == 0 && !make_stack(e))
		return false;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	sp = (uint64_t *)(uintptr_t)e->stack;
	*--sp = 0; /* nobody called it */
	*--sp = (uintptr_t)first;
	for (unsigned i = 0; i < SAVED; i++)
		*--sp = 0;
	e->stack_at = (uintptr_t)sp;
	now.fn = fn;
	now.arg = arg;
	enter(e);
	return true;
}

void fiber_resume(struct plat_env *e)
{
	exo_assert(e->state == ENV_CALLING);
	e->state = ENV_RUNNABLE;
	enter(e);
}

bool fiber_pause(struct plat_env *e)
{
	e->state = ENV_CALLING;
	fiber_switch(&e->stack_at, now.back);
	return !e->doomed;
}

bool fiber_here(const struct plat_env *e)
{
	uint64_t sp = (uintptr_t)__builtin_frame_address(0);

	return e->stack != 0 && sp < e->stack && sp >= stack_from(e);
}
