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

static inline int same_text(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

#endif
