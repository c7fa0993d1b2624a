/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: SYSCALL with any number, address and size, from an environment whose pages
 * are there, read-only, the kernel's or not there at all, side by side.
 *
 * The way in is the kernel's own (call.c, env.c, and paging.c, which walks tables made
 * here), with the core behind it. Frames that are not the environment's fault when they
 * are touched, as do read-only ones when they are written. A model of the memory says
 * what the calls of the machine must return; whatever is refused changes nothing but the
 * report and the witness that the caller asked for.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "exo/abi/ctx.h"
#include "exo/abi/err.h"
#include "exo/abi/image.h"
#include "exo/abi/insn.h"
#include "exo/bare/clock.h"
#include "exo/bare/code.h"
#include "exo/bare/cpu.h"
#include "exo/bare/entropy.h"
#include "exo/bare/env.h"
#include "exo/bare/fiber.h"
#include "exo/bare/frames.h"
#include "exo/bare/heap.h"
#include "exo/bare/sched.h"
#include "exo/bare/serial.h"
#include "exo/lib/bug.h"
#include "tests/support/ram.h"

#include "exo/bare/paging.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void syscall_enter(void);
extern const uint8_t syscall_entry[];
const uint8_t syscall_entry[1];

#define PAGE      4096u
#define FRAMES    128u
#define RAM       ((uint64_t)FRAMES * PAGE)
#define BASE      0x400000u
#define TOP_PAGES 8u
#define TOP       (USER_END - TOP_PAGES * PAGE)
#define HIGH      0xffff800000000000u /* the kernel's half */
#define IMAGE_AT  (BASE + 8 * PAGE - 40)
#define LINES_MAX 10000u /* call.c's */
#define RING      4096u

enum kind {
	RW,
	RO,
	GONE,
	KERNELS
};

/* Any two kinds follow each other, as 0 to 3. */
static const char base_kinds[] = "00102031121322330";
static const char top_kinds[TOP_PAGES + 1] = "01203100";

static struct page {
	uint64_t va;
	uint8_t *p;
	enum kind kind;
} pages[40];
static unsigned npages;
static uint64_t root, nframes = 1;
static uint8_t tables[FRAMES][PAGE]; /* as they were made */
static uint8_t before[40][PAGE];     /* the environment's pages */

static struct plat_env env;
static jmp_buf out;
static uint64_t live; /* bytes of the heap */
static struct {
	char text[EXO_PRINT_MAX];
	uint32_t n, calls;
} said;

/* --- the machine -------------------------------------------------------------- */

struct cpu cpus[CPUS] = { { .current = &env } };

_Noreturn void sched_next(void)
{
	longjmp(out, 2);
}

_Noreturn void sched_return(void)
{
	longjmp(out, 1);
}

/* No call pauses here, so any stack will do. */
bool fiber_run(
    struct plat_env *e, void (*fn)(struct plat_env *e, void *arg), void *arg)
{
	fn(e, arg);
	return true;
}

bool fiber_here(const struct plat_env *e)
{
	(void)e;
	return false;
}

bool fiber_pause(struct plat_env *e)
{
	(void)e;
	abort();
}

bool sched_look(void)
{
	abort();
}

void fiber_free(struct plat_env *e)
{
	(void)e;
}

void *heap_get(size_t size)
{
	void *p =
	    size > RAM * 64 ? NULL : aligned_alloc(64, (size + 64) / 64 * 64);

	live += p != NULL ? size : 0;
	return p;
}

void heap_put(void *p, size_t size)
{
	live -= size;
	free(p);
}

void serial_lines(const char *who, const char *text, uint32_t n)
{
	exo_assert(who == env.label && n <= sizeof(said.text));
	memcpy(said.text, text, n);
	said.n = n;
	said.calls++;
}

/* Nothing is run. */
const void *code_install(const void *code, size_t size)
{
	void *p = heap_get(size);

	return p == NULL ? NULL : memcpy(p, code, size);
}

void code_remove(const void *code, size_t size)
{
	void *p;

	memcpy(&p, &code, sizeof(p));
	heap_put(p, size);
}

uint64_t clock_ns(void)
{
	return 1;
}

bool entropy_fill(void *p, size_t n)
{
	memset(p, 7, n);
	return true;
}

