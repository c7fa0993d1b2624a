/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual memory that a libOS makes for itself (libos-net/rt/vm.h, fork.h). The argument
 * names what is tried.
 */
#include "libos-net/rt/vm.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"
#include "libos-net/rt/fork.h"
#include "tests/bare/check.h"

#define FROM  0x0000100000000000u
#define OTHER 0x0000200000100000u /* none displaces one of the others */
#define STILL 0x00003000001f0000u /* shared with children */
#define MANY  2000u
#define SOME  64u
#define PT_AT 0x000ffffffffff000u

static struct lnet_vm vm LNET_PAGER;
static struct lnet_page many_pages[MANY] LNET_PAGER;
static struct lnet_page other_pages[SOME] LNET_PAGER;
static struct lnet_page still_pages[1] LNET_PAGER;
static struct lnet_region many LNET_PAGER, other LNET_PAGER, still LNET_PAGER;
_Alignas(4096) static uint8_t stack[32768] LNET_PAGER;
static uint64_t refused
    LNET_PAGER; /* where a fault may be that is none of ours */
static uint64_t refusals LNET_PAGER;
static uint64_t upcalls LNET_PAGER;
static uint8_t disk[SOME * EXO_PAGE]; /* of one page each */

static bool random_fault(uint64_t va, uint64_t code);

void lnet_on_fault(struct exo_frame *f)
{
	upcalls++;
	if (lnet_vm_fault(&vm, f) ||
	    random_fault(f->address & ~(uint64_t)(EXO_PAGE - 1), f->code))
		return;
	if (refused == 0 || f->address / EXO_PAGE != refused / EXO_PAGE)
		lnet_quit(114);
	refusals++;
	f->rip += 3; /* movb $1, (%rcx) */
}

static volatile uint64_t *word(uint64_t va)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (volatile uint64_t *)(uintptr_t)va;
}

static volatile uint64_t *page(uint64_t from, uint32_t i)
{
	return word(from + (uint64_t)i * EXO_PAGE + i % 500 * 8);
}

/* What the fault handler did, which the compiler does not know of. */
static const struct lnet_vm *now(void)
{
	__asm__ volatile("" : : : "memory");
	return &vm;
}

static void regions(struct exo_pe *pe, uint32_t around)
{
	const uint32_t rw = EXO_FRAME_READ | EXO_FRAME_WRITE;

	lnet_upcalls(pe, stack, sizeof(stack));
	lnet_vm_init(&vm, around);
	many = (struct lnet_region){
		.from = FROM, .n = MANY, .rights = rw, .page = many_pages
	};
	other = (struct lnet_region){
		.from = OTHER, .n = SOME, .rights = rw, .page = other_pages
	};
	still = (struct lnet_region){ .from = STILL,
		.n = 1,
		.rights = rw,
		.flags = LNET_REGION_SHARED,
		.page = still_pages };
	lnet_vm_add(&vm, &many);
	lnet_vm_add(&vm, &other);
	lnet_vm_add(&vm, &still);
}

static const struct exo_frame_row *row(uint32_t frame)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (const struct exo_frame_row *)(uintptr_t)EXO_FRAMES_AT + frame;
}

/* A store of one byte, which is refused if it is said so. */
static bool store_refused(uint64_t at)
{
	uint64_t before = refusals;

	refused = at;
	__asm__ volatile("movb $1, (%%rcx)" : : "c"(at) : "memory");
	refused = 0;
	return refusals == before + 1;
}

/* --- demand zero ---------------------------------------------------------------- */

static void fill(uint64_t from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		CHECK(*page(from, i) == 0);
		*page(from, i) = i * 2654435761u + 1;
	}
}

static void look(uint64_t from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK(*page(from, i) == i * 2654435761u + 1);
}

static void demand_zero(void)
{
	uint64_t faults;

	fill(FROM, MANY);
	CHECK(now()->stat.zeroed == MANY && now()->owned == MANY);
	CHECK(now()->stat.faults >= MANY / vm.around);
	faults = now()->stat.faults;
	look(FROM, MANY);
	look(FROM, MANY);
	/* more than the S-TLB's places: they come again, in batches */
	CHECK(now()->stat.faults - faults <= 2 * MANY / vm.around + 64);
	CHECK(now()->stat.zeroed == MANY);
	CHECK(lnet_vm_drop(&vm, FROM, MANY) == 0 && now()->owned == 0);
	CHECK(*page(FROM, 7) == 0);
}

