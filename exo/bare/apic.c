/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts of devices: see apic.h. */
#include "exo/bare/apic.h"

#include "exo/bare/clock.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/x86.h"

#define MSR_APIC_BASE 0x1bu
#define BASE_ON       0x800u
#define REGISTERS     0x1000u

/* Registers, in bytes. */
#define ID        0x20u
#define TASK      0x80u
#define EOI       0xb0u
#define SPURIOUS  0xf0u
#define SOFT_ON   0x100u
#define LVT_TIMER 0x320u
#define COUNT     0x380u
#define COUNTED   0x390u
#define DIVIDE    0x3e0u
#define BY_ONE    0xbu
#define MASKED    0x10000u

#define MEASURE_NS 2000000u

#define LINES_AT   0xfec00000u /* of the first controller with lines */
#define LINES_NEXT 0x10000u    /* the second on microvm */
#define LINES      24u
#define NMI        0x400u /* how a line interrupts */

static struct {
	uint64_t at; /* 0: it is not on */
	uint64_t count;
	uint64_t scale; /* ticks of the timer a nanosecond, by 2^32 */
} apic;

static volatile uint32_t *reg(uint64_t at, uint32_t off)
{
	return (volatile uint32_t *)paging_direct(at) + off / 4;
}

bool apic_init(void)
{
	uint64_t base;

	if (apic.at != 0)
		return true;
	if ((x86_cpuid(1, 0).d >> 9 & 1) == 0)
		return false;
	base = x86_rdmsr(MSR_APIC_BASE);
	x86_wrmsr(MSR_APIC_BASE, base | BASE_ON);
	apic.at = base & PT_FRAME;
	paging_device(apic.at, REGISTERS);
	*reg(apic.at, TASK) = 0;
	*reg(apic.at, SPURIOUS) = SOFT_ON | APIC_SPURIOUS;
	return true;
}

/* Volume 3A, 11.11.1. */
uint32_t apic_message(void)
{
	return 0xfee00000u | (*reg(apic.at, ID) >> 24) << 12;
}

/* It counts down from a number, and interrupts at 0 if it may. */
void apic_measure(void)
{
	uint64_t from, ns;

	*reg(apic.at, LVT_TIMER) = MASKED | APIC_TIMER;
	*reg(apic.at, DIVIDE) = BY_ONE;
	*reg(apic.at, COUNT) = UINT32_MAX;
	from = clock_ns();
	do
		ns = clock_ns() - from;
	while (ns < MEASURE_NS);
	apic.scale =
	    ((uint64_t)(UINT32_MAX - *reg(apic.at, COUNTED)) << 32) / ns;
	*reg(apic.at, COUNT) = 0;
	*reg(apic.at, LVT_TIMER) = APIC_TIMER;
}

void apic_timer(uint64_t ns)
{
	uint64_t ticks =
	    (ns >> 32) * apic.scale + ((ns & UINT32_MAX) * apic.scale >> 32);

	if (ns != 0 && ticks == 0)
		ticks = 1;
	*reg(apic.at, COUNT) =
	    ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

static void line_write(uint64_t at, uint32_t index, uint32_t v)
{
	*reg(at, 0) = index;
	*reg(at, 0x10) = v;
}

static bool set_line(uint32_t line, uint32_t how)
{
	uint64_t at = LINES_AT + line / LINES * LINES_NEXT;
	uint32_t n;

	if (line >= 2 * LINES || apic.at == 0)
		return false;
	paging_device(at, FRAME_SIZE);
	*reg(at, 0) = 1;
	n = (*reg(at, 0x10) >> 16 & 0xff) + 1;
	line %= LINES;
	if (n != LINES)
		return false;
	line_write(at, 0x11 + 2 * line, *reg(apic.at, ID));
	line_write(at, 0x10 + 2 * line, how);
	return true;
}

bool apic_line(uint32_t line, uint8_t vector)
{
	return set_line(line, vector);
}

bool apic_nmi(uint32_t line)
{
	return set_line(line, NMI);
}

bool apic_enter(uint32_t vector)
{
	if (vector == APIC_SPURIOUS)
		return true;
	if ((vector != APIC_VECTOR && vector != APIC_TIMER) || apic.at == 0)
		return false;
	apic.count += vector == APIC_VECTOR;
	*reg(apic.at, EOI) = 0;
	return true;
}

uint64_t apic_count(void)
{
	return apic.count;
}
