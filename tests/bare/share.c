/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One who takes all frames there are, again and again ("hoarder"), and one who comes late
 * ("late"): in the end both have the same beyond what is guaranteed to them.
 *
 * One who reads from a slow disk all the time ("reader"), and one who has half of the
 * slots ("worker"): the time for which the kernel waited is the reader's.
 */
#include "tests/bare/pages.h"

#define MS       1000000u
#define START_MS 300u

static struct exo_key keys[EXO_BATCH];

static uint64_t now(void)
{
	return pages_state()->now;
}

static uint64_t lost(void)
{
	return pages_losses()->total;
}

static uint32_t take(uint32_t n, int64_t *err)
{
	uint32_t got = 0;

	while ((*err = pages_take(keys, n)) == 0)
		got += n;
	return got;
}

static void hoarder(void)
{
	const volatile struct exo_env_row *own = pages_row("hoarder");
	uint64_t got = 0, n;
	int64_t err;
	int came = 0;

	for (;;) {
		got += take(EXO_BATCH, &err);
		CHECK(err == -EXO_ENOMEM);
		got += take(1, &err);
		CHECK(err == -EXO_ENOMEM);
		n = own == NULL ? 0 : own->guaranteed;
		CHECK(got + n >= lost()); /* so many it had at the start */
		CHECK(n == 0 || own->frames == 0 || own->frames >= n ||
		      lost() == 0);
		if (pages_row("late") != NULL)
			came = 1;
		else if (came)
			return;
		(void)lnet_yield();
		own = pages_row("hoarder");
	}
}

/* Until nobody has more than it would have. */
static void ask(uint32_t n, uint32_t *again)
{
	int64_t err = 0;

	while (err != -EXO_ENOMEM) {
		(void)take(n, &err);
		CHECK(err == -EXO_ENOMEM || err == -EXO_EAGAIN);
		CHECK(++*again < 1000000);
		(void)lnet_yield();
	}
}

static void late(void)
{
	const volatile struct exo_env_row *own, *other;
	uint32_t again = 0, mine, its;

	while (now() < START_MS * (uint64_t)MS)
		(void)lnet_yield();
	ask(EXO_BATCH, &again);
	ask(1, &again);
	CHECK(lnet_sleep(now() + START_MS * (uint64_t)MS) == 0);
	own = pages_row("late");
	other = pages_row("hoarder");
	CHECK(own != NULL && other != NULL);
	CHECK(own->guaranteed < 100 && other->guaranteed == 3000);
	mine = own->frames - own->guaranteed;
	its = other->frames - other->guaranteed;
	CHECK(mine > 1000 && mine + 1 >= its && its + 1 >= mine);
	CHECK(lost() == 0);
}

#define WORK_MS 3000u

static struct exo_pe *page;

static void reader(void)
{
	CHECK(pages_take(keys, 1) == 0);
	while (now() < WORK_MS * (uint64_t)MS)
		CHECK(lnet_disk(&page->disk, keys, 0, 0) == 0);
}

static void worker(void)
{
	const volatile struct exo_env_row *own, *other;
	uint64_t from = now();

	while (now() < WORK_MS * (uint64_t)MS)
		continue;
	own = pages_row("worker");
	other = pages_row("reader");
	CHECK(own != NULL && other != NULL);
	CHECK(own->excess_ns == 0 && other->excess_ns > 100 * (uint64_t)MS);
	CHECK(own->ran_ns >= (now() - from) / 2);
}

static const struct stage_attack all[] = {
	ATTACK(hoarder),
	ATTACK(late),
	ATTACK(reader),
	ATTACK(worker),
};

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	return stage_main(pe, all, sizeof(all) / sizeof(all[0]));
}
