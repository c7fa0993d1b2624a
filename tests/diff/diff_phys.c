/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page frames, entries, the S-TLB and their keys against a model.
 *
 * usage: diff_phys [-q] [-s SEED] [-n STEPS]
 *
 * Four libOSes do what chance says with 48 frames and 24 pages each, and now and then
 * what they must not; the platform drops tables, has no room for them, takes frames,
 * promises some, ends environments. Each result, each number and each entry of the
 * machine's tables must be what the model says (tests/support/phys_model.h). -n steps
 * (1,000,000) in lives of 5,000; -q (or EXOPF_QUICK=1) a tenth of them. Exit: 0 all is
 * well; a difference aborts, and names the seed before.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "exo/abi/err.h"
#include "exo/hosted/plat_hosted.h"
#include "tests/support/phys_trial.h"

#define LIFE 5000u

static void say(const struct phys_trial_stat *st)
{
	printf("steps %" PRIu64 ", calls %" PRIu64 ", done %" PRIu64
	       ", differences 0\n",
	    st->steps, st->calls, st->done);
#define EXO_ERR(name, number, meaning)                          \
	if (st->refused[number] != 0)                           \
		printf("refused with " #name ": %" PRIu64 "\n", \
		    st->refused[number]);
#include "exo/abi/err.inc"
#undef EXO_ERR
	printf("pages entered again %" PRIu64 ", displaced %" PRIu64
	       ", environments ended %" PRIu64 ", frames lost %" PRIu64 "\n",
	    st->refills, st->displaced, st->ends, st->lost);
}

int main(int argc, char **argv)
{
	static struct plat_env env[PHYS_SPACES] = { { .ours = true },
		{ .ours = true }, { .ours = true }, { .ours = true } };
	struct plat_env *const plat[PHYS_SPACES] = { &env[0], &env[1], &env[2],
		&env[3] };
	struct spacegen g = { .seed = 20261130 };
	struct phys_trial_stat st = { 0 };
	bool quick = getenv("EXOPF_QUICK") != NULL;
	uint64_t steps = 1000000;
	int c;

	while ((c = getopt(argc, argv, "qs:n:")) != -1) {
		if (c == 'q')
			quick = true;
		else if (c == 's')
			g.seed = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			steps = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	steps = quick ? steps / 10 : steps;
	while (st.steps < steps) {
		uint64_t n = steps - st.steps < LIFE ? steps - st.steps : LIFE;

		fprintf(stderr, "# -s %" PRIu64 " -n %" PRIu64 "\n", g.seed, n);
		phys_trial(plat, &g, false, n, &st);
	}
	say(&st);
	return 0;
}
