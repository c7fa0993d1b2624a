/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: SYSCALL with any number, address and size, from an environment whose pages
 * are there, read-only, the kernel's or not there at all, side by side; which takes
 * frames, enters them and makes environments.
 *
 * The way in is the kernel's own (call.c, env.c, space.c, paging.c, over frames.c), with
 * the core behind it. Frames that are the kernel's fault when they are touched. A model of
 * the memory (bare_model.h) follows what calls said that they did, and says what those of
 * the machine must return; whatever is refused changes nothing but the report and the
 * witness that the caller asked for. Keys are those that the kernel gave, or spoilt: who
 * succeeds had a good one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "exo/abi/ctx.h"
#include "exo/abi/err.h"
#include "exo/abi/image.h"
#include "exo/abi/insn.h"
#include "exo/abi/map.h"
#include "exo/bare/cpu.h"
#include "exo/bare/env.h"
#include "exo/bare/frames.h"
#include "exo/bare/machine.h"
#include "exo/bare/serial.h"
#include "exo/bare/slots.h"
#include "exo/bare/space.h"
#include "exo/lib/bug.h"
#include "tests/support/bare_entry.h"
#include "tests/support/bare_model.h"
#include "tests/support/ram.h"
#include "tests/support/walk.h"

#include "tests/support/bare_fill.h"
#include "tests/support/bare_reach.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM       ((uint64_t)8 << 20)
#define LINES_MAX 10000u /* call.c's */
#define RING      4096u
#define TABLES    150u /* of all environments */
#define FRAMES    64u  /* that it may own */

enum kind {
	RW,
	RO,
	GONE,
	KERNELS
};

/* Any two kinds follow each other, as 0 to 3. */
static const char base_kinds[] = "00102031121322330";
static const char top_kinds[TOP_PAGES + 1] = "01203100";

static struct bare bare;
static uint64_t closed; /* a frame of the kernel's that faults */
static uint64_t top[TOP_PAGES];
static struct plat_env *env;
static struct {
	char text[EXO_PRINT_MAX];
	uint32_t n, calls;
} said;

/* --- the machine -------------------------------------------------------------- */

void serial_lines(const char *who, const char *text, uint32_t n)
{
	exo_assert(who == env->label && n <= sizeof(said.text));
	memcpy(said.text, text, n);
	said.n = n;
	said.calls++;
}

/* --- its memory --------------------------------------------------------------- */

/* Any byte, and no two pages alike. */
static void pattern(uint8_t *p, unsigned k)
{
	for (unsigned i = 0; i < PAGE; i++)
		p[i] = (uint8_t)(k * 37 + i * 11);
}

static uint64_t bits_of(enum kind kind)
{
	return PT_PRESENT | PT_USER | PT_NX | (kind == RW ? PT_WRITE : 0);
}

/* A page of its own, or an entry that it may not use. */
static void map(uint64_t va, enum kind kind)
{
	uint64_t at;

	if (kind == KERNELS)
		*paging_place(env->root, va, 1, NULL, NULL) =
		    closed | PT_PRESENT | PT_WRITE | PT_NX;
	if (kind >= GONE)
		return;
	exo_assert(env_map_new(env, va, bits_of(kind)));
	at = paging_entry(env->root, va) & PT_FRAME;
	pattern(paging_direct(at), (unsigned)(va / PAGE));
	model_page(va, at / PAGE, bits_of(kind));
}

/* A page of the kernel's that it sees. */
static void show(uint64_t va, uint64_t at, enum kind kind)
{
	if (kind == GONE)
		return;
	if (kind == KERNELS) {
		exo_assert(
		    space_show(env, va, closed, PT_PRESENT | PT_WRITE | PT_NX));
		return;
	}
	if (paging_entry(env->root, va) == 0)
		exo_assert(space_show(env, va, at, bits_of(kind)));
	model_page(va, at / PAGE, bits_of(kind));
}

