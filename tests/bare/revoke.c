/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What environments do that are asked to give something up. The argument is the name of
 * one of those below; what is asked of each is in revoke.conf.
 */
#include "tests/bare/letter.h"

#define PAGES 16u
#define MOST  8u

static struct exo_pe *page;
static uint8_t stack[8192];
static struct exo_key keys[EXO_BATCH];
static uint64_t names[MOST];
/* What the handler was told, and does. */
static volatile uint32_t calls, kind, asked;
static void (*volatile answer)(uint32_t n);

void lnet_on_revoke(struct exo_frame *f)
{
	CHECK(f->cause == EXO_CAUSE_REVOKE && f->address != 0);
	kind = (uint32_t)f->vector;
	asked = (uint32_t)f->code;
	calls++;
	if (answer != (void (*)(uint32_t))0)
		answer(asked);
}

static void listen_with(void (*fn)(uint32_t n))
{
	answer = fn;
	lnet_upcalls(page, stack, sizeof(stack));
	page->entry_revoke = (uintptr_t)lnet_enter_revoke;
}

static void until_asked(void)
{
	while (calls == 0)
		(void)lnet_yield();
}

static uint64_t lost(void)
{
	return pages_losses()->total;
}

/* Nothing more comes, and nothing was lost. */
static void all_is_well(void)
{
	for (uint32_t i = 0; i < 100; i++)
		(void)lnet_yield();
	CHECK(calls == 1 && lost() == 0);
}

/* --- frames ------------------------------------------------------------------------ */

static void give_coldest(uint32_t n)
{
	CHECK(n <= MOST);
	for (uint32_t i = 0; i < n; i++)
		names[i] = pages_name(&keys[3 * i]);
	CHECK(lnet_surrender(EXO_KIND_FRAME, names, n) == 0);
}

/* Each third page is the coldest. */
static void coldest(void)
{
	pages_own(keys, PAGES);
	listen_with(give_coldest);
	until_asked();
	CHECK(kind == EXO_KIND_FRAME && asked == 5);
	all_is_well();
	for (uint32_t i = 0; i < PAGES; i++)
		CHECK(pages_alive(&keys[i]) == (i % 3 != 0 || i >= 15));
}

/* By RELEASE, in two parts. */
static void give_others(uint32_t n)
{
	CHECK(pages_give(keys, n / 2) == 0);
	CHECK(pages_give(keys + n / 2, n - n / 2) == 0);
}

static void release(void)
{
	pages_own(keys, PAGES);
	listen_with(give_others);
	until_asked();
	all_is_well();
	CHECK(asked == 7 && !pages_alive(&keys[6]) && pages_alive(&keys[7]));
}

/* What each page has: its number, and numbers that follow from it (revoke.sh). */
static uint32_t next_of(uint32_t x)
{
	return x * 1664525u + 1013904223u;
}

static void fill(uint32_t i)
{
	uint32_t *p = (uint32_t *)(void *)pages_at(i), x = i + 100;

	for (uint32_t k = 0; k < EXO_PAGE / 4; k++) {
		p[k] = x;
		x = next_of(x);
	}
}

static int is_filled(uint32_t i)
{
	const uint32_t *p = (const uint32_t *)(const void *)pages_at(i);
	uint32_t x = i + 100;

	for (uint32_t k = 0; k < EXO_PAGE / 4; k++) {
		if (p[k] != x)
			return 0;
		x = next_of(x);
	}
	return 1;
}

/* One page that was taken comes back from the disk. */
static void restore(const volatile struct exo_loss *l)
{
	uint32_t i = (uint32_t)((l->va - PAGES_AT) / EXO_PAGE);
	struct exo_key key;

	CHECK(l->kind == EXO_KIND_FRAME && i < PAGES && l->time != 0);
	CHECK(l->name == pages_name(&keys[i]) && !pages_alive(&keys[i]));
	CHECK(l->block != EXO_ANY);
	CHECK(pages_take(&key, 1) == 0);
	CHECK(lnet_disk(&page->disk, &key, l->block, 0) == 0);
	CHECK(pages_show(i, &key) == 0);
	keys[i] = key;
	CHECK(is_filled(i));
}

/* It never answers: the kernel takes six, saves five, and it goes on as if nothing had
 * been but for one. */
static void never(void)
{
	const volatile struct exo_losses *l = pages_losses();

	pages_own(keys, PAGES);
	for (uint32_t i = 0; i < PAGES; i++)
		fill(i);
	CHECK(lnet_seed(&page->disk) == 0);
	listen_with((void (*)(uint32_t))0);
	until_asked();
	CHECK(lost() == 0);
	CHECK(pages_lost(6));
	CHECK(calls == 1 && l->saved == 5 && l->loss[5].block == EXO_ANY);
	for (uint32_t i = 0; i < 5; i++)
		restore(&l->loss[i]);
	CHECK(pages_take(keys + 10, 1) == 0 && pages_show(10, keys + 10) == 0);
	fill(10);
	for (uint32_t i = 0; i < PAGES; i++)
		CHECK(is_filled(i));
}