/* Frames are those of tables made here. */
uint64_t frames_get(unsigned order)
{
	exo_assert(order == 0 && nframes < FRAMES);
	return nframes++ * PAGE;
}

void frames_put(uint64_t at, unsigned order)
{
	(void)at;
	(void)order;
	abort();
}

unsigned frames_order(uint64_t size)
{
	(void)size;
	abort();
}

uint64_t frames_early(const struct machine *m, uint64_t n)
{
	(void)m;
	(void)n;
	abort();
}

_Noreturn void plat_panic(const char *file, int line, const char *why)
{
	fprintf(stderr, "panic: %s:%d: %s\n", file, line, why);
	abort();
}

/* --- its memory --------------------------------------------------------------- */

static void map(uint64_t va, enum kind kind, bool user)
{
	uint64_t *table = paging_direct(root), at = frames_get(0);
	struct page *pg = &pages[npages];

	for (unsigned shift = 39; shift > 12; shift -= 9) {
		uint64_t *e = &table[va >> shift & 511];

		if (*e == 0)
			*e = frames_get(0) | PT_PRESENT | PT_WRITE | PT_USER;
		table = paging_direct(*e & PT_FRAME);
	}
	if (kind != GONE)
		table[va >> 12 & 511] = at | PT_PRESENT | PT_NX |
		                        (kind != RO ? PT_WRITE : 0) |
		                        (user ? PT_USER : 0);
	if (user && kind < GONE) {
		*pg = (struct page){ va, paging_direct(at), kind };
		npages++;
	} else {
		exo_assert(mprotect(paging_direct(at), PAGE, PROT_NONE) == 0);
	}
}

/* Any byte, and no two pages alike. */
static void pattern(uint8_t *p, unsigned k)
{
	for (unsigned i = 0; i < PAGE; i++)
		p[i] = (uint8_t)(k * 37 + i * 11);
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
		for (unsigned k = 0; k < npages; k++)
			if (pages[k].va == ((IMAGE_AT + i) & ~(PAGE - 1ull)))
				pages[k].p[(IMAGE_AT + i) % PAGE] =
				    ((const uint8_t *)&m)[i];
}

static void make_memory(void)
{
	ram_new(RAM);
	root = frames_get(0);
	for (unsigned i = 0; i < 2; i++)
		map((uint64_t)i * PAGE, RW, true);
	for (unsigned i = 0; base_kinds[i] != '\0'; i++)
		map(BASE + i * PAGE, (enum kind)(base_kinds[i] - '0'),
		    base_kinds[i] != '0' + KERNELS);
	for (unsigned i = 0; i < TOP_PAGES; i++)
		map(TOP + i * PAGE, (enum kind)(top_kinds[i] - '0'),
		    top_kinds[i] != '0' + KERNELS);
	/* the kernel's half, as if all might go there */
	for (unsigned i = 0; i < 4; i++) {
		map(HIGH + i * PAGE, KERNELS, true);
		map(0 - (uint64_t)(i + 1) * PAGE, KERNELS, true);
	}
	for (unsigned k = 0; k < npages; k++)
		pattern(pages[k].p, k);
	put_image();
	for (unsigned k = 0; k < npages; k++)
		if (pages[k].kind == RO)
			exo_assert(mprotect(pages[k].p, PAGE, PROT_READ) == 0);
}

/* Where a byte of the environment's is, by the model; NULL. */
static uint8_t *byte_at(uint64_t va, bool write)
{
	for (unsigned k = 0; k < npages; k++)
		if (va - pages[k].va < PAGE)
			return write && pages[k].kind != RW
			           ? NULL
			           : pages[k].p + va % PAGE;
	return NULL;
}

/* Copy out of its memory, or into it. False: not all of it is there. */
static bool copy(uint64_t va, void *kernels, uint64_t n, bool write)
{
	uint8_t *to = kernels;

	for (uint64_t i = 0; i < n; i++) {
		uint8_t *p = byte_at(va + i, write);

		if (p == NULL)
			return false;
		if (kernels != NULL && write)
			*p = to[i];
		else if (kernels != NULL)
			to[i] = *p;
	}
	return true;
}

/* --- hostile arguments -------------------------------------------------------- */

static const uint8_t *bytes;
static size_t left;

static uint8_t take(void)
{
	if (left == 0)
		return 0;
	left--;
	return *bytes++;
}

