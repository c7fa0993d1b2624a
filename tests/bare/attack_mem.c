/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks on memory: frames of others, entries that must not be, all there is of
 * something. As attack.c. One that is in another's way gives back what it took.
 */
#include "exo/abi/phys.h"
#include "tests/bare/pages.h"

#define AT     0x0000100000000000u
#define RW     (EXO_PTE_PRESENT | EXO_PTE_WRITE | EXO_PTE_NX)
#define RX     EXO_PTE_PRESENT
#define PT_AT  0x000ffffffffff000u
#define FRAMES 16384u /* of the machine: 64 MiB */
#define HOLD   16384u

#define RESERVE 512u /* frames that are the kernel's (space.c) */

/* When all frames are taken; stacks are made from then on, for as long again. */
#define STACKS_MS 3000u

static struct exo_pe *page;
static struct exo_key none, keys[EXO_BATCH];
static uint32_t hoard[HOLD];
_Alignas(4096) static uint8_t stack[8192];
_Alignas(4096) static volatile int64_t table[512]; /* that a child writes */
static uint64_t skip; /* bytes of an instruction that may fault */
static volatile uint64_t faults;

void lnet_on_fault(struct exo_frame *f)
{
	faults++;
	if (skip == 0)
		lnet_quit(100 + f->vector);
	f->rip += skip;
}

/* Whether a load, or a store, faults. */
static int load_faults(uint64_t at)
{
	uint64_t before = faults;

	skip = 2;
	__asm__ volatile("movb (%%rcx), %%al" : : "c"(at) : "rax", "memory");
	skip = 0;
	return faults != before;
}

static int store_faults(uint64_t at)
{
	uint64_t before = faults;

	skip = 3;
	__asm__ volatile("movb $1, (%%rcx)" : : "c"(at) : "memory");
	skip = 0;
	return faults != before;
}

static int take(uint32_t n, uint32_t want)
{
	struct exo_call_frames a = { (uintptr_t)keys, n, want };

	return (int)lnet_call(EXO_CALL_FRAMES_NR, &a, sizeof(a));
}

static int release(const struct exo_key *key, uint32_t n)
{
	struct exo_call_release a = { (uintptr_t)key, n, 0 };

	return (int)lnet_call(EXO_CALL_RELEASE_NR, &a, sizeof(a));
}

static int pte_of(const struct exo_key *env, uint64_t va, uint64_t bits,
    const struct exo_key *key)
{
	struct exo_pte e = { va, bits, *key };
	struct exo_call_pte a = { *env, (uintptr_t)&e, 1, 0 };

	return (int)lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a));
}

static int pte(uint64_t va, uint64_t bits, const struct exo_key *key)
{
	return pte_of(&none, va, bits, key);
}

static int key_of(uint32_t frame, struct exo_key *out)
{
	struct exo_call_key_of a = { .frame = frame };
	int err = (int)lnet_call(EXO_CALL_KEY_OF_NR, &a, sizeof(a));

	*out = a.out_key;
	return err;
}

static int lessen(
    const struct exo_key *key, uint32_t rights, struct exo_key *to)
{
	struct exo_call_lessen a = { .key = *key, .rights = rights };
	int err = (int)lnet_call(EXO_CALL_LESSEN_NR, &a, sizeof(a));

	*to = a.out_key;
	return err;
}

/* The entry of a page whose table is there. */
static uint64_t entry_of(uint64_t va)
{
	uint64_t at = EXO_TABLES_AT + va / EXO_PAGE * 8;

	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return *(const volatile uint64_t *)(uintptr_t)at;
}

/* The frame of a page that was there from the start. */
static int own_page(const volatile void *p, struct exo_key *out)
{
	uint64_t entry = entry_of((uintptr_t)p);

	return key_of((uint32_t)((entry & PT_AT) / EXO_PAGE), out);
}

static const volatile struct exo_frame_row *row(uint32_t frame)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (const volatile struct exo_frame_row *)(uintptr_t)EXO_FRAMES_AT +
	       frame;
}