/* An image of a program that accepts all. */
static void put_image(uint64_t at, uint32_t type)
{
	struct {
		struct exo_image_hdr hdr;
		struct exo_image_section row;
		struct exo_insn insns[2];
	} m = { { EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION, type, sizeof(m), 1, 0 },
		{ EXO_SEC_INSNS, sizeof(m) - 16, 16, 0 },
		{ { .code = 0xb7, .imm = 1 }, { .code = 0x95 } } };

	_Static_assert(sizeof(m) == IMAGE_SIZE, "who wants it says so");
	for (unsigned i = 0; i < sizeof(m); i++)
		*model_byte(at + i, false) = ((const uint8_t *)&m)[i];
}

/* One that has a program array, which may be in a slot of that. */
static void put_tail(void)
{
	struct {
		struct exo_image_hdr hdr;
		struct exo_image_section row[2];
		struct exo_insn insns[2];
		struct exo_map_def map;
	} m = { { EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION, EXO_PROG_XDP, TAIL_SIZE,
		    2, 0 },
		{ { EXO_SEC_INSNS, 48, 16, 0 },
		    { EXO_SEC_MAPS, 64, sizeof(m.map), 0 } },
		{ { .code = 0xb7, .imm = 1 }, { .code = 0x95 } },
		{ EXO_MAP_PROG_ARRAY, 4, 4, 4, 0 } };

	for (unsigned i = 0; i < TAIL_SIZE; i++)
		*model_byte(TAIL_AT + i, false) = ((const uint8_t *)&m)[i];
}

/* Once: the kernel's half, as if all might go there, and frames for what it shows. */
static void boot(void)
{
	static const struct machine m = { .nram = 0 };

	bare_new(&bare, RAM, TABLES, false);
	slots_init(&m);
	closed = frames_get(0);
	for (unsigned i = 0; i < TOP_PAGES; i++)
		top[i] = frames_get(0);
	for (unsigned i = 0; i < 8; i++) {
		uint64_t va =
		    i < 4 ? HIGH + i * PAGE : 0 - (uint64_t)(i - 3) * PAGE;

		*paging_place(RAM_ROOT, va, 1, paging_table, NULL) =
		    closed | PT_PRESENT | PT_USER | PT_WRITE | PT_NX;
	}
	exo_assert(mprotect(paging_direct(closed), PAGE, PROT_NONE) == 0);
	bare.free = frames_free();
}

static void make_memory(void)
{
	for (unsigned i = 0; i < 2; i++)
		map((uint64_t)i * PAGE, RW);
	for (unsigned i = 0; base_kinds[i] != '\0'; i++)
		map(BASE + i * PAGE, (enum kind)(base_kinds[i] - '0'));
	for (unsigned i = 0; i < TOP_PAGES; i++) {
		pattern(paging_direct(top[i]), i);
		show(TOP + i * PAGE, top[i], (enum kind)(top_kinds[i] - '0'));
	}
	show(EXO_PE_AT, paging_phys(env->pe), RW);
	show(EXO_LOSSES_AT, paging_phys(env->losses), RO);
	for (uint64_t off = 0;
	     env->ring != NULL && off < sizeof(*env->ring) + RING; off += PAGE)
		show(EXO_RING_AT + off, paging_phys(env->ring) + off, RW);
	/* over the edge of two read-only pages, and on the second */
	put_image(IMAGE_AT, EXO_PROG_XDP);
	put_image(MEM_AT, EXO_PROG_MEM);
	put_tail();
}

/* --- what must be true -------------------------------------------------------- */

struct call {
	uint64_t nr, at, size;
	union args a; /* as it stands in memory, if it does */
	bool there;   /* it does, and may be written */
	int64_t ret;
	struct exo_pte pte[EXO_BATCH]; /* of PTE, and of RELEASE ... */
	struct exo_key key[EXO_BATCH];
	bool read; /* ... if they could be read */
};

