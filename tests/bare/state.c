/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel shows of itself: an environment finds itself there by its name, with
 * numbers that can be, and what it did. With the argument "write" or "write_binds" it
 * writes there, which has to kill it. */
#include "exo/abi/phys.h"
#include "tests/bare/stage.h"

#define LONG_NS 1000000000000u

static const volatile struct exo_state *const state =
    (const volatile struct exo_state *)EXO_STATE_AT;
static const volatile struct exo_bind_row *const binds =
    (const volatile struct exo_bind_row *)EXO_BINDS_AT;

/* Let others run until the numbers were written again. */
static void later(void)
{
	uint64_t before = state->now;

	while (state->now == before)
		(void)lnet_yield();
	CHECK(state->now > before && state->now - before < LONG_NS);
}

static const volatile struct exo_env_row *me(uint64_t name)
{
	const volatile struct exo_env_row *found = 0;

	for (unsigned i = 0; i < EXO_STATE_ENVS; i++) {
		if (state->env[i].env != name)
			continue;
		CHECK(found == 0);
		found = &state->env[i];
	}
	return found;
}

static const volatile struct exo_bind_row *binding(uint64_t name)
{
	for (unsigned i = 0; i < EXO_BIND_ROWS && binds[i].binding != 0; i++)
		if (binds[i].binding == name)
			return &binds[i];
	return 0;
}

static void numbers(const struct exo_pe *pe)
{
	const volatile struct exo_env_row *r = me(pe->env);
	uint64_t turns;

	CHECK(r != 0);
	for (unsigned i = 0; i == 0 || pe->arg[i - 1] != '\0'; i++)
		CHECK(i < sizeof(r->label) && r->label[i] == pe->arg[i]);
	CHECK(r->state == EXO_IS_RUNNING);
	CHECK(r->frames > 0 && r->frames <= state->frames);
	CHECK(r->guaranteed >= r->frames);
	CHECK(r->tables > 0 && r->tables <= state->tables);
	CHECK(r->kernel > sizeof(*pe) / 2 && r->kernel < 1u << 30);
	CHECK(r->ring_size == pe->ring_size && r->ring_used == 0);
	CHECK(r->delivered == 0 && r->dropped == 0 && r->lost == 0);
	CHECK(r->upcalls == 0 && r->faults == 0);
	turns = r->turns;
	CHECK(turns > 0);
	later();
	CHECK(me(pe->env) == r && r->turns > turns);
	CHECK(state->frames_free < state->frames);
}

static void binding_is_there(const struct exo_pe *pe)
{
	const volatile struct exo_env_row *r = me(pe->env);
	const volatile struct exo_bind_row *b;
	uint64_t name;

	CHECK(r->bindings == 0);
	CHECK(stage_bind_each(&pe->key, EXO_BIND_TAP, &name) == 0);
	later();
	b = binding(name);
	CHECK(b != 0);
	CHECK(b->env == pe->env && b->max_steps >= 2);
	CHECK(b->matched >= b->delivered && b->evaluated >= b->matched);
	CHECK(r->bindings == 1);
}

int lnet_main(struct exo_pe *pe)
{
	later();
	CHECK(state->now != 0); /* it can be read */
	if (same_text(pe->arg, "write"))
		((volatile struct exo_state *)EXO_STATE_AT)->now = 0;
	else if (same_text(pe->arg, "write_binds"))
		((volatile struct exo_bind_row *)EXO_BINDS_AT)->binding = 0;
	numbers(pe);
	binding_is_there(pe);
	return 0;
}