/* One frame, as soon as there is one; others may have all. */
static void take_one(void)
{
	int err = -EXO_ENOMEM;

	for (int i = 0; i < 1000 && err != 0; i++) {
		err = take(1, EXO_ANY);
		if (err != 0)
			(void)lnet_yield();
	}
	CHECK(err == 0);
}

/* --- keys ------------------------------------------------------------------------ */

static void forged_frames(void)
{
	struct exo_key key;

	take_one();
	for (unsigned bit = 0; bit < 8 * sizeof(key); bit++) {
		key = keys[0];
		((uint8_t *)&key)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CHECK(pte(AT, RW, &key) == -EXO_EBADKEY);
		CHECK(release(&key, 1) == -EXO_EBADKEY);
		CHECK(lessen(&key, EXO_FRAME_READ, &key) < 0);
	}
	key = keys[0];
	for (uint32_t i = 0; i < FRAMES; i += 13) { /* under one's own MAC */
		key.region = i;
		if (i != keys[0].region)
			CHECK(pte(AT, RW, &key) == -EXO_EBADKEY);
	}
	CHECK(pte(AT, RW, &none) == -EXO_EBADKEY);
	CHECK(pte(AT, RW, &page->key) == -EXO_EBADKEY);
	CHECK(load_faults(AT));
	CHECK(release(keys, 1) == 0);
}

static void stale_frames(void)
{
	struct exo_key old;
	int err;

	take_one();
	old = keys[0];
	CHECK(pte(AT, RW, &old) == 0 && !store_faults(AT));
	CHECK(release(&old, 1) == 0);
	CHECK(load_faults(AT)); /* its entries went with it */
	CHECK(pte(AT, RW, &old) == -EXO_ESTALE);
	CHECK(release(&old, 1) == -EXO_ESTALE);
	err = take(1, old.region); /* unless another has it by now */
	if (err != 0)
		return;
	CHECK(keys[0].epoch != old.epoch);
	CHECK(pte(AT, RW, &old) == -EXO_ESTALE);
	CHECK(pte(AT, RW, keys) == 0 && !load_faults(AT));
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	CHECK(*(volatile uint8_t *)(uintptr_t)AT == 0);
	CHECK(release(keys, 1) == 0);
}

/* Frames of others and of the kernel: whoever has none of their keys gets none. */
static void others_frames(void)
{
	struct exo_key mine, key;
	uint32_t me;

	CHECK(own_page(stack, &mine) == 0);
	me = row(mine.region)->owner;
	CHECK(me != 0);
	for (uint32_t i = 0; i < FRAMES; i += 7) {
		if (row(i)->owner == me)
			continue;
		CHECK(key_of(i, &key) == -EXO_EPERM);
	}
	for (uint32_t i = 512; i < 768;
	     i++) /* the kernel's text begins there */
		CHECK(take(1, i) != 0);
	for (uint32_t i = 1; i < FRAMES; i += 61) {
		if (row(i)->owner != 0)
			CHECK(take(1, i) != 0);
		else if (take(1, i) == 0)
			CHECK(row(i)->owner == me && release(keys, 1) == 0);
	}
	CHECK(key_of(FRAMES, &key) == -EXO_EPERM);
	CHECK(key_of(UINT32_MAX, &key) == -EXO_EPERM);
	CHECK(take(1, FRAMES) != 0);
	CHECK(take(1, UINT32_MAX - 1) != 0);
}

static void more_rights(void)
{
	struct exo_key less, key;

	take_one();
	CHECK(lessen(keys, EXO_FRAME_READ, &less) == 0);
	CHECK(lessen(&less, EXO_FRAME_ALL, &key) == -EXO_EPERM);
	CHECK(lessen(&less, 0x80000001u, &key) == -EXO_EPERM);
	CHECK(lessen(keys, 0x10u, &key) == -EXO_EPERM);
	CHECK(lessen(&page->key, 1, &key) == -EXO_EINVAL);
	CHECK(pte(AT, RW, &less) == -EXO_EPERM);
	CHECK(pte(AT, RX, &less) == -EXO_EPERM);
	CHECK(release(&less, 1) == -EXO_EPERM);
	CHECK(pte(AT, EXO_PTE_PRESENT | EXO_PTE_NX, &less) == 0);
	CHECK(!load_faults(AT) && store_faults(AT));
	CHECK(release(keys, 1) == 0);
}

