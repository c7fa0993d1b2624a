/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the calls for page frames and entries: the input's bytes are what four libOSes
 * do, and what the platform does in between. After each step all must be as the model has
 * it (tests/support/phys_model.h); in the end every frame has come back.
 */
#include "exo/hosted/plat_hosted.h"
#include "tests/support/phys_trial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plat_env env[PHYS_SPACES] = { { .ours = true },
		{ .ours = true }, { .ours = true }, { .ours = true } };
	struct plat_env *const plat[PHYS_SPACES] = { &env[0], &env[1], &env[2],
		&env[3] };
	struct spacegen g = { .p = data, .n = size, .seed = 1 };
	struct phys_trial_stat st = { 0 };

	phys_trial(plat, &g, true, 1000, &st);
	return 0;
}
