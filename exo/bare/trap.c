/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions and interrupts: see trap.h. */
#include "exo/bare/trap.h"

#include "exo/bare/apic.h"
#include "exo/bare/cpu.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/panic.h"
#include "exo/bare/sched.h"
#include "exo/bare/watchdog.h"
#include "exo/bare/x86.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define VECTORS     256u
#define STUB        16u /* bytes of each in entry.S */
#define CODE_SEL    8u
#define TSS_SEL     40u
#define GATE        0x8eu /* an interrupt gate, for ring 0 */
#define STACK_PAGES (TRAP_STACK / FRAME_SIZE)
#define NMI         2u
#define CHECK       18u /* of the machine */
#define IST_FIRST   2u  /* stacks before it are the kernel's own */

extern const uint8_t trap_stubs[], trap_back[];
_Noreturn void trap_go(uint64_t stack, void (*go)(void));
uint64_t trap_try(void (*fn)(uint64_t), uint64_t arg, uint64_t *resume);

struct gate {
	uint16_t low, selector;
	uint8_t ist, type;
	uint16_t mid;
	uint32_t high, zero;
};

struct table {
	uint16_t limit;
	uint64_t at;
} __attribute__((packed));

struct cpu cpus[CPUS];
/* null, code, data; user data, user code in the order that SYSRET wants; TSS */
static const uint64_t segments[CPU_GDT] = { 0, 0x00af9b000000ffff,
	0x00cf93000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff, 0, 0 };
static struct gate idt[VECTORS];

static struct {
	bool on;
	uint64_t resume; /* the stack of trap_try() */
	uint32_t vector;
	uint64_t at;
} expected;

/* The i-th stack; a page before it and one behind it are not there. Returns its
 * end. */
static uint64_t make_stack(unsigned i)
{
	uint64_t from =
	    STACKS + (uint64_t)i * 2 * STACK_PAGES * FRAME_SIZE + FRAME_SIZE;

	for (unsigned k = 0; k < STACK_PAGES; k++) {
		uint64_t at = frames_get(0);

		exo_assert(at != 0 &&
		           paging_map(paging_root(), from + k * FRAME_SIZE, at,
		               PT_PRESENT | PT_WRITE | PT_NX | PT_GLOBAL));
	}
	return from + STACK_PAGES * FRAME_SIZE;
}

static void set_gate(unsigned vector, unsigned ist)
{
	uint64_t to = (uintptr_t)trap_stubs + (uint64_t)vector * STUB;

	idt[vector] = (struct gate){ .low = (uint16_t)to,
		.selector = CODE_SEL,
		.ist = (uint8_t)ist,
		.type = GATE,
		.mid = (uint16_t)(to >> 16),
		.high = (uint32_t)(to >> 32) };
}

static void load_tables(struct cpu *c)
{
	const struct table g = { sizeof(c->gdt) - 1, (uintptr_t)c->gdt };
	const struct table t = { sizeof(idt) - 1, (uintptr_t)idt };
	uint64_t base = (uintptr_t)&c->tss;

	_Static_assert(USER_DATA == (3 * 8 | 3) && USER_CODE == (4 * 8 | 3),
	    "places in segments");
	memcpy(c->gdt, segments, sizeof(segments));
	c->tss.iomap = sizeof(c->tss);
	c->gdt[5] = (sizeof(c->tss) - 1) | (base & 0xffffff) << 16 |
	            (uint64_t)0x89 << 40 | (base >> 24 & 0xff) << 56;
	c->gdt[6] = base >> 32;
	__asm__ volatile("lgdt %0; lidt %1; ltr %w2"
	                 :
	                 : "m"(g), "m"(t), "r"(TSS_SEL)
	                 : "memory");
}

/* Both interrupt controllers of old are silent. */
static void mask_pics(void)
{
	x86_outb(0x21, 0xff);
	x86_outb(0xa1, 0xff);
}

_Noreturn void trap_init(void (*go)(void))
{
	static const uint8_t own_stack[] = { NMI, 8 /* #DF */, CHECK };
	struct cpu *c = cpu_here();

	mask_pics();
	for (unsigned v = 0; v < VECTORS; v++)
		set_gate(v, 0);
	for (unsigned i = 0; i < sizeof(own_stack); i++) {
		c->tss.ist[i] = make_stack(IST_FIRST + i);
		set_gate(own_stack[i], i + 1);
	}
	c->stack = make_stack(0);
	c->tss.rsp[0] = c->stack;
	load_tables(c);
	trap_go(c->stack, go);
}

uint32_t trap_expect(void (*fn)(uint64_t arg), uint64_t arg, uint64_t *at)
{
	expected.on = true;
	expected.vector = 0;
	expected.at = 0;
	(void)trap_try(fn, arg, &expected.resume);
	expected.on = false;
	if (at != NULL)
		*at = expected.at;
	return expected.vector;
}

/* Go on behind trap_try(); the stack it left is above the trap's. */
static void come_back(struct trap *t)
{
	expected.on = false;
	expected.vector = (uint32_t)t->vector;
	expected.at = t->vector == TRAP_PF ? x86_cr2() : 0;
	t->rip = (uintptr_t)trap_back;
	t->rsp = expected.resume;
}

void trap_enter(struct trap *t)
{
	trap_own_flags();
	if (t->vector == NMI && watchdog_sent()) {
		if (watchdog_late())
			panic_late(t);
		return;
	}
	if ((t->cs & 3) == 3 && (t->vector == NMI || t->vector == CHECK))
		panic_trap(t); /* the machine's, whoever ran */
	if ((t->cs & 3) == 3)
		sched_trap(t);
	if (t->vector >= 32 && apic_enter((uint32_t)t->vector))
		return;
	if (!expected.on || t->vector >= 32)
		panic_trap(t);
	come_back(t);
}