/* Two pages in one place of the S-TLB, of one instruction. */
static void one_place(void)
{
	uint64_t to = FROM, from = FROM + 512 * EXO_PAGE, n = 64;

	fill(FROM + 512 * EXO_PAGE, 1);
	__asm__ volatile("rep movsb"
	                 : "+D"(to), "+S"(from), "+c"(n)
	                 :
	                 : "memory");
	look(FROM, 1);
	CHECK(now()->stat.entered < 8);
}

static void touched(void)
{
	struct exo_call_print a = { FROM + 4090, 12 };

	*word(OTHER) = 1;
	CHECK(lnet_call(EXO_CALL_PRINT_NR, &a, sizeof(a)) == -EXO_EINVAL);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	lnet_vm_touch((void *)(uintptr_t)a.text, a.size, false);
	CHECK(lnet_call(EXO_CALL_PRINT_NR, &a, sizeof(a)) == 0);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	CHECK(lnet_call(EXO_CALL_NULL_NR, (void *)(uintptr_t)(FROM + 131072),
	          8) == -EXO_EINVAL);
}

/* --- copy-on-write --------------------------------------------------------------- */

static void copy_on_write(void)
{
	fill(FROM, SOME);
	CHECK(lnet_vm_share(&vm, FROM, OTHER, SOME) == 0);
	CHECK(row(many_pages[3].key.region)->maps == 2);
	look(OTHER, SOME);
	CHECK(now()->stat.copied == 0);
	*page(FROM, 1) = 11;  /* the one writes, */
	*page(OTHER, 2) = 22; /* the other, */
	CHECK(*page(OTHER, 1) == 2654435761u + 1);
	CHECK(*page(FROM, 2) == 2 * 2654435761u + 1);
	CHECK(now()->stat.copied == 2 && now()->stat.upgraded == 0);
	*page(OTHER, 1) = 12; /* and who is left */
	*page(FROM, 2) = 21;
	CHECK(now()->stat.copied == 2 && now()->stat.upgraded == 2);
	CHECK(*page(FROM, 1) == 11 && *page(OTHER, 1) == 12);
	CHECK(*page(FROM, 2) == 21 && *page(OTHER, 2) == 22);
	CHECK(lnet_vm_drop(&vm, FROM, SOME) == 0);
	CHECK(*page(OTHER, 9) == 9 * 2654435761u + 1);
	CHECK(lnet_vm_drop(&vm, OTHER, SOME) == 0 && now()->owned == 0);
}

/* --- what the kernel shows -------------------------------------------------------- */

static void windows(void)
{
	struct exo_key key;
	uint64_t entry;

	*word(FROM) = 77;
	(void)now();
	key = many_pages[0].key;
	CHECK(row(key.region)->owner != 0 && row(key.region)->maps == 1 &&
	      row(key.region)->generation == key.epoch);
	entry = lnet_vm_entry(FROM);
	CHECK((entry & EXO_PTE_PRESENT) != 0 &&
	      (entry & PT_AT) / EXO_PAGE == key.region);
	CHECK((entry & EXO_PTE_DIRTY) != 0);
	CHECK(lnet_vm_entry(STILL) == 0 && lnet_vm_entry(OTHER + 8192) == 0);
	CHECK(store_refused(EXO_FRAMES_AT));
	CHECK(store_refused(EXO_TABLES_AT + FROM / EXO_PAGE * 8));
	CHECK(lnet_vm_entry(FROM) == entry);
	CHECK(lnet_vm_drop(&vm, FROM, 1) == 0);
	CHECK(row(key.region)->owner == 0 &&
	      row(key.region)->generation == key.epoch + 1);
}

/* An entry that is not present is the libOS's own, as long as its table is there. */
static void not_present(void)
{
	const struct exo_pte e = { .va = FROM + EXO_PAGE,
		.bits = 0x1230000000000e00u };

	*word(FROM) = 1; /* and its neighbours, not this one */
	CHECK(lnet_vm_pte(NULL, &e, 1) == 0);
	CHECK(lnet_vm_entry(e.va) == (e.bits | EXO_PTE_FRAME));
	/* tables of others, many times what it may have, cost it its own */
	for (uint64_t i = 0; i < 2048; i++) {
		const struct exo_pte far = { .va = OTHER + (i << 30),
			.bits = 2 };

		CHECK(lnet_vm_pte(NULL, &far, 1) == 0);
	}
	CHECK(lnet_vm_entry(e.va) == 0);
	CHECK(*word(FROM) == 1);
}

