/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: see clock.h.
 *
 * The second channel of the 8254 counts down at 1,193,182 Hz while bit 0 of port
 * 0x61 is set; bit 5 shows when it is done [Intel, 8254 data sheet].
 */
#include "exo/bare/clock.h"

#include "exo/bare/x86.h"

#define HZ      1193182u
#define TICKS   11932u /* 10 ms */
#define NS      1000000000u
#define PATIENT 100000000u /* looks at a chip that may not be there */

static uint64_t start;
static uint64_t scale; /* nanoseconds a tick, by 2^32 */

/* Ticks of the processor while the chip counts; 0: it does not. */
static uint64_t measure(void)
{
	uint64_t from;

	x86_outb(0x61, (uint8_t)((x86_inb(0x61) & ~2u) | 1u));
	x86_outb(0x43, 0xb0); /* channel 2, both bytes, once */
	x86_outb(0x42, TICKS & 0xff);
	x86_outb(0x42, TICKS >> 8);
	from = x86_rdtsc();
	for (uint32_t i = 0; i < PATIENT; i++)
		if ((x86_inb(0x61) & 0x20) != 0)
			return x86_rdtsc() - from;
	return 0;
}

void clock_init(void)
{
	uint64_t ticks = measure(), hz = ticks * HZ / TICKS;

	if (hz < 1000000)
		hz = NS; /* no chip: a tick is taken for a nanosecond */
	scale = ((uint64_t)NS << 32) / hz;
	start = x86_rdtsc();
}

uint64_t clock_ns(void)
{
	uint64_t ticks = x86_rdtsc() - start;

	/* ticks * scale >> 32, without losing what is above 64 bits */
	return (ticks >> 32) * scale + ((ticks & UINT32_MAX) * scale >> 32);
}
