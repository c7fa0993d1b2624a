/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the time goes: see spent.h. */
#include "exo/bare/spent.h"

#include <stdbool.h>

#include "exo/bare/clock.h"
#include "exo/bare/serial.h"

static struct {
	bool on;
	uint64_t mark; /* when the last time was taken */
	uint64_t ns[SPENT_KINDS];
	uint64_t frames, batches;
	uint64_t first;              /* when the first frame came */
	uint64_t last;               /* and the last, */
	uint64_t until[SPENT_KINDS]; /* and what was spent until then */
} spent;

void spent_start(void)
{
	spent.on = true;
	spent.mark = clock_ns();
}

void spent_on(enum spent what)
{
	uint64_t now;

	if (!spent.on)
		return;
	now = clock_ns();
	spent.ns[what] += now - spent.mark;
	spent.mark = now;
}

void spent_frames(uint32_t n)
{
	if (!spent.on)
		return;
	if (spent.frames == 0) {
		spent.first = spent.mark;
		for (unsigned k = 0; k < SPENT_KINDS; k++)
			spent.ns[k] = 0;
	}
	spent.frames += n;
	spent.batches++;
	spent.last = spent.mark;
	for (unsigned k = 0; k < SPENT_KINDS; k++)
		spent.until[k] = spent.ns[k];
}

static void say(const char *before, uint64_t n, const char *behind)
{
	serial_str(before);
	serial_u64(n);
	serial_str(behind);
}

void spent_say(void)
{
	static const char *const names[SPENT_KINDS] = { " % ring 3", " % card",
		" % core", " % idle" };
	uint64_t ns = spent.last - spent.first;

	if (!spent.on)
		return;
	say("exopf: ", spent.frames, " frames in ");
	say("", spent.batches, " batches, ");
	say("", ns / 1000000, " ms");
	if (ns >= 1000000) {
		say(", ", spent.frames * 1000 / (ns / 1000000),
		    " frames a second:");
		for (unsigned k = 0; k < SPENT_KINDS; k++)
			say(k == 0 ? " " : ", ", spent.until[k] * 100 / ns,
			    names[k]);
	}
	serial_str("\n");
}
