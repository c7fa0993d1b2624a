/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A progress bar on standard error.
 */
#include "exo/hosted/progress.h"

#include "exo/hosted/human.h"
#include "exo/plat/plat.h"

#include <stdio.h>
#include <unistd.h>

#define PERIOD_NS 100000000u
#define DELAY_NS  300000000u /* a short run shows nothing at all */
#define WIDTH     30

void cmd_progress_init(struct cmd_progress *p, bool wanted)
{
	p->on = wanted && isatty(STDERR_FILENO) == 1;
	p->shown = false;
	p->start_ns = plat_clock_ns();
	p->next_ns = p->start_ns + DELAY_NS;
}

static void draw_bar(uint64_t done, uint64_t total)
{
	int fill, i;

	if (total == 0) {
		fprintf(stderr, "\r%8.1f MB", (double)done / 1e6);
		return;
	}
	if (done > total)
		done = total;
	fill = (int)((double)done / (double)total * WIDTH);
	fputs("\r[", stderr);
	for (i = 0; i < WIDTH; i++)
		fputc(i < fill ? '#' : '.', stderr);
	fprintf(stderr, "] %3d%%", (int)((double)done / (double)total * 100));
}

void cmd_progress_draw(
    struct cmd_progress *p, uint64_t done, uint64_t total, uint64_t packets)
{
	char count[CMD_HUMAN], rate[CMD_HUMAN];
	uint64_t now;
	double s;

	if (!p->on)
		return;
	now = plat_clock_ns();
	if (now < p->next_ns)
		return;
	p->next_ns = now + PERIOD_NS;
	s = (double)(now - p->start_ns) / 1e9;
	draw_bar(done, total);
	fprintf(stderr, "  %s packets, %s/s\033[K",
	    cmd_human_u64(packets, count),
	    cmd_human_u64((uint64_t)((double)packets / s), rate));
	fflush(stderr);
	p->shown = true;
}

void cmd_progress_clear(struct cmd_progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	p->shown = false;
}
