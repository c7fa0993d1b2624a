/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of the demonstration: see demo.h. */
#include "libos-net/demo/demo.h"
#include "libos-net/rt/sys.h"

uint64_t demo_ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

void demo_work(uint32_t us)
{
	uint64_t from = demo_ticks();

	while (demo_ticks() - from < (uint64_t)us * DEMO_US)
		continue;
}

void demo_text(struct demo_line *l, const char *text, uint32_t width)
{
	uint32_t end = l->n + width;

	while (*text != '\0' && l->n < sizeof(l->text) - 1)
		l->text[l->n++] = *text++;
	while (l->n < end && l->n < sizeof(l->text) - 1)
		l->text[l->n++] = ' ';
}

void demo_number(struct demo_line *l, uint64_t v, uint32_t width)
{
	char digits[21];
	uint32_t k = sizeof(digits) - 1;

	digits[k] = '\0';
	do {
		digits[--k] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	for (; width + k > sizeof(digits) - 1; width--)
		demo_text(l, " ", 1);
	demo_text(l, &digits[k], 0);
}

struct demo_line demo_row(void)
{
	struct demo_line l;

	l.n = 0;
	return l;
}

struct demo_line demo_now(const struct demo *d)
{
	struct demo_line l = demo_row();
	uint64_t us = (demo_ticks() - d->began) / DEMO_US;

	demo_number(&l, us / 1000, 4);
	demo_text(&l, ".", 0);
	demo_number(&l, us / 100 % 10, 0);
	demo_text(&l, " ms  ", 0);
	demo_text(&l, d->whose, 0);
	return l;
}

void demo_print(struct demo_line *l)
{
	l->text[l->n] = '\0';
	(void)lnet_print(l->text);
}

void demo_say(
    const struct demo *d, const char *before, uint64_t v, const char *behind)
{
	struct demo_line l = demo_now(d);

	demo_text(&l, before, 0);
	demo_number(&l, v, 0);
	demo_text(&l, behind, 0);
	demo_print(&l);
}

bool demo_tells(struct demo *d, enum demo_event event)
{
	d->n[event]++;
	if (d->told[event] == DEMO_LINES)
		return false;
	d->told[event]++;
	return true;
}
