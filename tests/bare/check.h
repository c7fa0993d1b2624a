/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs that test from ring 3 share: the first thing that is not so is said,
 * and is the status. */
#ifndef TESTS_BARE_CHECK_H
#define TESTS_BARE_CHECK_H

#include "libos-net/rt/rt.h"

#define CHECK(cond)                                         \
	do {                                                \
		if (!(cond)) {                              \
			(void)lnet_print("not so: " #cond); \
			lnet_quit(__LINE__);                \
		}                                           \
	} while (0)

/* "name number" */
static inline void check_say(const char *name, uint64_t number)
{
	char text[64], digits[20];
	uint32_t n = 0, k = 0;

	while (name[n] != '\0' && n < 40) {
		text[n] = name[n];
		n++;
	}
	text[n++] = ' ';
	do {
		digits[k++] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	while (k > 0)
		text[n++] = digits[--k];
	text[n] = '\0';
	CHECK(lnet_print(text) == 0);
}

/* The number behind the next colon of an argument; *text goes there. */
static inline uint64_t check_number(const char **text)
{
	uint64_t n = 0;

	while (**text != '\0' && **text != ':')
		(*text)++;
	while (**text != '\0' && *++*text >= '0' && **text <= '9')
		n = 10 * n + (uint64_t)(**text - '0');
	return n;
}

static inline int same_text(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

#endif
