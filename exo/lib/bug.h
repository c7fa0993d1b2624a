/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our own mistakes: a broken invariant stops the machine, with its place.
 *
 * Hostile input never gets here; a fuzzer may take any panic for a finding.
 */
#ifndef EXO_LIB_BUG_H
#define EXO_LIB_BUG_H

/** Say where and why, and stop; the platform supplies it. */
_Noreturn void plat_panic(const char *file, int line, const char *why);

/** Stop. */
#define exo_bug(why) plat_panic(__FILE__, __LINE__, (why))

/** Stop unless cond holds; cond has no side effects. */
#define exo_assert(cond)                \
	do {                            \
		if (!(cond))            \
			exo_bug(#cond); \
	} while (0)

#endif
