/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel's memory for an environment is, as the kernel shows it: before it does
 * anything, with bindings, with frames, with entries (docs/accounting.sh).
 */
#include "exo/abi/phys.h"
#include "tests/bare/stage.h"

#define NEWS_NS 101000000u /* the numbers are no older */

static uint64_t kernel_bytes(uint64_t name)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	const volatile struct exo_state *s =
	    (const void *)(uintptr_t)EXO_STATE_AT;
	uint64_t before = s->now;

	while (s->now == before)
		(void)lnet_sleep(s->now + NEWS_NS);
	for (uint32_t i = 0; i < EXO_STATE_ENVS; i++)
		if (s->env[i].env == name)
			return s->env[i].kernel;
	return 0;
}

int lnet_main(struct exo_pe *pe)
{
	static struct exo_key keys[EXO_BATCH];
	struct exo_call_frames take = { (uintptr_t)keys, EXO_BATCH, EXO_ANY };
	uint64_t before = kernel_bytes(pe->env), now, name;

	check_say("environment", before);
	for (uint32_t n = 0; n < 100; n++) {
		CHECK(stage_bind_each(&pe->key, EXO_BIND_TAP, &name) == 0);
		if (n != 0 && n != 9 && n != 99)
			continue;
		now = kernel_bytes(pe->env);
		check_say(n == 0   ? "binding_1"
		          : n == 9 ? "bindings_10"
		                   : "bindings_100",
		    now - before);
	}
	before = kernel_bytes(pe->env);
	CHECK(lnet_call(EXO_CALL_FRAMES_NR, &take, sizeof(take)) == 0);
	check_say("frames_64", kernel_bytes(pe->env) - before);
	for (uint32_t i = 0; i < EXO_BATCH; i++) {
		struct exo_pte e = { 0x100000000000u + i * EXO_PAGE,
			EXO_PTE_PRESENT | EXO_PTE_NX, keys[i] };
		struct exo_call_pte enter = { .entries = (uintptr_t)&e,
			.n = 1 };

		CHECK(lnet_call(EXO_CALL_PTE_NR, &enter, sizeof(enter)) == 0);
	}
	check_say("entries_64", kernel_bytes(pe->env) - before);
	return 0;
}