/* --- eviction ------------------------------------------------------------------- */

static bool put(void *arg, uint32_t slot, const void *from)
{
	(void)arg;
	if (slot >= SOME)
		return false;
	memcpy(disk + (uint64_t)slot * EXO_PAGE, from, EXO_PAGE);
	return true;
}

static bool get(void *arg, uint32_t slot, void *to)
{
	(void)arg;
	memcpy(to, disk + (uint64_t)slot * EXO_PAGE, EXO_PAGE);
	return true;
}

static const struct lnet_store memory = { put, get, NULL };

static void evict(const struct lnet_policy *policy, uint64_t *brought)
{
	uint32_t hot;

	vm.policy = policy;
	vm.store = &memory;
	vm.most = SOME / 2;
	other.slot = 0;
	fill(OTHER, SOME);
	CHECK(now()->stat.evicted >= SOME / 2 && now()->owned <= SOME / 2);
	for (uint32_t round = 0; round < 3; round++)
		look(OTHER, SOME);
	/* some are used all the time: a policy that knows keeps them */
	*brought = now()->stat.brought;
	for (uint32_t i = 0; i < 4 * SOME; i++) {
		hot = i % 4;
		CHECK(*page(OTHER, hot) == hot * 2654435761u + 1);
		CHECK(*page(OTHER, i % SOME) == i % SOME * 2654435761u + 1);
	}
	*brought = now()->stat.brought - *brought;
	CHECK(lnet_vm_drop(&vm, OTHER, SOME) == 0 && now()->owned == 0);
}

/* What the kernel's limit says is heard as well as one's own. */
static void evict_by_kernel(void)
{
	vm.policy = &lnet_clock;
	vm.store = &memory;
	other.slot = 0;
	fill(OTHER, SOME);
	look(OTHER, SOME);
	CHECK(now()->stat.evicted > 0);
}

static void evict_both(void)
{
	uint64_t fifo, clock;

	evict(&lnet_fifo, &fifo);
	evict(&lnet_clock, &clock);
	check_say("brought back by FIFO", fifo);
	check_say("brought back by the clock", clock);
	CHECK(clock < fifo);
}

/* --- fork ----------------------------------------------------------------------- */

static uint64_t data = 5; /* of the program */

static void await(const struct lnet_child *child)
{
	while (!lnet_fork_ended(child))
		(void)lnet_yield();
}

static int fork(bool own, struct lnet_child *out)
{
	*word(STILL) = 0;
	return lnet_fork(&vm, 400, own, out);
}

/* What a child finds, and does. */
static void be_child(uint64_t on_stack)
{
	CHECK(data == 5 && on_stack == 6 && *word(FROM) == 7);
	(void)lnet_yield();
	CHECK(data == 5 && *word(FROM) == 7);
	data = 50;
	*word(FROM) = 70;
	*word(FROM + EXO_PAGE) = 71;
	CHECK(data == 50 && *word(FROM) == 70);
	*word(STILL) = 1234;
	lnet_quit(0);
}

static void fork_once(bool own)
{
	volatile uint64_t on_stack = 6;
	struct lnet_child child;
	int err;

	data = 5;
	*word(FROM) = 7;
	err = fork(own, &child);
	if (err == 0)
		be_child(on_stack);
	CHECK(err == 1);
	data = 55;
	on_stack = 66;
	*word(FROM) = 77;
	await(&child);
	CHECK(data == 55 && on_stack == 66 && *word(FROM) == 77);
	CHECK(*word(STILL) == 1234);
}

static void forks(void)
{
	uint64_t owned, upgraded;

	CHECK(lnet_fork_init(&vm) == 0);
	fork_once(false);
	/* the child is gone: what was lent comes back, nothing is copied */
	CHECK(!lnet_vm_lends(&vm) && now()->nlent == 0);
	upgraded = now()->stat.upgraded;
	*word(FROM + 5 * EXO_PAGE) = 1;
	CHECK(now()->stat.upgraded >= upgraded);
	fork_once(false);
	CHECK(!lnet_vm_lends(&vm));
	owned = now()->owned;
	fork_once(false);
	CHECK(!lnet_vm_lends(&vm) && now()->owned == owned);
	fork_once(true);
	CHECK(!lnet_vm_lends(&vm) && now()->owned == owned);
}