/* No entry point: it loses at once, long before the time is over. */
static void deaf(void)
{
	pages_own(keys, PAGES);
	CHECK(pages_lost(3));
	CHECK(calls == 0);
	for (uint32_t i = 0; i < PAGES; i++)
		CHECK(pages_alive(&keys[i]) == (i < PAGES - 3));
	for (uint32_t i = 0; i < 3; i++)
		CHECK(pages_losses()->loss[i].block == EXO_ANY);
}

/* It sees that there is something, but does not leave its critical section in time. */
static void critical(void)
{
	volatile struct exo_pe *pe = page;

	pages_own(keys, PAGES);
	pe->critical = 1;
	listen_with((void (*)(uint32_t))0);
	while (pe->revoke == 0)
		(void)lnet_yield();
	CHECK(pages_lost(4));
	pe->critical = 0;
	for (uint32_t i = 0; i < 100; i++)
		(void)lnet_yield();
	CHECK(calls == 0 && lost() == 4);
}

/* It leaves it in time. */
static void critical_short(void)
{
	volatile struct exo_pe *pe = page;

	pages_own(keys, PAGES);
	pe->critical = 1;
	listen_with(give_others);
	while (pe->revoke == 0)
		(void)lnet_yield();
	CHECK(calls == 0);
	pe->critical = 0;
	until_asked();
	all_is_well();
}

/* All that it has is guaranteed. */
static void guaranteed(void)
{
	pages_own(keys, PAGES);
	listen_with((void (*)(uint32_t))0);
	for (uint32_t i = 0; i < 3000; i++)
		(void)lnet_yield();
	CHECK(calls == 0 && lost() == 0);
}

/* --- slots ---------------------------------------------------------------------------- */

static int slot_is_mine(uint32_t i)
{
	const volatile struct exo_slot_row *row =
	    (const volatile struct exo_slot_row *)EXO_SLOTS_AT + i;

	return row->owner != 0 &&
	       pages_state()->env[row->owner - 1].env == page->env;
}

/* Takes n slots. */
static void take_slots(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct exo_call_slots a = {
			.first = EXO_ANY, .step = 1, .n = 1
		};

		CHECK(lnet_call(EXO_CALL_TIME_TAKE_NR, &a, sizeof(a)) == 0);
		names[i] = a.out_first;
	}
}

static void give_slots(uint32_t n)
{
	struct exo_call_slots a = {
		.first = (uint32_t)names[0], .step = 1, .n = 1
	};

	CHECK(n == 2 && kind == EXO_KIND_SLOT);
	CHECK(lnet_call(EXO_CALL_TIME_GIVE_NR, &a, sizeof(a)) == 0);
	CHECK(lnet_surrender(EXO_KIND_SLOT, names, 1) == -EXO_ENOENT);
	CHECK(lnet_surrender(EXO_KIND_SLOT, names + 2, 1) == 0);
}

static void slots(void)
{
	listen_with(give_slots);
	take_slots(3);
	until_asked();
	all_is_well();
	CHECK(!slot_is_mine((uint32_t)names[0]) &&
	      slot_is_mine((uint32_t)names[1]) &&
	      !slot_is_mine((uint32_t)names[2]));
}

/* Its own slot, 0, stays, whatever is asked for. */
static void slots_never(void)
{
	listen_with((void (*)(uint32_t))0);
	take_slots(2);
	CHECK(pages_lost(2));
	for (uint32_t i = 0; i < 2; i++) {
		const volatile struct exo_loss *l = &pages_losses()->loss[i];

		CHECK(l->kind == EXO_KIND_SLOT && l->block == EXO_ANY);
		CHECK(l->name == names[1 - i]);
		CHECK(!slot_is_mine((uint32_t)names[i]));
	}
	CHECK(slot_is_mine(0));
}

/* --- bindings, keys -------------------------------------------------------------------- */

static void bind_some(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK(
		    stage_bind_each(&page->key, EXO_BIND_TAP, &names[i]) == 0);
}

static int is_bound(uint64_t name)
{
	struct exo_call_stat a = { .binding = name };

	return lnet_call(EXO_CALL_STAT_NR, &a, sizeof(a)) == 0;
}

static void unbind(uint32_t n)
{
	struct exo_call_unbind a = { names[1] };

	CHECK(n == 2 && kind == EXO_KIND_BINDING);
	CHECK(lnet_call(EXO_CALL_UNBIND_NR, &a, sizeof(a)) == 0);
	CHECK(lnet_surrender(EXO_KIND_BINDING, names, 2) == -EXO_ENOENT);
	CHECK(lnet_surrender(EXO_KIND_BINDING, names, 1) == 0);
}

static void bindings(void)
{
	bind_some(4);
	listen_with(unbind);
	until_asked();
	all_is_well();
	for (uint32_t i = 0; i < 4; i++)
		CHECK(is_bound(names[i]) == (i >= 2));
}