static bool is_error(int64_t ret)
{
#define EXO_ERR(name, number, meaning) \
	if (ret == -(number))          \
		return true;
#include "exo/abi/err.inc"
#undef EXO_ERR
	return false;
}

static bool of_registers(uint64_t nr)
{
	return nr == EXO_CALL_PCT_NR || nr == EXO_CALL_PCT_RETURN_NR ||
	       nr == EXO_CALL_ACCEPT_NR;
}

/* Lines of what is to be printed, the last one's end or not. */
static uint32_t lines_of(const struct call *c)
{
	char text[EXO_PRINT_MAX];
	uint32_t n = (uint32_t)c->a.of_PRINT.size, lines = 1;

	(void)model_copy(c->a.of_PRINT.text, text, n, false);
	for (uint32_t i = 0; i + 1 < n; i++)
		lines += text[i] == '\n';
	return lines;
}

/* Those whose message is in registers: the first two of them. */
static int64_t expected_of_registers(
    const struct call *c, const struct plat_env *was)
{
	const struct plat_env *to = env_named(c->at);
	uint64_t entry;

	if (c->nr == EXO_CALL_ACCEPT_NR)
		return was->caller != NULL ? -EXO_EINVAL : -EXO_EAGAIN;
	if (c->nr == EXO_CALL_PCT_RETURN_NR)
		return was->caller != NULL && was->caller->name == c->at
		           ? 0
		           : -EXO_ESTALE;
	if (c->size > 1)
		return -EXO_EINVAL;
	if (to == NULL || to->state == ENV_DEAD)
		return -EXO_ESTALE;
	if (to->state != ENV_ACCEPTS)
		return -EXO_EAGAIN;
	entry = c->size == 0 ? to->pe->entry_sync : to->pe->entry_async;
	return entry == 0 || entry >= USER_END ? -EXO_EINVAL : 0;
}

static int64_t expected_print(const struct call *c, const struct plat_env *was)
{
	const struct exo_call_print *p = &c->a.of_PRINT;
	char text[EXO_PRINT_MAX];

	if (p->size > sizeof(text))
		return -EXO_E2BIG;
	if (!model_copy(p->text, text, p->size, false))
		return -EXO_EINVAL;
	if (lines_of(c) > EXO_PRINT_LINES)
		return -EXO_E2BIG;
	return was->lines < LINES_MAX ? 0 : -EXO_ELIMIT;
}

/* Who is there, and runs, gets what is left of the slot. */
static int64_t expected_yield_to(uint64_t name)
{
	const struct plat_env *to = env_named(name);

	if (to == env)
		return 0;
	if (to == NULL || to->state == ENV_DEAD)
		return -EXO_ESTALE;
	return to->state == ENV_RUNNABLE ? 0 : -EXO_EBUSY;
}

/* What a call returns; 1: the core may say, or the vector of slots. */
static int64_t expected(const struct call *c, const struct plat_env *was)
{
	if (size_of(c->nr) == 0)
		return -EXO_ENOSYS;
	if (of_registers(c->nr))
		return expected_of_registers(c, was);
	if (!c->there)
		return -EXO_EINVAL;
	switch (c->nr) {
	case EXO_CALL_WAIT_NR:
		return was->ring == NULL ? -EXO_EINVAL : 0;
	case EXO_CALL_YIELD_TO_NR:
		return expected_yield_to(c->a.of_YIELD_TO.env);
	case EXO_CALL_SLEEP_NR:
		return c->a.of_SLEEP.zero != 0 ||
		               (c->a.of_SLEEP.until == 0 && !was->asks.has)
		           ? -EXO_EINVAL
		           : 0;
	case EXO_CALL_PRINT_NR:
		return expected_print(c, was);
	case EXO_CALL_YIELD_NR:
	case EXO_CALL_EXIT_NR:
		return 0;
	default:
		return 1;
	}
}

/* A call may write its structure when it succeeds, and then keys; a report and a witness
 * anyway. */
