/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs properties (prop.h) on words: given ones, or random operands.
 *
 * usage: drive eval NAME < WORDS     a line of hexadecimal words each
 *        drive sample NAME SHAPE COUNT SEED
 *        drive hammer NAME SHAPE COUNT SEED
 *
 * eval prints `VERDICT OUT...`, sample `IN... : VERDICT OUT...`, a line for
 * each run. hammer prints how many runs had operands, or `failed IN...` and
 * exits 1. A trap of the compiler's checks ends it by a signal.
 *
 * SHAPE says what the words are: T a tnum, R a range, S a scalar; the first
 * holds x, the second y; then the words x y z, k a shift amount, K three in
 * order, f a width.
 */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/lib/bug.h"
#include "tests/proofs/prop.h"

#define WORDS 24u

typedef unsigned (*prop_fn)(const uint64_t *, uint64_t *);

static uint64_t rng;

_Noreturn void plat_panic(const char *file, int line, const char *why)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, why);
	abort();
}

void watch(uint64_t x)
{
	(void)x;
}

static uint64_t rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

/* Words near the places where something changes, and any. */
static uint64_t word(unsigned w)
{
	uint64_t near = rnd() % 9 - 4;

	switch (rnd() % 6) {
	case 0:
		return near & top_of(w);
	case 1:
		return ((UINT64_C(1) << rnd() % w) + near) & top_of(w);
	case 2:
		return ((UINT64_C(1) << w / 2) * (rnd() % 4) + near) &
		       top_of(w);
	case 3:
		return (rnd() >> rnd() % 64) & top_of(w);
	default:
		return rnd() & top_of(w);
	}
}

static unsigned put_t(uint64_t *in, uint64_t x)
{
	uint64_t m = word(W);

	if (rnd() % 2 == 0)
		m &= rnd();
	if (rnd() % 4 == 0)
		m = 0;
	in[0] = x & ~m;
	in[1] = m;
	return 2;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Bounds around x; signed ones are unsigned ones of words whose sign bit is
 * turned over. */
static unsigned put_r(uint64_t *in, uint64_t x, unsigned w)
{
	uint64_t sign = UINT64_C(1) << (w - 1);
	unsigned i;

	for (i = 0; i < 4; i += 2) {
		uint64_t at = i == 0 ? x : x ^ sign;
		unsigned how = (unsigned)(rnd() % 4);

		in[i] = how == 0 ? 0 : how == 1 ? at : min(at, word(w));
		how = (unsigned)(rnd() % 4);
		in[i + 1] = how == 0   ? top_of(w)
		            : how == 1 ? at
		                       : max(at, word(w));
	}
	in[2] ^= sign;
	in[3] ^= sign;
	return 4;
}

static unsigned put_s(uint64_t *in, uint64_t x)
{
	unsigned n = put_t(in, x);

	if (rnd() % 4 == 0) {
		in[0] = 0;
		in[1] = TOP;
	}
	n += put_r(in + n, x, W);
	return n + put_r(in + n, x & top_of(H), H);
}

static unsigned put_numbers(uint64_t *in)
{
	uint64_t a = rnd() % W, b = rnd() % W, c = rnd() % W;

	in[0] = min(min(a, b), c);
	in[2] = max(max(a, b), c);
	in[1] = a + b + c - in[0] - in[2];
	return 3;
}

static void operands(uint64_t *in, const char *shape)
{
	uint64_t xyz[3] = { word(W), word(W), word(W) };
	unsigned n = 0, objects = 0;

	if (rnd() % 3 == 0)
		xyz[1] = (xyz[0] + rnd() % 3 - 1) & TOP;
	if (rnd() % 2 == 0)
		xyz[2] = xyz[rnd() % 2];
	for (; *shape != '\0'; shape++) {
		if (*shape == 'T')
			n += put_t(in + n, xyz[objects++ % 3]);
		else if (*shape == 'R')
			n += put_r(in + n, xyz[objects++ % 3], W);
		else if (*shape == 'S')
			n += put_s(in + n, xyz[objects++ % 3]);
		else if (*shape == 'K')
			n += put_numbers(in + n);
		else if (*shape == 'k')
			in[n++] = rnd() % W;
		else if (*shape == 'f')
			in[n++] = 1 + rnd() % W;
		else
			in[n++] = xyz[*shape - 'x'];
	}
}

static void print(const uint64_t *words)
{
	unsigned i;

	for (i = 0; i < WORDS; i++)
		printf("%" PRIx64 " ", words[i]);
}

static int eval(prop_fn prop)
{
	uint64_t in[WORDS], out[WORDS];
	unsigned i;

	for (;;) {
		memset(out, 0, sizeof(out));
		for (i = 0; i < WORDS; i++)
			if (scanf("%" SCNx64, &in[i]) != 1)
				return 0;
		printf("%x ", prop(in, out));
		print(out);
		printf("\n");
	}
}

static int runs(
    prop_fn prop, const char *shape, unsigned long count, bool shows)
{
	uint64_t in[WORDS], out[WORDS];
	unsigned long held = 0;

	while (count-- > 0) {
		unsigned said;

		memset(in, 0, sizeof(in));
		memset(out, 0, sizeof(out));
		operands(in, shape);
		said = prop(in, out);
		held += said != 0;
		if (shows) {
			print(in);
			printf(": %x ", said);
			print(out);
			printf("\n");
		} else if (said > 1) {
			printf("failed ");
			print(in);
			printf("\n");
			return 1;
		}
	}
	if (!shows)
		printf("%lu\n", held);
	return 0;
}

int main(int argc, char **argv)
{
	char name[80];
	prop_fn prop = NULL;
	void *found;

	if (argc >= 3) {
		snprintf(name, sizeof(name), "p_%s", argv[2]);
		found = dlsym(RTLD_DEFAULT, name);
		memcpy(&prop, &found, sizeof(prop));
	}
	if (prop == NULL || (argc != 3 && argc != 6)) {
		fprintf(stderr, "drive: no such property\n");
		return 2;
	}
	if (argc == 3)
		return eval(prop);
	rng = strtoull(argv[5], NULL, 10) * 2 + 88172645463325253u;
	return runs(prop, argv[3], strtoul(argv[4], NULL, 10),
	    strcmp(argv[1], "sample") == 0);
}