static uint64_t any_address(void)
{
	static const uint64_t bases[] = { BASE, BASE, BASE, TOP, USER_END, HIGH,
		0, RAM_AT };
	uint8_t b = take(), page = take(), off = take();
	uint64_t va;

	if (b == 0xff)
		return IMAGE_AT;
	if (b == 0xfe)
		return 0;
	va = bases[b % 8] + page % 20 * PAGE + (uint64_t)(int8_t)off;
	if ((b & 0x18) == 0x18)
		va += PAGE / 2;
	return (b & 0xe0) == 0xe0 ? va | (uint64_t)1 << (48 + page % 16) : va;
}

static uint32_t any_size(void)
{
	uint8_t n = take();

	return n < 0xf0 ? n : n < 0xf8 ? n + 12u : 0u - (n & 7u);
}

static struct exo_span any_span(void)
{
	struct exo_span s = { .at = any_address(), .size = any_size() };

	if (s.at == 0)
		s.size = 0;
	return s;
}

static struct exo_key any_key(const struct exo_key *good)
{
	struct exo_key k = *good;
	uint8_t spoil = take();

	if (spoil >= 0xe0)
		((uint8_t *)&k)[spoil % sizeof(k)] ^= take();
	return k;
}

static uint64_t bound; /* last */

static uint64_t any_binding(void)
{
	uint8_t n = take();

	return n < 0x80 ? bound : n;
}

union args {
#define EXO_CALL_ROW(name, number, type, meaning) struct type of_##name;
#include "exo/abi/call.inc"
#include "exo/abi/machine.inc"
#undef EXO_CALL_ROW
	uint8_t raw[256];
};

static uint64_t size_of(uint64_t nr)
{
#define EXO_CALL_ROW(name, number, type, meaning) \
	if (nr == (number))                       \
		return sizeof(struct type);
#include "exo/abi/call.inc"
#include "exo/abi/machine.inc"
#undef EXO_CALL_ROW
	return 0;
}

static void bind(union args *a, const struct exo_key *key)
{
	a->of_BIND = (struct exo_call_bind){ .key = any_key(key),
		.claim = any_span(),
		.witness = any_span(),
		.image = any_address(),
		.image_size = any_size(),
		.linktype = take() % 3,
		.mode = take() % 5,
		.flags = take() % 4,
		.report = any_address() };
	if ((a->of_BIND.flags & EXO_BIND_ASH) != 0)
		a->of_BIND.send = any_key(key);
}

static void fill(union args *a, uint64_t nr, const struct exo_key *key)
{
	memset(a, 0, sizeof(*a));
	if (nr == EXO_CALL_BIND_NR)
		bind(a, key);
	else if (nr == EXO_CALL_DERIVE_NR)
		a->of_DERIVE = (struct exo_call_derive){ .key = any_key(key),
			.region = any_span(),
			.witness = any_span(),
			.rights = take() };
	else if (nr == EXO_CALL_SLOT_NR)
		a->of_SLOT = (struct exo_call_slot){ .binding = any_binding(),
			.image = any_address(),
			.image_size = any_size(),
			.report = any_address() };
	else if (nr == EXO_CALL_TRANSMIT_NR)
		a->of_TRANSMIT =
		    (struct exo_call_transmit){ .key = any_key(key),
			    .packet = any_address(),
			    .size = any_size() };
	else if (nr == EXO_CALL_PRINT_NR)
		a->of_PRINT = (struct exo_call_print){ .text = any_address(),
			.size = any_size() + ((uint64_t)(take() / 255) << 32) };
	else if (nr == EXO_CALL_UNBIND_NR || nr == EXO_CALL_STAT_NR)
		a->of_STAT.binding = any_binding();
	else
		for (unsigned i = take() % 64; i > 0; i--)
			a->raw[i] = take();
}

/* --- what must be true -------------------------------------------------------- */