/* --- entries --------------------------------------------------------------------- */

static void bad_entries(void)
{
	static const uint64_t at[] = { EXO_MAP_END, EXO_STATE_AT, EXO_FRAMES_AT,
		EXO_TABLES_AT, EXO_LOSSES_AT, EXO_RING_AT, EXO_PE_AT,
		0x0000800000000000u, DIRECT_MAP, KERNEL_TEXT, UINT64_MAX - 4095,
		AT + 1, AT + 8, AT + 4095 };
	const uint64_t chosen =
	    RW | EXO_PTE_ACCESSED | EXO_PTE_DIRTY | EXO_PTE_SOFT | EXO_PTE_PIN;

	take_one();
	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		CHECK(pte(at[i], RW, keys) == -EXO_EINVAL);
		CHECK(pte(at[i], 0, &none) == -EXO_EINVAL);
	}
	for (unsigned bit = 0; bit < 64; bit++)
		if ((chosen >> bit & 1) == 0)
			CHECK(pte(AT, RW | (uint64_t)1 << bit, keys) ==
			      -EXO_EINVAL);
	CHECK(pte(AT, EXO_PTE_PRESENT | EXO_PTE_WRITE, keys) == -EXO_EINVAL);
	CHECK(load_faults(AT));
	/* what is pinned is not global to the processor */
	CHECK(pte(AT, RW | EXO_PTE_PIN | EXO_PTE_SOFT, keys) == 0);
	CHECK((entry_of(AT) & ~(EXO_PTE_ACCESSED | EXO_PTE_DIRTY)) ==
	      (RW | EXO_PTE_SOFT | 4 | (uint64_t)keys[0].region * EXO_PAGE));
	CHECK(release(keys, 1) == 0);
}

static void bad_batches(void)
{
	static struct exo_pte e[EXO_BATCH];
	struct exo_call_pte a = { none, (uintptr_t)e, 0, 0 };
	static const uint32_t bad[] = { 0, EXO_BATCH + 1, UINT32_MAX };
	static const uint64_t at[] = { 0, KERNEL_TEXT, DIRECT_MAP, UINT64_MAX,
		0x0000800000000000u - 8, EXO_PE_AT + 4096 - 56 };

	take_one();
	for (uint32_t i = 0; i < EXO_BATCH; i++)
		e[i] = (struct exo_pte){ AT + i * EXO_PAGE, RW, keys[0] };
	for (unsigned i = 0; i < 3; i++) {
		a.n = bad[i];
		CHECK(lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a)) == -EXO_EINVAL);
		CHECK(take(bad[i], EXO_ANY) == -EXO_EINVAL);
		CHECK(release(keys, bad[i]) == -EXO_EINVAL);
	}
	CHECK(take(2, 5000) == -EXO_EINVAL);
	a.n = EXO_BATCH;
	e[EXO_BATCH - 1].key.mac[3] ^= 1; /* the last is bad: none is entered */
	CHECK(lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a)) == -EXO_EBADKEY);
	CHECK(load_faults(AT));
	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct exo_call_frames f = { at[i], 2, EXO_ANY };

		a.entries = at[i];
		CHECK(lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a)) == -EXO_EINVAL);
		CHECK(lnet_call(EXO_CALL_FRAMES_NR, &f, sizeof(f)) < 0);
	}
	CHECK(release(keys, 1) == 0);
}

