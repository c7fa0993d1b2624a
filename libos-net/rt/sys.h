/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of the kernel from ring 3 (exo/abi/call.inc).
 */
#ifndef LNET_SYS_H
#define LNET_SYS_H

#include <stdint.h>

#include "exo/abi/call.h"

/** Call number nr with an argument structure of this size: what the kernel says. */
static inline int64_t lnet_call(uint64_t nr, void *args, uint64_t size)
{
	int64_t ret;

	__asm__ volatile("syscall"
	                 : "=a"(ret)
	                 : "a"(nr), "D"(args), "S"(size)
	                 : "rcx", "r11", "memory");
	return ret;
}

static inline int64_t lnet_yield(void)
{
	struct exo_call_null a = { 0 };

	return lnet_call(EXO_CALL_YIELD_NR, &a, sizeof(a));
}

static inline int64_t lnet_wait(void)
{
	struct exo_call_null a = { 0 };

	return lnet_call(EXO_CALL_WAIT_NR, &a, sizeof(a));
}

/** Give what is left of this slot to another. */
static inline int64_t lnet_yield_to(uint64_t env)
{
	struct exo_call_yield_to a = { env };

	return lnet_call(EXO_CALL_YIELD_TO_NR, &a, sizeof(a));
}

_Noreturn static inline void lnet_quit(uint64_t status)
{
	struct exo_call_exit a = { status };

	for (;;)
		(void)lnet_call(EXO_CALL_EXIT_NR, &a, sizeof(a));
}

/** Write a line on the console. */
static inline int64_t lnet_print(const char *text)
{
	struct exo_call_print a = { (uintptr_t)text, 0 };

	while (text[a.size] != '\0')
		a.size++;
	return lnet_call(EXO_CALL_PRINT_NR, &a, sizeof(a));
}

static inline int64_t lnet_send_packet(
    const struct exo_key *key, const void *packet, uint32_t n)
{
	struct exo_call_transmit a = { *key, (uintptr_t)packet, n, 0 };

	return lnet_call(EXO_CALL_TRANSMIT_NR, &a, sizeof(a));
}

#endif