struct call {
	uint64_t nr, at, size;
	union args a; /* as it stands in memory, if it does */
	bool there;   /* it does, and may be written */
	int64_t ret;
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

/* What a call returns; 1: the core may say. */
static int64_t expected(const struct call *c, const struct plat_env *was)
{
	char text[EXO_PRINT_MAX];
	const struct exo_call_print *p = &c->a.of_PRINT;

	if (size_of(c->nr) == 0)
		return -EXO_ENOSYS;
	if (!c->there)
		return -EXO_EINVAL;
	if (c->nr == EXO_CALL_WAIT_NR && was->ring == NULL)
		return -EXO_EINVAL;
	if (c->nr != EXO_CALL_PRINT_NR)
		return c->nr < EXO_CALL_YIELD_NR;
	if (p->size > sizeof(text))
		return -EXO_E2BIG;
	if (!copy(p->text, text, p->size, false))
		return -EXO_EINVAL;
	return was->lines < LINES_MAX ? 0 : -EXO_ELIMIT;
}

/* A call may write its structure when it succeeds, a report and a witness anyway. */
static bool may_change(const struct call *c, uint64_t va)
{
	uint64_t report = 0;
	struct exo_span w = { 0 };

	if (!c->there || c->nr >= EXO_CALL_YIELD_NR)
		return false;
	if (c->ret == 0 && va - c->at < c->size)
		return true;
	if (c->nr == EXO_CALL_BIND_NR) {
		report = c->a.of_BIND.report;
		w = c->a.of_BIND.witness;
	} else if (c->nr == EXO_CALL_DERIVE_NR) {
		w = c->a.of_DERIVE.witness;
	} else if (c->nr == EXO_CALL_SLOT_NR) {
		report = c->a.of_SLOT.report;
	}
	return (report != 0 && va - report < sizeof(struct exo_report)) ||
	       va - w.at < w.size;
}

static void check_memory(const struct call *c)
{
	for (unsigned k = 0; k < npages; k++) {
		if (memcmp(before[k], pages[k].p, PAGE) == 0)
			continue;
		for (unsigned i = 0; i < PAGE; i++)
			exo_assert(before[k][i] == pages[k].p[i] ||
			           may_change(c, pages[k].va + i));
	}
}

/* The tables' frames are those that are neither pages nor closed. */
static void each_table(void (*fn)(uint8_t *kept, uint8_t *frame))
{
	uint64_t at[1 + 8 * 3], n = 0;

	at[n++] = root;
	for (uint64_t i = 0; i < n && n < 24; i++) {
		const uint64_t *t = paging_direct(at[i]);

		fn(tables[at[i] / PAGE], paging_direct(at[i]));
		for (unsigned k = 0; k < 512; k++)
			if (t[k] != 0 && (t[k] & PT_NX) == 0 && n < 24)
				at[n++] = t[k] & PT_FRAME;
	}
}

static void keep_table(uint8_t *kept, uint8_t *frame)
{
	memcpy(kept, frame, PAGE);
}

static void same_table(uint8_t *kept, uint8_t *frame)
{
	exo_assert(memcmp(kept, frame, PAGE) == 0);
}

static void check_print(const struct call *c)
{
	char text[EXO_PRINT_MAX];
	uint32_t n = (uint32_t)c->a.of_PRINT.size;

	exo_assert(said.calls == 1 && said.n == n &&
	           copy(c->a.of_PRINT.text, text, n, false));
	for (uint32_t i = 0; i < n; i++)
		exo_assert(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~')
		               ? said.text[i] == text[i]
		               : said.text[i] == '?');
}

/* Lines of what was printed, the last one's end or not. */
static uint32_t lines_of(const struct call *c)
{
	char text[EXO_PRINT_MAX];
	uint32_t n = (uint32_t)c->a.of_PRINT.size, lines = 1;

	(void)copy(c->a.of_PRINT.text, text, n, false);
	for (uint32_t i = 0; i + 1 < n; i++)
		lines += text[i] == '\n';
	return lines;
}

static void check_env(const struct call *c, const struct plat_env *was)
{
	bool done = c->ret == 0, print = c->nr == EXO_CALL_PRINT_NR;
	bool wait = done && c->nr == EXO_CALL_WAIT_NR;
	bool sleeps = wait && env.ring->head == env.ring->tail;
	enum env_state state = done && c->nr == EXO_CALL_EXIT_NR ? ENV_DEAD
	                       : sleeps                          ? ENV_WAITING
	                                                         : ENV_RUNNABLE;
	struct plat_env now = env;

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

	exo_assert(exo_env_stat(env.core, env.name, &s) == 0);
	return s.mem + s.code;
}

/* The next call, as it will be found in memory. */
static void make_call(struct call *c, const struct exo_key *key)
{
	uint8_t op = take(), odd = take();

	c->nr = op < 0xf0 ? (op & 15) + (op & 16 ? 16u : 0)
	                  : (uint64_t)op << (op & 7) * 8 | (op & 3);
	if (op < 0xf0 && size_of(c->nr) == 0)
		c->nr = c->nr % 2 != 0 ? EXO_CALL_PRINT_NR : EXO_CALL_BIND_NR;
	c->at = any_address();
	c->size = odd < 0xe0 ? size_of(c->nr) : (uint64_t)odd << (odd & 7) * 8;
	fill(&c->a, c->nr, key);
	for (uint64_t i = 0; i < sizeof(c->a); i++)
		if (byte_at(c->at + i, true) != NULL)
			*byte_at(c->at + i, true) = c->a.raw[i];
	c->there = c->size == size_of(c->nr) && c->size != 0 &&
	           copy(c->at, NULL, c->size, true) &&
	           copy(c->at, &c->a, c->size, false);
	env.wake = (odd & 2) != 0;
	if (env.ring !=
	    NULL) /* the libOS has read all, or says what it likes */
		env.ring->tail = env.ring->head - (odd & 1) * (odd & 24);
	env.state = ENV_RUNNABLE;
	env.lines = (odd & 6) == 6 ? LINES_MAX - (odd >> 3 & 1) : env.lines;
	memset(&env.regs, 0x55, sizeof(env.regs));
	env.regs.rax = c->nr;
	env.regs.rdi = c->at;
	env.regs.rsi = c->size;
}

static void step(const struct exo_key *key)
{
	static struct plat_env was;
	static struct call c;
	static uint64_t held;
	int64_t want;
	int way;

	make_call(&c, key);
	was = env;
	held = charged();
	said.calls = 0;
	for (unsigned k = 0; k < npages; k++)
		memcpy(before[k], pages[k].p, PAGE);
	want = expected(&c, &was);
	way = setjmp(out);
	if (way == 0)
		syscall_enter();
	exo_assert(way == (c.nr == EXO_CALL_YIELD_NR ? 2 : 1));
	c.ret = (int64_t)env.regs.rax;
	exo_assert(want == 1 ? c.ret == 0 || is_error(c.ret) : c.ret == want);
	exo_assert(c.ret == 0 || charged() == held);
	if (c.nr == EXO_CALL_BIND_NR && c.ret == 0)
		exo_assert(
		    copy(c.at + offsetof(struct exo_call_bind, out_binding),
		        &bound, sizeof(bound), false));
	check_memory(&c);
	check_env(&c, &was);
}

static int wire(void *arg, struct plat_env *of, const uint8_t *p, uint32_t n)
{
	(void)arg;
	exo_assert(of == &env);
	return n < EXO_TRANSMIT_MIN || p[0] == 9 ? -EXO_ELIMIT : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exo_core_config cfg = { .mem = 4u << 20,
		.verify_insns = 20000,
		.verify_mem = 1u << 20,
		.region_steps = 20000,
		.send = wire };
	static _Alignas(64) uint8_t ring[sizeof(struct exo_ring) + RING];
	struct exo_env_args args = { .plat = &env, .ring = (void *)ring };
	struct exo_key key;

	if (root == 0) {
		make_memory();
		each_table(keep_table);
	}
	bytes = data;
	left = size;
	bound = 0;
	memset(&env, 0, sizeof(env));
	for (unsigned k = 0; k < npages; k++)
		if (pages[k].kind == RW)
			pattern(pages[k].p, k);
	env.root = root;
	memcpy(env.label, "fuzz", 5);
	args.ring_size = RING;
	exo_assert(exo_core_new(&cfg, &env.core) == 0);
	exo_assert(exo_env_new(env.core, &args, &env.name) == 0);
	exo_assert(
	    exo_grant(env.core, env.name, EXO_RIGHT_ALL, NULL, &key) == 0);
	env.ring = (take() & 1) != 0 ? args.ring : NULL;
	for (int i = 0; i < 200 && left != 0; i++)
		step(&key);
	each_table(same_table);
	exo_core_free(env.core);
	exo_assert(live == 0);
	return 0;
}