static bool may_change(const void *arg, uint64_t va)
{
	const struct call *c = arg;
	uint64_t report = 0;
	struct exo_span w = { 0 };

	if (!c->there)
		return false;
	if (c->ret == 0 && va - c->at < c->size)
		return c->nr < EXO_CALL_YIELD_NR || c->nr > EXO_CALL_PRINT_NR;
	if (c->ret == 0 && c->nr == EXO_CALL_FRAMES_NR)
		return va - c->a.of_FRAMES.keys <
		       c->a.of_FRAMES.n * sizeof(struct exo_key);
	if (c->nr == EXO_CALL_BIND_NR) {
		report = c->a.of_BIND.report;
		w = c->a.of_BIND.witness;
	} else if (c->nr == EXO_CALL_DERIVE_NR) {
		w = c->a.of_DERIVE.witness;
	} else if (c->nr == EXO_CALL_SLOT_NR) {
		report = c->a.of_SLOT.report;
	} else if (c->nr == EXO_CALL_WAKE_NR) {
		report = c->a.of_WAKE.report;
	}
	return (report != 0 && va - report < sizeof(struct exo_report)) ||
	       va - w.at < w.size;
}

/* Keys that the kernel gave, where it said. */
static void note_keys(uint64_t at, uint32_t n)
{
	for (uint32_t i = 0; i < n && nissued < ISSUED; i++)
		if (model_copy(at + i * sizeof(issued[0]), &issued[nissued],
		        sizeof(issued[0]), false))
			nissued++;
}

/* Who succeeds had a key that was given, with these rights. */
static void check_key(
    const struct exo_key *key, enum exo_res res, uint32_t rights)
{
	unsigned i = 0;

	while (i < nissued && memcmp(&issued[i], key, sizeof(*key)) != 0)
		i++;
	exo_assert(nissued == ISSUED || i < nissued);
	exo_assert(key->res == res && (key->rights & rights) == rights);
}

static void check_pte(const struct call *c)
{
	const struct exo_call_pte *a = &c->a.of_PTE;

	exo_assert(c->read);
	if (a->env.res != 0)
		check_key(&a->env, EXO_RES_ENV, EXO_ENV_MAP);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct exo_pte *e = &c->pte[i];

		if ((e->bits & EXO_PTE_PRESENT) != 0)
			check_key(&e->key, EXO_RES_FRAME,
			    EXO_FRAME_READ |
			        (e->bits & EXO_PTE_WRITE ? EXO_FRAME_WRITE
			                                 : 0) |
			        (e->bits & EXO_PTE_NX ? 0 : EXO_FRAME_EXECUTE));
	}
	if (a->env.res == 0)
		model_enter(c->pte, a->n);
}

/* A frame and a block are the same now. */
static void follow_disk(const struct exo_call_disk *a)
{
	bool write = a->write != 0;
	uint32_t frame = a->frame.region;

	check_key(
	    &a->disk, EXO_RES_DISK, write ? EXO_DISK_WRITE : EXO_DISK_READ);
	check_key(
	    &a->frame, EXO_RES_FRAME, write ? EXO_FRAME_READ : EXO_FRAME_WRITE);
	exo_assert(a->block < a->disk.slot);
	if (!write)
		model_wrote(frame);
}

