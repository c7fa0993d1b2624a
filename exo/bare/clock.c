/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: see clock.h.
 *
 * The first channel of the 8254, which every machine with the chip has running, counts
 * down at 1,193,182 Hz; its status says when it is done [Intel, 8254 data sheet, "Read-Back
 * Command"]. Its interrupt is masked.
 */
#include "exo/bare/clock.h"

#include "exo/bare/x86.h"

#define HZ        1193182u
#define TICKS     11932u /* 10 ms */
#define NS        1000000000u
#define ONCE      0x30u /* channel 0, both bytes, mode 0 */
#define READ_BACK 0xe2u /* channel 0's status: */
#define DONE      0x80u
#define HOW       0x3fu /* as it was told; of no chip it is something else */
#define PATIENT   100000000u /* looks at a chip that may not be there */

#define TRIES 20u
#define EXACT 256u /* a part of the time is good enough */

static uint64_t start;
static uint64_t scale; /* nanoseconds a tick, by 2^32 */

/* Ticks of the processor, as few and as many as it may have been. */
struct span {
	uint64_t least, most;
};

/* Ticks while the chip counts: it began between two looks at the processor's counter, and
 * ended between two. Whoever emulates both may have been away in the middle of either.
 * False: it does not count. */
static bool measure(struct span *s)
{
	uint64_t before = x86_rdtsc(), began, not_yet;

	x86_outb(0x43, ONCE);
	x86_outb(0x40, TICKS & 0xff);
	x86_outb(0x40, TICKS >> 8);
	began = not_yet = x86_rdtsc();
	for (uint32_t i = 0; i < PATIENT; i++) {
		uint64_t from = x86_rdtsc();
		uint8_t status;

		x86_outb(0x43, READ_BACK);
		status = x86_inb(0x40);
		if ((status & HOW) != ONCE)
			return false;
		if ((status & DONE) != 0) {
			*s = (struct span){ not_yet - began,
				x86_rdtsc() - before };
			return true;
		}
		not_yet = from;
	}
	return false;
}

/* The best of several; 0: there is no chip. */
static uint64_t ticks(void)
{
	struct span best = { 0, UINT64_MAX }, s;

	for (uint32_t i = 0; i < TRIES; i++) {
		if (!measure(&s))
			return 0;
		if (s.most - s.least < best.most - best.least)
			best = s;
		if (best.most - best.least <= best.most / EXACT)
			break;
	}
	return best.least + (best.most - best.least) / 2;
}

void clock_init(void)
{
	uint64_t hz = ticks() * HZ / TICKS;

	if (hz < 1000000)
		hz = NS; /* no chip: a tick is taken for a nanosecond */
	scale = ((uint64_t)NS << 32) / hz;
	start = x86_rdtsc();
}

uint64_t clock_ns_of(uint64_t ticks)
{
	/* ticks * scale >> 32, without losing what is above 64 bits */
	return (ticks >> 32) * scale + ((ticks & UINT32_MAX) * scale >> 32);
}

uint64_t clock_at(uint64_t ticks)
{
	return clock_ns_of(ticks - start);
}

uint64_t clock_ns(void)
{
	return clock_at(clock_ticks());
}

uint64_t clock_hz(void)
{
	return ((uint64_t)NS << 32) / scale;
}
