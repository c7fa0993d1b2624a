/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine in a process: see bare.h. */
#include "tests/support/bare.h"

#include "exo/bare/frames.h"
#include "exo/bare/space.h"
#include "exo/bare/tlb.h"
#include "exo/lib/bug.h"
#include "tests/support/ram.h"
#include "tests/support/walk.h"

#include "exo/bare/paging.h"

/* One run of each size at most is free, so that frames come in the same order whenever
 * all of them came back. */
void bare_new(struct bare *b, uint64_t size, uint32_t most, bool forget)
{
	const struct machine m = { .ram = { { RAM_KERNEL, size - RAM_KERNEL } },
		.nram = 1,
		.ram_end = size };

	ram_new(size);
	frames_init(&m);
	*b = (struct bare){ .size = size };
	exo_assert(space_init(&m, most, forget, &b->phys) == 0);
	b->free = frames_free();
}

struct plat_env *bare_env(struct bare *b, const struct env_args *args)
{
	const uint64_t bits = PT_PRESENT | PT_USER | PT_WRITE | PT_NX;
	struct env_args a = *args;
	struct plat_env *e;

	a.child = true; /* without a program */
	if (a.label == NULL)
		a.label = "env";
	if (env_new(b->core, b->phys, &a, &e) != 0)
		return NULL;
	b->rows = walk_rows(e);
	e->state = ENV_RUNNABLE;
	e->regs.rip = BARE_PAGE;
	if (env_map_new(e, BARE_PAGE, bits))
		return e;
	env_free(e);
	return NULL;
}

void bare_end_envs(struct bare *b)
{
	tlb_use(TLB_KERNEL);
	for (unsigned i = 0; i < env_places(); i++)
		if (env_at(i) != NULL)
			env_free(env_at(i));
	exo_core_free(b->core);
	b->core = NULL;
	exo_assert(space_tables() == 0);
	exo_assert(frames_free() + space_retired() == b->free);
}

int bare_frame(struct plat_env *e, uint32_t want, struct exo_key *out)
{
	struct exo_call_frames a = { BARE_PAGE, 1, want };
	int err = exo_phys_call(e->phys, e->holder, EXO_CALL_FRAMES_NR, &a);

	return err != 0 ? err : env_copy_in(e, out, BARE_PAGE, sizeof(*out));
}

int bare_release(struct plat_env *e, const struct exo_key *key)
{
	struct exo_call_release a = { BARE_PAGE, 1, 0 };
	int err = env_copy_out(e, BARE_PAGE, key, sizeof(*key));

	return err != 0
	           ? err
	           : exo_phys_call(e->phys, e->holder, EXO_CALL_RELEASE_NR, &a);
}

int bare_enter(struct plat_env *e, const struct exo_key *env, uint64_t va,
    const struct exo_key *key, uint64_t bits)
{
	struct exo_call_pte a = { .entries = BARE_PAGE, .n = 1 };
	struct exo_pte pte = { .va = va, .bits = bits };
	int err;

	if (env != NULL)
		a.env = *env;
	if (key != NULL)
		pte.key = *key;
	err = env_copy_out(e, BARE_PAGE, &pte, sizeof(pte));
	return err != 0
	           ? err
	           : exo_phys_call(e->phys, e->holder, EXO_CALL_PTE_NR, &a);
}

uint32_t bare_map(struct plat_env *e, uint64_t va, uint64_t bits)
{
	struct exo_key key;

	exo_assert(bare_frame(e, EXO_ANY, &key) == 0);
	exo_assert(bare_enter(e, NULL, va, &key, bits) == 0);
	return key.region;
}
