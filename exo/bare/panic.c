/* SPDX-License-Identifier: BSD-2-Clause */
/* The end: see panic.h. */
#include "exo/bare/panic.h"

#include "exo/bare/cpu.h"
#include "exo/bare/env.h"
#include "exo/bare/paging.h"
#include "exo/bare/serial.h"
#include "exo/bare/trap.h"
#include "exo/bare/x86.h"
#include "exo/lib/bug.h"

#define EXIT_PORT 0xf4u /* isa-debug-exit: status is twice the byte and 1 */
#define WENT_WELL 16u
#define FAILED    17u
#define FRAMES    24u

/** The names of the kernel's functions, by address (ksyms.awk). */
struct ksym {
	uint32_t from; /* bytes from kernel_text */
	uint32_t name; /* offset into ksym_names */
};
extern const struct ksym ksym_table[];
extern const uint32_t ksym_count;
extern const char ksym_names[];

_Noreturn void panic_exit(int failed)
{
	x86_outb(EXIT_PORT, failed != 0 ? FAILED : WENT_WELL);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void panic_where(uint64_t at)
{
	uint64_t off = at - (uintptr_t)kernel_text;
	uint32_t lo = 0, hi = ksym_count;

	serial_hex(at);
	if (at < (uintptr_t)kernel_text || at >= (uintptr_t)kernel_rodata)
		return;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ksym_table[mid].from <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return;
	serial_str(" ");
	serial_str(ksym_names + ksym_table[lo - 1].name);
	serial_str("+");
	serial_u64(off - ksym_table[lo - 1].from);
}

static void place(uint64_t rip)
{
	serial_str("  ");
	panic_where(rip);
	serial_str("\n");
}

/* Whether n words there are of a stack of the kernel's. */
static bool on_stack(uint64_t at, unsigned n)
{
	uint64_t last = at + 8 * (n - 1);

	return at >= STACKS && at < SCRATCH && at % 8 == 0 &&
	       (paging_entry(paging_root(), at) & PT_PRESENT) != 0 &&
	       (paging_entry(paging_root(), last) & PT_PRESENT) != 0;
}

static uint64_t word_at(uint64_t at)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return *(const uint64_t *)(uintptr_t)at;
}

/* The kernel's text, or a compiled filter's. */
static bool is_code(uint64_t at)
{
	return (at >= (uintptr_t)kernel_text &&
	           at < (uintptr_t)kernel_rodata) ||
	       (at >= CODE && at < CODE + CODE_SIZE);
}

/* Return addresses, by frame pointers that are on a stack of the kernel's. False: they do
 * not lead to where it began. */
static bool chain(uint64_t rip, uint64_t rbp)
{
	for (unsigned n = 0; n < FRAMES; n++) {
		uint64_t up;

		place(rip);
		if (!on_stack(rbp, 2))
			return false;
		up = word_at(rbp);
		rip = word_at(rbp + 8);
		if (rip == 0)
			return true;
		if (!is_code(rip) || up <= rbp)
			return false;
		rbp = up;
	}
	return true;
}

/* What is on a stack and may be a return address. */
static void scan(uint64_t rsp)
{
	unsigned n = 0;

	for (; n < FRAMES && on_stack(rsp, 1); rsp += 8) {
		uint64_t v = word_at(rsp);

		if (v < (uintptr_t)kernel_text || v >= (uintptr_t)kernel_rodata)
			continue;
		serial_str(n++ == 0 ? "perhaps by\n" : "");
		place(v);
	}
}

/* How it came there. Compiled filters have no frame pointers, nor have some routines:
 * then there is the stack to look at. Of ring 3 nothing is followed: registers may be
 * anything. */
static void backtrace(const struct trap *t)
{
	if ((t->cs & 3) == 3) {
		serial_str("in ring 3\n");
		place(t->rip);
	} else if (!chain(t->rip, t->rbp)) {
		scan(t->rsp);
	}
}

static void reg(const char *name, uint64_t v, const char *behind)
{
	serial_str(name);
	serial_str(" ");
	serial_hex(v);
	serial_str(behind);
}

static void registers(const struct trap *t)
{
	reg("rax", t->rax, "  ");
	reg("rbx", t->rbx, "  ");
	reg("rcx", t->rcx, "  ");
	reg("rdx", t->rdx, "\n");
	reg("rsi", t->rsi, "  ");
	reg("rdi", t->rdi, "  ");
	reg("rbp", t->rbp, "  ");
	reg("rsp", t->rsp, "\n");
	reg("r8 ", t->r8, "  ");
	reg("r9 ", t->r9, "  ");
	reg("r10", t->r10, "  ");
	reg("r11", t->r11, "\n");
	reg("r12", t->r12, "  ");
	reg("r13", t->r13, "  ");
	reg("r14", t->r14, "  ");
	reg("r15", t->r15, "\n");
	reg("cr2", x86_cr2(), "  ");
	reg("cr3", x86_cr3(), "  ");
	reg("flg", t->rflags, "  ");
	reg("err", t->error, "\n");
}

_Noreturn void panic_late(const struct trap *t)
{
	serial_str("\npanic: watchdog: the kernel does not come back\n");
	if (cpu_here()->current != NULL) {
		serial_str("for ");
		serial_str(cpu_here()->current->label);
		serial_str(", or the packets that came\n");
	}
	registers(t);
	backtrace(t);
	panic_exit(1);
}

_Noreturn void panic_trap(const struct trap *t)
{
	serial_str("\npanic: exception ");
	serial_u64(t->vector);
	serial_str("\n");
	registers(t);
	backtrace(t);
	panic_exit(1);
}

_Noreturn void plat_panic(const char *file, int line, const char *why)
{
	serial_str("\npanic: ");
	serial_str(file);
	serial_str(":");
	serial_u64((uint64_t)line);
	serial_str(": ");
	serial_str(why);
	serial_str("\n");
	(void)chain((uintptr_t)__builtin_return_address(0),
	    (uintptr_t)__builtin_frame_address(0));
	panic_exit(1);
}