/* Where the kernel reads or writes for a call goes away in that call. */
static void unmap_args(void)
{
	const uint64_t at = AT + 0x200000u;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	struct exo_call_pte *a = (struct exo_call_pte *)(uintptr_t)at;
	struct exo_pte *e = (struct exo_pte *)(void *)(a + 1);
	struct exo_call_release *r = (struct exo_call_release *)(void *)a;

	take_one();
	CHECK(pte(at, RW, keys) == 0);
	*e = (struct exo_pte){ .va = at };
	*a = (struct exo_call_pte){ none, (uintptr_t)e, 1, 0 };
	CHECK(lnet_call(EXO_CALL_PTE_NR, a, sizeof(*a)) == 0);
	CHECK(load_faults(at));
	CHECK(pte(at, RW, keys) == 0);
	*(struct exo_key *)(void *)(r + 1) = keys[0];
	*r = (struct exo_call_release){ (uintptr_t)(r + 1), 1, 0 };
	CHECK(lnet_call(EXO_CALL_RELEASE_NR, r, sizeof(*r)) == 0);
	CHECK(load_faults(at));
	CHECK(lnet_call(EXO_CALL_RELEASE_NR, r, sizeof(*r)) == -EXO_EINVAL);
}

/* Results are nowhere where the caller could not write itself. */
static void results_into_windows(void)
{
	static const uint64_t at[] = { EXO_FRAMES_AT,
		EXO_TABLES_AT + (0x400000u >> 9) };

	for (unsigned i = 0; i < 2; i++) {
		struct exo_call_frames f = { at[i], 1, EXO_ANY };
		/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		void *p = (void *)(uintptr_t)at[i];

		CHECK(lnet_call(EXO_CALL_FRAMES_NR, &f, sizeof(f)) < 0);
		CHECK(lnet_call(EXO_CALL_KEY_OF_NR, p,
		          sizeof(struct exo_call_key_of)) == -EXO_EINVAL);
	}
}

static void frames_write(void)
{
	page->entry_fault = 0;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	*(volatile uint32_t *)(uintptr_t)(EXO_FRAMES_AT + 4096) = 1;
}

static void tables_write(void)
{
	page->entry_fault = 0;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	*(volatile uint64_t *)(uintptr_t)(EXO_TABLES_AT + (0x400000u >> 9)) = 7;
}

static void tables_jump(void)
{
	page->entry_fault = 0;
	__asm__ volatile("call *%0" : : "r"(EXO_TABLES_AT + (0x400000u >> 9)));
}

/* --- giving back ------------------------------------------------------------------ */

static void release_twice(void)
{
	take_one();
	keys[1] = keys[0];
	CHECK(release(keys, 2) == -EXO_EINVAL);
	CHECK(pte(AT, RW, keys) == 0 && !store_faults(AT));
	CHECK(release(keys, 1) == 0);
	CHECK(release(keys, 1) == -EXO_ESTALE);
	CHECK(release(keys, 2) == -EXO_ESTALE);
}

static void release_stack(void)
{
	struct exo_key key;
	uint8_t here = 0;

	CHECK(own_page(&here, &key) == 0);
	(void)release(&key, 1);
	here = 1; /* the handler ends it */
	__asm__ volatile("" : : "r"(&here) : "memory");
}

static void release_text(void)
{
	struct exo_key key;

	CHECK(own_page((const void *)(uintptr_t)lnet_enter_fault, &key) == 0);
	(void)release(&key, 1);
	__asm__ volatile("movb 0, %%al" : : : "rax");
}

static void release_upcall_stack(void)
{
	struct exo_key key;

	CHECK(own_page(stack + 4096, &key) == 0 && release(&key, 1) == 0);
	CHECK(own_page(stack, &key) == 0 && release(&key, 1) == 0);
	__asm__ volatile("movb 0, %%al" : : : "rax");
}

/* --- all there is ------------------------------------------------------------------- */