/* A call succeeded: memory follows, and the keys that it gave are kept. */
static void follow(const struct call *c)
{
	uint32_t taken = 0, given = 0;

	if (c->nr == EXO_CALL_FRAMES_NR)
		taken = c->a.of_FRAMES.n;
	if (c->nr == EXO_CALL_RELEASE_NR)
		given = c->a.of_RELEASE.n;
	if (c->nr == EXO_CALL_PTE_NR)
		check_pte(c);
	exo_assert(given == 0 || c->read);
	for (uint32_t i = 0; i < given; i++)
		check_key(&c->key[i], EXO_RES_FRAME, EXO_FRAME_OWN);
	if (c->nr == EXO_CALL_SURRENDER_NR &&
	    c->a.of_SURRENDER.kind == EXO_KIND_FRAME)
		given = c->a.of_SURRENDER.n;
	model_owners(taken, given);
	if (c->nr == EXO_CALL_FRAMES_NR)
		note_keys(c->a.of_FRAMES.keys, c->a.of_FRAMES.n);
	if (c->nr == EXO_CALL_KEY_OF_NR)
		note_keys(c->at + offsetof(struct exo_call_key_of, out_key), 1);
	if (c->nr == EXO_CALL_LESSEN_NR)
		note_keys(c->at + offsetof(struct exo_call_lessen, out_key), 1);
	if (c->nr == EXO_CALL_DERIVE_NR)
		note_keys(c->at + offsetof(struct exo_call_derive, out_key), 1);
	if (c->nr == EXO_CALL_ENV_NEW_NR) {
		note_keys(
		    c->at + offsetof(struct exo_call_env_new, out_key), 1);
		exo_assert(model_copy(
		    c->at + offsetof(struct exo_call_env_new, out_env),
		    &names[nnames++ % NAMES], sizeof(names[0]), false));
		nnames = nnames > NAMES ? NAMES : nnames;
	}
	if (c->nr == EXO_CALL_LESSEN_NR)
		check_key(&c->a.of_LESSEN.key, c->a.of_LESSEN.key.res,
		    c->a.of_LESSEN.rights);
	if (c->nr == EXO_CALL_ENV_START_NR)
		check_key(&c->a.of_ENV_START.key, EXO_RES_ENV, EXO_ENV_START);
	if (c->nr == EXO_CALL_ENV_END_NR)
		check_key(&c->a.of_ENV_END.key, EXO_RES_ENV, EXO_ENV_END);
	if (c->nr == EXO_CALL_DISK_NR)
		follow_disk(&c->a.of_DISK);
	if (c->nr == EXO_CALL_SEED_NR && c->a.of_SEED.disk.res != 0)
		check_key(&c->a.of_SEED.disk, EXO_RES_DISK, EXO_DISK_WRITE);
}

static void check_print(const struct call *c)
{
	char text[EXO_PRINT_MAX];
	uint32_t n = (uint32_t)c->a.of_PRINT.size;

	exo_assert(said.calls == 1 && said.n == n &&
	           model_copy(c->a.of_PRINT.text, text, n, false));
	for (uint32_t i = 0; i < n; i++)
		exo_assert(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~')
		               ? said.text[i] == text[i]
		               : said.text[i] == '?');
}

static enum env_state state_after(const struct call *c)
{
	if (c->nr == EXO_CALL_ACCEPT_NR && c->ret == -EXO_EAGAIN)
		return ENV_ACCEPTS;
	if (c->ret != 0)
		return ENV_RUNNABLE;
	if (c->nr == EXO_CALL_PCT_RETURN_NR)
		return ENV_ACCEPTS;
	if (c->nr == EXO_CALL_PCT_NR && c->size == 0)
		return ENV_AWAITS;
	return c->nr == EXO_CALL_EXIT_NR    ? ENV_DEAD
	       : c->nr == EXO_CALL_SLEEP_NR ? ENV_SLEEPS
	                                    : ENV_RUNNABLE;
}

/* Who waits for it, and whom it waits for, when it makes and answers calls, or ends. */
static void check_callers(const struct call *c, const struct plat_env *was)
{
	bool calls = c->ret == 0 && c->nr == EXO_CALL_PCT_NR && c->size == 0,
	     gone = c->ret == 0 && (c->nr == EXO_CALL_PCT_RETURN_NR ||
	                               c->nr == EXO_CALL_EXIT_NR ||
	                               c->nr == EXO_CALL_ENV_END_NR);

	if (calls)
		exo_assert(env->callee == env_named(c->at) &&
		           env->callee->caller == env);
	else
		exo_assert(env->callee == NULL);
	exo_assert(env->caller == was->caller || (gone && env->caller == NULL));
}

