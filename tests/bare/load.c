/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A libOS that takes packets and looks at no more than their records: how many there
 * are, and that they come in order, whole.
 *
 * Its argument is how many there will be, "250000"; or "250000,stall": then it wakes up
 * with the first and leaves all of them where they are, until the kernel has counted
 * the rest as lost. It says what it got, and what it lost by the kernel's word.
 */
#include <stdbool.h>
#include <stddef.h>

#include "libos-net/rt/bind.h"
#include "libos-net/tap.h"
#include "tests/bare/check.h"

#define ROOM 160u

static struct lnet_tap tap;
static uint64_t got, bytes, last;

static void take(void *arg, const struct exo_rec *rec, const uint8_t *data)
{
	(void)arg;
	(void)data;
	CHECK(got == 0 || rec->packet > last);
	CHECK(rec->len == rec->wirelen);
	last = rec->packet;
	bytes += rec->len;
	got++;
}

static struct exo_bind_stat stat_of(uint64_t binding)
{
	struct exo_call_stat a = { .binding = binding };

	CHECK(lnet_call(EXO_CALL_STAT_NR, &a, sizeof(a)) == 0);
	return a.out_stat;
}

static const char *number(const char *text, uint64_t *out)
{
	for (*out = 0; *text >= '0' && *text <= '9'; text++)
		*out = *out * 10 + (uint64_t)(*text - '0');
	return text;
}

static char *put(char *to, const char *text, uint64_t n)
{
	char digits[20];
	uint32_t k = 0;

	while (*text != '\0')
		*to++ = *text++;
	do {
		digits[k++] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	while (k > 0)
		*to++ = digits[--k];
	return to;
}

static void say(const struct exo_bind_stat *s)
{
	char text[ROOM], *end = text;

	end = put(end, "got ", got);
	end = put(end, " bytes ", bytes);
	end = put(end, " matched ", s->matched);
	end = put(end, " dropped ", s->dropped);
	*end = '\0';
	CHECK(lnet_print(text) == 0);
}

int lnet_main(struct exo_pe *pe)
{
	struct exo_bind_stat s;
	uint64_t binding = 0, want;
	bool stalls = *number(pe->arg, &want) == ',';

	lnet_tap_init(&tap, (void *)EXO_RING_AT);
	CHECK(want > 0 && lnet_bind_all(&pe->key, &binding) == 0);
	do {
		if (stalls)
			(void)lnet_yield();
		else if (lnet_tap_poll(&tap, take, NULL) < 0)
			return 4;
		if (got < want && (!stalls || tap.ring->head == 0))
			(void)lnet_wait();
		s = stat_of(binding);
	} while (s.matched < want);
	CHECK(lnet_tap_poll(&tap, take, NULL) >= 0);
	say(&s);
	return 0;
}
