/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditions for tests that try everything: loops of millions of rounds, where
 * ck_assert() would write a message each time.
 *
 *	for (...)
 *		NEED(holds(i, k));
 *	done();
 *
 * The file that includes this has a memory of its own, and each test must end
 * in done(). After the first condition that failed the loops go on, so a
 * condition must not guard what comes after it.
 */
#ifndef TESTS_SUPPORT_EXHAUST_H
#define TESTS_SUPPORT_EXHAUST_H

#include <check.h>

/* Line of the first condition that did not hold, or 0. */
static int first_bad;

/** Note the line when cond does not hold. */
#define NEED(cond)                             \
	do {                                   \
		if (!(cond) && first_bad == 0) \
			first_bad = __LINE__;  \
	} while (0)

/** End a test: it fails, naming the line, unless every condition held. */
static void done(void)
{
	int line = first_bad;

	first_bad = 0;
	ck_assert_msg(line == 0, "line %d", line);
}

#endif