static void check_env(const struct call *c, const struct plat_env *was)
{
	bool done = c->ret == 0, print = c->nr == EXO_CALL_PRINT_NR;
	bool wait = done && c->nr == EXO_CALL_WAIT_NR;
	bool sleeps = wait && env->ring->head == env->ring->tail;
	bool made = done && c->nr == EXO_CALL_ENV_NEW_NR;
	enum env_state state = sleeps ? ENV_WAITING : state_after(c);
	struct plat_env now = *env;

	exo_assert(now.state == state);
	exo_assert(now.wake == (was->wake && !wait));
	exo_assert(
	    of_registers(c->nr) || (now.regs.rcx == 0 && now.regs.r11 == 0));
	now.regs.rax = was->regs.rax;
	now.regs.rcx = was->regs.rcx;
	now.regs.r11 = was->regs.r11;
	exo_assert(state != ENV_DEAD ||
	           (now.end == ENV_EXIT && now.code == c->a.of_EXIT.status));
	if (print && done)
		check_print(c);
	else
		exo_assert(said.calls == 0);
	exo_assert(now.lines == was->lines + (print && done ? lines_of(c) : 0));
	exo_assert(now.children == was->children - made);
	exo_assert(now.nstale == 0);
	/* of its tables, which were looked at */
	now.tables = was->tables;
	now.word = was->word;
	now.tables_most = was->tables_most; /* less what children have */
	now.dropped = was->dropped;
	now.trimmed = was->trimmed;
	now.drops = was->drops;
	now.changes = was->changes;
	memcpy(now.stale, was->stale, sizeof(now.stale));
	memcpy(now.seen, was->seen, sizeof(now.seen));
	now.children = was->children;
	check_callers(c, was);
	now.caller = was->caller;
	now.callee = was->callee;
	if (done && c->nr == EXO_CALL_SLEEP_NR)
		now.until = was->until;
	if (done && c->nr == EXO_CALL_WAKE_NR)
		now.asks = was->asks;
	now.state = was->state;
	now.wake = was->wake;
	now.lines = was->lines;
	now.end = was->end;
	now.code = was->code;
	exo_assert(memcmp(&now, was, sizeof(now)) == 0);
}

/* What the core holds for the environment. Tables that grew for others, too, stay. */
static uint64_t charged(void)
{
	struct exo_env_stat s;

	exo_assert(exo_env_stat(env->core, env->name, &s) == 0);
	return s.mem + s.code;
}

static uint32_t ncalls; /* of this input */

/* Each there is, as often as the others: also where some bytes are not. */
static uint64_t any_call(uint32_t two)
{
	uint32_t i = (two * 2654435761u >> 16) + ncalls++;

	return reach_calls[i % REACH_CALLS].nr;
}

/* The next call, as it will be found in memory. */
static void make_call(struct call *c, const struct exo_key *key)
{
	uint8_t op = take(), odd = take();

	c->nr = op < 0xf0 ? any_call((uint32_t)op << 8 | take())
	                  : (uint64_t)op << (op & 7) * 8 | (op & 3);
	c->at = odd < 0x70   ? any_address()
	        : odd < 0xd8 ? any_place()
	                     : any_window();
	c->size = odd < 0xe0 ? size_of(c->nr) : (uint64_t)odd << (odd & 7) * 8;
	fill(&c->a, c->nr, key);
	if (of_registers(c->nr)) {
		c->at = env->caller != NULL && odd < 0x80 ? env->caller->name
		                                          : any_name();
		c->size = take() % 9 / 4;
	} else {
		plant(c->at, &c->a, sizeof(c->a));
	}
	c->there = c->size == size_of(c->nr) && c->size != 0 &&
	           model_copy(c->at, NULL, c->size, true) &&
	           model_copy(c->at, &c->a, c->size, false);
	env->wake = (odd & 2) != 0;
	if (env->ring !=
	    NULL) /* the libOS has read all, or says what it likes */
		env->ring->tail = env->ring->head - (odd & 1) * (odd & 24);
	env->state = ENV_RUNNABLE;
	env->lines = (odd & 6) == 6 ? LINES_MAX - (odd >> 3 & 1) : env->lines;
	memset(&env->regs, 0x55, sizeof(env->regs));
	env->regs.rax = c->nr;
	env->regs.rdi = c->at;
	env->regs.rsi = c->size;
}

