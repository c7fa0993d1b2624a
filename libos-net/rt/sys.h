/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of the kernel from ring 3 (exo/abi/call.inc).
 */
#ifndef LNET_SYS_H
#define LNET_SYS_H

#include <stdint.h>

#include "exo/abi/call.h"
#include "exo/abi/phys.h"

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

/** Sleep until a time (nanoseconds since the machine began), or, by 0, until the program
 * of lnet_wake() lets not. */
static inline int64_t lnet_sleep(uint64_t until)
{
	struct exo_call_sleep a = { until, 0 };

	return lnet_call(EXO_CALL_SLEEP_NR, &a, sizeof(a));
}

/** Say by a program what to wake up for: of `size` bytes of a frame, from `off` on. */
static inline int64_t lnet_wake(const struct exo_key *key, uint32_t off,
    uint32_t size, const void *image, uint32_t image_size)
{
	struct exo_call_wake a = { .image = (uintptr_t)image,
		.image_size = image_size,
		.off = off,
		.size = size };

	if (key != (const struct exo_key *)0)
		a.key = *key;
	return lnet_call(EXO_CALL_WAKE_NR, &a, sizeof(a));
}

/** Give up n of a kind (enum exo_kind), by their names. */
static inline int64_t lnet_surrender(
    uint32_t kind, const uint64_t *names, uint32_t n)
{
	struct exo_call_surrender a = { (uintptr_t)names, n, kind };

	return lnet_call(EXO_CALL_SURRENDER_NR, &a, sizeof(a));
}

/** Where frames are to be saved that the kernel takes. */
static inline int64_t lnet_seed(const struct exo_key *disk)
{
	struct exo_call_seed a = { *disk };

	return lnet_call(EXO_CALL_SEED_NR, &a, sizeof(a));
}

/** Read a block of the disk into a frame, or write it from there. */
static inline int64_t lnet_disk(const struct exo_key *disk,
    const struct exo_key *frame, uint32_t block, uint32_t write)
{
	struct exo_call_disk a = { *disk, *frame, block, write };

	return lnet_call(EXO_CALL_DISK_NR, &a, sizeof(a));
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
