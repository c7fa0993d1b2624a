/* SPDX-License-Identifier: BSD-2-Clause */
/* Epochs: see epoch.h. */
#include "exo/core/epoch.h"

void exo_epoch_init(struct exo_epoch *e)
{
	e->now = 1;
	for (uint32_t r = 0; r < EXO_EPOCH_READERS; r++)
		e->reader[r].at = 0;
}

void exo_epoch_enter(struct exo_epoch *e, uint32_t r)
{
	uint64_t seen = __atomic_load_n(&e->now, __ATOMIC_SEQ_CST), again;

	for (;;) {
		__atomic_store_n(&e->reader[r].at, seen, __ATOMIC_SEQ_CST);
		again = __atomic_load_n(&e->now, __ATOMIC_SEQ_CST);
		if (again == seen)
			return;
		seen = again;
	}
}

void exo_epoch_leave(struct exo_epoch *e, uint32_t r)
{
	__atomic_store_n(&e->reader[r].at, 0, __ATOMIC_RELEASE);
}

uint64_t exo_epoch_now(const struct exo_epoch *e)
{
	return __atomic_load_n(&e->now, __ATOMIC_RELAXED);
}

bool exo_epoch_try(struct exo_epoch *e)
{
	uint64_t now = exo_epoch_now(e);

	for (uint32_t r = 0; r < EXO_EPOCH_READERS; r++) {
		uint64_t at =
		    __atomic_load_n(&e->reader[r].at, __ATOMIC_SEQ_CST);

		if (at != 0 && at != now)
			return false;
	}
	__atomic_store_n(&e->now, now + 1, __ATOMIC_SEQ_CST);
	return true;
}

bool exo_epoch_over(const struct exo_epoch *e, uint64_t stamp)
{
	return exo_epoch_now(e) - stamp >= 2;
}