/* What its arguments point at, before the call. */
static void read_batch(struct call *c)
{
	c->read = false;
	if (c->there && c->nr == EXO_CALL_PTE_NR && c->a.of_PTE.n <= EXO_BATCH)
		c->read = model_copy(c->a.of_PTE.entries, c->pte,
		    c->a.of_PTE.n * sizeof(c->pte[0]), false);
	if (c->there && c->nr == EXO_CALL_RELEASE_NR &&
	    c->a.of_RELEASE.n <= EXO_BATCH)
		c->read = model_copy(c->a.of_RELEASE.keys, c->key,
		    c->a.of_RELEASE.n * sizeof(c->key[0]), false);
}

/* Those that were ended are taken apart; sometimes later. */
static void bury(void)
{
	if (take() < 0x40)
		return;
	for (unsigned i = 0; i < env_places(); i++)
		if (env_at(i) != NULL && env_at(i) != env &&
		    env_at(i)->state == ENV_DEAD)
			env_free(env_at(i));
}

/* How the kernel came back. */
static int way_of(const struct call *c)
{
	if (c->nr == EXO_CALL_YIELD_NR)
		return 2;
	if (c->nr == EXO_CALL_YIELD_TO_NR)
		return 3;
	if (c->nr == EXO_CALL_ACCEPT_NR)
		return c->ret == -EXO_EAGAIN ? 2 : 1;
	return c->ret == 0 && of_registers(c->nr) ? 4 : 1;
}

/* A call by registers of another environment's: how the kernel comes back. */
static int by_other(struct plat_env *e, uint64_t nr, uint64_t to)
{
	cpus[0].current = e;
	e->regs.rax = nr;
	e->regs.rdi = to;
	e->regs.rsi = 0;
	return bare_enter_kernel();
}

/* One of the others, in a state; NULL: none is. */
static struct plat_env *any_other(enum env_state state)
{
	for (unsigned i = 0; i < env_places(); i++)
		if (env_at(i) != NULL && env_at(i) != env &&
		    env_at(i)->state == state)
			return env_at(i);
	return NULL;
}

/* The others do what is expected of them: who is called answers, who was started accepts,
 * and some call who accepts. */
static void others(const struct call *c)
{
	struct plat_env *to = env->callee, *e = any_other(ENV_RUNNABLE);

	if (to != NULL) {
		exo_assert(to->regs.rdi == env->name && to->caller == env);
		exo_assert(
		    by_other(to, EXO_CALL_PCT_RETURN_NR, env->name) == 4);
		exo_assert(cpus[0].current == env && env->regs.rax == 0);
		exo_assert(env->state == ENV_RUNNABLE && env->callee == NULL);
		return;
	}
	if (e == NULL && c->nr == EXO_CALL_ACCEPT_NR) {
		e = any_other(ENV_ACCEPTS); /* no more */
		if (e != NULL)
			e->state = ENV_RUNNABLE;
	}
	if (e == NULL || take() < 0x40)
		return;
	if (c->nr == EXO_CALL_ACCEPT_NR && env->state == ENV_ACCEPTS &&
	    env->pe->entry_sync != 0 && env->pe->entry_sync < USER_END) {
		exo_assert(by_other(e, EXO_CALL_PCT_NR, env->name) == 4);
		exo_assert(env->caller == e && env->regs.rdi == e->name);
		exo_assert(e->state == ENV_AWAITS && e->callee == env);
		return;
	}
	e->pe->entry_sync = e->pe->entry_async = BASE;
	exo_assert(by_other(e, EXO_CALL_ACCEPT_NR, 0) == 2);
	exo_assert(e->state == ENV_ACCEPTS);
}