/* Take frames, k at a time, as long as there are. */
static uint32_t take_all(uint32_t n, uint32_t k)
{
	int err = 0;

	while (n + k <= HOLD && err == 0) {
		err = take(k, EXO_ANY);
		for (uint32_t i = 0; err == 0 && i < k; i++)
			hoard[n++] = keys[i].region;
	}
	CHECK(err == 0 || err == -EXO_ENOMEM || err == -EXO_ELIMIT ||
	      err == -EXO_EAGAIN);
	return n;
}

static void exhaust_frames(void)
{
	uint32_t n = take_all(take_all(0, EXO_BATCH), 1);

	for (int i = 0; i < 5; i++)
		(void)lnet_yield();
	while (n > 0) /* but what the kernel took, for who has less */
		if (key_of(hoard[--n], keys) == 0)
			CHECK(release(keys, 1) == 0);
}

static void sleep_until(uint64_t ms)
{
	CHECK(lnet_sleep(ms * 1000000) == 0);
}

/* All that is not guaranteed is gone when many have the kernel make a stack for a call:
 * there is none for some of them. */
static void exhaust_stacks(void)
{
	uint64_t binding;
	int64_t err;

	(void)take_all(take_all(0, EXO_BATCH), 1);
	sleep_until(STACKS_MS);
	err = stage_bind_each(&page->key, EXO_BIND_TAP, &binding);
	CHECK(err == 0 || err == -EXO_ENOMEM);
	sleep_until(3 * STACKS_MS);
}

/* Stacks are of the kernel's reserve, not of what is kept for others. */
static void stacks_of_reserve(void)
{
	uint64_t before, made;

	sleep_until(STACKS_MS - 500);
	before = pages_state()->frames_free;
	sleep_until(2 * STACKS_MS);
	made = before - pages_state()->frames_free;
	CHECK(made > RESERVE / 2 && made <= RESERVE);
}

/* What was guaranteed is there, whatever the others do. */
static void guaranteed(void)
{
	for (int round = 0; round < 5; round++) {
		for (uint32_t n = 0; n < 100; n++) {
			CHECK(take(1, EXO_ANY) == 0);
			hoard[n] = keys[0].region;
			CHECK(pte(AT + n * EXO_PAGE, RW, keys) == 0);
			CHECK(!store_faults(AT + n * EXO_PAGE));
		}
		(void)lnet_yield();
		for (uint32_t n = 0; n < 100; n++)
			CHECK(key_of(hoard[n], keys) == 0 &&
			      release(keys, 1) == 0);
		(void)lnet_yield();
	}
}

/* A page in each of many tables, all over what can be mapped. */
static void exhaust_tables(void)
{
	uint64_t step = EXO_MAP_END / 4096 & ~(uint64_t)4095, va;

	take_one();
	for (uint64_t i = 1; i < 4096; i++) {
		va = i * step;
		if (va >= 0x7c0000000000u)
			break;
		CHECK(pte(va, i % 3 == 0 ? RW : 2, keys) == 0);
		if (i % 3 == 0)
			CHECK(!store_faults(va));
	}
	CHECK(pte(AT, RW, keys) == 0 && !load_faults(AT));
	CHECK(release(keys, 1) == 0);
}

/* The same, pinned: none of those tables can be dropped. */
static void exhaust_pins(void)
{
	uint64_t step = (uint64_t)1 << 35, n = 0;
	int err = 0;

	take_one();
	while (n < 3000 && err == 0)
		err = pte(0x1000000000u + n++ * step, RW | EXO_PTE_PIN, keys);
	CHECK(err == -EXO_ELIMIT || err == -EXO_ENOMEM);
	for (uint64_t i = 0; i < n; i += 100)
		(void)store_faults(0x1000000000u + i * step);
	CHECK(pte(AT, RW, keys) == 0);
	CHECK(release(keys, 1) == 0);
}

/* --- environments ------------------------------------------------------------------ */

