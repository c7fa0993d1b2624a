/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Those who sleep, and what wakes them. The argument is one of the names below, or a
 * number of milliseconds to sleep for.
 */
#include "exo/abi/ring.h"
#include "libos-net/rt/bind.h"
#include "tests/bare/letter.h"

#define MS 1000000u

static struct exo_pe *page;
static struct exo_key key;

static uint64_t now(void)
{
	return pages_state()->now;
}

static void sleep_for(uint64_t ms)
{
	CHECK(lnet_sleep(now() + ms * MS) == 0);
}

/* --- a time ------------------------------------------------------------------------ */

/* What is over is slept for as little as 1. */
static void past(void)
{
	CHECK(lnet_sleep(0) == -EXO_EINVAL); /* nothing would ever wake it */
	CHECK(lnet_sleep(1) == 0);
	CHECK(lnet_sleep(now()) == 0);
}

static uint64_t number(const char *text)
{
	uint64_t n = 0;

	while (*text >= '0' && *text <= '9')
		n = 10 * n + (uint64_t)(*text++ - '0');
	return n;
}

/* Says so: revoke.sh looks at the order. */
static int for_a_time(const char *text)
{
	char line[32] = "woke after ";
	uint64_t from = now(), ms = number(text);
	unsigned n = 11;

	if (ms == 0)
		return 0;
	sleep_for(ms);
	/* what is shown is at most a tenth of a second old */
	CHECK(now() + 110 * (uint64_t)MS >= from + ms * MS);
	while (*text != '\0' && n + 1 < sizeof(line))
		line[n++] = *text++;
	CHECK(lnet_print(line) == 0);
	return 1;
}

/* --- a frame ------------------------------------------------------------------------ */

/* Another one shares a frame, and writes there after a while. */
static void writer(void)
{
	struct exo_call_lessen less = { .rights = EXO_FRAME_READ };

	pages_own(&key, 1);
	less.key = key;
	CHECK(lnet_call(EXO_CALL_LESSEN_NR, &less, sizeof(less)) == 0);
	letter_write(&page->disk, 0, &less.out_key);
	sleep_for(500);
	*pages_word(0) = 77;
	sleep_for(600);
}

static void watcher(void)
{
	struct exo_pte e = { .va = (uintptr_t)pages_at(0),
		.bits = EXO_PTE_PRESENT | EXO_PTE_NX };
	struct exo_call_pte a = { .entries = (uintptr_t)&e, .n = 1 };

	e.key = key = letter_read(&page->disk, 0);
	CHECK(lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a)) == 0);
	CHECK(*pages_word(0) == 0);
	CHECK(pages_wake_word(&key, 16) == 0);
	CHECK(lnet_sleep(0) == 0);
	CHECK(*pages_word(0) == 77);
	/* and there is no sleep while it is so */
	CHECK(lnet_sleep(UINT64_MAX) == 0);
	CHECK(lnet_wake(NULL, 0, 0, NULL, 0) == 0);
	CHECK(lnet_sleep(0) == -EXO_EINVAL);
}

/* The frame goes, with its owner. */
static void leaves(void)
{
	pages_own(&key, 1);
	letter_write(&page->disk, 1, &key);
	sleep_for(400);
}

static void left(void)
{
	key = letter_read(&page->disk, 1);
	CHECK(pages_wake_word(&key, 16) == 0);
	CHECK(lnet_sleep(0) == 0);
	CHECK(!pages_alive(&key));
	CHECK(pages_wake_word(&key, 16) == -EXO_ESTALE);
}

/* --- packets ------------------------------------------------------------------------- */

/* QEMU's own network answers [RFC 826]. */
static void packets(void)
{
	static uint8_t ask[42] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0,
		0, 0, 0, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0,
		2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2 };
	const volatile struct exo_ring *ring =
	    (const volatile struct exo_ring *)EXO_RING_AT;
	uint64_t binding;

	for (unsigned i = 0; i < 6; i++)
		ask[6 + i] = ask[22 + i] = page->mac[i];
	CHECK(lnet_bind_all(&page->key, &binding) == 0);
	CHECK(pages_wake_word(NULL, 8) == 0);
	CHECK(ring->head == ring->tail);
	CHECK(lnet_send_patient(&page->send, ask, sizeof(ask)) == 0);
	CHECK(lnet_sleep(0) == 0);
	CHECK(ring->head != ring->tail);
}

/* --- what it costs ----------------------------------------------------------------------- */

static uint64_t excess_of(const char *label)
{
	const volatile struct exo_env_row *r = pages_row(label);

	CHECK(r != NULL);
	return r == NULL ? 0 : r->excess_ns;
}

/* A predicate as long as may be, of one who has a slot, while another one yields all the
 * time: its time is the sleeper's. */
static void dreams(void)
{
	const struct exo_insn insns[] = {
		{ .code = EXO_ALU64 | EXO_MOV | EXO_K },
		{ .code = EXO_ALU64 | EXO_ADD | EXO_K, .imm = 1 },
		{ .code = EXO_JMP | EXO_JLT | EXO_K, .off = -2, .imm = 120 },
		{ .code = EXO_ALU64 | EXO_MOV | EXO_K },
		{ .code = EXO_JMP | EXO_EXIT },
	};

	CHECK(pages_wake(NULL, 0, insns, 5) == 0);
	sleep_for(800);
	CHECK(excess_of("dreams") > 0);
}

static void awake(void)
{
	while (now() < 800 * (uint64_t)MS)
		(void)lnet_yield();
	CHECK(excess_of("awake") == 0);
}

static const struct stage_attack all[] = {
	ATTACK(past),
	ATTACK(writer),
	ATTACK(watcher),
	ATTACK(leaves),
	ATTACK(left),
	ATTACK(packets),
	ATTACK(dreams),
	ATTACK(awake),
};

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	if (for_a_time(pe->arg))
		return 0;
	return stage_main(pe, all, sizeof(all) / sizeof(all[0]));
}