static void bindings_never(void)
{
	bind_some(4);
	listen_with((void (*)(uint32_t))0);
	CHECK(pages_lost(2));
	for (uint32_t i = 0; i < 4; i++)
		CHECK(is_bound(names[i]) == (i < 2));
	for (uint32_t i = 0; i < 2; i++) {
		CHECK(pages_losses()->loss[i].kind == EXO_KIND_BINDING);
		CHECK(pages_losses()->loss[i].name == names[3 - i]);
	}
}

static int64_t derive(const struct exo_key *from, struct exo_key *out)
{
	struct exo_call_derive a = { .key = *from, .rights = from->rights };
	int64_t err = lnet_call(EXO_CALL_DERIVE_NR, &a, sizeof(a));

	*out = a.out_key;
	return err;
}

static void derive_some(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		CHECK(derive(&page->key, &keys[i]) == 0);
		names[i] = pages_key_name(&keys[i]);
	}
}

static void give_keys(uint32_t n)
{
	CHECK(n == 2 && kind == EXO_KIND_KEY);
	CHECK(lnet_surrender(EXO_KIND_KEY, names, 2) == 0);
}

static void derived(void)
{
	struct exo_key out;

	derive_some(3);
	listen_with(give_keys);
	until_asked();
	all_is_well();
	CHECK(derive(&keys[0], &out) == -EXO_ESTALE);
	CHECK(derive(&keys[2], &out) == 0);
}

/* The newest, with what was bound by it; that of its start is guaranteed. */
static void derived_never(void)
{
	const volatile struct exo_loss *l = pages_losses()->loss;
	struct exo_key out;

	derive_some(2);
	CHECK(stage_bind_each(&keys[1], EXO_BIND_TAP, &names[4]) == 0);
	listen_with((void (*)(uint32_t))0);
	CHECK(pages_lost(3));
	CHECK(l[0].kind == EXO_KIND_BINDING && l[0].name == names[4]);
	CHECK(l[1].kind == EXO_KIND_KEY && l[1].name == names[1]);
	CHECK(l[2].kind == EXO_KIND_KEY && l[2].name == names[0]);
	CHECK(derive(&keys[0], &out) == -EXO_ESTALE);
	CHECK(derive(&page->key, &out) == 0);
}

/* --- by others -------------------------------------------------------------------------- */

/* Another one, which has the key, ends it. */
static void lends(void)
{
	const volatile struct exo_loss *l = pages_losses()->loss;

	derive_some(1);
	CHECK(stage_bind_each(&keys[0], EXO_BIND_TAP, &names[1]) == 0);
	letter_write(&page->disk, 0, &keys[0]);
	CHECK(pages_lost(2));
	CHECK(l[0].kind == EXO_KIND_BINDING && l[0].name == names[1]);
	CHECK(l[1].kind == EXO_KIND_KEY && l[1].name == names[0]);
}

static void ends(void)
{
	struct exo_call_revoke a = { letter_read(&page->disk, 0) };

	CHECK(lnet_call(EXO_CALL_REVOKE_NR, &a, sizeof(a)) == 0);
	CHECK(lost() == 0);
}

/* The same with a frame, by RELEASE. */
static void lends_frame(void)
{
	pages_own(keys, 1);
	letter_write(&page->disk, 1, &keys[0]);
	CHECK(pages_lost(1));
	CHECK(pages_losses()->loss[0].va == PAGES_AT);
	CHECK(pages_losses()->loss[0].kind == EXO_KIND_FRAME);
	CHECK(pages_losses()->loss[0].name == pages_name(&keys[0]));
	CHECK(pages_losses()->loss[0].block == EXO_ANY);
}

static void ends_frame(void)
{
	keys[0] = letter_read(&page->disk, 1);
	CHECK(pages_give(keys, 1) == 0);
	CHECK(lost() == 0);
}

/* A key of blocks that were lent is over when the one is whose they were. */
static void lends_disk(void)
{
	letter_write(&page->disk, 2, &page->disk);
}

static void ends_disk(void)
{
	struct exo_key disk = letter_read(&page->disk, 2);
	int64_t err = 0;

	CHECK(pages_take(keys, 1) == 0);
	for (unsigned i = 0; err == 0 && i < 10000; i++) {
		err = lnet_disk(&disk, &keys[0], 0, 0);
		(void)lnet_yield();
	}
	CHECK(err == -EXO_ESTALE);
	CHECK(lnet_disk(&page->disk, &keys[0], 0, 0) == 0);
}

static const struct stage_attack all[] = {
	ATTACK(coldest),
	ATTACK(release),
	ATTACK(never),
	ATTACK(deaf),
	ATTACK(critical),
	ATTACK(critical_short),
	ATTACK(guaranteed),
	ATTACK(slots),
	ATTACK(slots_never),
	ATTACK(bindings),
	ATTACK(bindings_never),
	ATTACK(derived),
	ATTACK(derived_never),
	ATTACK(lends),
	ATTACK(ends),
	ATTACK(lends_frame),
	ATTACK(ends_frame),
	ATTACK(lends_disk),
	ATTACK(ends_disk),
};

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	return stage_main(pe, all, sizeof(all) / sizeof(all[0]));
}
