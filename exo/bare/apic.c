/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt controller: see apic.h. */
#include "exo/bare/apic.h"

#include "exo/bare/clock.h"
#include "exo/bare/paging.h"
#include "exo/bare/x86.h"

#define BASE_MSR 0x1bu
#define ENABLE   ((uint64_t)1 << 11)
#define SVR_ON   0x100u
#define MASKED   0x10000u
#define SETTLE   2000000u /* ns to measure for */

enum { /* registers, by offset */
	REG_ID = 0x20,
	REG_TPR = 0x80,
	REG_EOI = 0xb0,
	REG_SVR = 0xf0,
	REG_LVT_TIMER = 0x320,
	REG_LVT_LINT0 = 0x350,
	REG_LVT_LINT1 = 0x360,
	REG_COUNT = 0x380,
	REG_NOW = 0x390,
	REG_DIVIDE = 0x3e0,
};

static uint64_t base;  /* by the direct map */
static uint64_t scale; /* timer ticks a nanosecond, by 2^32 */

static volatile uint32_t *reg(uint32_t off)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (volatile uint32_t *)(uintptr_t)(base + off);
}

void apic_init(void)
{
	uint64_t at = x86_rdmsr(BASE_MSR), from, ticks, ns;

	x86_wrmsr(BASE_MSR, at | ENABLE);
	at &= PT_FRAME;
	paging_device(at, 4096);
	base = DIRECT + at;
	*reg(REG_TPR) = 0;
	*reg(REG_LVT_LINT0) = MASKED;
	*reg(REG_LVT_LINT1) = MASKED;
	*reg(REG_SVR) = SVR_ON | APIC_SPURIOUS;
	*reg(REG_LVT_TIMER) = MASKED | APIC_TIMER;
	*reg(REG_DIVIDE) = 0xb; /* by 1 */
	*reg(REG_COUNT) = UINT32_MAX;
	from = clock_ns();
	do
		ns = clock_ns() - from;
	while (ns < SETTLE);
	ticks = UINT32_MAX - *reg(REG_NOW);
	*reg(REG_COUNT) = 0;
	scale = (ticks << 32) / ns;
	*reg(REG_LVT_TIMER) = APIC_TIMER;
}

void apic_timer(uint64_t ns)
{
	uint64_t ticks = (ns >> 32) * scale + ((ns & UINT32_MAX) * scale >> 32);

	if (ns != 0 && ticks == 0)
		ticks = 1;
	*reg(REG_COUNT) = ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

void apic_eoi(void)
{
	*reg(REG_EOI) = 0;
}

uint32_t apic_id(void)
{
	return *reg(REG_ID) >> 24;
}