static void step(const struct exo_key *key)
{
	static struct plat_env was;
	static struct call c;
	static uint64_t held;
	int64_t want;
	int way;

	make_call(&c, key);
	read_batch(&c);
	was = *env;
	held = charged();
	said.calls = 0;
	model_keep();
	want = expected(&c, &was);
	way = bare_enter_kernel();
	c.ret = (int64_t)env->regs.rax;
	if (c.nr == EXO_CALL_PCT_RETURN_NR && c.ret == -EXO_EAGAIN)
		c.ret = 0; /* it accepts again */
	exo_assert(way == way_of(&c));
	reach_count(c.nr, c.nr == EXO_CALL_ACCEPT_NR && way == 2 ? 0 : c.ret);
	exo_assert(want == 1 ? c.ret == 0 || is_error(c.ret) : c.ret == want);
	exo_assert(c.ret == 0 || charged() == held);
	if (c.nr == EXO_CALL_BIND_NR && c.ret == 0)
		exo_assert(model_copy(
		    c.at + offsetof(struct exo_call_bind, out_binding), &bound,
		    sizeof(bound), false));
	if (c.ret == 0)
		follow(&c);
	else
		model_owners(0, 0);
	model_check(may_change, &c);
	check_env(&c, &was);
	others(&c);
	cpus[0].current = env;
	bury();
}

static int wire(void *arg, struct plat_env *of, const uint8_t *p, uint32_t n)
{
	(void)arg;
	exo_assert(of == env);
	return n < EXO_TRANSMIT_MIN || p[0] == 9 ? -EXO_ELIMIT : 0;
}

/* An environment with some of each kind of page. */
static void begin(struct exo_key *key)
{
	struct exo_core_config cfg = { .mem = 4u << 20,
		.verify_insns = 20000,
		.verify_mem = 1u << 20,
		.region_steps = 20000,
		.send = wire };
	struct env_args args = { .label = "fuzz",
		.child = true,
		.children = 4,
		.most = FRAMES,
		.mem = UINT64_MAX };
	uint8_t how = take();

	args.ring_size = (how & 1) != 0 ? RING : 0;
	args.entries = 16u << (how >> 1 & 3);
	args.tables = 32u + (how >> 4);
	exo_assert(exo_core_new(&cfg, &bare.core) == 0);
	exo_assert(env_new(bare.core, bare.phys, &args, &env) == 0);
	exo_assert(exo_holder_guarantee(bare.phys, env->holder, 40) == 0);
	exo_assert(
	    exo_grant(bare.core, env->name, EXO_RIGHT_ALL, NULL, key) == 0);
	bare.rows = walk_rows(env);
	cpus[0].current = env;
	env->state = ENV_RUNNABLE;
	bare_disk_new(&issued[nissued++]);
	names[nnames++] = env->name;
	env->pe->entry_sync = env->pe->entry_async = BASE;
	model_new(&bare, env, args.entries);
	make_memory();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t kernels; /* bytes that it holds in any case */
	struct exo_key key;

	if (bare.phys == NULL) {
		boot();
		reach_begin();
		kernels = bare_heap;
	}
	bytes = data;
	left = size;
	bound = 0;
	nissued = nnames = ncalls = 0;
	begin(&key);
	for (int i = 0; i < 200 && left != 0; i++)
		step(&key);
	bare_end_envs(&bare);
	exo_assert(bare_heap == kernels);
	/* the next input finds the same */
	memset(bare.rows, 0, RAM / PAGE * sizeof(*bare.rows));
	return 0;
}
