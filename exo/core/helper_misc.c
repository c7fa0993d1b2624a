/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers that tell of the machine: time, chance, processor. */
#include "exo/core/world_int.h"

#define TICK_NS 1000u

static int now(struct helper *h)
{
	struct exo_world *w = h->w;

	if (w->now != NULL) {
		h->r[0] = w->now(w->arg);
	} else {
		h->r[0] = w->clock;
		w->clock += TICK_NS;
	}
	return ISA_HELPER_DONE;
}

int helper_ktime_get_ns(struct helper *h)
{
	return now(h);
}

int helper_ktime_get_boot_ns(struct helper *h)
{
	return now(h);
}

/* S. Vigna's splitmix64, its upper half. */
int helper_get_prandom_u32(struct helper *h)
{
	uint64_t z = (h->w->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	h->r[0] = (z ^ (z >> 31)) >> 32;
	return ISA_HELPER_DONE;
}

int helper_get_smp_processor_id(struct helper *h)
{
	return helper_gives(h, 0);
}