static void forks_eight(void)
{
	struct lnet_child child[LNET_CHILDREN + 1];
	int err = 1;

	CHECK(lnet_fork_init(&vm) == 0);
	*word(STILL) = 0;
	*word(STILL + 8) = 0;
	for (uint64_t i = 0; i < LNET_CHILDREN && err == 1; i++) {
		*word(FROM) = i;
		err = lnet_fork(&vm, 1, false, &child[i]);
		if (err == 0) {
			while (*word(STILL + 8) == 0)
				(void)lnet_yield();
			CHECK(*word(FROM) == i);
			*word(FROM) = 100;
			++*word(STILL);
			lnet_quit(0);
		}
	}
	CHECK(err == 1);
	CHECK(lnet_fork(&vm, 1, false, &child[LNET_CHILDREN]) == -EXO_ELIMIT);
	*word(STILL + 8) = 1; /* they may go on */
	for (uint32_t i = 0; i < LNET_CHILDREN; i++)
		await(&child[i]);
	CHECK(*word(STILL) == LNET_CHILDREN && *word(FROM) == 7);
}

/* The parent ends first: a child that has all of its own goes on, and says so. */
static void orphan(bool own)
{
	struct lnet_child child;
	int err;

	CHECK(lnet_fork_init(&vm) == 0);
	fill(FROM, SOME);
	err = fork(own, &child);
	CHECK(err >= 0);
	if (err == 1) {
		if (own)
			while (*word(STILL) == 0)
				(void)lnet_yield();
		lnet_quit(0);
	}
	*word(STILL) = 1;
	for (int i = 0; i < 20; i++)
		(void)lnet_yield();
	/* not reached but by frames of its own */
	look(FROM, SOME);
	*page(FROM, 3) = 33;
	CHECK(own && *page(FROM, 3) == 33);
	CHECK(lnet_print("an orphan goes on") == 0);
}

static void orphan_without(void)
{
	orphan(false);
}

static void orphan_with(void)
{
	orphan(true);
}

/* --- the S-TLB -------------------------------------------------------------------- */

/* Few tables: those that went are back without a word, or are not. */
static void dropped(bool forgotten)
{
	uint64_t before;

	for (uint32_t i = 0; i < SOME; i++)
		*page(OTHER, i) = i;
	for (uint32_t i = 0; i < 8; i++)
		*word(FROM + ((uint64_t)i << 21) % (MANY * EXO_PAGE)) = i;
	(void)now();
	before = upcalls;
	for (uint32_t round = 0; round < 20; round++) {
		for (uint64_t i = 0; i < 64; i++) {
			const struct exo_pte far = {
				.va = STILL + (i << 30) + EXO_PAGE, .bits = 2
			};

			CHECK(lnet_vm_pte(NULL, &far, 1) == 0);
		}
		for (uint32_t i = 0; i < SOME; i++)
			CHECK(*page(OTHER, i) == i);
	}
	(void)now();
	CHECK(forgotten ? upcalls >= before + 20 : upcalls == before);
}

static void dropped_kept(void)
{
	dropped(false);
}

static void dropped_forgotten(void)
{
	dropped(true);
}

/* --- anything, at random ------------------------------------------------------------ */

#define FRAMES 48u
#define PLACES 96u
#define TURNS  20000u

/* What is where, by this libOS's word; frames have their number in their first word. */
static struct {
	struct exo_key frame[FRAMES];
	struct {
		uint32_t frame; /* + 1; 0: nothing */
		bool write, pin;
	} place[PLACES];
	struct exo_pte scratch; /* as it is entered */
	uint64_t state;
} random LNET_PAGER;

static uint32_t draw(uint32_t n)
{
	random.state =
	    random.state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random.state >> 33) % n;
}

/* A third of them side by side, others with the same place in the S-TLB, or tables of
 * their own. */
static uint64_t place_at(uint32_t i)
{
	uint64_t far = i % 3 == 0 ? 0 : i % 3 == 1 ? 0x200000u : 0x8000001000u;

	return 0x0000400000000000u + i * (far + EXO_PAGE);
}

static struct exo_pte random_entry(uint32_t i)
{
	struct exo_pte e = { .va = place_at(i) };

	if (random.place[i].frame == 0)
		return e;
	e.key = random.frame[random.place[i].frame - 1];
	e.bits = EXO_PTE_PRESENT | EXO_PTE_NX |
	         (random.place[i].write ? EXO_PTE_WRITE : 0) |
	         (random.place[i].pin ? EXO_PTE_PIN : 0);
	return e;
}

