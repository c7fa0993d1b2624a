/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls from one environment to another: see pct.h. */
#include "libos-net/rt/pct.h"

#include "exo/abi/phys.h"
#include "libos-net/rt/sys.h"

_Static_assert(EXO_CALL_PCT_NR == 32 && EXO_CALL_PCT_RETURN_NR == 33 &&
                   EXO_CALL_ACCEPT_NR == 34,
    "pct_enter.S");

__attribute__((weak)) void lnet_on_call(
    uint64_t caller, uint64_t message[LNET_PCT_WORDS])
{
	(void)caller;
	(void)message;
}

__attribute__((weak)) void lnet_on_send(
    uint64_t caller, uint64_t message[LNET_PCT_WORDS])
{
	(void)caller;
	(void)message;
}

int64_t lnet_pct_call(uint64_t name, uint64_t message[LNET_PCT_WORDS])
{
	return lnet_pct(name, 0, message);
}

int64_t lnet_pct_send(uint64_t name, uint64_t message[LNET_PCT_WORDS])
{
	return lnet_pct(name, 1, message);
}

_Noreturn void lnet_pct_serve(struct exo_pe *pe, void *stack, uint64_t size)
{
	pe->call_stack = ((uintptr_t)stack + size) & ~(uintptr_t)15;
	pe->entry_sync = (uintptr_t)lnet_enter_call;
	pe->entry_async = (uintptr_t)lnet_enter_send;
	lnet_pct_accept();
}

static int same(const char *label, const char *row)
{
	uint32_t n = sizeof(((struct exo_env_row *)0)->label), i = 0;

	while (i < n && row[i] != '\0' && row[i] == label[i])
		i++;
	return i < n && row[i] == label[i];
}

uint64_t lnet_pct_find(const char *label)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	const struct exo_state *s = (const void *)(uintptr_t)EXO_STATE_AT;

	for (uint32_t i = 0; i < EXO_STATE_ENVS; i++)
		if (s->env[i].env != 0 && same(label, s->env[i].label))
			return s->env[i].env;
	return 0;
}
