/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel must not survive: it does to itself what a fault of it might do, and
 * ends with a panic that says where (tests/bare/die.sh). If it goes on, it says so.
 */
#include "exo/bare/test.h"

#include "exo/bare/apic.h"
#include "exo/bare/clock.h"
#include "exo/bare/code.h"
#include "exo/bare/cpu.h"
#include "exo/bare/env.h"
#include "exo/bare/fiber.h"
#include "exo/bare/frames.h"
#include "exo/bare/heap.h"
#include "exo/bare/paging.h"
#include "exo/bare/panic.h"
#include "exo/bare/serial.h"
#include "exo/bare/trap.h"
#include "exo/bare/watchdog.h"
#include "exo/bare/x86.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define USER_AT 0x400000u

static const uint8_t a_return[] = { 0xc3, 0x90, 0x90, 0x90 };
static uint8_t data[16] = { 0xc3 };

static void write_text(void)
{
	test_write((uintptr_t)kernel_text);
}

static void write_constants(void)
{
	test_write((uintptr_t)a_return);
}

static uintptr_t filter(void)
{
	const void *code = code_install(a_return, sizeof(a_return));

	exo_assert(code != NULL);
	return (uintptr_t)code;
}

static void write_filter(void)
{
	test_write(filter());
}

/* The frame that holds it, by the map of all RAM. */
static void write_filter_frame(void)
{
	uint64_t entry = paging_entry(paging_root(), filter());

	test_write((uintptr_t)paging_direct(entry & PT_FRAME));
}

static void run_data(void)
{
	test_jump((uintptr_t)data);
}

static void run_stack(void)
{
	uint8_t on_stack[16] = { 0xc3 };

	test_jump((uintptr_t)on_stack);
}

static void run_heap(void)
{
	uint8_t *p = heap_get(64);

	exo_assert(p != NULL);
	p[0] = 0xc3;
	test_jump((uintptr_t)p);
}

/* A page of ring 3's, in the tables that are in use. */
static void map_user(void)
{
	uint64_t root = paging_new(), at = frames_get(0);

	exo_assert(
	    root != 0 && at != 0 &&
	    paging_map(root, USER_AT, at, PT_PRESENT | PT_WRITE | PT_USER));
	memset(paging_direct(at), 0xc3, FRAME_SIZE);
	x86_set_cr3(root);
}

static void read_user(void)
{
	map_user();
	test_read(USER_AT);
}

static void write_user(void)
{
	map_user();
	test_write(USER_AT);
}

static void run_user(void)
{
	map_user();
	test_jump(USER_AT);
}

static void read_null(void)
{
	test_read(0);
}

static __attribute__((noinline)) uint64_t deeper(uint64_t n)
{
	volatile uint8_t room[512];

	room[n % sizeof(room)] = 1;
	return n == 0 ? 0 : deeper(n - 1) + room[n % sizeof(room)];
}

static void overrun_stack(void)
{
	exo_assert(deeper(UINT64_MAX) == 0);
}

static void overrun(struct plat_env *e, void *arg)
{
	(void)e;
	(void)arg;
	overrun_stack();
}

static void overrun_fiber(void)
{
	static struct plat_env e;

	cpu_here()->current = &e;
	(void)fiber_run(&e, overrun, NULL);
}

/* Without the way back to what it does between turns. */
static void hang(void)
{
	for (;;)
		__asm__ volatile("");
}

/* The same where rbp is no frame pointer. */
static void hang_without_frame(void)
{
	__asm__ volatile("xorl %%ebp, %%ebp\n1: jmp 1b" : : : "memory");
}

/* An NMI that is not the watchdog's. */
static void nmi(void)
{
	__asm__ volatile("int $2");
}

/* Pages before stacks are not there. */
static void below_kernel_stack(void)
{
	test_write(cpu_here()->stack - TRAP_STACK - 1);
}

static void below_nmi_stack(void)
{
	test_write(cpu_here()->tss.ist[0] - TRAP_STACK - 1);
}

static void below_fault_stack(void)
{
	test_write(cpu_here()->tss.ist[1] - TRAP_STACK - 1);
}

static void below_check_stack(void)
{
	test_write(cpu_here()->tss.ist[2] - TRAP_STACK - 1);
}

static void nothing(struct plat_env *e, void *arg)
{
	(void)e;
	(void)arg;
}

/* That before the second one is not the end of the first one. */
static void below_fiber_stack(void)
{
	static struct plat_env e[2];

	for (unsigned i = 0; i < 2; i++) {
		e[i].place = i;
		cpu_here()->current = &e[i];
		exo_assert(fiber_run(&e[i], nothing, NULL));
	}
	test_write(e[1].stack - FIBER_STACK - 1);
}

/* The way in has reset what ring 3 left there: shown by what sees that it has not. */
static void keep_flags(void)
{
	__asm__ volatile("pushq $0x40002\n popfq" : : : "cc", "memory");
	trap_own_flags();
}

void test_die(const struct machine *m, const char *name, int n)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} ways[] = { { "write_text", write_text },
		{ "write_constants", write_constants },
		{ "write_filter", write_filter },
		{ "write_filter_frame", write_filter_frame },
		{ "run_data", run_data }, { "run_stack", run_stack },
		{ "run_heap", run_heap }, { "read_user", read_user },
		{ "write_user", write_user }, { "run_user", run_user },
		{ "read_null", read_null }, { "overrun_stack", overrun_stack },
		{ "overrun_fiber", overrun_fiber }, { "hang", hang },
		{ "hang_without_frame", hang_without_frame }, { "nmi", nmi },
		{ "below_kernel_stack", below_kernel_stack },
		{ "below_nmi_stack", below_nmi_stack },
		{ "below_fault_stack", below_fault_stack },
		{ "below_check_stack", below_check_stack },
		{ "below_fiber_stack", below_fiber_stack },
		{ "keep_flags", keep_flags } };

	exo_assert(apic_init());
	watchdog_start(m);
	for (uint32_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (memcmp(ways[i].name, name, (size_t)n) != 0 ||
		    ways[i].name[n] != '\0')
			continue;
		ways[i].fn();
		serial_str("exopf: it survived\n");
		panic_exit(0);
	}
	serial_str("exopf: die: there is no such way\n");
	panic_exit(0);
}