/* As it says; what finds no room as pinned is not pinned. */
static void random_now(struct exo_pte *e, uint32_t n)
{
	int err = lnet_vm_pte(NULL, e, n);

	CHECK(err == 0 || err == -EXO_ENOMEM);
	for (uint32_t k = 0; err != 0 && k < n; k++)
		if ((e[k].bits & EXO_PTE_PRESENT) != 0)
			e[k].bits &= ~EXO_PTE_PIN;
	CHECK(err == 0 || lnet_vm_pte(NULL, e, n) == 0);
}

/* Enter some places anew, in one batch. */
static void random_enter(void)
{
	struct exo_pte e[8];
	uint32_t n = 1 + draw(8);

	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = draw(PLACES);

		random.place[i].frame = draw(FRAMES + 1);
		random.place[i].write = draw(2) != 0;
		random.place[i].pin = draw(8) == 0;
		e[k] = random_entry(i);
	}
	random_now(e, n);
}

/* Another frame in a frame's place: its entries are gone. */
static void random_release(uint32_t f)
{
	struct exo_call_release a = { (uintptr_t)&random.frame[f], 1, 0 };
	struct exo_pte e = { LNET_SCRATCH,
		EXO_PTE_PRESENT | EXO_PTE_WRITE | EXO_PTE_NX, random.frame[f] };

	if (random.frame[f].res != 0)
		CHECK(lnet_call(EXO_CALL_RELEASE_NR, &a, sizeof(a)) == 0);
	for (uint32_t i = 0; i < PLACES; i++)
		if (random.place[i].frame == f + 1)
			random.place[i].frame = 0;
	CHECK(lnet_vm_frame(&vm, &random.frame[f]) == 0);
	e.key = random.frame[f];
	random.scratch = e;
	CHECK(lnet_vm_pte(NULL, &e, 1) == 0);
	CHECK(*word(LNET_SCRATCH) == 0);
	*word(LNET_SCRATCH) = f + 1;
}

static void random_look(void)
{
	uint32_t i = draw(PLACES);
	uint64_t at = place_at(i);
	uint32_t frame = random.place[i].frame;

	if (frame == 0)
		CHECK(store_refused(at + 8));
	else if (random.place[i].write)
		*word(at + 16) = i;
	else
		CHECK(store_refused(at + 8));
	if (frame != 0)
		CHECK(*word(at) == frame && *word(at + 8) == 0);
}

static bool random_fault(uint64_t va, uint64_t code)
{
	if (va == LNET_SCRATCH && random.scratch.bits != 0)
		return lnet_vm_pte(NULL, &random.scratch, 1) == 0;
	for (uint32_t i = 0; i < PLACES; i++) {
		struct exo_pte e = random_entry(i);

		if (e.va != va || e.bits == 0 ||
		    ((code & 2) != 0 && (e.bits & EXO_PTE_WRITE) == 0))
			continue;
		random_now(&e, 1);
		return true;
	}
	return false;
}

static void anything(void)
{
	random.state = 42;
	for (uint32_t f = 0; f < FRAMES; f++)
		random_release(f);
	for (uint32_t turn = 0; turn < TURNS; turn++) {
		uint32_t what = draw(16);

		if (what == 0)
			random_release(draw(FRAMES));
		else if (what < 5)
			random_enter();
		else
			random_look();
		if (what == 15 && draw(16) == 0)
			(void)lnet_yield();
	}
}

static const struct {
	const char *name;
	uint32_t around;
	void (*run)(void);
} tests[] = {
	{ "demand_zero_1", 1, demand_zero },
	{ "demand_zero_4", 4, demand_zero },
	{ "demand_zero_16", 16, demand_zero },
	{ "one_place", 1, one_place },
	{ "touched", 1, touched },
	{ "copy_on_write", 4, copy_on_write },
	{ "windows", 1, windows },
	{ "not_present", 1, not_present },
	{ "evict", 4, evict_both },
	{ "evict_by_kernel", 4, evict_by_kernel },
	{ "forks", 4, forks },
	{ "forks_eight", 4, forks_eight },
	{ "orphan", 4, orphan_without },
	{ "orphan_own", 4, orphan_with },
	{ "anything", 1, anything },
	{ "dropped", 1, dropped_kept },
	{ "dropped_forgotten", 1, dropped_forgotten },
};

int lnet_main(struct exo_pe *pe)
{
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (!same_text(pe->arg, tests[i].name))
			continue;
		regions(pe, tests[i].around);
		tests[i].run();
		return 0;
	}
	return 1;
}