/* -EXO_EPERM when all that may be made were made. */
static int make(uint32_t frames, uint32_t ring, struct exo_key *key)
{
	struct exo_call_env_new a = { .frames = frames, .ring = ring };
	int err = -EXO_ELIMIT;

	for (int i = 0; i < 100 && err == -EXO_ELIMIT; i++) {
		err = (int)lnet_call(EXO_CALL_ENV_NEW_NR, &a, sizeof(a));
		if (err == -EXO_ELIMIT)
			(void)lnet_yield();
	}
	*key = a.out_key;
	return err;
}

static int start(
    const struct exo_key *key, uint64_t rip, uint64_t rsp, uint64_t rdi)
{
	struct exo_call_env_start a = { *key, rip, rsp, rdi };

	return (int)lnet_call(EXO_CALL_ENV_START_NR, &a, sizeof(a));
}

static int end(const struct exo_key *key)
{
	struct exo_call_env_end a = { *key };

	return (int)lnet_call(EXO_CALL_ENV_END_NR, &a, sizeof(a));
}

/* The program's text, and a page to write. */
static void clothe(const struct exo_key *child)
{
	struct exo_key key;

	for (uint64_t va = 0x400000; va < (uintptr_t)stack; va += EXO_PAGE) {
		uint64_t entry = entry_of(va);

		if ((entry & EXO_PTE_PRESENT) == 0)
			continue;
		CHECK(
		    key_of((uint32_t)((entry & PT_AT) / EXO_PAGE), &key) == 0);
		CHECK(pte_of(child, va,
		          EXO_PTE_PRESENT |
		              (entry & (EXO_PTE_WRITE | EXO_PTE_NX)),
		          &key) == 0);
	}
	CHECK(own_page(table, &key) == 0);
	CHECK(pte_of(child, (uintptr_t)table, RW, &key) == 0);
}

static void await_end(const struct exo_key *child)
{
	for (int i = 0; i < 100000; i++) {
		if (start(child, 0, 0, 0) == -EXO_ESTALE)
			return;
		(void)lnet_yield();
	}
	CHECK(start(child, 0, 0, 0) == -EXO_ESTALE);
}

static void bomb_environments(void)
{
	struct exo_key key[16];
	unsigned n = 0;

	CHECK(make(0, 0, key) < 0);
	CHECK(make(1, UINT32_MAX, key) < 0);
	CHECK(make(1, 12345, key) < 0);
	while (n < 16 && make(1, n % 2 == 0 ? 0 : 0x100000, &key[n]) == 0)
		n++;
	for (unsigned i = 0; i < n; i++) /* some of them run, somewhere */
		CHECK(i % 3 != 0 || start(&key[i], 0x400000, 0, 0) == 0);
	(void)lnet_yield();
	while (n-- > 0)
		(void)end(&key[n]);
}

static void forged_environments(void)
{
	struct exo_key child, key;

	CHECK(pte_of(&page->key, AT, 2, &none) == -EXO_EBADKEY);
	CHECK(end(&page->key) == -EXO_EBADKEY && end(&none) == -EXO_EBADKEY);
	if (make(1, 0, &child) != 0)
		return;
	for (unsigned bit = 0; bit < 8 * sizeof(key); bit++) {
		key = child;
		((uint8_t *)&key)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CHECK(end(&key) == -EXO_EBADKEY);
		CHECK(start(&key, 0x400000, 0, 0) == -EXO_EBADKEY);
		if (key.res != 0) /* else it is none: the caller's space */
			CHECK(pte_of(&key, AT, 2, &none) == -EXO_EBADKEY);
	}
	CHECK(lessen(&child, EXO_ENV_START, &key) == 0);
	CHECK(pte_of(&key, AT, 2, &none) == -EXO_EPERM);
	CHECK(end(&key) == -EXO_EPERM);
	CHECK(lessen(&key, EXO_ENV_ALL, &key) == -EXO_EPERM);
	CHECK(end(&child) == 0);
	CHECK(end(&child) == -EXO_ESTALE);
	CHECK(start(&child, 0x400000, 0, 0) == -EXO_ESTALE);
	(void)lnet_yield();
	CHECK(pte_of(&child, AT, 2, &none) == -EXO_ESTALE);
}

