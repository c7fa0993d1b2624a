/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of calls that wait: their stacks, their pauses, their end. */
#include "exo/bare/test.h"

#include "exo/bare/cpu.h"
#include "exo/bare/fiber.h"
#include "exo/bare/frames.h"
#include "exo/bare/tap.h"
#include "exo/bare/trap.h"

#define PAUSES 3u

/* Environments as far as fibers know them. */
static struct plat_env one, two;

static struct {
	uint32_t steps[2]; /* of each one's call */
	bool here, stopped, ended;
} seen;

static void call(struct plat_env *e, void *arg)
{
	uint32_t *steps = arg;

	seen.here = fiber_here(e) && !fiber_here(e == &one ? &two : &one);
	for (uint32_t i = 0; i < PAUSES && !seen.stopped; i++) {
		++*steps;
		seen.stopped = !fiber_pause(e);
	}
	seen.ended = true;
}

static void begin(struct plat_env *e, unsigned place, uint32_t *steps)
{
	e->state = ENV_RUNNABLE;
	e->place = place;
	cpu_here()->current = e;
	tap_ok(fiber_run(e, call, steps) && e->state == ENV_CALLING,
	    "a call pauses");
}

static void go_on(struct plat_env *e)
{
	cpu_here()->current = e;
	fiber_resume(e);
}

void test_fiber(void)
{
	uint64_t before, top;

	begin(&one, 0, &seen.steps[0]);
	begin(&two, ENVS_MAX - 1, &seen.steps[1]);
	tap_ok(seen.here && !fiber_here(&one), "on a stack of its own");
	go_on(&two);
	go_on(&one);
	go_on(&one);
	tap_ok(seen.steps[0] == 3 && seen.steps[1] == 2 && !seen.ended,
	    "two go on by turns");
	go_on(&one);
	tap_ok(seen.ended && one.state == ENV_RUNNABLE, "one ends");
	env_die(&two, ENV_KILLED, 1);
	env_die(&two, ENV_KILLED, 2);
	tap_ok(two.state == ENV_CALLING && !env_any_dead(),
	    "who dies in the middle of a call is there yet");
	seen.ended = false;
	go_on(&two);
	tap_ok(seen.stopped && seen.ended && two.state == ENV_DEAD &&
	           two.code == 1 && env_any_dead(),
	    "the call ends first, and is told so");
	top = one.stack;
	before = frames_free();
	fiber_free(&one);
	fiber_free(&two);
	tap_ok(frames_free() > before && one.stack == 0, "stacks come back");
	tap_ok(trap_expect(test_read, top - 8, NULL) == TRAP_PF,
	    "and are not there any more");
	seen.stopped = false;
	begin(&one, 0, &seen.steps[0]);
	tap_ok(one.stack == top && trap_expect(test_read, top, NULL) == TRAP_PF,
	    "behind a stack there is nothing");
	fiber_free(&one);
	cpu_here()->current = NULL;
}
