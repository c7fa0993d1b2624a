/* SPDX-License-Identifier: BSD-2-Clause */
/* Which calls a fuzzer makes, and which of them succeed: said on stderr at its end, where
 * EXOPF_REACH is set. */
#ifndef TESTS_SUPPORT_BARE_REACH_H
#define TESTS_SUPPORT_BARE_REACH_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "exo/abi/call.h"

static const struct {
	const char *name;
	uint64_t nr;
} reach_calls[] = {
#define EXO_CALL_ROW(name, number, type, meaning) { #name, number },
#include "exo/abi/call.inc"
#include "exo/abi/machine.inc"
#undef EXO_CALL_ROW
};

#define REACH_CALLS (sizeof(reach_calls) / sizeof(reach_calls[0]))

static struct {
	uint64_t made, good;
} reach[REACH_CALLS];

static void reach_say(void)
{
	for (unsigned i = 0; i < REACH_CALLS; i++)
		fprintf(stderr,
		    "# %-10s %9" PRIu64 " made %9" PRIu64 " good%s\n",
		    reach_calls[i].name, reach[i].made, reach[i].good,
		    reach[i].good == 0 ? ": NONE" : "");
}

static void reach_begin(void)
{
	if (getenv("EXOPF_REACH") != NULL)
		(void)atexit(reach_say);
}

static void reach_count(uint64_t nr, int64_t ret)
{
	for (unsigned i = 0; i < REACH_CALLS; i++)
		if (reach_calls[i].nr == nr) {
			reach[i].made++;
			reach[i].good += ret == 0;
		}
}

#endif
