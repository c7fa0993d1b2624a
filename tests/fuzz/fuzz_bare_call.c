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

#include "tests/support/bare_args.h"

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

/* An image of a program that accepts all, over the edge of two read-only pages. */
static void put_image(void)
{
	struct {
		struct exo_image_hdr hdr;
		struct exo_image_section row;
		struct exo_insn insns[2];
	} m = { { EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION, EXO_PROG_XDP, sizeof(m),
		    1, 0 },
		{ EXO_SEC_INSNS, sizeof(m) - 16, 16, 0 },
		{ { .code = 0xb7, .imm = 1 }, { .code = 0x95 } } };

	for (unsigned i = 0; i < sizeof(m); i++)
		*model_byte(IMAGE_AT + i, false) = ((const uint8_t *)&m)[i];
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
	put_image();
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

static bool of_time(uint64_t nr)
{
	return nr == EXO_CALL_TIME_TAKE_NR || nr == EXO_CALL_TIME_GIVE_NR;
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

/* What a call returns; 1: the core may say, or the vector of slots. */
static int64_t expected(const struct call *c, const struct plat_env *was)
{
	char text[EXO_PRINT_MAX];
	const struct exo_call_print *p = &c->a.of_PRINT;

	if (size_of(c->nr) == 0)
		return -EXO_ENOSYS;
	if (c->nr == EXO_CALL_ACCEPT_NR)
		return -EXO_EAGAIN;
	if (c->nr == EXO_CALL_PCT_RETURN_NR)
		return -EXO_ESTALE;
	if (c->nr == EXO_CALL_PCT_NR)
		return 1;
	if (!c->there)
		return -EXO_EINVAL;
	if (c->nr == EXO_CALL_WAIT_NR && was->ring == NULL)
		return -EXO_EINVAL;
	if (c->nr == EXO_CALL_YIELD_TO_NR)
		return c->a.of_YIELD_TO.env == env->name ? 0 : -EXO_ESTALE;
	if (of_time(c->nr))
		return 1;
	if (c->nr != EXO_CALL_PRINT_NR)
		return c->nr < EXO_CALL_YIELD_NR || c->nr > EXO_CALL_PRINT_NR;
	if (p->size > sizeof(text))
		return -EXO_E2BIG;
	if (!model_copy(p->text, text, p->size, false))
		return -EXO_EINVAL;
	if (lines_of(c) > EXO_PRINT_LINES)
		return -EXO_E2BIG;
	return was->lines < LINES_MAX ? 0 : -EXO_ELIMIT;
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
	model_owners(taken, given);
	if (c->nr == EXO_CALL_FRAMES_NR)
		note_keys(c->a.of_FRAMES.keys, c->a.of_FRAMES.n);
	if (c->nr == EXO_CALL_KEY_OF_NR)
		note_keys(c->at + offsetof(struct exo_call_key_of, out_key), 1);
	if (c->nr == EXO_CALL_LESSEN_NR)
		note_keys(c->at + offsetof(struct exo_call_lessen, out_key), 1);
	if (c->nr == EXO_CALL_ENV_NEW_NR)
		note_keys(
		    c->at + offsetof(struct exo_call_env_new, out_key), 1);
	if (c->nr == EXO_CALL_LESSEN_NR)
		check_key(&c->a.of_LESSEN.key, c->a.of_LESSEN.key.res,
		    c->a.of_LESSEN.rights);
	if (c->nr == EXO_CALL_ENV_START_NR)
		check_key(&c->a.of_ENV_START.key, EXO_RES_ENV, EXO_ENV_START);
	if (c->nr == EXO_CALL_ENV_END_NR)
		check_key(&c->a.of_ENV_END.key, EXO_RES_ENV, EXO_ENV_END);
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

static void check_env(const struct call *c, const struct plat_env *was)
{
	bool done = c->ret == 0, print = c->nr == EXO_CALL_PRINT_NR;
	bool wait = done && c->nr == EXO_CALL_WAIT_NR;
	bool sleeps = wait && env->ring->head == env->ring->tail;
	bool made = done && c->nr == EXO_CALL_ENV_NEW_NR;
	enum env_state state = done && c->nr == EXO_CALL_EXIT_NR ? ENV_DEAD
	                       : sleeps                          ? ENV_WAITING
	                       : c->nr == EXO_CALL_ACCEPT_NR     ? ENV_ACCEPTS
	                       : done && c->nr == EXO_CALL_SLEEP_NR
	                           ? ENV_SLEEPS
	                           : ENV_RUNNABLE;
	struct plat_env now = *env;

	exo_assert(now.state == state);
	exo_assert(now.wake == (was->wake && !wait));
	exo_assert(now.regs.rcx == 0 && now.regs.r11 == 0);
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
	now.dropped = was->dropped;
	now.trimmed = was->trimmed;
	now.drops = was->drops;
	now.changes = was->changes;
	memcpy(now.stale, was->stale, sizeof(now.stale));
	now.children = was->children;
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

/* The next call, as it will be found in memory. */
static void make_call(struct call *c, const struct exo_key *key)
{
	uint8_t op = take(), odd = take();

	c->nr = op < 0xf0 ? (op & 15) + (op & 16 ? 16u : 0)
	                  : (uint64_t)op << (op & 7) * 8 | (op & 3);
	if (op < 0xf0 && size_of(c->nr) == 0)
		c->nr = c->nr % 2 != 0 ? EXO_CALL_PTE_NR : EXO_CALL_BIND_NR;
	c->at = odd < 0x70   ? any_address()
	        : odd < 0xd8 ? any_place()
	                     : any_window();
	c->size = odd < 0xe0 ? size_of(c->nr) : (uint64_t)odd << (odd & 7) * 8;
	fill(&c->a, c->nr, key);
	plant(c->at, &c->a, sizeof(c->a));
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
	exo_assert(
	    way ==
	    (c.nr == EXO_CALL_YIELD_NR || c.nr == EXO_CALL_ACCEPT_NR ? 2 : 1));
	c.ret = (int64_t)env->regs.rax;
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
	model_new(&bare, env, args.entries);
	make_memory();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t kernels; /* bytes that it holds in any case */
	struct exo_key key;

	if (bare.phys == NULL) {
		boot();
		kernels = bare_heap;
	}
	bytes = data;
	left = size;
	bound = 0;
	nissued = 0;
	begin(&key);
	for (int i = 0; i < 200 && left != 0; i++)
		step(&key);
	bare_end_envs(&bare);
	exo_assert(bare_heap == kernels);
	/* the next input finds the same */
	memset(bare.rows, 0, RAM / PAGE * sizeof(*bare.rows));
	return 0;
}