static _Noreturn void push(void)
{
	__asm__ volatile("pushq $0");
	lnet_quit(0);
}

/* Registers that are the kernel's, or no addresses. */
static void bad_starts(void)
{
	static const uint64_t bad[] = { KERNEL_TEXT, DIRECT_MAP,
		0x0000800000000000u, 0x8000000000000000u, UINT64_MAX, 0,
		0x00007fffffffffffu, EXO_PE_AT };
	struct exo_key child;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (make(1, 0, &child) != 0)
			return;
		clothe(&child);
		if (start(&child, bad[i], (uintptr_t)table + 4096, 0) != 0)
			CHECK(start(&child, (uintptr_t)push, bad[i], 0) == 0);
		await_end(&child);
	}
	if (make(1, 0, &child) != 0)
		return;
	clothe(&child);
	CHECK(start(&child, (uintptr_t)push, 0x8000000000000000u, 0) == 0);
	await_end(&child);
}

static _Noreturn void child_main(volatile int64_t *to)
{
	struct exo_call_env_new a = { .frames = 1 };
	struct exo_call_frames f = { (uintptr_t)&to[8], 1, EXO_ANY };

	to[1] = lnet_call(EXO_CALL_ENV_NEW_NR, &a, sizeof(a));
	to[2] = lnet_call(EXO_CALL_FRAMES_NR, &f, sizeof(f));
	to[0] = 1;
	lnet_quit(0);
}

/* A child has none of its own, and its frames are its guarantee. */
static void child_of_child(void)
{
	struct exo_key child;

	if (make(2, 0, &child) != 0)
		return;
	clothe(&child);
	table[0] = 0;
	table[1] = 0;
	CHECK(start(&child, (uintptr_t)child_main, (uintptr_t)table + 4088,
	          (uintptr_t)table) == 0);
	CHECK(start(&child, 0, 0, 0) == -EXO_EINVAL);
	await_end(&child);
	CHECK(table[0] == 1);
	CHECK(table[1] == -EXO_EPERM);
	CHECK(table[2] == 0);
}

/* Pins of a child's are as bounded as one's own. */
static void pins_of_child(void)
{
	uint64_t step = (uint64_t)1 << 35, n = 0;
	struct exo_key child;
	int err = 0;

	if (make(1, 0, &child) != 0)
		return;
	take_one();
	while (n < 3000 && err == 0)
		err = pte_of(
		    &child, 0x1000000000u + n++ * step, RW | EXO_PTE_PIN, keys);
	CHECK(err == -EXO_ELIMIT || err == -EXO_ENOMEM);
	CHECK(row(keys[0].region)->maps > 0);
	CHECK(end(&child) == 0);
	(void)lnet_yield();
	CHECK(row(keys[0].region)->maps == 0);
	CHECK(release(keys, 1) == 0);
}

static const struct stage_attack attacks[] = {
	ATTACK(forged_frames),
	ATTACK(stale_frames),
	ATTACK(others_frames),
	ATTACK(more_rights),
	ATTACK(bad_entries),
	ATTACK(bad_batches),
	ATTACK(unmap_args),
	ATTACK(results_into_windows),
	ATTACK(frames_write),
	ATTACK(tables_write),
	ATTACK(tables_jump),
	ATTACK(release_twice),
	ATTACK(release_stack),
	ATTACK(release_text),
	ATTACK(release_upcall_stack),
	ATTACK(exhaust_frames),
	ATTACK(exhaust_stacks),
	ATTACK(stacks_of_reserve),
	ATTACK(guaranteed),
	ATTACK(exhaust_tables),
	ATTACK(exhaust_pins),
	ATTACK(bomb_environments),
	ATTACK(forged_environments),
	ATTACK(bad_starts),
	ATTACK(child_of_child),
	ATTACK(pins_of_child),
};

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	lnet_upcalls(pe, stack, sizeof(stack));
	return stage_main(pe, attacks, sizeof(attacks) / sizeof(attacks[0]));
}
